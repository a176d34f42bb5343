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
    /// The farthest that the stack has grown since the function's entry: 0 or below.
    pub lowest: i64,
    /// What the stack pointer is where the condition of the last instructions holds, if they move it: `popne {r4, lr}` before `bne`.
    held: Option<Known>,
    /// The return address is on the stack.
    pub saved_link: bool,
    /// Variables that have been written since the entry, a bit for each.
    written: u64,
}

/// What one instruction showed.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Numbers that it computed, or read where the loader had put an address.
    pub addresses: Vec<u64>,
    /// Other numbers that it put into variables.
    pub numbers: Vec<u64>,
    /// Constant memory that it read: address and bytes.
    pub reads: Vec<(u64, u64)>,
    /// Variables that it read for what they held at the function's entry, a bit for each. Saving one on the stack is no reading.
    pub needs: u64,
    /// It saved the return address that the function was called with.
    pub saves_link: bool,
}

impl State {
    /// Nothing is known, and everything has been written.
    pub fn unknown(machine: &Machine) -> Self {
        Self { vars: vec![None; machine.names.len()], lowest: 0, held: None, saved_link: true, written: u64::MAX }
    }

    /// Somewhere in a function that has put the stack back, or never touched it.
    pub fn unwound(machine: &Machine) -> Self {
        Self { saved_link: true, written: u64::MAX, ..Self::entry(machine) }
    }

    /// At a function's entry.
    pub fn entry(machine: &Machine) -> Self {
        let mut state = Self { saved_link: false, written: 0, ..Self::unknown(machine) };
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
        self.written |= bit(to);
    }

    /// Is the stack as the function found it?
    pub fn is_unwound(&self, machine: &Machine) -> bool {
        self.get(machine.stack.into()) == Some(Known::Stack(0))
    }

    /// The same where the condition of a jump holds. True where the jump is the end of what the condition did before.
    pub fn take(&mut self, machine: &Machine) -> bool {
        let held = self.held.take();
        if held.is_some() {
            self.set(machine.stack, held);
        }
        held.is_some()
    }

    /// Forgets what does not outlive a jump: all but what a callee would give back, and the stack pointer.
    pub fn across_blocks(&self, machine: &Machine) -> Self {
        let mut state = Self { lowest: self.lowest, saved_link: self.saved_link, ..Self::unknown(machine) };
        for var in machine.kept.iter().copied().chain([machine.stack]) {
            state.set(var, self.get(var.into()));
        }
        state.written = self.written;
        state
    }

    /// Forgets what a call destroys.
    pub fn after_call(&mut self, machine: &Machine) {
        let kept = machine.kept.iter().fold(0, |kept, var| kept | bit(*var));
        let written = self.written | !kept;
        *self = Self { written, ..self.across_blocks(machine) };
    }

    /// Runs `ops`.
    pub fn step(&mut self, ops: &[Op], program: &Program<'_>, machine: &Machine) -> Seen {
        let mut seen = Seen::default();
        let stack = self.get(machine.stack.into());
        let conditional =
            ops.iter().any(|op| matches!(op, Op::Select { .. } | Op::Load { when: Some(_), .. } | Op::Store { when: Some(_), .. }));
        if conditional && self.held.is_some() {
            self.set(machine.stack, self.held);
        }
        for op in ops {
            seen.needs |= self.needs(op);
            let (to, value) = match *op {
                Op::Select { to, yes, no, .. } if to == machine.stack && no == to.into() => {
                    self.held = self.get(yes);
                    continue;
                }
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
                    if let (Binary::Add, Some(Known::Number(sum))) = (op, value) {
                        seen.addresses.push(sum);
                    }
                    (to, value)
                }
                Op::Select { to, .. } | Op::Clobber { to } => (to, None),
                Op::Load { to, at, width, when } => match self.get(at) {
                    Some(Known::Number(at)) if when.is_some() => {
                        seen.reads.push((at, width.bytes()));
                        (to, None)
                    }
                    Some(Known::Number(at)) => {
                        seen.reads.push((at, width.bytes()));
                        let linked = program.pointers.contains_key(&at);
                        let value = match program.imports.contains_key(&at) {
                            true => Some(Known::Import(at)),
                            false if linked || program.memory.constant(at) => program.memory.number(at, width).map(Known::Number),
                            false => None,
                        };
                        if let (true, Some(Known::Number(address))) = (linked, value) {
                            seen.addresses.push(address);
                        }
                        (to, value)
                    }
                    _ => (to, None),
                },
                Op::Store { value, .. } => {
                    // What is saved is the function's own from then on.
                    if let (Src::Var(var), true) = (value, self.is_saved(op)) {
                        if Some(var) == machine.link && self.written & bit(var) == 0 {
                            seen.saves_link = true;
                            self.saved_link = true;
                        }
                        self.written |= bit(var);
                    }
                    continue;
                }
                Op::ClobberMemory { .. } => continue,
            };
            if let Some(Known::Number(number)) = value {
                seen.numbers.push(number);
            }
            self.set(to, value);
        }
        if conditional {
            self.set(machine.stack, stack);
        }
        if let Some(Known::Stack(height)) = self.get(machine.stack.into()) {
            self.lowest = self.lowest.min(height);
        }
        seen
    }

    /// Does `op` put something into the function's own frame?
    fn is_saved(&self, op: &Op) -> bool {
        matches!(*op, Op::Store { at, .. } if matches!(self.get(at), Some(Known::Stack(height)) if height < 0))
    }

    /// Variables that `op` reads and that nothing has written before.
    fn needs(&self, op: &Op) -> u64 {
        let read = |from: Src| match from {
            Src::Var(var) => bit(var) & !self.written,
            Src::Const(_) => 0,
        };
        match *op {
            Op::Copy { to, from } if from == to.into() => 0,
            Op::Copy { from, .. } => read(from),
            Op::Unary { a, .. } => read(a),
            Op::Binary { a, b, .. } => read(a) | read(b),
            // What a condition leaves as it was is not read.
            Op::Select { to, cond, yes, no } => read(cond) | read(yes) | if no == to.into() { 0 } else { read(no) },
            Op::Load { at, when, .. } => read(at) | when.map_or(0, read),
            Op::Store { at, value, when, .. } => read(at) | if self.is_saved(op) { 0 } else { read(value) } | when.map_or(0, read),
            Op::Clobber { .. } => 0,
            Op::ClobberMemory { at, .. } => read(at),
        }
    }
}

/// The bit of a variable; temporaries beyond the sets have none.
pub fn bit(var: Var) -> u64 {
    1_u64.checked_shl(var.0.into()).unwrap_or(0)
}
