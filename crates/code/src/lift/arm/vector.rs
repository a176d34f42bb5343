//! Vector (VFP, Advanced SIMD) and other coprocessor instructions (A7, A5.6): which core registers, flags and bytes of memory they touch.
//!
//! Bits 27 to 0 are the same in A32 and T32 for coprocessor instructions. The vector instructions proper are turned into A32's layout by
//! the T32 decoder before they come here.

use super::{
    bits::{bit, bits, reg},
    insn::{Address, Index, Insn, Operand, PC, SP},
};

/// An instruction that touches no core register, no flag and no memory.
pub const NO_CORE: Insn = Insn::Opaque { writes: 0, flags: false };

/// Loads, stores, moves and data processing of coprocessors: bits 27 to 25 are 110 or 111.
pub fn coprocessor(word: u32) -> Option<Insn> {
    let coprocessor = bits(word, 11, 8);
    // Without a condition the upper half are vector instructions of ARMv8, all of them data processing.
    if bits(word, 31, 28) == 15 && coprocessor >= 8 {
        return Some(NO_CORE);
    }
    if bits(word, 27, 24) == 0b1110 {
        return Some(if bit(word, 4) { transfer(word) } else { NO_CORE });
    }
    match bits(word, 24, 21) {
        0b0000 => None,
        // Two core registers at once: `vmov`, `mcrr`, `mrrc`.
        0b0010 => {
            let writes = if bit(word, 20) { 1 << reg(word, 12) | 1 << reg(word, 16) } else { 0 };
            Some(Insn::Opaque { writes, flags: false })
        }
        _ => memory(word),
    }
}

/// One core register from or to a coprocessor. Register 15 stands for the flags.
fn transfer(word: u32) -> Insn {
    let rt = reg(word, 12);
    match bit(word, 20) {
        true if rt == PC => Insn::Opaque { writes: 0, flags: true },
        true => Insn::Opaque { writes: 1 << rt, flags: false },
        false => NO_CORE,
    }
}

/// `vldr`, `vstr`, `vldm`, `vstm`, `ldc`, `stc`. Bits P (24), U (23), W (21); the offset counts words.
fn memory(word: u32) -> Option<Insn> {
    let (before, up, wback, load) = (bit(word, 24), bit(word, 23), bit(word, 21), bit(word, 20));
    // ARMv8's half-precision numbers (coprocessor 9) are counted in halfwords.
    let half = bits(word, 11, 8) == 0b1001;
    let (base, distance) = (reg(word, 16), bits(word, 7, 0) * if half { 2 } else { 4 });
    let floating = bits(word, 11, 9) == 0b101 || half;
    let double = bit(word, 8);
    let index = match (before, wback) {
        (true, true) => Index::Pre,
        (false, true) => Index::Post,
        (_, false) => Index::Offset,
    };
    if wback && base == PC {
        return None;
    }
    // A list of registers is as long as the offset says.
    let list = floating && (wback || !before);
    let bytes = if list {
        // The odd word of the form with a format word (`fstmx`) is not stored.
        distance & if double { !7 } else { !3 }
    } else if floating {
        match (half, double) {
            (true, _) => 2,
            (_, true) => 8,
            _ => 4,
        }
    } else {
        // How much another coprocessor transfers is its own matter.
        0
    };
    // Neither before nor written: the offset is the length of the list, or an option of the coprocessor.
    let offset = Operand::imm(if !before && !wback { 0 } else { distance });
    Some(Insn::Transfer { load, address: Address { base, offset, add: up, index }, bytes: bytes as u16 })
}

/// Elements and structures: `vld1` to `vld4`, `vst1` to `vst4` (A7.7), in A32's layout.
pub fn elements(word: u32) -> Option<Insn> {
    let (load, base, rm) = (bit(word, 21), reg(word, 16), reg(word, 0));
    let kind = bits(word, 11, 8);
    let bytes = if bit(word, 23) {
        // One lane, or one element to all lanes: 1 to 4 elements.
        let elements = (kind & 3) + 1;
        let size = match kind >> 2 {
            3 if load => bits(word, 7, 6).min(2),
            3 => return None,
            size => size,
        };
        elements << size
    } else {
        match kind {
            0b0111 => 8,
            0b1000..=0b1010 => 16,
            0b0100..=0b0110 => 24,
            0b0000..=0b0011 => 32,
            _ => return None,
        }
    };
    if base == PC {
        return None;
    }
    let (offset, index) = match rm {
        PC => (Operand::imm(0), Index::Offset),
        SP => (Operand::imm(bytes), Index::Post),
        rm => (Operand::Reg(rm), Index::Post),
    };
    Some(Insn::Transfer { load, address: Address { base, offset, add: true, index }, bytes: bytes as u16 })
}
