//! Functions that are a library's allocator under another name: `xmalloc`, `_cgcalloc`, `xstrdup`.
//!
//! Nearly every program has one, and gets most of its memory through it. Taken as a function like any other, all that the program ever
//! allocates is one object, and bytes of one connection seem to stand in every other. So a call of such a function is taken for a call
//! of the library's own.
//!
//! A function counts as one where every way out gives back what one call of an allocator gave, the size (or the text) is among its own
//! arguments at the same place, and it stores nothing anywhere but in its own frame.

use std::collections::BTreeSet;

use super::{edges::Target, unit::Unit};
use crate::{
    functions::FunctionId,
    models::{Allocation, Gives},
    values::{Address, Call, CallId, Expr, Leaf, Local},
};

/// Calls in one: the allocator, and what says that memory is short.
const CALLS: usize = 8;
/// Ways that come together in what is given back.
const JOINS: usize = 16;

impl Unit<'_> {
    /// The name of the allocator that `function` stands for.
    pub(super) fn allocator(&self, function: FunctionId) -> Option<String> {
        let local = self.local(function).filter(|local| !local.returns.is_empty() && local.calls.len() <= CALLS)?;
        let own = |at: &Address| {
            let (Address::At(place) | Address::Within(place)) = at;
            place.base.and_then(|base| local.entry(base)) == Some(self.machine.stack)
        };
        if !local.stores.iter().all(|store| own(&store.at)) {
            return None;
        }
        let mut given = BTreeSet::new();
        for back in &local.returns {
            results(local, *back.values.first()?, &mut BTreeSet::new(), &mut given)?;
        }
        let mut given = given.into_iter();
        let (Some(id), None) = (given.next(), given.next()) else { return None };
        let [Target::Library(name)] = self.targets(function, id) else { return None };
        let call = local.call(id)?;
        let passes = match self.models.get(name)?.gives? {
            Gives::New(Allocation::Bytes(index)) => self.passes(local, call, index),
            Gives::New(Allocation::Product(one, other)) => self.passes(local, call, one) && self.passes(local, call, other),
            Gives::Copy(index) => local.argument(call, usize::from(index), self.program, self.machine) == self.entry(local, index),
            _ => false,
        };
        passes.then(|| name.clone())
    }

    /// Is argument `index` of `call` made of the function's own argument at that place? Some are rounded up, in place.
    fn passes(&self, local: &Local, call: &Call, index: u8) -> bool {
        let Some(value) = local.argument(call, usize::from(index), self.program, self.machine) else { return false };
        let mut leaves = Vec::new();
        local.exprs.leaves(value, &mut leaves);
        leaves.iter().filter_map(|leaf| local.leaves.get(*leaf as usize)).any(|leaf| match leaf {
            Leaf::Entry(var) => self.argument_of(*var) == Some(usize::from(index)),
            Leaf::Memory { at, .. } => at.base.and_then(|base| local.entry(base)) == Some(self.machine.stack),
            Leaf::Join { .. } => true,
            _ => false,
        })
    }

    fn entry(&self, local: &Local, index: u8) -> Option<Expr> {
        let var = *self.machine.arguments.get(usize::from(index))?;
        let leaf = local.leaves.iter().position(|leaf| *leaf == Leaf::Entry(var))?;
        local.exprs.leaf_expr(leaf as u32)
    }
}

/// The calls whose results `value` can be; none where it can be anything else but a null pointer.
fn results(local: &Local, value: Expr, seen: &mut BTreeSet<Expr>, given: &mut BTreeSet<CallId>) -> Option<()> {
    if !seen.insert(value) {
        return Some(());
    }
    if local.exprs.value(value) == Some(0) {
        return Some(());
    }
    match local.leaf(value)? {
        Leaf::Result(call, _) => {
            given.insert(*call);
            Some(())
        }
        Leaf::Join { block, slot } if seen.len() < JOINS => {
            let ways: Vec<Expr> = local.ways(*block, *slot).map(|(way, ..)| way).collect();
            ways.into_iter().try_for_each(|way| results(local, way, seen, given))
        }
        _ => None,
    }
}
