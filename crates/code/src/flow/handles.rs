//! Handles that are set up option by option before they do something: a transfer and its URL, its body, its functions.
//!
//! What an option's number means is the model's matter ([`crate::models::Options`]). Which settings belong to one handle is found by where
//! the handle came from; functions that are called back are found earlier, while calls are connected, and there by the handle's own
//! expression.

use std::collections::HashMap;

use super::{
    channel::{Channels, Opener},
    context::Context,
    edges::{Edge, Passing},
    resolve::Found,
    unit::Unit,
};
use crate::{
    functions::FunctionId,
    models::{Known, Means, Model, Options},
    values::{CallId, Expr},
};

/// An option that was set.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// In which function.
    pub function: FunctionId,
    /// By which call.
    pub call: CallId,
    /// What was set.
    pub means: Means,
    /// The argument that holds what it was set to.
    pub value: u8,
    /// The argument that holds the port of an address.
    pub port: Option<u8>,
}

/// Settings by where the handle came from.
pub(super) type Settings = HashMap<Opener, Vec<Setting>>;

impl Unit<'_> {
    /// The option that a call sets.
    pub(super) fn option_of<'m>(&self, from: FunctionId, call: CallId, options: &'m Options) -> Option<&'m Known> {
        let Some(index) = options.option else { return options.known.first() };
        let (local, value) = self.argument(from, call, usize::from(index))?;
        let number = local.exprs.value(value)?;
        options.known.iter().find(|known| known.number == number)
    }

    /// The functions that are called back because a call sets them, or sets what they are passed.
    pub(super) fn by_option(&self, from: FunctionId, call: CallId, model: &Model) -> Vec<Edge> {
        let Some(options) = &model.options else { return Vec::new() };
        let Some(known) = self.option_of(from, call, options) else { return Vec::new() };
        let edge = |to, arguments: Vec<u8>| Edge { from, call, to, passing: Passing::Selected(arguments), thread: false, said: None };
        let mut edges = Vec::new();
        if known.means == Means::Callback {
            edges.extend(self.set_function(from, call, options).map(|to| edge(to, known.arguments.clone())));
        }
        let Some(hands) = known.hands else { return edges };
        let handle = |call| self.argument(from, call, usize::from(options.on)).map(|(_, handle)| handle);
        let Some(local) = self.local(from) else { return edges };
        for index in 0..local.calls.len() {
            let other = CallId(index as u32);
            let Some(options) = self.model(from, other).and_then(|(_, model)| model.options.as_ref()) else { continue };
            let sets = self.option_of(from, other, options).is_some_and(|known| known.number == hands.option);
            if sets && handle(other) == handle(call) {
                let mut arguments = vec![u8::MAX; usize::from(hands.argument)];
                arguments.push(options.value);
                edges.extend(self.set_function(from, other, options).map(|to| edge(to, arguments)));
            }
        }
        edges
    }

    /// What else a function that is called back is passed: other calls set it, each some argument, of the same handle.
    ///
    /// ```text
    /// setopt(c, WRITEFUNCTION, collect)      collect(bytes of the transfer, …)
    /// setopt(c, WRITEDATA, &reply)           collect(…, &reply)                   one call of `collect`
    /// ```
    pub(super) fn set_beside(&self, edge: &Edge) -> Vec<Edge> {
        let Passing::Selected(told) = &edge.passing else { return Vec::new() };
        let handle = |call| {
            let on = self.model(edge.from, call)?.1.options.as_ref()?.on;
            self.argument(edge.from, call, usize::from(on)).map(|(_, handle)| handle)
        };
        let Some(own) = handle(edge.call) else { return Vec::new() };
        let others = self.callers(edge.to).iter().filter(|other| other.from == edge.from && other.call != edge.call);
        let beside = others.filter(|other| handle(other.call) == Some(own)).filter_map(|other| {
            let Passing::Selected(arguments) = &other.passing else { return None };
            let left = arguments.iter().enumerate().map(|(index, argument)| match told.get(index) {
                None | Some(&u8::MAX) => *argument,
                Some(_) => u8::MAX,
            });
            Some(Edge { passing: Passing::Selected(left.collect()), ..other.clone() })
        });
        beside.collect()
    }

    fn set_function(&self, from: FunctionId, call: CallId, options: &Options) -> Option<FunctionId> {
        let (local, value) = self.argument(from, call, usize::from(options.value))?;
        self.function_at(self.first_value(local, value)?)
    }
}

impl Channels<'_, '_> {
    /// What was set of the handle in an argument of a call, of one kind.
    pub fn set_of(&self, function: FunctionId, call: CallId, handle: u8, means: Means) -> Vec<Setting> {
        let unit = self.contents.resolver.unit;
        let Some((_, handle)) = unit.argument(function, call, usize::from(handle)) else { return Vec::new() };
        let openers = self.openers(function, handle);
        openers.iter().flat_map(|opener| self.set_by(*opener)).filter(|setting| setting.means == means).copied().collect()
    }

    /// What was set of the handle that `opener` gave.
    pub(super) fn set_by(&self, opener: Opener) -> &[Setting] {
        self.settings
            .get_or_init(|| self.contents.resolver.budget.aside(|| self.all_settings()))
            .get(&opener)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    fn all_settings(&self) -> Settings {
        let unit = self.contents.resolver.unit;
        let mut all = Settings::new();
        for (number, local) in unit.locals.iter().enumerate() {
            let function = FunctionId(number as u32);
            for index in 0..local.calls.len() {
                let call = CallId(index as u32);
                let Some(options) = unit.model(function, call).and_then(|(_, model)| model.options.as_ref()) else { continue };
                let Some(known) = unit.option_of(function, call, options) else { continue };
                let Some((_, handle)) = unit.argument(function, call, usize::from(options.on)) else { continue };
                for opener in self.openers(function, handle) {
                    all.entry(opener).or_default().push(Setting {
                        function,
                        call,
                        means: known.means,
                        value: options.value,
                        port: options.port,
                    });
                }
            }
        }
        all
    }

    /// The calls that can have given a handle.
    fn openers(&self, function: FunctionId, handle: Expr) -> Vec<Opener> {
        let found = self.contents.resolver.resolve(function, handle, &Context::default());
        let openers = found.into_iter().filter_map(|(found, ..)| match found {
            Found::Result(owner, opener) => Some((owner, opener)),
            _ => None,
        });
        openers.collect()
    }
}
