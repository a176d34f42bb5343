//! The steps of one block: each operation of its instructions over the state.
//!
//! Arithmetic makes expressions of expressions. A load finds the word that the function itself stored, a word of the program that nobody
//! changes, or a leaf; a store is remembered where its address is known, and filed in any case. An address of the function's own frame
//! that is stored or handed away has *escaped*: whoever is called later may write behind it.

use super::{Key, Runner, State};
use crate::{
    ir::{Binary, Op, Src, Var, Width},
    values::{
        Expr,
        expr::SIZE,
        leaf::{Leaf, Location},
        local::{Address, Store, locate},
        memory::Snapshot,
    },
};

/// How far from an instruction the number is that it reads as its own place.
const HERE: u64 = 16;

impl Runner<'_> {
    /// The word at `at`.
    pub(super) fn word(&mut self, memory: &Snapshot, at: Location, width: Width) -> Expr {
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

    pub(super) fn block(&mut self, number: u32, mut state: State) -> State {
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

    pub(super) fn get(&mut self, from: Src, state: &State) -> Expr {
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
    pub(super) fn escape(&mut self, value: Expr) {
        if let (Some(base), offset) = self.exprs.base_and_offset(value, self.width)
            && base == self.stack
        {
            self.escaped.insert(self.width.signed(offset));
        }
    }

    pub(super) fn is_escaped(&self, offset: u64) -> bool {
        let offset = self.width.signed(offset);
        self.escaped.range(..=offset).next_back().is_some_and(|start| offset - start < 4096)
    }
}
