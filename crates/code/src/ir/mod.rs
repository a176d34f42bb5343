//! The intermediate representation: what one machine instruction does, in words that no processor owns.
//!
//! An instruction becomes a few three-address operations over *variables* (registers, flags, temporaries) and at most one change of
//! flow. It is deliberately small: what a lifter cannot say with it, it says with [`Op::Clobber`] ("now holds something unknown"), so
//! that the analyses behind it are never told a falsehood. The analyses know nothing of the processor beyond [`Machine`].
//!
//! - Values are unsigned 64-bit words. An operation works on the low bits that its [`Width`] names and leaves zeros above them.
//! - A condition is a value of 0 or 1. Comparisons give such values, [`Op::Select`] and guards (`when`) take them.
//! - Flags are variables. A lifter computes each exactly ([`Binary::AddOverflow`] and the like exist for this); what a *pair* of
//!   flags means together ("less than") is recovered by the expressions of the analyses, not by the lifter.
//! - Memory is addressed by bytes; a [`Op::Load`] zero-extends, a sign extension is an operation of its own.
//! - Temporaries live within one instruction.

mod eval;
mod machine;
mod show;

pub use eval::{Memory, Outcome, Stopped, binary, evaluate, unary};
pub use machine::{Machine, Mode};

/// A register, a flag or a temporary. Numbers below [`Machine::names`]' length are the machine's own, temporaries follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Var(pub u16);

/// Where an operation takes a value from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Src {
    /// What the variable holds.
    Var(Var),
    /// This number.
    Const(u64),
}

impl From<Var> for Src {
    fn from(var: Var) -> Self {
        Self::Var(var)
    }
}

impl From<u64> for Src {
    fn from(value: u64) -> Self {
        Self::Const(value)
    }
}

/// How many bits an operation works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Width {
    /// 8 bits.
    W8,
    /// 16 bits.
    W16,
    /// 32 bits.
    W32,
    /// 64 bits.
    W64,
}

impl Width {
    /// 8, 16, 32 or 64.
    pub fn bits(self) -> u32 {
        match self {
            Self::W8 => 8,
            Self::W16 => 16,
            Self::W32 => 32,
            Self::W64 => 64,
        }
    }

    /// The width of 1, 2, 4 or 8 bytes.
    pub fn of_bytes(bytes: u64) -> Option<Self> {
        [Self::W8, Self::W16, Self::W32, Self::W64].into_iter().find(|width| width.bytes() == bytes)
    }

    /// 1, 2, 4 or 8.
    pub fn bytes(self) -> u64 {
        u64::from(self.bits() / 8)
    }

    /// The low bits set.
    pub fn mask(self) -> u64 {
        u64::MAX >> (64 - self.bits())
    }

    /// `value`'s low bits, read as a two's complement number.
    pub fn signed(self, value: u64) -> i64 {
        let shift = 64 - self.bits();
        ((value << shift) as i64) >> shift
    }
}

/// Operations on one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unary {
    /// Every bit inverted.
    Not,
    /// Two's complement negation.
    Neg,
    /// The low bits of this width, zeros above.
    ZeroExtend(Width),
    /// The low bits of this width, their sign above.
    SignExtend(Width),
    /// Leading zeros; the width's bits for zero.
    CountLeadingZeros,
    /// The order of the bytes reversed.
    ByteSwap,
    /// The order of the bits reversed.
    BitReverse,
}

/// Operations on two values. Comparisons give 0 or 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Binary {
    /// a + b.
    Add,
    /// a - b.
    Sub,
    /// a · b, the low bits.
    Mul,
    /// a / b unsigned; 0 for b = 0.
    DivU,
    /// a / b signed, towards zero; 0 for b = 0.
    DivS,
    /// Bitwise and.
    And,
    /// Bitwise or.
    Or,
    /// Bitwise exclusive or.
    Xor,
    /// a shifted left by b; 0 from the width on.
    Shl,
    /// a shifted right by b, zeros from above; 0 from the width on.
    ShrU,
    /// a shifted right by b, its sign from above.
    ShrS,
    /// a rotated right by b modulo the width.
    Ror,
    /// a = b.
    Eq,
    /// a ≠ b.
    Ne,
    /// a < b unsigned.
    LtU,
    /// a ≤ b unsigned.
    LeU,
    /// a < b signed.
    LtS,
    /// a ≤ b signed.
    LeS,
    /// a + b does not fit the signed range.
    AddOverflow,
    /// a - b does not fit the signed range.
    SubOverflow,
    /// a + b does not fit the unsigned range.
    AddCarry,
}

/// One operation. With a guard (`when`) it happens only where that condition is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// to := from.
    Copy {
        /// Written.
        to: Var,
        /// Read.
        from: Src,
    },
    /// to := op a.
    Unary {
        /// Written.
        to: Var,
        /// Which.
        op: Unary,
        /// On how many bits.
        width: Width,
        /// Operand.
        a: Src,
    },
    /// to := a op b.
    Binary {
        /// Written.
        to: Var,
        /// Which.
        op: Binary,
        /// On how many bits.
        width: Width,
        /// Left operand.
        a: Src,
        /// Right operand.
        b: Src,
    },
    /// to := cond ? yes : no.
    Select {
        /// Written.
        to: Var,
        /// 0 or 1.
        cond: Src,
        /// Where 1.
        yes: Src,
        /// Where 0.
        no: Src,
    },
    /// to := memory at `at`, zero-extended.
    Load {
        /// Written.
        to: Var,
        /// Address.
        at: Src,
        /// How much.
        width: Width,
        /// Guard; where it is 0, `to` keeps its value.
        when: Option<Src>,
    },
    /// memory at `at` := value.
    Store {
        /// Address.
        at: Src,
        /// What.
        value: Src,
        /// How much.
        width: Width,
        /// Guard.
        when: Option<Src>,
    },
    /// `to` now holds something that is not modelled.
    Clobber {
        /// Written.
        to: Var,
    },
    /// Memory from `at` on was written with something that is not modelled.
    ClobberMemory {
        /// Address.
        at: Src,
        /// How many bytes; 0 where that is not known.
        bytes: u16,
    },
}

/// A place in a program: an address, and how the processor reads instructions there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Virtual address, without mode bits.
    pub address: u64,
    /// Instruction set.
    pub mode: Mode,
}

/// Where a change of flow leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// A fixed place.
    At(Place),
    /// The address that a value holds, mode bits included ([`Machine::place_of`] reads them).
    Value(Src),
}

/// What comes after an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flow {
    /// The instruction behind it.
    Next,
    /// A jump; where `cond` is 0, the instruction behind it.
    Jump {
        /// To where.
        to: Target,
        /// 0 or 1; none for always.
        cond: Option<Src>,
    },
    /// A call that comes back behind the instruction.
    Call {
        /// To where.
        to: Target,
        /// 0 or 1; none for always.
        cond: Option<Src>,
    },
    /// Back to the caller. `to` is the value jumped to, for interpreters.
    Return {
        /// The return address as it stands in a variable.
        to: Src,
        /// 0 or 1; none for always.
        cond: Option<Src>,
    },
    /// A system call; comes back behind the instruction.
    System {
        /// 0 or 1; none for always.
        cond: Option<Src>,
    },
    /// Never comes back: an undefined instruction, a breakpoint.
    Stop,
}

/// One instruction in this representation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifted {
    /// Bytes of the instruction.
    pub len: u8,
    /// What it does, in order; the flow comes after.
    pub ops: Vec<Op>,
    /// What comes after.
    pub flow: Flow,
    /// False where something of it is only said by a clobber.
    pub modelled: bool,
}
