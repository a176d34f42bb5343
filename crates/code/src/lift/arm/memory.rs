//! Loads and stores (A4.6, A4.7): one register, two, or many, and what vector registers leave in memory.
//!
//! Addresses are made from the base as it was, each with one operation, and the base is written last: an access that faults leaves
//! no trace, and every slot of a `push` is "stack pointer minus a constant".

use crate::{
    ir::{Binary, Op, Src, Unary, Var, Width},
    lift::arm::{
        block::Block,
        insn::{Address, Guarded, Index, List, Operand, PC, SP, Size},
        shift,
    },
};

/// The frame pointer of A32's old frames: `ldm r11, {…, sp, pc}` returns.
const FRAME: u8 = 11;

/// The base of an address; literals are addressed from the word that the program counter is in.
fn base(block: &Block, reg: u8) -> Src {
    if reg == PC { u64::from(block.pc() & !3).into() } else { block.read(reg) }
}

/// `base` ± a constant.
fn moved(block: &mut Block, base: Src, up: bool, by: u64) -> Src {
    if by == 0 { base } else { block.binary(if up { Binary::Add } else { Binary::Sub }, base, by.into()) }
}

/// Where to access, and what the base becomes.
fn place(block: &mut Block, address: Address) -> (Src, Option<Src>) {
    let base = base(block, address.base);
    let sum = match address.offset {
        Operand::Imm { value, .. } => moved(block, base, address.add, value.into()),
        offset => {
            let offset = shift::value(block, offset);
            block.binary(if address.add { Binary::Add } else { Binary::Sub }, base, offset)
        }
    };
    match address.index {
        Index::Offset => (sum, None),
        Index::Pre => (sum, Some(sum)),
        Index::Post => (base, Some(sum)),
    }
}

fn write_back(block: &mut Block, address: Address, new: Option<Src>) {
    if let Some(new) = new {
        block.set(address.base, new);
    }
}

/// `ldr`, `str` and their widths, `ldrd`, `strd`.
pub fn access(block: &mut Block, load: bool, rt: u8, address: Address, size: Size, signed: bool) {
    let (at, new) = place(block, address);
    match (load, size) {
        (true, Size::One(width)) if rt == PC => {
            let to = block.temporary();
            block.load(to, at, width);
            write_back(block, address, new);
            // `ldr pc, [sp], #4` is how A32 writes `pop {pc}`.
            if address.base == SP && address.index == Index::Post { block.give_back(to.into()) } else { block.jump(to.into()) }
        }
        (true, Size::One(width)) if signed => {
            let raw = block.temporary();
            block.load(raw, at, width);
            let value = block.unary(Unary::SignExtend(width), raw.into());
            block.set(rt, value);
            write_back(block, address, new);
        }
        (true, Size::One(width)) => {
            block.load(Var(rt.into()), at, width);
            write_back(block, address, new);
        }
        (true, Size::Double { second }) => {
            let at = if address.base == rt { block.keep(at) } else { at };
            let next = block.binary(Binary::Add, at, 4.into());
            if second == PC || rt == PC {
                block.refused = true;
            }
            block.load(Var(rt.into()), at, Width::W32);
            block.load(Var(second.into()), next, Width::W32);
            write_back(block, address, new);
        }
        (false, Size::One(width)) => {
            let value = block.read(rt);
            block.store(at, value, width);
            write_back(block, address, new);
        }
        (false, Size::Double { second }) => {
            let next = block.binary(Binary::Add, at, 4.into());
            let (one, two) = (block.read(rt), block.read(second));
            block.store(at, one, Width::W32);
            block.store(next, two, Width::W32);
            write_back(block, address, new);
        }
    }
}

/// `ldrex`, `strex` and `ARMv8`'s `ldaex`, `stlex`. The store is taken to happen; its status says nothing.
pub fn exclusive(block: &mut Block, kind: Guarded, rt: u8, address: Address, size: Size) {
    let load = kind == Guarded::Load;
    if load && rt == PC {
        block.refused = true;
    }
    access(block, load, rt, address, size, false);
    if let Guarded::Store { status } = kind {
        block.clobber(status);
    }
}

/// `swp`, `swpb`.
pub fn swap(block: &mut Block, rt: u8, rm: u8, base: u8, width: Width) {
    let at = block.read(base);
    let old = block.temporary();
    block.load(old, at, width);
    let new = block.read(rm);
    block.store(at, new, width);
    block.set(rt, old.into());
}

/// `ldm`, `stm`, `push`, `pop`. The lowest register is at the lowest address.
pub fn multiple(block: &mut Block, load: bool, list: List) {
    let List { base, registers, up, before, wback } = list;
    let bytes = i64::from(registers.count_ones()) * 4;
    let start = block.read(base);
    // The distance of the first slot from the base: ia 0, ib 4, da -(bytes - 4), db -bytes.
    let first = match (up, before) {
        (true, false) => 0i64,
        (true, true) => 4,
        (false, false) => 4 - bytes,
        (false, true) => -bytes,
    };
    // A base that is loaded itself must not move the accesses behind it.
    let loads_base = load && registers >> base & 1 != 0;
    let start = if loads_base { block.keep(start) } else { start };
    let mut pc = None;
    let listed = (0..16u8).filter(|reg| registers >> reg & 1 != 0);
    for (distance, reg) in (0..).map(|slot| first + 4 * slot).zip(listed) {
        let at = moved(block, start, distance >= 0, distance.unsigned_abs());
        if !load {
            let value = block.read(reg);
            block.store(at, value, Width::W32);
        } else if reg == PC {
            let to = block.temporary();
            block.load(to, at, Width::W32);
            pc = Some(to);
        } else {
            block.load(Var(reg.into()), at, Width::W32);
        }
    }
    // A base that is loaded keeps what was loaded.
    if wback && !loads_base {
        let end = moved(block, start, up, bytes.unsigned_abs());
        block.set(base, end);
    }
    if let Some(pc) = pc {
        if base == SP || base == FRAME { block.give_back(pc.into()) } else { block.jump(pc.into()) }
    }
}

/// Vector or coprocessor registers: the address, and what is left of memory.
pub fn transfer(block: &mut Block, load: bool, address: Address, bytes: u16) {
    block.modelled = false;
    let (at, new) = place(block, address);
    if !load {
        block.ops.push(Op::ClobberMemory { at, bytes });
    } else if address.base == PC
        && let Some(width) = Width::of_bytes(bytes.into())
    {
        // Nothing keeps what is read, but that a constant stands there is worth knowing.
        let constant = block.temporary();
        block.load(constant, at, width);
    }
    write_back(block, address, new);
}
