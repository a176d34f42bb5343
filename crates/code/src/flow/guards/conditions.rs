//! Conditions of branches: comparisons of values, and what joins them.

use super::{Asked, Atom, Guards, Test, Word};
use crate::{
    flow::{letters::Wanted, resolve::Found, text::Origin},
    ir::{Binary, Unary, Width},
    values::{Expr, Leaf, Local, Node, bases},
};

/// Bytes of one number.
const NUMBER: usize = 8;

impl Guards<'_, '_, '_> {
    /// `cond` is `truth`.
    pub(super) fn condition(&self, asked: &Asked, cond: Expr, truth: bool, atoms: &mut Vec<Atom>) {
        let Some(local) = self.resolver().unit.local(asked.function) else { return };
        if asked.depth == 0 || atoms.len() >= super::ATOMS || !self.resolver().budget.step() {
            return;
        }
        let Node::Binary(op, width, a, b) = local.exprs.node(cond) else {
            return self.value(asked, cond, 0, !truth, atoms);
        };
        let (mut left, mut right) = (local.exprs.value(a), local.exprs.value(b));
        if matches!(op, Binary::LtS | Binary::LtU | Binary::LeS | Binary::LeU) && left.is_none() && right.is_none() {
            // A limit that the caller names, as the size of what a helper fills.
            right = self.number_passed(asked, local, b);
            left = if right.is_none() { self.number_passed(asked, local, a) } else { None };
        }
        match (op, left, right) {
            (Binary::And | Binary::Or, _, _) if local.exprs.is_condition(a) && local.exprs.is_condition(b) => {
                let asked = asked.deeper();
                self.condition(&asked, a, truth, atoms);
                self.condition(&asked, b, truth, atoms);
            }
            (Binary::Eq | Binary::Ne, _, Some(number)) => self.value(asked, a, number, (op == Binary::Eq) == truth, atoms),
            (Binary::Eq | Binary::Ne, None, None) => {
                let equal = (op == Binary::Eq) == truth;
                for (one, other) in [(a, b), (b, a)] {
                    if let Some(number) = self.number_at(asked, other) {
                        return self.value(asked, one, number, equal, atoms);
                    }
                    if let Some([number]) = self.resolver().numbers(asked.function, other, &asked.context).as_deref() {
                        return self.value(asked, one, *number, equal, atoms);
                    }
                }
                self.pair(asked, a, b, None, equal, atoms);
            }
            (Binary::LtS | Binary::LtU | Binary::LeS | Binary::LeU, None, Some(number)) => {
                let number = width.signed(number);
                // x <= n is x < n + 1.
                let limit = if matches!(op, Binary::LeS | Binary::LeU) { number.saturating_add(1) } else { number };
                // A negative result of a comparison or of a check is one of its outcomes.
                if limit == 0 || limit == 1 {
                    self.outcome(asked, a, limit, truth, atoms);
                }
                if !self.range(asked, local, (op, width), a, limit, truth, atoms) {
                    self.bound(asked, a, Test::Below(limit), truth, atoms);
                }
            }
            (Binary::LtS | Binary::LtU | Binary::LeS | Binary::LeU, Some(number), None) => {
                let number = width.signed(number);
                let limit = if matches!(op, Binary::LeS | Binary::LeU) { number.saturating_sub(1) } else { number };
                if limit == 0 || limit == -1 {
                    self.outcome(asked, b, limit + 1, !truth, atoms);
                }
                // What is not above a number is below the next.
                if !self.range(asked, local, (op, width), b, limit.saturating_add(1), !truth, atoms) {
                    self.bound(asked, b, Test::Above(limit), truth, atoms);
                }
            }
            _ => {}
        }
    }

    /// The number that an argument of the function is, by whom the question came from.
    fn number_passed(&self, asked: &Asked, local: &Local, value: Expr) -> Option<u64> {
        local.entry(inner(local, value)).and_then(|var| self.resolver().unit.argument_of(var))?;
        match self.resolver().numbers(asked.function, value, &asked.context)?.as_slice() {
            [number] => Some(*number),
            _ => None,
        }
    }

    /// `x - 820` is below 121, or is not: without a sign it is a range, with both its ends. False where nothing is counted off.
    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    fn range(
        &self,
        asked: &Asked,
        local: &Local,
        compared: (Binary, Width),
        value: Expr,
        limit: i64,
        below: bool,
        atoms: &mut Vec<Atom>,
    ) -> bool {
        let (op, width) = compared;
        let (base, offset) = local.exprs.base_and_offset(value, width);
        let Some(base) = base.filter(|_| offset != 0) else { return false };
        let offset = width.signed(offset);
        let unsigned = matches!(op, Binary::LtU | Binary::LeU);
        if !unsigned || below {
            self.bound(asked, base, Test::Below(limit.saturating_sub(offset)), below, atoms);
        }
        if unsigned && below {
            self.bound(asked, base, Test::Above(offset.saturating_neg().saturating_sub(1)), true, atoms);
        }
        true
    }

    /// `value` is below `limit` (0 or 1), or not: for results of checks, where that is an outcome.
    fn outcome(&self, asked: &Asked, value: Expr, limit: i64, below: bool, atoms: &mut Vec<Atom>) {
        // Below 0 or below 1: an error, or nothing achieved.
        let fails = below && limit <= 1;
        let Some(local) = self.resolver().unit.local(asked.function) else { return };
        if let Some(Leaf::Result(call, _)) = local.leaf(value) {
            self.spelled_by(asked, *call, Wanted::Below(limit, below), atoms);
        }
        for (found, above, _) in self.resolver().resolve(asked.function, value, &asked.context) {
            let Found::Result(owner, call) = found else { continue };
            let Some((_, model)) = self.resolver().unit.model(owner, call) else { continue };
            let there = asked.within(owner, above);
            if model.checks.is_some() || model.finds.is_some() {
                self.checked_below(&there, call, limit, below, atoms);
            } else if model.scans.is_some() {
                self.result(&there, call, 0, fails, atoms);
            }
        }
    }

    /// A test of a value that is no flag: an atom, where the outside has a part in it.
    pub(super) fn bound(&self, asked: &Asked, value: Expr, test: Test, fits: bool, atoms: &mut Vec<Atom>) {
        let (function, site) = (asked.function, asked.site);
        let origin = self.channels.contents.value_origin(function, value, &asked.context);
        let Some(local) = self.resolver().unit.local(function) else { return };
        let test = match test {
            Test::Below(limit) | Test::Above(limit) if moves(local, value) => Test::Walked(limit),
            test => test,
        };
        if origin != Origin::Unknown {
            let word = word(local, value);
            atoms.push(Atom {
                function,
                site,
                origins: origin.parts(),
                test,
                fits,
                seen: Vec::new(),
                by: Vec::new(),
                came: Vec::new(),
                word,
            });
        }
    }
}

/// Can one condition not be what it is where the other one is what it is? The same condition, or two about the same value and number: what
/// a counter is not below, it has reached.
pub(super) fn contradict(local: &Local, one: Expr, is: bool, other: Expr, wanted: bool) -> bool {
    if one == other {
        return is != wanted;
    }
    match (reached(local, one, is), reached(local, other, wanted)) {
        (Some((a, m, first)), Some((b, n, second))) => a == b && m == n && first != second,
        _ => false,
    }
}

/// A value, a number, and whether the value has reached the number, as a condition says.
fn reached(local: &Local, cond: Expr, is: bool) -> Option<(Expr, u64, bool)> {
    let Node::Binary(op, _, a, b) = local.exprs.node(cond) else { return None };
    let (value, number, strict) = match (local.exprs.value(a), local.exprs.value(b)) {
        (None, Some(number)) => (a, number, true),
        (Some(number), None) => (b, number, false),
        _ => return None,
    };
    match (op, strict) {
        (Binary::Eq, _) | (Binary::LeS | Binary::LeU, false) => Some((value, number, is)),
        (Binary::Ne, _) | (Binary::LtS | Binary::LtU, true) => Some((value, number, !is)),
        (Binary::LeS | Binary::LeU, true) => Some((value, number.wrapping_add(1), !is)),
        (Binary::LtS | Binary::LtU, false) => Some((value, number.wrapping_add(1), is)),
        _ => None,
    }
}

/// The test whether a value is a number. A byte that ends a text is no word.
pub(super) fn equality(local: &Local, value: Expr, number: u64) -> Test {
    let ends = number == 0 && matches!(local.leaf(value), Some(Leaf::Memory { width: Width::W8, .. }));
    let number = i64::from(number as i32);
    if ends || moves(local, value) { Test::Walked(number) } else { Test::Equal(number) }
}

/// The value as it stands in memory, freed of what widens it.
pub(super) fn inner(local: &Local, value: Expr) -> Expr {
    match local.exprs.node(value) {
        Node::Unary(Unary::ZeroExtend(_) | Unary::SignExtend(_), _, a) => inner(local, a),
        Node::Binary(Binary::And, _, a, mask) if local.exprs.value(mask).is_some_and(|mask| (mask.wrapping_add(1)).is_power_of_two()) => {
            inner(local, a)
        }
        _ => value,
    }
}

/// The word of memory that a value is.
fn word(local: &Local, value: Expr) -> Option<Word> {
    match local.leaf(inner(local, value))? {
        Leaf::Memory { at, width, .. } => Some(Word { base: at.base, offset: at.offset, bytes: width.bytes() }),
        Leaf::Element { address, width, .. } => {
            let (base, offset) = local.exprs.base_and_offset(*address, Width::W32);
            Some(Word { base, offset, bytes: width.bytes() })
        }
        _ => None,
    }
}

/// Is it one number of several bytes that stand side by side, put together by shifts: `p[0] << 8 | p[1]`?
pub(super) fn is_put_together(local: &Local, value: Expr) -> bool {
    let (mut parts, mut rest) = (Vec::new(), vec![(value, 0)]);
    while let Some((part, by)) = rest.pop() {
        match local.exprs.node(part) {
            _ if parts.len() + rest.len() > NUMBER => return false,
            Node::Binary(Binary::Or | Binary::Add | Binary::Xor, _, a, b) => rest.extend([(a, by), (b, by)]),
            Node::Binary(Binary::Shl, _, a, more) => match local.exprs.value(more) {
                Some(more) if more % 8 == 0 => rest.push((a, by + more)),
                _ => return false,
            },
            Node::Leaf(_) => match word(local, part) {
                Some(word) => parts.push((word.base, word.offset, word.bytes, by)),
                None => return false,
            },
            _ => match inner(local, part) {
                narrower if narrower != part => rest.push((narrower, by)),
                _ => return false,
            },
        }
    }
    // By their places they follow each other, and by what they count in the number as well, upwards or downwards.
    parts.sort_unstable();
    let counts: Vec<u64> = parts.iter().map(|(.., by)| *by).collect();
    let beside = parts.windows(2).all(|two| two[0].0 == two[1].0 && two[0].1.wrapping_add(two[0].2) == two[1].1);
    parts.len() > 1 && beside && (counts.is_sorted_by(|a, b| a < b) || counts.is_sorted_by(|a, b| a > b))
}

/// Is it a byte whose place moves on by one from round to round, as when a text is gone through?
fn moves(local: &Local, value: Expr) -> bool {
    let walks = |term: Expr| match local.leaf(term) {
        Some(Leaf::Join { block, slot }) => local.ways(*block, *slot).any(|(way, ..)| {
            let (base, by) = local.exprs.base_and_offset(way, Width::W32);
            base == Some(term) && by == 1
        }),
        _ => false,
    };
    match local.exprs.node(value) {
        Node::Unary(Unary::ZeroExtend(_) | Unary::SignExtend(_), _, inner) => moves(local, inner),
        Node::Binary(Binary::Add | Binary::Sub, _, inner, by) if local.exprs.value(by).is_some() => moves(local, inner),
        Node::Leaf(_) => match local.leaf(value) {
            Some(Leaf::Element { address, width: Width::W8, .. }) => bases(&local.exprs, *address, Width::W32).0.into_iter().any(walks),
            Some(Leaf::Memory { at, width: Width::W8, .. }) => at.base.is_some_and(walks),
            _ => false,
        },
        _ => false,
    }
}
