//! Discovery: from the places that are known to begin functions to all of them.
//!
//! Each round walks what is new and gathers what it leads to. Sure signs come first (calls, symbols, unwind tables), then addresses that
//! code computes or data holds, then the scan of what is left; a later sign is only followed where the earlier ones left room. What a
//! round learns can make an earlier walk wrong: a callee that never returns, an entry in the middle of what was taken for one function.
//! Those walks are made again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{
    code::Code,
    limits,
    plausible::{self, Claims},
    seeds::{self, FoundBy, Seed},
    walk::{Surroundings, Walked, stub, walk},
};
use crate::{
    ir::{Machine, Mode, Place},
    lift::{Cursor, Lifter},
    load::Program,
};

/// Rounds of walking again; what is not settled then stays as it is.
const ROUNDS: usize = 6;

/// Finds the functions of `program`. `ends` tells of imported names whose call never comes back.
pub fn discover(program: &Program<'_>, lifter: &dyn Lifter, ends: &dyn Fn(&str) -> bool) -> Code {
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
        adopted: BTreeMap::new(),
        refused: BTreeSet::new(),
    };
    let mut without_mode = Vec::new();
    for seed in seeds::stated(program, all.machine) {
        match seed.mode {
            Some(mode) => all.add(Place { address: seed.address, mode }, seed.found_by),
            None => without_mode.push(seed),
        }
    }
    all.run();
    all.settle_modes(&without_mode);
    all.run();
    all.follow_addresses();
    all.correct();
    all.scan();
    all.correct();
    all.build()
}

struct Discovery<'a> {
    program: &'a Program<'a>,
    lifter: &'a dyn Lifter,
    machine: &'static Machine,
    ends: &'a dyn Fn(&str) -> bool,
    entries: BTreeSet<u64>,
    sure: BTreeSet<u64>,
    /// Jumps out of functions that are perhaps tail calls: where they lead, and from which functions.
    perhaps: BTreeMap<Place, BTreeSet<u64>>,
    found: BTreeMap<u64, (Mode, FoundBy)>,
    walked: BTreeMap<u64, Walked>,
    no_return: BTreeSet<u64>,
    claims: Claims,
    queue: VecDeque<u64>,
    /// Blocks of functions that jump to addresses nobody knows: what stands behind them and begins in no way of its own.
    adopted: BTreeMap<u64, BTreeSet<Place>>,
    /// Entries that turned out to be blocks of the function that jumps there.
    refused: BTreeSet<u64>,
}

impl Discovery<'_> {
    fn add(&mut self, place: Place, found_by: FoundBy) {
        let aligned = place.mode.0 != 0 || place.address.is_multiple_of(self.lifter.alignment(Mode(0)));
        let refused = found_by == FoundBy::TailCall && self.refused.contains(&place.address);
        if !self.program.memory.executable(place.address) || !aligned || refused || self.found.len() >= limits::FUNCTIONS {
            return;
        }
        if found_by != FoundBy::TailCall {
            self.sure.insert(place.address);
        }
        if let Some((mode, known)) = self.found.get_mut(&place.address) {
            if found_by < *known {
                (*mode, *known) = (place.mode, found_by);
            }
        } else {
            self.found.insert(place.address, (place.mode, found_by));
            self.entries.insert(place.address);
            self.queue.push_back(place.address);
        }
    }

    /// Walks everything that waits, and what that leads to. What only jumps lead to comes when nothing else is left: by then most of it
    /// is known to be a function, or a block of one.
    fn run(&mut self) {
        loop {
            while let Some(address) = self.queue.pop_front() {
                self.walk_one(address);
            }
            let Some((place, sources)) = self.perhaps.pop_first() else { break };
            if self.entries.contains(&place.address) || self.refused.contains(&place.address) {
                continue;
            }
            if self.claims.free(place.address) {
                self.add(place, FoundBy::TailCall);
                continue;
            }
            // A block of the very function that jumps there: another way into it shows that it is no function's start.
            self.refused.insert(place.address);
            let own = |source: &u64| self.walked.get(source).is_some_and(|walked| walked.instructions.contains_key(&place.address));
            let again: Vec<u64> = sources.into_iter().filter(own).collect();
            self.queue.extend(again);
        }
    }

    fn walk_one(&mut self, address: u64) {
        let Some((mode, _)) = self.found.get(&address).copied() else { return };
        let done = self.try_walk(Place { address, mode });
        if let Some(before) = self.walked.remove(&address) {
            self.claims.remove(address, &before);
        }
        for place in &done.calls {
            self.add(*place, FoundBy::Call);
        }
        for place in done.exits.values().flat_map(|exit| &exit.tail_calls) {
            self.perhaps.entry(*place).or_default().insert(address);
        }
        self.claims.add(address, &done);
        self.walked.insert(address, done);
    }

    fn try_walk(&self, place: Place) -> Walked {
        let around = Surroundings {
            program: self.program,
            lifter: self.lifter,
            entries: &self.entries,
            sure: &self.sure,
            blocks: &self.refused,
            no_return: &self.no_return,
            ends: self.ends,
        };
        walk(&around, place, self.adopted.get(&place.address).into_iter().flatten().copied())
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
    fn mode_before(&self, address: u64) -> Option<Mode> {
        self.found.range(..address).next_back().map(|(_, (mode, _))| *mode)
    }

    /// Addresses of code that other code computes or that stand in data.
    fn follow_addresses(&mut self) {
        let pointers = seeds::pointers(self.program, self.machine);
        for _ in 0..ROUNDS {
            let known = self.found.len();
            let numbers: BTreeSet<u64> = self.walked.values().flat_map(|walked| &walked.numbers).copied().collect();
            let computed = numbers.into_iter().map(|value| (value, FoundBy::Address));
            let held: Vec<_> = computed.chain(pointers.values().map(|value| (*value, FoundBy::Pointer))).collect();
            for (value, found_by) in held {
                let place = self.machine.place_of(value);
                if self.found.contains_key(&place.address) || !self.free(place) {
                    continue;
                }
                // Code is seldom mixed from function to function: another mode than the neighbour's wants a better sign.
                let same = self.mode_before(place.address).is_none_or(|mode| mode == place.mode);
                let placed = same && self.behind_code(place.address);
                if !placed && !plausible::begins_like_a_function(place, self.program, self.lifter) {
                    continue;
                }
                let walked = self.try_walk(place);
                if plausible::is_function(&walked, place, self.program, self.lifter) {
                    self.add(place, found_by);
                    self.run();
                }
            }
            if self.found.len() == known {
                break;
            }
        }
    }

    /// Is there nothing but padding between `address` and the code in front of it?
    fn behind_code(&self, address: u64) -> bool {
        let padded = |by: u64| address.checked_sub(by + 1).is_some_and(|last| !self.claims.free(last));
        padded(0) || (padded(2) && self.padding(address - 2) == Some(2))
    }

    fn free(&self, place: Place) -> bool {
        let aligned = place.address.is_multiple_of(self.lifter.alignment(place.mode));
        aligned && self.program.memory.executable(place.address) && self.claims.free(place.address)
    }

    /// Makes walks again that later findings made wrong, until nothing changes.
    fn correct(&mut self) {
        for _ in 0..ROUNDS {
            let mut again: BTreeSet<u64> = self.split();
            again.extend(self.learn_no_return());
            again.extend(self.merge());
            if again.is_empty() {
                break;
            }
            for address in again {
                self.walk_one(address);
            }
            self.run();
        }
    }

    /// Functions that hold another's entry.
    fn split(&self) -> BTreeSet<u64> {
        let holds = |start: &u64, walked: &Walked| {
            walked
                .instructions
                .keys()
                .next_back()
                .filter(|last| *last > start)
                .is_some_and(|last| self.entries.range(start + 1..=*last).any(|entry| walked.instructions.contains_key(entry)))
        };
        self.walked.iter().filter(|(start, walked)| holds(start, walked)).map(|(start, _)| *start).collect()
    }

    /// Callers of functions that turned out never to come back.
    fn learn_no_return(&mut self) -> BTreeSet<u64> {
        let mut fresh = BTreeSet::new();
        loop {
            let found: Vec<u64> = self
                .walked
                .iter()
                .filter(|(start, walked)| !self.no_return.contains(start) && walked.import.is_none() && !walked.returns(&self.no_return))
                .map(|(start, _)| *start)
                .collect();
            if found.is_empty() {
                break;
            }
            fresh.extend(found.iter().copied());
            self.no_return.extend(found);
        }
        let calls_fresh = |walked: &&Walked| walked.calls.iter().any(|place| fresh.contains(&place.address));
        self.walked.iter().filter(|(_, walked)| calls_fresh(walked)).map(|(start, _)| *start).collect()
    }

    /// Entries known only by jumps, inside a function that jumps there: that function's blocks stand on both sides, or it shares
    /// instructions with what was taken for another.
    fn merge(&mut self) -> BTreeSet<u64> {
        let mut again = BTreeSet::new();
        let mut gone = Vec::new();
        for (source, walked) in &self.walked {
            for place in walked.exits.values().flat_map(|exit| &exit.tail_calls) {
                let entry = place.address;
                let guess = self.found.get(&entry).is_some_and(|(_, found_by)| *found_by == FoundBy::TailCall);
                if !guess || entry <= *source || self.sure.range(source + 1..entry).next().is_some() {
                    continue;
                }
                let beyond = walked.instructions.range(entry..).next().is_some();
                let shared = || {
                    let other = self.walked.get(&entry);
                    other.is_some_and(|other| other.instructions.keys().any(|address| walked.instructions.contains_key(address)))
                };
                if beyond || shared() {
                    gone.push(entry);
                    again.insert(*source);
                }
            }
        }
        for entry in gone {
            self.refused.insert(entry);
            self.entries.remove(&entry);
            self.found.remove(&entry);
            if let Some(walked) = self.walked.remove(&entry) {
                self.claims.remove(entry, &walked);
            }
        }
        again.retain(|source| self.found.contains_key(source));
        again
    }

    /// What lies between the functions.
    fn scan(&mut self) {
        let ranges: Vec<(u64, u64)> = self
            .program
            .memory
            .segments()
            .iter()
            .filter(|segment| segment.executable)
            .map(|segment| (segment.start, segment.start + segment.bytes.len() as u64))
            .collect();
        for (start, end) in ranges {
            let mut at = start;
            // Right behind a function another one may begin in any way; elsewhere only in the way of functions.
            let mut behind = false;
            while at < end {
                if let Some(next) = self.claims.end_of(at) {
                    (at, behind) = (next, true);
                    continue;
                }
                if let Some(()) = self.scan_at(at, behind) {
                } else {
                    let padding = self.padding(at);
                    behind &= padding.is_some();
                    at += padding.unwrap_or_else(|| self.lifter.modes().iter().map(|mode| self.lifter.alignment(*mode)).min().unwrap_or(1));
                }
            }
        }
    }

    /// Bytes of padding at `address`: zeros, or instructions that do nothing.
    fn padding(&self, address: u64) -> Option<u64> {
        let step = self.lifter.modes().iter().map(|mode| self.lifter.alignment(*mode)).min().unwrap_or(1);
        let bytes = self.program.memory.raw(address)?;
        if bytes.get(..step as usize)?.iter().all(|byte| *byte == 0) {
            return Some(step);
        }
        let mode = self.mode_before(address)?;
        plausible::idle(bytes, Place { address, mode }, self.lifter)
    }

    fn scan_at(&mut self, at: u64, behind: bool) -> Option<()> {
        if self.found.contains_key(&at) {
            // Somebody's entry that holds no code: nothing can be learnt here twice.
            return None;
        }
        let before = self.mode_before(at);
        let modes: Vec<Mode> = before.into_iter().chain(self.lifter.modes().iter().copied().filter(|mode| Some(*mode) != before)).collect();
        for mode in modes {
            let place = Place { address: at, mode };
            if !at.is_multiple_of(self.lifter.alignment(mode)) || self.padding(at).is_some() {
                continue;
            }
            let begins = plausible::begins_like_a_function(place, self.program, self.lifter);
            if !begins && !(behind && Some(mode) == before) {
                continue;
            }
            if !begins && self.adopt(place) {
                return Some(());
            }
            let walked = self.try_walk(place);
            if plausible::is_function(&walked, place, self.program, self.lifter) && self.claims.all_free(&walked) {
                self.add(place, FoundBy::Scan);
                self.run();
                return Some(());
            }
        }
        None
    }

    /// Gives the code at `place` to the function in front of it, if that one jumps to where nobody knows.
    fn adopt(&mut self, place: Place) -> bool {
        let Some((owner, walked)) = self.walked.range(..place.address).next_back() else { return false };
        let owner = *owner;
        let lost = walked.exits.values().any(|exit| exit.lost);
        let known = self.adopted.get(&owner).is_some_and(|places| places.contains(&place));
        if !lost || known || self.lifter.lift(self.program.memory.raw(place.address).unwrap_or_default(), &mut Cursor::at(place)).is_err() {
            return false;
        }
        self.adopted.entry(owner).or_default().insert(place);
        self.walk_one(owner);
        self.run();
        true
    }

    fn build(self) -> Code {
        let mut code = Code::default();
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
