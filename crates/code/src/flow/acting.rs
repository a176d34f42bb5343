//! What a call of a library function does to the world: the actuator, and the texts that decide about it.

use assay_core::{
    At,
    facts::{
        CodeFact,
        code::{Actuator, ActuatorKind, Channel, Choice, Manner, Run},
    },
    words::is_open_shell,
};

use super::{
    commands::{Meaning, Quoting},
    context::{Context, Trail},
    events::{Acting, Events},
    text::{Piece, Text},
};
use crate::{
    functions::FunctionId,
    models::{Acts, Exports, Model},
    script::rules::Rules,
    values::CallId,
};

/// Variables of the environment that a program sets.
const EXPORTS: usize = 64;

impl Events<'_, '_, '_> {
    /// A call that changes something.
    pub(super) fn acts(&mut self, function: FunctionId, id: CallId, name: &str, model: &Model, acts: &Acts) {
        let started = matches!(acts.kind, ActuatorKind::Command | ActuatorKind::Program);
        let ways = if started { self.channels.contents.ways_in(function, id, acts) } else { vec![Context::default()] };
        for way in ways {
            self.context = way;
            self.acts_here(function, id, name, model, acts);
        }
        self.context = Context::default();
    }

    /// The same as it was called by [`Events::context`].
    fn acts_here(&mut self, function: FunctionId, id: CallId, name: &str, model: &Model, acts: &Acts) {
        let unit = self.resolver().unit;
        let none = self.context.clone();
        let Some(call) = unit.local(function).and_then(|local| local.call(id)) else { return };
        if let Some(except) = acts.except
            && self.number(function, id, except.argument) == Some(except.is)
        {
            return;
        }
        let texts = acts.argument.map(|index| self.channels.contents.argument(function, call, usize::from(index), &none));
        let texts = texts.unwrap_or_default();
        match acts.kind {
            ActuatorKind::Command => {
                for text in &texts {
                    let meaning = self.guards.commands.read(&[text], Quoting::Shell);
                    self.command(function, id, name, acts.kind, &[text], &meaning);
                }
            }
            ActuatorKind::Program => {
                for program in &texts {
                    let rest = self.channels.contents.words(function, id, acts, &none);
                    // The first of them is what the program is told to be called.
                    let words: Vec<&Text> = std::iter::once(program).chain(rest.iter().skip(1)).collect();
                    let meaning = self.guards.commands.read(&words, Quoting::Words);
                    self.command(function, id, name, acts.kind, &words, &meaning);
                    self.serves_shell(function, id, name, &words);
                }
            }
            ActuatorKind::StopProcess => {
                for victim in acts.argument.map(|index| self.victims(function, id, index)).unwrap_or_default() {
                    let actuator = Actuator { kind: acts.kind, name: name.to_owned(), argument: victim.show(), to: None, says: None };
                    self.flows(function, id, &Acting { actuator, texts: &[victim] });
                }
            }
            kind => {
                let mut argument = texts.first().map(Text::show).unwrap_or_default();
                let kind = match kind {
                    ActuatorKind::File => Rules::get().written(&argument).unwrap_or(ActuatorKind::File),
                    ActuatorKind::HashBoard => {
                        let device = self.device(function, id, acts.channel);
                        let asked = model.asks.iter().find(|asks| self.number(function, id, asks.argument) == Some(asks.is));
                        // A request that is known to ask only, and one of anything else than a device of the machine's work, do nothing.
                        let kind = match (asked, &device) {
                            (Some(asks), _) => asks.acts,
                            (None, Some((_, kind))) => Some(*kind),
                            (None, None) => None,
                        };
                        argument = device.map_or_else(|| "a device".into(), |(path, _)| path);
                        let Some(kind) = kind else { return };
                        kind
                    }
                    kind => kind,
                };
                let actuator = Actuator { kind, name: name.to_owned(), argument, to: None, says: None };
                self.flows(function, id, &Acting { actuator, texts: &texts });
            }
        }
    }

    /// A command of a shell, or a program with its words.
    fn command(&mut self, function: FunctionId, id: CallId, name: &str, kind: ActuatorKind, words: &[&Text], meaning: &Meaning) {
        let Some(call) = self.resolver().unit.local(function).and_then(|local| local.call(id)) else { return };
        let at = At::Address(call.site);
        let shown = words.iter().map(|word| word.show()).collect::<Vec<_>>().join(" ");
        for run in self.runs(name, kind, &shown, meaning, function) {
            self.facts.push((at.clone(), CodeFact::Run(run)));
        }
        for (path, access) in &meaning.files {
            self.facts.push((at.clone(), CodeFact::File { path: path.clone(), access: *access }));
        }
        // What a command brings or moves by itself it moves where this call is reached.
        let atoms = if meaning.flows.is_empty() { Vec::new() } else { self.guards.here_from(function, call.block, &self.context) };
        for flow in &meaning.flows {
            let trail = Trail::default();
            let acting = Acting { actuator: flow.actuator.clone(), texts: &[] };
            let (source, choice) = (flow.source.clone(), flow.choice.clone());
            let mut own = self.flow(function, call.site, &acting, source, flow.manner, choice, &atoms, &trail);
            own.checks.extend(flow.checks.iter().filter(|check| !own.checks.contains(check)).cloned().collect::<Vec<_>>());
            self.facts.push((at.clone(), CodeFact::Flow(Box::new(own))));
        }
        let holes: Vec<&Piece> = words.iter().flat_map(|word| &word.pieces).filter(|piece| matches!(piece, Piece::Hole(..))).collect();
        for act in &meaning.acts {
            let pieces = act.holes.iter().filter_map(|hole| holes.get(*hole)).map(|piece| (*piece).clone()).collect();
            let trail = words.iter().map(|word| &word.trail).max_by_key(|trail| trail.count()).cloned().unwrap_or_default();
            self.flows(function, id, &Acting { actuator: act.actuator.clone(), texts: &[Text { pieces, trail }] });
        }
        self.exported(function, id, name, kind, &shown);
        // The command as such matters where the outside has a part in its text, or where nobody knows what it does.
        let texts: Vec<Text> = words.iter().map(|word| (*word).clone()).collect();
        let actuator = Actuator { kind, name: name.to_owned(), argument: shown, to: None, says: None };
        let acting = Acting { actuator, texts: &texts };
        if meaning.known {
            self.data_flows(function, id, &acting);
        } else {
            self.flows(function, id, &acting);
        }
    }

    /// Variables of the environment that were set from outside: the program that is started has them.
    fn exported(&mut self, function: FunctionId, id: CallId, name: &str, kind: ActuatorKind, shown: &str) {
        let (unit, none) = (self.resolver().unit, Context::default());
        for (owner, setter, exports) in self.exports() {
            let Some(call) = unit.local(owner).and_then(|local| local.call(setter)) else { continue };
            let contents = &self.channels.contents;
            let named = contents.argument(owner, call, usize::from(exports.name), &none);
            let Some(variable) = named.first().map(Text::show) else { continue };
            let variable = variable.split('=').next().unwrap_or_default().to_owned();
            let texts = exports.value.map_or(named, |value| contents.argument(owner, call, usize::from(value), &none));
            if !variable.is_empty() && !variable.contains("{}") && texts.iter().any(|text| text.origins().next().is_some()) {
                let argument = format!("{variable}={{}} {shown}");
                let actuator = Actuator { kind, name: name.to_owned(), argument, to: None, says: None };
                self.data_flows(function, id, &Acting { actuator, texts: &texts });
            }
        }
    }

    /// Calls that set variables of the environment.
    fn exports(&self) -> Vec<(FunctionId, CallId, Exports)> {
        let unit = self.resolver().unit;
        let calls = unit.locals.iter().enumerate().flat_map(|(number, local)| {
            let function = FunctionId(number as u32);
            (0..local.calls.len()).map(move |call| (function, CallId(call as u32)))
        });
        calls.filter_map(|(function, call)| Some((function, call, unit.model(function, call)?.1.exports?))).take(EXPORTS).collect()
    }

    /// A shell whose standard input was made a socket is a service for whoever is at the other end.
    fn serves_shell(&mut self, function: FunctionId, id: CallId, name: &str, words: &[&Text]) {
        let (unit, none) = (self.resolver().unit, Context::default());
        let shown: Vec<String> = words.iter().map(|word| word.show()).collect();
        if !is_open_shell(shown.iter().map(String::as_str)) {
            return;
        }
        let Some(local) = unit.local(function) else { return };
        for index in 0..local.calls.len() {
            let call = CallId(index as u32);
            let Some(redirects) = unit.model(function, call).and_then(|(_, model)| model.redirects) else { continue };
            if self.number(function, call, redirects.to) != Some(0) {
                continue;
            }
            for channel in self.channels.argument(function, call, redirects.from, &none) {
                if matches!(channel, Channel::Bound { .. } | Channel::Connected { .. }) {
                    let actuator = Actuator {
                        kind: ActuatorKind::Service,
                        name: name.to_owned(),
                        argument: shown.join(" "),
                        to: Some(channel.clone()),
                        says: None,
                    };
                    self.flows(function, id, &Acting { actuator: actuator.clone(), texts: &[] });
                    self.serves(function, id, actuator, channel);
                }
            }
        }
    }

    /// Whoever is at the other end of `channel` is let in, whatever else must be true.
    fn serves(&mut self, function: FunctionId, id: CallId, actuator: Actuator, channel: Channel) {
        let Some(call) = self.resolver().unit.local(function).and_then(|local| local.call(id)) else { return };
        let needed = self.guards.here(function, call.block);
        let acting = Acting { actuator, texts: &[] };
        let flow = self.flow(function, call.site, &acting, channel, Manner::Data, Choice::Free, &needed, &Trail::default());
        self.facts.push((At::Address(call.site), CodeFact::Flow(Box::new(flow))));
    }

    /// The programs that a command starts, as facts.
    fn runs(&self, name: &str, kind: ActuatorKind, shown: &str, meaning: &Meaning, function: FunctionId) -> Vec<Run> {
        let command = (kind == ActuatorKind::Command).then(|| shown.to_owned());
        if meaning.runs.is_empty() {
            let mut words = shown.split_whitespace().map(str::to_owned);
            let program = words.next().unwrap_or_default();
            let through = name.to_owned();
            return vec![Run { program, arguments: words.collect(), command, through, function: self.name_of(function) }];
        }
        let runs = meaning.runs.iter();
        runs.map(|run| Run { command: command.clone(), through: name.to_owned(), function: self.name_of(function), ..run.clone() })
            .collect()
    }

    /// The number that an argument is.
    pub(super) fn number(&self, function: FunctionId, id: CallId, index: u8) -> Option<u64> {
        let (_, value) = self.resolver().unit.argument(function, id, usize::from(index))?;
        match self.resolver().numbers(function, value, &Context::default())?.as_slice() {
            [number] => Some(*number),
            _ => None,
        }
    }

    /// The device behind the descriptor that a call is given, and of what kind it is.
    pub(super) fn device(&self, function: FunctionId, id: CallId, channel: Option<u8>) -> Option<(String, ActuatorKind)> {
        let channels = self.channels.argument(function, id, channel?, &Context::default());
        channels.into_iter().find_map(|channel| match channel {
            Channel::File(path) | Channel::Serial(path) | Channel::Removable(path) => Rules::get().written(&path).map(|kind| (path, kind)),
            _ => None,
        })
    }
}
