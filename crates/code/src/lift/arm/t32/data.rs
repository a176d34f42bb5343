//! Data processing, multiplications and divisions in T32 (A6.3.1, A6.3.3, A6.3.11 to A6.3.17).

use crate::{
    ir::Width,
    lift::arm::{
        bits::{bit, bits, reg},
        insn::{Alu, Insn, Multiply, MultiplyLong, Operand, PC, Reverse, Shift},
    },
};

/// rd at bits 11 to 8, rn at 19 to 16, rm at 3 to 0.
fn registers(word: u32) -> (u8, u8, u8) {
    (reg(word, 8), reg(word, 16), reg(word, 0))
}

/// Opcodes of the forms with a flexible operand. Register 15 as source makes moves, as destination comparisons.
fn processing(word: u32, operand: Operand) -> Option<Insn> {
    let (rd, rn, _) = registers(word);
    let flags = bit(word, 20);
    let compares = rd == PC && flags;
    let (op, may_compare) = match bits(word, 24, 21) {
        0 => (Alu::And, true),
        1 => (Alu::Bic, false),
        2 if rn == PC => (Alu::Mov, false),
        2 => (Alu::Orr, false),
        3 if rn == PC => (Alu::Mvn, false),
        3 => (Alu::Orn, false),
        4 => (Alu::Eor, true),
        8 => (Alu::Add, true),
        10 => (Alu::Adc, false),
        11 => (Alu::Sbc, false),
        13 => (Alu::Sub, true),
        14 => (Alu::Rsb, false),
        _ => return None,
    };
    if rd == PC && !(compares && may_compare) {
        return None;
    }
    Some(Insn::Alu { op, rd: (!compares).then_some(rd), rn, operand, flags })
}

/// A6.3.11.
pub fn shifted_register(word: u32) -> Option<Insn> {
    let (rd, rn, rm) = registers(word);
    let operand = Operand::shifted(rm, bits(word, 5, 4), bits(word, 14, 12) << 2 | bits(word, 7, 6));
    if bit(word, 15) || rm == PC {
        return None;
    }
    // Packing stands where a logic operation could.
    if bits(word, 24, 21) == 0b0110 {
        let whole = !bit(word, 20) && !bit(word, 4) && rd != PC && rn != PC;
        return whole.then_some(Insn::Pack { rd, rn, operand, top: bit(word, 5) });
    }
    processing(word, operand)
}

/// A6.3.1.
pub fn modified_immediate(word: u32) -> Option<Insn> {
    let imm = u32::from(bit(word, 26)) << 11 | bits(word, 14, 12) << 8 | bits(word, 7, 0);
    processing(word, expanded(imm))
}

/// A number of 12 bits that stands for one of 32 (`ThumbExpandImm`, A6.3.2).
fn expanded(imm: u32) -> Operand {
    let low = imm & 0xff;
    let repeated = match imm >> 8 {
        0 => low,
        1 => low << 16 | low,
        2 => low << 24 | low << 8,
        3 => low * 0x0101_0101,
        _ => {
            let value = (0x80 | imm & 0x7f).rotate_right(imm >> 7);
            return Operand::Imm { value, carry: Some(bit(value, 31)) };
        }
    };
    Operand::imm(repeated)
}

/// A6.3.3: immediates as they are, saturation, bit fields.
pub fn plain_immediate(word: u32, at: u32) -> Option<Insn> {
    let (rd, rn, _) = registers(word);
    if rd == PC {
        return None;
    }
    let imm12 = u32::from(bit(word, 26)) << 11 | bits(word, 14, 12) << 8 | bits(word, 7, 0);
    let lsb = (bits(word, 14, 12) << 2 | bits(word, 7, 6)) as u8;
    let last = bits(word, 4, 0) as u8;
    let pc = at.wrapping_add(4) & !3;
    let sum = |op| Some(Insn::Alu { op, rd: Some(rd), rn, operand: Operand::imm(imm12), flags: false });
    let wide = (bits(word, 19, 16) << 12 | imm12) as u16;
    match bits(word, 24, 20) {
        0b10000.. if bit(word, 26) || bit(word, 5) => None,
        0b00000 if rn == PC => Some(Insn::Constant { rd, value: pc.wrapping_add(imm12) }),
        0b00000 => sum(Alu::Add),
        0b01010 if rn == PC => Some(Insn::Constant { rd, value: pc.wrapping_sub(imm12) }),
        0b01010 => sum(Alu::Sub),
        0b00100 => Some(Insn::Alu { op: Alu::Mov, rd: Some(rd), rn: 0, operand: Operand::imm(wide.into()), flags: false }),
        0b01100 => Some(Insn::MoveTop { rd, value: wide }),
        op @ (0b10000 | 0b10010 | 0b11000 | 0b11010) if rn != PC => {
            let signed = op & 8 == 0;
            let bits = last + u8::from(signed);
            // An arithmetic shift by nothing is the form for two halves.
            if op & 2 != 0 && lsb == 0 {
                return (!bit(word, 4)).then_some(Insn::SaturatePair { rd, rn, bits, signed });
            }
            Some(Insn::Saturate { rd, operand: Operand::shifted(rn, op & 2, lsb.into()), bits, signed })
        }
        op @ (0b10100 | 0b11100) if lsb + last < 32 && rn != PC => {
            Some(Insn::Extract { rd, rn, lsb, width: last + 1, signed: op & 8 == 0 })
        }
        0b10110 if lsb <= last => Some(Insn::Insert { rd, rn: (rn != PC).then_some(rn), lsb, width: last - lsb + 1 }),
        _ => None,
    }
}

/// A6.3.12: shifts by registers, extensions, parallel sums, saturation, reversal.
pub fn register(word: u32) -> Option<Insn> {
    let (rd, rn, rm) = registers(word);
    if bits(word, 15, 12) != 15 || rd == PC || rm == PC {
        return None;
    }
    let (op1, op2) = (bits(word, 23, 20), bits(word, 7, 4));
    let opaque = Some(Insn::Opaque { writes: 1 << rd, flags: false });
    match (op1, op2) {
        (0..=7, 0) if rn != PC => {
            let operand = Operand::ShiftedBy { rm: rn, shift: Shift::of(op1 >> 1), rs: rm };
            Some(Insn::Alu { op: Alu::Mov, rd: Some(rd), rn: 0, operand, flags: op1 & 1 != 0 })
        }
        (0..=5, 8..=11) => {
            let (rn, rotate, signed) = ((rn != PC).then_some(rn), bits(word, 5, 4) as u8 * 8, op1 & 1 == 0);
            Some(match op1 >> 1 {
                1 => Insn::ExtendPair { rd, rn, rm, rotate, signed },
                kind => Insn::Extend { rd, rn, rm, rotate, from: if kind == 0 { Width::W16 } else { Width::W8 }, signed },
            })
        }
        // Parallel additions and subtractions (plain, saturating, halving; signed and unsigned), `sel`, and ARMv8's checksums.
        (8..=10 | 12..=14, 0..=2 | 4..=6) | (10, 8) | (12 | 13, 8..=10) => opaque,
        (8, 8..=11) => {
            let (double, subtract) = (op2 & 1 != 0, op2 & 2 != 0);
            Some(Insn::SaturatingAdd { rd, rm, rn, subtract, double })
        }
        // Both fields name the source.
        (9 | 11, 8..=11) if rn == rm => Some(if op1 == 11 {
            return (op2 == 8).then_some(Insn::CountZeros { rd, rm });
        } else {
            let kind = [Reverse::Bytes, Reverse::BytesOfHalves, Reverse::Bits, Reverse::BytesOfLowSigned][(op2 & 3) as usize];
            Insn::Reverse { rd, rm, kind }
        }),
        _ => None,
    }
}

/// A6.3.16.
pub fn multiply(word: u32) -> Option<Insn> {
    let (rd, rn, rm) = registers(word);
    let ra = reg(word, 12);
    if rd == PC || rn == PC || rm == PC {
        return None;
    }
    let some_ra = (ra != PC).then_some(ra);
    let op2 = bits(word, 7, 4);
    let (first, second) = (op2 & 1 != 0, op2 & 2 != 0);
    let one = |kind| Some(Insn::Multiply { kind, rd, rn, rm });
    match (bits(word, 22, 20), op2) {
        (0, 0) => one(some_ra.map_or(Multiply::Low { flags: false }, |ra| Multiply::Add { ra, flags: false })),
        (0, 1) if ra != PC => one(Multiply::Subtract { ra }),
        (1, 0..=3) => one(Multiply::Halves { n: second, m: first, ra: some_ra }),
        (2, 0 | 1) => one(Multiply::Dual { swap: first, subtract: false, ra: some_ra }),
        (3, 0 | 1) => one(Multiply::Word { m: first, ra: some_ra }),
        (4, 0 | 1) => one(Multiply::Dual { swap: first, subtract: true, ra: some_ra }),
        (5, 0 | 1) => one(Multiply::Upper { round: first, subtract: false, ra: some_ra }),
        (6, 0 | 1) if ra != PC => one(Multiply::Upper { round: first, subtract: true, ra: some_ra }),
        // Sums of absolute differences.
        (7, 0) => Some(Insn::Opaque { writes: 1 << rd, flags: false }),
        _ => None,
    }
}

/// A6.3.17.
pub fn multiply_long(word: u32) -> Option<Insn> {
    let (high, rn, rm) = registers(word);
    let low = reg(word, 12);
    let op2 = bits(word, 7, 4);
    let divides = matches!(bits(word, 22, 20), 1 | 3);
    if high == PC || rn == PC || rm == PC || if divides { low != PC } else { low == PC || low == high } {
        return None;
    }
    let two = |kind| Some(Insn::MultiplyLong { kind, low, high, rn, rm });
    let whole = |signed, add| two(MultiplyLong::Whole { signed, add, flags: false });
    match (bits(word, 22, 20), op2) {
        (0, 0) => whole(true, false),
        (1, 15) => Some(Insn::Divide { rd: high, rn, rm, signed: true }),
        (2, 0) => whole(false, false),
        (3, 15) => Some(Insn::Divide { rd: high, rn, rm, signed: false }),
        (4, 0) => whole(true, true),
        (4, 8..=11) => two(MultiplyLong::Halves { n: op2 & 2 != 0, m: op2 & 1 != 0 }),
        (4 | 5, 12 | 13) => two(MultiplyLong::Dual { swap: op2 & 1 != 0, subtract: bit(word, 20) }),
        (6, 0) => whole(false, true),
        (6, 6) => two(MultiplyLong::AddTwice),
        _ => None,
    }
}
