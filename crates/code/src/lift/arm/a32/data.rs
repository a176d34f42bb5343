//! Data processing and multiplications in A32 (A5.2).

use super::registers;
use crate::lift::arm::{
    bits::{bit, bits, reg},
    insn::{Alu, Insn, Multiply, MultiplyLong, Operand, PC, Shift},
};

/// With an operand in a register, shifted by a number or by a register (A5.2.1, A5.2.2).
pub fn register(word: u32, by_register: bool) -> Option<Insn> {
    let (rd, rn, rm) = registers(word);
    let operand = if by_register {
        let rs = reg(word, 8);
        // The program counter is none of the operands of this form.
        if [rn, rm, rs].contains(&PC) || (rd == PC && bits(word, 24, 23) != 0b10) {
            return None;
        }
        Operand::ShiftedBy { rm, shift: Shift::of(bits(word, 6, 5)), rs }
    } else {
        Operand::shifted(rm, bits(word, 6, 5), bits(word, 11, 7))
    };
    processing(word, operand)
}

/// With an immediate operand, and what shares its class: `movw`, `movt`, `msr`, hints (A5.2.3, table A5-2).
pub fn immediate(word: u32, at: u32) -> Option<Insn> {
    let (rd, rn, _) = registers(word);
    let wide = (bits(word, 19, 16) << 12 | bits(word, 11, 0)) as u16;
    match bits(word, 24, 20) {
        0b10000 if rd != PC => Some(Insn::Alu { op: Alu::Mov, rd: Some(rd), rn: 0, operand: Operand::imm(wide.into()), flags: false }),
        0b10100 if rd != PC => Some(Insn::MoveTop { rd, value: wide }),
        0b10000 | 0b10100 => None,
        // A mask of no fields is a hint.
        0b10010 | 0b10110 if bits(word, 15, 12) != 15 => None,
        0b10010 if bits(word, 19, 16) == 0 => (bits(word, 11, 8) == 0).then_some(Insn::Nothing),
        0b10010 => Some(Insn::FlagsFrom { operand: expanded(word), nzcvq: bit(word, 19) }),
        // The saved state, which programs do not have.
        0b10110 => Some(Insn::Opaque { writes: 0, flags: false }),
        // `add` and `sub` from the program counter are `adr`.
        0b01000 | 0b00100 if rn == PC => {
            let pc = at.wrapping_add(8);
            let distance = bits(word, 7, 0).rotate_right(bits(word, 11, 8) * 2);
            let value = if bit(word, 23) { pc.wrapping_add(distance) } else { pc.wrapping_sub(distance) };
            Some(Insn::Constant { rd, value })
        }
        _ => processing(word, expanded(word)),
    }
}

/// The immediate operand: 8 bits rotated right by twice 4 bits (A5.2.4).
fn expanded(word: u32) -> Operand {
    let turn = bits(word, 11, 8) * 2;
    let value = bits(word, 7, 0).rotate_right(turn);
    Operand::Imm { value, carry: (turn != 0).then_some(bit(value, 31)) }
}

/// Table A5-3's opcodes.
fn processing(word: u32, operand: Operand) -> Option<Insn> {
    let (rd, rn, _) = registers(word);
    let flags = bit(word, 20);
    let (op, keeps) = match bits(word, 24, 21) {
        0 => (Alu::And, true),
        1 => (Alu::Eor, true),
        2 => (Alu::Sub, true),
        3 => (Alu::Rsb, true),
        4 => (Alu::Add, true),
        5 => (Alu::Adc, true),
        6 => (Alu::Sbc, true),
        7 => (Alu::Rsc, true),
        8 => (Alu::And, false),
        9 => (Alu::Eor, false),
        10 => (Alu::Sub, false),
        11 => (Alu::Add, false),
        12 => (Alu::Orr, true),
        13 => (Alu::Mov, true),
        14 => (Alu::Bic, true),
        _ => (Alu::Mvn, true),
    };
    // Compare operations have no result, moves no first operand; the fields that would name them are 0.
    if (!keeps && rd != 0) || (matches!(op, Alu::Mov | Alu::Mvn) && rn != 0) {
        return None;
    }
    Some(Insn::Alu { op, rd: keeps.then_some(rd), rn, operand, flags })
}

/// Multiplications of words (A5.2.5).
pub fn multiply(word: u32) -> Option<Insn> {
    let flags = bit(word, 20);
    // rd and ra are where other instructions have rn and rd.
    let (ra, rd, rn, rm) = (reg(word, 12), reg(word, 16), reg(word, 0), reg(word, 8));
    let one = |kind| Some(Insn::Multiply { kind, rd, rn, rm });
    let two = |kind| (ra != rd).then_some(Insn::MultiplyLong { kind, low: ra, high: rd, rn, rm });
    if rn == PC || rm == PC || rd == PC {
        return None;
    }
    match bits(word, 23, 21) {
        0 if ra == 0 => one(Multiply::Low { flags }),
        1 if ra != PC => one(Multiply::Add { ra, flags }),
        2 if !flags => two(MultiplyLong::AddTwice),
        3 if !flags && ra != PC => one(Multiply::Subtract { ra }),
        kind @ 4.. => two(MultiplyLong::Whole { signed: kind & 2 != 0, add: kind & 1 != 0, flags }),
        _ => None,
    }
}

/// Multiplications of halves (A5.2.7).
pub fn multiply_halves(word: u32) -> Option<Insn> {
    let (ra, rd, rn, rm) = (reg(word, 12), reg(word, 16), reg(word, 0), reg(word, 8));
    let (m, n) = (bit(word, 6), bit(word, 5));
    let one = |kind| Some(Insn::Multiply { kind, rd, rn, rm });
    match bits(word, 22, 21) {
        // Without a summand its field is 0.
        1 | 3 if ra != 0 && (n || bit(word, 22)) => None,
        0 => one(Multiply::Halves { n, m, ra: Some(ra) }),
        1 => one(Multiply::Word { m, ra: (!n).then_some(ra) }),
        2 if ra == rd => None,
        2 => Some(Insn::MultiplyLong { kind: MultiplyLong::Halves { n, m }, low: ra, high: rd, rn, rm }),
        _ => one(Multiply::Halves { n, m, ra: None }),
    }
}
