//! Where ways come together: the state at the start of a block, from those at the ends of the blocks before it.
//!
//! What all ways agree about is passed on as it is. Where they differ, the slot becomes a leaf that stands for "whatever came this way"
//! ([`Leaf::Join`]), and what each way brings is filed beside it, one value for each edge. On an edge more is known than at the end of
//! the block it leaves: after `if (n == 3)`, `n` is 3, and what was done under the condition was done.

use std::collections::{BTreeMap, BTreeSet};

use super::{Key, POINTER, Runner, State};
use crate::{
    functions::EdgeKind,
    ir::{Binary, Var, Width},
    values::{
        Expr, Node,
        counts::counts,
        expr::COUNT,
        leaf::{Leaf, Location, Slot},
        memory::Snapshot,
    },
};

impl Runner<'_> {
    /// The state on an edge: what was compared with a number, and found equal, is that number; what was done under a condition is known.
    fn over(&mut self, from: u32, edge: u32) -> Option<State> {
        let mut state = self.leaving[from as usize].clone()?;
        let kind = self.function.blocks[from as usize].edges.get(edge as usize).map(|edge| edge.kind);
        let (Some(cond), Some(kind)) = (self.decided.get(&from).copied(), kind) else { return Some(state) };
        let truth = kind != EdgeKind::Next;
        // What was done under this very condition, as a conditional return takes back what was saved, was done or was not; and the other way
        // round under its opposite: `movne r4, r7; beq …`.
        let opposite = self.exprs.negate(cond);
        for var in &mut state.vars {
            if let Node::Select(when, yes, no) = self.exprs.node(*var)
                && (when == cond || when == opposite)
            {
                *var = if truth == (when == cond) { yes } else { no };
            }
        }
        let (value, number) = match self.exprs.node(cond) {
            Node::Binary(op @ (Binary::Eq | Binary::Ne), _, a, b) if (op == Binary::Eq) == truth => (a, b),
            // A flag that was put together from several comparisons.
            Node::Binary(Binary::And | Binary::Or, ..) => (cond, self.exprs.constant(u64::from(truth))),
            _ => return Some(state),
        };
        if self.exprs.value(number).is_some() {
            state.vars.iter_mut().filter(|var| **var == value).for_each(|var| *var = number);
            state.memory.replace(value, number);
        }
        Some(state)
    }

    /// The state at the start of `block`: what the ways there have in common.
    pub(super) fn join(&mut self, block: u32) -> State {
        let before = self.shape.before[block as usize].clone();
        let mut states: Vec<State> = before.iter().filter_map(|(from, edge)| self.over(*from, *edge)).collect();
        if block == 0 {
            states.push(self.start());
        }
        let Some(first) = states.first().cloned() else { return self.start() };
        let mut joined = first.clone();
        for number in 0..first.vars.len() {
            let slot = Slot::Var(Var(number as u16));
            let same = states.iter().all(|state| state.vars.get(number) == first.vars.get(number));
            joined.vars[number] = self.together(block, slot, same, first.vars[number]);
        }
        let same = states.iter().all(|state| state.memory.state == first.memory.state);
        joined.memory.state = self.together(block, Slot::State, same, first.memory.state);
        let places: BTreeSet<(Location, Width)> =
            states.iter().flat_map(|state| state.memory.words().map(|(at, width, _)| (at, width))).collect();
        let mut memory = Snapshot::new(joined.memory.state);
        for (at, width) in places {
            let values: Vec<Expr> = states.iter().map(|state| self.word(&state.memory, at, width)).collect();
            let first = values[0];
            let same = values.iter().all(|value| *value == first);
            // Where nobody stored anything and the rest of memory is one, the word is not worth remembering.
            let value = self.together(block, Slot::Memory(at, width), same, first);
            memory.set(at, width, value);
        }
        joined.memory = memory;
        joined
    }

    fn together(&mut self, block: u32, slot: Slot, same: bool, value: Expr) -> Expr {
        if same && !self.joined.contains(&(block, slot)) {
            return value;
        }
        self.joined.insert((block, slot));
        let known = self.leaves.len();
        let joined = self.leaf(Key::Join(block, slot), Leaf::Join { block, slot });
        if self.leaves.len() > known && self.begins_as_pointer(value) {
            self.exprs.set_rank(known as u32, POINTER);
        }
        joined
    }

    /// Is it, beyond doubt, where a pointer begins: in the frame, at an address of the program, in what was allocated? What it joins with
    /// when it runs through an array is more of a pointer than the counts that stand in the array's elements: `recv(fd, p->line + p->have)`.
    fn begins_as_pointer(&self, value: Expr) -> bool {
        match self.exprs.base_and_offset(value, self.width) {
            (None, number) => self.exprs.is_place(number),
            (Some(base), _) => self.exprs.unlike_pointer(base).is_some_and(|rank| rank <= POINTER),
        }
    }

    /// Files what each join joins.
    pub(super) fn note_ways(&mut self) {
        for (block, slot, values) in self.ways() {
            if let Some(done) = &mut self.done {
                done.set_ways(block, slot, values);
            }
        }
    }

    /// What comes together in each join, one value for each edge that leads to its block.
    fn ways(&mut self) -> Vec<(u32, Slot, Vec<Option<Expr>>)> {
        // In order: a word that is looked at here for the first time gets the next number.
        let mut joined: Vec<(u32, Slot)> = self.joined.iter().copied().collect();
        joined.sort_unstable();
        let mut all = Vec::with_capacity(joined.len());
        let mut states: (u32, Vec<Option<State>>) = (u32::MAX, Vec::new());
        for (block, slot) in joined {
            if states.0 != block {
                let before = self.shape.before[block as usize].clone();
                states = (block, before.into_iter().map(|(from, edge)| self.over(from, edge)).collect());
            }
            let mut values = Vec::with_capacity(states.1.len());
            for state in &states.1 {
                values.push(state.as_ref().map(|state| match slot {
                    Slot::Var(var) => state.vars[usize::from(var.0)],
                    Slot::Memory(at, width) => self.word(&state.memory, at, width),
                    Slot::State => state.memory.state,
                }));
            }
            all.push((block, slot, values));
        }
        all
    }

    /// Notes of joins that are nothing but counted that they are no pointers.
    pub(super) fn rank_counts(&mut self) {
        let mut joins: BTreeMap<Expr, Vec<Expr>> = BTreeMap::new();
        for (block, slot, values) in self.ways() {
            if let (Slot::Var(_) | Slot::Memory(..), Some(join)) = (slot, self.keys.get(&Key::Join(block, slot))) {
                joins.insert(*join, values.into_iter().flatten().collect());
            }
        }
        for join in counts(&self.exprs, self.width, joins) {
            if let Node::Leaf(leaf) = self.exprs.node(join) {
                self.exprs.set_rank(leaf, COUNT);
            }
        }
    }
}
