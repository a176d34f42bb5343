//! One function, from its entry over everything that control reaches.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use super::{
    code::{EdgeKind, Instruction},
    known::{Known, State},
    limits, plausible,
};
use crate::{
    ir::{Flow, Lifted, Machine, Op, Place, Src, Target},
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
    /// Names of the stubs that were looked at.
    pub stubs: &'a RefCell<BTreeMap<Place, Option<String>>>,
}

impl Surroundings<'_> {
    /// The name of the import that a stub at `place` jumps to.
    pub fn stub(&self, place: Place) -> Option<String> {
        self.stubs.borrow_mut().entry(place).or_insert_with(|| stub(self.program, self.lifter, place)).clone()
    }
}

/// Where control goes from an instruction that ends a block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exit {
    /// Within the function.
    pub to: Vec<(Place, EdgeKind)>,
    /// To other functions, never to come back here.
    pub tail_calls: Vec<Place>,
    /// There is no jump: what stands behind the instruction is another function.
    pub falls: bool,
    /// The stack had grown before, and was put back: what follows is no part of the function.
    pub unwound: bool,
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
    /// Numbers that code computed and that could be addresses.
    pub addresses: BTreeSet<u64>,
    /// Constants and tables that stand among the code: address, and its bytes with the instruction that reads them.
    pub data: BTreeMap<u64, (u64, u64)>,
    /// Addresses that could not be decoded.
    pub undecoded: BTreeSet<u64>,
    /// The function jumps straight to this import.
    pub import: Option<String>,
    /// Variables that it reads for what they hold at its entry, a bit for each.
    pub needs: u64,
    /// Addresses of constants that instructions name by their own place.
    pub literals: BTreeSet<u64>,
    /// A call in it does not come back.
    pub ended: bool,
    /// It calls before it has saved its own return address.
    pub bare: bool,
    /// It saves the return address.
    pub saves: bool,
    /// It comes back with the stack higher or lower than it found it.
    pub unbalanced: bool,
    /// A limit ended it.
    pub cut: bool,
    /// Bytes found since they were last looked at: where, how many, and whether they are code.
    pub fresh: Vec<(u64, u64, bool)>,
}

impl Walked {
    /// Constants or a table at `start`, which the instruction at `by` reads.
    pub fn add_data(&mut self, start: u64, len: u64, by: u64) {
        if let Some(piece) = self.data.get_mut(&start) {
            *piece = (piece.0.max(len), piece.1.min(by));
        } else {
            self.data.insert(start, (len, by));
            self.fresh.push((start, len, false));
        }
    }

    /// Does any way come back to the caller, as far as is known? A tail call does where its target does.
    pub fn returns(&self, no_return: &BTreeSet<u64>) -> bool {
        let tail = |exit: &Exit| exit.tail_calls.iter().any(|place| !no_return.contains(&place.address));
        self.cut || !self.undecoded.is_empty() || self.exits.values().any(|exit| exit.returns || exit.lost || tail(exit))
    }

    /// Is there data at `address`?
    fn has_data(&self, address: u64) -> bool {
        self.data.range(..=address).next_back().is_some_and(|(start, (len, _))| address < start + len)
    }

    /// Data that instructions in front of it read although it was taken for instructions: control does not come there, mostly because a
    /// call before it does not come back. Compilers put constants behind the code that reads them.
    fn misread(&self) -> Option<BTreeMap<u64, (u64, u64)>> {
        let decoded = |start: u64, len: u64| {
            let inside = self.instructions.range(start..start.saturating_add(len)).next().map(|(at, _)| *at);
            let across = self.instructions.range(..start).next_back().filter(|(at, code)| *at + u64::from(code.lifted.len) > start);
            across.map(|(at, _)| *at).or(inside)
        };
        let first = self.data.iter().filter_map(|(start, (len, by))| decoded(*start, *len).filter(|at| by < at)).min()?;
        Some(self.data.iter().filter(|(_, (_, by))| *by < first).map(|(start, piece)| (*start, *piece)).collect())
    }
}

/// The name of the import that a stub at `place` jumps to.
pub fn stub(program: &Program<'_>, lifter: &dyn Lifter, place: Place) -> Option<String> {
    let machine = lifter.machine();
    let mut state = State::entry(machine);
    let mut cursor = Cursor::at(place);
    for _ in 0..6 {
        let bytes = program.memory.raw(cursor.place.address)?;
        let lifted = lifter.lift(bytes, &mut cursor).ok()?;
        state.step(&lifted.ops, program, machine);
        match lifted.flow {
            Flow::Next => {}
            // A stub may change the mode first (`bx pc` in front of a stub in A32).
            Flow::Jump { to: Target::At(next), cond: None } => cursor = Cursor::at(next),
            Flow::Jump { to: Target::Value(value), cond: None } => match state.get(value)? {
                Known::Import(slot) => return program.imports.get(&slot).cloned(),
                Known::Number(next) => cursor = Cursor::at(machine.place_of(next)),
                Known::Stack(_) => return None,
            },
            _ => return None,
        }
    }
    None
}

/// Walks the function at `entry`, over at most `most` instructions.
pub fn walk(around: &Surroundings<'_>, entry: Place, most: usize) -> Walked {
    let mut data: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    loop {
        let tried = data.len();
        let fresh = data.iter().map(|(start, (len, _))| (*start, *len, false)).collect();
        let mut walk = Walk::new(around, entry, Walked { data, fresh, import: around.stub(entry), ..Walked::default() }, most);
        walk.go(vec![(entry, State::entry(walk.machine))]);
        match walk.done.misread() {
            Some(trusted) if trusted.len() > tried => data = trusted,
            _ => return walk.done,
        }
    }
}

/// Goes on with the walk `done` of the function at `entry` at a `place` that turned out to be a block of it, in this `state`.
pub fn resume(around: &Surroundings<'_>, entry: Place, done: Walked, place: Place, state: State) -> Walked {
    let mut walk = Walk::new(around, entry, done, limits::INSTRUCTIONS);
    walk.go(vec![(place, state)]);
    walk.done
}

/// A walk on its way.
pub struct Walk<'a> {
    pub around: &'a Surroundings<'a>,
    pub machine: &'static Machine,
    pub entry: Place,
    /// The next entry that is surely another's.
    pub end: u64,
    /// The block from which a block was first reached, and whether the condition at that one's end held.
    pub came_from: BTreeMap<u64, (u64, bool)>,
    pub done: Walked,
    most: usize,
}

impl<'a> Walk<'a> {
    fn new(around: &'a Surroundings<'a>, entry: Place, done: Walked, most: usize) -> Self {
        let machine = around.lifter.machine();
        let end = around.sure.range(entry.address + 1..).next().copied().unwrap_or(u64::MAX);
        Self { around, machine, entry, end, came_from: BTreeMap::new(), done, most }
    }

    fn go(&mut self, mut work: Vec<(Place, State)>) {
        while let Some((place, state)) = work.pop() {
            if self.done.leaders.insert(place.address, place).is_none() && !self.done.instructions.contains_key(&place.address) {
                self.block(place, state, &mut work);
            }
        }
    }

    fn block(&mut self, place: Place, mut state: State, work: &mut Vec<(Place, State)>) {
        let program = self.around.program;
        let mut cursor = Cursor::at(place);
        // Nothing but padding since a call.
        let mut called = false;
        loop {
            let at = cursor.place;
            if at != place && self.reached(at, called, work, &state) {
                return;
            }
            if self.done.instructions.len() >= self.most {
                self.done.cut = true;
                return;
            }
            let before = self.done.instructions.range(..at.address).next_back();
            let torn = before.is_some_and(|(start, code)| start + u64::from(code.lifted.len) > at.address);
            let closed = torn || self.done.has_data(at.address) || !program.memory.executable(at.address);
            let bytes = program.memory.raw(at.address).filter(|_| !closed);
            let Some(mut lifted) = bytes.and_then(|bytes| self.around.lifter.lift(bytes, &mut cursor).ok()) else {
                // What follows a call and is no code shows that the call does not come back.
                if !called {
                    self.done.undecoded.insert(at.address);
                }
                return;
            };
            // Where its condition does not hold, a conditional jump or return writes nothing either.
            let conditional = matches!(lifted.flow, Flow::Jump { cond: Some(_), .. } | Flow::Return { cond: Some(_), .. });
            let passed = conditional.then(|| state.clone());
            self.look(&lifted, at, cursor.place, &mut state);
            self.calls_by_hand(&mut lifted, &state, cursor.place);
            let flow = lifted.flow;
            let idle = plausible::is_idle(&lifted) && cursor.state == 0;
            self.done.fresh.push((at.address, lifted.len.into(), true));
            self.done.instructions.insert(at.address, Instruction { address: at.address, lifted });
            let goes_on = match flow {
                Flow::Next | Flow::System { .. } => true,
                _ => self.flows_on(flow, place, at, cursor.place, &mut state, passed.as_ref(), work),
            };
            if !goes_on {
                return;
            }
            called = matches!(flow, Flow::Call { cond: None, .. }) || (called && idle);
        }
    }

    /// Runs an instruction over the state and files what it shows.
    fn look(&mut self, lifted: &Lifted, at: Place, next: Place, state: &mut State) {
        let program = self.around.program;
        let seen = state.step(&lifted.ops, program, self.machine);
        self.done.needs |= seen.needs;
        self.done.saves |= seen.saves_link;
        self.done.literals.extend(lifted.ops.iter().filter_map(|op| match op {
            Op::Load { at: Src::Const(address), .. } => Some(*address),
            _ => None,
        }));
        // Numbers of a file that can be loaded anywhere become addresses only when something is added to them.
        let shared = program.kind == crate::load::Kind::Shared;
        let numbers = if shared { &seen.addresses } else { &seen.numbers };
        // The return address of a call is no function.
        let numbers = numbers.iter().filter(|number| self.machine.place_of(**number).address != next.address);
        self.done.addresses.extend(numbers.filter(|number| program.may_be_code(self.machine.place_of(**number).address)));
        for (address, len) in seen.reads.into_iter().filter(|(address, _)| program.memory.executable(*address)) {
            self.done.add_data(address, len, at.address);
        }
    }

    /// Control runs into what is known already: another function, or a block of this one.
    fn reached(&mut self, at: Place, called: bool, work: &mut Vec<(Place, State)>, state: &State) -> bool {
        if at.address != self.entry.address && self.around.entries.contains(&at.address) {
            // Behind a call it shows that the call does not come back.
            if !called || !self.around.sure.contains(&at.address) {
                let last = self.done.instructions.range(..at.address).next_back().map_or(at.address, |(address, _)| *address);
                let exit = self.done.exits.entry(last).or_default();
                exit.tail_calls.push(at);
                exit.falls = true;
            }
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
}
