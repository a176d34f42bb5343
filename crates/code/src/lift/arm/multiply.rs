//! Multiplications and divisions (A4.4.3, A4.4.8).
//!
//! Products of words are made on 64 bits from operands that are extended first; what of them goes into a register is cut out after.
//! Divisions by zero give 0, and the smallest number divided by -1 gives itself, as the processor does with its traps off.

use crate::{
    ir::{Binary, Src, Unary, Width},
    lift::arm::{
        block::Block,
        insn::{Multiply, MultiplyLong},
    },
};

const WIDE: Width = Width::W64;

/// One result.
pub fn one(block: &mut Block, kind: Multiply, rd: u8, rn: u8, rm: u8) {
    let (n, m) = (block.read(rn), block.read(rm));
    let result = match kind {
        Multiply::Low { flags } => {
            let product = block.binary(Binary::Mul, n, m);
            if flags {
                block.set_nz(product);
            }
            product
        }
        Multiply::Add { ra, flags } => {
            let product = block.binary(Binary::Mul, n, m);
            let ra = block.read(ra);
            let sum = block.binary(Binary::Add, product, ra);
            if flags {
                block.set_nz(sum);
            }
            sum
        }
        Multiply::Subtract { ra } => {
            let product = block.binary(Binary::Mul, n, m);
            let ra = block.read(ra);
            block.binary(Binary::Sub, ra, product)
        }
        Multiply::Halves { n: top_n, m: top_m, ra } => {
            let (n, m) = (half(block, n, top_n, Width::W32), half(block, m, top_m, Width::W32));
            let product = block.binary(Binary::Mul, n, m);
            match ra {
                Some(ra) => add_with_q(block, product, ra),
                None => product,
            }
        }
        Multiply::Word { m: top, ra } => {
            let n = block.unary_on(WIDE, Unary::SignExtend(Width::W32), n);
            let m = half(block, m, top, WIDE);
            let product = block.binary_on(WIDE, Binary::Mul, n, m);
            let upper = block.binary_on(WIDE, Binary::ShrU, product, 16.into());
            let upper = low_word(block, upper);
            match ra {
                Some(ra) => add_with_q(block, upper, ra),
                None => upper,
            }
        }
        Multiply::Dual { swap, subtract, ra } => dual_with_q(block, (n, m), swap, subtract, ra),
        Multiply::Upper { round, subtract, ra } => {
            let n = block.unary_on(WIDE, Unary::SignExtend(Width::W32), n);
            let m = block.unary_on(WIDE, Unary::SignExtend(Width::W32), m);
            let mut sum = block.binary_on(WIDE, Binary::Mul, n, m);
            if let Some(ra) = ra {
                let ra = block.read(ra);
                let raised = block.binary_on(WIDE, Binary::Shl, ra, 32.into());
                sum = block.binary_on(WIDE, if subtract { Binary::Sub } else { Binary::Add }, raised, sum);
            }
            if round {
                sum = block.binary_on(WIDE, Binary::Add, sum, 0x8000_0000.into());
            }
            block.binary_on(WIDE, Binary::ShrU, sum, 32.into())
        }
    };
    block.set(rd, result);
}

/// Two results.
pub fn two(block: &mut Block, kind: MultiplyLong, low: u8, high: u8, rn: u8, rm: u8) {
    let (n, m) = (block.read(rn), block.read(rm));
    let (sum, flags) = match kind {
        MultiplyLong::Whole { signed, add, flags } => {
            let (n, m) = if signed {
                (block.unary_on(WIDE, Unary::SignExtend(Width::W32), n), block.unary_on(WIDE, Unary::SignExtend(Width::W32), m))
            } else {
                (n, m)
            };
            let product = block.binary_on(WIDE, Binary::Mul, n, m);
            let sum = if add {
                let pair = joined(block, low, high);
                block.binary_on(WIDE, Binary::Add, product, pair)
            } else {
                product
            };
            (sum, flags)
        }
        MultiplyLong::AddTwice => {
            let product = block.binary_on(WIDE, Binary::Mul, n, m);
            let (low, high) = (block.read(low), block.read(high));
            let sum = block.binary_on(WIDE, Binary::Add, product, low);
            (block.binary_on(WIDE, Binary::Add, sum, high), false)
        }
        MultiplyLong::Halves { n: top_n, m: top_m } => {
            let (n, m) = (half(block, n, top_n, WIDE), half(block, m, top_m, WIDE));
            let product = block.binary_on(WIDE, Binary::Mul, n, m);
            let pair = joined(block, low, high);
            (block.binary_on(WIDE, Binary::Add, product, pair), false)
        }
        MultiplyLong::Dual { swap, subtract } => {
            let dual = dual(block, (n, m), swap, subtract);
            let pair = joined(block, low, high);
            (block.binary_on(WIDE, Binary::Add, pair, dual), false)
        }
    };
    if flags {
        block.set_nz_on(WIDE, sum);
    }
    let upper = block.binary_on(WIDE, Binary::ShrU, sum, 32.into());
    block.set(high, upper);
    let lower = low_word(block, sum);
    block.set(low, lower);
}

/// `sdiv`, `udiv`.
pub fn divide(block: &mut Block, rd: u8, rn: u8, rm: u8, signed: bool) {
    let (n, m) = (block.read(rn), block.read(rm));
    let quotient = block.binary(if signed { Binary::DivS } else { Binary::DivU }, n, m);
    block.set(rd, quotient);
}

/// A half of a register with its sign, on `width` bits.
fn half(block: &mut Block, value: Src, top: bool, width: Width) -> Src {
    let low = if top { block.binary(Binary::ShrU, value, 16.into()) } else { value };
    block.unary_on(width, Unary::SignExtend(Width::W16), low)
}

/// The low 32 of 64 bits.
fn low_word(block: &mut Block, value: Src) -> Src {
    block.unary_on(WIDE, Unary::ZeroExtend(Width::W32), value)
}

/// Two registers as one number.
fn joined(block: &mut Block, low: u8, high: u8) -> Src {
    let (low, high) = (block.read(low), block.read(high));
    let raised = block.binary_on(WIDE, Binary::Shl, high, 32.into());
    block.binary_on(WIDE, Binary::Or, raised, low)
}

/// value + ra on 32 bits; Q where that overflows.
fn add_with_q(block: &mut Block, value: Src, ra: u8) -> Src {
    let ra = block.read(ra);
    let sum = block.binary(Binary::Add, value, ra);
    let overflow = block.binary(Binary::AddOverflow, value, ra);
    block.saturated(overflow);
    sum
}

/// The sum or difference of the products of low and of high halves, on 64 bits.
fn dual(block: &mut Block, (n, m): (Src, Src), swap: bool, subtract: bool) -> Src {
    let (n_low, n_high) = (half(block, n, false, WIDE), half(block, n, true, WIDE));
    let (m_low, m_high) = (half(block, m, swap, WIDE), half(block, m, !swap, WIDE));
    let low = block.binary_on(WIDE, Binary::Mul, n_low, m_low);
    let high = block.binary_on(WIDE, Binary::Mul, n_high, m_high);
    block.binary_on(WIDE, if subtract { Binary::Sub } else { Binary::Add }, low, high)
}

/// The same with a summand, on 32 bits; Q where the true sum does not fit.
fn dual_with_q(block: &mut Block, operands: (Src, Src), swap: bool, subtract: bool, ra: Option<u8>) -> Src {
    let mut sum = dual(block, operands, swap, subtract);
    if let Some(ra) = ra {
        let ra = block.read(ra);
        let ra = block.unary_on(WIDE, Unary::SignExtend(Width::W32), ra);
        sum = block.binary_on(WIDE, Binary::Add, sum, ra);
    }
    let low = low_word(block, sum);
    let again = block.unary_on(WIDE, Unary::SignExtend(Width::W32), low);
    let overflow = block.binary_on(WIDE, Binary::Ne, again, sum);
    block.saturated(overflow);
    low
}
