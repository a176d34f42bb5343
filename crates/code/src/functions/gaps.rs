//! What lies between the functions: further ones that nothing visible leads to, blocks of the one in front, padding, data.
//!
//! Compilers put functions one behind the other. So what stands right behind a function is looked at as the start of another, whatever
//! it begins with; elsewhere only what begins as functions do is.

use super::{discover::Discovery, known::State, plausible, seeds::FoundBy, walk::Walked};
use crate::ir::Place;

/// One way to read what stands in a gap.
struct Reading {
    place: Place,
    /// The function that it is a block of; none where it is a function.
    owner: Option<u64>,
    /// How much speaks for it: it begins as functions do, it leads to functions, its bytes look like it.
    weight: usize,
}

/// Bytes that show how code is to be read.
const LOOK: u64 = 64;
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

    /// Where what belongs to nobody begins in front of `address`, behind padding.
    pub fn start_of_gap(&self, address: u64) -> Option<u64> {
        let (mut start, _) = self.claims.before(address)?;
        while let Some(padding) = self.padding(start).filter(|_| start < address) {
            start += padding;
        }
        Some(start)
    }

    /// Makes a function or a block of what stands at `at`, if it is one.
    fn gap(&mut self, at: u64, behind: bool) -> bool {
        let before = self.mode_before(at);
        let after = self.found.range(at..).next().map(|(_, (mode, _))| *mode);
        let end = self.claims.next(at).unwrap_or(u64::MAX).min(at + LOOK) - at;
        let likely = self.program.memory.raw(at).and_then(|bytes| self.lifter.likely_mode(bytes.get(..end as usize)?));
        let mut best: Option<Reading> = None;
        // The neighbours' way of reading comes first; another one wins where more speaks for it.
        let others = self.lifter.modes().iter().copied().filter(|mode| Some(*mode) != before && Some(*mode) != after);
        for mode in before.into_iter().chain(after.filter(|_| after != before)).chain(others) {
            let place = Place { address: at, mode };
            let near = Some(mode) == before || Some(mode) == after;
            let saves = plausible::saves_at_once(place, self.program, self.lifter);
            if !at.is_multiple_of(self.lifter.alignment(mode)) || !(saves || behind) || self.is_within_another(place) {
                continue;
            }
            let walked = self.try_walk(place);
            let jumps = walked.exits.values().filter(|exit| !exit.falls).flat_map(|exit| &exit.tail_calls);
            let leads: Vec<bool> = walked.calls.iter().chain(jumps).map(|place| self.is_entry(*place)).collect();
            let known = leads.iter().filter(|known| **known).count();
            let owner = if behind && Some(mode) == before { self.owner(place, &walked) } else { None };
            // Another instruction set than on both sides wants a sign from outside.
            let placed = near || (known > 0 && known == leads.len()) || likely == Some(mode);
            if owner.is_none() && !(placed && self.fits(place) && self.claims.all_free(&walked) && self.is_function(&walked, place)) {
                continue;
            }
            let weight = usize::from(saves) * 4 + known + usize::from(likely == Some(mode)) * 2;
            if best.as_ref().is_none_or(|best| weight > best.weight) {
                best = Some(Reading { place, owner, weight });
            }
        }
        let Some(Reading { place, owner, .. }) = best else { return false };
        if let Some(owner) = owner {
            self.blocks.insert(place.address);
            self.extend(owner, place, State::unknown(self.machine));
        } else {
            self.add(place, FoundBy::Scan);
        }
        self.decide();
        !self.claims.free(at)
    }

    /// Is it the second half of an instruction that, read in another mode, saves something? Two instruction sets have nearly one way to write
    /// that: `e92d4ff0` in memory is `push` in A32, and its second half begins another `push` in T32.
    fn is_within_another(&self, place: Place) -> bool {
        self.lifter.modes().iter().filter(|mode| **mode != place.mode).any(|mode| {
            let start = place.address - place.address % self.lifter.alignment(*mode);
            let other = Place { address: start, mode: *mode };
            start < place.address && self.claims.free(start) && plausible::saves_at_once(other, self.program, self.lifter)
        })
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

    /// The function right in front of `place` that the code there is a block of, if it is one.
    fn owner(&mut self, place: Place, walked: &Walked) -> Option<u64> {
        let owner = self.right_behind(place.address)?;
        if walked.instructions.is_empty() || place.address <= owner || self.sure.range(owner + 1..=place.address).next().is_some() {
            return None;
        }
        let own = self.walked.get(&owner)?;
        let lost = own.exits.values().any(|exit| exit.lost);
        let back = self.goes_back(owner, walked) || own.instructions.keys().any(|address| walked.instructions.contains_key(address));
        ((!walked.saves && (lost || back)) || self.is_block_of_another(place, walked)).then_some(owner)
    }
}
