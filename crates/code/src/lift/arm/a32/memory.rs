//! Loads and stores in A32 (A5.2.8 to A5.2.10, A5.3, A5.5).

use super::registers;
use crate::{
    ir::Width,
    lift::arm::{
        bits::{bit, bits, reg},
        insn::{Address, Guarded, Index, Insn, List, Operand, PC, Size},
    },
};

/// Bits P (24) and W (21). Without P the base always moves; W then only asks for a user's rights.
fn index(word: u32) -> Index {
    match (bit(word, 24), bit(word, 21)) {
        (true, false) => Index::Offset,
        (true, true) => Index::Pre,
        (false, _) => Index::Post,
    }
}

/// An address with this offset, for these registers.
fn address(word: u32, offset: Operand, transferred: &[u8]) -> Option<Address> {
    let address = Address { base: reg(word, 16), offset, add: bit(word, 23), index: index(word) };
    address.leaves(transferred).then_some(address)
}

/// Words and bytes (A5.3).
pub fn single(word: u32) -> Option<Insn> {
    let (rt, _, rm) = registers(word);
    let offset = if bit(word, 25) {
        if rm == PC {
            return None;
        }
        Operand::shifted(rm, bits(word, 6, 5), bits(word, 11, 7))
    } else {
        Operand::imm(bits(word, 11, 0))
    };
    let byte = bit(word, 22);
    // Bytes are no addresses to jump to.
    if byte && rt == PC {
        return None;
    }
    let width = if byte { Width::W8 } else { Width::W32 };
    Some(Insn::Access { load: bit(word, 20), rt, address: address(word, offset, &[rt])?, size: Size::One(width), signed: false })
}

/// Halves, signed bytes and halves, pairs (A5.2.8, A5.2.9).
pub fn extra(word: u32) -> Option<Insn> {
    let (rt, _, rm) = registers(word);
    let offset = if bit(word, 22) {
        Operand::imm(bits(word, 11, 8) << 4 | bits(word, 3, 0))
    } else {
        if rm == PC || bits(word, 11, 8) != 0 {
            return None;
        }
        Operand::Reg(rm)
    };
    let address = address(word, offset, &[rt])?;
    let one = |load, width, signed| (rt != PC).then_some(Insn::Access { load, rt, address, size: Size::One(width), signed });
    // Pairs are an even register and the next one.
    let pair = |load| {
        let whole = rt.is_multiple_of(2)
            && rt != 14
            && (bit(word, 24) || !bit(word, 21))
            && address.leaves(&[rt + 1])
            && !(load && [Operand::Reg(rt), Operand::Reg(rt + 1)].contains(&offset));
        whole.then_some(Insn::Access { load, rt, address, size: Size::Double { second: rt + 1 }, signed: false })
    };
    match (bits(word, 6, 5), bit(word, 20)) {
        (1, load) => one(load, Width::W16, false),
        (2, true) => one(true, Width::W8, true),
        (3, true) => one(true, Width::W16, true),
        (2, false) => pair(true),
        (3, false) => pair(false),
        _ => None,
    }
}

/// `swp`, `ldrex`, `strex` and `ARMv8`'s acquiring and releasing forms (A5.2.10).
pub fn synchronise(word: u32) -> Option<Insn> {
    let (rd, rn, low) = registers(word);
    let load = bit(word, 20);
    let rt = if load { rd } else { low };
    if rn == PC || rt == PC {
        return None;
    }
    let size = match bits(word, 22, 21) {
        0 => Size::One(Width::W32),
        // A pair, even register first.
        1 if rt.is_multiple_of(2) && rt != 14 => Size::Double { second: rt + 1 },
        2 => Size::One(Width::W8),
        3 => Size::One(Width::W16),
        _ => return None,
    };
    let address = Address::plain(rn);
    if !bit(word, 23) {
        // Only a word or a byte, and nothing between the registers.
        let width = if bit(word, 22) { Width::W8 } else { Width::W32 };
        let whole = !load && !bit(word, 21) && bits(word, 11, 8) == 0 && rd != PC;
        return whole.then_some(Insn::Swap { rt: rd, rm: low, base: rn, width });
    }
    // The fields that name no register are ones.
    let full = if load { low == 15 } else { bits(word, 9, 8) != 0 || rd == 15 };
    match (bits(word, 11, 8), load) {
        _ if !full => None,
        // `lda`, `stl`: order without exclusion.
        (0b1100, _) if size != (Size::Double { second: rt + 1 }) => Some(Insn::Access { load, rt, address, size, signed: false }),
        (0b1110 | 0b1111, true) => Some(Insn::Exclusive { kind: Guarded::Load, rt, address, size }),
        (0b1110 | 0b1111, false) => Some(Insn::Exclusive { kind: Guarded::Store { status: rd }, rt, address, size }),
        _ => None,
    }
}

/// `ldm`, `stm` (A5.5). With bit 22 the registers are a user's, or an exception ends; programs have neither.
pub fn multiple(word: u32) -> Option<Insn> {
    let (load, base, list) = (bit(word, 20), reg(word, 16), bits(word, 15, 0) as u16);
    // A base that is both loaded and moved is undefined.
    if list == 0 || base == PC || (load && bit(word, 21) && list >> base & 1 != 0) {
        return None;
    }
    if bit(word, 22) {
        let writes = if load { list & 0x7fff } else { 0 };
        let returns = load && bit(word, 15);
        return Some(if returns { Insn::ExceptionReturn } else { Insn::Opaque { writes, flags: false } });
    }
    let list = List { base, registers: list, up: bit(word, 23), before: bit(word, 24), wback: bit(word, 21) };
    Some(Insn::Multiple { load, list })
}
