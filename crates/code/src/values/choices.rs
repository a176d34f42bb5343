//! Making expressions of choices: `cond ? yes : no`.
//!
//! Processors whose instructions can be done under a condition compare several things in a row without a jump: `cmp a, #5; cmphi b, #7;
//! bhi` asks for `a > 5 && b > 7`. Each flag is then one of two, by the first comparison, and the branch is a condition over such flags.
//! Here it becomes what it was: a condition over choices by the same condition is asked on each side of it, what is known on a side is put
//! in, and a choice between conditions of which one is known is an "and" or an "or".

use super::expr::{Expr, Exprs, Node};
use crate::ir::{Binary, Width};

/// How deep in the operations of a side what is known there is put in.
const DEEP: u32 = 6;

/// On which side of a number something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Below,
    Same,
    Above,
}

/// A comparison of something with a number.
#[derive(Debug, Clone, Copy)]
struct Range {
    of: Expr,
    width: Width,
    number: u64,
    side: Side,
    /// Without the number itself.
    strict: bool,
    /// Numbers with a sign or without; none where that makes no difference.
    signed: Option<bool>,
    negated: bool,
}

impl Range {
    /// The least and the greatest number of the width.
    fn whole(&self, signed: bool) -> (i128, i128) {
        let all = i128::from(self.width.mask());
        if signed { (-(all / 2) - 1, all / 2) } else { (0, all) }
    }

    /// The least and the greatest number for which it is true.
    fn bounds(&self, signed: bool) -> (i128, i128) {
        let (least, most) = self.whole(signed);
        let number = if signed { i128::from(self.width.signed(self.number)) } else { i128::from(self.number & self.width.mask()) };
        let by = i128::from(self.strict);
        match self.side {
            Side::Below => (least, number - by),
            Side::Same => (number, number),
            Side::Above => (number + by, most),
        }
    }
}

impl Exprs {
    /// `cond ? yes : no`.
    pub fn select(&mut self, cond: Expr, yes: Expr, no: Expr) -> Expr {
        match self.value(cond) {
            Some(1) => return yes,
            Some(_) => return no,
            None if yes == no => return yes,
            None => {}
        }
        let other = self.negate(cond);
        let (yes, no) = (self.where_it_is((cond, other), true, yes, DEEP), self.where_it_is((cond, other), false, no, DEEP));
        if yes == no {
            return yes;
        }
        match (self.value(yes), self.value(no)) {
            (Some(1), Some(0)) => cond,
            (Some(0), Some(1)) => other,
            (Some(1), None) if self.is_condition(no) => self.binary(Binary::Or, Width::W32, cond, no),
            (None, Some(0)) if self.is_condition(yes) => self.binary(Binary::And, Width::W32, cond, yes),
            (Some(0), None) if self.is_condition(no) => self.binary(Binary::And, Width::W32, other, no),
            (None, Some(1)) if self.is_condition(yes) => self.binary(Binary::Or, Width::W32, other, yes),
            _ => self.intern(Node::Select(cond, yes, no)),
        }
    }

    /// `value` where `cond` is true: what one instruction did under a condition is done where the next one does something under the same.
    pub fn assumed(&mut self, cond: Expr, value: Expr) -> Expr {
        let other = self.negate(cond);
        self.where_it_is((cond, other), true, value, DEEP)
    }

    /// `value` where the first of two opposite conditions is `truth`: the conditions are known there, and so are choices by them, also as
    /// parts of other operations.
    fn where_it_is(&mut self, conds: (Expr, Expr), truth: bool, value: Expr, depth: u32) -> Expr {
        let is = |asked: Expr| if asked == conds.0 { Some(truth) } else { (asked == conds.1).then_some(!truth) };
        if let Some(is) = is(value) {
            return self.constant(u64::from(is));
        }
        match self.node(value) {
            Node::Select(asked, yes, no) => match is(asked) {
                Some(true) => yes,
                Some(false) => no,
                None => value,
            },
            Node::Unary(op, width, a) if depth > 0 => {
                let inner = self.where_it_is(conds, truth, a, depth - 1);
                if inner == a { value } else { self.unary(op, width, inner) }
            }
            Node::Binary(op, width, a, b) if depth > 0 => {
                let (left, right) = (self.where_it_is(conds, truth, a, depth - 1), self.where_it_is(conds, truth, b, depth - 1));
                if (left, right) == (a, b) { value } else { self.binary(op, width, left, right) }
            }
            _ => value,
        }
    }

    /// A condition that something is decided by: where it is a choice between conditions, without what its own comparison decides. (Flags
    /// are left as they are: what was compared in a row is put together again as long as all of them are choices by the same condition.)
    pub fn settled(&mut self, cond: Expr) -> Expr {
        let Node::Select(asked, yes, no) = self.node(cond) else { return cond };
        let sides = [(yes, true), (no, false)].map(|(side, truth)| match self.follows(asked, truth, side) {
            Some(is) if self.is_condition(side) => self.constant(u64::from(is)),
            _ => side,
        });
        self.select(asked, sides[0], sides[1])
    }

    /// What a comparison of something with a number is where another one of the same thing is `truth`: 20 is not 14 where it is above 14.
    fn follows(&self, known: Expr, truth: bool, asked: Expr) -> Option<bool> {
        let (known, mut asked) = (self.range(known)?, self.range(asked)?);
        // `a - 1 == 14` is kept as `a == 15`.
        if asked.side == Side::Same && asked.of != known.of && asked.width == known.width {
            let (of, by) = self.base_and_offset(known.of, known.width);
            let (own, back) = self.base_and_offset(asked.of, asked.width);
            if of.is_some() && of == own {
                asked.number = asked.number.wrapping_add(by).wrapping_sub(back) & asked.width.mask();
                asked.of = known.of;
            }
        }
        let signed = known.signed.or(asked.signed).unwrap_or(false);
        if known.of != asked.of || [known.signed, asked.signed].into_iter().flatten().any(|own| own != signed) {
            return None;
        }
        let ((least, most), whole) = (known.bounds(signed), known.whole(signed));
        let (least, most) = match truth ^ known.negated {
            true => (least, most),
            false if least == whole.0 => (most.checked_add(1)?, whole.1),
            false if most == whole.1 => (whole.0, least.checked_sub(1)?),
            false => return None,
        };
        let (first, last) = asked.bounds(signed);
        let within = if least >= first && most <= last { Some(true) } else { (most < first || least > last).then_some(false) };
        within.map(|within| within ^ asked.negated)
    }

    /// A comparison with a number as the range of numbers for which it is true.
    fn range(&self, cond: Expr) -> Option<Range> {
        let Node::Binary(op, width, a, b) = self.node(cond) else { return None };
        let (of, number, left) = match (self.value(a), self.value(b)) {
            (None, Some(number)) => (a, number, true),
            (Some(number), None) => (b, number, false),
            _ => return None,
        };
        let (signed, strict) = match op {
            Binary::Eq | Binary::Ne => (None, false),
            Binary::LtU | Binary::LtS => (Some(op == Binary::LtS), true),
            Binary::LeU | Binary::LeS => (Some(op == Binary::LeS), false),
            _ => return None,
        };
        let side = match (signed, left) {
            (None, _) => Side::Same,
            (_, true) => Side::Below,
            (_, false) => Side::Above,
        };
        Some(Range { of, width, number, side, strict, signed, negated: op == Binary::Ne })
    }

    /// A condition over two choices by the same condition, or over a choice and a number: asked on each side.
    pub(super) fn on_each_side(&mut self, op: Binary, width: Width, a: Expr, b: Expr) -> Option<Expr> {
        if !matches!(op, Binary::And | Binary::Or | Binary::Xor | Binary::Eq | Binary::Ne) {
            return None;
        }
        let (Node::Select(cond, a_yes, a_no), Node::Select(other, b_yes, b_no)) = (self.node(a), self.node(b)) else { return None };
        if cond != other || !self.is_condition(a) || !self.is_condition(b) {
            return None;
        }
        let (yes, no) = (self.binary(op, width, a_yes, b_yes), self.binary(op, width, a_no, b_no));
        Some(self.select(cond, yes, no))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const W: Width = Width::W32;

    /// Flags as a comparison leaves them: equal, carry.
    fn flags(all: &mut Exprs, x: Expr, y: Expr) -> (Expr, Expr) {
        (all.binary(Binary::Eq, W, x, y), all.binary(Binary::LeU, W, y, x))
    }

    /// `cmp a, #5; cmpls b, #7; bhi`: `a > 5 || b > 7`.
    #[test]
    fn comparisons_in_a_row_are_one_condition() {
        let mut all = Exprs::default();
        let (a, b, five, seven) = (all.leaf(0), all.leaf(1), all.constant(5), all.constant(7));
        let (equal, carry) = flags(&mut all, a, five);
        let lower = all.binary(Binary::LeU, W, a, five);
        let (equal_b, carry_b) = flags(&mut all, b, seven);
        let (equal, carry) = (all.select(lower, equal_b, equal), all.select(lower, carry_b, carry));
        let other = all.negate(equal);
        let higher = all.binary(Binary::And, W, carry, other);
        let (first, second) = (all.binary(Binary::LtU, W, five, a), all.binary(Binary::LtU, W, seven, b));
        let expected = all.binary(Binary::Or, W, first, second);
        assert_eq!(higher, expected);
    }

    /// `cmp a, #14; cmpls b, #58; beq`: `a <= 14 && b == 58`, for what is above 14 is not 14.
    #[test]
    fn what_is_above_a_number_is_not_that_number() {
        let mut all = Exprs::default();
        let (a, b, most, colon) = (all.leaf(0), all.leaf(1), all.constant(14), all.constant(58));
        let (lower, equal) = (all.binary(Binary::LeU, W, a, most), all.binary(Binary::Eq, W, a, most));
        let second = all.binary(Binary::Eq, W, b, colon);
        let both = all.select(lower, second, equal);
        let expected = all.binary(Binary::And, W, lower, second);
        assert_eq!(all.settled(both), expected);
    }

    /// `subs c, a, #1; cmp c, #14; cmpls b, #58; beq`: the same, where the comparison for equality is kept as one of `a`.
    #[test]
    fn what_is_above_a_number_less_one() {
        let mut all = Exprs::default();
        let (a, b, less, most, colon) = (all.leaf(0), all.leaf(1), all.constant(u64::from(u32::MAX)), all.constant(14), all.constant(58));
        let c = all.binary(Binary::Add, W, a, less);
        let (lower, equal) = (all.binary(Binary::LeU, W, c, most), all.binary(Binary::Eq, W, c, most));
        let second = all.binary(Binary::Eq, W, b, colon);
        let both = all.select(lower, second, equal);
        let expected = all.binary(Binary::And, W, lower, second);
        assert_eq!(all.settled(both), expected);
    }

    /// What is no more than 14 may be 14, and what is above -1 with a sign says nothing without one.
    #[test]
    fn what_does_not_follow() {
        let mut all = Exprs::default();
        let (a, most, none) = (all.leaf(0), all.constant(14), all.constant(u64::from(u32::MAX)));
        let (lower, equal) = (all.binary(Binary::LeU, W, a, most), all.binary(Binary::Eq, W, a, most));
        assert_eq!(all.follows(lower, true, equal), None);
        assert_eq!(all.follows(lower, false, equal), Some(false));
        let positive = all.binary(Binary::LtS, W, none, a);
        assert_eq!(all.follows(positive, true, lower), None);
    }

    /// `cmp c, #32; cmpne c, #58; beq`: `c == 32 || c == 58`.
    #[test]
    fn a_set_of_two() {
        let mut all = Exprs::default();
        let (c, space, colon) = (all.leaf(0), all.constant(32), all.constant(58));
        let (first, second) = (all.binary(Binary::Eq, W, c, space), all.binary(Binary::Eq, W, c, colon));
        let differs = all.negate(first);
        let both = all.select(differs, second, first);
        let expected = all.binary(Binary::Or, W, first, second);
        assert_eq!(both, expected);
    }

    /// `movls r3, #1; movhi r3, #0; orrne r3, r3, #1`.
    #[test]
    fn a_flag_that_is_set_step_by_step() {
        let mut all = Exprs::default();
        let (a, b, before, zero, one) = (all.leaf(0), all.leaf(1), all.leaf(2), all.constant(0), all.constant(1));
        let (lower, higher) = (all.binary(Binary::LeU, W, a, one), all.binary(Binary::LtU, W, one, a));
        let flag = all.select(higher, zero, before);
        let flag = all.select(lower, one, flag);
        assert_eq!(flag, lower);
        let differs = all.binary(Binary::Ne, W, b, zero);
        let set = all.binary(Binary::Or, W, flag, one);
        let flag = all.select(differs, set, flag);
        let expected = all.binary(Binary::Or, W, differs, lower);
        assert_eq!(flag, expected);
    }

    /// `movls r0, r1; strls r2, [r0, #8]`.
    #[test]
    fn what_was_done_in_the_same_case() {
        let mut all = Exprs::default();
        let (a, before, one, eight) = (all.leaf(0), all.leaf(1), all.constant(1), all.constant(8));
        let lower = all.binary(Binary::LeU, W, a, one);
        let moved = all.select(lower, a, before);
        let address = all.binary(Binary::Add, W, moved, eight);
        let expected = all.binary(Binary::Add, W, a, eight);
        assert_eq!(all.assumed(lower, address), expected);
    }

    /// `addgt r0, r1, #128; lsrle r0, r0, #8`.
    #[test]
    fn what_was_done_in_the_other_case() {
        let mut all = Exprs::default();
        let (a, b, zero, eight) = (all.leaf(0), all.leaf(1), all.constant(0), all.constant(8));
        let (greater, lower) = (all.binary(Binary::LtS, W, zero, a), all.binary(Binary::LeS, W, a, zero));
        let first = all.select(greater, b, a);
        let shifted = all.binary(Binary::ShrU, W, first, eight);
        let both = all.select(lower, shifted, first);
        let upper = all.binary(Binary::ShrU, W, a, eight);
        let expected = all.select(lower, upper, b);
        assert_eq!(both, expected);
    }

    #[test]
    fn compared_with_a_negative_number() {
        let mut all = Exprs::default();
        let (x, k, limit) = (all.leaf(0), all.constant(0xfc00_0001), all.constant(0x3ff_ffff));
        let carry = all.binary(Binary::AddCarry, W, x, k);
        let expected = all.binary(Binary::LeU, W, limit, x);
        assert_eq!(carry, expected);
    }
}
