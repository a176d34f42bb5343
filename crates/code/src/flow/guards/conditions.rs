//! Conditions of branches: comparisons of values, and what joins them.

use super::{Asked, Atom, Guards, Test, Word, flat};
use crate::{
    flow::{resolve::Found, text::Origin},
    ir::{Binary, Unary, Width},
    values::{Expr, Leaf, Local, Node},
};

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
        let (left, right) = (local.exprs.value(a), local.exprs.value(b));
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
                    if let Some([number]) = self.resolver().numbers(asked.function, other, &asked.context).as_deref() {
                        return self.value(asked, one, *number, equal, atoms);
                    }
                }
                self.pair(asked, a, b, equal, atoms);
            }
            (Binary::LtS | Binary::LtU | Binary::LeS | Binary::LeU, None, Some(number)) => {
                let number = width.signed(number);
                // x <= n is x < n + 1.
                let limit = if matches!(op, Binary::LeS | Binary::LeU) { number.saturating_add(1) } else { number };
                // A negative result of a comparison or of a check is one of its outcomes.
                if limit == 0 || limit == 1 {
                    self.outcome(asked, a, limit, truth, atoms);
                }
                self.bound(asked, a, Test::Below(limit), truth, atoms);
            }
            (Binary::LtS | Binary::LtU | Binary::LeS | Binary::LeU, Some(number), None) => {
                let number = width.signed(number);
                let limit = if matches!(op, Binary::LeS | Binary::LeU) { number.saturating_sub(1) } else { number };
                if limit == 0 || limit == -1 {
                    self.outcome(asked, b, limit + 1, !truth, atoms);
                }
                self.bound(asked, b, Test::Above(limit), truth, atoms);
            }
            _ => {}
        }
    }

    /// `value` is below `limit` (0 or 1), or not: for results of checks, where that is an outcome.
    fn outcome(&self, asked: &Asked, value: Expr, limit: i64, below: bool, atoms: &mut Vec<Atom>) {
        // Below 0 or below 1: an error, or nothing achieved.
        let fails = below && limit <= 1;
        for (found, above, _) in self.resolver().resolve(asked.function, value, &asked.context) {
            if let Found::Result(owner, call) = found
                && self.resolver().unit.model(owner, call).is_some_and(|(_, model)| model.checks.is_some() || model.scans.is_some())
            {
                self.result(&asked.within(owner, above), call, 0, fails, atoms);
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
            atoms.push(Atom { function, site, origins: flat(origin), test, fits, seen: Vec::new(), by: Vec::new(), word });
        }
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

/// Is it a byte whose place moves from round to round?
fn moves(local: &Local, value: Expr) -> bool {
    let runs = |address: Expr| match local.leaf(address) {
        Some(Leaf::Join { block, slot }) => local.ways(*block, *slot).any(|(way, ..)| {
            let (base, by) = local.exprs.base_and_offset(way, Width::W32);
            base == Some(address) && by != 0
        }),
        _ => false,
    };
    match local.exprs.node(value) {
        Node::Unary(Unary::ZeroExtend(_) | Unary::SignExtend(_), _, inner) => moves(local, inner),
        Node::Binary(Binary::Add | Binary::Sub, _, inner, by) if local.exprs.value(by).is_some() => moves(local, inner),
        Node::Leaf(_) => match local.leaf(value) {
            Some(Leaf::Element { width: Width::W8, .. }) => true,
            Some(Leaf::Memory { at, width: Width::W8, .. }) => at.base.is_some_and(runs),
            _ => false,
        },
        _ => false,
    }
}
