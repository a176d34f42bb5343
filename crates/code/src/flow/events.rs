//! What a program does that matters outside of it, as facts: sockets, files, programs started, and the ways of outside input to them.

use std::collections::BTreeSet;

use assay_core::{
    At, Role,
    facts::{
        CodeFact,
        code::{
            Actuator, ActuatorKind, Channel, Check, CheckKind, Choice, Enforcement, FileAccess, Flow, Manner, PathStep, Trigger,
            TriggerKind,
        },
    },
};

use super::{
    channel::Channels,
    context::{Context, Step, StepKind, Trail},
    guards::{Atom, Guards, Test},
    resolve::Resolver,
    text::{Origin, Shape, Text},
};
use crate::{
    functions::FunctionId,
    models::{Class, How, Model},
    script::rules::Rules,
    values::CallId,
};

/// Steps for what one call means.
const EVENT: u64 = 200_000;

/// Reads the events of a program.
pub struct Events<'c, 'r, 'a> {
    pub(super) channels: &'c Channels<'r, 'a>,
    pub(super) guards: Guards<'c, 'r, 'a>,
    pub(super) facts: Vec<(At, CodeFact)>,
}

/// What the events of a program are.
#[derive(Debug, Default)]
pub struct Happening {
    /// Facts, in order of address.
    pub facts: Vec<(At, CodeFact)>,
    /// Functions of which a limit left something without an answer.
    pub cut: BTreeSet<FunctionId>,
}

/// An actuator with what is known of its argument.
pub(super) struct Acting<'t> {
    pub actuator: Actuator,
    pub texts: &'t [Text],
}

impl<'c, 'r, 'a> Events<'c, 'r, 'a> {
    /// All facts about the program behind `channels`.
    pub fn read(channels: &'c Channels<'r, 'a>) -> Happening {
        let mut cut = BTreeSet::new();
        let mut events = Self { channels, guards: Guards::new(channels), facts: Vec::new() };
        let unit = events.resolver().unit;
        for (number, local) in unit.locals.iter().enumerate() {
            let function = FunctionId(number as u32);
            for index in 0..local.calls.len() {
                let budget = &events.resolver().budget;
                if budget.question(EVENT, || events.call(function, CallId(index as u32))).1 {
                    cut.insert(function);
                }
            }
        }
        let mut facts = events.facts;
        facts.sort_by(|a, b| a.0.cmp(&b.0));
        facts.dedup();
        Happening { facts, cut }
    }

    pub(super) fn resolver(&self) -> &'r Resolver<'a> {
        self.channels.contents.resolver
    }

    fn call(&mut self, function: FunctionId, id: CallId) {
        let unit = self.resolver().unit;
        let Some((name, model)) = unit.model(function, id) else { return };
        let (name, none) = (name.to_owned(), Context::default());
        let Some(call) = unit.local(function).and_then(|local| local.call(id)) else { return };
        let at = At::Address(call.site);
        if let Some(ends) = model.binds.or(model.connects) {
            for channel in self.channels.argument(function, id, ends.on, &none) {
                let fact = match channel {
                    Channel::Bound { .. } => CodeFact::Listener(channel),
                    channel => CodeFact::Endpoint(channel),
                };
                self.facts.push((at.clone(), fact));
            }
        }
        if let Some(acts) = &model.acts {
            self.acts(function, id, &name, acts);
        }
        if let Some(sends) = model.sends {
            self.sends(function, id, &name, model, sends.channel);
        }
    }

    fn sends(&mut self, function: FunctionId, id: CallId, name: &str, model: &Model, channel: Option<u8>) {
        let unit = self.resolver().unit;
        let none = Context::default();
        let Some(call) = unit.local(function).and_then(|local| local.call(id)) else { return };
        let Some(channel) = channel else { return };
        let texts = match (model.sends.and_then(|sends| sends.from), model.formats) {
            (Some(from), _) => self.channels.contents.argument(function, call, usize::from(from), &none),
            (None, Some(formats)) => self.channels.contents.formatted(function, call, formats, &none, &Trail::default()),
            _ => Vec::new(),
        };
        for to in self.channels.argument(function, id, channel, &none) {
            match &to {
                Channel::File(path) | Channel::Serial(path) | Channel::Removable(path) => {
                    let access = FileAccess::Write;
                    self.facts.push((At::Address(call.site), CodeFact::File { path: path.clone(), access }));
                    let kind = Rules::get().written(path).unwrap_or(ActuatorKind::File);
                    let acting =
                        Acting { actuator: Actuator { kind, name: name.to_owned(), argument: path.clone(), to: None }, texts: &texts };
                    self.flows(function, id, &acting);
                }
                Channel::Output(command) if is_shell(command) => {
                    let actuator = Actuator { kind: ActuatorKind::Command, name: name.to_owned(), argument: command.clone(), to: None };
                    self.flows(function, id, &Acting { actuator, texts: &texts });
                }
                Channel::Connected { .. } | Channel::Bound { .. } => {
                    let actuator =
                        Actuator { kind: ActuatorKind::Message, name: name.to_owned(), argument: String::new(), to: Some(to.clone()) };
                    self.flows(function, id, &Acting { actuator, texts: &texts });
                }
                _ => {}
            }
        }
    }

    /// The ways of outside input to an actuator.
    pub(super) fn flows(&mut self, function: FunctionId, id: CallId, acting: &Acting<'_>) {
        let data = self.data_flows(function, id, acting);
        let Some(call) = self.resolver().unit.local(function).and_then(|local| local.call(id)) else { return };
        let work = matches!(acting.actuator.kind, ActuatorKind::HashBoard | ActuatorKind::MainWork);
        if !matches!(acting.actuator.kind, ActuatorKind::Message | ActuatorKind::File) {
            let needed = self.guards.here(function, call.block);
            self.controls(function, call.site, acting, &needed, &data, false);
        }
        if work {
            let prevented = self.guards.prevented(function, call.block);
            self.controls(function, call.site, acting, &prevented, &BTreeSet::new(), true);
        }
    }

    /// The ways on which outside bytes get there; the channels that they come from.
    pub(super) fn data_flows(&mut self, function: FunctionId, id: CallId, acting: &Acting<'_>) -> BTreeSet<Channel> {
        let mut data: BTreeSet<Channel> = BTreeSet::new();
        let Some(call) = self.resolver().unit.local(function).and_then(|local| local.call(id)) else { return data };
        for text in acting.texts {
            for (origin, shape) in text.origins() {
                for source in self.outside(origin) {
                    if data.insert(source.clone()) {
                        let needed = self.guards.here(function, call.block);
                        let choice = self.choice(&source, shape, &needed);
                        let flow = self.flow(function, call.site, acting, source, Manner::Data, choice, &needed, &text.trail);
                        self.facts.push((At::Address(call.site), CodeFact::Flow(Box::new(flow))));
                    }
                }
            }
        }
        data
    }

    /// Ways by which outside input decides, where it is compared with a constant.
    fn controls(&mut self, function: FunctionId, site: u64, acting: &Acting<'_>, atoms: &[Atom], data: &BTreeSet<Channel>, work: bool) {
        let mut sources = BTreeSet::new();
        for atom in atoms.iter().filter(|atom| is_word(atom)) {
            sources.extend(atom.origins.iter().flat_map(|origin| self.outside(origin)));
        }
        for source in sources {
            if data.contains(&source) {
                continue;
            }
            let mut acting = Acting { actuator: acting.actuator.clone(), texts: acting.texts };
            if work {
                acting.actuator.kind = ActuatorKind::MainWork;
            }
            let flow = self.flow(function, site, &acting, source, Manner::Control, Choice::Whether, atoms, &Trail::default());
            if flow.triggers.iter().any(|trigger| trigger.fits) {
                self.facts.push((At::Address(site), CodeFact::Flow(Box::new(flow))));
            }
        }
    }

    fn outside(&self, origin: &Origin) -> Vec<Channel> {
        let mut channels = self.channels.origin(origin);
        channels.retain(|channel| !matches!(channel, Channel::Unknown));
        channels
    }

    fn from(&self, atom: &Atom, source: &Channel) -> bool {
        atom.origins.iter().any(|origin| self.channels.origin(origin).contains(source))
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one flow")]
    fn flow(
        &self,
        function: FunctionId,
        site: u64,
        acting: &Acting<'_>,
        source: Channel,
        manner: Manner,
        choice: Choice,
        atoms: &[Atom],
        trail: &Trail,
    ) -> Flow {
        let own: Vec<&Atom> = atoms.iter().filter(|atom| self.from(atom, &source)).collect();
        let mut triggers: Vec<Trigger> = own.iter().filter(|atom| is_word(atom)).filter_map(|atom| trigger(atom)).collect();
        triggers.sort();
        triggers.dedup();
        let mut checks: Vec<Check> = atoms.iter().filter_map(|atom| self.check(atom)).collect();
        checks.sort();
        checks.dedup();
        let mut path: Vec<PathStep> = trail.steps().iter().map(|step| self.step(*step)).collect();
        for atom in own.iter().rev() {
            path.push(self.place(atom.function, atom.site, Role::Branch, words(atom)));
            for (owner, site) in &atom.by {
                path.push(self.place(*owner, *site, Role::Store, "the outcome is kept".into()));
            }
        }
        path.push(self.place(function, site, Role::Actuator, format!("{} {}", acting.actuator.name, acting.actuator.argument)));
        path.dedup();
        Flow { source, manner, actuator: acting.actuator.clone(), choice, triggers, checks, path, code: String::new() }
    }

    /// What the outside can still choose of text that comes through the conditions `atoms`.
    fn choice(&self, source: &Channel, shape: Shape, atoms: &[Atom]) -> Choice {
        let own: Vec<&Atom> = atoms.iter().filter(|atom| self.from(atom, source)).collect();
        if shape == Shape::Number {
            let limit = |below: bool| {
                own.iter().find_map(|atom| match (&atom.test, atom.fits) {
                    (Test::Below(limit), true) if below => Some(limit - 1),
                    (Test::Below(limit), false) if !below => Some(*limit),
                    (Test::Above(limit), true) if !below => Some(limit + 1),
                    (Test::Above(limit), false) if below => Some(*limit),
                    _ => None,
                })
            };
            return Choice::Number { min: limit(false), max: limit(true) };
        }
        let mut without = String::new();
        for atom in &own {
            match (&atom.test, atom.fits) {
                (Test::Text { how: How::Equals, with }, true) if with.known().is_some() => return Choice::OneOf(1),
                (Test::Text { how: How::Span, with }, _) => return Choice::Only(with.show()),
                (Test::Text { how: How::Character | How::OneOf, with }, false) => without.push_str(&with.show()),
                (Test::Text { how: How::Contains, with }, false) if with.show() == ".." => return Choice::Component,
                (Test::Class(class), true) => return Choice::Only(class_of(*class).into()),
                _ => {}
            }
        }
        if without.is_empty() { Choice::Free } else { Choice::Without(without) }
    }

    fn check(&self, atom: &Atom) -> Option<Check> {
        let (kind, detail) = match &atom.test {
            Test::Check(kind, by) => (*kind, by.clone()),
            Test::Text { how: How::Equals, with } if with.known().is_none() && atom.fits => {
                let files: Vec<Channel> = with.origins().flat_map(|(origin, _)| self.channels.origin(origin)).collect();
                let Channel::File(path) = files.first()? else { return None };
                (CheckKind::Password, path.clone())
            }
            _ => return None,
        };
        let enforced = if atom.fits { Enforcement::Enforced } else { Enforcement::Ignored };
        Some(Check { kind, detail, enforced })
    }

    fn step(&self, step: Step) -> PathStep {
        let (role, note) = match step.kind {
            StepKind::Passed => (Role::Step, "passed to a function"),
            StepKind::GivenBack => (Role::Step, "given back"),
            StepKind::Stored => (Role::Store, "stored"),
            StepKind::Moved => (Role::Step, "moved or made by a library function"),
            StepKind::Compared => (Role::Branch, "compared"),
            StepKind::Source => (Role::Source, "comes in"),
        };
        self.place(step.function, step.site, role, note.into())
    }

    fn place(&self, function: FunctionId, site: u64, role: Role, note: String) -> PathStep {
        PathStep { at: At::Address(site), function: self.name_of(function), role, note }
    }

    pub(super) fn name_of(&self, function: FunctionId) -> Option<String> {
        let function = self.resolver().unit.code.function(function)?;
        Some(function.name.clone().unwrap_or_else(|| format!("{:#x}", function.entry.address)))
    }
}

/// Does this command read commands from its input?
fn is_shell(command: &str) -> bool {
    let program = command.split_whitespace().next().unwrap_or_default();
    matches!(program.rsplit('/').next(), Some("sh" | "ash" | "bash" | "dash"))
}

/// Is it a comparison of what came in with a constant, and not of how the call that brought it went?
fn is_word(atom: &Atom) -> bool {
    match &atom.test {
        Test::Text { how, with } => {
            with.known().is_some_and(|text| !text.is_empty()) && !matches!(how, How::Span | How::OneOf | How::Character)
        }
        Test::Equal(_) => atom.origins.iter().any(|origin| !matches!(origin, Origin::Call(_, _, 255))),
        _ => false,
    }
}

fn trigger(atom: &Atom) -> Option<Trigger> {
    let (kind, value) = match &atom.test {
        Test::Text { how, with } => {
            let kind = match how {
                How::Equals | How::Pattern => TriggerKind::Equals,
                How::Begins => TriggerKind::Begins,
                _ => TriggerKind::Contains,
            };
            (kind, with.show())
        }
        Test::Equal(number) => (TriggerKind::Number, number.to_string()),
        _ => return None,
    };
    Some(Trigger { kind, value, fits: atom.fits })
}

fn words(atom: &Atom) -> String {
    let not = if atom.fits { "" } else { "not " };
    match &atom.test {
        Test::Text { how, with } => {
            let how = match how {
                How::Equals => "equal to",
                How::Begins => "begins with",
                How::Contains => "contains",
                How::Character => "holds the character",
                How::OneOf => "holds one of",
                How::Span => "consists of",
                How::Pattern => "fits the pattern",
            };
            format!("input {not}{how} \u{201c}{}\u{201d}", with.show())
        }
        Test::Equal(number) => format!("input {not}equal to {number}"),
        Test::Below(number) => format!("input {not}below {number}"),
        Test::Above(number) => format!("input {not}above {number}"),
        Test::Class(class) => format!("character {not}of the class {}", class_of(*class)),
        Test::Check(kind, _) => format!("check of kind {kind:?} {}", if atom.fits { "holds" } else { "fails" }),
    }
}

fn class_of(class: Class) -> &'static str {
    match class {
        Class::Alnum => "alnum",
        Class::Alpha => "alpha",
        Class::Digit => "digit",
        Class::Xdigit => "xdigit",
        Class::Print => "print",
        Class::Graph => "graph",
        Class::Punct => "punct",
        Class::Space => "space",
    }
}
