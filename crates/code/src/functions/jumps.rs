//! Jumps out of functions: a call at the very end, or a block of the function itself?
//!
//! Both are one instruction, and what a compiler knew of it is gone. What tells: how many functions jump there; whether the stack was put
//! back before; whether the code there reads what only the function itself can have left in registers, or goes back into it; and whether
//! it stands where blocks stand.

use std::collections::BTreeSet;

use super::{
    code::EdgeKind,
    discover::Discovery,
    known::State,
    plausible,
    seeds::FoundBy,
    walk::{Exit, Walked},
};
use crate::ir::Place;

impl Discovery<'_> {
    /// Decides on every jump that was put off. What the decisions lead to is walked and decided on too.
    pub fn decide(&mut self) {
        loop {
            self.run();
            let Some((place, sources)) = self.perhaps.pop_first() else { break };
            self.decide_one(place, &sources);
        }
    }

    /// Decides on the jumps from `sources`, functions and instructions, to `place`.
    pub fn decide_one(&mut self, place: Place, sources: &BTreeSet<(u64, u64)>) {
        let leads = |(source, at): &&(u64, u64)| self.exit(*source, *at).is_some_and(|exit| exit.tail_calls.contains(&place));
        let sources: Vec<(u64, u64)> = sources.iter().filter(leads).copied().collect();
        if sources.is_empty() || self.entries.contains(&place.address) {
            return;
        }
        if !self.claims.free(place.address) {
            let owns = |source: &u64| self.walked.get(source).is_some_and(|walked| walked.instructions.contains_key(&place.address));
            for (source, at) in sources.into_iter().filter(|(source, _)| owns(source)).collect::<Vec<_>>() {
                self.absorb(source, at, place);
            }
            return;
        }
        let walked = self.try_walk(place);
        if walked.instructions.is_empty() {
            return;
        }
        let functions: BTreeSet<u64> = sources.iter().map(|(source, _)| *source).collect();
        let owner = functions.iter().next_back().copied().filter(|owner| self.is_block(*owner, place, &walked, &sources));
        match owner {
            Some(owner) => {
                for (source, at) in sources.into_iter().filter(|(source, _)| *source == owner) {
                    self.absorb(source, at, place);
                }
            }
            None => self.add(place, FoundBy::TailCall),
        }
    }

    /// Is the code at `place`, as `walked`, a block of the function at `owner`, which jumps there?
    fn is_block(&self, owner: u64, place: Place, walked: &Walked, sources: &[(u64, u64)]) -> bool {
        if place.address <= owner || self.sure.range(owner + 1..=place.address).next().is_some() {
            return false;
        }
        let Some(own) = self.walked.get(&owner) else { return false };
        let within = own.instructions.range(place.address..).next().is_some();
        if within
            || walked.bare
            || !self.fits(place)
            || !plausible::stands_alone(walked, place, self.machine)
            || self.goes_back(owner, walked)
        {
            return true;
        }
        let unwound = |(source, at): &(u64, u64)| *source != owner || self.exit(*source, *at).is_none_or(|exit| exit.unwound);
        // The stack was never touched on the way: only its place can tell.
        !sources.iter().any(unwound) && self.right_behind(place.address) == Some(owner)
    }

    /// Does `walked`, which stands behind the function at `owner`, jump into the middle of that or between the two?
    pub fn goes_back(&self, owner: u64, walked: &Walked) -> bool {
        let Some(own) = self.walked.get(&owner) else { return false };
        let Some(start) = walked.instructions.keys().next() else { return false };
        let mut jumps = walked.exits.values().flat_map(|exit| &exit.tail_calls).map(|place| place.address);
        jumps.any(|to| to != owner && !self.entries.contains(&to) && ((owner..*start).contains(&to) || own.instructions.contains_key(&to)))
    }

    /// The jump at `at` stays in the function at `source`.
    fn absorb(&mut self, source: u64, at: u64, place: Place) {
        self.blocks.insert(place.address);
        if let Some(exit) = self.walked.get_mut(&source).and_then(|walked| walked.exits.get_mut(&at)) {
            exit.tail_calls.retain(|known| *known != place);
            exit.to.push((place, EdgeKind::Jump));
        }
        self.extend(source, place, State::unwound(self.machine));
    }

    fn exit(&self, source: u64, at: u64) -> Option<&Exit> {
        self.walked.get(&source)?.exits.get(&at)
    }
}
