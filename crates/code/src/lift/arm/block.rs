//! The operations of one instruction while they are put together.
//!
//! Two rules keep lifted code true. **Everything is read before anything is written**: an operand is the register's own variable, not a
//! copy, so a register is written when no later operation reads it. **Conditions wrap writes**: a value is always computed; only its way
//! into the register is selected, stores and loads are guarded.

use crate::{
    ir::{Binary, Flow, Op, Src, Target, Unary, Var, Width, binary, unary},
    lift::arm::{
        MACHINE,
        insn::{LR, PC},
    },
};

/// Flag variables.
pub const N: Var = Var(16);
/// Zero.
pub const Z: Var = Var(17);
/// Carry, or no borrow.
pub const C: Var = Var(18);
/// Signed overflow.
pub const V: Var = Var(19);
/// Saturation happened.
pub const Q: Var = Var(20);

/// One instruction's operations.
pub struct Block {
    /// So far.
    pub ops: Vec<Op>,
    /// What comes after.
    pub flow: Flow,
    /// False where a clobber stands for something.
    pub modelled: bool,
    /// Something was written that cannot be: these bytes are no instruction.
    pub refused: bool,
    /// T32.
    pub thumb: bool,
    /// Address of the instruction.
    at: u32,
    /// 0 or 1; none for always.
    cond: Option<Src>,
    temporaries: u16,
}

impl Block {
    /// Nothing, at a place.
    pub fn new(at: u32, thumb: bool) -> Self {
        Self { ops: Vec::new(), flow: Flow::Next, modelled: true, refused: false, thumb, at, cond: None, temporaries: 0 }
    }

    /// What `pc` reads as: two instructions ahead (A2.3).
    pub fn pc(&self) -> u32 {
        self.at.wrapping_add(if self.thumb { 4 } else { 8 })
    }

    /// From here on, writes happen under this condition (A8.3).
    pub fn only_if(&mut self, cond: u8) {
        let flag = |block: &mut Self, flag: Var, set: bool| if set { flag.into() } else { block.binary(Binary::Eq, flag.into(), 0.into()) };
        let set = cond & 1 == 0;
        self.cond = Some(match cond >> 1 {
            0 => flag(self, Z, set),
            1 => flag(self, C, set),
            2 => flag(self, N, set),
            3 => flag(self, V, set),
            // hi: carry and not zero; ls: the opposite.
            4 if set => {
                let nonzero = flag(self, Z, false);
                self.binary(Binary::And, C.into(), nonzero)
            }
            4 => {
                let borrow = flag(self, C, false);
                self.binary(Binary::Or, Z.into(), borrow)
            }
            5 => self.binary(if set { Binary::Eq } else { Binary::Ne }, N.into(), V.into()),
            6 if set => {
                let nonzero = flag(self, Z, false);
                let same = self.binary(Binary::Eq, N.into(), V.into());
                self.binary(Binary::And, nonzero, same)
            }
            6 => {
                let differ = self.binary(Binary::Ne, N.into(), V.into());
                self.binary(Binary::Or, Z.into(), differ)
            }
            _ => return,
        });
    }

    /// The condition, for flows and guards.
    pub fn cond(&self) -> Option<Src> {
        self.cond
    }

    /// Narrows the condition; only for instructions that have none of their own (`cbz`).
    pub fn also_if(&mut self, cond: Src) {
        self.cond = Some(cond);
    }

    /// A register's value.
    pub fn read(&self, reg: u8) -> Src {
        if reg == PC { u64::from(self.pc()).into() } else { Var(reg.into()).into() }
    }

    /// A new temporary.
    pub fn temporary(&mut self) -> Var {
        self.temporaries += 1;
        Var(MACHINE.first_temporary() + self.temporaries - 1)
    }

    /// `a op b` on 32 bits.
    pub fn binary(&mut self, op: Binary, a: Src, b: Src) -> Src {
        self.binary_on(Width::W32, op, a, b)
    }

    /// `a op b`.
    pub fn binary_on(&mut self, width: Width, op: Binary, a: Src, b: Src) -> Src {
        if let (Src::Const(a), Src::Const(b)) = (a, b) {
            return binary(op, width, a, b).into();
        }
        let to = self.temporary();
        self.ops.push(Op::Binary { to, op, width, a, b });
        to.into()
    }

    /// `op a` on 32 bits.
    pub fn unary(&mut self, op: Unary, a: Src) -> Src {
        self.unary_on(Width::W32, op, a)
    }

    /// `op a`.
    pub fn unary_on(&mut self, width: Width, op: Unary, a: Src) -> Src {
        if let Src::Const(a) = a {
            return unary(op, width, a).into();
        }
        let to = self.temporary();
        self.ops.push(Op::Unary { to, op, width, a });
        to.into()
    }

    /// `cond ? yes : no`.
    pub fn select(&mut self, cond: Src, yes: Src, no: Src) -> Src {
        let to = self.temporary();
        self.ops.push(Op::Select { to, cond, yes, no });
        to.into()
    }

    /// A value that stays as it is when a register is written.
    pub fn keep(&mut self, value: Src) -> Src {
        match value {
            Src::Var(var) if var.0 < MACHINE.first_temporary() => {
                let to = self.temporary();
                self.ops.push(Op::Copy { to, from: value });
                to.into()
            }
            _ => value,
        }
    }

    /// Bit `at` of a value.
    pub fn bit(&mut self, value: Src, at: u8) -> Src {
        let low = if at == 0 { value } else { self.binary(Binary::ShrU, value, u64::from(at).into()) };
        if at == 31 { low } else { self.binary(Binary::And, low, 1.into()) }
    }

    /// Writes a register; `value` is not used afterwards. The program counter has its own ways.
    pub fn set(&mut self, reg: u8, value: Src) {
        if reg == PC {
            self.refused = true;
        }
        self.set_var(Var(reg.into()), value);
    }

    /// Writes a flag; `value` is not used afterwards.
    pub fn set_flag(&mut self, flag: Var, value: Src) {
        // The condition may be a flag itself ("eq" is Z): what comes after must see it as it was.
        if let Some(Src::Var(var)) = self.cond
            && (N.0..=Q.0).contains(&var.0)
        {
            let kept = self.keep(Src::Var(var));
            self.cond = Some(kept);
        }
        self.set_var(flag, value);
    }

    fn set_var(&mut self, to: Var, value: Src) {
        if let Some(cond) = self.cond {
            self.ops.push(Op::Select { to, cond, yes: value, no: to.into() });
            return;
        }
        // An operation that was made for this variable writes it directly: `add r0, r1, #1` is one operation.
        if let (Some(last), Src::Var(made)) = (self.ops.last_mut(), value)
            && made.0 >= MACHINE.first_temporary()
        {
            match last {
                Op::Unary { to: target, .. } | Op::Binary { to: target, .. } | Op::Select { to: target, .. } if *target == made => {
                    *target = to;
                    return;
                }
                _ => {}
            }
        }
        if value != Src::Var(to) {
            self.ops.push(Op::Copy { to, from: value });
        }
    }

    /// N and Z of a result of 32 bits.
    pub fn set_nz(&mut self, value: Src) {
        self.set_nz_on(Width::W32, value);
    }

    /// N and Z of a result.
    pub fn set_nz_on(&mut self, width: Width, value: Src) {
        let zero = self.binary_on(width, Binary::Eq, value, 0.into());
        self.set_flag(Z, zero);
        let negative = self.binary_on(width, Binary::LtS, value, 0.into());
        self.set_flag(N, negative);
    }

    /// Sets Q where `happened` is 1; it is never cleared but by `msr`.
    pub fn saturated(&mut self, happened: Src) {
        let q = self.binary(Binary::Or, Q.into(), happened);
        self.set_flag(Q, q);
    }

    /// A load into a variable, guarded by the condition.
    pub fn load(&mut self, to: Var, at: Src, width: Width) {
        self.ops.push(Op::Load { to, at, width, when: self.cond });
    }

    /// A store, guarded by the condition.
    pub fn store(&mut self, at: Src, value: Src, width: Width) {
        self.ops.push(Op::Store { at, value, width, when: self.cond });
    }

    /// A register now holds something unknown.
    pub fn clobber(&mut self, reg: u8) {
        self.modelled = false;
        if reg == PC {
            self.refused = true;
        }
        self.ops.push(Op::Clobber { to: Var(reg.into()) });
    }

    /// A jump to a value whose bit 0 names the instruction set.
    pub fn jump(&mut self, value: Src) {
        self.flow = Flow::Jump { to: target(value), cond: self.cond };
    }

    /// A return to a value whose bit 0 names the instruction set.
    pub fn give_back(&mut self, value: Src) {
        self.flow = Flow::Return { to: value, cond: self.cond };
    }

    /// A call: the link register takes the address behind this instruction. `to` must not be the link register's variable.
    pub fn call(&mut self, to: Target, len: u8) {
        let back = self.at.wrapping_add(len.into()) | u32::from(self.thumb);
        self.set(LR, u64::from(back).into());
        self.flow = Flow::Call { to, cond: self.cond };
    }
}

/// A value as a target.
pub fn target(value: Src) -> Target {
    match value {
        Src::Const(value) => Target::At(MACHINE.place_of(value)),
        Src::Var(_) => Target::Value(value),
    }
}
