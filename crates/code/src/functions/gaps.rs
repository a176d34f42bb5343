//! What lies between the functions: further ones that nothing visible leads to, blocks of the one in front, padding, data.
//!
//! Compilers put functions one behind the other. So what stands right behind a function is looked at as the start of another, whatever
//! it begins with; elsewhere only what begins as functions do is.

use super::{discover::Discovery, known::State, plausible, seeds::FoundBy, walk::Walked};
use crate::ir::{Mode, Place};

/// Longest run of padding behind a function.
const PADDING: u64 = 32;

impl Discovery<'_> {
    /// Goes over all that belongs to nobody.
    pub fn scan(&mut self) {
        for (start, end) in self.regions() {
            let mut at = start;
            let mut behind = false;
            while at < end && self.guesses > 0 {
                if let Some(next) = self.claims.end_of(at) {
                    (at, behind) = (next, true);
                } else if self.found.contains_key(&at) {
                    // Somebody's entry that holds no code: nothing can be learnt here twice.
                    at += self.step();
                } else if let Some(padding) = self.padding(at) {
                    at += padding;
                } else if !self.gap(at, behind) {
                    (at, behind) = (at + self.step(), false);
                }
            }
        }
    }

    /// Where to look: sections of code; without them, from the first to the last function of each segment.
    fn regions(&self) -> Vec<(u64, u64)> {
        if !self.program.code_sections.is_empty() {
            return self.program.code_sections.iter().map(|section| (section.start, section.end)).collect();
        }
        let segments = self.program.memory.segments().iter().filter(|segment| segment.executable);
        let code = segments.filter_map(|segment| {
            let end = segment.start.saturating_add(segment.bytes.len() as u64);
            let first = self.sure.range(segment.start..end).next()?;
            Some((*first, end))
        });
        code.collect()
    }

    /// The smallest distance between instructions.
    fn step(&self) -> u64 {
        self.lifter.modes().iter().map(|mode| self.lifter.alignment(*mode)).min().unwrap_or(1)
    }

    /// Bytes of padding at `address`: zeros, or instructions that do nothing.
    fn padding(&self, address: u64) -> Option<u64> {
        let mode = self.mode_before(address).unwrap_or_default();
        let step = self.lifter.alignment(mode);
        let bytes = self.program.memory.raw(address)?;
        if address.is_multiple_of(step) && bytes.get(..step as usize)?.iter().all(|byte| *byte == 0) {
            return Some(step);
        }
        plausible::idle(Place { address, mode }, self.program, self.lifter)
    }

    /// The function that `address` is right behind, but for padding.
    pub fn right_behind(&self, address: u64) -> Option<u64> {
        let (mut end, owner) = self.claims.before(address)?;
        while end < address && address - end <= PADDING {
            end += self.padding(end)?;
        }
        (end == address).then_some(owner)
    }

    /// Makes a function or a block of what stands at `at`, if it is one.
    fn gap(&mut self, at: u64, behind: bool) -> bool {
        let before = self.mode_before(at);
        let after = self.found.range(at..).next().map(|(_, (mode, _))| *mode);
        let mut modes: Vec<Mode> = before.into_iter().chain(after).chain(self.lifter.modes().iter().copied()).collect();
        let mut seen = Vec::new();
        modes.retain(|mode| {
            !seen.contains(mode) && {
                seen.push(*mode);
                true
            }
        });
        for mode in modes {
            let place = Place { address: at, mode };
            let near = Some(mode) == before || Some(mode) == after;
            if !at.is_multiple_of(self.lifter.alignment(mode)) {
                continue;
            }
            if !(behind && near) && !plausible::saves_at_once(place, self.program, self.lifter) {
                continue;
            }
            let walked = self.try_walk(place);
            if walked.instructions.is_empty() {
                continue;
            }
            if behind && Some(mode) == before && self.adopt(place, &walked) {
                return true;
            }
            // Another instruction set than on both sides wants a sign from outside.
            let called = !walked.calls.is_empty() && walked.calls.iter().all(|place| self.entries.contains(&place.address));
            if (near || called) && self.fits(place) && self.claims.all_free(&walked) && self.is_function(&walked, place) {
                self.add(place, FoundBy::Scan);
                self.decide();
                return !self.claims.free(at);
            }
        }
        false
    }

    /// Does it read or do what only a block of a function does, there or where it jumps to? What unwinding runs is a row of such blocks.
    fn is_block_of_another(&mut self, place: Place, walked: &Walked) -> bool {
        let tells = |walked: &Walked, place: Place, machine| {
            walked.undecoded.is_empty() && (walked.bare || !plausible::stands_alone(walked, place, machine))
        };
        if tells(walked, place, self.machine) {
            return true;
        }
        let end = self.sure.range(place.address + 1..).next().copied().unwrap_or(u64::MAX);
        let jumps = walked.exits.values().flat_map(|exit| &exit.tail_calls);
        let next = jumps.copied().find(|to| to.address > place.address && to.address < end && self.claims.free(to.address));
        next.is_some_and(|next| {
            let behind = self.try_walk(next);
            tells(&behind, next, self.machine)
        })
    }

    /// Gives the code at `place` to the function right in front of it, if it is a block of that.
    fn adopt(&mut self, place: Place, walked: &Walked) -> bool {
        let Some(owner) = self.right_behind(place.address) else { return false };
        if self.sure.range(owner + 1..=place.address).next().is_some() {
            return false;
        }
        let Some(own) = self.walked.get(&owner) else { return false };
        let lost = own.exits.values().any(|exit| exit.lost) && !plausible::saves_at_once(place, self.program, self.lifter);
        let back = self.goes_back(owner, walked) || own.instructions.keys().any(|address| walked.instructions.contains_key(address));
        let back = back && !walked.saves;
        if !(lost || back || self.is_block_of_another(place, walked)) {
            return false;
        }
        self.blocks.insert(place.address);
        self.extend(owner, place, State::unknown(self.machine));
        self.decide();
        !self.claims.free(place.address)
    }
}
