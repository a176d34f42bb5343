//! How control goes on after an instruction: calls, returns, decisions.
//!
//! A call changes what the calling convention lets it change. Each variable that it need not keep becomes a result of this call
//! ([`Leaf::Result`]), and memory becomes what the callee left ([`Leaf::Called`]), but for words of the frame whose address nobody else
//! has; one that is known to be quiet leaves memory alone. A jump out of the function is a call whose results are the function's own.

use super::{Key, Runner, State};
use crate::{
    functions::{Block, EdgeKind, Instruction},
    ir::{Flow, Target, Var},
    values::{
        Expr, Node,
        leaf::Leaf,
        local::{Branch, Call, Callee, Return},
    },
};

impl Runner<'_> {
    pub(super) fn flow(&mut self, instruction: &Instruction, block: &Block, number: u32, state: &mut State) {
        let site = instruction.address;
        let cond = match instruction.lifted.flow {
            Flow::Jump { cond, .. } | Flow::Call { cond, .. } | Flow::Return { cond, .. } | Flow::System { cond } => cond,
            Flow::Next | Flow::Stop => None,
        };
        let cond = cond.map(|cond| self.get(cond, state)).map(|cond| self.exprs.settled(cond));
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
        for value in &arguments {
            self.escape(*value);
        }
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
pub(super) fn leaves_by_jump(block: &Block, last: &Instruction) -> bool {
    let jumps = matches!(last.lifted.flow, Flow::Jump { .. } | Flow::Next);
    let computed = matches!(last.lifted.flow, Flow::Jump { to: Target::Value(_), .. });
    jumps && (!block.tail_calls.is_empty() || (computed && !block.lost && !block.edges.iter().any(|edge| edge.kind != EdgeKind::Next)))
}
