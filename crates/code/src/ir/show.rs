//! The representation as text, for `assay explain` and for tests.

use std::fmt;

use super::{Binary, Op, Src, Unary, Var, Width};

impl fmt::Display for Var {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

impl fmt::Display for Src {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Var(var) => var.fmt(f),
            Self::Const(value) => write!(f, "{value:#x}"),
        }
    }
}

impl fmt::Display for Unary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Not => "~",
            Self::Neg => "-",
            Self::ZeroExtend(Width::W8) => "zx8 ",
            Self::ZeroExtend(Width::W16) => "zx16 ",
            Self::ZeroExtend(_) => "zx32 ",
            Self::SignExtend(Width::W8) => "sx8 ",
            Self::SignExtend(Width::W16) => "sx16 ",
            Self::SignExtend(_) => "sx32 ",
            Self::CountLeadingZeros => "clz ",
            Self::ByteSwap => "bswap ",
            Self::BitReverse => "brev ",
        })
    }
}

impl fmt::Display for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::DivU => "/u",
            Self::DivS => "/s",
            Self::And => "&",
            Self::Or => "|",
            Self::Xor => "^",
            Self::Shl => "<<",
            Self::ShrU => ">>u",
            Self::ShrS => ">>s",
            Self::Ror => "ror",
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::LtU => "<u",
            Self::LeU => "<=u",
            Self::LtS => "<s",
            Self::LeS => "<=s",
            Self::AddOverflow => "+overflow",
            Self::SubOverflow => "-overflow",
            Self::AddCarry => "+carry",
        })
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let guard = |when: Option<Src>| when.map_or(String::new(), |when| format!(" if {when}"));
        match *self {
            Self::Copy { to, from } => write!(f, "{to} := {from}"),
            Self::Unary { to, op, width, a } => write!(f, "{to} := {op}{a} : {}", width.bits()),
            Self::Binary { to, op, width, a, b } => write!(f, "{to} := {a} {op} {b} : {}", width.bits()),
            Self::Select { to, cond, yes, no } => write!(f, "{to} := {cond} ? {yes} : {no}"),
            Self::Load { to, at, width, when } => write!(f, "{to} := [{at}] : {}{}", width.bits(), guard(when)),
            Self::Store { at, value, width, when } => write!(f, "[{at}] := {value} : {}{}", width.bits(), guard(when)),
            Self::Clobber { to } => write!(f, "{to} := ?"),
            Self::ClobberMemory { at, bytes } => write!(f, "[{at}..+{bytes}] := ?"),
        }
    }
}
