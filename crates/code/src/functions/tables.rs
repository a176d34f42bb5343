//! Jump tables: where an indirect jump of a `switch` leads.
//!
//! Compilers write them in a dozen ways (`ldrls pc, [pc, r3, lsl #2]`, `addls pc, pc, r3, lsl #2`, `tbb`, `tbh`, a table of distances in
//! position-independent code), and tools that know the ways miss the next one. Here the meaning is used instead: the instructions before
//! the jump are read as expressions, one unknown in the jump's target is taken for the index, and the jump is *computed* for one value
//! of the index after the other, as long as the conditions on the way would let it come through.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{code::Instruction, limits};
use crate::{
    ir::{Binary, Flow, Machine, Op, Place, Src, Target, Var, Width},
    load::Program,
    values::{Expr, Exprs, Node},
};

/// An instruction on the way to the jump. `held`: whether the condition at its end was 1 on this way, if it has one.
pub struct Step<'a> {
    /// The instruction.
    pub instruction: &'a Instruction,
    /// Its condition's value on this way.
    pub held: Option<bool>,
}

/// A jump table.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Index and where it leads.
    pub cases: Vec<(u32, Place)>,
    /// Addresses of the entries that were read, and their bytes.
    pub reads: BTreeSet<(u64, u64)>,
}

#[derive(Debug, Clone, Copy)]
enum Leaf {
    Var,
    Load(Expr, Width),
}

struct Trace<'a> {
    program: &'a Program<'a>,
    exprs: Exprs,
    leaves: Vec<Leaf>,
    vars: HashMap<Var, Expr>,
    loads: HashMap<(Expr, Width, u32), Expr>,
    stores: u32,
}

/// Where the jump at the end of `steps` leads; none where it is no table.
pub fn resolve(program: &Program<'_>, machine: &Machine, steps: &[Step<'_>]) -> Option<Table> {
    let mut trace = Trace { program, exprs: Exprs::default(), leaves: Vec::new(), vars: HashMap::new(), loads: HashMap::new(), stores: 0 };
    let mut guards = Vec::new();
    let mut target = None;
    for step in steps {
        trace.run(&step.instruction.lifted.ops);
        if matches!(step.instruction.lifted.flow, Flow::Call { .. } | Flow::System { .. }) {
            trace.forget(machine);
        }
        if let Flow::Jump { to, cond } = step.instruction.lifted.flow {
            if let (Some(cond), Some(held)) = (cond, step.held) {
                guards.push((trace.get(cond), held));
            }
            if let Target::Value(value) = to {
                target = Some(trace.get(value));
            }
        }
    }
    let target = target?;
    for index in trace.candidates(target) {
        let found = trace.compute(machine, target, index, &guards);
        if found.cases.len() > 1 {
            return Some(found);
        }
    }
    None
}

impl Trace<'_> {
    fn get(&mut self, from: Src) -> Expr {
        match from {
            Src::Const(value) => self.exprs.constant(value),
            Src::Var(var) => {
                if let Some(expr) = self.vars.get(&var) {
                    return *expr;
                }
                let expr = self.fresh(Leaf::Var);
                self.vars.insert(var, expr);
                expr
            }
        }
    }

    fn fresh(&mut self, leaf: Leaf) -> Expr {
        self.leaves.push(leaf);
        self.exprs.leaf(self.leaves.len() as u32 - 1)
    }

    fn forget(&mut self, machine: &Machine) {
        self.vars.retain(|var, _| machine.kept.contains(var) || *var == machine.stack);
        self.stores += 1;
    }

    fn run(&mut self, ops: &[Op]) {
        for op in ops {
            let (to, value) = match *op {
                Op::Copy { to, from } => (to, self.get(from)),
                Op::Unary { to, op, width, a } => {
                    let a = self.get(a);
                    (to, self.exprs.unary(op, width, a))
                }
                Op::Binary { to, op, width, a, b } => {
                    let (a, b) = (self.get(a), self.get(b));
                    (to, self.exprs.binary(op, width, a, b))
                }
                Op::Select { to, cond, yes, no } => {
                    let (cond, yes, no) = (self.get(cond), self.get(yes), self.get(no));
                    (to, self.exprs.select(cond, yes, no))
                }
                // A guard on the load is the guard on the jump that follows: it is looked at there.
                Op::Load { to, at, width, .. } => {
                    let at = self.get(at);
                    let value = match self.loads.get(&(at, width, self.stores)) {
                        Some(value) => *value,
                        None => self.fresh(Leaf::Load(at, width)),
                    };
                    self.loads.insert((at, width, self.stores), value);
                    (to, value)
                }
                Op::Clobber { to } => (to, self.fresh(Leaf::Var)),
                Op::Store { .. } | Op::ClobberMemory { .. } => {
                    self.stores += 1;
                    continue;
                }
            };
            let value = if self.exprs.size(value) > 200 { self.fresh(Leaf::Var) } else { value };
            self.vars.insert(to, value);
        }
    }

    /// Leaves on which `target` depends, also through the addresses of loads; what is nearest to the table last.
    fn candidates(&self, target: Expr) -> Vec<u32> {
        let mut found = Vec::new();
        self.exprs.leaves(target, &mut found);
        let mut at = 0;
        while let Some(leaf) = found.get(at).copied() {
            if let Some(Leaf::Load(address, _)) = self.leaves.get(leaf as usize) {
                self.exprs.leaves(*address, &mut found);
            }
            at += 1;
        }
        found
    }

    /// The numbers that are added to the index on its way: an index that starts at 100 is scanned from 100 on.
    fn starts(&self, index: u32, guards: &[(Expr, bool)]) -> Vec<u64> {
        let mut starts = vec![0];
        let mut rest: Vec<Expr> = guards.iter().map(|(guard, _)| *guard).collect();
        while let Some(expr) = rest.pop() {
            match self.exprs.node(expr) {
                Node::Binary(op, width, a, b) => {
                    if let (Binary::Add, Node::Leaf(leaf), Some(offset)) = (op, self.exprs.node(a), self.exprs.value(b))
                        && leaf == index
                    {
                        starts.push(offset.wrapping_neg() & width.mask());
                    }
                    rest.extend([a, b]);
                }
                Node::Unary(_, _, a) => rest.push(a),
                Node::Select(a, b, c) => rest.extend([a, b, c]),
                Node::Const(_) | Node::Leaf(_) => {}
            }
        }
        starts
    }

    fn compute(&self, machine: &Machine, target: Expr, index: u32, guards: &[(Expr, bool)]) -> Table {
        let mut best = Table::default();
        for start in self.starts(index, guards) {
            let mut table = Table::default();
            let mut bounded = false;
            let mut targets = BTreeMap::new();
            for number in 0..limits::CASES {
                let value = start.wrapping_add(number) & machine_mask(machine);
                let mut passes = true;
                for (guard, held) in guards {
                    if let Some(cond) = self.evaluate(*guard, index, value, &mut BTreeSet::new()) {
                        passes &= (cond == 1) == *held;
                        bounded |= (cond == 1) != *held;
                    }
                }
                if !passes {
                    continue;
                }
                let Some(address) = self.evaluate(target, index, value, &mut table.reads) else { break };
                let place = machine.place_of(address);
                if !self.program.memory.executable(place.address) {
                    // Entries of a table are all good or it is none.
                    return Table::default();
                }
                targets.insert(number as u32, place);
            }
            if bounded && targets.len() < limits::CASES as usize {
                table.cases = targets.into_iter().collect();
                if table.cases.len() > best.cases.len() {
                    best = table;
                }
            }
        }
        best
    }

    /// `expr` where the leaf `index` is `value`, reading tables from memory.
    fn evaluate(&self, expr: Expr, index: u32, value: u64, reads: &mut BTreeSet<(u64, u64)>) -> Option<u64> {
        self.exprs.evaluate(expr, &mut |leaf| {
            if leaf == index {
                return Some(value);
            }
            match self.leaves.get(leaf as usize)? {
                Leaf::Var => None,
                Leaf::Load(address, width) => {
                    let at = self.evaluate(*address, index, value, reads)?;
                    let fixed = self.program.memory.constant(at) || self.program.pointers.contains_key(&at);
                    let read = self.program.memory.number(at, *width).filter(|_| fixed)?;
                    reads.insert((at, width.bytes()));
                    Some(read)
                }
            }
        })
    }
}

fn machine_mask(machine: &Machine) -> u64 {
    u64::MAX >> (64 - 8 * u32::from(machine.pointer))
}
