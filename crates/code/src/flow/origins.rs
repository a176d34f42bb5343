//! Where the bits of a value come from: the origins of the bytes that it was made of.

use std::collections::HashSet;

use super::{
    content::{Contents, Question},
    context::{Context, Trail},
    objects::Object,
    resolve::Found,
    text::{Origin, Shape, Text},
};
use crate::{
    functions::FunctionId,
    models::Gives,
    values::{CallId, Expr, Leaf, Location, Snapshot},
};

/// Origins of one value.
const ORIGINS: usize = 16;

/// What was found so far.
#[derive(Default)]
struct Gathered {
    origins: Vec<Origin>,
    seen: HashSet<(FunctionId, Expr, Context)>,
}

impl Contents<'_, '_> {
    /// Where the bits of a value come from.
    pub fn value_origin(&self, function: FunctionId, value: Expr, context: &Context) -> Origin {
        let question = Question::Origin(function, value, context.clone());
        let texts = self.remembered(question, &Trail::default(), |trail| {
            let mut gathered = Gathered::default();
            self.collect(function, value, context, &mut gathered);
            let mut origins = gathered.origins;
            origins.retain(|origin| *origin != Origin::Unknown);
            origins.dedup();
            // One answer, not one for each of its parts: it is kept, and copied for whoever asks.
            let made = match origins.len() {
                0 => return Vec::new(),
                1 => origins.swap_remove(0),
                _ => Origin::made(origins),
            };
            vec![Text::hole(made, Shape::Character, trail)]
        });
        texts.iter().flat_map(Text::origins).map(|(origin, _)| origin.clone()).next().unwrap_or(Origin::Unknown)
    }

    fn collect(&self, function: FunctionId, value: Expr, context: &Context, gathered: &mut Gathered) {
        let fresh = gathered.seen.insert((function, value, context.clone()));
        if fresh && gathered.origins.len() < ORIGINS && self.resolver.budget.step() {
            self.resolver.budget.nested(|| self.collect_here(function, value, context, gathered));
        }
    }

    fn collect_here(&self, function: FunctionId, value: Expr, context: &Context, gathered: &mut Gathered) {
        let unit = self.resolver.unit;
        // A byte that is loaded at several places, as before a loop and at its end: each of them is a load of its own.
        if let Some(local) = unit.local(function)
            && let Some(ways) = local.sides(value)
        {
            return ways.into_iter().for_each(|way| self.collect(function, way, context, gathered));
        }
        if let Some(local) = unit.local(function)
            && let Some(Leaf::Memory { at: Location { base: Some(base), offset }, state, .. }) = local.leaf(value)
            && local.entry(*base) != Some(unit.machine.stack)
        {
            // A byte or a field of what a pointer points to: of the bytes that stand there.
            let texts = self.pointer(function, *base, *offset, &Snapshot::new(*state), context, &Trail::default());
            let found: Vec<Origin> = texts.iter().flat_map(Text::origins).map(|(origin, _)| origin.clone()).collect();
            if found.iter().any(|origin| *origin != Origin::Unknown) {
                gathered.origins.extend(found);
                return;
            }
        }
        if let Some(local) = unit.local(function)
            && let Some(Leaf::Memory { at: Location { base: None, offset }, .. }) = local.leaf(value)
            && !unit.is_unwritten(*offset, 1)
        {
            // A word of a buffer of the program's own that is filled byte by byte.
            let texts = self.global(*offset, &Trail::default());
            let found = texts.iter().flat_map(Text::origins).map(|(origin, _)| origin.clone());
            gathered.origins.extend(found.filter(|origin| *origin != Origin::Unknown));
        }
        for (found, above, _) in self.resolver.resolve(function, value, context) {
            match found {
                Found::Operation(owner, expr) => {
                    let Some(local) = unit.local(owner) else { continue };
                    let mut leaves = Vec::new();
                    local.exprs.leaves(expr, &mut leaves);
                    for leaf in leaves.into_iter().take(6) {
                        if let Some(expr) = local.exprs.leaf_expr(leaf) {
                            self.collect(owner, expr, &above, gathered);
                        }
                    }
                }
                Found::Result(owner, call) => self.collect_result(owner, call, &above, gathered),
                Found::Written(owner, call, at) => self.collect_written(owner, call, at, &above, gathered),
                Found::Element(owner, expr) => {
                    // An element of a buffer: its bytes.
                    let Some(local) = unit.local(owner) else { continue };
                    let Some(Leaf::Element { address, state, .. }) = local.leaf(expr) else { continue };
                    let texts = self.pointer(owner, *address, 0, &Snapshot::new(*state), &above, &Trail::default());
                    gathered.origins.extend(texts.iter().flat_map(Text::origins).map(|(origin, _)| origin.clone()));
                }
                Found::Argument(owner, index) => gathered.origins.push(Origin::Argument(owner, index)),
                Found::Filled(owner, call, index) => gathered.origins.push(self.resolver.brought(owner, call, index, &above)),
                Found::Behind(object, offset, _) => match object {
                    Object::Argument(owner, index) => gathered.origins.push(self.word(owner, usize::from(index), Some(offset))),
                    Object::Result(owner, call) if self.is_beside_file(owner, call, offset) => {}
                    Object::Result(owner, call) => self.collect_result(owner, call, &above, gathered),
                    Object::Written(owner, call, index) => gathered.origins.push(self.resolver.brought(owner, call, index, &above)),
                    _ => {}
                },
                Found::Number(_) | Found::Stack(..) | Found::Import(_) | Found::Unknown => {}
            }
        }
    }

    fn collect_result(&self, owner: FunctionId, id: CallId, context: &Context, gathered: &mut Gathered) {
        let unit = self.resolver.unit;
        let Some(call) = unit.local(owner).and_then(|local| local.call(id)) else { return };
        let of = unit.model(owner, id).and_then(|(_, model)| model.gives);
        match of {
            Some(
                Gives::Number(index)
                | Gives::Length(index)
                | Gives::Within(index)
                | Gives::Copy(index)
                | Gives::Argument(index)
                | Gives::Member(index, _),
            ) => {
                let texts = self.inner(owner, call, index, context, &Trail::default());
                gathered.origins.extend(texts.iter().flat_map(Text::origins).map(|(origin, _)| origin.clone()));
            }
            Some(Gives::Through(index)) => {
                let texts = self.through(owner, id, call, index, context, &Trail::default());
                gathered.origins.extend(texts.iter().flat_map(Text::origins).map(|(origin, _)| origin.clone()));
            }
            Some(Gives::Swapped(index) | Gives::Shown(index)) => {
                if let Some((_, value)) = unit.argument(owner, id, usize::from(index)) {
                    self.collect(owner, value, context, gathered);
                }
            }
            _ => gathered.origins.push(self.resolver.brought(owner, id, u8::MAX, context)),
        }
    }

    fn collect_written(&self, owner: FunctionId, id: CallId, at: Location, context: &Context, gathered: &mut Gathered) {
        match self.written_by(owner, id, at, context, &Trail::default()) {
            Some((texts, _)) => gathered.origins.extend(texts.iter().flat_map(Text::origins).map(|(origin, _)| origin.clone())),
            None => gathered.origins.push(self.resolver.brought(owner, id, u8::MAX, context)),
        }
    }
}
