//! Is it a function? Judgements over a walk that was made on suspicion.
//!
//! Bytes of text and tables often decode. What gives them away: control that runs into nothing or into the middle of another function,
//! calls of what is no function, conditions without a comparison, no way back to a caller, a stack that is not put back, registers that
//! are read though no caller has put anything there. The last also tells a function from a block of one.

use super::{
    known::{Known, State, bit},
    walk::Walked,
};
use crate::{
    ir::{Flow, Lifted, Machine, Op, Place, Src, Var},
    lift::{Cursor, Lifter},
    load::Program,
};

/// Instructions looked at for a start: compilers put loading two addresses, four instructions, before saving registers.
const START: usize = 8;

/// How much a walk looks like code: more is better. For comparing modes.
pub fn score(walked: &Walked, place: Place, lifter: &dyn Lifter) -> i64 {
    let faults = walked.undecoded.len() as i64 + i64::from(!walked.returns(&std::collections::BTreeSet::new()));
    let strange = walked.instructions.values().filter(|instruction| is_strange(&instruction.lifted.flow)).count() as i64;
    let conditional = conditional(walked) as i64;
    let start = i64::from(walked.instructions.get(&place.address).is_some_and(|first| saves(&first.lifted.ops, lifter.machine())));
    let begins = i64::from(stands_alone(walked, place, lifter.machine()));
    (start + begins) * 8 + (walked.instructions.len() as i64).min(8) - faults * 16 - strange * 4 - conditional
}

/// Would anybody compile this? Says nothing of where it leads.
pub fn is_sound(walked: &Walked, place: Place, program: &Program<'_>) -> bool {
    let number = walked.instructions.len();
    let strange = walked.instructions.values().any(|instruction| is_strange(&instruction.lifted.flow));
    let opens = walked.instructions.get(&place.address).is_some_and(|first| !is_guarded(&first.lifted.ops) && !is_idle(&first.lifted));
    let likely = conditional(walked) * 4 <= number * 3;
    walked.undecoded.is_empty() && opens && likely && !strange && !walked.unbalanced && !is_text(place.address, program)
}

/// Does any way through it end as functions end?
pub fn leaves(walked: &Walked) -> bool {
    walked.cut || walked.exits.values().any(|exit| exit.returns || !exit.tail_calls.is_empty())
}

/// Does it read nothing at its entry but what a caller hands over, and no constants in front of it? A block of another function reads
/// what that one left in registers, and shares its constants.
pub fn stands_alone(walked: &Walked, place: Place, machine: &Machine) -> bool {
    let given = machine.arguments.iter().chain(machine.global).chain([&machine.stack]).chain(&machine.link);
    let given = given.fold(0, |given, var| given | bit(*var));
    let own = (0..machine.first_temporary()).fold(0, |own, var| own | bit(Var(var)));
    walked.needs & own & !given == 0 && walked.literals.first().is_none_or(|first| *first >= place.address)
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
        if saves(&lifted.ops, machine) {
            return true;
        }
        state.step(&lifted.ops, program, machine);
        if matches!(state.get(machine.stack.into()), Some(Known::Stack(height)) if height < 0) {
            return true;
        }
        if lifted.flow != Flow::Next {
            return false;
        }
    }
    false
}

/// Is saving the return address the very first thing that is done at `place`?
pub fn saves_at_once(place: Place, program: &Program<'_>, lifter: &dyn Lifter) -> bool {
    let lifted = program.memory.raw(place.address).and_then(|bytes| lifter.lift(bytes, &mut Cursor::at(place)).ok());
    lifted.is_some_and(|lifted| !is_guarded(&lifted.ops) && saves(&lifted.ops, lifter.machine()))
}

/// Does it do nothing?
pub fn is_idle(lifted: &Lifted) -> bool {
    let nothing = |op: &Op| matches!(op, Op::Copy { to, from: Src::Var(from) } if to == from);
    lifted.flow == Flow::Next && lifted.modelled && lifted.ops.iter().all(nothing)
}

/// The length of an instruction that does nothing, if there is one at `place`.
pub fn idle(place: Place, program: &Program<'_>, lifter: &dyn Lifter) -> Option<u64> {
    let mut cursor = Cursor::at(place);
    let lifted = lifter.lift(program.memory.raw(place.address)?, &mut cursor).ok()?;
    (is_idle(&lifted) && cursor.state == 0).then_some(u64::from(lifted.len))
}

fn saves(ops: &[Op], machine: &Machine) -> bool {
    let link = machine.link.map(Src::Var);
    let lowers = |op: &Op| matches!(op, Op::Binary { to, .. } | Op::Copy { to, .. } if *to == machine.stack);
    ops.iter().any(|op| matches!(op, Op::Store { value, .. } if Some(*value) == link)) && ops.iter().any(lowers)
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

fn is_text(address: u64, program: &Program<'_>) -> bool {
    let printable = |byte: &u8| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\n' | b'\t' | b'\r');
    program.memory.text(address, 64).is_some_and(|text| text.len() >= 4 && text.iter().all(printable))
}
