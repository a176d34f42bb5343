//! Where does a value come from?
//!
//! A question about an expression of one function is answered by what can be said no further: a number, what a library function gave,
//! an operation, an address. On the way it goes up to callers (by the very call it came down through, if it came down), down into
//! callees, back through memory to whoever stored there.
//!
//! - *Own memory* (a word of the stack that nobody else sees) is followed in order of time.
//! - *Globals* hold whatever anybody ever stored there, and what they begin with.
//! - *Objects* behind pointers are the same object where the pointers come from the same place.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
};

use super::{
    budget::Budget,
    context::{Context, StepKind, Trail},
    edges::{Edge, Passing, Target},
    execute,
    kept::Kept,
    objects::{Object, Objects},
    unit::Unit,
};
use crate::{
    functions::FunctionId,
    ir::{Binary, Width},
    models::BROUGHT,
    values::{Address, CallId, Expr, Leaf, Location, Node, Snapshot, width_of},
};

/// Answers to one question.
const ANSWERS: usize = 64;
/// Steps of one question.
const SEARCH: u32 = 2_000;
/// How far behind a pointer a callee is taken to write.
const REACH: u64 = 4096;
/// How deep one question goes: it is followed by recursion.
const DEPTH: u32 = 300;
/// Operations one on the other whose outcome is computed.
const OPERATIONS: u32 = 2;

/// What can be said no further.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Found {
    /// A number; addresses of the program among them.
    Number(u64),
    /// An operation over other values.
    Operation(FunctionId, Expr),
    /// What a library function, or one that is not known, gave back.
    Result(FunctionId, CallId),
    /// What a library function wrote at this place.
    Written(FunctionId, CallId, Location),
    /// The address of a place on the stack of this function: offset from its stack pointer at entry.
    Stack(FunctionId, i64),
    /// An argument of a function that nobody is known to call.
    Argument(FunctionId, usize),
    /// The address of a name from elsewhere.
    Import(String),
    /// What a library function wrote behind this argument of a call, seen through another pointer.
    Filled(FunctionId, CallId, u8),
    /// What stands in memory that this program did not fill: the object that it belongs to in the end, offset, width in bytes.
    Behind(Object, u64, u8),
    /// Some element of what begins here.
    Element(FunctionId, Expr),
    /// It cannot be told.
    Unknown,
}

/// An answer: what, under which context, and by which steps.
pub type Answer = (Found, Context, Trail);

/// The number by which an address counts: the factor of the term that is not fixed.
pub(super) fn stride(local: &crate::values::Local, address: Expr) -> Option<u64> {
    match local.exprs.node(address) {
        Node::Binary(Binary::Mul, _, _, factor) => local.exprs.value(factor),
        Node::Binary(Binary::Shl, _, _, by) => local.exprs.value(by).filter(|by| *by < 32).map(|by| 1 << by),
        Node::Binary(Binary::Add, _, a, b) => stride(local, a).or_else(|| stride(local, b)),
        // An address that grows in a loop.
        Node::Leaf(_) => match local.leaf(address)? {
            Leaf::Join { block, slot } => {
                local.ways(*block, *slot).find_map(|(way, ..)| match local.exprs.base_and_offset(way, Width::W32) {
                    (Some(base), by) if base == address => Some(by).filter(|by| (1..4096).contains(by)),
                    _ => None,
                })
            }
            _ => None,
        },
        _ => None,
    }
}

/// A question whose answers are kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Question {
    /// Where a value comes from.
    Value(FunctionId, Expr, Context),
    /// Where a word of memory comes from that the function did not store itself: of which place, in which state.
    Word(FunctionId, Location, Expr, Context),
}

/// Puts questions to a program.
pub struct Resolver<'a> {
    /// The program.
    pub unit: &'a Unit<'a>,
    /// Steps left.
    pub budget: Budget,
    /// What pointers point to.
    pub objects: Objects<'a>,
    answers: RefCell<Kept<Question, Vec<Answer>>>,
    computed: RefCell<HashMap<(FunctionId, Vec<Option<u64>>), Option<u64>>>,
}

#[derive(Default)]
pub(super) struct Search {
    seen: HashSet<(FunctionId, Expr, Context)>,
    pub(super) loads: HashSet<(FunctionId, Location, Expr, Context)>,
    pub(super) found: Vec<Answer>,
    steps: u32,
    pub(super) depth: u32,
}

impl Search {
    /// Takes a step of this search; false where it has gone far enough.
    pub(super) fn step(&mut self) -> bool {
        self.steps += 1;
        self.steps <= SEARCH && self.depth < DEPTH
    }
}

impl<'a> Resolver<'a> {
    /// For `unit`, with so many steps.
    pub fn new(unit: &'a Unit<'a>, steps: u64) -> Self {
        Self { unit, budget: Budget::new(steps), objects: Objects::of(unit), answers: RefCell::default(), computed: RefCell::default() }
    }

    /// Forgets every answer and has so many steps again, so that what is asked next is answered the same whatever was asked before.
    pub fn renew(&self, steps: u64) {
        self.answers.borrow_mut().clear();
        self.computed.borrow_mut().clear();
        self.budget.renew(steps);
    }

    /// Where `expr` of `function` comes from.
    pub fn resolve(&self, function: FunctionId, expr: Expr, context: &Context) -> Vec<Answer> {
        self.answered(Question::Value(function, expr, context.clone()), |search| {
            self.value(search, function, expr, context, &Trail::default());
        })
    }

    /// Where the word at `at` in `memory` comes from.
    pub fn word(&self, function: FunctionId, at: Location, memory: &Snapshot, context: &Context) -> Vec<Answer> {
        if let Some((_, value)) = memory.get(at) {
            return self.resolve(function, value, context);
        }
        self.answered(Question::Word(function, at, memory.state, context.clone()), |search| {
            self.load(search, function, at, self.width(), memory.state, context, &Trail::default());
        })
    }

    fn answered(&self, question: Question, search_for: impl FnOnce(&mut Search)) -> Vec<Answer> {
        if let Some(known) = self.answers.borrow().get(&question, &self.budget) {
            self.budget.step();
            return known.clone();
        }
        let (standing, cuts) = (self.budget.standing(), self.budget.cuts());
        let mut search = Search::default();
        search_for(&mut search);
        let cut = (self.budget.cuts() > cuts).then_some(standing);
        self.answers.borrow_mut().keep(question, search.found.clone(), cut);
        search.found
    }

    /// Numbers that `expr` can be, where it can be nothing else.
    pub fn numbers(&self, function: FunctionId, expr: Expr, context: &Context) -> Option<Vec<u64>> {
        self.numbers_through(function, expr, context, OPERATIONS)
    }

    fn numbers_through(&self, function: FunctionId, expr: Expr, context: &Context, depth: u32) -> Option<Vec<u64>> {
        let mut numbers = Vec::new();
        for (found, above, _) in self.resolve(function, expr, context) {
            match found {
                Found::Number(number) => numbers.push(number),
                // What is made of one value that is known, as a port that is cut to its sixteen bits.
                Found::Operation(owner, made) if depth > 0 => {
                    let local = self.unit.local(owner)?;
                    let mut leaves = Vec::new();
                    local.exprs.leaves(made, &mut leaves);
                    let [of] = leaves[..] else { return None };
                    let value = local.exprs.leaf_expr(of).filter(|value| *value != made)?;
                    for number in self.numbers_through(owner, value, &above, depth - 1)? {
                        numbers.push(local.exprs.evaluate(made, &mut |leaf| (leaf == of).then_some(number))?);
                    }
                }
                _ => return None,
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        Some(numbers).filter(|numbers| !numbers.is_empty())
    }

    /// What a callee gives back whose arguments are all numbers.
    fn computed(&self, function: FunctionId, call: CallId, callee: FunctionId) -> Option<u64> {
        let (local, to) = (self.unit.local(function)?, self.unit.local(callee)?);
        let made = local.call(call)?;
        // Its own text can tell more than a number about functions that do other things besides.
        if !to.stores.iter().all(
            |store| matches!(store.at, Address::At(Location { base: Some(base), .. }) if to.entry(base) == Some(self.unit.machine.stack)),
        ) {
            return None;
        }
        let values: Vec<Option<u64>> = made.arguments.iter().map(|argument| local.exprs.value(*argument)).collect();
        if values.first().copied().flatten().is_none() || !self.budget.step() {
            return None;
        }
        let key = (callee, values);
        if let Some(known) = self.computed.borrow().get(&key) {
            return *known;
        }
        let number = execute::result(self.unit, callee, &key.1);
        self.computed.borrow_mut().insert(key, number);
        number
    }

    /// How far behind `pointer` the location `at` of the same function lies, where that is known. A place of the function's own stack is
    /// also found behind a pointer that runs.
    pub fn distance(&self, function: FunctionId, pointer: Expr, at: Location) -> Option<u64> {
        let local = self.unit.local(function)?;
        let mask = self.width().mask();
        if let Address::At(start) = local.locate(pointer, self.unit.program, self.unit.machine)
            && start.base == at.base
        {
            return Some(at.offset.wrapping_sub(start.offset) & mask).filter(|by| *by <= REACH);
        }
        let own = at.base.and_then(|base| local.entry(base)) == Some(self.unit.machine.stack);
        // A pointer that runs on from the very thing: `recv(fd, p, n); p += got`.
        if let Address::At(start) | Address::Within(start) = local.locate(pointer, self.unit.program, self.unit.machine)
            && let Some(base) = start.base.filter(|base| Some(*base) != at.base && !own)
            && self.began(function, base) == at.base
        {
            return Some(at.offset).filter(|by| *by <= REACH);
        }
        if !own || local.exprs.value(pointer).is_some() {
            return None;
        }
        let places = self.objects.pointees(function, pointer);
        let here = places.iter().filter(|place| place.object == Object::Stack(function));
        here.map(|place| at.offset.wrapping_sub(place.offset) & mask).filter(|by| *by <= REACH).min()
    }

    /// What a pointer began as that moves on through what it points into.
    pub fn began(&self, function: FunctionId, pointer: Expr) -> Option<Expr> {
        self.unit.local(function)?.began(pointer, self.width())
    }

    /// Width of a pointer.
    pub fn width(&self) -> Width {
        width_of(self.unit.machine)
    }

    pub(super) fn end(search: &mut Search, found: Found, context: &Context, trail: &Trail) {
        if search.found.len() < ANSWERS && !search.found.iter().any(|(known, other, _)| *known == found && other == context) {
            search.found.push((found, context.clone(), trail.clone()));
        }
    }

    pub(super) fn value(&self, search: &mut Search, function: FunctionId, expr: Expr, context: &Context, trail: &Trail) {
        search.depth += 1;
        self.value_here(search, function, expr, context, trail);
        search.depth -= 1;
    }

    fn value_here(&self, search: &mut Search, function: FunctionId, expr: Expr, context: &Context, trail: &Trail) {
        if !search.seen.insert((function, expr, context.clone())) {
            return;
        }
        if !search.step() || !self.budget.step() {
            return Self::end(search, Found::Unknown, context, trail);
        }
        let Some(local) = self.unit.local(function) else { return Self::end(search, Found::Unknown, context, trail) };
        match local.exprs.node(expr) {
            Node::Const(number) => Self::end(search, Found::Number(number), context, trail),
            Node::Select(_, yes, no) => {
                self.value(search, function, yes, context, trail);
                self.value(search, function, no, context, trail);
            }
            Node::Unary(..) | Node::Binary(..) => {
                if let Address::At(Location { base: Some(base), offset }) = local.locate(expr, self.unit.program, self.unit.machine)
                    && local.entry(base) == Some(self.unit.machine.stack)
                {
                    return Self::end(search, Found::Stack(function, self.width().signed(offset)), context, trail);
                }
                self.rows_of(search, function, expr, context, trail);
                Self::end(search, Found::Operation(function, expr), context, trail);
            }
            Node::Leaf(_) => {
                let Some(leaf) = local.leaf(expr) else { return Self::end(search, Found::Unknown, context, trail) };
                self.leaf(search, function, expr, leaf, context, trail);
            }
        }
    }

    fn leaf(&self, search: &mut Search, function: FunctionId, expr: Expr, leaf: &Leaf, context: &Context, trail: &Trail) {
        match leaf {
            Leaf::Entry(var) if *var == self.unit.machine.stack => Self::end(search, Found::Stack(function, 0), context, trail),
            Leaf::Entry(var) => match self.unit.argument_of(*var) {
                Some(index) => self.passed(search, function, index, context, trail),
                None => Self::end(search, Found::Unknown, context, trail),
            },
            Leaf::Result(call, var) => {
                let place = self.unit.machine.results.iter().position(|result| result == var);
                match place {
                    Some(place) => self.given_back(search, function, *call, place, context, trail),
                    None => Self::end(search, Found::Unknown, context, trail),
                }
            }
            Leaf::Memory { at, width, state } => self.load(search, function, *at, *width, *state, context, trail),
            Leaf::Element { address, width, .. } => {
                if let Some(local) = self.unit.local(function)
                    && let Address::Within(Location { base: None, offset }) = local.locate(*address, self.unit.program, self.unit.machine)
                    && *width == self.width()
                {
                    self.element(search, offset, stride(local, *address), *width, context, trail);
                }
                Self::end(search, Found::Element(function, expr), context, trail);
            }
            Leaf::Join { block, slot } => {
                let Some(local) = self.unit.local(function) else { return };
                for (value, ..) in local.ways(*block, *slot) {
                    self.value(search, function, value, context, trail);
                }
                self.rows_of(search, function, expr, context, trail);
            }
            Leaf::Import(slot) => {
                let name = self.unit.program.imports.get(slot).cloned().unwrap_or_default();
                Self::end(search, Found::Import(name), context, trail);
            }
            Leaf::Start | Leaf::Called { .. } | Leaf::Unknown => Self::end(search, Found::Unknown, context, trail),
        }
    }

    /// The rows of the table that an address counts through, or that a pointer runs through.
    fn rows_of(&self, search: &mut Search, function: FunctionId, expr: Expr, context: &Context, trail: &Trail) {
        let rows = self.unit.local(function).map_or_else(Vec::new, |local| self.unit.rows_of(local, expr));
        for row in rows {
            Self::end(search, Found::Number(row), context, trail);
        }
    }

    /// The entries of a table at a fixed address, `step` bytes apart, as long as its rows look alike.
    pub(super) fn table(&self, search: &mut Search, start: u64, step: Option<u64>, width: Width, context: &Context, trail: &Trail) {
        let Some(step) = step.filter(|step| *step > 0) else { return Self::end(search, Found::Unknown, context, trail) };
        let mut rows = self.unit.rows(start, step);
        if rows.is_empty() {
            rows = (0..ANSWERS as u64).map(|index| start.wrapping_add(index * step)).collect();
        }
        for at in rows {
            let Some(number) = self.unit.program.memory.number(at, width) else { break };
            if width == self.width() && step == width.bytes() && !self.unit.program.memory.holds(number) {
                break;
            }
            Self::end(search, Found::Number(number), context, trail);
        }
    }

    /// The callers that can have led here, with the context in each.
    pub fn callers(&self, function: FunctionId, context: &Context) -> Vec<(Edge, Context)> {
        match context.up() {
            Some((edge, above)) => {
                let beside = self.unit.set_beside(edge);
                std::iter::once(edge.clone()).chain(beside).map(|edge| (edge, above.clone())).collect()
            }
            None => self.unit.callers(function).iter().map(|edge| (edge.clone(), Context::default())).collect(),
        }
    }

    pub(super) fn passed(&self, search: &mut Search, function: FunctionId, index: usize, context: &Context, trail: &Trail) {
        let callers = self.callers(function, context);
        if callers.is_empty() {
            return Self::end(search, Found::Argument(function, index), context, trail);
        }
        for (edge, above) in callers {
            if edge.brings(index) {
                Self::end(search, Found::Filled(edge.from, edge.call, BROUGHT), &above, trail);
            }
            let Some(index) = edge.passed_as(index) else { continue };
            if let Some((local, value)) = self.unit.argument(edge.from, edge.call, index) {
                let site = local.call(edge.call).map_or(0, |call| call.site);
                self.value(search, edge.from, value, &above, &trail.with(edge.from, site, StepKind::Passed));
            }
        }
    }

    fn given_back(&self, search: &mut Search, function: FunctionId, call: CallId, place: usize, context: &Context, trail: &Trail) {
        let edges = self.unit.callees(function, call);
        let internal: Vec<_> = edges.iter().filter(|edge| edge.passing == Passing::Own).collect();
        let library = self.unit.targets(function, call).iter().any(|target| matches!(target, Target::Library(_)));
        if internal.is_empty() || library {
            return Self::end(search, Found::Result(function, call), context, trail);
        }
        let site = self.unit.local(function).and_then(|local| local.call(call)).map_or(0, |call| call.site);
        if let ([edge], 0) = (internal.as_slice(), place)
            && let Some(number) = self.computed(function, call, edge.to)
        {
            return Self::end(search, Found::Number(number), context, &trail.with(function, site, StepKind::GivenBack));
        }
        for edge in internal {
            let (Some(inner), Some(callee)) = (context.down(edge), self.unit.local(edge.to)) else {
                Self::end(search, Found::Unknown, context, trail);
                continue;
            };
            for back in &callee.returns {
                if let Some(value) = back.values.get(place) {
                    self.value(search, edge.to, *value, &inner, &trail.with(function, site, StepKind::GivenBack));
                }
            }
        }
    }
}
