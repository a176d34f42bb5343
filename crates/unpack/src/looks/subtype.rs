//! Bitmain's sub-type: one word for control board and hash board (`zynq7007_HHB426X2`) in a file of its own, `/etc/subtype`.
//!
//! **Limitations**: only the file's name and the word's form are known; it counts where a package's header holds its hash.

use assay_core::facts::{IdentityField, ImageFact};

use super::Looked;
use crate::format::Opened;

/// Takes the look.
pub fn look(file: &Looked, opened: &mut Opened) {
    if file.bytes.len() > 48 || file.name != b"subtype" {
        return;
    }
    let word = file.bytes.trim_ascii();
    let (Ok(text), Some(middle)) = (str::from_utf8(word), word.iter().position(|byte| *byte == b'_')) else { return };
    let (board, hash_board) = (&word[..middle], &word[middle + 1..]);
    let fits = board.len() >= 2
        && hash_board.len() >= 4
        && board.iter().all(u8::is_ascii_alphanumeric)
        && hash_board.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_')
        && hash_board.iter().any(u8::is_ascii_digit)
        && hash_board.iter().any(u8::is_ascii_uppercase);
    if fits {
        opened.fact(0, ImageFact::Identity { field: IdentityField::SubType, value: text.to_owned(), weight: 60 });
    }
}
