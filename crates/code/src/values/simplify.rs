//! Making expressions: what can be computed is, and what compilers write in many ways comes out in one.
//!
//! - Numbers stand on the right; sums with numbers are gathered: `(x + 4) - 12` is `x + -8`.
//! - A comparison is found again in the flags that it was split into: `(a - b) == 0` is `a == b`, and "negative differs from
//!   overflow" is `a < b`.
//! - The negation of a comparison is a comparison.
//! - Instructions under a condition leave one of two values. What is asked of several of them under the same condition is asked of each
//!   side, and conditions that choose between conditions are "and" and "or" again ([`super::choices`]).

use super::expr::{Expr, Exprs, Node};
use crate::ir::{Binary, Unary, Width, binary, unary};

impl Exprs {
    /// `op a`.
    pub fn unary(&mut self, op: Unary, width: Width, a: Expr) -> Expr {
        if let Some(value) = self.value(a) {
            return self.constant(unary(op, width, value));
        }
        match (op, self.node(a)) {
            (Unary::ZeroExtend(from), _) if self.narrow(a) <= from.bits() => a,
            (Unary::Not, Node::Unary(Unary::Not, on, inner)) | (Unary::Neg, Node::Unary(Unary::Neg, on, inner)) if on == width => inner,
            _ => self.intern(Node::Unary(op, width, a)),
        }
    }

    /// `a op b`.
    pub fn binary(&mut self, op: Binary, width: Width, a: Expr, b: Expr) -> Expr {
        match (self.value(a), self.value(b)) {
            (Some(a), Some(b)) => return self.constant(binary(op, width, a, b)),
            (Some(_), None) if commutes(op) => return self.binary(op, width, b, a),
            (None, Some(number)) => {
                if let Some(expr) = self.with_number(op, width, a, number & width.mask()) {
                    return expr;
                }
            }
            _ => {}
        }
        if a == b {
            match op {
                Binary::And | Binary::Or => return a,
                Binary::Sub | Binary::Xor | Binary::Ne | Binary::LtU | Binary::LtS => return self.constant(0),
                Binary::Eq | Binary::LeU | Binary::LeS => return self.constant(1),
                _ => {}
            }
        }
        if (op == Binary::Ne || op == Binary::Xor)
            && let Some((x, y, on)) = self.less_than(a, b).or_else(|| self.less_than(b, a))
        {
            return self.binary(Binary::LtS, on, x, y);
        }
        if op == Binary::Eq
            && let Some((x, y, on)) = self.less_than(a, b).or_else(|| self.less_than(b, a))
        {
            return self.binary(Binary::LeS, on, y, x);
        }
        if (op == Binary::And || op == Binary::Or)
            && let Some(expr) = self.joined(op, a, b).or_else(|| self.joined(op, b, a))
        {
            return expr;
        }
        if let Some(expr) = self.on_each_side(op, width, a, b) {
            return expr;
        }
        // A sum of a number somewhere inside is a sum with the number outside.
        if op == Binary::Add || op == Binary::Sub {
            let (left, offset) = self.base_and_offset(a, width);
            if let (Some(left), true) = (left, offset != 0) {
                let sum = self.binary(op, width, left, b);
                let offset = self.constant(offset);
                return self.binary(Binary::Add, width, sum, offset);
            }
            let (right, offset) = self.base_and_offset(b, width);
            if let (Some(right), true) = (right, offset != 0) {
                let sum = self.binary(op, width, a, right);
                let offset = self.constant(if op == Binary::Sub { offset.wrapping_neg() & width.mask() } else { offset });
                return self.binary(Binary::Add, width, sum, offset);
            }
        }
        self.intern(Node::Binary(op, width, a, b))
    }

    /// Not `cond`, which is 0 or 1.
    pub fn negate(&mut self, cond: Expr) -> Expr {
        let zero = self.constant(0);
        self.binary(Binary::Eq, Width::W32, cond, zero)
    }

    /// Is `expr` a condition?
    pub fn is_condition(&self, expr: Expr) -> bool {
        self.narrow(expr) == 1
    }

    /// Rules for a number on the right.
    fn with_number(&mut self, op: Binary, width: Width, a: Expr, number: u64) -> Option<Expr> {
        let mask = width.mask();
        match op {
            Binary::Sub if number != 0 => {
                let negative = self.constant(number.wrapping_neg() & mask);
                return Some(self.binary(Binary::Add, width, a, negative));
            }
            Binary::Mul | Binary::And if number == 0 => return Some(self.constant(0)),
            Binary::And
                if number == mask
                    || (u64::BITS - number.leading_zeros() == number.trailing_ones() && self.narrow(a) <= number.trailing_ones()) =>
            {
                return Some(a);
            }
            Binary::Mul | Binary::DivU | Binary::DivS if number == 1 => return Some(a),
            Binary::Add | Binary::Sub | Binary::Or | Binary::Xor | Binary::Shl | Binary::ShrU | Binary::ShrS | Binary::Ror
                if number == 0 =>
            {
                return Some(a);
            }
            // What is one already stays one.
            Binary::Or if number == 1 && self.is_condition(a) => return Some(self.constant(1)),
            // `cmn x, k` is `cmp x, -k`: a sum is carried where there is at least as much as is missing.
            Binary::AddCarry if number != 0 && width < Width::W64 => {
                let missing = self.constant(number.wrapping_neg() & mask);
                return Some(self.binary(Binary::LeU, width, missing, a));
            }
            Binary::AddOverflow if number.wrapping_neg() & mask != number => {
                let negative = self.constant(number.wrapping_neg() & mask);
                return Some(self.binary(Binary::SubOverflow, width, a, negative));
            }
            // What a shift by all bits but one of a condition or a difference says is left as it is: few programs branch on it.
            _ => {}
        }
        match (op, self.node(a)) {
            // `(c ? "a" : x) + 8`, as where the address of a constant is made from the place of the instruction.
            (Binary::Add, Node::Select(cond, yes, no)) if self.value(yes).is_some() || self.value(no).is_some() => {
                let by = self.constant(number);
                let (yes, no) = (self.binary(op, width, yes, by), self.binary(op, width, no, by));
                Some(self.select(cond, yes, no))
            }
            (Binary::Add, Node::Binary(Binary::Add, on, base, offset)) if on == width => {
                let offset = self.value(offset)?;
                let sum = offset.wrapping_add(number) & mask;
                if self.is_place(offset) || self.is_place(number) {
                    self.set_place(sum);
                }
                let sum = self.constant(sum);
                Some(self.binary(Binary::Add, width, base, sum))
            }
            // clz(x) >> 5 on 32 bits: x == 0.
            (Binary::ShrU, Node::Unary(Unary::CountLeadingZeros, on, inner)) if 1 << number == u64::from(on.bits()) => {
                let zero = self.constant(0);
                Some(self.binary(Binary::Eq, on, inner, zero))
            }
            (Binary::Eq | Binary::Ne, _) if number <= 1 && self.is_condition(a) => {
                if (op == Binary::Eq) == (number == 1) {
                    Some(a)
                } else {
                    self.opposite(a)
                }
            }
            (Binary::Eq | Binary::Ne, Node::Binary(Binary::Sub, on, x, y)) if number == 0 && on == width => {
                Some(self.binary(op, width, x, y))
            }
            (Binary::Eq | Binary::Ne, Node::Binary(Binary::Xor, on, x, y)) if number == 0 && on == width => {
                Some(self.binary(op, width, x, y))
            }
            (Binary::Eq | Binary::Ne, Node::Binary(Binary::Add, on, x, offset)) if on == width => {
                let offset = self.value(offset)?;
                let against = self.constant(number.wrapping_sub(offset) & mask);
                Some(self.binary(op, width, x, against))
            }
            (Binary::Eq | Binary::Ne, Node::Unary(Unary::ZeroExtend(_), _, x)) if number == 0 && self.narrow(x) <= 1 => {
                if op == Binary::Ne { Some(x) } else { self.opposite(x) }
            }
            _ => None,
        }
    }

    /// The comparison that says the opposite of `a`, a condition.
    fn opposite(&mut self, a: Expr) -> Option<Expr> {
        let (op, width, x, y) = match self.node(a) {
            Node::Binary(op, width, x, y) => (op, width, x, y),
            Node::Select(cond, yes, no) => {
                let (yes, no) = (self.negate(yes), self.negate(no));
                return Some(self.select(cond, yes, no));
            }
            _ => return None,
        };
        Some(match op {
            Binary::Eq => self.intern(Node::Binary(Binary::Ne, width, x, y)),
            Binary::Ne => self.intern(Node::Binary(Binary::Eq, width, x, y)),
            Binary::LtU => self.binary(Binary::LeU, width, y, x),
            Binary::LeU => self.binary(Binary::LtU, width, y, x),
            Binary::LtS => self.binary(Binary::LeS, width, y, x),
            Binary::LeS => self.binary(Binary::LtS, width, y, x),
            // De Morgan, where both sides have an opposite.
            Binary::And | Binary::Or if self.is_condition(x) && self.is_condition(y) => {
                let (x, y) = (self.negate(x), self.negate(y));
                let other = if op == Binary::And { Binary::Or } else { Binary::And };
                self.binary(other, width, x, y)
            }
            _ => return None,
        })
    }

    /// `negative` = (x - y < 0) and `overflow` = x - y overflows: together x < y.
    fn less_than(&self, negative: Expr, overflow: Expr) -> Option<(Expr, Expr, Width)> {
        let Node::Binary(Binary::SubOverflow, width, x, y) = self.node(overflow) else {
            return None;
        };
        let Node::Binary(Binary::LtS, on, difference, zero) = self.node(negative) else { return None };
        if on != width || self.value(zero) != Some(0) {
            return None;
        }
        let same = match self.node(difference) {
            Node::Binary(Binary::Sub, _, a, b) => (a, b) == (x, y),
            // A number was subtracted, and gathered.
            Node::Binary(Binary::Add, _, a, offset) => {
                let (left, within) = self.base_and_offset(x, width);
                let (base, whole) = (Some(a), self.value(offset)?);
                base == left && self.value(y).is_some_and(|y| within.wrapping_sub(y) & width.mask() == whole)
            }
            _ => difference == x && self.value(y) == Some(0),
        };
        same.then_some((x, y, width))
    }

    /// `a <= b and a != b` is `a < b`; `a < b or a == b` is `a <= b`.
    fn joined(&mut self, op: Binary, a: Expr, b: Expr) -> Option<Expr> {
        let (Node::Binary(order, width, x, y), Node::Binary(same, _, p, q)) = (self.node(a), self.node(b)) else { return None };
        let alike = (p, q) == (x, y) || (p, q) == (y, x) || self.apart(width, x, y).is_some_and(|by| self.apart(width, p, q) == Some(by));
        if !alike {
            return None;
        }
        let strict = match (op, order, same) {
            (Binary::And, Binary::LeU, Binary::Ne) => Binary::LtU,
            (Binary::And, Binary::LeS, Binary::Ne) => Binary::LtS,
            (Binary::Or, Binary::LtU, Binary::Eq) => Binary::LeU,
            (Binary::Or, Binary::LtS, Binary::Eq) => Binary::LeS,
            _ => return None,
        };
        Some(self.binary(strict, width, x, y))
    }

    /// How far two values are apart, one of them a number: what is equal in `n - 1 == 15` is so in `n == 16`, as which it is kept.
    fn apart(&self, width: Width, x: Expr, y: Expr) -> Option<(Expr, u64)> {
        let (value, number) = match (self.value(x), self.value(y)) {
            (None, Some(number)) => (x, number),
            (Some(number), None) => (y, number),
            _ => return None,
        };
        let (base, offset) = self.base_and_offset(value, width);
        Some((base?, offset.wrapping_sub(number) & width.mask()))
    }

    /// How many low bits of `expr` can be other than zero, at most.
    fn narrow(&self, expr: Expr) -> u32 {
        match self.node(expr) {
            Node::Const(value) => u64::BITS - value.leading_zeros(),
            Node::Leaf(_) => 64,
            Node::Unary(Unary::ZeroExtend(from), width, a) => from.bits().min(width.bits()).min(self.narrow(a)),
            Node::Unary(_, width, _) => width.bits(),
            Node::Binary(op, width, a, b) => match op {
                Binary::Eq
                | Binary::Ne
                | Binary::LtU
                | Binary::LeU
                | Binary::LtS
                | Binary::LeS
                | Binary::AddOverflow
                | Binary::SubOverflow
                | Binary::AddCarry => 1,
                Binary::And => self.narrow(a).min(self.narrow(b)).min(width.bits()),
                Binary::Or | Binary::Xor => self.narrow(a).max(self.narrow(b)).min(width.bits()),
                Binary::ShrU => {
                    let by = self.value(b).unwrap_or(0).min(64) as u32;
                    self.narrow(a).min(width.bits()).saturating_sub(by)
                }
                _ => width.bits(),
            },
            Node::Select(_, yes, no) => self.narrow(yes).max(self.narrow(no)),
        }
    }
}

fn commutes(op: Binary) -> bool {
    matches!(
        op,
        Binary::Add
            | Binary::Mul
            | Binary::And
            | Binary::Or
            | Binary::Xor
            | Binary::Eq
            | Binary::Ne
            | Binary::AddOverflow
            | Binary::AddCarry
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const W: Width = Width::W32;

    #[test]
    fn gathers_sums() {
        let mut all = Exprs::default();
        let x = all.leaf(0);
        let (four, twelve) = (all.constant(4), all.constant(12));
        let sum = all.binary(Binary::Add, W, x, four);
        let sum = all.binary(Binary::Sub, W, sum, twelve);
        assert_eq!(all.base_and_offset(sum, W), (Some(x), 0xffff_fff8));
        let back = all.binary(Binary::Sub, W, sum, x);
        assert_eq!(all.value(back), Some(0xffff_fff8));
    }

    /// Flags as `cmp x, y` leaves them, and what the conditions over them come out as.
    #[test]
    fn finds_the_comparison_in_the_flags() {
        for number in [None, Some(0), Some(7)] {
            let mut all = Exprs::default();
            let x = all.leaf(0);
            let y = match number {
                None => all.leaf(1),
                Some(number) => all.constant(number),
            };
            let zero = all.constant(0);
            let difference = all.binary(Binary::Sub, W, x, y);
            let z = all.binary(Binary::Eq, W, difference, zero);
            let n = all.binary(Binary::LtS, W, difference, zero);
            let v = all.binary(Binary::SubOverflow, W, x, y);
            let c = all.binary(Binary::LeU, W, y, x);
            let expect = |all: &mut Exprs, op, a, b| all.binary(op, W, a, b);
            assert_eq!(z, expect(&mut all, Binary::Eq, x, y));
            let lt = all.binary(Binary::Ne, W, n, v);
            assert_eq!(lt, expect(&mut all, Binary::LtS, x, y), "lt {number:?}");
            let ge = all.binary(Binary::Eq, W, n, v);
            assert_eq!(ge, expect(&mut all, Binary::LeS, y, x), "ge {number:?}");
            let not_z = all.negate(z);
            let hi = all.binary(Binary::And, W, c, not_z);
            assert_eq!(hi, expect(&mut all, Binary::LtU, y, x), "hi {number:?}");
            let gt = all.binary(Binary::And, W, not_z, ge);
            assert_eq!(gt, expect(&mut all, Binary::LtS, y, x), "gt {number:?}");
            let ls = all.negate(hi);
            assert_eq!(ls, expect(&mut all, Binary::LeU, x, y), "ls {number:?}");
        }
    }

    /// `if (strlen(s) - 1 > 15)`: the equality is kept as one of the length, the order is not.
    #[test]
    fn a_number_that_was_added_does_not_hide_a_comparison() {
        let mut all = Exprs::default();
        let (leaf, one, fifteen, zero) = (all.leaf(0), all.constant(1), all.constant(15), all.constant(0));
        let x = all.binary(Binary::Sub, W, leaf, one);
        let difference = all.binary(Binary::Sub, W, x, fifteen);
        let equal = all.binary(Binary::Eq, W, difference, zero);
        let (other, carry) = (all.negate(equal), all.binary(Binary::LeU, W, fifteen, x));
        let higher = all.binary(Binary::And, W, carry, other);
        let expected = all.binary(Binary::LtU, W, fifteen, x);
        assert_eq!(higher, expected);
    }
}
