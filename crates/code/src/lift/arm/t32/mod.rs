//! The encodings of T32 (A6): one or two halfwords. `it` gives the next one to four instructions a condition.
//!
//! The state that `it` leaves is kept as the processor keeps it (ITSTATE, A2.5.2): the condition of the next instruction in the upper
//! four bits, the rest of the pattern below; 0 outside a block. A second halfword follows where the first begins with 11101, 1111.

mod data;
mod loads;
mod narrow;
mod wide;

use super::insn::{ALWAYS, Decoded, Insn};

/// The instruction at the start of `bytes`, which stand at `at`, and its length.
pub fn decode(bytes: &[u8], at: u32, state: u8) -> Option<(Decoded, u8)> {
    let first = u16::from_le_bytes(*bytes.first_chunk()?);
    let in_block = state & 0b1111 != 0;
    let cond = if in_block { (state >> 4).min(ALWAYS) } else { ALWAYS };
    let (mut decoded, len) = if first >= 0xe800 {
        let second = u16::from_le_bytes(*bytes.get(2..)?.first_chunk()?);
        (wide::decode(u32::from(first) << 16 | u32::from(second), at)?, 4)
    } else {
        (narrow::decode(first.into(), at, in_block)?, 2)
    };
    // A breakpoint stops whatever the condition; `udf` only under it, which a flow cannot say. An `it` in a block, and branches with
    // conditions of their own, are no instructions.
    if in_block {
        let breaks = first >> 8 == 0xbe;
        if matches!(decoded.insn, Insn::IfThen { .. } | Insn::BranchIfZero { .. })
            || decoded.cond != ALWAYS
            || (decoded.insn == Insn::Stop && !breaks)
        {
            return None;
        }
        decoded.cond = if breaks { ALWAYS } else { cond };
    }
    Some((decoded, len))
}

/// The state behind an instruction (`ITAdvance`).
pub fn advance(state: u8) -> u8 {
    if state.trailing_zeros() >= 3 { 0 } else { state & 0xe0 | state << 1 & 0x1f }
}
