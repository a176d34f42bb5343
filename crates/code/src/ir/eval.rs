//! The meaning of the representation, as an interpreter over concrete values. The lifters are checked with it against execution.

use super::{Binary, Flow, Lifted, Op, Src, Target, Unary, Var, Width};

/// Memory that an interpreter reads and writes.
pub trait Memory {
    /// `width` bytes at `address` as a number of the memory's byte order; none where nothing is mapped.
    fn load(&mut self, address: u64, width: Width) -> Option<u64>;
    /// Writes; false where nothing is mapped.
    fn store(&mut self, address: u64, width: Width, value: u64) -> bool;
}

/// Where an interpreted instruction led.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Behind itself.
    Next,
    /// To this value, mode bits included for computed targets.
    To(Target),
    /// A system call.
    System,
    /// Nowhere.
    Stop,
}

/// Why an instruction could not be interpreted to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// An access to memory that is not there.
    Fault(u64),
    /// A variable outside the given ones.
    NoVariable(Var),
}

/// Runs one instruction over `vars`. `unknown` is told each variable that was clobbered.
pub fn evaluate(lifted: &Lifted, vars: &mut [u64], memory: &mut dyn Memory, unknown: &mut dyn FnMut(Var)) -> Result<Outcome, Stopped> {
    for op in &lifted.ops {
        match *op {
            Op::Copy { to, from } => {
                let value = get(vars, from)?;
                set(vars, to, value)?;
            }
            Op::Unary { to, op, width, a } => {
                let value = unary(op, width, get(vars, a)?);
                set(vars, to, value)?;
            }
            Op::Binary { to, op, width, a, b } => {
                let value = binary(op, width, get(vars, a)?, get(vars, b)?);
                set(vars, to, value)?;
            }
            Op::Select { to, cond, yes, no } => {
                let value = get(vars, if get(vars, cond)? == 1 { yes } else { no })?;
                set(vars, to, value)?;
            }
            Op::Load { to, at, width, when } => {
                if holds(vars, when)? {
                    let at = get(vars, at)?;
                    let value = memory.load(at, width).ok_or(Stopped::Fault(at))?;
                    set(vars, to, value)?;
                }
            }
            Op::Store { at, value, width, when } => {
                if holds(vars, when)? {
                    let at = get(vars, at)?;
                    if !memory.store(at, width, get(vars, value)? & width.mask()) {
                        return Err(Stopped::Fault(at));
                    }
                }
            }
            Op::Clobber { to } => unknown(to),
            Op::ClobberMemory { .. } => {}
        }
    }
    Ok(match lifted.flow {
        Flow::Jump { to, cond } | Flow::Call { to, cond } if holds(vars, cond)? => Outcome::To(settle(vars, to)?),
        Flow::Return { to, cond } if holds(vars, cond)? => Outcome::To(Target::Value(get(vars, to)?.into())),
        Flow::System { cond } if holds(vars, cond)? => Outcome::System,
        Flow::Stop => Outcome::Stop,
        _ => Outcome::Next,
    })
}

fn settle(vars: &[u64], to: Target) -> Result<Target, Stopped> {
    Ok(match to {
        Target::At(_) => to,
        Target::Value(value) => Target::Value(get(vars, value)?.into()),
    })
}

fn get(vars: &[u64], from: Src) -> Result<u64, Stopped> {
    match from {
        Src::Const(value) => Ok(value),
        Src::Var(var) => vars.get(usize::from(var.0)).copied().ok_or(Stopped::NoVariable(var)),
    }
}

fn set(vars: &mut [u64], to: Var, value: u64) -> Result<(), Stopped> {
    *vars.get_mut(usize::from(to.0)).ok_or(Stopped::NoVariable(to))? = value;
    Ok(())
}

fn holds(vars: &[u64], cond: Option<Src>) -> Result<bool, Stopped> {
    cond.map_or(Ok(true), |cond| Ok(get(vars, cond)? == 1))
}

/// `op a` on `width` bits.
pub fn unary(op: Unary, width: Width, a: u64) -> u64 {
    let a = a & width.mask();
    let value = match op {
        Unary::Not => !a,
        Unary::Neg => a.wrapping_neg(),
        Unary::ZeroExtend(from) => a & from.mask(),
        Unary::SignExtend(from) => from.signed(a) as u64,
        Unary::CountLeadingZeros => u64::from(a.leading_zeros() - (64 - width.bits())),
        Unary::ByteSwap => a.swap_bytes() >> (64 - width.bits()),
        Unary::BitReverse => a.reverse_bits() >> (64 - width.bits()),
    };
    value & width.mask()
}

/// `a op b` on `width` bits.
pub fn binary(op: Binary, width: Width, a: u64, b: u64) -> u64 {
    let bits = width.bits();
    let (a, b) = (a & width.mask(), b & width.mask());
    let (sa, sb) = (width.signed(a), width.signed(b));
    let beyond = b >= u64::from(bits);
    let value = match op {
        Binary::Add => a.wrapping_add(b),
        Binary::Sub => a.wrapping_sub(b),
        Binary::Mul => a.wrapping_mul(b),
        Binary::DivU => a.checked_div(b).unwrap_or(0),
        Binary::DivS if sb == 0 => 0,
        Binary::DivS => sa.wrapping_div(sb) as u64,
        Binary::And => a & b,
        Binary::Or => a | b,
        Binary::Xor => a ^ b,
        Binary::Shl | Binary::ShrU if beyond => 0,
        Binary::Shl => a << b,
        Binary::ShrU => a >> b,
        Binary::ShrS => (sa >> b.min(63)) as u64,
        Binary::Ror => {
            let by = (b % u64::from(bits)) as u32;
            if by == 0 { a } else { (a >> by) | (a << (bits - by)) }
        }
        Binary::Eq => u64::from(a == b),
        Binary::Ne => u64::from(a != b),
        Binary::LtU => u64::from(a < b),
        Binary::LeU => u64::from(a <= b),
        Binary::LtS => u64::from(sa < sb),
        Binary::LeS => u64::from(sa <= sb),
        Binary::AddOverflow => u64::from(i128::from(width.signed(a.wrapping_add(b))) != i128::from(sa) + i128::from(sb)),
        Binary::SubOverflow => u64::from(i128::from(width.signed(a.wrapping_sub(b))) != i128::from(sa) - i128::from(sb)),
        Binary::AddCarry => u64::from((u128::from(a) + u128::from(b)) > u128::from(width.mask())),
    };
    value & width.mask()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn works_on_the_bits_it_is_told() {
        assert_eq!(binary(Binary::Add, Width::W32, 0xffff_ffff, 2), 1);
        assert_eq!(binary(Binary::ShrS, Width::W32, 0x8000_0000, 40), 0xffff_ffff);
        assert_eq!(binary(Binary::Shl, Width::W32, 1, 32), 0);
        assert_eq!(binary(Binary::Ror, Width::W32, 1, 33), 0x8000_0000);
        assert_eq!(binary(Binary::DivS, Width::W32, 0x8000_0000, 0xffff_ffff), 0x8000_0000);
        assert_eq!(unary(Unary::SignExtend(Width::W8), Width::W32, 0x80), 0xffff_ff80);
        assert_eq!(unary(Unary::ByteSwap, Width::W16, 0x1234), 0x3412);
        assert_eq!(unary(Unary::CountLeadingZeros, Width::W32, 0), 32);
    }

    #[test]
    fn flags_of_a_subtraction() {
        assert_eq!(binary(Binary::SubOverflow, Width::W32, 0x8000_0000, 1), 1);
        assert_eq!(binary(Binary::SubOverflow, Width::W32, 5, 7), 0);
        assert_eq!(binary(Binary::AddCarry, Width::W64, u64::MAX, 1), 1);
        assert_eq!(binary(Binary::AddOverflow, Width::W64, i64::MAX as u64, 1), 1);
    }
}
