//! Where control goes at the end of a block: on within the function, or out of it.

use super::{
    code::EdgeKind,
    known::{Known, State},
    tables::{self, Jump},
    trace::Step,
    walk::{Exit, Walk},
};
use crate::ir::{Flow, Place, Target};

/// Blocks that are looked at before an indirect jump.
const WAY: usize = 6;
/// How far behind a change of mode the stub goes on.
const STUB: u64 = 4;

impl Walk<'_> {
    /// Files where control goes from `at`, in the block that starts at `block`; true where it also just goes on in the same block.
    /// `passed` is the state where the instruction's condition does not hold.
    pub fn flows_on(
        &mut self,
        flow: Flow,
        block: Place,
        at: Place,
        next: Place,
        state: &mut State,
        passed: Option<&State>,
        work: &mut Vec<(Place, State)>,
    ) -> bool {
        let mut exit = Exit::default();
        let mut taken = state.clone();
        let prepared = taken.take(self.machine);
        let condition = match flow {
            Flow::Call { to, cond } => {
                self.done.bare |= self.machine.link.is_some() && !state.saved_link;
                let comes_back = self.call(to, state);
                if comes_back || cond.is_some() {
                    state.after_call(self.machine);
                    return true;
                }
                self.done.ended = true;
                None
            }
            Flow::Return { cond, .. } => {
                exit.returns = true;
                self.done.unbalanced |= matches!(taken.get(self.machine.stack.into()), Some(Known::Stack(height)) if height != 0);
                cond
            }
            Flow::Jump { to, cond } => {
                // Nobody makes ready to leave under a condition and then stays.
                self.jump(to, cond.is_some() && !prepared, block, at, &taken, &mut exit);
                cond
            }
            Flow::Next | Flow::System { .. } | Flow::Stop => None,
        };
        if condition.is_some() {
            // Helpers in assembly check something and run into another entry: what is behind that is the other's.
            if next.address != self.entry.address && self.around.entries.contains(&next.address) {
                exit.tail_calls.push(next);
                exit.falls = true;
            } else {
                exit.to.push((next, EdgeKind::Next));
            }
        }
        for (to, kind) in &exit.to {
            let next = *kind == EdgeKind::Next;
            self.came_from.entry(to.address).or_insert((block.address, !next));
            let left = if next { passed.unwrap_or(state) } else { &taken };
            work.push((*to, left.across_blocks(self.machine)));
        }
        self.done.exits.insert(at.address, exit);
        false
    }

    /// Notes a call; false where it never comes back.
    fn call(&mut self, to: Target, state: &State) -> bool {
        let ends = |name: &String| (self.around.ends)(name);
        let imports = &self.around.program.imports;
        let executable = |place: Place| self.around.program.memory.executable(place.address);
        let place = match to {
            Target::At(place) => place,
            Target::Value(value) => match state.get(value) {
                // The kernel has helpers at fixed addresses of its own.
                Some(Known::Number(value)) if !executable(self.machine.place_of(value)) => return true,
                Some(Known::Number(value)) => self.machine.place_of(value),
                Some(Known::Import(slot)) => return !imports.get(&slot).is_some_and(ends),
                _ => return true,
            },
        };
        if !executable(place) {
            // A kernel module calls names from elsewhere directly. Nobody else calls what is no code.
            if let Some(name) = imports.get(&place.address) {
                return !ends(name);
            }
            self.done.undecoded.insert(place.address);
            return true;
        }
        self.done.calls.insert(place);
        !self.around.no_return.contains(&place.address) && !self.around.stub(place).as_ref().is_some_and(ends)
    }

    fn jump(&mut self, to: Target, conditional: bool, block: Place, at: Place, state: &State, exit: &mut Exit) {
        let value = match to {
            Target::At(place) => return self.jump_to(place, conditional, at, state, exit),
            Target::Value(value) => value,
        };
        // A register that keeps a number on this way may hold another on the next one: a table comes first.
        if let Some(table) = self.table(block, at, state) {
            exit.to.extend(table.cases.iter().map(|(case, place)| (*place, EdgeKind::Case(*case))));
            exit.lost = table.cases.is_empty();
            let memory = &self.around.program.memory;
            let reads = table.reads.into_iter().filter(|(address, _)| memory.executable(*address));
            reads.for_each(|(address, len)| self.done.add_data(address, len, at.address));
            return;
        }
        match state.get(value) {
            Some(Known::Number(address)) if !self.around.program.memory.executable(self.machine.place_of(address).address) => {
                exit.returns = true;
            }
            Some(Known::Number(address)) => self.jump_to(self.machine.place_of(address), conditional, at, state, exit),
            Some(Known::Import(_)) => exit.returns = true,
            _ => {
                // With the stack as it was found, a jump to a computed address is a call of somebody else's function.
                exit.returns = state.is_unwound(self.machine);
                exit.lost = !exit.returns;
            }
        }
    }

    fn jump_to(&mut self, place: Place, conditional: bool, at: Place, state: &State, exit: &mut Exit) {
        if self.stays(place, conditional, at, state) {
            exit.to.push((place, EdgeKind::Jump));
        } else if self.around.program.memory.executable(place.address) {
            exit.unwound = state.is_unwound(self.machine) && state.lowest < 0;
            exit.tail_calls.push(place);
        } else {
            self.done.undecoded.insert(place.address);
        }
    }

    /// Does a jump to `place` surely stay within the function?
    fn stays(&self, place: Place, conditional: bool, at: Place, state: &State) -> bool {
        // A stub that changes the mode goes on right behind itself (`bx pc`).
        if place.mode != at.mode {
            return (1..=STUB).contains(&place.address.wrapping_sub(at.address)) && !self.around.entries.contains(&place.address);
        }
        if place.address < self.entry.address || place.address >= self.end {
            return false;
        }
        if place == self.entry || self.done.instructions.contains_key(&place.address) {
            return true;
        }
        if !self.around.program.memory.executable(place.address) || self.around.entries.contains(&place.address) {
            return false;
        }
        // A function that still has something on the stack does not leave.
        conditional || self.around.blocks.contains(&place.address) || !state.is_unwound(self.machine)
    }

    /// The jump table at the end of the way that led to `at`.
    fn table(&self, block: Place, at: Place, state: &State) -> Option<tables::Table> {
        let mut blocks = vec![(block.address, None)];
        let mut start = block.address;
        while let Some((from, held)) = self.came_from.get(&start).copied() {
            if blocks.len() >= WAY || blocks.iter().any(|(known, _)| *known == from) {
                break;
            }
            blocks.push((from, Some(held)));
            start = from;
        }
        let mut way = Vec::new();
        // `held` belongs to the way out of a block: to the condition at its last instruction.
        while let Some((from, held)) = blocks.pop() {
            let mut steps = Vec::new();
            let mut address = from;
            while let Some(instruction) = self.done.instructions.get(&address) {
                let own = address == at.address;
                let last = own || self.done.exits.contains_key(&address);
                steps.push(Step { instruction, held: if own { Some(true) } else { held.filter(|_| last) } });
                if last {
                    break;
                }
                address += u64::from(instruction.lifted.len);
            }
            way.push(steps);
        }
        let jump = Jump { way: &way, state, mode: at.mode, bounds: self.entry.address..self.end };
        tables::resolve(self.around.program, self.around.lifter, &jump)
    }
}
