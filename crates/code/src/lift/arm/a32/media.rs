//! Media instructions of A32 (A5.4): parallel sums, packing, extensions, bit fields, signed multiplications, divisions.

use crate::{
    ir::Width,
    lift::arm::{
        bits::{bit, bits, reg},
        insn::{Insn, Multiply, MultiplyLong, Operand, PC, Reverse},
    },
};

/// Table A5-16.
pub fn decode(word: u32) -> Option<Insn> {
    let (op1, op2) = (bits(word, 24, 20), bits(word, 7, 5));
    let (rd, rn, rm) = (reg(word, 12), reg(word, 16), reg(word, 0));
    match op1 {
        // Parallel additions and subtractions: 3 bits of kind each, none is 0, and 5 and 6 are no operations.
        0b00001..=0b00011 | 0b00101..=0b00111 if !matches!(op2, 5 | 6) && bits(word, 11, 8) == 15 => {
            Some(Insn::Opaque { writes: 1 << rd, flags: false })
        }
        0b01000..=0b01111 => packing(word),
        0b10000..=0b10111 => multiplication(word),
        // Sums of absolute differences write where multiplications do.
        0b11000 if op2 == 0 => Some(Insn::Opaque { writes: 1 << rn, flags: false }),
        0b11010 | 0b11011 | 0b11110 | 0b11111 if op2 & 3 == 2 => {
            let (lsb, width) = (bits(word, 11, 7) as u8, bits(word, 20, 16) as u8 + 1);
            let fits = lsb + width <= 32 && rm != PC;
            fits.then_some(Insn::Extract { rd, rn: rm, lsb, width, signed: !bit(word, 22) })
        }
        0b11100 | 0b11101 if matches!(op2, 0 | 4) => {
            let (lsb, msb) = (bits(word, 11, 7) as u8, bits(word, 20, 16) as u8);
            (lsb <= msb).then(|| Insn::Insert { rd, rn: (rm != PC).then_some(rm), lsb, width: msb - lsb + 1 })
        }
        0b11111 if op2 == 7 => Some(Insn::Stop),
        _ => None,
    }
}

/// Packing, unpacking, saturation and reversal (A5.4.3).
fn packing(word: u32) -> Option<Insn> {
    let (op1, op2) = (bits(word, 22, 20), bits(word, 7, 5));
    let (rd, rn, rm) = (reg(word, 12), reg(word, 16), reg(word, 0));
    let shifted = Operand::shifted(rm, bits(word, 6, 5) & 2, bits(word, 11, 7));
    let signed = !bit(word, 22);
    let full = bits(word, 11, 8) == 15;
    if op2 == 3 {
        if bits(word, 9, 8) != 0 {
            return None;
        }
        let (rn, rotate) = ((rn != PC).then_some(rn), bits(word, 11, 10) as u8 * 8);
        return match op1 & 3 {
            0 => Some(Insn::ExtendPair { rd, rn, rm, rotate, signed }),
            2 => Some(Insn::Extend { rd, rn, rm, rotate, from: Width::W8, signed }),
            3 => Some(Insn::Extend { rd, rn, rm, rotate, from: Width::W16, signed }),
            _ => None,
        };
    }
    let reversed = |kind| Some(Insn::Reverse { rd, rm, kind });
    match (op1, op2) {
        // `pkhbt`, and `pkhtb` with its arithmetic shift.
        (0, op2) if op2 & 1 == 0 => Some(Insn::Pack { rd, rn, operand: shifted, top: bit(word, 6) }),
        (2 | 6, 1) if full => Some(Insn::SaturatePair { rd, rn: rm, bits: bits(word, 19, 16) as u8 + u8::from(signed), signed }),
        // `sel`.
        (0, 5) if full => Some(Insn::Opaque { writes: 1 << rd, flags: false }),
        (2 | 3 | 6 | 7, op2) if op2 & 1 == 0 => {
            let bits = bits(word, 20, 16) as u8 + u8::from(signed);
            Some(Insn::Saturate { rd, operand: shifted, bits, signed })
        }
        (3 | 7, 1 | 5) if !full || bits(word, 19, 16) != 15 => None,
        (3, 1) => reversed(Reverse::Bytes),
        (3, 5) => reversed(Reverse::BytesOfHalves),
        (7, 1) => reversed(Reverse::Bits),
        (7, 5) => reversed(Reverse::BytesOfLowSigned),
        _ => None,
    }
}

/// Signed multiplications and divisions (A5.4.4).
fn multiplication(word: u32) -> Option<Insn> {
    let (op1, op2) = (bits(word, 22, 20), bits(word, 7, 5));
    let (ra, rd, rn, rm) = (reg(word, 12), reg(word, 16), reg(word, 0), reg(word, 8));
    let some_ra = (ra != PC).then_some(ra);
    let one = |kind| Some(Insn::Multiply { kind, rd, rn, rm });
    let (swap, subtract) = (op2 & 1 != 0, op2 & 2 != 0);
    match (op1, op2) {
        (0, 0..=3) => one(Multiply::Dual { swap, subtract, ra: some_ra }),
        (1, 0) if ra == PC => Some(Insn::Divide { rd, rn, rm, signed: true }),
        (3, 0) if ra == PC => Some(Insn::Divide { rd, rn, rm, signed: false }),
        (4, 0..=3) if ra != rd => Some(Insn::MultiplyLong { kind: MultiplyLong::Dual { swap, subtract }, low: ra, high: rd, rn, rm }),
        (5, 0 | 1) => one(Multiply::Upper { round: swap, subtract: false, ra: some_ra }),
        (5, 6 | 7) if ra != PC => one(Multiply::Upper { round: swap, subtract: true, ra: some_ra }),
        _ => None,
    }
}
