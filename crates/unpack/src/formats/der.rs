//! DER: keys, certificates and revocation lists as bytes, and dropbear's host keys.
//!
//! **Specification**: ITU-T X.690; RFC 5280, RFC 5958, RFC 8017; dropbear, `keyimport.c` and `signkey.c` for the form of its keys.
//!
//! **Limitations**: looked for at the start of an artifact alone.

use assay_core::SpanKind;

use crate::{
    context::Context,
    format::{Format, Opened},
    input::Input,
    keys,
};

/// The format.
pub static FORMAT: Format = Format { name: "der", title: "key or certificate", version: 1, magics: &[], at_start: true, open };

fn open(input: &Input, _: &Context) -> Option<Opened> {
    if input.start() > 0 {
        return None;
    }
    let mut opened = Opened::default();
    let (len, note) = match input.first()? {
        0x30 => {
            let (_, _, rest) = keys::tlv(input)?;
            ((input.len() - rest.len()) as u64, keys::der(&mut opened, 0, input)?)
        }
        0 => (keys::dropbear(&mut opened, input)?, "dropbear host key"),
        _ => return None,
    };
    opened.len = len;
    opened.span(0, len, SpanKind::Content, note);
    Some(opened)
}
