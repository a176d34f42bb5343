//! Calls as edges between functions: those that the program makes, and those that a library makes back into it.

use std::collections::BTreeSet;

use super::unit::Unit;
use crate::{functions::FunctionId, models::BROUGHT, values::CallId};

/// Whom a call reaches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A function of the program.
    Function(FunctionId),
    /// A function from elsewhere, by name.
    Library(String),
}

/// What a callee's arguments are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Passing {
    /// The call's own.
    Own,
    /// These arguments of the call, in this order: it is called back.
    Selected(Vec<u8>),
}

/// A call that reaches a function of the program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Caller.
    pub from: FunctionId,
    /// The call in it.
    pub call: CallId,
    /// Callee.
    pub to: FunctionId,
    /// How arguments are passed.
    pub passing: Passing,
    /// The callee runs beside the caller.
    pub thread: bool,
    /// Where the word stands by which the other side calls it.
    pub said: Option<u64>,
}

/// A function that a library calls back, found behind an argument of a call: in a structure, or in a table that one points to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Back {
    /// The function.
    pub(super) to: FunctionId,
    /// What it is passed: see [`crate::models::Callback::arguments`].
    pub(super) arguments: Vec<u8>,
    /// Where the word stands by which the other side calls it.
    pub(super) said: Option<u64>,
}

impl Edge {
    /// The number that argument `index` of the callee has among the arguments of the call.
    pub fn passed_as(&self, index: usize) -> Option<usize> {
        match &self.passing {
            Passing::Own => Some(index),
            Passing::Selected(arguments) => {
                arguments.get(index).filter(|argument| **argument < BROUGHT).map(|argument| usize::from(*argument))
            }
        }
    }

    /// Is argument `index` of the callee bytes that came in by the channel of the call's handle?
    pub fn brings(&self, index: usize) -> bool {
        matches!(&self.passing, Passing::Selected(arguments) if arguments.get(index) == Some(&BROUGHT))
    }
}

impl Unit<'_> {
    /// Adds what was learnt of a call's targets; true where it is new.
    pub fn learn(&mut self, from: FunctionId, call: CallId, found: impl IntoIterator<Item = Target>) -> bool {
        let known = self.targets.entry((from, call)).or_default();
        let before = known.len();
        known.extend(found);
        known.sort();
        known.dedup();
        known.len() > before
    }

    /// Adds what was learnt of functions that a call has called back; true where it is new.
    pub(super) fn learn_backs(&mut self, from: FunctionId, call: CallId, found: Vec<Back>) -> bool {
        let known = self.backs.entry((from, call)).or_default();
        let before = known.len();
        known.extend(found);
        known.sort();
        known.dedup();
        known.len() > before
    }

    /// Makes the edges anew from what is known of targets.
    pub fn connect(&mut self) {
        let (mut edges, mut mains) = (BTreeSet::new(), BTreeSet::new());
        for ((from, call), targets) in &self.targets {
            for target in targets {
                match target {
                    Target::Function(to) => {
                        edges.insert(Edge { from: *from, call: *call, to: *to, passing: Passing::Own, thread: false, said: None });
                    }
                    Target::Library(name) => {
                        let Some(model) = self.models.get(name) else { continue };
                        for back in model.calls.iter().filter(|back| back.field.is_none()) {
                            let function = self.argument(*from, *call, usize::from(back.function));
                            let to = function.and_then(|(local, value)| self.function_at(self.first_value(local, value)?));
                            if back.main {
                                mains.extend(to);
                                continue;
                            }
                            let passing = Passing::Selected(back.arguments.clone());
                            let name = back.name.and_then(|name| self.argument(*from, *call, usize::from(name)));
                            let said = name.and_then(|(local, name)| local.exprs.value(name));
                            edges.extend(to.map(|to| Edge {
                                from: *from,
                                call: *call,
                                to,
                                passing: passing.clone(),
                                thread: back.thread,
                                said,
                            }));
                        }
                        edges.extend(self.by_option(*from, *call, model));
                    }
                }
            }
        }
        for ((from, call), backs) in &self.backs {
            edges.extend(backs.iter().cloned().map(|back| Edge {
                from: *from,
                call: *call,
                to: back.to,
                passing: Passing::Selected(back.arguments),
                thread: false,
                said: back.said,
            }));
        }
        self.mains = mains;
        self.callers = vec![Vec::new(); self.code.functions.len()];
        self.callees.clear();
        for edge in edges {
            if let Some(callers) = self.callers.get_mut(edge.to.0 as usize) {
                callers.push(edge.clone());
            }
            self.callees.entry((edge.from, edge.call)).or_default().push(edge);
        }
        self.sum_writes();
    }
}
