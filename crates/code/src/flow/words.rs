//! The words of commands and programs that are started, and by which calls they came: a function that starts whatever it is given means
//! something else at each of its callers.

use super::{content::Contents, context::Context, text::Text};
use crate::{
    functions::FunctionId,
    models::Acts,
    values::{Address, CallId, Expr, Leaf, Local, Location},
};

/// Words of one command.
const WORDS: u64 = 24;
/// Callers that are told apart.
const CALLERS: usize = 24;
/// Functions that hand on what they were given, one behind the other.
const DEPTH: u32 = 3;

impl Contents<'_, '_> {
    /// The words that a program is given: further arguments of the call, or a list in memory; up to a null pointer.
    pub(super) fn words(&self, function: FunctionId, id: CallId, acts: &Acts, context: &Context) -> Vec<Text> {
        let unit = self.resolver.unit;
        let mut words = Vec::new();
        let Some((local, call)) = unit.local(function).and_then(|local| Some((local, local.call(id)?))) else { return words };
        if let Some(first) = acts.words {
            for index in usize::from(first)..usize::from(first) + WORDS as usize {
                let Some((_, value)) = unit.argument(function, id, index) else { break };
                if self.ends(function, local, value) {
                    break;
                }
                words.extend(self.at(function, value, &call.memory, context).into_iter().next());
            }
        } else if let Some((_, list)) = acts.list.and_then(|index| unit.argument(function, id, usize::from(index))) {
            let Address::At(start) = local.locate(list, unit.program, unit.machine) else { return words };
            let width = self.resolver.width();
            for index in 0..WORDS {
                let at = Location { base: start.base, offset: start.offset.wrapping_add(index * width.bytes()) & width.mask() };
                let text = match call.memory.get(at) {
                    Some((_, value)) if self.ends(function, local, value) => break,
                    Some((_, value)) => self.at(function, value, &call.memory, context).into_iter().next(),
                    None => self.kept(function, at, &call.memory, context).into_iter().next(),
                };
                let Some(text) = text else { break };
                words.push(text);
            }
        }
        words
    }

    /// Does this value end a list of words: a null pointer, or a number that is none and must be zero here, such as what `fork` gave?
    fn ends(&self, function: FunctionId, local: &Local, value: Expr) -> bool {
        let number = |leaf: Option<&Leaf>| match leaf {
            Some(Leaf::Result(call, _)) => self.resolver.unit.model(function, *call).is_some_and(|(_, model)| model.gives.is_none()),
            _ => false,
        };
        number(local.leaf(value)) || self.resolver.numbers(function, value, &Context::default()).is_some_and(|numbers| numbers == [0])
    }

    /// The calls by which the words of a command can have come, each with what was called before it; one that is empty where the function
    /// has them from nobody.
    pub(super) fn ways_in(&self, function: FunctionId, id: CallId, acts: &Acts) -> Vec<Context> {
        self.ways_of_argument(function, id, acts.list.or(acts.argument))
    }

    /// The same for what is behind an argument of any call.
    pub(super) fn ways_of_argument(&self, function: FunctionId, id: CallId, index: Option<u8>) -> Vec<Context> {
        let value = index.and_then(|index| self.resolver.unit.argument(function, id, usize::from(index)));
        let mut ways = Vec::new();
        if let Some((_, value)) = value {
            self.ways_of(function, value, DEPTH, &mut Vec::new(), &mut ways);
        }
        if ways.is_empty() { vec![Context::default()] } else { ways }
    }

    /// `below`: the calls between `function` and the command, the nearest to the command first.
    fn ways_of(&self, function: FunctionId, value: Expr, depth: u32, below: &mut Vec<super::edges::Edge>, ways: &mut Vec<Context>) {
        let unit = self.resolver.unit;
        let callers = self.argument_behind(function, value).map(|index| (index, unit.callers(function)));
        let Some((index, callers)) = callers.filter(|(_, callers)| depth > 0 && !callers.is_empty()) else {
            if !below.is_empty() && ways.len() < CALLERS {
                ways.extend(below.iter().rev().try_fold(Context::default(), |context, edge| context.down(edge)));
            }
            return;
        };
        for edge in callers.iter().take(CALLERS) {
            let passed = edge.passed_as(index).and_then(|index| unit.argument(edge.from, edge.call, index));
            let Some((_, value)) = passed else { continue };
            below.push(edge.clone());
            self.ways_of(edge.from, value, depth - 1, below, ways);
            below.pop();
        }
    }

    /// The argument that `value` is, or that it was kept as on the stack.
    fn argument_behind(&self, function: FunctionId, value: Expr) -> Option<usize> {
        let unit = self.resolver.unit;
        let local = unit.local(function)?;
        match local.leaf(value)? {
            Leaf::Entry(var) => unit.argument_of(*var),
            // The first word of a list that was passed.
            Leaf::Memory { at, .. } => unit.argument_of(local.entry(at.base?)?),
            _ => None,
        }
    }
}
