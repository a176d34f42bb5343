//! The greatest number that a value can be at a place: by what it is made of (a mask, a narrow field, the least of two), by what was asked
//! on every way there ([`known`]), and, for words of memory, by everything that is ever stored there ([`words`]).
//!
//! What runs round a loop, and what a field counts, is found by trying: the number with which it begins is taken for its bound, and that is
//! one if nothing that comes round is more. So `left -= n` stays below what `left` began with, and `have += recv(fd, at, most - have)`
//! below `most`: what is received is no more than was asked for, and that is what is missing.
//!
//! Numbers below zero are not followed: `n - 4` is taken to be less than `n`. A check that leaves them out is not told from one that does
//! not; both are checks of the length, and which of them is missing is more than can be said here.

mod known;
mod sums;
mod words;

use std::collections::HashMap;

use super::{context::Context, events::Events, objects::Pointee, unit::Unit};
use crate::{
    functions::FunctionId,
    ir::{Binary, Unary, Width},
    models::Gives,
    values::{CallId, Expr, Leaf, Local, Node},
};

/// How deep expressions are followed.
const DEPTH: u32 = 16;
/// Expressions and blocks that are looked at for one answer.
const STEPS: u32 = 1_500;
/// Bounds that are tried for what runs round a loop.
const TRIALS: u32 = 4;
/// Callers that are looked at.
const CALLERS: usize = 12;

/// Where a value is asked for.
#[derive(Debug, Clone)]
struct At {
    function: FunctionId,
    block: u32,
    context: Context,
}

impl At {
    fn block(&self, block: u32) -> Self {
        Self { block, ..self.clone() }
    }
}

/// What a bound is assumed of while it is tried.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Tried {
    Join(FunctionId, Expr, Context),
    Word(Pointee),
}

struct Search<'e, 'c, 'r, 'a> {
    events: &'e Events<'c, 'r, 'a>,
    unit: &'e Unit<'a>,
    assumed: HashMap<Tried, u64>,
    /// What was found under what is assumed now, and how deep it was looked for.
    found: HashMap<(FunctionId, u32, Expr, Context), (u32, Option<u64>)>,
    /// How much there is behind pointers.
    held: HashMap<(FunctionId, Expr), Option<u64>>,
    /// A word took part in which different things are stored, each with a bound of its own.
    mixed: bool,
    /// What it points into took part: how far two pointers are apart.
    apart: bool,
    /// A limit ended the search.
    cut: bool,
    steps: u32,
}

impl Events<'_, '_, '_> {
    /// The greatest number that `value` can be where `block` of `function` runs, where that is known.
    ///
    /// What counts through the parts of a message is bounded by another number in each of them: then it is kept small ([`Bound::Mixed`]),
    /// but by how much in this part the numbers alone do not say.
    pub(super) fn greatest(&self, function: FunctionId, block: u32, value: Expr, context: &Context) -> Bound {
        let mut search = Search {
            events: self,
            unit: self.resolver().unit,
            assumed: HashMap::new(),
            found: HashMap::new(),
            held: HashMap::new(),
            mixed: false,
            apart: false,
            cut: false,
            steps: 0,
        };
        match search.of(&At { function, block, context: context.clone() }, value, DEPTH) {
            Some(most) if search.mixed => Bound::Mixed(most),
            Some(most) if search.apart => Bound::Apart(most),
            Some(most) => Bound::Number(most),
            None if search.cut => Bound::Unasked,
            None => Bound::Unknown,
        }
    }
}

/// What is known of how great a value can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// No more than this.
    Number(u64),
    /// No more than this at any time, and mostly less.
    Mixed(u64),
    /// No more than this, for so much is there that pointers point into: nobody asked.
    Apart(u64),
    /// Nothing.
    Unknown,
    /// Nothing, but a limit ended the search.
    Unasked,
}

impl<'e> Search<'e, '_, '_, '_> {
    fn step(&mut self) -> bool {
        self.steps += 1;
        let goes_on = self.steps <= STEPS && self.events.resolver().budget.step();
        self.cut |= !goes_on;
        goes_on
    }

    /// Bytes behind a pointer, at most.
    fn holds(&mut self, function: FunctionId, pointer: Expr) -> Option<u64> {
        let events = self.events;
        *self.held.entry((function, pointer)).or_insert_with(|| events.holds(function, pointer))
    }

    fn of(&mut self, at: &At, value: Expr, depth: u32) -> Option<u64> {
        let local = self.unit.local(at.function)?;
        if let Some(number) = local.exprs.value(value) {
            return Some(number);
        }
        let key = (at.function, at.block, value, at.context.clone());
        if let Some((deep, found)) = self.found.get(&key)
            && (*deep >= depth || found.is_some())
        {
            return *found;
        }
        if depth == 0 || !self.step() {
            return None;
        }
        let apart = self.apart;
        let made = self.made(at, local, value, depth - 1);
        let known = self.known(at, local, value, depth - 1);
        if known.is_some_and(|known| made.is_none_or(|made| known <= made)) {
            self.apart = apart;
        }
        let found = made.into_iter().chain(known).min();
        self.found.insert(key, (depth, found));
        found
    }

    /// By what a value is made of.
    fn made(&mut self, at: &At, local: &'e Local, value: Expr, depth: u32) -> Option<u64> {
        match local.exprs.node(value) {
            Node::Const(number) => Some(number),
            Node::Unary(Unary::ZeroExtend(width), _, inner) => {
                let most = narrow(width)?;
                Some(self.of(at, inner, depth).map_or(most, |inner| inner.min(most)))
            }
            Node::Unary(Unary::SignExtend(_), _, inner) => self.of(at, inner, depth),
            Node::Unary(..) => None,
            Node::Select(cond, yes, no) => {
                let mut most = 0;
                for (arm, truth) in [(yes, true), (no, false)] {
                    let limit = self.limited(at, local, cond, truth, arm, depth);
                    most = most.max(limit.into_iter().chain(self.of(at, arm, depth)).min()?);
                }
                Some(most)
            }
            Node::Binary(Binary::Add | Binary::Sub, ..) => self.sum(at, local, value, depth),
            Node::Binary(op, width, a, b) => self.operation(at, local, (op, width, a, b), depth),
            Node::Leaf(_) => self.leaf(at, local, value, depth),
        }
    }

    fn operation(&mut self, at: &At, local: &'e Local, (op, width, a, b): (Binary, Width, Expr, Expr), depth: u32) -> Option<u64> {
        let number = local.exprs.value(b);
        match (op, number) {
            (Binary::And, _) => self.of(at, a, depth).into_iter().chain(self.of(at, b, depth)).min(),
            (Binary::Or | Binary::Xor, _) => {
                let most = self.of(at, a, depth)?.max(self.of(at, b, depth)?);
                Some(most.checked_next_power_of_two()?.max(most.checked_add(1)?.checked_next_power_of_two()?) - 1)
            }
            (Binary::Mul, _) => self.of(at, a, depth)?.checked_mul(self.of(at, b, depth)?),
            (Binary::Shl, Some(by @ 0..=31)) => self.of(at, a, depth)?.checked_mul(1 << by),
            (Binary::ShrU, Some(by @ 0..=31)) => Some(self.of(at, a, depth).unwrap_or(width.mask()) >> by),
            (Binary::ShrS, Some(by @ 0..=31)) => Some(self.of(at, a, depth)? >> by),
            (Binary::DivU | Binary::DivS, Some(by)) if by > 0 => Some(self.of(at, a, depth)? / by),
            _ => None,
        }
    }

    fn leaf(&mut self, at: &At, local: &'e Local, value: Expr, depth: u32) -> Option<u64> {
        match local.leaf(value)? {
            Leaf::Join { block, slot } => {
                let ways: Vec<(Expr, u32, u32)> = local.ways(*block, *slot).collect();
                self.joined(at, local, value, *block, &ways, depth)
            }
            Leaf::Result(call, var) if self.unit.machine.results.first() == Some(var) => self.given_back(at, *call, depth),
            Leaf::Entry(var) => {
                let index = self.unit.argument_of(*var)?;
                self.passed(at, index, depth)
            }
            Leaf::Element { width, .. } => narrow(*width),
            Leaf::Memory { at: place, width, .. } => {
                let own = narrow(*width);
                self.word(at, local, value, *place, *width, depth).into_iter().chain(own).min()
            }
            _ => None,
        }
    }

    /// What comes together: the greatest of what comes in, if what comes round is no more than that.
    fn joined(&mut self, at: &At, local: &'e Local, join: Expr, block: u32, ways: &[(Expr, u32, u32)], depth: u32) -> Option<u64> {
        let tried = Tried::Join(at.function, join, at.context.clone());
        if let Some(assumed) = self.assumed.get(&tried) {
            return Some(*assumed);
        }
        let (round, first): (Vec<_>, Vec<_>) = ways.iter().copied().partition(|(_, from, _)| local.shape.retreats(*from, block));
        let mut most = 0;
        for way in first {
            most = most.max(self.way(at, local, way, depth)?);
        }
        if round.is_empty() {
            return Some(most);
        }
        self.tried(&tried, most, |search| {
            let mut most = 0;
            for way in &round {
                // A value that comes round as it is adds nothing.
                if way.0 != join {
                    most = most.max(search.way(at, local, *way, depth)?);
                }
            }
            Some(most)
        })
    }

    /// One of the ways to a join.
    fn way(&mut self, at: &At, local: &'e Local, (value, from, edge): (Expr, u32, u32), depth: u32) -> Option<u64> {
        let before = at.block(from);
        let asked = self.over(&before, local, edge, value, depth);
        asked.into_iter().chain(self.of(&before, value, depth)).min()
    }

    /// The least number tried that is a bound if it is taken for one.
    fn tried(&mut self, what: &Tried, from: u64, mut round: impl FnMut(&mut Self) -> Option<u64>) -> Option<u64> {
        let mut most = from;
        for _ in 0..TRIALS {
            self.assumed.insert(what.clone(), most);
            let before = std::mem::take(&mut self.found);
            let found = round(self);
            self.found = before;
            self.assumed.remove(what);
            match found {
                Some(found) if found <= most => return Some(most),
                Some(found) => most = found,
                None => return None,
            }
        }
        None
    }

    /// What is passed in an argument.
    fn passed(&mut self, at: &At, index: usize, depth: u32) -> Option<u64> {
        let callers = self.events.resolver().callers(at.function, &at.context);
        if callers.is_empty() || callers.len() > CALLERS {
            return None;
        }
        let mut most = 0;
        for (edge, above) in callers {
            let (caller, value) = self.unit.argument(edge.from, edge.call, edge.passed_as(index)?)?;
            let block = caller.call(edge.call)?.block;
            most = most.max(self.of(&At { function: edge.from, block, context: above }, value, depth)?);
        }
        Some(most)
    }

    /// What a call gives back.
    fn given_back(&mut self, at: &At, call: CallId, depth: u32) -> Option<u64> {
        if let Some((_, model)) = self.unit.model(at.function, call) {
            let length = self.asked_for(at.function, call);
            return match (model.gives, length) {
                (None, Some(length)) => {
                    let block = self.unit.local(at.function)?.call(call)?.block;
                    self.of(&at.block(block), length, depth)
                }
                (None, None) if model.reads.is_some_and(|reads| reads.to.is_none() && reads.length.is_none()) => Some(Width::W8.mask()),
                (Some(Gives::Length(index)), _) => {
                    let (local, text) = self.unit.argument(at.function, call, usize::from(index))?;
                    let told = model.at_most.and_then(|most| self.unit.argument(at.function, call, usize::from(most)));
                    let block = local.call(call)?.block;
                    let told = told.and_then(|(_, most)| self.of(&at.block(block), most, depth));
                    let held = self.holds(at.function, text).and_then(|bytes| bytes.checked_sub(1));
                    told.into_iter().chain(held).min()
                }
                _ => None,
            };
        }
        let [edge] = self.unit.callees(at.function, call) else { return None };
        let below = at.context.down(edge)?;
        let mut most = None;
        for back in &self.unit.local(edge.to)?.returns {
            let there = At { function: edge.to, block: back.block, context: below.clone() };
            most = most.max(Some(self.of(&there, *back.values.first()?, depth)?));
        }
        most
    }
}

/// A value without what only makes it wider.
pub(super) fn bare(local: &Local, value: Expr) -> Expr {
    match local.exprs.node(value) {
        Node::Unary(Unary::ZeroExtend(_) | Unary::SignExtend(_), _, inner) => bare(local, inner),
        _ => value,
    }
}

/// The greatest number of a width that is less than a word.
fn narrow(width: Width) -> Option<u64> {
    (width < Width::W32).then(|| width.mask())
}
