//! Arm, 32 bits: A32 and T32 (Thumb-2) of the application profile up to ARMv7-A with division; what `ARMv8` added to them is decoded
//! where it writes core registers or memory.
//!
//! **Specification**: Arm Architecture Reference Manual, ARMv7-A and ARMv7-R edition (DDI 0406C): chapters A2 (state), A5 and A6
//! (encodings of A32 and T32), A8 (each instruction). Section numbers in this folder are its own.
//!
//! ```text
//! bytes -> a32 or t32 -> Decoded (insn.rs: one form for both) -> block.rs, one file per kind of instruction -> Lifted
//! ```
//!
//! **Why not a library's decoder.** `yaxpeax-arm` lends its text for what is only clobbered here ([`Lifter::show`]). Flows and values are
//! decoded by this folder: the library's operands do not say which carry an immediate operand gave, it reads `stmib` as `stmia`, knows
//! no vector instructions, and panics on some words.
//!
//! **Conventions of the lifted code**
//! - `pc` is never a variable: it reads as a constant, two instructions ahead; T32 literals and `adr` see it rounded down to a word.
//! - Bit 0 of a code address names the instruction set. Where an instruction cannot change it, the value that is jumped to says so.
//! - `bx lr`, `mov pc, lr`, `pop {…, pc}` and loads of `pc` by way of the stack or frame pointer are returns; other writes to `pc` are
//!   jumps. `ARMv4`'s call without `blx` (`mov lr, pc` before `bx rX` or `ldr pc, […]`) comes out as what it is: lr := constant, and a
//!   jump. An analysis recognises that lr holds the address behind the jump.
//! - `ldrex` is a load and `strex` a store that happens; whether it happened (its status) is unknown.
//! - Vector and other coprocessor registers are not variables. What they write to core registers, flags and memory is clobbered.
//!
//! **Limitations**: parallel additions, `sel` and sums of absolute differences clobber their result (the GE flags are not kept), reads of
//! the status register theirs. A clobber has no condition: what is only clobbered is so whether or not its condition holds. System
//! instructions say their flow, not what they do to the system. Undefined encodings are refused, and of those whose outcome the manual
//! leaves open the ones that processors and qemu refuse or disagree on. Words are little-endian.

mod a32;
mod alu;
mod bits;
mod block;
mod branch;
mod insn;
mod media;
mod memory;
mod multiply;
mod shift;
mod show;
mod t32;
#[cfg(test)]
mod tests;
mod text;
mod vector;

use crate::{
    ir::{Lifted, Machine, Mode, Op, Var},
    lift::{Cursor, Lifter, Undecoded},
};

use block::{Block, C, N, V, Z};
use insn::{ALWAYS, Decoded, Insn};

/// The mode number of A32.
pub const A32: Mode = Mode(0);
/// The mode number of T32.
pub const T32: Mode = Mode(1);

/// Arm with the procedure call standard of its 32-bit Linux programs (AAPCS, EABI system calls).
pub static MACHINE: Machine = Machine {
    name: "arm",
    pointer: 4,
    names: &["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "sp", "lr", "pc", "n", "z", "c", "v", "q"],
    stack: Var(13),
    link: Some(Var(14)),
    arguments: &[Var(0), Var(1), Var(2), Var(3)],
    results: &[Var(0), Var(1)],
    kept: &[Var(4), Var(5), Var(6), Var(7), Var(8), Var(9), Var(10), Var(11), Var(13)],
    global: &[Var(20)],
    system_number: Var(7),
    mode_bits: 1,
};

/// The lifter.
#[derive(Debug, Clone, Copy, Default)]
pub struct Arm;

impl Lifter for Arm {
    fn machine(&self) -> &'static Machine {
        &MACHINE
    }

    fn modes(&self) -> &'static [Mode] {
        &[A32, T32]
    }

    fn mode_name(&self, mode: Mode) -> &'static str {
        if mode == T32 { "t32" } else { "a32" }
    }

    fn alignment(&self, mode: Mode) -> u64 {
        if mode == T32 { 2 } else { 4 }
    }

    fn lift(&self, bytes: &[u8], cursor: &mut Cursor) -> Result<Lifted, Undecoded> {
        // The processor's addresses have 32 bits.
        let at = cursor.place.address as u32;
        let thumb = cursor.place.mode == T32;
        let (decoded, len) = if thumb { t32::decode(bytes, at, cursor.state) } else { a32::decode(bytes, at) }.ok_or(Undecoded)?;
        let mut block = Block::new(at, thumb);
        apply(&mut block, decoded, len);
        if block.refused {
            return Err(Undecoded);
        }
        cursor.place.address = u64::from(at.wrapping_add(len.into()));
        cursor.state = match decoded.insn {
            Insn::IfThen { state } => state,
            _ => t32::advance(cursor.state),
        };
        Ok(Lifted { len, ops: block.ops, flow: block.flow, modelled: block.modelled })
    }

    /// Nearly every word of A32 begins with the condition "always", 14. T32 bears no such mark.
    fn likely_mode(&self, bytes: &[u8]) -> Option<Mode> {
        let words = bytes.as_chunks::<4>().0;
        let always = words.iter().filter(|word| word[3] >> 4 == ALWAYS).count();
        (words.len() >= 4 && always * 4 >= words.len() * 3).then_some(A32)
    }

    fn show(&self, bytes: &[u8], cursor: Cursor) -> String {
        show::show(bytes, cursor)
    }
}

/// What an instruction does, into `block`.
fn apply(block: &mut Block, decoded: Decoded, len: u8) {
    if decoded.cond != ALWAYS {
        block.only_if(decoded.cond);
    }
    match decoded.insn {
        Insn::Nothing | Insn::IfThen { .. } => {}
        Insn::Alu { op, rd, rn, operand, flags } => alu::alu(block, op, rd, rn, operand, flags),
        Insn::Constant { rd, value } => alu::constant(block, rd, value),
        Insn::MoveTop { rd, value } => alu::move_top(block, rd, value),
        Insn::FlagsFrom { operand, nzcvq } => alu::flags_from(block, operand, nzcvq),
        Insn::Multiply { kind, rd, rn, rm } => multiply::one(block, kind, rd, rn, rm),
        Insn::MultiplyLong { kind, low, high, rn, rm } => multiply::two(block, kind, low, high, rn, rm),
        Insn::Divide { rd, rn, rm, signed } => multiply::divide(block, rd, rn, rm, signed),
        Insn::Extend { rd, rn, rm, rotate, from, signed } => media::extend(block, rd, rn, rm, rotate, from, signed),
        Insn::ExtendPair { rd, rn, rm, rotate, signed } => media::extend_pair(block, rd, rn, rm, rotate, signed),
        Insn::Extract { rd, rn, lsb, width, signed } => media::extract(block, rd, rn, lsb, width, signed),
        Insn::Insert { rd, rn, lsb, width } => media::insert(block, rd, rn, lsb, width),
        Insn::CountZeros { rd, rm } => media::count_zeros(block, rd, rm),
        Insn::Reverse { rd, rm, kind } => media::reverse(block, rd, rm, kind),
        Insn::Pack { rd, rn, operand, top } => media::pack(block, rd, rn, operand, top),
        Insn::Saturate { rd, operand, bits, signed } => media::saturate(block, rd, operand, bits, signed),
        Insn::SaturatePair { rd, rn, bits, signed } => media::saturate_pair(block, rd, rn, bits, signed),
        Insn::SaturatingAdd { rd, rm, rn, subtract, double } => media::saturating_add(block, rd, rm, rn, subtract, double),
        Insn::Access { load, rt, address, size, signed } => memory::access(block, load, rt, address, size, signed),
        Insn::Exclusive { kind, rt, address, size } => memory::exclusive(block, kind, rt, address, size),
        Insn::Swap { rt, rm, base, width } => memory::swap(block, rt, rm, base, width),
        Insn::Multiple { load, list } => memory::multiple(block, load, list),
        Insn::Transfer { load, address, bytes } => memory::transfer(block, load, address, bytes),
        Insn::Branch { to, thumb, link } => branch::fixed(block, to, thumb, link, len),
        Insn::BranchTo { rm, link } => branch::register(block, rm, link, len),
        Insn::BranchIfZero { rn, to, nonzero } => branch::if_zero(block, rn, to, nonzero),
        Insn::BranchTable { rn, rm, half } => branch::table(block, rn, rm, half),
        Insn::System => block.flow = crate::ir::Flow::System { cond: block.cond() },
        Insn::Stop => block.flow = crate::ir::Flow::Stop,
        Insn::ExceptionReturn => branch::exception_return(block),
        Insn::Opaque { writes, flags } => {
            block.modelled = false;
            for reg in (0..16).filter(|reg| writes >> reg & 1 != 0) {
                block.clobber(reg);
            }
            if flags {
                block.ops.extend([N, Z, C, V].map(|to| Op::Clobber { to }));
            }
        }
    }
}
