//! Running a function's blocks over expressions until nothing changes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{
    Expr, Exprs, Node,
    cfg::Shape,
    expr::{COUNT, SIZE},
    leaf::{CallId, Leaf, Location, Slot},
    local::{Address, Branch, Call, Callee, Local, Outside, Return, Store, locate, width_of},
    memory::Snapshot,
};
use crate::{
    functions::{Block, EdgeKind, Function, Instruction},
    ir::{Binary, Flow, Op, Src, Target, Var, Width},
};

/// Blocks of one function; a larger one is not read.
const BLOCKS: usize = 8_000;
/// Expressions of one function.
const EXPRS: usize = 400_000;
/// How far from an instruction the number is that it reads as its own place.
const HERE: u64 = 16;
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
                Some(true) => 2,
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

    /// The state on an edge: what was compared with a number, and found equal, is that number; what was done under a condition is known.
    fn over(&mut self, from: u32, edge: u32) -> Option<State> {
        let mut state = self.leaving[from as usize].clone()?;
        let kind = self.function.blocks[from as usize].edges.get(edge as usize).map(|edge| edge.kind);
        let (Some(cond), Some(kind)) = (self.decided.get(&from).copied(), kind) else { return Some(state) };
        let truth = kind != EdgeKind::Next;
        // What was done under this very condition, as a conditional return takes back what was saved, was done or was not.
        for var in &mut state.vars {
            if let Node::Select(when, yes, no) = self.exprs.node(*var)
                && when == cond
            {
                *var = if truth { yes } else { no };
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
    fn join(&mut self, block: u32) -> State {
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
        self.leaf(Key::Join(block, slot), Leaf::Join { block, slot })
    }

    /// Files what each join joins.
    fn note_ways(&mut self) {
        // In order: a word that is looked at here for the first time gets the next number.
        let mut joined: Vec<(u32, Slot)> = self.joined.iter().copied().collect();
        joined.sort_unstable();
        for (block, slot) in joined {
            let before = self.shape.before[block as usize].clone();
            let mut values = Vec::new();
            for (from, edge) in before {
                let value = self.over(from, edge).map(|state| match slot {
                    Slot::Var(var) => state.vars[usize::from(var.0)],
                    Slot::Memory(at, width) => self.word(&state.memory, at, width),
                    Slot::State => state.memory.state,
                });
                values.push(value);
            }
            if let Some(done) = &mut self.done {
                done.set_ways(block, slot, values);
            }
        }
    }

    /// The word at `at`.
    fn word(&mut self, memory: &Snapshot, at: Location, width: Width) -> Expr {
        if let Some((stored, value)) = memory.get(at) {
            if stored == width {
                return value;
            }
            if stored > width {
                let mask = self.exprs.constant(width.mask());
                return self.exprs.binary(Binary::And, stored, value, mask);
            }
        }
        if at.base.is_none() {
            let program = self.outside.program;
            if program.imports.contains_key(&at.offset) {
                return self.leaf(Key::Import(at.offset), Leaf::Import(at.offset));
            }
            let linked = self.is_linked(at.offset);
            if (program.memory.constant(at.offset) || linked)
                && let Some(value) = program.memory.number(at.offset, width)
            {
                if linked {
                    self.exprs.set_place(value);
                }
                return self.exprs.constant(value);
            }
        }
        let state = memory.state;
        self.leaf(Key::Memory(at, width, state), Leaf::Memory { at, width, state })
    }

    /// A slot of the global offset table: written by the loader alone. Other relocated words are variables with a first value.
    fn is_linked(&self, address: u64) -> bool {
        let program = self.outside.program;
        program.pointers.contains_key(&address) && program.linked.contains(address)
    }

    fn block(&mut self, number: u32, mut state: State) -> State {
        let function = self.function;
        let block = &function.blocks[number as usize];
        let code = self.outside.code;
        for instruction in code.block(block) {
            for (index, op) in instruction.lifted.ops.iter().enumerate() {
                self.op(op, instruction.address, index as u16, number, &mut state);
            }
            self.flow(instruction, block, number, &mut state);
        }
        state.vars.truncate(self.outside.machine.names.len());
        state
    }

    fn get(&mut self, from: Src, state: &State) -> Expr {
        match from {
            Src::Const(value) => self.exprs.constant(value),
            Src::Var(var) => match state.vars.get(usize::from(var.0)) {
                Some(value) => *value,
                None => self.exprs.constant(0),
            },
        }
    }

    fn set(&mut self, to: Var, value: Expr, state: &mut State) {
        let at = usize::from(to.0);
        if at >= state.vars.len() {
            let zero = self.exprs.constant(0);
            state.vars.resize(at + 1, zero);
        }
        state.vars[at] = value;
    }

    fn op(&mut self, op: &Op, site: u64, index: u16, block: u32, state: &mut State) {
        let (to, value) = match *op {
            Op::Copy { to, from } => (to, self.get(from, state)),
            Op::Unary { to, op, width, a } => {
                let a = self.get(a, state);
                (to, self.exprs.unary(op, width, a))
            }
            Op::Binary { to, op, width, a, b } => {
                let here = [a, b].into_iter().any(|from| matches!(from, Src::Const(number) if number.abs_diff(site) <= HERE));
                let (a, b) = (self.get(a, state), self.get(b, state));
                let value = self.exprs.binary(op, width, a, b);
                if op == Binary::Add
                    && let Some(sum) = self.exprs.value(value)
                    && (here || [a, b].into_iter().any(|part| self.exprs.value(part).is_some_and(|part| self.exprs.is_place(part))))
                {
                    self.exprs.set_place(sum);
                }
                (to, value)
            }
            Op::Select { to, cond, yes, no } => {
                let (cond, yes, no) = (self.get(cond, state), self.get(yes, state), self.get(no, state));
                (to, self.exprs.select(cond, yes, no))
            }
            Op::Load { to, at, width, when } => {
                let address = self.get(at, state);
                let address = match when {
                    None => address,
                    Some(when) => {
                        let when = self.get(when, state);
                        self.exprs.assumed(when, address)
                    }
                };
                let value = self.load(address, width, state);
                let value = match when {
                    None => value,
                    Some(when) => {
                        let (when, before) = (self.get(when, state), self.get(to.into(), state));
                        self.exprs.select(when, value, before)
                    }
                };
                (to, value)
            }
            Op::Store { at, value, width, when } => {
                let (at, value) = (self.get(at, state), self.get(value, state));
                let when = when.map(|when| self.get(when, state));
                let [at, value] = [at, value].map(|expr| when.map_or(expr, |when| self.exprs.assumed(when, expr)));
                return self.store(at, value, width, when, site, block, state);
            }
            Op::Clobber { to } => (to, self.leaf(Key::Unknown(site, index), Leaf::Unknown)),
            Op::ClobberMemory { at, bytes } => {
                let at = self.get(at, state);
                let value = self.leaf(Key::Unknown(site, index), Leaf::Unknown);
                for word in 0..u64::from(bytes) / self.width.bytes() {
                    let by = self.exprs.constant(word * self.width.bytes());
                    let at = self.exprs.binary(Binary::Add, self.width, at, by);
                    self.store(at, value, self.width, None, site, block, state);
                }
                return;
            }
        };
        let value = if self.exprs.size(value) > SIZE { self.leaf(Key::Unknown(site, index), Leaf::Unknown) } else { value };
        self.set(to, value, state);
    }

    fn load(&mut self, address: Expr, width: Width, state: &State) -> Expr {
        match locate(&self.exprs, address, self.outside.program, self.width) {
            Address::At(at) => self.word(&state.memory, at, width),
            Address::Within(_) => {
                let when = state.memory.state;
                self.leaf(Key::Element(address, width, when), Leaf::Element { address, width, state: when })
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one operation")]
    fn store(&mut self, address: Expr, value: Expr, width: Width, cond: Option<Expr>, site: u64, block: u32, state: &mut State) {
        self.escape(value);
        let at = locate(&self.exprs, address, self.outside.program, self.width);
        if let Address::At(place) = at {
            let kept = match cond {
                None => value,
                Some(cond) => {
                    let before = self.word(&state.memory, place, width);
                    self.exprs.select(cond, value, before)
                }
            };
            state.memory.set(place, width, kept);
        }
        if let Some(done) = &mut self.done {
            let address = matches!(at, Address::Within(_)).then_some(address);
            done.stores.push(Store { site, block, at, address, width, value, cond });
        }
    }

    /// `value` leaves the function's own hands: if it is an address on the stack, others may write there.
    fn escape(&mut self, value: Expr) {
        if let (Some(base), offset) = self.exprs.base_and_offset(value, self.width)
            && base == self.stack
        {
            self.escaped.insert(self.width.signed(offset));
        }
    }

    fn is_escaped(&self, offset: u64) -> bool {
        let offset = self.width.signed(offset);
        self.escaped.range(..=offset).next_back().is_some_and(|start| offset - start < 4096)
    }

    fn flow(&mut self, instruction: &Instruction, block: &Block, number: u32, state: &mut State) {
        let site = instruction.address;
        let cond = match instruction.lifted.flow {
            Flow::Jump { cond, .. } | Flow::Call { cond, .. } | Flow::Return { cond, .. } | Flow::System { cond } => cond,
            Flow::Next | Flow::Stop => None,
        };
        let cond = cond.map(|cond| self.get(cond, state));
        let is_last = site + u64::from(instruction.lifted.len) == block.end;
        match instruction.lifted.flow {
            Flow::Call { to, .. } => {
                self.call(site, number, to, cond, false, state);
            }
            Flow::Return { .. } => {
                self.give_back(number, state);
                self.branch(number, site, cond.map(Branch::If));
            }
            Flow::Jump { to, .. } if leaves_by_jump(block, instruction) => {
                let after = self.call(site, number, to, cond, true, &mut state.clone());
                self.give_back(number, &after);
                self.branch(number, site, cond.map(Branch::If));
            }
            Flow::Jump { to, .. } => {
                let cases = block.edges.iter().any(|edge| matches!(edge.kind, EdgeKind::Case(_)));
                let branch = match (to, cond) {
                    (Target::Value(value), _) if cases => Some(Branch::Switch(self.get(value, state))),
                    (_, cond) => cond.map(Branch::If),
                };
                self.branch(number, site, branch);
            }
            Flow::Next if is_last && !block.tail_calls.is_empty() => {
                let to = Target::At(block.tail_calls[0]);
                let after = self.call(site, number, to, None, true, &mut state.clone());
                self.give_back(number, &after);
            }
            Flow::Next | Flow::System { .. } | Flow::Stop => {}
        }
    }

    fn branch(&mut self, block: u32, site: u64, branch: Option<Branch>) {
        if let Some(Branch::If(cond)) = branch {
            self.decided.insert(block, cond);
        }
        if let (Some(done), Some(branch)) = (&mut self.done, branch) {
            done.branches.insert(block, (site, branch));
        }
    }

    fn give_back(&mut self, block: u32, state: &State) {
        let values = self.outside.machine.results.iter().map(|var| state.vars[usize::from(var.0)]).collect();
        if let Some(done) = &mut self.done {
            done.returns.push(Return { block, values, memory: state.memory.clone() });
        }
    }

    fn call(&mut self, site: u64, block: u32, to: Target, cond: Option<Expr>, tail: bool, state: &mut State) -> State {
        let machine = self.outside.machine;
        let callee = match to {
            Target::At(place) => Callee::At(place),
            Target::Value(value) => {
                let value = self.get(value, state);
                match self.exprs.value(value) {
                    Some(address) => Callee::At(machine.place_of(address)),
                    None => Callee::Value(value),
                }
            }
        };
        let Some(id) = self.sites.get(&site).copied() else { return state.clone() };
        self.callees.insert(id, callee);
        let arguments: Vec<Expr> = machine.arguments.iter().map(|var| state.vars[usize::from(var.0)]).collect();
        arguments.iter().for_each(|value| self.escape(*value));
        let stack = state.vars[usize::from(machine.stack.0)];
        let before = state.memory.clone();
        if !(self.outside.quiet)(&callee) {
            let called = self.leaf(Key::Called(id), Leaf::Called { call: id, before: before.clone() });
            if let Node::Leaf(number) = self.exprs.node(called) {
                self.leaves[number as usize] = Leaf::Called { call: id, before: before.clone() };
            }
            state.memory.state = called;
            let this = &*self;
            state.memory.retain(|at| at.base == Some(this.stack) && !this.is_escaped(at.offset));
        }
        for number in 0..machine.names.len() as u16 {
            let var = Var(number);
            if machine.kept.contains(&var) || var == machine.stack {
                continue;
            }
            let result = self.leaf(Key::Result(id, var), Leaf::Result(id, var));
            let value = match cond {
                None => result,
                Some(cond) => self.exprs.select(cond, result, state.vars[usize::from(number)]),
            };
            state.vars[usize::from(number)] = value;
        }
        if let Some(done) = &mut self.done {
            done.calls.push(Call { site, block, callee, arguments, stack, memory: before, cond, tail });
        }
        state.clone()
    }
}

/// Does `block` end by a jump out of the function, `last` being its last instruction?
fn leaves_by_jump(block: &Block, last: &Instruction) -> bool {
    let jumps = matches!(last.lifted.flow, Flow::Jump { .. } | Flow::Next);
    let computed = matches!(last.lifted.flow, Flow::Jump { to: Target::Value(_), .. });
    jumps && (!block.tail_calls.is_empty() || (computed && !block.lost && !block.edges.iter().any(|edge| edge.kind != EdgeKind::Next)))
}
