//! Lengths that are kept small by something that is no constant: `if (n >= room) return`, the least of two, what is left of a buffer;
//! and texts that were taken out of longer ones by a bounded format.
//!
//! Whether it is the right thing that a length is compared with is not told: what nobody outside has a say in is taken for it. Bounds that
//! are constants, which can be too large, are the matter of [`super::bounds`].

use std::collections::BTreeSet;

use super::{
    bounds::{Bound, bare},
    context::{Context, Step, StepKind, Trail},
    events::Events,
    objects::{Object, Pointee},
    unit::looks_at,
    unsafe_writes::scanned_texts,
};
use crate::{
    functions::{EdgeKind, FunctionId},
    ir::{Binary, Unary, Width},
    models::Gives,
    values::{Branch, CallId, Expr, Leaf, Local, Location, Node},
};

/// Values that are looked at for one answer.
const STEPS: usize = 64;
/// "And" and "or" within a condition.
const COMPARISONS: u32 = 4;

/// What was looked at for one answer.
#[derive(Default)]
struct Seen {
    values: BTreeSet<(FunctionId, u32, Expr)>,
    /// It is about what is stored in a field: there a number is bound enough, for it is not told which of several the field holds now.
    stored: bool,
}

impl Events<'_, '_, '_> {
    /// Is a value kept small on the way to `block`, by something that the outside has no say in?
    pub(super) fn is_limited(&self, function: FunctionId, block: u32, value: Expr, context: &Context) -> bool {
        self.limited(function, block, value, context, &mut Seen::default())
    }

    fn limited(&self, function: FunctionId, block: u32, value: Expr, context: &Context, seen: &mut Seen) -> bool {
        let unit = self.resolver().unit;
        let Some(local) = unit.local(function).filter(|_| seen.values.len() < STEPS) else { return false };
        // What runs round a loop is as small as what it began with.
        if !seen.values.insert((function, block, value)) {
            return true;
        }
        if seen.stored && !matches!(self.greatest(function, block, value, context), Bound::Unknown | Bound::Unasked) {
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
            // How far two pointers are apart says the text between them.
            Node::Binary(Binary::Sub, _, _, start) if self.points(function, local, start) => false,
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
                    let Some(index) = unit.argument_of(*var) else { return false };
                    let callers = self.resolver().callers(function, context);
                    !callers.is_empty()
                        && callers.iter().all(|(edge, above)| {
                            let passed = edge.passed_as(index).and_then(|index| unit.argument(edge.from, edge.call, index));
                            let Some((caller, value)) = passed else { return false };
                            let call = caller.call(edge.call);
                            caller.exprs.value(value).is_some()
                                || call.is_some_and(|call| self.limited(edge.from, call.block, value, above, seen))
                        })
                }
                Some(Leaf::Memory { at, .. }) => self.is_limited_word(function, local, *at, seen),
                _ => false,
            },
            _ => false,
        }
    }

    /// Is a field kept small: is what stands in it compared with a number somewhere, or whatever is stored there?
    ///
    /// A message is checked when its head is complete and received when more of it comes, by other functions: the numbers pass from one to
    /// the other in a structure, and that one comes before the other is not seen there.
    fn is_limited_word(&self, function: FunctionId, local: &Local, at: Location, seen: &mut Seen) -> bool {
        let unit = self.resolver().unit;
        let Some(base) = at.base.filter(|base| local.entry(*base) != Some(unit.machine.stack)) else { return false };
        let objects = &self.resolver().objects;
        let mask = self.resolver().width().mask();
        let places = objects.pointees(function, base).into_iter();
        let places: Vec<Pointee> = places.map(|place| Pointee { offset: place.offset.wrapping_add(at.offset) & mask, ..place }).collect();
        let none = Context::default();
        let before = std::mem::replace(&mut seen.stored, true);
        let limited = !places.is_empty()
            && places.iter().all(|place| {
                self.compared().contains(place)
                    || !objects.stores(*place).is_empty()
                        && objects.writes(*place).is_empty()
                        && objects.stores(*place).iter().all(|(owner, index)| {
                            let Some(local) = unit.local(*owner) else { return false };
                            let Some(store) = local.stores.get(*index) else { return false };
                            self.limited(*owner, store.block, store.value, &none, seen)
                        })
            });
        seen.stored = before;
        limited
    }

    /// Fields of structures that the program compares with numbers.
    fn compared(&self) -> &BTreeSet<Pointee> {
        self.compared.get_or_init(|| {
            let unit = self.resolver().unit;
            let mut found = BTreeSet::new();
            for (number, local) in unit.locals.iter().enumerate() {
                for (_, branch) in local.branches.values() {
                    if let Branch::If(cond) = branch {
                        self.compared_in(FunctionId(number as u32), local, *cond, COMPARISONS, &mut found);
                    }
                }
            }
            found
        })
    }

    fn compared_in(&self, function: FunctionId, local: &Local, cond: Expr, depth: u32, found: &mut BTreeSet<Pointee>) {
        let Node::Binary(op, _, a, b) = local.exprs.node(cond) else { return };
        if matches!(op, Binary::And | Binary::Or) && depth > 0 {
            self.compared_in(function, local, a, depth - 1, found);
            self.compared_in(function, local, b, depth - 1, found);
        }
        let (value, number) = match (local.exprs.value(a), local.exprs.value(b)) {
            (None, Some(number)) => (a, number),
            (Some(number), None) => (b, number),
            _ => return,
        };
        // What is compared with nothing is asked whether there is any.
        if number < 2 || !matches!(op, Binary::LtU | Binary::LtS | Binary::LeU | Binary::LeS) {
            return;
        }
        let Some(Leaf::Memory { at, .. }) = local.leaf(self.unswapped(function, local, value)) else { return };
        let Some(base) = at.base.filter(|base| local.entry(*base) != Some(self.resolver().unit.machine.stack)) else { return };
        let mask = self.resolver().width().mask();
        for place in self.resolver().objects.pointees(function, base) {
            found.insert(Pointee { offset: place.offset.wrapping_add(at.offset) & mask, ..place });
        }
    }

    /// A value in the order of bytes that it came in.
    fn unswapped(&self, function: FunctionId, local: &Local, value: Expr) -> Expr {
        let (base, _) = local.exprs.base_and_offset(bare(local, value), Width::W32);
        let value = base.unwrap_or(value);
        match local.exprs.node(value) {
            Node::Unary(Unary::ByteSwap, _, inner) => bare(local, inner),
            Node::Leaf(_) => {
                let swapped = match local.leaf(value) {
                    Some(Leaf::Result(call, _)) => self.resolver().unit.model(function, *call).and_then(|(_, model)| match model.gives {
                        Some(Gives::Swapped(index)) => self.resolver().unit.argument(function, *call, usize::from(index)),
                        _ => None,
                    }),
                    _ => None,
                };
                swapped.map_or(value, |(_, inner)| bare(local, inner))
            }
            _ => value,
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

    /// Is a value a pointer: does it point to something that is known, or does a library function look at what it points to?
    fn points(&self, function: FunctionId, local: &Local, value: Expr) -> bool {
        let unit = self.resolver().unit;
        // A small number may be an address of the file's head, too, where a file can be loaded anywhere.
        let is_place = |place: &Pointee| place.object != Object::Fixed || unit.is_variable(place.offset);
        self.resolver().objects.pointees(function, value).iter().any(is_place)
            || local.calls.iter().enumerate().any(|(number, call)| {
                let index = call.arguments.iter().position(|argument| *argument == value);
                let model = unit.model(function, CallId(number as u32)).map(|(_, model)| model);
                index.zip(model).is_some_and(|(index, model)| looks_at(model, index as u8))
            })
    }

    /// Has nobody outside a say in a value?
    fn is_own(&self, function: FunctionId, value: Expr, context: &Context) -> bool {
        let local = self.resolver().unit.local(function);
        local.is_some_and(|local| local.exprs.value(value).is_some())
            || self.sources(&self.channels.contents.value_origin(function, value, context).parts()).is_empty()
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
            let texts = scanned_texts(&formats.first()?.known()?);
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
