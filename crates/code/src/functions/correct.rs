//! Walks that later findings made wrong are made again.

use std::collections::BTreeSet;

use super::{code::EdgeKind, discover::Discovery, limits, seeds::FoundBy, walk::Walked};
use crate::ir::Place;

impl Discovery<'_> {
    /// Corrects until nothing changes.
    pub fn correct(&mut self) {
        for _ in 0..limits::ROUNDS {
            self.run();
            self.separate();
            let mut again = self.split();
            again.extend(self.learn_no_return());
            again.extend(self.merge());
            if again.is_empty() && !self.prune() {
                break;
            }
            for address in again {
                self.walk_one(address);
            }
        }
        self.run();
    }

    /// Functions that jump across another's entry, which nobody knew when they were walked: the jump leaves them. That is decided at
    /// once, since what it leads to may be all that calls that other function.
    fn separate(&mut self) {
        let crosses = |(start, walked): (&u64, &Walked)| {
            let (mode, end) = (self.found.get(start)?.0, self.next_called(*start));
            let mut ways = walked.exits.values().flat_map(|exit| &exit.to);
            let beyond = ways.any(|(to, kind)| *kind == EdgeKind::Jump && to.mode == mode && to.address >= end);
            beyond.then_some(*start)
        };
        let crossing: Vec<u64> = self.walked.iter().filter_map(crosses).collect();
        for source in crossing {
            self.walk_one(source);
            let Some(walked) = self.walked.get(&source) else { continue };
            let end = self.next_called(source);
            let leads = walked.exits.values().flat_map(|exit| &exit.tail_calls).copied();
            let beyond: BTreeSet<Place> = leads.filter(|place| place.address >= end).collect();
            for place in beyond {
                if let Some(sources) = self.perhaps.remove(&place) {
                    self.decide_one(place, &sources);
                }
            }
        }
        self.run();
    }

    /// The first entry behind `start` that the file states or that is called. What only looks like a function may be a case of a `switch`
    /// in the middle of one, whose table could not be read: jumps over that say so.
    fn next_called(&self, start: u64) -> u64 {
        let mut behind = self.found.range(start + 1..).filter(|(_, (_, by))| *by <= FoundBy::Call);
        behind.next().map_or(u64::MAX, |(entry, _)| *entry)
    }

    /// Functions that hold another's entry.
    fn split(&self) -> BTreeSet<u64> {
        let holds = |start: &u64, walked: &Walked| {
            let last = walked.instructions.keys().next_back().filter(|last| *last > start);
            last.is_some_and(|last| self.entries.range(start + 1..=*last).any(|entry| walked.instructions.contains_key(entry)))
        };
        self.walked.iter().filter(|(start, walked)| holds(start, walked)).map(|(start, _)| *start).collect()
    }

    /// Callers of functions that turned out never to come back.
    fn learn_no_return(&mut self) -> BTreeSet<u64> {
        let mut fresh = BTreeSet::new();
        loop {
            let ends = |start: &u64, walked: &Walked| {
                !self.no_return.contains(start) && walked.import.is_none() && !walked.returns(&self.no_return)
            };
            let found: Vec<u64> = self.walked.iter().filter(|(start, walked)| ends(start, walked)).map(|(start, _)| *start).collect();
            if found.is_empty() {
                break;
            }
            fresh.extend(found.iter().copied());
            self.no_return.extend(found);
        }
        let calls_fresh = |walked: &&Walked| walked.calls.iter().any(|place| fresh.contains(&place.address));
        self.walked.iter().filter(|(_, walked)| calls_fresh(walked)).map(|(start, _)| *start).collect()
    }

    /// Entries that are none: those that the scan made up and another function runs into; and those known only by jumps, inside a function that jumps there: that function's blocks stand on both sides, or it shares
    /// instructions with what was taken for another.
    fn merge(&mut self) -> BTreeSet<u64> {
        let mut again = BTreeSet::new();
        let mut gone = Vec::new();
        for (source, walked) in &self.walked {
            let known = self.found.get(source).map(|(_, found_by)| *found_by);
            for (place, falls) in walked.exits.values().flat_map(|exit| exit.tail_calls.iter().map(|place| (place, exit.falls))) {
                let entry = place.address;
                let by = self.found.get(&entry).map(|(_, found_by)| *found_by);
                // What the scan took for a start, because it saves something, may have other instructions of the function before it.
                if by == Some(FoundBy::Scan) && known < by && falls && self.references.get(&entry) == Some(&1) {
                    gone.push(entry);
                    again.insert(*source);
                    continue;
                }
                let guess = by == Some(FoundBy::TailCall);
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
            self.blocks.insert(entry);
            self.drop_function(entry);
        }
        again.retain(|source| self.found.contains_key(source));
        again
    }

    /// Drops functions that were only called or jumped to from what is no code after all. True where there were some.
    fn prune(&mut self) -> bool {
        let led = |found_by: FoundBy| matches!(found_by, FoundBy::Call | FoundBy::TailCall);
        let gone = |entry: &u64, by: FoundBy| led(by) && self.references.get(entry).is_none_or(|count| *count == 0);
        let gone: Vec<u64> = self.found.iter().filter(|(entry, (_, by))| gone(entry, *by)).map(|(entry, _)| *entry).collect();
        for entry in &gone {
            self.drop_function(*entry);
        }
        !gone.is_empty()
    }
}
