//! What is worth knowing of any file, whatever its format: version strings, keys in text.

use bytes::Bytes;

use crate::format::Opened;

mod subtype;

/// A look: adds facts to what is known of `bytes`.
pub type Look = fn(&Bytes, &mut Opened);

/// All looks.
#[rustfmt::skip]
pub static LOOKS: &[Look] = &[
    subtype::look,
];

/// Takes every look at `bytes`.
pub(crate) fn look(bytes: &Bytes, opened: &mut Opened) {
    for look in LOOKS {
        look(bytes, opened);
    }
}
