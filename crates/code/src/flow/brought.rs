//! Calls that bring bytes, and the calls above them that say from where.
//!
//! Programs read through helpers of their own: `read_all(fd, buffer)` serves the socket as well as the owner's settings. The library call
//! in it is the same one each time; who called the helper is what tells them apart. So an origin of bytes names both: the call that brought
//! them, and as many of the calls above it as hand on the descriptor, stream, handle or path that it reads from. Calls above those make no
//! difference, and would make two origins of one.

use std::collections::{HashSet, VecDeque};

use super::{context::Context, resolve::Resolver, text::Origin};
use crate::{
    functions::FunctionId,
    models::{BROUGHT, Gives, Model, Opens},
    values::{CallId, Expr, Leaf, Local},
};

/// Callers of a helper that reads for everybody.
const EVERYBODY: usize = 5;
/// Values that are looked at for one argument.
const VALUES: usize = 32;

impl Resolver<'_> {
    /// Bytes that a call, come to by `context`, brings through its argument `index` (255: its result).
    pub(super) fn brought(&self, function: FunctionId, call: CallId, index: u8, context: &Context) -> Origin {
        let model = self.unit.model(function, call).map(|(_, model)| model);
        let whence = model.and_then(|model| whence(model, index));
        let kept = whence.map_or(0, |argument| self.handed_on(function, call, argument, context).0);
        Origin::Call(function, call, index, context.innermost(kept))
    }

    /// Does a call read for whoever calls its function, of whom there are many, and is it not known who did? What all of them read is then
    /// no answer to what this one does.
    pub(super) fn is_everybodys(&self, function: FunctionId, call: CallId, index: u8, context: &Context) -> bool {
        let model = self.unit.model(function, call).map(|(_, model)| model);
        let Some(argument) = model.and_then(|model| whence(model, index)) else { return false };
        let open = self.handed_on(function, call, argument, context).1;
        open.is_some_and(|helper| self.unit.callers(helper).len() >= EVERYBODY)
    }

    /// How many calls of `context` hand on what argument `index` of a call is made of; and the function of which an argument is it still
    /// where they end.
    fn handed_on(&self, function: FunctionId, call: CallId, index: u8, context: &Context) -> (usize, Option<FunctionId>) {
        let mut kept = 0;
        let mut value = self.unit.argument(function, call, usize::from(index));
        let (mut callee, mut above) = (function, context);
        while let Some((local, passed)) = value {
            let Some(index) = self.argument_within(callee, local, passed) else { return (kept, None) };
            let Some((edge, next)) = above.up().filter(|(edge, _)| edge.to == callee) else { return (kept, Some(callee)) };
            kept += 1;
            value = edge.passed_as(index).and_then(|index| self.unit.argument(edge.from, edge.call, index));
            (callee, above) = (edge.from, next);
        }
        (kept, None)
    }

    /// The argument of its function that a value is made of, or is found through: also the path that the function itself opens.
    fn argument_within(&self, function: FunctionId, local: &Local, value: Expr) -> Option<usize> {
        let (mut seen, mut waiting) = (HashSet::new(), VecDeque::from([value]));
        while let Some(value) = waiting.pop_front().filter(|_| seen.len() < VALUES) {
            if !seen.insert(value) {
                continue;
            }
            let mut leaves = Vec::new();
            local.exprs.leaves(value, &mut leaves);
            for leaf in leaves.into_iter().take(VALUES) {
                match local.leaves.get(leaf as usize) {
                    Some(Leaf::Entry(var)) => {
                        if let Some(index) = self.unit.argument_of(*var) {
                            return Some(index);
                        }
                    }
                    Some(Leaf::Memory { at, .. }) => waiting.extend(at.base),
                    Some(Leaf::Element { address, .. }) => waiting.push_back(*address),
                    Some(Leaf::Result(call, _)) => {
                        let opened = self.unit.model(function, *call).and_then(|(_, model)| opened_by(model));
                        let by = opened.and_then(|index| self.unit.argument(function, *call, usize::from(index)));
                        waiting.extend(by.map(|(_, by)| by));
                    }
                    Some(Leaf::Join { block, slot }) => waiting.extend(local.ways(*block, *slot).map(|(way, ..)| way)),
                    _ => {}
                }
            }
        }
        None
    }
}

/// The argument of a library call that says what it opens: a path, or another handle of the same channel.
fn opened_by(model: &Model) -> Option<u8> {
    match model.opens {
        Some(Opens::File(index) | Opens::Directory(index) | Opens::Output(index) | Opens::Same(index) | Opens::Url(index)) => Some(index),
        _ => None,
    }
}

/// The argument of a library call that says from where it brings what it gives through `index`.
fn whence(model: &Model, index: u8) -> Option<u8> {
    if index == BROUGHT {
        return model.performs.or(model.options.as_ref().map(|options| options.on));
    }
    let file = model.copies.iter().any(|copy| copy.file && copy.from == index);
    let option = model.options.as_ref().is_some_and(|options| options.value == index);
    let named = model.holds.as_ref().and_then(|holds| holds.argument);
    let read = model.reads.map(|reads| reads.channel).filter(|channel| *channel != u8::MAX);
    let environment = match model.gives {
        Some(Gives::Environment(name)) => Some(name),
        _ => None,
    };
    named.or((file || option).then_some(index)).or(read).or(environment)
}
