//! A way through code read as expressions: what is computed along it, over what is not known.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::code::Instruction;
use crate::{
    ir::{Flow, Machine, Op, Src, Target, Var, Width, binary, unary},
    load::Program,
    values::{Expr, Exprs, Node},
};

/// An expression larger than this becomes unknown: it also bounds how deep one goes into another.
const SIZE: u16 = 200;

/// An instruction on the way to a jump. `held`: whether the condition at its end was 1 on this way, if it has one.
pub struct Step<'a> {
    /// The instruction.
    pub instruction: &'a Instruction,
    /// Its condition's value on this way.
    pub held: Option<bool>,
}

/// What is not known: a variable as the way found it, or what stood in memory.
#[derive(Debug, Clone, Copy)]
pub enum Leaf {
    /// A variable.
    Var,
    /// A word of memory.
    Load(Expr, Width),
}

/// The expressions of a way.
pub struct Trace<'a> {
    program: &'a Program<'a>,
    exprs: Exprs,
    leaves: Vec<Leaf>,
    vars: HashMap<Var, Expr>,
    loads: HashMap<(Expr, Width, u32), Expr>,
    stores: u32,
    /// Where the jump at the end leads.
    pub target: Option<Expr>,
    /// Conditions on the way, and what each was.
    pub guards: Vec<(Expr, bool)>,
}

impl<'a> Trace<'a> {
    /// Reads `way`. `fixed` are numbers that variables hold before its first instruction.
    pub fn of<'s>(
        program: &'a Program<'a>,
        machine: &Machine,
        way: impl Iterator<Item = &'s Step<'s>>,
        fixed: &BTreeMap<Var, u64>,
    ) -> Self {
        let mut trace = Self {
            program,
            exprs: Exprs::default(),
            leaves: Vec::new(),
            vars: HashMap::new(),
            loads: HashMap::new(),
            stores: 0,
            target: None,
            guards: Vec::new(),
        };
        for (var, value) in fixed {
            let value = trace.exprs.constant(*value);
            trace.vars.insert(*var, value);
        }
        for step in way {
            trace.run(&step.instruction.lifted.ops);
            match step.instruction.lifted.flow {
                Flow::Call { .. } | Flow::System { .. } => trace.forget(machine),
                Flow::Jump { to, cond } => {
                    if let (Some(cond), Some(held)) = (cond, step.held) {
                        let cond = trace.get(cond);
                        trace.guards.push((cond, held));
                    }
                    trace.target = match to {
                        Target::Value(value) => Some(trace.get(value)),
                        Target::At(_) => None,
                    };
                }
                _ => {}
            }
        }
        trace
    }

    /// The expressions.
    pub fn exprs(&self) -> &Exprs {
        &self.exprs
    }

    /// What a leaf stands for.
    pub fn leaf(&self, leaf: u32) -> Option<Leaf> {
        self.leaves.get(leaf as usize).copied()
    }

    /// What `expr` is made of, also through the addresses of loads: parts before what they are parts of.
    pub fn parts(&self, expr: Expr) -> Vec<Expr> {
        let mut found = Vec::new();
        self.gather(expr, &mut found);
        found
    }

    fn gather(&self, expr: Expr, found: &mut Vec<Expr>) {
        if found.contains(&expr) || found.len() >= usize::from(SIZE) {
            return;
        }
        match self.exprs.node(expr) {
            Node::Const(_) => return,
            Node::Leaf(leaf) => {
                if let Some(Leaf::Load(address, _)) = self.leaf(leaf) {
                    self.gather(address, found);
                }
            }
            Node::Unary(_, _, a) => self.gather(a, found),
            Node::Binary(_, _, a, b) => [a, b].into_iter().for_each(|part| self.gather(part, found)),
            Node::Select(a, b, c) => [a, b, c].into_iter().for_each(|part| self.gather(part, found)),
        }
        found.push(expr);
    }

    /// `expr` where the part `index` is `value`, reading tables from memory. `reads` takes what was read.
    pub fn evaluate(&self, expr: Expr, index: Expr, value: u64, reads: &mut BTreeSet<(u64, u64)>) -> Option<u64> {
        if expr == index {
            return Some(value);
        }
        Some(match self.exprs.node(expr) {
            Node::Const(value) => value,
            Node::Leaf(leaf) => {
                let Leaf::Load(address, width) = self.leaf(leaf)? else { return None };
                let at = self.evaluate(address, index, value, reads)?;
                let fixed = self.program.memory.constant(at) || self.program.pointers.contains_key(&at);
                let read = self.program.memory.number(at, width).filter(|_| fixed)?;
                reads.insert((at, width.bytes()));
                read
            }
            Node::Unary(op, width, a) => unary(op, width, self.evaluate(a, index, value, reads)?),
            Node::Binary(op, width, a, b) => {
                let a = self.evaluate(a, index, value, reads)?;
                binary(op, width, a, self.evaluate(b, index, value, reads)?)
            }
            Node::Select(cond, yes, no) => {
                let holds = self.evaluate(cond, index, value, reads)? == 1;
                self.evaluate(if holds { yes } else { no }, index, value, reads)?
            }
        })
    }

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
            let value = if self.exprs.size(value) > SIZE { self.fresh(Leaf::Var) } else { value };
            self.vars.insert(to, value);
        }
    }
}
