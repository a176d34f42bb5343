//! Addresses of code that other code computes or that stand in data: callbacks, tables of commands, methods.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    discover::Discovery,
    limits, plausible,
    seeds::{self, FoundBy},
    walk::Walked,
};
use crate::ir::Place;

impl Discovery<'_> {
    /// Follows all that look like the address of a function, until there are no more. `everywhere`: not only to where the loader says that
    /// there is one, or where one is to be expected behind another.
    pub fn follow_addresses(&mut self, everywhere: bool) {
        let pointers = seeds::pointers(self.program, self.machine);
        for _ in 0..limits::ROUNDS {
            let known = self.found.len();
            let mut held: BTreeMap<u64, FoundBy> = BTreeMap::new();
            for value in pointers.iter().filter(|(slot, _)| self.claims.free(**slot)).map(|(_, value)| *value) {
                held.insert(value, FoundBy::Pointer);
            }
            let computed: BTreeSet<u64> = self.walked.values().flat_map(|walked| &walked.addresses).copied().collect();
            held.extend(computed.into_iter().map(|value| (value, FoundBy::Address)));
            for (value, found_by) in held {
                let place = self.machine.place_of(value);
                let linked = found_by == FoundBy::Pointer && self.program.kind != crate::load::Kind::Fixed;
                if !self.found.contains_key(&place.address) && self.guesses > 0 && self.is_address_of_function(place, linked, everywhere) {
                    self.add(place, found_by);
                    self.run();
                }
            }
            if self.found.len() == known {
                break;
            }
        }
    }

    /// `linked`: the loader is told that it is an address.
    fn is_address_of_function(&mut self, place: Place, linked: bool, everywhere: bool) -> bool {
        let aligned = place.address.is_multiple_of(self.lifter.alignment(place.mode));
        if !aligned || !self.program.may_be_code(place.address) {
            return false;
        }
        if !self.claims.free(place.address) {
            // Taken for a part of the function in front of it, mostly because a call there was thought to come back.
            return self.claims.code_at(place.address).is_some_and(|owner| self.is_behind_an_end(owner, place))
                && plausible::saves_at_once(place, self.program, self.lifter);
        }
        let walked = self.try_walk(place);
        if linked {
            return walked.undecoded.is_empty() && plausible::stands_alone(&walked, place, self.machine) && self.leads_well(&walked);
        }
        // Code is seldom mixed from function to function: another mode than the neighbour's wants a better sign.
        let same = self.mode_before(place.address).is_none_or(|mode| mode == place.mode);
        let begins = plausible::begins_like_a_function(place, self.program, self.lifter);
        let placed = same && self.fits(place) && self.right_behind(place.address).is_some();
        (placed || (everywhere && begins && !self.begins_earlier(place))) && self.is_function(&walked, place)
    }

    /// Is `place` in the middle of a function that begins right behind the one in front of it?
    fn begins_earlier(&mut self, place: Place) -> bool {
        let Some(start) = self.start_of_gap(place.address).filter(|start| *start < place.address) else { return false };
        let earlier = Place { address: start, ..place };
        let walked = self.try_walk(earlier);
        walked.instructions.contains_key(&place.address) && self.is_function(&walked, earlier)
    }

    /// Does control come to `place`, inside the function at `owner`, only by going on behind a call?
    fn is_behind_an_end(&self, owner: u64, place: Place) -> bool {
        let Some(walked) = self.walked.get(&owner) else { return false };
        let jumped = walked.exits.values().flat_map(|exit| &exit.to).any(|(to, _)| to.address == place.address);
        let before = walked.instructions.range(..place.address).next_back();
        let called = before.is_some_and(|(_, code)| matches!(code.lifted.flow, crate::ir::Flow::Call { .. }));
        !jumped && called
    }

    /// Is it a function, by all that can be seen?
    pub fn is_function(&self, walked: &Walked, place: Place) -> bool {
        let ends = plausible::leaves(walked)
            || (walked.ended && walked.instructions.len() > 1)
            || plausible::begins_like_a_function(place, self.program, self.lifter);
        // Helpers written in assembly go on in the middle of each other, but save what a block would not.
        let known = |place: &Place| self.is_entry(*place) || self.claims.code_at(place.address).is_some();
        let leads = self.leads_well(walked) || (walked.saves && walked.calls.iter().all(known));
        ends && leads && plausible::is_sound(walked, place, self.program) && plausible::stands_alone(walked, place, self.machine)
    }

    /// Does a function begin at `place`, read in that way?
    pub fn is_entry(&self, place: Place) -> bool {
        self.found.get(&place.address).is_some_and(|(mode, _)| *mode == place.mode)
    }

    /// Do its calls and jumps lead to functions, or to where one may be?
    pub fn leads_well(&self, walked: &Walked) -> bool {
        let jumps = walked.exits.values().flat_map(|exit| &exit.tail_calls);
        let free = |place: &Place| self.program.may_be_code(place.address) && self.claims.free(place.address);
        let good = |place: &Place| self.is_entry(*place) || free(place);
        // A function that is not known yet may have been taken for a part of the one in front of it.
        let hidden = |place: &Place| {
            let begins = || plausible::begins_like_a_function(*place, self.program, self.lifter);
            self.claims.code_at(place.address).is_some() && (begins() || self.around().stub(*place).is_some())
        };
        walked.calls.iter().all(|place| good(place) || hidden(place)) && jumps.into_iter().all(good)
    }
}
