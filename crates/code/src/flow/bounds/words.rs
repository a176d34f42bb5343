//! Words of memory: what can be stored in a field at most, and whether a field that is read twice is still the same.

use std::collections::BTreeSet;

use super::{At, Search, Tried};
use crate::{
    flow::{
        context::Context,
        objects::{Object, Pointee},
        resolve::Found,
    },
    functions::FunctionId,
    ir::Width,
    values::{Address, CallId, Callee, Expr, Leaf, Local, Location},
};

/// Places and stores of one word.
const STORES: usize = 24;
/// Calls between two readings of a word.
const CALLS: usize = 16;

impl<'e> Search<'e, '_, '_, '_> {
    /// The greatest number in a word of memory.
    pub(super) fn word(&mut self, at: &At, local: &'e Local, value: Expr, place: Location, width: Width, depth: u32) -> Option<u64> {
        if place.base.and_then(|base| local.entry(base)) == Some(self.unit.machine.stack) {
            if let Some((stored, block)) = self.last_stored(at, local, value, place) {
                return self.of(&at.block(block), stored, depth);
            }
            return self.own_word(at, value, depth);
        }
        // A table of constants.
        if let Some(numbers) = self.events.resolver().numbers(at.function, value, &at.context) {
            return numbers.into_iter().max();
        }
        let places = self.places(at.function, place);
        if places.is_empty() || places.len() > STORES {
            return None;
        }
        let mut most = 0;
        for place in places {
            most = most.max(self.stored(place, width, depth)?);
        }
        Some(most)
    }

    /// What the function itself stored in a word of its stack, if no call since then was given its address; and a block behind that.
    fn last_stored(&self, at: &At, local: &Local, value: Expr, place: Location) -> Option<(Expr, u32)> {
        let Some(Leaf::Memory { mut state, .. }) = local.leaf(value).cloned() else { return None };
        for _ in 0..CALLS {
            let Some(Leaf::Called { call, before }) = local.leaf(state) else { return None };
            let made = local.call(*call)?;
            let resolver = self.events.resolver();
            if made.arguments.iter().any(|argument| resolver.distance(at.function, *argument, place).is_some()) {
                return None;
            }
            if let Some((_, stored)) = before.get(place) {
                return Some((stored, made.block));
            }
            state = before.state;
        }
        None
    }

    /// A word of the function's own stack, which others may have filled.
    fn own_word(&mut self, at: &At, value: Expr, depth: u32) -> Option<u64> {
        let answers = self.events.resolver().resolve(at.function, value, &at.context);
        let mut most = None;
        for (found, context, _) in answers {
            let number = match found {
                Found::Number(number) => number,
                Found::Operation(function, expr) if (function, expr) != (at.function, value) => {
                    self.of(&At { function, block: 0, context }, expr, depth)?
                }
                Found::Result(function, call) => self.given_back(&At { function, block: 0, context }, call, depth)?,
                _ => return None,
            };
            most = most.max(Some(number));
        }
        most
    }

    /// The places that a location can be.
    fn places(&self, function: FunctionId, place: Location) -> Vec<Pointee> {
        let Some(base) = place.base else { return vec![Pointee { object: Object::Fixed, offset: place.offset }] };
        let mask = self.events.resolver().width().mask();
        let mut places = self.events.resolver().objects.pointees(function, base);
        for at in &mut places {
            at.offset = at.offset.wrapping_add(place.offset) & mask;
        }
        places
    }

    /// The greatest number that is ever stored at a place.
    fn stored(&mut self, place: Pointee, width: Width, depth: u32) -> Option<u64> {
        let tried = Tried::Word(place);
        if let Some(assumed) = self.assumed.get(&tried) {
            return Some(*assumed);
        }
        let objects = &self.events.resolver().objects;
        let mut stores = objects.stores(place).to_vec();
        let mut first = 0;
        if place.object == Object::Fixed {
            stores.extend(self.unit.global_stores.get(&place.offset).into_iter().flatten());
            first = self.unit.program.memory.number(place.offset, width).unwrap_or(0);
            if !self.unit.smears_to(place.offset, width.bytes()).is_empty() || !self.unit.global_arguments(place.offset).is_empty() {
                return None;
            }
        }
        if stores.is_empty() || stores.len() > STORES || !objects.writes(place).is_empty() {
            return None;
        }
        self.tried(&tried, first, |search| {
            let mut bounds = BTreeSet::new();
            for (function, index) in &stores {
                let store = search.unit.local(*function)?.stores.get(*index)?;
                let at = At { function: *function, block: store.block, context: Context::default() };
                bounds.insert(search.of(&at, store.value, depth)?);
            }
            // That it begins with nothing is no bound of its own.
            search.mixed |= bounds.iter().filter(|bound| **bound > 0).count() > 1;
            bounds.into_iter().max()
        })
    }

    /// Are two values of a function the same: the same expression, or the same word of memory, read again where nobody can have changed it?
    pub(super) fn same(&self, local: &Local, one: Expr, other: Expr) -> bool {
        let (one, other) = (super::bare(local, one), super::bare(local, other));
        if one == other {
            return true;
        }
        match (local.leaf(one), local.leaf(other)) {
            (Some(Leaf::Memory { at: here, width, state: first }), Some(Leaf::Memory { at: there, width: other_width, state: second })) => {
                here == there
                    && width == other_width
                    && (self.kept(local, *here, *first, *second) || self.kept(local, *here, *second, *first))
            }
            _ => false,
        }
    }

    /// Does a word that is read at the state `late` hold what it held at `early`?
    fn kept(&self, local: &Local, at: Location, late: Expr, early: Expr) -> bool {
        let mut state = late;
        for _ in 0..CALLS {
            if state == early {
                return true;
            }
            let Some(Leaf::Called { call, before }) = local.leaf(state) else { return false };
            if before.get(at).is_some() || self.changes(local, *call, at) {
                return false;
            }
            state = before.state;
        }
        false
    }

    /// Can a call change a word? A library function that writes behind a pointer to something else does not.
    fn changes(&self, local: &Local, call: CallId, at: Location) -> bool {
        let Some(made) = local.call(call) else { return true };
        let Callee::At(place) = made.callee else { return true };
        let library = self.unit.code.at(place.address).is_none_or(|(_, function)| function.import.is_some());
        if !library {
            return true;
        }
        made.arguments.iter().any(|argument| {
            let (Address::At(start) | Address::Within(start)) = local.locate(*argument, self.unit.program, self.unit.machine);
            start == at
        })
    }
}
