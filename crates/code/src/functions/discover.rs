//! Discovery: from the places that are known to begin functions to all of them.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, VecDeque},
};

use super::{
    claims::Claims,
    code::Code,
    known::State,
    limits, plausible,
    seeds::{self, FoundBy, Seed},
    walk::{Surroundings, Walked, resume, stub, walk},
};
use crate::{
    ir::{Machine, Mode, Place},
    lift::Lifter,
    load::Program,
};

/// Functions on each side that are looked at for what is common there.
const NEAR: usize = 8;

/// Finds the functions of `program`. `ends` tells of imported names whose call never comes back.
pub fn discover(program: &Program<'_>, lifter: &dyn Lifter, ends: &dyn Fn(&str) -> bool) -> Code {
    let executable = program.memory.segments().iter().filter(|segment| segment.executable);
    let bytes: u64 = executable.map(|segment| segment.bytes.len() as u64).sum();
    let mut all = Discovery {
        program,
        lifter,
        machine: lifter.machine(),
        ends,
        entries: BTreeSet::new(),
        sure: BTreeSet::new(),
        perhaps: BTreeMap::new(),
        found: BTreeMap::new(),
        walked: BTreeMap::new(),
        no_return: BTreeSet::new(),
        claims: Claims::default(),
        queue: VecDeque::new(),
        callers: BTreeMap::new(),
        times: BTreeMap::new(),
        references: BTreeMap::new(),
        blocks: BTreeSet::new(),
        stubs: RefCell::default(),
        guesses: bytes.saturating_mul(limits::GUESSED_PER_BYTE),
    };
    let named = program.symbols.iter().filter(|symbol| symbol.function && ends(&symbol.name));
    all.no_return = named.map(|symbol| all.machine.place_of(symbol.address).address).collect();
    let mut without_mode = Vec::new();
    for seed in seeds::stated(program, all.machine) {
        match seed.mode {
            Some(mode) => all.add(Place { address: seed.address, mode }, seed.found_by),
            None => without_mode.push(seed),
        }
    }
    all.run();
    all.settle_modes(&without_mode);
    all.correct();
    for everywhere in [false, true] {
        all.follow_addresses(everywhere);
        all.correct();
        all.decide();
        all.correct();
        all.scan();
        all.correct();
        all.decide();
    }
    all.build()
}

/// Everything that is known while the work goes on.
pub struct Discovery<'a> {
    pub program: &'a Program<'a>,
    pub lifter: &'a dyn Lifter,
    pub machine: &'static Machine,
    ends: &'a dyn Fn(&str) -> bool,
    /// Entries of functions: all, and those that are more than guesses from jumps.
    pub entries: BTreeSet<u64>,
    pub sure: BTreeSet<u64>,
    /// Jumps out of functions that are perhaps tail calls: where they lead, and from which functions and instructions.
    pub perhaps: BTreeMap<Place, BTreeSet<(u64, u64)>>,
    pub found: BTreeMap<u64, (Mode, FoundBy)>,
    pub walked: BTreeMap<u64, Walked>,
    pub no_return: BTreeSet<u64>,
    pub claims: Claims,
    pub queue: VecDeque<u64>,
    /// Functions that call an address, or did in an earlier walk.
    callers: BTreeMap<u64, BTreeSet<u64>>,
    /// How often a function was walked again.
    times: BTreeMap<u64, u32>,
    /// How many functions call or jump to an address.
    pub references: BTreeMap<u64, u32>,
    /// Targets of jumps that turned out to be blocks of the function that jumps there.
    pub blocks: BTreeSet<u64>,
    stubs: RefCell<BTreeMap<Place, Option<String>>>,
    /// Instructions that may still be decoded for guesses.
    pub guesses: u64,
}

impl Discovery<'_> {
    /// A function begins at `place`.
    pub fn add(&mut self, place: Place, found_by: FoundBy) {
        let aligned = place.address.is_multiple_of(self.lifter.alignment(place.mode));
        if !self.program.memory.executable(place.address) || !aligned || self.found.len() >= limits::FUNCTIONS {
            return;
        }
        if found_by != FoundBy::TailCall && self.sure.insert(place.address) {
            // What was taken for a part of another function is none.
            let holder = self.claims.code_at(place.address).filter(|holder| *holder != place.address);
            if let Some(holder) = holder {
                self.again(holder);
            }
        }
        if let Some((mode, known)) = self.found.get_mut(&place.address) {
            if found_by < *known {
                if *mode != place.mode {
                    self.queue.push_back(place.address);
                }
                (*mode, *known) = (place.mode, found_by);
            }
        } else {
            self.found.insert(place.address, (place.mode, found_by));
            self.entries.insert(place.address);
            self.queue.push_back(place.address);
        }
    }

    /// The function at `entry` is to be walked again.
    fn again(&mut self, entry: u64) {
        let times = self.times.entry(entry).or_default();
        if *times < limits::AGAIN {
            *times += 1;
            self.queue.push_back(entry);
        }
    }

    /// What was taken for a function is none.
    pub fn drop_function(&mut self, entry: u64) {
        self.entries.remove(&entry);
        self.sure.remove(&entry);
        self.found.remove(&entry);
        self.forget(entry);
    }

    /// Walks everything that waits, and what that calls.
    pub fn run(&mut self) {
        while let Some(address) = self.queue.pop_front() {
            self.walk_one(address);
        }
    }

    /// Walks the function at `address`, again if it was walked before.
    pub fn walk_one(&mut self, address: u64) {
        let Some((mode, _)) = self.found.get(&address).copied() else { return };
        let entry = Place { address, mode };
        self.forget(address);
        let done = walk(&self.around(), entry, limits::INSTRUCTIONS);
        self.file(entry, done);
    }

    /// Gives the block at `place` to the function at `owner`.
    pub fn extend(&mut self, owner: u64, place: Place, state: State) {
        let Some((mode, _)) = self.found.get(&owner).copied() else { return };
        let Some(done) = self.walked.remove(&owner) else { return };
        let entry = Place { address: owner, mode };
        self.refer(&done, false);
        let done = resume(&self.around(), entry, done, place, state);
        self.file(entry, done);
    }

    /// A walk on suspicion: it changes nothing.
    pub fn try_walk(&mut self, place: Place) -> Walked {
        let walked = walk(&self.around(), place, limits::GUESSED);
        self.guesses = self.guesses.saturating_sub(walked.instructions.len() as u64);
        walked
    }

    /// What a walk is told.
    pub fn around(&self) -> Surroundings<'_> {
        Surroundings {
            program: self.program,
            lifter: self.lifter,
            entries: &self.entries,
            sure: &self.sure,
            blocks: &self.blocks,
            no_return: &self.no_return,
            ends: self.ends,
            stubs: &self.stubs,
        }
    }

    fn file(&mut self, entry: Place, mut done: Walked) {
        for (start, len, code) in std::mem::take(&mut done.fresh) {
            self.claims.add(entry.address, start, len, code);
        }
        self.refer(&done, true);
        for place in &done.calls {
            self.add(*place, FoundBy::Call);
        }
        for (at, exit) in &done.exits {
            for place in &exit.tail_calls {
                self.perhaps.entry(*place).or_default().insert((entry.address, *at));
            }
        }
        for place in &done.calls {
            self.callers.entry(place.address).or_default().insert(entry.address);
        }
        let ends = done.import.as_deref().map_or_else(|| !done.returns(&self.no_return), self.ends);
        self.walked.insert(entry.address, done);
        if ends && self.no_return.insert(entry.address) {
            for caller in self.callers.get(&entry.address).cloned().unwrap_or_default() {
                self.again(caller);
            }
        }
    }

    fn forget(&mut self, entry: u64) {
        if let Some(before) = self.walked.remove(&entry) {
            self.claims.remove(&before);
            self.refer(&before, false);
        }
    }

    /// Counts what a function calls and jumps to, in or out.
    fn refer(&mut self, walked: &Walked, more: bool) {
        let jumps = walked.exits.values().flat_map(|exit| &exit.tail_calls);
        for place in walked.calls.iter().chain(jumps) {
            let count = self.references.entry(place.address).or_default();
            *count = if more { *count + 1 } else { count.saturating_sub(1) };
        }
    }

    /// Seeds of unwind tables say where, not how: a mode under which the code there makes sense.
    fn settle_modes(&mut self, seeds: &[Seed]) {
        for seed in seeds {
            if self.found.contains_key(&seed.address) {
                continue;
            }
            let before = self.mode_before(seed.address);
            let mut best = None;
            for mode in self.lifter.modes() {
                let place = Place { address: seed.address, mode: *mode };
                if !seed.address.is_multiple_of(self.lifter.alignment(*mode)) {
                    continue;
                }
                let walked = self.try_walk(place);
                let score = plausible::score(&walked, place, self.lifter) + i64::from(Some(*mode) == before);
                if best.is_none_or(|(_, known)| score > known) {
                    best = Some((place, score));
                }
            }
            if let Some((place, _)) = best {
                self.add(place, seed.found_by);
                self.run();
            }
        }
    }

    /// The mode of the function in front of `address`.
    pub fn mode_before(&self, address: u64) -> Option<Mode> {
        self.found.range(..address).next_back().map(|(_, (mode, _))| *mode)
    }

    /// Is `place` aligned as the functions around it are? Compilers align all of a file and mode alike, and a program is made of files.
    pub fn fits(&self, place: Place) -> bool {
        let sure = |(entry, (mode, by)): (&u64, &(Mode, FoundBy))| (*mode == place.mode && *by <= FoundBy::Call).then_some(*entry);
        let before = self.found.range(..place.address).rev().filter_map(sure).take(NEAR);
        let around: Vec<u64> = before.chain(self.found.range(place.address..).filter_map(sure).take(NEAR)).collect();
        let common = |to: &u64| around.len() >= 2 * NEAR && around.iter().all(|entry| entry.is_multiple_of(*to));
        [32, 16, 8, 4].into_iter().find(common).is_none_or(|habit| place.address.is_multiple_of(habit))
    }

    fn build(self) -> Code {
        let mut code = Code { cut: self.guesses == 0, ..Code::default() };
        let names: BTreeMap<u64, &str> =
            self.program.symbols.iter().rev().map(|symbol| (self.machine.place_of(symbol.address).address, symbol.name.as_str())).collect();
        for (address, walked) in self.walked {
            let Some((mode, found_by)) = self.found.get(&address).copied() else { continue };
            let place = Place { address, mode };
            let import = walked.import.clone().or_else(|| stub(self.program, self.lifter, place));
            let returns = !self.no_return.contains(&address);
            code.push(place, names.get(&address).map(|name| (*name).to_owned()), found_by, import, returns, walked);
        }
        code
    }
}
