//! T32's instructions of one halfword (A6.2).

use crate::{
    ir::Width,
    lift::arm::{
        bits::{bit, bits, signed},
        insn::{Address, Alu, Decoded, Insn, LR, List, Operand, PC, Reverse, SP, Shift, Size},
    },
};

/// A register of three bits.
fn low(half: u32, at: u32) -> u8 {
    (half >> at & 7) as u8
}

/// The instruction; `in_block`: under an `it`, where most leave the flags alone.
pub fn decode(half: u32, at: u32, in_block: bool) -> Option<Decoded> {
    let flags = !in_block;
    let insn = match bits(half, 15, 10) {
        0b000000..=0b001111 => basic(half, flags),
        0b010000 => processing(half, flags)?,
        0b010001 => special(half)?,
        0b010010 | 0b010011 => Insn::Access {
            load: true,
            rt: low(half, 8),
            address: Address::plus(PC, bits(half, 7, 0) * 4),
            size: Size::One(Width::W32),
            signed: false,
        },
        0b010100..=0b100111 => single(half),
        0b101000 | 0b101001 => {
            let value = (at.wrapping_add(4) & !3).wrapping_add(bits(half, 7, 0) * 4);
            Insn::Constant { rd: low(half, 8), value }
        }
        0b101010 | 0b101011 => sum(Some(low(half, 8)), SP, Operand::imm(bits(half, 7, 0) * 4), Alu::Add, false),
        0b101100..=0b101111 => miscellaneous(half, at)?,
        0b110000..=0b110011 => {
            let (load, base, list) = (bit(half, 11), low(half, 8), bits(half, 7, 0) as u16);
            // A base that is loaded is not moved.
            let wback = !(load && list >> base & 1 != 0);
            let list = List { base, registers: list, up: true, before: false, wback };
            (list.registers != 0).then_some(Insn::Multiple { load, list })?
        }
        0b110100..=0b110111 => return Some(conditional(half, at)),
        _ => {
            let to = at.wrapping_add(4).wrapping_add(signed(bits(half, 10, 0), 11) << 1);
            Insn::Branch { to, thumb: true, link: false }
        }
    };
    Some(Decoded::always(insn))
}

fn sum(rd: Option<u8>, rn: u8, operand: Operand, op: Alu, flags: bool) -> Insn {
    Insn::Alu { op, rd, rn, operand, flags }
}

/// Shifts by a number, sums, moves and comparisons with one (A6.2.1).
fn basic(half: u32, flags: bool) -> Insn {
    let (rd, rn) = (low(half, 0), low(half, 3));
    let (wide, imm) = (low(half, 8), Operand::imm(bits(half, 7, 0)));
    match bits(half, 13, 11) {
        kind @ 0..=2 => {
            let operand = Operand::shifted(rn, kind, bits(half, 10, 6));
            Insn::Alu { op: Alu::Mov, rd: Some(rd), rn: 0, operand, flags }
        }
        3 => {
            let operand = if bit(half, 10) { Operand::imm(bits(half, 8, 6)) } else { Operand::Reg(low(half, 6)) };
            sum(Some(rd), rn, operand, if bit(half, 9) { Alu::Sub } else { Alu::Add }, flags)
        }
        4 => sum(Some(wide), wide, imm, Alu::Mov, flags),
        5 => sum(None, wide, imm, Alu::Sub, true),
        6 => sum(Some(wide), wide, imm, Alu::Add, flags),
        _ => sum(Some(wide), wide, imm, Alu::Sub, flags),
    }
}

/// Two low registers (A6.2.2).
fn processing(half: u32, flags: bool) -> Option<Insn> {
    let (rd, rm) = (low(half, 0), low(half, 3));
    let operand = Operand::Reg(rm);
    let both = |op| Some(sum(Some(rd), rd, operand, op, flags));
    let compare = |op| Some(sum(None, rd, operand, op, true));
    let shifted = |shift| Some(sum(Some(rd), 0, Operand::ShiftedBy { rm: rd, shift, rs: rm }, Alu::Mov, flags));
    match bits(half, 9, 6) {
        0 => both(Alu::And),
        1 => both(Alu::Eor),
        2 => shifted(Shift::Lsl),
        3 => shifted(Shift::Lsr),
        4 => shifted(Shift::Asr),
        5 => both(Alu::Adc),
        6 => both(Alu::Sbc),
        7 => shifted(Shift::Ror),
        8 => compare(Alu::And),
        9 => Some(sum(Some(rd), rm, Operand::imm(0), Alu::Rsb, flags)),
        10 => compare(Alu::Sub),
        11 => compare(Alu::Add),
        12 => both(Alu::Orr),
        13 => {
            let kind = crate::lift::arm::insn::Multiply::Low { flags };
            Some(Insn::Multiply { kind, rd, rn: rm, rm: rd })
        }
        14 => both(Alu::Bic),
        _ => both(Alu::Mvn),
    }
}

/// Any registers: sums, comparisons, moves, branches (A6.2.3).
fn special(half: u32) -> Option<Insn> {
    let rd = low(half, 0) | u8::from(bit(half, 7)) << 3;
    let rm = bits(half, 6, 3) as u8;
    let operand = Operand::Reg(rm);
    match bits(half, 9, 8) {
        0 => Some(sum(Some(rd), rd, operand, Alu::Add, false)),
        1 => (rd != PC && rm != PC).then_some(sum(None, rd, operand, Alu::Sub, true)),
        2 => Some(sum(Some(rd), 0, operand, Alu::Mov, false)),
        _ if bits(half, 2, 0) != 0 => None,
        _ => {
            let link = bit(half, 7);
            (!link || rm != PC).then_some(Insn::BranchTo { rm, link })
        }
    }
}

/// One register from or to memory (A6.2.4).
fn single(half: u32) -> Insn {
    let (rt, rn, rm) = (low(half, 0), low(half, 3), low(half, 6));
    let imm = bits(half, 10, 6);
    let by_register = Address { offset: Operand::Reg(rm), ..Address::plain(rn) };
    let one = |load, rt, address, width, signed| Insn::Access { load, rt, address, size: Size::One(width), signed };
    match bits(half, 15, 11) {
        0b01010 | 0b01011 => match bits(half, 11, 9) {
            0 => one(false, rt, by_register, Width::W32, false),
            1 => one(false, rt, by_register, Width::W16, false),
            2 => one(false, rt, by_register, Width::W8, false),
            3 => one(true, rt, by_register, Width::W8, true),
            4 => one(true, rt, by_register, Width::W32, false),
            5 => one(true, rt, by_register, Width::W16, false),
            6 => one(true, rt, by_register, Width::W8, false),
            _ => one(true, rt, by_register, Width::W16, true),
        },
        kind @ (0b01100 | 0b01101) => one(kind & 1 != 0, rt, Address::plus(rn, imm * 4), Width::W32, false),
        kind @ (0b01110 | 0b01111) => one(kind & 1 != 0, rt, Address::plus(rn, imm), Width::W8, false),
        kind @ (0b10000 | 0b10001) => one(kind & 1 != 0, rt, Address::plus(rn, imm * 2), Width::W16, false),
        kind => one(kind & 1 != 0, low(half, 8), Address::plus(SP, bits(half, 7, 0) * 4), Width::W32, false),
    }
}

/// A6.2.5.
fn miscellaneous(half: u32, at: u32) -> Option<Insn> {
    let (rd, rm) = (low(half, 0), low(half, 3));
    match bits(half, 11, 8) {
        0b0000 => {
            let op = if bit(half, 7) { Alu::Sub } else { Alu::Add };
            Some(sum(Some(SP), SP, Operand::imm(bits(half, 6, 0) * 4), op, false))
        }
        0b0001 | 0b0011 | 0b1001 | 0b1011 => {
            let distance = u32::from(bit(half, 9)) << 6 | bits(half, 7, 3) << 1;
            Some(Insn::BranchIfZero { rn: rd, to: at.wrapping_add(4).wrapping_add(distance), nonzero: bit(half, 11) })
        }
        0b0010 => {
            let from = if bit(half, 6) { Width::W8 } else { Width::W16 };
            Some(Insn::Extend { rd, rn: None, rm, rotate: 0, from, signed: !bit(half, 7) })
        }
        0b0100 | 0b0101 => {
            let list = bits(half, 7, 0) as u16 | u16::from(bit(half, 8)) << LR;
            let list = List { base: SP, registers: list, up: false, before: true, wback: true };
            (list.registers != 0).then_some(Insn::Multiple { load: false, list })
        }
        0b1100 | 0b1101 => {
            let list = bits(half, 7, 0) as u16 | u16::from(bit(half, 8)) << PC;
            let list = List { base: SP, registers: list, up: true, before: false, wback: true };
            (list.registers != 0).then_some(Insn::Multiple { load: true, list })
        }
        // `setend` and `cps`: the processor's state, which programs cannot change.
        0b0110 if bits(half, 7, 4) == 5 && bits(half, 2, 0) == 0 || bits(half, 7, 5) == 3 && !bit(half, 3) => {
            Some(Insn::Opaque { writes: 0, flags: false })
        }
        0b1010 => {
            let kind = match bits(half, 7, 6) {
                0 => Reverse::Bytes,
                1 => Reverse::BytesOfHalves,
                // ARMv8's `hlt`.
                2 => return Some(Insn::Stop),
                _ => Reverse::BytesOfLowSigned,
            };
            Some(Insn::Reverse { rd, rm, kind })
        }
        0b1110 => Some(Insn::Stop),
        // Without a pattern it is a hint.
        0b1111 if bits(half, 3, 0) == 0 => Some(Insn::Nothing),
        // "Never" is no condition, and "always" has no opposite.
        0b1111 => {
            let state = bits(half, 7, 0) as u8;
            let whole = state >> 4 != 15 && (state >> 4 != 14 || (state & 15).is_power_of_two());
            whole.then_some(Insn::IfThen { state })
        }
        _ => None,
    }
}

/// Conditional branches, and in the place of the last two conditions `udf` and `svc` (A6.2.6).
fn conditional(half: u32, at: u32) -> Decoded {
    let to = at.wrapping_add(4).wrapping_add(signed(bits(half, 7, 0), 8) << 1);
    match bits(half, 11, 8) {
        14 => Decoded::always(Insn::Stop),
        15 => Decoded::always(Insn::System),
        cond => Decoded::under(cond as u8, Insn::Branch { to, thumb: true, link: false }),
    }
}
