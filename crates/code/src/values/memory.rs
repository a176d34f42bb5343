//! What a function knows of memory at one point: words it stored itself, and a name for the state of the rest.
//!
//! Addresses with different bases are taken to be different places. Programs break this rule seldom, and where they do the result is a
//! flow that is missed, not one that is invented.

use std::{collections::BTreeMap, sync::Arc};

use super::{Expr, leaf::Location};
use crate::ir::Width;

/// Words that are remembered at one point of one function. A function that stores more forgets the rest.
const WORDS: usize = 512;

/// A state of memory; cheap to copy.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Words stored by the function itself and not touched since.
    words: Arc<BTreeMap<Location, (Width, Expr)>>,
    /// The state of everything else: a leaf.
    pub state: Expr,
}

impl Snapshot {
    /// Nothing stored yet.
    pub fn new(state: Expr) -> Self {
        Self { words: Arc::default(), state }
    }

    /// The same words over another state of everything else.
    #[must_use]
    pub fn over(&self, state: Expr) -> Self {
        Self { words: Arc::clone(&self.words), state }
    }

    /// The word that was stored exactly at `at`.
    pub fn get(&self, at: Location) -> Option<(Width, Expr)> {
        self.words.get(&at).copied()
    }

    /// Words with the base of `at` from its offset on.
    pub fn from(&self, at: Location) -> impl Iterator<Item = (Location, Width, Expr)> + '_ {
        let words = self.words.range(at..).take_while(move |(here, _)| here.base == at.base);
        words.map(|(here, (width, value))| (*here, *width, *value))
    }

    /// Tells states of memory apart as long as they stand: two that are the same are not always told to be.
    pub fn identity(&self) -> (usize, Expr) {
        (if self.words.is_empty() { 0 } else { Arc::as_ptr(&self.words).addr() }, self.state)
    }

    /// All words.
    pub fn words(&self) -> impl Iterator<Item = (Location, Width, Expr)> + '_ {
        self.words.iter().map(|(at, (width, value))| (*at, *width, *value))
    }

    /// Stores a word; what it overlaps is forgotten.
    pub fn set(&mut self, at: Location, width: Width, value: Expr) {
        let words = Arc::make_mut(&mut self.words);
        // A word is at most eight bytes long: only those that begin in the seven bytes before can reach here.
        let low = Location { base: at.base, offset: at.offset.saturating_sub(7) };
        let high = Location { base: at.base, offset: at.offset.saturating_add(width.bytes()) };
        let over: Vec<Location> = words
            .range(low..high)
            .filter(|(here, (width, _))| here.offset.saturating_add(width.bytes()) > at.offset)
            .map(|(here, _)| *here)
            .collect();
        for here in over {
            words.remove(&here);
        }
        if words.len() < WORDS {
            words.insert(at, (width, value));
        }
    }

    /// Forgets words for which `keep` is false.
    pub fn retain(&mut self, mut keep: impl FnMut(Location) -> bool) {
        if self.words.keys().any(|at| !keep(*at)) {
            Arc::make_mut(&mut self.words).retain(|at, _| keep(*at));
        }
    }

    /// Puts one value in the place of another, wherever it stands.
    pub fn replace(&mut self, old: Expr, new: Expr) {
        if self.words.values().any(|(_, value)| *value == old) {
            Arc::make_mut(&mut self.words).values_mut().filter(|(_, value)| *value == old).for_each(|(_, value)| *value = new);
        }
    }

    /// Number of words.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// No words?
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_forgets_what_it_overlaps() {
        let (base, state) = (Some(Expr(1)), Expr(0));
        let at = |offset| Location { base, offset };
        let mut memory = Snapshot::new(state);
        memory.set(at(0), Width::W32, Expr(2));
        memory.set(at(4), Width::W32, Expr(3));
        let before = memory.clone();
        memory.set(at(2), Width::W8, Expr(4));
        assert_eq!(memory.get(at(0)), None);
        assert_eq!(memory.get(at(4)), Some((Width::W32, Expr(3))));
        assert_eq!(before.get(at(0)), Some((Width::W32, Expr(2))), "a copy keeps its own");
        memory.set(Location { base: None, offset: 3 }, Width::W32, Expr(5));
        assert_eq!(memory.from(at(0)).count(), 2, "another base is another place");
    }
}
