//! One function, from its entry over everything that control reaches.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    code::{EdgeKind, Instruction},
    known::{Known, State},
    limits,
    tables::{self, Step},
};
use crate::{
    ir::{Flow, Lifted, Machine, Place, Target},
    lift::{Cursor, Lifter},
    load::Program,
};

/// What a walk must know of the rest of the file.
pub struct Surroundings<'a> {
    /// The file.
    pub program: &'a Program<'a>,
    /// Its processor.
    pub lifter: &'a dyn Lifter,
    /// Entries of functions known so far.
    pub entries: &'a BTreeSet<u64>,
    /// Those of them that are more than guesses from jumps: no function reaches across one.
    pub sure: &'a BTreeSet<u64>,
    /// Targets of jumps that turned out to be blocks of the function that jumps there.
    pub blocks: &'a BTreeSet<u64>,
    /// Functions known never to come back.
    pub no_return: &'a BTreeSet<u64>,
    /// Is a call of this imported name the end?
    pub ends: &'a dyn Fn(&str) -> bool,
}

/// Where control goes from an instruction that ends a block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exit {
    /// Within the function.
    pub to: Vec<(u64, EdgeKind)>,
    /// To other functions, never to come back here.
    pub tail_calls: Vec<Place>,
    /// To nobody knows where.
    pub lost: bool,
    /// Back to the caller.
    pub returns: bool,
}

/// What a walk found.
#[derive(Debug, Default)]
pub struct Walked {
    /// Instructions by address.
    pub instructions: BTreeMap<u64, Instruction>,
    /// Starts of blocks.
    pub leaders: BTreeMap<u64, Place>,
    /// Ends of blocks.
    pub exits: BTreeMap<u64, Exit>,
    /// Functions that are called.
    pub calls: BTreeSet<Place>,
    /// Numbers that code computed.
    pub numbers: BTreeSet<u64>,
    /// Constants and tables that stand among the code: address and bytes.
    pub data: BTreeSet<(u64, u64)>,
    /// Addresses that could not be decoded.
    pub undecoded: BTreeSet<u64>,
    /// The function jumps straight to this import.
    pub import: Option<String>,
    /// A limit ended it.
    pub cut: bool,
}

impl Walked {
    /// Does any way come back to the caller, as far as is known? A tail call does where its target does.
    pub fn returns(&self, no_return: &BTreeSet<u64>) -> bool {
        let tail = |exit: &Exit| exit.tail_calls.iter().any(|place| !no_return.contains(&place.address));
        self.cut || !self.undecoded.is_empty() || self.exits.values().any(|exit| exit.returns || exit.lost || tail(exit))
    }
}

/// The name of the import that a stub at `place` jumps to.
pub fn stub(program: &Program<'_>, lifter: &dyn Lifter, place: Place) -> Option<String> {
    let mut state = State::entry(lifter.machine());
    let mut cursor = Cursor::at(place);
    for _ in 0..6 {
        let bytes = program.memory.raw(cursor.place.address)?;
        let lifted = lifter.lift(bytes, &mut cursor).ok()?;
        state.step(&lifted.ops, program);
        match lifted.flow {
            Flow::Next => {}
            // A stub may change the mode first (`bx pc` in front of a stub in A32).
            Flow::Jump { to: Target::At(next), cond: None } => cursor = Cursor::at(next),
            Flow::Jump { to: Target::Value(value), cond: None } => match state.get(value)? {
                Known::Import(slot) => return program.imports.get(&slot).cloned(),
                Known::Number(next) => cursor = Cursor::at(lifter.machine().place_of(next)),
                Known::Stack(_) => return None,
            },
            _ => return None,
        }
    }
    None
}

/// Walks the function at `entry`. `adopted` are blocks that its jumps to unknown places are taken to reach.
pub fn walk(around: &Surroundings<'_>, entry: Place, adopted: impl Iterator<Item = Place>) -> Walked {
    let machine = around.lifter.machine();
    let mut walk = Walk {
        around,
        machine,
        entry,
        end: around.sure.range(entry.address + 1..).next().copied().unwrap_or(u64::MAX),
        framed: false,
        came_from: BTreeMap::new(),
        done: Walked::default(),
    };
    walk.done.import = stub(around.program, around.lifter, entry);
    let mut work: Vec<_> = adopted.map(|place| (place, State::unknown(machine))).collect();
    work.push((entry, State::entry(machine)));
    while let Some((place, state)) = work.pop() {
        if walk.done.leaders.contains_key(&place.address) {
            continue;
        }
        walk.done.leaders.insert(place.address, place);
        if !walk.done.instructions.contains_key(&place.address) {
            walk.block(place, state, &mut work);
        }
    }
    walk.done
}

struct Walk<'a> {
    around: &'a Surroundings<'a>,
    machine: &'static Machine,
    entry: Place,
    /// The next known entry.
    end: u64,
    /// The function has moved its stack pointer.
    framed: bool,
    /// The block from which a block was first reached, and whether the condition at that one's end held.
    came_from: BTreeMap<u64, (u64, bool)>,
    done: Walked,
}

impl Walk<'_> {
    fn block(&mut self, place: Place, mut state: State, work: &mut Vec<(Place, State)>) {
        let program = self.around.program;
        let mut cursor = Cursor::at(place);
        loop {
            let at = cursor.place;
            if at != place && self.reached(at, work, &state) {
                return;
            }
            if self.done.instructions.len() >= limits::INSTRUCTIONS {
                self.done.cut = true;
                return;
            }
            let in_data = self.done.data.range(..=(at.address, u64::MAX)).next_back().is_some_and(|(start, len)| at.address < start + len);
            let bytes = program.memory.raw(at.address).filter(|_| program.memory.executable(at.address) && !in_data);
            let Some(mut lifted) = bytes.and_then(|bytes| self.around.lifter.lift(bytes, &mut cursor).ok()) else {
                self.done.undecoded.insert(at.address);
                return;
            };
            let seen = state.step(&lifted.ops, program);
            // The return address of a call is no function.
            let behind = cursor.place.address;
            self.done.numbers.extend(seen.numbers.into_iter().filter(|number| self.machine.place_of(*number).address != behind));
            self.done.data.extend(seen.reads.into_iter().filter(|(address, _)| program.memory.executable(*address)));
            self.framed |= state.get(self.machine.stack.into()) != Some(Known::Stack(0));
            let next = cursor.place;
            self.calls_by_hand(&mut lifted, &state, next);
            let flow = lifted.flow;
            self.done.instructions.insert(at.address, Instruction { address: at.address, lifted });
            if flow == Flow::Next || matches!(flow, Flow::System { .. }) {
                continue;
            }
            if self.flows_on(flow, place, at, next, &mut state, work) {
                continue;
            }
            return;
        }
    }

    /// Control runs into what is known already: another function, or a block of this one.
    fn reached(&mut self, at: Place, work: &mut Vec<(Place, State)>, state: &State) -> bool {
        if at.address != self.entry.address && self.around.entries.contains(&at.address) {
            let last = self.done.instructions.range(..at.address).next_back().map_or(at.address, |(address, _)| *address);
            self.done.exits.entry(last).or_default().tail_calls.push(at);
            return true;
        }
        if self.done.instructions.contains_key(&at.address) {
            work.push((at, state.across_blocks(self.machine)));
            return true;
        }
        false
    }

    /// `mov lr, pc` before a jump is a call, as older compilers write it.
    fn calls_by_hand(&self, lifted: &mut Lifted, state: &State, next: Place) {
        if let (Flow::Jump { to, cond }, Some(link)) = (lifted.flow, self.machine.link)
            && let Some(Known::Number(back)) = state.get(link.into())
            && self.machine.place_of(back).address == next.address
        {
            lifted.flow = Flow::Call { to, cond };
        }
    }

    /// Files where control goes from `at`; true where it also just goes on in the same block.
    fn flows_on(&mut self, flow: Flow, block: Place, at: Place, next: Place, state: &mut State, work: &mut Vec<(Place, State)>) -> bool {
        let mut exit = Exit::default();
        let condition = match flow {
            Flow::Call { to, cond } => {
                let goes_on = self.call(to, state) || cond.is_some();
                if goes_on {
                    state.after_call(self.machine);
                    return true;
                }
                None
            }
            Flow::Return { cond, .. } => {
                exit.returns = true;
                cond
            }
            Flow::Jump { to, cond } => {
                self.jump(to, cond.is_some(), block, at, state, &mut exit);
                cond
            }
            Flow::Next | Flow::System { .. } | Flow::Stop => None,
        };
        if condition.is_some() {
            exit.to.push((next.address, EdgeKind::Next));
        }
        for (to, kind) in &exit.to {
            let place = Place { address: *to, mode: at.mode };
            self.came_from.entry(*to).or_insert((block.address, *kind != EdgeKind::Next));
            work.push((place, state.across_blocks(self.machine)));
        }
        self.done.exits.insert(at.address, exit);
        false
    }

    /// Notes a call; false where it never comes back.
    fn call(&mut self, to: Target, state: &State) -> bool {
        let place = match to {
            Target::At(place) => place,
            Target::Value(value) => match state.get(value) {
                Some(Known::Number(value)) => self.machine.place_of(value),
                Some(Known::Import(slot)) => {
                    return !self.around.program.imports.get(&slot).is_some_and(|name| (self.around.ends)(name));
                }
                _ => return true,
            },
        };
        if !self.around.program.memory.executable(place.address) {
            // A kernel module calls names from elsewhere directly.
            return !self.around.program.imports.get(&place.address).is_some_and(|name| (self.around.ends)(name));
        }
        self.done.calls.insert(place);
        if self.around.no_return.contains(&place.address) {
            return false;
        }
        !stub(self.around.program, self.around.lifter, place).is_some_and(|name| (self.around.ends)(&name))
    }

    fn jump(&mut self, to: Target, conditional: bool, block: Place, at: Place, state: &State, exit: &mut Exit) {
        let value = match to {
            Target::At(place) => return self.jump_to(place, conditional, at, state, exit),
            Target::Value(value) => value,
        };
        match state.get(value) {
            Some(Known::Number(address)) => self.jump_to(self.machine.place_of(address), conditional, at, state, exit),
            Some(Known::Import(_)) => exit.returns = true,
            _ => {
                let table = self.table(block, at);
                // With the stack as it was found, a jump to a computed address is a call of somebody else's function.
                let unwound = state.get(self.machine.stack.into()) == Some(Known::Stack(0));
                exit.lost = table.is_none() && !unwound;
                exit.returns |= table.is_none() && unwound;
                for (case, place) in table.iter().flat_map(|table| &table.cases) {
                    exit.to.push((place.address, EdgeKind::Case(*case)));
                }
                let memory = &self.around.program.memory;
                let reads = table.into_iter().flat_map(|table| table.reads);
                self.done.data.extend(reads.filter(|(address, _)| memory.executable(*address)));
            }
        }
    }

    fn jump_to(&mut self, place: Place, conditional: bool, at: Place, state: &State, exit: &mut Exit) {
        if self.is_own(place, conditional, at, state) {
            exit.to.push((place.address, EdgeKind::Jump));
        } else if self.around.program.memory.executable(place.address) {
            exit.tail_calls.push(place);
        } else {
            self.done.undecoded.insert(place.address);
        }
    }

    /// Does a jump from `at` to `place` stay within the function?
    fn is_own(&self, place: Place, conditional: bool, at: Place, state: &State) -> bool {
        if place.mode != self.entry.mode || place.address < self.entry.address || place.address >= self.end {
            return false;
        }
        if place == self.entry || self.done.instructions.contains_key(&place.address) {
            return true;
        }
        if !self.around.program.memory.executable(place.address) || self.around.entries.contains(&place.address) {
            return false;
        }
        if conditional || self.around.blocks.contains(&place.address) {
            return true;
        }
        // An unconditional jump with the stack put back as it was found: the last thing a function does that ends in a call. In a
        // function that never touched its stack only distance can tell.
        let unwound = state.get(self.machine.stack.into()) == Some(Known::Stack(0));
        let near = place.address.abs_diff(at.address) < 0x200;
        let one_block = self.done.leaders.len() == 1;
        !unwound || (!self.framed && (!one_block || near))
    }

    /// The jump table at the end of the way that led to `at`.
    fn table(&self, block: Place, at: Place) -> Option<tables::Table> {
        let mut blocks = vec![(block.address, None)];
        let mut start = block.address;
        while let Some((from, held)) = self.came_from.get(&start).copied() {
            if blocks.len() >= 4 || blocks.iter().any(|(known, _)| *known == from) {
                break;
            }
            blocks.push((from, Some(held)));
            start = from;
        }
        let mut steps = Vec::new();
        while let Some((from, held)) = blocks.pop() {
            // `held` belongs to the way out of the block before; it is handed to that block's last instruction here.
            let out = held;
            let mut address = from;
            while let Some(instruction) = self.done.instructions.get(&address) {
                let last = self.done.exits.contains_key(&address) || address == at.address;
                let held = if address == at.address { Some(true) } else { out.filter(|_| last) };
                steps.push(Step { instruction, held });
                if last {
                    break;
                }
                address += u64::from(instruction.lifted.len);
            }
        }
        tables::resolve(self.around.program, self.machine, &steps)
    }
}
