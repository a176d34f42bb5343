//! Loops that go through a text, byte by byte: which leaves are the byte that a round looks at, the next one, and the first of all.
//!
//! ```text
//! for (i = 0; s[i]; i++)          s + i, where i is a join at the head that grows by one: the byte of the round
//! c = *s; do { … } while (c = *++s);     c is a join at the head, and what it becomes is the next byte
//! ```

use std::collections::{BTreeSet, HashSet};

use super::run::{Known, Run};
use crate::{
    ir::{Unary, Width},
    values::{Expr, Leaf, Local, Node, bases, width_of},
};

/// Loops of one function that are looked at.
const LOOPS: usize = 64;
/// Blocks of one of them: what does more than that looks at more than letters.
const BLOCKS: usize = 64;
/// Loops within loops.
const NESTED: usize = 8;

/// A loop that goes through a text.
#[derive(Debug)]
pub struct Walk {
    /// Where each round begins.
    pub head: u32,
    /// Its blocks.
    pub body: BTreeSet<u32>,
    /// Loads of the byte that a round looks at.
    pub now: HashSet<u32>,
    /// Joins at the head that are that byte: the join, what it becomes, and the load in that.
    joined: Vec<(u32, Expr, u32)>,
    /// Loads of the byte behind it.
    pub next: HashSet<u32>,
    /// Loads of the first byte, in front of the loop.
    pub first: HashSet<u32>,
    /// Joins at the head that grow, or shrink, by one with each round.
    pub counted: HashSet<u32>,
    /// Where the text begins: a pointer, and what is added to it.
    pub start: (Option<Expr>, u64),
    /// The state of memory in which it is read.
    pub state: Expr,
}

/// The loads of one text: the terms of their addresses, and at which offset which leaf.
struct Loads {
    moving: u32,
    others: Vec<Expr>,
    at: Vec<(u64, u32)>,
}

impl Walk {
    /// The loops of the function that `run` is for.
    pub fn all(run: &Run<'_, '_>) -> Vec<Self> {
        let shape = &run.local.shape;
        let mut found = Vec::new();
        for head in shape.order.iter().copied() {
            let before = shape.before.get(head as usize).map(Vec::as_slice).unwrap_or_default();
            let back: Vec<u32> = before.iter().map(|(from, _)| *from).filter(|from| shape.goes_back(*from, head)).collect();
            if back.is_empty() || found.len() >= LOOPS {
                continue;
            }
            let mut body = BTreeSet::from([head]);
            let mut waiting = back;
            while let Some(block) = waiting.pop() {
                if body.insert(block) {
                    waiting.extend(shape.before.get(block as usize).into_iter().flatten().map(|(from, _)| *from));
                }
            }
            if body.len() <= BLOCKS {
                found.extend(Self::of(run, head, &body));
            }
        }
        found
    }

    fn of(run: &Run<'_, '_>, head: u32, body: &BTreeSet<u32>) -> Vec<Self> {
        let local = run.local;
        let width = width_of(run.unit.machine);
        let (mut moving, mut counted) = (HashSet::new(), HashSet::new());
        for (leaf, slot) in run.joins(head) {
            let Some(own) = local.exprs.leaf_expr(*leaf) else { continue };
            let mut steps: Vec<Option<u64>> = Vec::new();
            for (way, ..) in local.ways(head, *slot).filter(|(_, from, _)| body.contains(from)) {
                let (base, by) = local.exprs.base_and_offset(settled(local, way), width);
                steps.push((base == Some(own)).then_some(by));
            }
            match steps.first() {
                Some(Some(by)) if steps.iter().any(|step| *step != Some(*by)) || *by == 0 => {}
                Some(Some(1)) => _ = (moving.insert(*leaf), counted.insert(*leaf)),
                Some(Some(by)) if *by == width.mask() => _ = counted.insert(*leaf),
                _ => {}
            }
        }
        if moving.is_empty() {
            return Vec::new();
        }
        let walks = loads(local, &moving, width).into_iter();
        walks.filter_map(|loads| Self::through(run, head, body, &counted, &loads)).collect()
    }

    fn through(run: &Run<'_, '_>, head: u32, body: &BTreeSet<u32>, counted: &HashSet<u32>, loads: &Loads) -> Option<Self> {
        let local = run.local;
        let width = width_of(run.unit.machine);
        let offset_of = |leaf: u32| loads.at.iter().find(|(_, known)| *known == leaf).map(|(offset, _)| *offset);
        // Joins that become a byte of the text with each round.
        let mut joined = Vec::new();
        for (leaf, slot) in run.joins(head) {
            let mut back = local.ways(head, *slot).filter(|(_, from, _)| body.contains(from)).map(|(way, ..)| way);
            let Some(way) = back.next() else { continue };
            let load = byte_in(local, way).and_then(|load| Some((load, offset_of(load)?)));
            if let Some((load, offset)) = load.filter(|_| back.all(|other| other == way)) {
                joined.push((offset.wrapping_sub(1) & width.mask(), (*leaf, way, load)));
            }
        }
        let signed = |offset: &u64| width.signed(*offset);
        let offsets = loads.at.iter().map(|(offset, _)| *offset).chain(joined.iter().map(|(offset, _)| *offset));
        let now = offsets.min_by_key(signed)?;
        let at = |wanted: u64| loads.at.iter().filter(move |(offset, _)| *offset == wanted & width.mask()).map(|(_, leaf)| *leaf);
        joined.retain(|(offset, _)| *offset == now);
        let next: HashSet<u32> = at(now.wrapping_add(1)).collect();
        let any = loads.at.first()?.1;
        let state = match local.leaves.get(any as usize)? {
            Leaf::Memory { state, .. } | Leaf::Element { state, .. } => *state,
            _ => return None,
        };
        // Where it begins: what the moving term is in front of the loop.
        let Some(Leaf::Join { slot, .. }) = local.leaves.get(loads.moving as usize) else { return None };
        let mut outside = local.ways(head, *slot).filter(|(_, from, _)| !body.contains(from)).map(|(way, ..)| way);
        let begin = outside.next().filter(|begin| outside.all(|other| other == *begin))?;
        let (mut terms, offset) = match local.exprs.value(begin) {
            Some(number) => (Vec::new(), number),
            None => bases(&local.exprs, begin, width),
        };
        terms.extend(loads.others.iter().copied());
        terms.sort();
        let offset = offset.wrapping_add(now) & width.mask();
        let start = match terms.as_slice() {
            [] => (None, offset),
            [one] => (Some(*one), offset),
            _ => return None,
        };
        let first = (0..local.leaves.len() as u32)
            .filter(|leaf| {
                address_of(local, *leaf, width).is_some_and(|(mut own, at)| {
                    own.sort();
                    own == terms && at == offset
                })
            })
            .collect();
        let joined: Vec<(u32, Expr, u32)> = joined.into_iter().map(|(_, joined)| joined).collect();
        let (head, body, counted) = (head, body.clone(), counted.clone());
        Some(Self { head, body, now: at(now).collect(), joined, next, first, counted, start, state })
    }

    /// What is known in a round that looks at `byte`.
    pub fn round(&self, run: &Run<'_, '_>, byte: u8) -> Known {
        let mut known: Known = self.now.iter().map(|leaf| (*leaf, u64::from(byte))).collect();
        for (leaf, way, load) in &self.joined {
            if let Some(value) = run.number(*way, &Known::from([(*load, u64::from(byte))])) {
                known.insert(*leaf, value);
            }
        }
        known
    }

    /// Leaves that are the byte of a round.
    pub fn bytes(&self) -> impl Iterator<Item = u32> + '_ {
        self.now.iter().copied().chain(self.joined.iter().map(|(leaf, ..)| *leaf))
    }
}

/// The loads of bytes whose address has exactly one term among `moving`, by what else is in the address.
fn loads(local: &Local, moving: &HashSet<u32>, width: Width) -> Vec<Loads> {
    let mut found: Vec<Loads> = Vec::new();
    for leaf in 0..local.leaves.len() as u32 {
        let Some((terms, offset)) = address_of(local, leaf, width) else { continue };
        let number = |term: &Expr| match local.exprs.node(*term) {
            Node::Leaf(leaf) => moving.contains(&leaf).then_some(leaf),
            _ => None,
        };
        let (moved, mut others): (Vec<Expr>, Vec<Expr>) = terms.iter().partition(|term| number(term).is_some());
        let Some(moved) = moved.first().filter(|_| moved.len() == 1).and_then(number) else { continue };
        others.sort();
        match found.iter_mut().find(|loads| loads.moving == moved && loads.others == others) {
            Some(loads) => loads.at.push((offset, leaf)),
            None => found.push(Loads { moving: moved, others, at: vec![(offset, leaf)] }),
        }
    }
    found
}

/// The terms and the number of the address that a byte is loaded from.
fn address_of(local: &Local, leaf: u32, width: Width) -> Option<(Vec<Expr>, u64)> {
    match local.leaves.get(leaf as usize)? {
        Leaf::Memory { at, width: Width::W8, .. } => {
            let (terms, offset) = at.base.map_or_else(|| (Vec::new(), 0), |base| bases(&local.exprs, base, width));
            Some((terms, offset.wrapping_add(at.offset) & width.mask()))
        }
        Leaf::Element { address, width: Width::W8, .. } => Some(bases(&local.exprs, *address, width)),
        _ => None,
    }
}

/// A value freed of joins that join nothing: where a loop within the loop leaves it as it is.
fn settled(local: &Local, value: Expr) -> Expr {
    let mut at = value;
    for _ in 0..NESTED {
        let Some(Leaf::Join { block, slot }) = local.leaf(at) else { break };
        let mut ways = local.ways(*block, *slot).map(|(way, ..)| way).filter(|way| *way != at);
        match ways.next() {
            Some(first) if ways.all(|way| way == first) => at = first,
            _ => break,
        }
    }
    at
}

/// The load of a byte that a value is, widened or not.
fn byte_in(local: &Local, value: Expr) -> Option<u32> {
    match local.exprs.node(value) {
        Node::Unary(Unary::ZeroExtend(_) | Unary::SignExtend(_), _, inner) => byte_in(local, inner),
        Node::Leaf(leaf) => Some(leaf),
        _ => None,
    }
}
