//! What is worth knowing of any file, whatever its format: version strings, keys in text.

mod identity;
mod keys;
mod subtype;

use bytes::Bytes;

use crate::format::Opened;

/// A look: adds facts to what is known of `bytes`.
pub type Look = fn(&Bytes, &mut Opened);

/// All looks.
pub static LOOKS: &[Look] = &[identity::look, keys::look, subtype::look];

/// Takes every look at `bytes`.
pub(crate) fn look(bytes: &Bytes, opened: &mut Opened) {
    for look in LOOKS {
        look(bytes, opened);
    }
}
