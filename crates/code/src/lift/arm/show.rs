//! Instructions as an assembler would write them, for people.
//!
//! What the decoded form says in full is written by [`super::text`]. The rest (hints, system and vector instructions, parallel sums) is
//! text of the library `yaxpeax-arm`, which never has a part in the meaning. That library panics on words whose fields name a register
//! 16: pairs of registers that begin with the last one (`ldrd`, `strd`, `ldrexd`, `strexd`). They are no instructions, so what this
//! folder does not decode is not shown to it. The net is for the rest.

use std::panic::{AssertUnwindSafe, catch_unwind};

use yaxpeax_arch::{Decoder, U8Reader};
use yaxpeax_arm::armv7::InstDecoder;

use super::{T32, a32, insn::Insn, t32, text};
use crate::lift::Cursor;

/// The text of the instruction at the start of `bytes`; of what is not known, the bytes as a number.
pub fn show(bytes: &[u8], cursor: Cursor) -> String {
    let thumb = cursor.place.mode == T32;
    let at = cursor.place.address as u32;
    let known = if thumb { t32::decode(bytes, at, cursor.state) } else { a32::decode(bytes, at) };
    let len = known.map_or(if thumb { 2 } else { 4 }, |(_, len)| usize::from(len));
    let Some(bytes) = bytes.get(..len) else { return String::from("?") };
    let Some((decoded, _)) = known else { return number(bytes, thumb) };
    text::text(decoded, thumb).or_else(|| from_library(bytes, thumb)).unwrap_or_else(|| match decoded.insn {
        Insn::Nothing => String::from("hint"),
        Insn::Stop => String::from("udf"),
        _ => number(bytes, thumb),
    })
}

/// None where the library does not know the instruction, or says that it is none.
fn from_library(bytes: &[u8], thumb: bool) -> Option<String> {
    let decoder = InstDecoder::default().with_thumb_mode(thumb);
    let decode = || decoder.decode(&mut U8Reader::new(bytes)).ok().map(|instruction| instruction.to_string());
    catch_unwind(AssertUnwindSafe(decode)).ok().flatten().filter(|text| !text.starts_with("invalid"))
}

/// As an assembler takes it: halfwords in their order, each with its highest digit first.
fn number(bytes: &[u8], thumb: bool) -> String {
    let unit = if thumb { 2 } else { 4 };
    bytes
        .chunks(unit)
        .fold(String::from(".inst 0x"), |shown, unit| unit.iter().rev().fold(shown, |shown, byte| format!("{shown}{byte:02x}")))
}
