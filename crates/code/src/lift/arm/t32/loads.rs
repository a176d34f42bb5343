//! Loads and stores in T32 (A6.3.5 to A6.3.10).

use crate::{
    ir::Width,
    lift::arm::{
        bits::{bit, bits, reg},
        insn::{Address, Guarded, Index, Insn, LR, List, Operand, PC, SP, Size},
    },
};

/// `ldm`, `stm`, `push`, `pop`, and the exceptions' `rfe` and `srs` (A6.3.5).
pub fn multiple(word: u32) -> Option<Insn> {
    let (load, wback, base) = (bit(word, 20), bit(word, 21), reg(word, 16));
    let up = match bits(word, 24, 23) {
        1 => true,
        2 => false,
        _ if load => return Some(Insn::ExceptionReturn),
        _ => return Some(Insn::Opaque { writes: if wback { 1 << SP } else { 0 }, flags: false }),
    };
    let list = bits(word, 15, 0) as u16;
    // One register has a shorter form, the stack pointer cannot be in a list, and only loads reach the program counter.
    let whole = list.count_ones() >= 2 && base != PC && !bit(word, 13) && (load || !bit(word, 15)) && !(load && list >> LR == 3);
    let moves_itself = wback && list >> base & 1 != 0;
    let list = List { base, registers: list, up, before: !up, wback };
    (whole && !moves_itself).then_some(Insn::Multiple { load, list })
}

/// Pairs, exclusive accesses, tables of branches (A6.3.6).
pub fn pairs(word: u32) -> Option<Insn> {
    let (load, base) = (bit(word, 20), reg(word, 16));
    let (rt, second, low) = (reg(word, 12), reg(word, 8), reg(word, 0));
    let distance = bits(word, 7, 0) * 4;
    let (before, wback) = (bit(word, 24), bit(word, 21));
    if before || wback {
        let index = match (before, wback) {
            (true, false) => Index::Offset,
            (true, true) => Index::Pre,
            _ => Index::Post,
        };
        let address = Address { base, offset: Operand::imm(distance), add: bit(word, 23), index };
        let whole = rt != PC && second != PC && (base != PC || load) && address.leaves(&[rt, second]) && !(load && rt == second);
        return whole.then_some(Insn::Access { load, rt, address, size: Size::Double { second }, signed: false });
    }
    let exclusive = |size, address, status| {
        let kind = if load { Guarded::Load } else { Guarded::Store { status } };
        (rt != PC && base != PC).then_some(Insn::Exclusive { kind, rt, address, size })
    };
    if !bit(word, 23) {
        if load && second != 15 {
            return None;
        }
        return exclusive(Size::One(Width::W32), Address::plus(base, distance), second);
    }
    let width = match bits(word, 5, 4) {
        0 => Width::W8,
        1 => Width::W16,
        _ => Width::W32,
    };
    let size = if bits(word, 5, 4) == 3 { Size::Double { second } } else { Size::One(width) };
    // The fields that name no register are ones.
    let op = bits(word, 7, 4);
    let full = (op & 3 == 3 || second == 15) && (low == 15 || (!load && op & 0b1100 != 0b1000));
    match op {
        op @ (0 | 1) if load && bits(word, 15, 8) == 0xf0 && low != PC => Some(Insn::BranchTable { rn: base, rm: low, half: op == 1 }),
        _ if !full => None,
        4 | 5 | 7 | 12..=15 => exclusive(size, Address::plain(base), low),
        // `lda`, `stl`: order without exclusion.
        8..=10 if rt != PC && base != PC => Some(Insn::Access { load, rt, address: Address::plain(base), size, signed: false }),
        _ => None,
    }
}

/// One register (A6.3.7 to A6.3.10). Loads of bytes and halves into the program counter are prefetches.
pub fn single(word: u32) -> Option<Insn> {
    let (load, base, rt) = (bit(word, 20), reg(word, 16), reg(word, 12));
    let signed = bit(word, 24);
    let width = match bits(word, 22, 21) {
        0 => Width::W8,
        1 => Width::W16,
        2 if !signed => Width::W32,
        _ => return None,
    };
    if !load && (signed || base == PC || rt == PC) {
        return None;
    }
    let address = address(word, base, load).filter(|address| address.leaves(&[rt]))?;
    if load && rt == PC && width != Width::W32 {
        // Not with a user's rights.
        let user = base != PC && !bit(word, 23) && bits(word, 11, 8) == 14;
        return (address.index == Index::Offset && !user).then_some(Insn::Nothing);
    }
    Some(Insn::Access { load, rt, address, size: Size::One(width), signed })
}

fn address(word: u32, base: u8, load: bool) -> Option<Address> {
    let plain = Address::plain(base);
    // Literals: a distance of 12 bits, up or down.
    if load && base == PC {
        return Some(Address { offset: Operand::imm(bits(word, 11, 0)), add: bit(word, 23), ..plain });
    }
    if bit(word, 23) {
        return Some(Address::plus(base, bits(word, 11, 0)));
    }
    if bit(word, 11) {
        let (before, wback) = (bit(word, 10), bit(word, 8));
        let index = match (before, wback) {
            (true, false) => Index::Offset,
            (true, true) => Index::Pre,
            (false, true) => Index::Post,
            (false, false) => return None,
        };
        return Some(Address { offset: Operand::imm(bits(word, 7, 0)), add: bit(word, 9), index, ..plain });
    }
    let rm = reg(word, 0);
    if bits(word, 10, 6) != 0 || rm == PC || rm == SP {
        return None;
    }
    Some(Address { offset: Operand::shifted(rm, 0, bits(word, 5, 4)), ..plain })
}
