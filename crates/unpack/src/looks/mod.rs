//! What is worth knowing of any file, whatever its format: version strings, keys in text.

mod boot_loader;
mod identity;
mod kernel_config;
mod keys;
mod parts;
mod subtype;
mod words;

use assay_core::SpanKind;
use bytes::Bytes;

use crate::format::Opened;

/// A file that is looked at.
pub struct Looked<'a> {
    /// The last part of its name in whatever holds it; empty where it has none.
    pub name: &'a [u8],
    /// Its content.
    pub bytes: &'a Bytes,
}

/// A look: adds facts to what is known of a file.
pub type Look = fn(&Looked, &mut Opened);

/// All looks.
pub static LOOKS: &[Look] = &[boot_loader::look, identity::look, kernel_config::look, keys::look, parts::look, subtype::look, words::look];

/// Takes every look at a file.
pub(crate) fn look(file: &Looked, opened: &mut Opened) {
    for look in LOOKS {
        look(file, opened);
    }
}

/// The stretches that are a file's own: its content as far as no child holds it, who is looked at by itself.
fn own(opened: &Opened) -> Vec<(u64, u64)> {
    let own = opened.spans.iter().filter(|span| !span.child && matches!(span.kind, SpanKind::Content | SpanKind::Unknown));
    own.map(|span| (span.start, span.end())).collect()
}
