//! What is known of a value where a block runs, by what was decided on every way there.
//!
//! One way up at a time: over a single edge its condition holds; where ways come together the value is bounded by the greatest bound of
//! any of them, and by what held before they parted. Edges that go back are left out: what is asked in a round is asked of the value in
//! that round.

use super::{At, Search, bare};
use crate::{
    functions::EdgeKind,
    ir::{Binary, Width},
    values::{Branch, Expr, Local, Node},
};

/// Comings together of ways that are looked into, one above the other.
const MERGES: u32 = 3;

/// What a condition says of a value.
#[derive(Debug, Clone, Copy)]
enum Limit {
    /// It is no more than this.
    Number(u64),
    /// It is no more than another value, and so much besides.
    Value(Expr, i64),
}

impl<'e> Search<'e, '_, '_, '_> {
    /// By what was decided on the ways to a place.
    pub(super) fn known(&mut self, at: &At, local: &'e Local, value: Expr, depth: u32) -> Option<u64> {
        self.on_ways(at, local, value, None, MERGES, depth)
    }

    fn on_ways(&mut self, at: &At, local: &'e Local, value: Expr, stop: Option<u32>, merges: u32, depth: u32) -> Option<u64> {
        let mut best: Option<u64> = None;
        let mut here = at.block;
        while Some(here) != stop && self.step() {
            let before = local.shape.before.get(here as usize).map(Vec::as_slice).unwrap_or_default();
            let mut entering = before.iter().copied().filter(|(from, _)| !local.shape.retreats(*from, here));
            let (Some((from, edge)), second) = (entering.next(), entering.next()) else { break };
            if second.is_none() {
                best = least(best, self.over(&at.block(from), local, edge, value, depth));
                here = from;
                continue;
            }
            let Some(dominator) = local.shape.dominator(here) else { break };
            if merges > 0 {
                let ways = before.iter().copied().filter(|(from, _)| !local.shape.retreats(*from, here));
                let mut most = Some(0);
                for (from, edge) in ways {
                    let before = at.block(from);
                    let asked = self.over(&before, local, edge, value, depth);
                    let way = least(asked, self.on_ways(&before, local, value, Some(dominator), merges - 1, depth));
                    most = most.zip(way).map(|(most, way): (u64, u64)| most.max(way));
                    if most.is_none() {
                        break;
                    }
                }
                best = least(best, most);
            }
            here = dominator;
        }
        best
    }

    /// What the condition on an edge out of a block says.
    pub(super) fn over(&mut self, at: &At, local: &'e Local, edge: u32, value: Expr, depth: u32) -> Option<u64> {
        let Branch::If(cond) = local.branches.get(&at.block)?.1 else { return None };
        let kind = self.unit.code.function(at.function)?.blocks.get(at.block as usize)?.edges.get(edge as usize)?.kind;
        self.limited(at, local, cond, kind != EdgeKind::Next, value, depth)
    }

    /// What is left of `value` where `cond` is `truth`.
    pub(super) fn limited(&mut self, at: &At, local: &'e Local, cond: Expr, truth: bool, value: Expr, depth: u32) -> Option<u64> {
        let Node::Binary(op, width, a, b) = local.exprs.node(cond) else { return None };
        if matches!(op, Binary::And | Binary::Or) && local.exprs.is_condition(a) && local.exprs.is_condition(b) {
            let one = self.limited(at, local, a, truth, value, depth);
            // Of an "or" that is true one side is, and of an "and" that is false.
            if (op == Binary::And) != truth {
                return Some(one?.max(self.limited(at, local, b, truth, value, depth)?));
            }
            return least(one, self.limited(at, local, b, truth, value, depth));
        }
        match self.limit(local, (op, width, a, b), truth, value)? {
            Limit::Number(number) => Some(number),
            Limit::Value(other, by) if depth > 0 => {
                let most = i64::try_from(self.of(at, other, depth - 1)?).ok()?.checked_add(by)?;
                Some(u64::try_from(most).unwrap_or(0))
            }
            Limit::Value(..) => None,
        }
    }

    fn limit(&self, local: &Local, (op, width, a, b): (Binary, Width, Expr, Expr), truth: bool, value: Expr) -> Option<Limit> {
        let (small, great, strict) = match (op, truth) {
            (Binary::LtU | Binary::LtS, true) => (a, b, true),
            (Binary::LeU | Binary::LeS | Binary::Eq, true) | (Binary::Ne, false) => (a, b, false),
            // Not a < b: b <= a.
            (Binary::LtU | Binary::LtS, false) => (b, a, false),
            (Binary::LeU | Binary::LeS, false) => (b, a, true),
            _ => return None,
        };
        // What is asked of `x + 4` is known of `x`, and of `x + 8`.
        let (asked, more) = local.exprs.base_and_offset(bare(local, small), width);
        let (wanted, by) = local.exprs.base_and_offset(bare(local, value), width);
        let (asked, wanted) = (asked?, wanted?);
        if !self.same(local, asked, wanted) {
            return None;
        }
        let by = width.signed(by) - width.signed(more) - i64::from(strict);
        match local.exprs.value(great) {
            Some(number) => {
                let most = width.signed(number).checked_add(by)?;
                // Below a negative number is nothing, but for what has a sign.
                u64::try_from(most).ok().map(Limit::Number)
            }
            None if matches!(op, Binary::Eq | Binary::Ne) => None,
            None => Some(Limit::Value(great, by)),
        }
    }
}

fn least(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    a.into_iter().chain(b).min()
}
