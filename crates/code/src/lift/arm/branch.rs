//! Changes of flow (A4.3): branches, calls, returns, tables.

use crate::{
    ir::{Binary, Flow, Width},
    lift::arm::{
        block::{Block, target},
        insn::LR,
    },
};

/// `b`, `bl`, `blx` to a fixed place.
pub fn fixed(block: &mut Block, to: u32, thumb: bool, link: bool, len: u8) {
    let to = target((u64::from(to) | u64::from(thumb)).into());
    if link {
        block.call(to, len);
    } else {
        block.flow = Flow::Jump { to, cond: block.cond() };
    }
}

/// `bx`, `blx` to a register.
pub fn register(block: &mut Block, rm: u8, link: bool, len: u8) {
    let value = block.read(rm);
    if link {
        let value = if rm == LR { block.keep(value) } else { value };
        block.call(target(value), len);
    } else if rm == LR {
        block.give_back(value);
    } else {
        block.jump(value);
    }
}

/// `cbz`, `cbnz`.
pub fn if_zero(block: &mut Block, rn: u8, to: u32, nonzero: bool) {
    let rn = block.read(rn);
    let cond = block.binary(if nonzero { Binary::Ne } else { Binary::Eq }, rn, 0.into());
    block.also_if(cond);
    block.jump((u64::from(to) | 1).into());
}

/// `tbb`, `tbh`: a table of distances in halfwords, read with rm as its index.
pub fn table(block: &mut Block, rn: u8, rm: u8, half: bool) {
    let (base, index) = (block.read(rn), block.read(rm));
    let index = if half { block.binary(Binary::Shl, index, 1.into()) } else { index };
    let at = block.binary(Binary::Add, base, index);
    let entry = block.temporary();
    block.load(entry, at, if half { Width::W16 } else { Width::W8 });
    let distance = block.binary(Binary::Shl, entry.into(), 1.into());
    let here = u64::from(block.pc() | 1);
    let to = block.binary(Binary::Add, distance, here.into());
    block.jump(to);
}

/// Returns from exceptions (`rfe`, `eret`, `subs pc, lr`, `ldm … ^`): out of what is analysed here.
pub fn exception_return(block: &mut Block) {
    block.modelled = false;
    block.flow = Flow::Return { to: block.read(LR), cond: block.cond() };
}
