//! Data processing: sums, differences, logic and moves, with their flags (A4.4.1, A5.2, A6.3).
//!
//! A comparison has one shape, which the analyses rely on: `cmp a, b` is t := a - b, z := t = 0, n := t < 0, c := b ≤ a unsigned,
//! v := overflow of a - b.

use crate::{
    ir::{Binary, Src, Unary},
    lift::arm::{
        block::{Block, C, N, Q, V, Z},
        branch,
        insn::{Alu, Operand, PC},
        shift,
    },
};

/// Any of them.
pub fn alu(block: &mut Block, op: Alu, rd: Option<u8>, rn: u8, operand: Operand, flags: bool) {
    if rd == Some(PC) {
        return to_pc(block, op, rn, operand, flags);
    }
    let result = if flags { with_flags(block, op, rn, operand) } else { plain(block, op, rn, operand) };
    if let Some(rd) = rd {
        block.set(rd, result);
    }
}

/// The result alone; nothing is written.
fn plain(block: &mut Block, op: Alu, rn: u8, operand: Operand) -> Src {
    let b = shift::value(block, operand);
    let a = block.read(rn);
    match op {
        Alu::And => block.binary(Binary::And, a, b),
        Alu::Eor => block.binary(Binary::Xor, a, b),
        Alu::Sub => block.binary(Binary::Sub, a, b),
        Alu::Rsb => block.binary(Binary::Sub, b, a),
        Alu::Add => block.binary(Binary::Add, a, b),
        Alu::Adc => {
            let sum = block.binary(Binary::Add, a, b);
            block.binary(Binary::Add, sum, C.into())
        }
        Alu::Sbc => subtract_borrow(block, a, b),
        Alu::Rsc => subtract_borrow(block, b, a),
        Alu::Orr => block.binary(Binary::Or, a, b),
        Alu::Orn => {
            let not = block.unary(Unary::Not, b);
            block.binary(Binary::Or, a, not)
        }
        Alu::Mov => b,
        Alu::Bic => {
            let not = block.unary(Unary::Not, b);
            block.binary(Binary::And, a, not)
        }
        Alu::Mvn => block.unary(Unary::Not, b),
    }
}

fn subtract_borrow(block: &mut Block, a: Src, b: Src) -> Src {
    let difference = block.binary(Binary::Sub, a, b);
    let borrow = block.binary(Binary::Xor, C.into(), 1.into());
    block.binary(Binary::Sub, difference, borrow)
}

/// The result; the flags are written.
fn with_flags(block: &mut Block, op: Alu, rn: u8, operand: Operand) -> Src {
    let a = block.read(rn);
    match op {
        Alu::Add | Alu::Sub | Alu::Rsb => {
            let b = shift::value(block, operand);
            let (a, b) = if op == Alu::Rsb { (b, a) } else { (a, b) };
            let add = op == Alu::Add;
            let result = block.binary(if add { Binary::Add } else { Binary::Sub }, a, b);
            block.set_nz(result);
            let carry = if add { block.binary(Binary::AddCarry, a, b) } else { block.binary(Binary::LeU, b, a) };
            block.set_flag(C, carry);
            let overflow = block.binary(if add { Binary::AddOverflow } else { Binary::SubOverflow }, a, b);
            block.set_flag(V, overflow);
            result
        }
        Alu::Adc | Alu::Sbc | Alu::Rsc => {
            let b = shift::value(block, operand);
            let (a, b) = if op == Alu::Rsc { (b, a) } else { (a, b) };
            with_carry(block, a, b, op == Alu::Adc)
        }
        _ => {
            let carry = shift::carry(block, operand);
            let result = plain(block, op, rn, operand);
            block.set_nz(result);
            if let Some(carry) = carry {
                block.set_flag(C, carry);
            }
            result
        }
    }
}

/// a + b + C, or a - b - (1 - C). Two steps; the true result overflows where exactly one of them does.
fn with_carry(block: &mut Block, a: Src, b: Src, add: bool) -> Src {
    let (operation, overflows) = if add { (Binary::Add, Binary::AddOverflow) } else { (Binary::Sub, Binary::SubOverflow) };
    let last = if add { C.into() } else { block.binary(Binary::Xor, C.into(), 1.into()) };
    let first = block.binary(operation, a, b);
    let result = block.binary(operation, first, last);
    let carry = if add {
        let one = block.binary(Binary::AddCarry, a, b);
        let two = block.binary(Binary::AddCarry, first, last);
        block.binary(Binary::Or, one, two)
    } else {
        let one = block.binary(Binary::LeU, b, a);
        let two = block.binary(Binary::LeU, last, first);
        block.binary(Binary::And, one, two)
    };
    let one = block.binary(overflows, a, b);
    let two = block.binary(overflows, first, last);
    let overflow = block.binary(Binary::Xor, one, two);
    block.set_flag(V, overflow);
    block.set_nz(result);
    block.set_flag(C, carry);
    result
}

/// A result that is jumped to: in A32 bit 0 selects the instruction set, in T32 it does not (`ALUWritePC`, A2.3.1).
fn to_pc(block: &mut Block, op: Alu, rn: u8, operand: Operand, flags: bool) {
    if flags {
        // Return from an exception; the flags come from elsewhere.
        return branch::exception_return(block);
    }
    let value = plain(block, op, rn, operand);
    let returns = op == Alu::Mov && operand == Operand::Reg(super::insn::LR);
    let value = if block.thumb { block.binary(Binary::Or, value, 1.into()) } else { value };
    if returns { block.give_back(value) } else { block.jump(value) }
}

/// `adr`.
pub fn constant(block: &mut Block, rd: u8, value: u32) {
    if rd == PC {
        return block.jump(u64::from(value).into());
    }
    block.set(rd, u64::from(value).into());
}

/// `movt`.
pub fn move_top(block: &mut Block, rd: u8, value: u16) {
    let old = block.read(rd);
    let low = block.binary(Binary::And, old, 0xffff.into());
    let new = block.binary(Binary::Or, low, (u64::from(value) << 16).into());
    block.set(rd, new);
}

/// `msr APSR_…`: bits 31 to 27 are N Z C V Q.
pub fn flags_from(block: &mut Block, operand: Operand, nzcvq: bool) {
    if !nzcvq {
        block.modelled = false;
        return;
    }
    let value = shift::value(block, operand);
    for (flag, at) in [(N, 31), (Z, 30), (C, 29), (V, 28), (Q, 27)] {
        let bit = block.bit(value, at);
        block.set_flag(flag, bit);
    }
}
