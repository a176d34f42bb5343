//! The encodings of A32 (A5): 32 bits, a condition in the upper four, the rest by classes of bits 27 to 25.

mod data;
mod media;
mod memory;
mod special;

use crate::lift::arm::{
    bits::{bit, bits, reg, signed},
    insn::{ALWAYS, Decoded, Insn},
    vector,
};

/// The instruction at the start of `bytes`, which stand at `at`, and its length.
pub fn decode(bytes: &[u8], at: u32) -> Option<(Decoded, u8)> {
    let word = u32::from_le_bytes(*bytes.first_chunk()?);
    let cond = bits(word, 31, 28) as u8;
    let decoded =
        if cond == 15 { Decoded::always(special::unconditional(word, at)?) } else { Decoded::under(cond, conditional(word, at)?) };
    // What stops does so always.
    (decoded.insn != Insn::Stop || cond == ALWAYS).then_some((decoded, 4))
}

/// Table A5-1.
fn conditional(word: u32, at: u32) -> Option<Insn> {
    match bits(word, 27, 25) {
        0b000 => low(word),
        0b001 => data::immediate(word, at),
        0b011 if bit(word, 4) => media::decode(word),
        0b010 | 0b011 => memory::single(word),
        0b100 => memory::multiple(word),
        0b101 => {
            let to = at.wrapping_add(8).wrapping_add(signed(bits(word, 23, 0), 24) << 2);
            Some(Insn::Branch { to, thumb: false, link: bit(word, 24) })
        }
        _ if bits(word, 27, 24) == 0b1111 => Some(Insn::System),
        _ => vector::coprocessor(word),
    }
}

/// Class 000 (table A5-2): operands in registers, and what else found room between them.
fn low(word: u32) -> Option<Insn> {
    // Compare operations that set no flags are not compare operations.
    let miscellaneous = bits(word, 24, 23) == 0b10 && !bit(word, 20);
    match (bit(word, 7), bit(word, 4)) {
        (true, true) if bits(word, 6, 5) != 0 => memory::extra(word),
        (true, true) if bit(word, 24) => memory::synchronise(word),
        (true, true) => data::multiply(word),
        (false, _) if miscellaneous => special::miscellaneous(word),
        (true, false) if miscellaneous => data::multiply_halves(word),
        (_, by_register) => data::register(word, by_register),
    }
}

/// rd at bits 15 to 12, rn at 19 to 16, rm at 3 to 0.
fn registers(word: u32) -> (u8, u8, u8) {
    (reg(word, 12), reg(word, 16), reg(word, 0))
}
