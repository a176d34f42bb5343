//! Miscellaneous and unconditional instructions of A32 (A5.2.12, A5.7).

use super::registers;
use crate::lift::arm::{
    bits::{bit, bits, signed},
    insn::{Insn, Operand, PC},
    vector,
};

/// Table A5-14.
pub fn miscellaneous(word: u32) -> Option<Insn> {
    let (rd, rn, rm) = registers(word);
    let op = bits(word, 22, 21);
    // The fields that a branch does not use are ones.
    let full = bits(word, 19, 8) == 0xfff;
    match (bits(word, 6, 4), op) {
        // Reads of the state; `bit 9`: of a banked register.
        (0, 0 | 2) => Some(Insn::Opaque { writes: 1 << rd, flags: false }),
        (0, 1) if bits(word, 15, 8) == 0xf0 => Some(Insn::FlagsFrom { operand: Operand::Reg(rm), nzcvq: bit(word, 19) }),
        (0, 1) if !bit(word, 9) => None,
        (0, _) => Some(Insn::Opaque { writes: 0, flags: false }),
        (1 | 2, 1) if full => Some(Insn::BranchTo { rm, link: false }),
        (1, 3) if rm != PC && rn == 15 && bits(word, 11, 8) == 15 => Some(Insn::CountZeros { rd, rm }),
        (3, 1) if full && rm != PC => Some(Insn::BranchTo { rm, link: true }),
        // ARMv8's checksums.
        (4, 0..=2) if bits(word, 11, 10) == 0 && bits(word, 8, 7) == 0 && rm != PC && rn != PC => {
            Some(Insn::Opaque { writes: 1 << rd, flags: false })
        }
        (5, _) if bits(word, 11, 8) == 0 => {
            let (subtract, double) = (op & 1 != 0, op & 2 != 0);
            Some(Insn::SaturatingAdd { rd, rm, rn, subtract, double })
        }
        (6, 3) => Some(Insn::ExceptionReturn),
        (7, 0 | 1) => Some(Insn::Stop),
        (7, _) => Some(Insn::System),
        _ => None,
    }
}

/// A5.7: what has no condition.
pub fn unconditional(word: u32, at: u32) -> Option<Insn> {
    match bits(word, 27, 25) {
        0b000 if bits(word, 24, 20) == 0b10000 => state(word),
        0b001 => Some(vector::NO_CORE),
        0b010 if !bit(word, 20) => vector::elements(word),
        0b010 | 0b011 => hint(word),
        0b100 => match (bit(word, 22), bit(word, 20)) {
            // `srs` stores the return state of an exception, `rfe` returns by it.
            (true, false) => Some(Insn::Opaque { writes: if bit(word, 21) { 1 << 13 } else { 0 }, flags: false }),
            (false, true) => Some(Insn::ExceptionReturn),
            _ => None,
        },
        0b101 => {
            let half = u32::from(bit(word, 24)) << 1;
            let to = at.wrapping_add(8).wrapping_add(signed(bits(word, 23, 0), 24) << 2).wrapping_add(half);
            Some(Insn::Branch { to, thumb: true, link: true })
        }
        0b110 | 0b111 => vector::coprocessor(word).filter(|_| bits(word, 27, 24) != 0b1111),
        _ => None,
    }
}

/// `cps` and `setend`: the processor's state, which programs cannot change.
fn state(word: u32) -> Option<Insn> {
    let known = if bit(word, 16) { bits(word, 7, 0) == 0 || bits(word, 9, 9) == 1 } else { !bit(word, 5) };
    known.then_some(Insn::Opaque { writes: 0, flags: false })
}

/// Prefetches, barriers and `clrex` (A5.7.1).
fn hint(word: u32) -> Option<Insn> {
    let prefetch = bits(word, 15, 12) == 15;
    let known = match bits(word, 26, 20) {
        0b1010111 => bits(word, 19, 8) == 0xff0 && matches!(bits(word, 7, 4), 1 | 4 | 5 | 6),
        0b1000001 | 0b1000101 | 0b1001001 | 0b1001101 | 0b1010001 | 0b1010101 | 0b1011001 | 0b1011101 => prefetch,
        0b1100001 | 0b1100101 | 0b1101001 | 0b1101101 | 0b1110001 | 0b1110101 | 0b1111001 | 0b1111101 => prefetch && !bit(word, 4),
        _ => false,
    };
    known.then_some(Insn::Nothing)
}
