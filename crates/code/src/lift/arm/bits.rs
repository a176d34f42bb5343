//! Fields of an instruction word.

/// Bits `high` to `low`, both included, as the manual writes them: `word<high:low>`.
pub fn bits(word: u32, high: u32, low: u32) -> u32 {
    word >> low & (u32::MAX >> (31 - (high - low)))
}

/// Bit `at`.
pub fn bit(word: u32, at: u32) -> bool {
    word >> at & 1 != 0
}

/// The register whose number starts at bit `low`.
pub fn reg(word: u32, low: u32) -> u8 {
    (word >> low & 15) as u8
}

/// The low `from` bits of a number, with their sign, as a 32-bit distance.
pub fn signed(value: u32, from: u32) -> u32 {
    let shift = 32 - from;
    ((value << shift).cast_signed() >> shift).cast_unsigned()
}
