//! What a call of a library function does to the world: the actuator, and the texts that decide about it.

use assay_core::{
    At,
    facts::{
        CodeFact,
        code::{Actuator, ActuatorKind, Channel, Run},
    },
};

use super::{
    commands::{Meaning, Quoting},
    context::Context,
    events::{Acting, Events},
    text::{Piece, Text},
};
use crate::{
    functions::FunctionId,
    models::Acts,
    script::rules::Rules,
    values::{Address, CallId, Location},
};

/// Words of one command.
const WORDS: u64 = 24;

impl Events<'_, '_, '_> {
    /// A call that changes something.
    pub(super) fn acts(&mut self, function: FunctionId, id: CallId, name: &str, acts: &Acts) {
        let unit = self.resolver().unit;
        let none = Context::default();
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
                    let rest = self.words(function, id, acts);
                    // The first of them is what the program is told to be called.
                    let words: Vec<&Text> = std::iter::once(program).chain(rest.iter().skip(1)).collect();
                    let meaning = self.guards.commands.read(&words, Quoting::Words);
                    self.command(function, id, name, acts.kind, &words, &meaning);
                }
            }
            ActuatorKind::StopProcess => {
                for victim in acts.argument.map(|index| self.victims(function, id, index)).unwrap_or_default() {
                    let actuator = Actuator { kind: acts.kind, name: name.to_owned(), argument: victim.show(), to: None };
                    self.flows(function, id, &Acting { actuator, texts: &[victim] });
                }
            }
            kind => {
                let argument = texts.first().map(Text::show).unwrap_or_default();
                let kind = match kind {
                    ActuatorKind::File => Rules::get().written(&argument).unwrap_or(ActuatorKind::File),
                    ActuatorKind::HashBoard => match self.device(function, id, acts.channel) {
                        Some(kind) => kind,
                        // An ioctl of anything else than a device of the machine's work.
                        None => return,
                    },
                    kind => kind,
                };
                let actuator = Actuator { kind, name: name.to_owned(), argument, to: None };
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
        let holes: Vec<&Piece> = words.iter().flat_map(|word| &word.pieces).filter(|piece| matches!(piece, Piece::Hole(..))).collect();
        for act in &meaning.acts {
            let pieces = act.holes.iter().filter_map(|hole| holes.get(*hole)).map(|piece| (*piece).clone()).collect();
            let trail = words.iter().map(|word| &word.trail).max_by_key(|trail| trail.count()).cloned().unwrap_or_default();
            self.flows(function, id, &Acting { actuator: act.actuator.clone(), texts: &[Text { pieces, trail }] });
        }
        // The command as such matters where the outside has a part in its text, or where nobody knows what it does.
        let texts: Vec<Text> = words.iter().map(|word| (*word).clone()).collect();
        let actuator = Actuator { kind, name: name.to_owned(), argument: shown, to: None };
        let acting = Acting { actuator, texts: &texts };
        if meaning.known {
            self.data_flows(function, id, &acting);
        } else {
            self.flows(function, id, &acting);
        }
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

    /// The words that a program is given: further arguments of the call, or a list in memory; up to a null pointer.
    fn words(&self, function: FunctionId, id: CallId, acts: &Acts) -> Vec<Text> {
        let contents = &self.channels.contents;
        let (unit, none) = (self.resolver().unit, Context::default());
        let mut words = Vec::new();
        let Some((local, call)) = unit.local(function).and_then(|local| Some((local, local.call(id)?))) else { return words };
        if let Some(first) = acts.words {
            for index in usize::from(first)..usize::from(first) + WORDS as usize {
                let Some((_, value)) = unit.argument(function, id, index) else { break };
                if local.exprs.value(value) == Some(0) {
                    break;
                }
                words.extend(contents.at(function, value, &call.memory, &none).into_iter().next());
            }
        } else if let Some((_, list)) = acts.list.and_then(|index| unit.argument(function, id, usize::from(index))) {
            let Address::At(start) = local.locate(list, unit.program, unit.machine) else { return words };
            let width = self.resolver().width();
            for index in 0..WORDS {
                let at = Location { base: start.base, offset: start.offset.wrapping_add(index * width.bytes()) & width.mask() };
                let ends = |value| self.resolver().numbers(function, value, &none).is_some_and(|numbers| numbers == [0]);
                let text = match call.memory.get(at) {
                    Some((_, value)) if ends(value) => break,
                    Some((_, value)) => contents.at(function, value, &call.memory, &none).into_iter().next(),
                    None => contents.kept(function, at, &call.memory, &none).into_iter().next(),
                };
                let Some(text) = text else { break };
                words.push(text);
            }
        }
        words
    }

    /// The number that an argument is.
    pub(super) fn number(&self, function: FunctionId, id: CallId, index: u8) -> Option<u64> {
        let (_, value) = self.resolver().unit.argument(function, id, usize::from(index))?;
        match self.resolver().numbers(function, value, &Context::default())?.as_slice() {
            [number] => Some(*number),
            _ => None,
        }
    }

    /// The kind of device behind the descriptor that a call is given.
    fn device(&self, function: FunctionId, id: CallId, channel: Option<u8>) -> Option<ActuatorKind> {
        let channels = self.channels.argument(function, id, channel?, &Context::default());
        channels.iter().find_map(|channel| match channel {
            Channel::File(path) | Channel::Serial(path) | Channel::Removable(path) => Rules::get().written(path),
            _ => None,
        })
    }
}
