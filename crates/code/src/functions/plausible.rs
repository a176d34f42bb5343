//! Is it code? Judgements over a walk that was made on suspicion.
//!
//! Bytes of text and tables often decode. What gives them away: control that runs into nothing, conditions without a comparison,
//! no way back to a caller, a start in the middle of text.

use std::collections::BTreeMap;

use super::{
    known::{Known, State},
    walk::Walked,
};
use crate::{
    ir::{Flow, Op, Place, Src},
    lift::{Cursor, Lifter},
    load::Program,
};

/// Instructions looked at for a start.
const START: usize = 4;

/// Which bytes belong to functions.
#[derive(Debug, Default)]
pub struct Claims {
    /// Start of a piece to its end and the functions that have it.
    pieces: BTreeMap<u64, (u64, u32)>,
}

impl Claims {
    fn ranges(walked: &Walked) -> impl Iterator<Item = (u64, u64)> + '_ {
        let code = walked.instructions.values().map(|instruction| (instruction.address, u64::from(instruction.lifted.len)));
        code.chain(walked.data.iter().copied())
    }

    /// The bytes of `walked` are taken.
    pub fn add(&mut self, _entry: u64, walked: &Walked) {
        for (start, len) in Self::ranges(walked) {
            let piece = self.pieces.entry(start).or_insert((start + len, 0));
            piece.0 = piece.0.max(start + len);
            piece.1 += 1;
        }
    }

    /// They are free again.
    pub fn remove(&mut self, _entry: u64, walked: &Walked) {
        for (start, _) in Self::ranges(walked) {
            if let Some(piece) = self.pieces.get_mut(&start) {
                piece.1 -= 1;
                if piece.1 == 0 {
                    self.pieces.remove(&start);
                }
            }
        }
    }

    /// Where the piece that holds `address` ends.
    pub fn end_of(&self, address: u64) -> Option<u64> {
        self.pieces.range(..=address).next_back().map(|(_, (end, _))| *end).filter(|end| address < *end)
    }

    /// Does `address` belong to nobody?
    pub fn free(&self, address: u64) -> bool {
        self.end_of(address).is_none()
    }

    /// Are all bytes of `walked` nobody's?
    pub fn all_free(&self, walked: &Walked) -> bool {
        walked.instructions.keys().all(|address| self.free(*address))
    }
}

/// How much a walk looks like code: more is better. For comparing modes.
pub fn score(walked: &Walked, place: Place, lifter: &dyn Lifter) -> i64 {
    let faults = walked.undecoded.len() as i64 + i64::from(!walked.returns(&std::collections::BTreeSet::new()));
    let strange = walked.instructions.values().filter(|instruction| is_strange(&instruction.lifted.flow)).count() as i64;
    let conditional = conditional(walked) as i64;
    let start = i64::from(walked.instructions.get(&place.address).is_some_and(|first| saves(&first.lifted.ops, lifter)));
    start * 8 + (walked.instructions.len() as i64).min(8) - faults * 16 - strange * 4 - conditional
}

/// Would anybody compile this?
pub fn is_function(walked: &Walked, place: Place, program: &Program<'_>, lifter: &dyn Lifter) -> bool {
    let returns = walked.exits.values().any(|exit| exit.returns || !exit.tail_calls.is_empty());
    let lost = walked.exits.values().any(|exit| exit.lost);
    let number = walked.instructions.len();
    let strange = walked.instructions.values().any(|instruction| is_strange(&instruction.lifted.flow));
    let is_text = program.memory.text(place.address, 64).is_some_and(|text| text.len() >= 4 && text.iter().all(|byte| is_printable(*byte)));
    let first = walked.instructions.get(&place.address);
    let opens = first.is_some_and(|first| !is_guarded(&first.lifted.ops) && first.lifted.modelled);
    let framed = begins_like_a_function(place, program, lifter);
    let odd = conditional(walked) + walked.instructions.values().filter(|instruction| !instruction.lifted.modelled).count();
    let clean = walked.undecoded.is_empty() && (framed || !lost);
    clean && opens && !is_text && !strange && odd * 3 <= number && (framed || returns) && (number > 1 || !walked.exits.is_empty())
}

/// Does the code at `place` save the return address or make room on the stack within its first instructions?
pub fn begins_like_a_function(place: Place, program: &Program<'_>, lifter: &dyn Lifter) -> bool {
    let machine = lifter.machine();
    let mut state = State::entry(machine);
    let mut cursor = Cursor::at(place);
    for _ in 0..START {
        let Some(lifted) = program.memory.raw(cursor.place.address).and_then(|bytes| lifter.lift(bytes, &mut cursor).ok()) else {
            return false;
        };
        if is_guarded(&lifted.ops) {
            return false;
        }
        let link = machine.link.map(Src::Var);
        if lifted.ops.iter().any(|op| matches!(op, Op::Store { value, .. } if Some(*value) == link)) {
            return true;
        }
        state.step(&lifted.ops, program);
        if matches!(state.get(machine.stack.into()), Some(Known::Stack(height)) if height < 0) {
            return true;
        }
        if lifted.flow != Flow::Next {
            return false;
        }
    }
    false
}

/// The length of an instruction that does nothing, if there is one at the start of `bytes`.
pub fn idle(bytes: &[u8], place: Place, lifter: &dyn Lifter) -> Option<u64> {
    let lifted = lifter.lift(bytes, &mut Cursor::at(place)).ok()?;
    let nothing = |op: &Op| matches!(op, Op::Copy { to, from: Src::Var(from) } if to == from);
    (lifted.flow == Flow::Next && lifted.modelled && lifted.ops.iter().all(nothing)).then_some(u64::from(lifted.len))
}

fn saves(ops: &[Op], lifter: &dyn Lifter) -> bool {
    let link = lifter.machine().link.map(Src::Var);
    ops.iter().any(|op| matches!(op, Op::Store { value, .. } if Some(*value) == link))
}

/// Instructions that user programs hardly hold.
fn is_strange(flow: &Flow) -> bool {
    matches!(flow, Flow::System { cond: Some(_) })
}

fn is_guarded(ops: &[Op]) -> bool {
    ops.iter().any(|op| matches!(op, Op::Select { .. } | Op::Load { when: Some(_), .. } | Op::Store { when: Some(_), .. }))
}

fn conditional(walked: &Walked) -> usize {
    walked.instructions.values().filter(|instruction| is_guarded(&instruction.lifted.ops)).count()
}

fn is_printable(byte: u8) -> bool {
    byte.is_ascii_graphic() || matches!(byte, b' ' | b'\n' | b'\t' | b'\r')
}
