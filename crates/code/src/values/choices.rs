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
