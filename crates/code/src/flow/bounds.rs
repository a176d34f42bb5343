//! The greatest number that a value can be, by what its own function does with it: a mask, a narrow field, a clamp
//! (`if (n > sizeof(b)) n = sizeof(b);`), the least of two.
//!
//! What is asked on the way to a place is the matter of [`super::guards`]; this is about values that are made small wherever they go.

use std::collections::BTreeSet;

use super::unit::Unit;
use crate::{
    functions::{EdgeKind, FunctionId},
    ir::{Binary, Unary, Width},
    values::{Branch, CallId, Expr, Leaf, Local, Node},
};

/// How deep expressions are followed.
const DEPTH: u32 = 12;
/// Expressions that are looked at for one answer.
const STEPS: u32 = 400;

/// The greatest number that `value` of `function` can be, where that is known.
pub fn greatest(unit: &Unit<'_>, function: FunctionId, value: Expr) -> Option<u64> {
    Search { unit, seen: BTreeSet::new(), steps: 0 }.of(function, value, DEPTH)
}

struct Search<'u, 'a> {
    unit: &'u Unit<'a>,
    seen: BTreeSet<(FunctionId, Expr)>,
    steps: u32,
}

impl Search<'_, '_> {
    fn of(&mut self, function: FunctionId, value: Expr, depth: u32) -> Option<u64> {
        let local = self.unit.local(function)?;
        self.steps += 1;
        if depth == 0 || self.steps > STEPS || !self.seen.insert((function, value)) {
            return None;
        }
        let found = self.here(function, local, value, depth - 1);
        self.seen.remove(&(function, value));
        found
    }

    fn here(&mut self, function: FunctionId, local: &Local, value: Expr, depth: u32) -> Option<u64> {
        match local.exprs.node(value) {
            Node::Const(number) => Some(number),
            Node::Unary(Unary::ZeroExtend(width), _, inner) => {
                let most = narrow(width)?;
                Some(self.of(function, inner, depth).map_or(most, |inner| inner.min(most)))
            }
            Node::Select(cond, yes, no) => {
                let yes = self.of(function, yes, depth).into_iter().chain(limit(local, cond, true, yes)).min()?;
                let no = self.of(function, no, depth).into_iter().chain(limit(local, cond, false, no)).min()?;
                Some(yes.max(no))
            }
            Node::Binary(op, _, a, b) => {
                let (left, right) = (self.of(function, a, depth), self.of(function, b, depth));
                match (op, local.exprs.value(b)) {
                    (Binary::And, _) => left.into_iter().chain(right).min(),
                    (Binary::Add, _) => left?.checked_add(right?),
                    (Binary::Mul, _) => left?.checked_mul(right?),
                    (Binary::Shl, Some(by @ 0..=31)) => left?.checked_mul(1 << by),
                    (Binary::ShrU, Some(by @ 0..=31)) => Some(left.unwrap_or(u64::from(u32::MAX)) >> by),
                    (Binary::DivU, Some(by)) if by > 0 => Some(left? / by),
                    _ => None,
                }
            }
            Node::Unary(..) => None,
            Node::Leaf(_) => match local.leaf(value)? {
                Leaf::Memory { width, .. } | Leaf::Element { width, .. } => narrow(*width),
                Leaf::Join { block, slot } => {
                    let mut most = 0;
                    for (way, from, edge) in local.ways(*block, *slot) {
                        let own = if way == value { None } else { self.of(function, way, depth) };
                        let tested = self.tested(function, local, from, edge, way);
                        most = most.max(own.into_iter().chain(tested).min()?);
                    }
                    Some(most)
                }
                Leaf::Result(call, _) => self.given_back(function, *call, depth),
                _ => None,
            },
        }
    }

    /// What the decisions that lead over an edge leave of a value.
    fn tested(&self, function: FunctionId, local: &Local, from: u32, edge: u32, value: Expr) -> Option<u64> {
        let code = self.unit.code.function(function)?;
        let ways = std::iter::once((from, edge)).chain(local.shape.decisions(from));
        let limits = ways.filter_map(|(block, edge)| {
            let Branch::If(cond) = local.branches.get(&block)?.1 else { return None };
            let kind = code.blocks.get(block as usize)?.edges.get(edge as usize)?.kind;
            limit(local, cond, kind != EdgeKind::Next, value)
        });
        limits.min()
    }

    /// What a helper gives back at most.
    fn given_back(&mut self, function: FunctionId, call: CallId, depth: u32) -> Option<u64> {
        let unit = self.unit;
        let [edge] = unit.callees(function, call) else { return None };
        let returns = &unit.local(edge.to)?.returns;
        let mut most = None;
        for back in returns {
            most = most.max(Some(self.of(edge.to, *back.values.first()?, depth)?));
        }
        most
    }
}

/// What is left of `value` where `cond` is `truth`.
fn limit(local: &Local, cond: Expr, truth: bool, value: Expr) -> Option<u64> {
    let Node::Binary(op, width, a, b) = local.exprs.node(cond) else { return None };
    match op {
        Binary::And | Binary::Or if local.exprs.is_condition(a) && local.exprs.is_condition(b) => {
            // Of an "or" that is true nothing is known of either side, and of an "and" that is false.
            ((op == Binary::And) == truth)
                .then(|| [limit(local, a, truth, value), limit(local, b, truth, value)])?
                .into_iter()
                .flatten()
                .min()
        }
        Binary::LtU | Binary::LtS | Binary::LeU | Binary::LeS => {
            let strict = matches!(op, Binary::LtU | Binary::LtS);
            let number = |expr: Expr| local.exprs.value(expr).and_then(|number| u64::try_from(width.signed(number)).ok());
            if truth && bare(local, a) == bare(local, value) {
                // value < n, value <= n.
                number(b)?.checked_sub(u64::from(strict))
            } else if !truth && bare(local, b) == bare(local, value) {
                // Not n < value, not n <= value.
                number(a)?.checked_sub(u64::from(!strict))
            } else {
                None
            }
        }
        Binary::Eq if truth && bare(local, a) == bare(local, value) => local.exprs.value(b),
        Binary::Ne if !truth && bare(local, a) == bare(local, value) => local.exprs.value(b),
        _ => None,
    }
}

/// A value without what only makes it wider.
pub(super) fn bare(local: &Local, value: Expr) -> Expr {
    match local.exprs.node(value) {
        Node::Unary(Unary::ZeroExtend(_) | Unary::SignExtend(_), _, inner) => bare(local, inner),
        _ => value,
    }
}

/// The greatest number of a width that is less than a word.
fn narrow(width: Width) -> Option<u64> {
    (width < Width::W32).then(|| width.mask())
}
