//! Running a piece of a function with some of its values known: every way that its decisions then leave open.
//!
//! What is known are leaves: the byte that a round of a loop looks at, an argument. What follows from them is computed, through joins by
//! the edge that was taken, through constant tables, tests of classes of letters and functions of the program that only compute. A decision
//! on anything else is taken both ways. Everything is counted in steps; who runs out of them knows nothing.

use std::{
    cell::Cell,
    collections::{BTreeMap, HashMap, HashSet},
};

use super::classes::{entry, is_of};
use crate::{
    flow::{edges::Passing, unit::Unit},
    functions::{EdgeKind, FunctionId},
    ir::{Binary, binary, unary},
    models::How,
    values::{Branch, CallId, Expr, Leaf, Local, Node, Slot},
};

/// Functions that are run for the sake of one another.
const DEPTH: u32 = 2;
/// Blocks of one function that only computes.
const COMPUTED: usize = 40;
/// Values that are as much work as a block.
const KNOWN: usize = 8;
/// Letters of a text that one is looked up in.
const TEXT: usize = 256;

/// Values of leaves.
pub type Known = BTreeMap<u32, u64>;

/// A place that a way has come to, with what is known there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The block.
    pub block: u32,
    /// Values of leaves there.
    pub known: Known,
    /// Was anything decided by a byte that is looked at?
    pub tested: bool,
}

/// What runs: one function, and how many steps are left.
pub struct Run<'u, 'a> {
    /// The program.
    pub unit: &'u Unit<'a>,
    /// The function.
    pub function: FunctionId,
    /// The same as expressions.
    pub local: &'u Local,
    /// Its joins that anything hangs on, by block.
    joins: HashMap<u32, Vec<(u32, Slot)>>,
    steps: &'u Cell<usize>,
    depth: u32,
}

impl<'u, 'a> Run<'u, 'a> {
    /// For `function`, within so many steps.
    pub fn new(unit: &'u Unit<'a>, function: FunctionId, steps: &'u Cell<usize>) -> Option<Self> {
        let local = unit.local(function)?;
        let (mut joins, matters): (HashMap<u32, Vec<(u32, Slot)>>, _) = (HashMap::new(), matters(local));
        for (number, leaf) in local.leaves.iter().enumerate() {
            if let Leaf::Join { block, slot } = leaf
                && matters.contains(&(number as u32))
            {
                joins.entry(*block).or_default().push((number as u32, *slot));
            }
        }
        Some(Self { unit, function, local, joins, steps, depth: DEPTH })
    }

    /// Are there steps left?
    pub fn has_steps(&self) -> bool {
        self.steps.get() > 0
    }

    /// Does something in so many steps; where they are too few, there are none left for anything.
    pub fn within(&self, steps: usize, work: impl FnOnce()) {
        let left = self.steps.get();
        let given = steps.min(left);
        self.steps.set(given);
        work();
        let rest = self.steps.get();
        self.steps.set(if rest == 0 { 0 } else { left - (given - rest) });
    }

    /// The joins of a block.
    pub fn joins(&self, block: u32) -> &[(u32, Slot)] {
        self.joins.get(&block).map(Vec::as_slice).unwrap_or_default()
    }

    /// Goes every way from `start`. `decide` may say itself how a decision falls (by block and condition; the answers that are possible);
    /// `arrive` is told of each place that a way comes to, and says whether it goes on there. `tests` are leaves of the bytes looked at.
    pub fn ways(
        &self,
        start: Place,
        tests: &HashSet<u32>,
        decide: &mut dyn FnMut(u32, Expr, &Known) -> Option<(bool, bool)>,
        arrive: &mut dyn FnMut(&Place) -> bool,
    ) {
        let Some(code) = self.unit.code.function(self.function) else { return };
        let mut seen = HashSet::from([start.clone()]);
        let mut waiting = vec![start];
        while let Some(here) = waiting.pop() {
            // A place costs more where there is more to know.
            let cost = 1 + here.known.len() / KNOWN;
            let Some(left) = self.steps.get().checked_sub(cost) else { return self.steps.set(0) };
            self.steps.set(left);
            let Some(block) = code.blocks.get(here.block as usize) else { continue };
            let branch = self.local.branches.get(&here.block).map(|(_, branch)| *branch);
            let mut tested = here.tested;
            let (mut truth, mut target) = ((true, true), None);
            match branch {
                Some(Branch::If(cond)) => {
                    truth = decide(here.block, cond, &here.known).unwrap_or_else(|| match self.number(cond, &here.known) {
                        Some(value) => (value != 0, value == 0),
                        None => (true, true),
                    });
                    tested |= self.mentions(cond, tests);
                }
                Some(Branch::Switch(value)) => {
                    target = self.number(value, &here.known);
                    tested |= self.mentions(value, tests);
                }
                None => {}
            }
            for (number, edge) in block.edges.iter().enumerate() {
                let taken = match (branch, edge.kind) {
                    (Some(Branch::If(_)), EdgeKind::Next) => truth.1,
                    (Some(Branch::If(_)), _) => truth.0,
                    (Some(Branch::Switch(_)), EdgeKind::Case(_)) => {
                        let place = code.blocks.get(edge.to as usize).map(|block| block.place.address);
                        target.is_none_or(|target| place == Some(self.unit.machine.place_of(target).address))
                    }
                    _ => true,
                };
                if !taken {
                    continue;
                }
                let next = Place { block: edge.to, known: self.after(&here.known, (here.block, number as u32), edge.to), tested };
                if arrive(&next) && seen.insert(next.clone()) {
                    waiting.push(next);
                }
            }
        }
    }

    /// What is known at the start of `to`, by this edge.
    fn after(&self, known: &Known, edge: (u32, u32), to: u32) -> Known {
        let mut after = known.clone();
        for (leaf, slot) in self.joins(to) {
            let way = self.local.ways(to, *slot).find(|(_, from, index)| (*from, *index) == edge);
            match way.and_then(|(value, ..)| self.number(value, known)) {
                Some(value) => _ = after.insert(*leaf, value),
                None => _ = after.remove(leaf),
            }
        }
        after
    }

    /// Does a value depend on any of these leaves, also through what calls make of them?
    fn mentions(&self, expr: Expr, leaves: &HashSet<u32>) -> bool {
        let mut found = Vec::new();
        self.local.exprs.leaves(expr, &mut found);
        found.iter().any(|leaf| {
            leaves.contains(leaf)
                || match self.local.leaves.get(*leaf as usize) {
                    Some(Leaf::Result(call, _)) => {
                        let mut inner = Vec::new();
                        let arguments = self.local.call(*call).map(|call| call.arguments.as_slice()).unwrap_or_default();
                        for argument in arguments {
                            self.local.exprs.leaves(*argument, &mut inner);
                        }
                        inner.iter().any(|leaf| leaves.contains(leaf))
                    }
                    Some(Leaf::Element { address, .. }) => {
                        let mut inner = Vec::new();
                        self.local.exprs.leaves(*address, &mut inner);
                        inner.iter().any(|leaf| leaves.contains(leaf))
                    }
                    _ => false,
                }
        })
    }

    /// The number that a value is, as far as what is known tells.
    pub fn number(&self, expr: Expr, known: &Known) -> Option<u64> {
        match self.local.exprs.node(expr) {
            Node::Const(value) => Some(value),
            Node::Unary(op, width, a) => Some(unary(op, width, self.number(a, known)?)),
            Node::Binary(op, width, a, b) => match (op, self.number(a, known), self.number(b, known)) {
                (_, Some(a), Some(b)) => Some(binary(op, width, a, b)),
                (Binary::And, Some(0), _) | (Binary::And, _, Some(0)) => Some(0),
                (Binary::Or, Some(1), _) | (Binary::Or, _, Some(1)) if self.local.exprs.is_condition(expr) => Some(1),
                _ => None,
            },
            Node::Select(cond, yes, no) => match self.number(cond, known) {
                Some(0) => self.number(no, known),
                Some(_) => self.number(yes, known),
                None => self.number(yes, known).filter(|yes| self.number(no, known) == Some(*yes)),
            },
            Node::Leaf(leaf) => known.get(&leaf).copied().or_else(|| self.leaf(leaf, known)),
        }
    }

    fn leaf(&self, leaf: u32, known: &Known) -> Option<u64> {
        let memory = &self.unit.program.memory;
        let (address, width) = match self.local.leaves.get(leaf as usize)? {
            Leaf::Memory { at, width, .. } => {
                let base = at.base.map_or(Some(0), |base| self.number(base, known))?;
                (base.wrapping_add(at.offset) & crate::values::width_of(self.unit.machine).mask(), *width)
            }
            Leaf::Element { address, width, .. } => match self.number(*address, known) {
                Some(address) => (address, *width),
                None => return self.looked_up(*address, known),
            },
            Leaf::Result(call, var) if Some(var) == self.unit.machine.results.first() => return self.result(*call, known),
            _ => return None,
        };
        self.unit.is_unwritten(address, width.bytes()).then(|| memory.number(address, width))?
    }

    /// What stands at an address in one of the library's tables by letters.
    fn looked_up(&self, address: Expr, known: &Known) -> Option<u64> {
        let mut leaves = Vec::new();
        self.local.exprs.leaves(address, &mut leaves);
        let (start, table) = leaves.into_iter().find_map(|leaf| {
            let Leaf::Memory { at, .. } = self.local.leaves.get(leaf as usize)? else { return None };
            let Leaf::Result(call, _) = self.local.leaf(at.base.filter(|_| at.offset == 0)?)? else { return None };
            Some((leaf, self.unit.model(self.function, *call)?.1.table?))
        })?;
        let mut known = known.clone();
        known.insert(start, 0);
        // The table goes on before its start, for letters with a sign.
        let by = crate::values::width_of(self.unit.machine).signed(self.number(address, &known)?);
        (-0x400..0x400).contains(&by).then(|| entry(table, by))
    }

    /// What a call gives back: of a library function that tells letters apart, or of one that only computes.
    fn result(&self, id: CallId, known: &Known) -> Option<u64> {
        let argument = |index: u8| self.number(self.unit.argument(self.function, id, usize::from(index))?.1, known);
        let Some((_, model)) = self.unit.model(self.function, id) else { return self.computed(id, known) };
        if let Some(tests) = model.tests {
            return Some(u64::from(is_of(tests.class, argument(tests.value)? as u8)));
        }
        let compares = model.compares.filter(|compares| compares.how == How::Character)?;
        let (text, letter) = (argument(compares.a)?, argument(compares.b)? as u8);
        let bytes = self.unit.program.memory.text(text, TEXT).filter(|bytes| self.unit.is_unwritten(text, bytes.len() as u64 + 1))?;
        let at = bytes.iter().position(|byte| *byte == letter).or((letter == 0).then_some(bytes.len()));
        Some(at.map_or(0, |at| text.wrapping_add(at as u64)))
    }

    /// What a function of the program gives back, where that follows from what it is passed and it is small.
    fn computed(&self, id: CallId, known: &Known) -> Option<u64> {
        let [edge] = self.unit.callees(self.function, id) else { return None };
        let code = self.unit.code.function(edge.to).filter(|code| code.blocks.len() <= COMPUTED)?;
        if self.depth == 0 || edge.passing != Passing::Own || code.cut {
            return None;
        }
        let inner = Run { depth: self.depth - 1, ..Run::new(self.unit, edge.to, self.steps)? };
        let mut passed = Known::new();
        for (number, leaf) in inner.local.leaves.iter().enumerate() {
            let Leaf::Entry(var) = leaf else { continue };
            let value = self.unit.argument_of(*var).and_then(|index| self.unit.argument(self.function, id, index));
            if let Some(value) = value.and_then(|(_, value)| self.number(value, known)) {
                passed.insert(number as u32, value);
            }
        }
        if passed.is_empty() {
            return None;
        }
        let mut results: Option<Option<u64>> = None;
        let mut back = |place: &Place| {
            for back in inner.local.returns.iter().filter(|back| back.block == place.block) {
                let value = back.values.first().and_then(|value| inner.number(*value, &place.known));
                results = Some(if results.is_none_or(|before| before == value) { value } else { None });
            }
            true
        };
        let start = Place { block: 0, known: passed, tested: false };
        back(&start);
        inner.ways(start, &HashSet::new(), &mut |_, _, _| None, &mut back);
        results.flatten().filter(|_| inner.has_steps())
    }
}

/// The leaves on which decisions of a function hang, and what it gives back; through joins, loads and calls, too.
fn matters(local: &Local) -> HashSet<u32> {
    let decided = local.branches.values().map(|(_, branch)| match branch {
        Branch::If(value) | Branch::Switch(value) => *value,
    });
    let given = local.returns.iter().filter_map(|back| back.values.first().copied());
    let (mut waiting, mut seen): (Vec<Expr>, HashSet<u32>) = (decided.chain(given).collect(), HashSet::new());
    while let Some(expr) = waiting.pop() {
        let mut leaves = Vec::new();
        local.exprs.leaves(expr, &mut leaves);
        for leaf in leaves.into_iter().filter(|leaf| seen.insert(*leaf)) {
            match local.leaves.get(leaf as usize) {
                Some(Leaf::Join { block, slot }) => waiting.extend(local.ways(*block, *slot).map(|(way, ..)| way)),
                Some(Leaf::Element { address, .. }) => waiting.push(*address),
                Some(Leaf::Memory { at, .. }) => waiting.extend(at.base),
                Some(Leaf::Result(call, _)) => waiting.extend(local.call(*call).into_iter().flat_map(|call| &call.arguments)),
                _ => {}
            }
        }
    }
    seen
}
