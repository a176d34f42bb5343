//! Instructions as an assembler would write them, for people. The text comes from `yaxpeax-arm`, the meaning never does.

use std::panic::{AssertUnwindSafe, catch_unwind};

use yaxpeax_arch::{Decoder, U8Reader};
use yaxpeax_arm::armv7::InstDecoder;

use super::T32;
use crate::lift::Cursor;

/// The text of the instruction at the start of `bytes`; of what that library does not know, the bytes as numbers.
pub fn show(bytes: &[u8], cursor: Cursor) -> String {
    let thumb = cursor.place.mode == T32;
    let wide = !thumb || bytes.get(1).is_some_and(|byte| *byte >= 0xe8);
    let Some(bytes) = bytes.get(..if wide { 4 } else { 2 }) else { return String::from("?") };
    let text = (!(wide && panics(bytes, thumb)))
        .then(|| {
            let decoder = InstDecoder::default().with_thumb_mode(thumb);
            catch_unwind(AssertUnwindSafe(|| decoder.decode(&mut U8Reader::new(bytes)).map(|text| text.to_string()).ok())).ok()
        })
        .flatten()
        .flatten();
    text.unwrap_or_else(|| {
        let digits = bytes.iter().rev().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
        format!(".inst 0x{digits}")
    })
}

/// Words on which the library is known to panic, which would print a message.
fn panics(_bytes: &[u8], _thumb: bool) -> bool {
    false
}
