//! Running a function's blocks over expressions until nothing changes.
//!
//! A *state* is what every variable and every known word of memory holds at one point. A block turns the state at its start into the one
//! at its end ([`step`]: its operations; [`leave`]: its calls and how it goes on); where ways come together, [`join`] makes one state of
//! several. Blocks run in the order of the function's shape, and again as long as a state before them changes. That ends: a slot that once
//! differed at a join stays a leaf of its own. Addresses in the frame that turn out to be handed away begin it all anew, since calls
//! change what stands there. The last run over each block, when all states are known, files what the function does ([`Local`]).

mod join;
mod leave;
mod step;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use leave::leaves_by_jump;

use super::{
    Expr, Exprs,
    cfg::Shape,
    expr::COUNT,
    leaf::{CallId, Leaf, Location, Slot},
    local::{Callee, Local, Outside, width_of},
    memory::Snapshot,
};
use crate::{
    functions::Function,
    ir::{Flow, Target, Var, Width},
};

/// Blocks of one function; a larger one is not read.
const BLOCKS: usize = 8_000;
/// Expressions of one function.
const EXPRS: usize = 400_000;
/// The rank up to which a leaf is a pointer beyond doubt ([`Exprs::unlike_pointer`]).
const POINTER: u8 = 2;
/// Runs of one block.
const RUNS: u32 = 24;

/// By what a leaf is known, so that the same question is the same leaf.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Entry(Var),
    Result(CallId, Var),
    Memory(Location, Width, Expr),
    Element(Expr, Width, Expr),
    Join(u32, Slot),
    Start,
    Called(CallId),
    Import(u64),
    Unknown(u64, u16),
}

/// What holds at one point.
#[derive(Debug, Clone, PartialEq)]
struct State {
    vars: Vec<Expr>,
    memory: Snapshot,
}

/// The work in progress.
pub(super) struct Runner<'a> {
    function: &'a Function,
    outside: &'a Outside<'a>,
    exprs: Exprs,
    leaves: Vec<Leaf>,
    keys: HashMap<Key, Expr>,
    shape: Shape,
    entering: Vec<Option<State>>,
    leaving: Vec<Option<State>>,
    joined: HashSet<(u32, Slot)>,
    sites: BTreeMap<u64, CallId>,
    callees: HashMap<CallId, Callee>,
    /// On what blocks decide.
    decided: HashMap<u32, Expr>,
    escaped: BTreeSet<i64>,
    width: Width,
    stack: Expr,
    /// Filled by the last run over each block.
    done: Option<Local>,
    cut: bool,
}

impl<'a> Runner<'a> {
    pub(super) fn new(function: &'a Function, outside: &'a Outside<'a>) -> Self {
        let number = function.blocks.len();
        let mut runner = Self {
            function,
            outside,
            exprs: Exprs::default(),
            leaves: Vec::new(),
            keys: HashMap::new(),
            shape: Shape::of(function, &|block| {
                let code = function.blocks.get(block as usize).map(|block| outside.code.block(block));
                code.into_iter().flatten().any(|instruction| match instruction.lifted.flow {
                    Flow::Call { to: Target::At(place), .. } => (outside.waits)(&place),
                    _ => false,
                })
            }),
            entering: vec![None; number],
            leaving: vec![None; number],
            joined: HashSet::new(),
            sites: BTreeMap::new(),
            callees: HashMap::new(),
            decided: HashMap::new(),
            escaped: BTreeSet::new(),
            width: width_of(outside.machine),
            stack: Expr(0),
            done: None,
            cut: number > BLOCKS,
        };
        runner.cut |= runner.shape.cut;
        runner.stack = runner.leaf(Key::Entry(outside.machine.stack), Leaf::Entry(outside.machine.stack));
        runner.number_calls();
        runner
    }

    /// Calls are numbered by address before anything runs, so that their numbers do not depend on the order of runs.
    fn number_calls(&mut self) {
        let mut sites = BTreeSet::new();
        for block in &self.function.blocks {
            for instruction in self.outside.code.block(block) {
                if matches!(instruction.lifted.flow, Flow::Call { .. }) {
                    sites.insert(instruction.address);
                }
            }
            if let Some(last) = self.outside.code.block(block).last()
                && leaves_by_jump(block, last)
            {
                sites.insert(last.address);
            }
        }
        self.sites = sites.into_iter().enumerate().map(|(number, site)| (site, CallId(number as u32))).collect();
    }

    pub(super) fn run(mut self) -> Local {
        if !self.cut && !self.function.blocks.is_empty() {
            loop {
                let known = self.escaped.len();
                self.settle();
                if self.escaped.len() == known || self.cut {
                    break;
                }
            }
        }
        if !self.cut {
            self.rank_counts();
        }
        self.done = Some(Local::empty());
        if !self.cut {
            for index in 0..self.shape.order.len() {
                let block = self.shape.order[index];
                if let Some(state) = self.entering[block as usize].clone() {
                    self.leaving[block as usize] = Some(self.block(block, state));
                }
            }
            self.note_ways();
        }
        let mut done = self.done.take().unwrap_or_else(Local::empty);
        done.calls.sort_by_key(|call| call.site);
        done.stores.sort_by_key(|store| store.site);
        let bases = done.calls.iter().flat_map(|call| &call.arguments).map(|value| self.exprs.base_and_offset(*value, self.width));
        done.handed = bases.filter(|(base, _)| *base == Some(self.stack)).map(|(_, offset)| self.width.signed(offset)).collect();
        done.exprs = self.exprs;
        done.leaves = self.leaves;
        done.shape = self.shape;
        done.escaped = self.escaped;
        done.cut = self.cut;
        done
    }

    fn settle(&mut self) {
        let places: BTreeMap<u32, usize> = self.shape.order.iter().enumerate().map(|(place, block)| (*block, place)).collect();
        let mut waiting: BTreeSet<usize> = BTreeSet::from([0]);
        let mut runs = vec![0_u32; self.function.blocks.len()];
        self.entering.fill(None);
        self.leaving.fill(None);
        while let Some(place) = waiting.pop_first() {
            let block = self.shape.order[place];
            let state = self.join(block);
            runs[block as usize] += 1;
            if self.exprs.len() > EXPRS || runs[block as usize] > RUNS {
                self.cut = true;
                return;
            }
            if self.entering[block as usize].as_ref() == Some(&state) {
                continue;
            }
            self.entering[block as usize] = Some(state.clone());
            let after = self.block(block, state);
            if self.leaving[block as usize].as_ref() == Some(&after) {
                continue;
            }
            self.leaving[block as usize] = Some(after);
            for edge in &self.function.blocks[block as usize].edges {
                waiting.extend(places.get(&edge.to));
            }
        }
    }

    fn leaf(&mut self, key: Key, leaf: Leaf) -> Expr {
        if let Some(expr) = self.keys.get(&key) {
            return *expr;
        }
        let number = self.leaves.len() as u32;
        let expr = self.exprs.leaf(number);
        self.exprs.set_rank(number, self.rank(&leaf));
        self.leaves.push(leaf);
        self.keys.insert(key, expr);
        expr
    }

    /// How unlike a pointer a leaf is, from what it came from.
    fn rank(&self, leaf: &Leaf) -> u8 {
        match leaf {
            Leaf::Entry(var) if *var == self.outside.machine.stack => 0,
            Leaf::Import(_) => 1,
            Leaf::Result(call, _) => match self.callees.get(call).and_then(|callee| (self.outside.gives)(callee)) {
                Some(true) => POINTER,
                Some(false) => COUNT,
                None => 5,
            },
            Leaf::Entry(_) => 3,
            Leaf::Memory { width, .. } if *width == self.width => 4,
            Leaf::Join { slot: Slot::Var(_) | Slot::Memory(..), .. } => 5,
            Leaf::Element { width, .. } if *width == self.width => 6,
            Leaf::Unknown => 7,
            _ => COUNT,
        }
    }

    fn start(&mut self) -> State {
        let names = self.outside.machine.names.len() as u16;
        let vars = (0..names).map(|var| self.leaf(Key::Entry(Var(var)), Leaf::Entry(Var(var)))).collect();
        let state = self.leaf(Key::Start, Leaf::Start);
        State { vars, memory: Snapshot::new(state) }
    }
}
