//! What is known of registers along a straight line of instructions: numbers, places on the stack, names from elsewhere.
//!
//! Much less than the analyses of [`crate::values`] know, and cheap enough to run over every instruction while it is being found: it
//! resolves stubs of imports, addresses that code computes, and how far the stack has grown.

use crate::{
    ir::{Binary, Machine, Op, Src, Var, binary, unary},
    load::Program,
};

/// What a variable holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// A number.
    Number(u64),
    /// The stack pointer at the function's entry plus this.
    Stack(i64),
    /// The address of the name that the loader puts into this slot.
    Import(u64),
}

/// What all variables hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    vars: Vec<Option<Known>>,
}

/// What one instruction showed.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Numbers that it put into variables.
    pub numbers: Vec<u64>,
    /// Constant memory that it read: address and bytes.
    pub reads: Vec<(u64, u64)>,
}

impl State {
    /// Nothing is known.
    pub fn unknown(machine: &Machine) -> Self {
        Self { vars: vec![None; machine.names.len()] }
    }

    /// At a function's entry.
    pub fn entry(machine: &Machine) -> Self {
        let mut state = Self::unknown(machine);
        state.set(machine.stack, Some(Known::Stack(0)));
        state
    }

    /// What `from` holds.
    pub fn get(&self, from: Src) -> Option<Known> {
        match from {
            Src::Const(value) => Some(Known::Number(value)),
            Src::Var(var) => self.vars.get(usize::from(var.0)).copied().flatten(),
        }
    }

    fn set(&mut self, to: Var, value: Option<Known>) {
        let at = usize::from(to.0);
        if at >= self.vars.len() {
            self.vars.resize(at + 1, None);
        }
        if let Some(slot) = self.vars.get_mut(at) {
            *slot = value;
        }
    }

    /// Forgets what does not outlive a jump: all but what a callee would give back, and the stack pointer.
    pub fn across_blocks(&self, machine: &Machine) -> Self {
        let mut state = Self::unknown(machine);
        for var in machine.kept.iter().copied().chain([machine.stack]) {
            state.set(var, self.get(var.into()));
        }
        state
    }

    /// Forgets what a call destroys.
    pub fn after_call(&mut self, machine: &Machine) {
        *self = self.across_blocks(machine);
    }

    /// Runs `ops`.
    pub fn step(&mut self, ops: &[Op], program: &Program<'_>) -> Seen {
        let mut seen = Seen::default();
        for op in ops {
            let (to, value) = match *op {
                Op::Copy { to, from } => (to, self.get(from)),
                Op::Unary { to, op, width, a } => match self.get(a) {
                    Some(Known::Number(a)) => (to, Some(Known::Number(unary(op, width, a)))),
                    _ => (to, None),
                },
                Op::Binary { to, op, width, a, b } => {
                    let value = match (op, self.get(a), self.get(b)) {
                        (_, Some(Known::Number(a)), Some(Known::Number(b))) => Some(Known::Number(binary(op, width, a, b))),
                        (Binary::Add, Some(Known::Stack(base)), Some(Known::Number(by)))
                        | (Binary::Add, Some(Known::Number(by)), Some(Known::Stack(base))) => {
                            Some(Known::Stack(base.wrapping_add(width.signed(by))))
                        }
                        (Binary::Sub, Some(Known::Stack(base)), Some(Known::Number(by))) => {
                            Some(Known::Stack(base.wrapping_sub(width.signed(by))))
                        }
                        _ => None,
                    };
                    (to, value)
                }
                Op::Select { to, .. } | Op::Clobber { to } => (to, None),
                Op::Load { to, at, width, when } => match self.get(at) {
                    Some(Known::Number(at)) if when.is_none() => {
                        seen.reads.push((at, width.bytes()));
                        let fixed = program.memory.constant(at) || program.pointers.contains_key(&at);
                        let value = match program.imports.contains_key(&at) {
                            true => Some(Known::Import(at)),
                            false if fixed => program.memory.number(at, width).map(Known::Number),
                            false => None,
                        };
                        (to, value)
                    }
                    _ => (to, None),
                },
                Op::Store { .. } | Op::ClobberMemory { .. } => continue,
            };
            if let Some(Known::Number(number)) = value {
                seen.numbers.push(number);
            }
            self.set(to, value);
        }
        seen
    }
}
