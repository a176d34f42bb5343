//! Extensions, bit fields, orders of bytes, packing and saturation (A4.4.4 to A4.4.7).

use crate::{
    ir::{Binary, Src, Unary, Width},
    lift::arm::{
        block::Block,
        insn::{Operand, Reverse},
        shift,
    },
};

const WIDE: Width = Width::W64;

/// `sxtb`, `uxth`, `sxtab` and their like.
pub fn extend(block: &mut Block, rd: u8, rn: Option<u8>, rm: u8, rotate: u8, from: Width, signed: bool) {
    let turned = turned(block, rm, rotate);
    let value = block.unary(if signed { Unary::SignExtend(from) } else { Unary::ZeroExtend(from) }, turned);
    let value = match rn {
        Some(rn) => {
            let rn = block.read(rn);
            block.binary(Binary::Add, rn, value)
        }
        None => value,
    };
    block.set(rd, value);
}

/// `sxtb16`, `uxtab16` and their like: bytes 0 and 2 become halves.
pub fn extend_pair(block: &mut Block, rd: u8, rn: Option<u8>, rm: u8, rotate: u8, signed: bool) {
    let turned = turned(block, rm, rotate);
    let halves = [0u64, 16].map(|at| {
        let byte = if at == 0 { turned } else { block.binary(Binary::ShrU, turned, at.into()) };
        let half = block.unary(if signed { Unary::SignExtend(Width::W8) } else { Unary::ZeroExtend(Width::W8) }, byte);
        let Some(rn) = rn else { return half };
        let rn = block.read(rn);
        let rn = if at == 0 { rn } else { block.binary(Binary::ShrU, rn, at.into()) };
        block.binary(Binary::Add, rn, half)
    });
    join_halves(block, rd, halves);
}

fn turned(block: &mut Block, rm: u8, rotate: u8) -> Src {
    let rm = block.read(rm);
    if rotate == 0 { rm } else { block.binary(Binary::Ror, rm, u64::from(rotate).into()) }
}

/// `ubfx`, `sbfx`.
pub fn extract(block: &mut Block, rd: u8, rn: u8, lsb: u8, width: u8, signed: bool) {
    let rn = block.read(rn);
    let value = if signed {
        // To the top, and back with the sign.
        let up = 32u64.saturating_sub(u64::from(lsb) + u64::from(width));
        let high = if up == 0 { rn } else { block.binary(Binary::Shl, rn, up.into()) };
        block.binary(Binary::ShrS, high, (32u64.saturating_sub(width.into())).into())
    } else {
        let low = if lsb == 0 { rn } else { block.binary(Binary::ShrU, rn, u64::from(lsb).into()) };
        block.binary(Binary::And, low, mask(width).into())
    };
    block.set(rd, value);
}

/// `bfi`, `bfc`.
pub fn insert(block: &mut Block, rd: u8, rn: Option<u8>, lsb: u8, width: u8) {
    let field = mask(width) << lsb & 0xffff_ffff;
    let old = block.read(rd);
    let rest = block.binary(Binary::And, old, (!field & 0xffff_ffff).into());
    let new = match rn {
        Some(rn) => {
            let rn = block.read(rn);
            let low = block.binary(Binary::And, rn, mask(width).into());
            let bits = if lsb == 0 { low } else { block.binary(Binary::Shl, low, u64::from(lsb).into()) };
            block.binary(Binary::Or, rest, bits)
        }
        None => rest,
    };
    block.set(rd, new);
}

/// The low `width` bits of 32.
fn mask(width: u8) -> u64 {
    (1u64 << width.min(32)) - 1
}

/// `clz`.
pub fn count_zeros(block: &mut Block, rd: u8, rm: u8) {
    let rm = block.read(rm);
    let count = block.unary(Unary::CountLeadingZeros, rm);
    block.set(rd, count);
}

/// `rev`, `rev16`, `revsh`, `rbit`.
pub fn reverse(block: &mut Block, rd: u8, rm: u8, kind: Reverse) {
    let rm = block.read(rm);
    let value = match kind {
        Reverse::Bytes => block.unary(Unary::ByteSwap, rm),
        Reverse::Bits => block.unary(Unary::BitReverse, rm),
        Reverse::BytesOfHalves => {
            // The bytes of the word reversed, and the halves back in their places.
            let swapped = block.unary(Unary::ByteSwap, rm);
            block.binary(Binary::Ror, swapped, 16.into())
        }
        Reverse::BytesOfLowSigned => {
            let swapped = block.unary_on(Width::W16, Unary::ByteSwap, rm);
            block.unary(Unary::SignExtend(Width::W16), swapped)
        }
    };
    block.set(rd, value);
}

/// `pkhbt` (low half of rn, high half of the operand), `pkhtb` (the other way round).
pub fn pack(block: &mut Block, rd: u8, rn: u8, operand: Operand, top: bool) {
    let operand = shift::value(block, operand);
    let rn = block.read(rn);
    let (low, high) = if top { (operand, rn) } else { (rn, operand) };
    let low = block.binary(Binary::And, low, 0xffff.into());
    let high = block.binary(Binary::And, high, 0xffff_0000.into());
    let both = block.binary(Binary::Or, high, low);
    block.set(rd, both);
}

/// `ssat`, `usat`.
pub fn saturate(block: &mut Block, rd: u8, operand: Operand, bits: u8, signed: bool) {
    let value = shift::value(block, operand);
    let wide = block.unary_on(WIDE, Unary::SignExtend(Width::W32), value);
    let result = clamp(block, wide, bits, signed);
    block.set(rd, result);
}

/// `ssat16`, `usat16`.
pub fn saturate_pair(block: &mut Block, rd: u8, rn: u8, bits: u8, signed: bool) {
    let rn = block.read(rn);
    let halves = [0u64, 16].map(|at| {
        let half = if at == 0 { rn } else { block.binary(Binary::ShrU, rn, at.into()) };
        let wide = block.unary_on(WIDE, Unary::SignExtend(Width::W16), half);
        clamp(block, wide, bits, signed)
    });
    join_halves(block, rd, halves);
}

/// The low halves of two values, low one first, into a register.
fn join_halves(block: &mut Block, rd: u8, [low, high]: [Src; 2]) {
    let low = block.binary(Binary::And, low, 0xffff.into());
    let high = block.binary(Binary::Shl, high, 16.into());
    let both = block.binary(Binary::Or, high, low);
    block.set(rd, both);
}

/// `qadd`, `qsub`, `qdadd`, `qdsub`: rm ± rn, or rm ± 2·rn.
pub fn saturating_add(block: &mut Block, rd: u8, rm: u8, rn: u8, subtract: bool, double: bool) {
    let (m, n) = (block.read(rm), block.read(rn));
    let m = block.unary_on(WIDE, Unary::SignExtend(Width::W32), m);
    let mut n = block.unary_on(WIDE, Unary::SignExtend(Width::W32), n);
    if double {
        let twice = block.binary_on(WIDE, Binary::Add, n, n);
        let word = clamp(block, twice, 32, true);
        n = block.unary_on(WIDE, Unary::SignExtend(Width::W32), word);
    }
    let sum = block.binary_on(WIDE, if subtract { Binary::Sub } else { Binary::Add }, m, n);
    let result = clamp(block, sum, 32, true);
    block.set(rd, result);
}

/// A signed 64-bit value brought into the range of `bits` bits, as 32 bits; Q where that changed it (A2.2.1).
fn clamp(block: &mut Block, value: Src, bits: u8, signed: bool) -> Src {
    let (least, most) = if signed {
        let half = 1i64 << (bits.clamp(1, 32) - 1);
        (-half, half - 1)
    } else {
        (0, (1i64 << bits.min(32)) - 1)
    };
    let below = block.binary_on(WIDE, Binary::LtS, value, least.cast_unsigned().into());
    let above = block.binary_on(WIDE, Binary::LtS, most.cast_unsigned().into(), value);
    let raised = block.select(below, least.cast_unsigned().into(), value);
    let lowered = block.select(above, most.cast_unsigned().into(), raised);
    let outside = block.binary(Binary::Or, below, above);
    let result = block.unary_on(WIDE, Unary::ZeroExtend(Width::W32), lowered);
    block.saturated(outside);
    result
}
