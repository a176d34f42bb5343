//! The flexible second operand: its value, and the carry that shifting gives (A8.4).

use crate::{
    ir::{Binary, Src, Unary, Width},
    lift::arm::{
        block::{Block, C},
        insn::{Operand, Shift},
    },
};

/// The value of an operand.
pub fn value(block: &mut Block, operand: Operand) -> Src {
    match operand {
        Operand::Imm { value, .. } => u64::from(value).into(),
        Operand::Reg(rm) => block.read(rm),
        Operand::Shifted { rm, shift, by } => {
            let rm = block.read(rm);
            // The representation's shifts give what Arm's give for 32 as well.
            block.binary(operation(shift), rm, u64::from(by).into())
        }
        Operand::ShiftedBy { rm, shift, rs } => {
            let (rm, rs) = (block.read(rm), block.read(rs));
            let by = block.binary(Binary::And, rs, 0xff.into());
            block.binary(operation(shift), rm, by)
        }
        Operand::Rrx(rm) => {
            let rm = block.read(rm);
            let low = block.binary(Binary::ShrU, rm, 1.into());
            let high = block.binary(Binary::Shl, C.into(), 31.into());
            block.binary(Binary::Or, low, high)
        }
    }
}

fn operation(shift: Shift) -> Binary {
    match shift {
        Shift::Lsl => Binary::Shl,
        Shift::Lsr => Binary::ShrU,
        Shift::Asr => Binary::ShrS,
        Shift::Ror => Binary::Ror,
    }
}

/// The carry that making the operand gives; none where the flag stays. To be asked before anything is written.
pub fn carry(block: &mut Block, operand: Operand) -> Option<Src> {
    match operand {
        Operand::Imm { carry, .. } => carry.map(|carry| u64::from(carry).into()),
        Operand::Reg(_) => None,
        Operand::Rrx(rm) => {
            let rm = block.read(rm);
            Some(block.bit(rm, 0))
        }
        Operand::Shifted { rm, shift, by } => {
            let rm = block.read(rm);
            // The last bit that was pushed out.
            let at = if shift == Shift::Lsl { 32 - by } else { by - 1 };
            Some(block.bit(rm, at))
        }
        Operand::ShiftedBy { rm, shift, rs } => {
            let (rm, rs) = (block.read(rm), block.read(rs));
            let by = block.binary(Binary::And, rs, 0xff.into());
            let out = shifted_out(block, rm, shift, by);
            let none = block.binary(Binary::Eq, by, 0.into());
            Some(block.select(none, C.into(), out))
        }
    }
}

/// The last bit that a shift by 1 to 255 pushes out.
fn shifted_out(block: &mut Block, rm: Src, shift: Shift, by: Src) -> Src {
    let wide = Width::W64;
    match shift {
        Shift::Lsl => {
            // In 64 bits it lands in bit 32.
            let moved = block.binary_on(wide, Binary::Shl, rm, by);
            let bit = block.binary_on(wide, Binary::ShrU, moved, 32.into());
            block.binary(Binary::And, bit, 1.into())
        }
        Shift::Lsr => {
            // One place higher at the start, it lands in bit 0.
            let higher = block.binary_on(wide, Binary::Shl, rm, 1.into());
            let moved = block.binary_on(wide, Binary::ShrU, higher, by);
            block.binary(Binary::And, moved, 1.into())
        }
        Shift::Asr => {
            let signed = block.unary_on(wide, Unary::SignExtend(Width::W32), rm);
            let higher = block.binary_on(wide, Binary::Shl, signed, 1.into());
            let moved = block.binary_on(wide, Binary::ShrS, higher, by);
            block.binary(Binary::And, moved, 1.into())
        }
        Shift::Ror => {
            let moved = block.binary(Binary::Ror, rm, by);
            block.bit(moved, 31)
        }
    }
}
