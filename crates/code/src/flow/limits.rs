//! Lengths that are kept small by something that is no constant: `if (n >= room) return`, the least of two, what is left of a buffer;
//! and texts that were taken out of longer ones by a bounded format.
//!
//! Whether it is the right thing that a length is compared with is not told: what nobody outside has a say in is taken for it. Bounds that
//! are constants, which can be too large, are the matter of [`super::bounds`].

use std::collections::BTreeSet;

use super::{
    bounds::bare,
    context::{Context, Step, StepKind, Trail},
    events::Events,
    unsafe_writes::{spread, texts_of},
};
use crate::{
    functions::{EdgeKind, FunctionId},
    ir::Binary,
    values::{Branch, CallId, Expr, Leaf, Local, Node},
};

/// Values that are looked at for one answer.
const STEPS: usize = 64;

type Seen = BTreeSet<(FunctionId, u32, Expr)>;

impl Events<'_, '_, '_> {
    /// Is a value kept small on the way to `block`, by something that the outside has no say in?
    pub(super) fn is_limited(&self, function: FunctionId, block: u32, value: Expr, context: &Context) -> bool {
        self.limited(function, block, value, context, &mut Seen::new())
    }

    fn limited(&self, function: FunctionId, block: u32, value: Expr, context: &Context, seen: &mut Seen) -> bool {
        let unit = self.resolver().unit;
        let Some(local) = unit.local(function).filter(|_| seen.len() < STEPS) else { return false };
        // What runs round a loop is as small as what it began with.
        if !seen.insert((function, block, value)) {
            return true;
        }
        if local.shape.decisions(block).into_iter().any(|decision| self.bounds(function, local, decision, value, context)) {
            return true;
        }
        let value = bare(local, value);
        match local.exprs.node(value) {
            Node::Select(cond, yes, no) => [(yes, true), (no, false)].into_iter().all(|(arm, truth)| {
                self.is_own(function, arm, context)
                    || self.is_above(function, local, cond, truth, arm, context)
                    || self.limited(function, block, arm, context, seen)
            }),
            // What is left of a buffer; a value that gets smaller.
            Node::Binary(Binary::Sub, _, whole, _) => {
                self.is_own(function, whole, context) || self.limited(function, block, whole, context, seen)
            }
            Node::Binary(Binary::Add, _, a, b) => {
                [a, b].into_iter().all(|part| self.is_own(function, part, context) || self.limited(function, block, part, context, seen))
            }
            Node::Leaf(_) => match local.leaf(value) {
                Some(Leaf::Join { block: at, slot }) => local.ways(*at, *slot).into_iter().all(|(way, from, edge)| {
                    self.is_own(function, way, context)
                        || self.bounds(function, local, (from, edge), way, context)
                        || self.limited(function, from, way, context, seen)
                }),
                Some(Leaf::Entry(var)) => {
                    let (Some(index), Some((edge, above))) = (unit.argument_of(*var), context.up()) else { return false };
                    let passed = edge.passed_as(index).and_then(|index| unit.argument(edge.from, edge.call, index));
                    let Some((caller, value)) = passed else { return false };
                    caller.call(edge.call).is_some_and(|call| self.limited(edge.from, call.block, value, above, seen))
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// Does a decision leave only what is below something of the program's own?
    fn bounds(&self, function: FunctionId, local: &Local, decision: (u32, u32), value: Expr, context: &Context) -> bool {
        let (block, edge) = decision;
        let code = self.resolver().unit.code.function(function);
        let kind = code.and_then(|code| Some(code.blocks.get(block as usize)?.edges.get(edge as usize)?.kind));
        match (local.branches.get(&block), kind) {
            (Some((_, Branch::If(cond))), Some(kind)) => self.is_above(function, local, *cond, kind != EdgeKind::Next, value, context),
            _ => false,
        }
    }

    /// Where `cond` is `truth`, is `value` below something that is no constant and of the program's own?
    fn is_above(&self, function: FunctionId, local: &Local, cond: Expr, truth: bool, value: Expr, context: &Context) -> bool {
        let Node::Binary(op, _, a, b) = local.exprs.node(cond) else { return false };
        let same = |expr: Expr| bare(local, expr) == bare(local, value);
        let own = |other: Expr| local.exprs.value(other).is_none() && self.is_own(function, other, context);
        match op {
            Binary::And | Binary::Or if local.exprs.is_condition(a) && local.exprs.is_condition(b) => {
                (op == Binary::And) == truth && [a, b].into_iter().any(|part| self.is_above(function, local, part, truth, value, context))
            }
            Binary::LtU | Binary::LtS | Binary::LeU | Binary::LeS => (truth && same(a) && own(b)) || (!truth && same(b) && own(a)),
            _ => false,
        }
    }

    /// Has nobody outside a say in a value?
    fn is_own(&self, function: FunctionId, value: Expr, context: &Context) -> bool {
        let local = self.resolver().unit.local(function);
        local.is_some_and(|local| local.exprs.value(value).is_some())
            || self.sources(&spread(&self.channels.contents.value_origin(function, value, context))).is_empty()
    }

    /// How long a text can be at most, with its end, that was taken out of another one on its way.
    pub(super) fn taken(&self, trail: &Trail) -> Option<u64> {
        let unit = self.resolver().unit;
        let steps = trail.steps();
        let through = |function, pointer: Expr| {
            let looked_at = |step: &Step| (step.function, step.kind, step.site) == (function, StepKind::Pointed, u64::from(pointer.0));
            steps.iter().any(looked_at)
        };
        let moved = steps.iter().filter(|step| step.kind == StepKind::Moved);
        let bounds = moved.filter_map(|step| {
            let local = unit.local(step.function)?;
            let (number, call) = local.calls.iter().enumerate().find(|(_, call)| call.site == step.site)?;
            let scans = unit.model(step.function, CallId(number as u32))?.1.scans?;
            let formats = self.channels.contents.argument(step.function, call, usize::from(scans.format), &Context::default());
            let texts = texts_of(&formats.first()?.known()?);
            // Of several it is the one that was looked at, where that can be told.
            let own = texts.iter().filter(|(place, _)| {
                let pointer = unit.argument(step.function, CallId(number as u32), usize::from(scans.first.saturating_add(*place)));
                pointer.is_some_and(|(_, pointer)| through(step.function, pointer))
            });
            let own: Vec<_> = own.copied().collect();
            let texts = if own.is_empty() { texts } else { own };
            texts.iter().map(|(_, bound)| *bound).collect::<Option<Vec<u64>>>()?.into_iter().max()?.checked_add(1)
        });
        bounds.min()
    }
}
