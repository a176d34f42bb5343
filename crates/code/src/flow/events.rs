//! What a program does that matters outside of it, as facts: sockets, files, programs started, and the ways of outside input to them.

use std::{
    cell::{OnceCell, RefCell},
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
};

use assay_core::{
    At,
    facts::{
        CodeFact,
        code::{Actuator, ActuatorKind, Channel, FileAccess},
    },
    words::is_shell,
};

use super::{
    channel::{Channels, is_temporary},
    context::{Context, Trail},
    guards::Guards,
    objects::{Object, Pointee},
    pools::is_login,
    resolve::Resolver,
    text::{Origin, Shape, Text},
};
use crate::{
    functions::FunctionId,
    models::{BROUGHT, Means, Model, Sends},
    script::rules::Rules,
    values::CallId,
};

/// Steps for what one call means, at least.
const EVENT: u64 = 20_000;
/// And at most.
const MOST: u64 = 1_000_000;

/// Steps for the two names of one file that is renamed.
const RENAMED: u64 = 20_000;

/// Steps for whether one call can write too much, once the share of all of them is used up.
const OVERFLOW: u64 = 10_000;
/// And before that.
const OVERFLOW_MOST: u64 = 200_000;

/// Reads the events of a program.
pub struct Events<'c, 'r, 'a> {
    pub(super) channels: &'c Channels<'r, 'a>,
    pub(super) guards: Guards<'c, 'r, 'a>,
    pub(super) facts: Vec<(At, CodeFact)>,
    /// Files that are written under one name and kept under another.
    pub(super) renamed: BTreeMap<String, String>,
    /// Serial lines at whose other end somebody looks at a display.
    pub(super) terminals: OnceCell<BTreeSet<String>>,
    /// The calls by which what is looked at came: a function that does whatever it is told does something else for each caller.
    pub(super) context: Context,
    /// What the addresses are made of that the program tries to connect to.
    pub(super) scanned: OnceCell<HashSet<Origin>>,
    /// Places that are reached only where a word for a secret stood in the input.
    pub(super) secret_places: RefCell<HashMap<(FunctionId, u64), bool>>,
    /// Channels on which a client logs in at a pool.
    pub(super) logged_in: BTreeSet<Channel>,
    /// Allocations that may have been made larger, once somebody asked.
    pub(super) regrown: OnceCell<BTreeSet<Object>>,
    /// Fields of structures that the program compares with numbers, once somebody asked.
    pub(super) compared: OnceCell<BTreeSet<Pointee>>,
    /// Steps left of the share that is there for whether calls can write too much.
    overflow: u64,
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
        let mut events = Self {
            channels,
            guards: Guards::new(channels),
            facts: Vec::new(),
            renamed: BTreeMap::new(),
            terminals: OnceCell::new(),
            context: Context::default(),
            scanned: OnceCell::new(),
            secret_places: RefCell::default(),
            logged_in: BTreeSet::new(),
            regrown: OnceCell::new(),
            compared: OnceCell::new(),
            overflow: channels.contents.resolver.budget.left() / 4,
        };
        events.find_renamed();
        let unit = events.resolver().unit;
        // A small program has more steps for each of its calls than a large one.
        let calls = unit.locals.iter().map(|local| local.calls.len() as u64).sum::<u64>().max(1);
        let share = (events.resolver().budget.left() / (4 * calls)).clamp(EVENT, MOST);
        for (number, local) in unit.locals.iter().enumerate() {
            let function = FunctionId(number as u32);
            for index in 0..local.calls.len() {
                let budget = &events.resolver().budget;
                if budget.question(share, || events.call(function, CallId(index as u32))).1 {
                    cut.insert(function);
                }
            }
        }
        events.pools(share);
        events.registers();
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
        let ends = model.binds.or(model.connects);
        if ends.is_some() || model.opens.is_some() {
            let mut channels = self.channels.opened_at_once(function, id, model);
            channels.extend(ends.into_iter().flat_map(|ends| self.channels.argument(function, id, ends.on, &none)));
            for channel in channels {
                let fact = match channel {
                    Channel::Bound { .. } => CodeFact::Listener(channel),
                    channel => CodeFact::Endpoint(channel),
                };
                self.facts.push((at.clone(), fact));
            }
        }
        let budget = &self.resolver().budget;
        let before = budget.left();
        budget.question(self.overflow.clamp(OVERFLOW, OVERFLOW_MOST), || self.overflows(function, id, &name, model));
        self.overflow = self.overflow.saturating_sub(before - budget.left());
        if let Some(acts) = &model.acts {
            self.acts(function, id, &name, model, acts);
        }
        if let Some(sends) = model.sends {
            self.sends(function, id, &name, model, sends);
        }
        if let Some(handle) = model.performs {
            self.performs(function, id, &name, handle);
        }
    }

    /// Does what was set up with a handle: what was set to be sent goes out, and what comes back goes where it was told to.
    fn performs(&mut self, function: FunctionId, id: CallId, name: &str, handle: u8) {
        let none = Context::default();
        let set = |means| self.channels.set_of(function, id, handle, means);
        let mut texts = Vec::new();
        for setting in [Means::Address, Means::Body].into_iter().flat_map(set) {
            let Some(call) = self.resolver().unit.local(setting.function).and_then(|local| local.call(setting.call)) else { continue };
            texts.extend(self.channels.contents.argument(setting.function, call, usize::from(setting.value), &none));
        }
        let streams = set(Means::Source);
        texts.extend(streams.iter().map(|setting| {
            let origin = self.resolver().brought(setting.function, setting.call, setting.value, &none);
            Text::hole(origin, Shape::Text, &Trail::default())
        }));
        let brought = [Text::hole(self.resolver().brought(function, id, BROUGHT, &none), Shape::Text, &Trail::default())];
        let sinks = if set(Means::Callback).is_empty() { set(Means::Sink) } else { Vec::new() };
        for to in self.channels.argument(function, id, handle, &none) {
            self.sent(function, id, name, &to, &texts);
        }
        for setting in sinks {
            for to in self.channels.argument(setting.function, setting.call, setting.value, &none) {
                self.sent(function, id, name, &to, &brought);
            }
        }
    }

    /// A character that is sent by itself: one of many like it.
    fn character(&self, function: FunctionId, id: CallId, index: Option<u8>) -> Vec<Text> {
        let value = index.and_then(|index| self.resolver().unit.argument(function, id, usize::from(index)));
        let texts = value.map(|(_, value)| self.channels.contents.character(function, value, &Context::default()));
        texts.unwrap_or_default()
    }

    /// Files that the program gives another name: from which to which.
    fn find_renamed(&mut self) {
        let (unit, none) = (self.resolver().unit, Context::default());
        for (number, local) in unit.locals.iter().enumerate() {
            let function = FunctionId(number as u32);
            for (index, call) in local.calls.iter().enumerate() {
                let Some(renames) = unit.model(function, CallId(index as u32)).and_then(|(_, model)| model.renames) else { continue };
                let name = |argument: u8| self.channels.contents.argument(function, call, usize::from(argument), &none);
                let ((old, new), _) = self.resolver().budget.question(RENAMED, || (name(renames.from), name(renames.to)));
                for (from, to) in old.iter().zip(new.iter().cycle()) {
                    if let (Some(_), Some(_)) = (from.known(), to.known()) {
                        self.renamed.insert(from.show(), to.show());
                    }
                }
            }
        }
    }

    fn sends(&mut self, function: FunctionId, id: CallId, name: &str, model: &Model, sends: Sends) {
        let none = Context::default();
        let Some(call) = self.resolver().unit.local(function).and_then(|local| local.call(id)) else { return };
        let contents = &self.channels.contents;
        let mut channels = match (sends.channel, sends.file) {
            (Some(channel), _) => self.channels.argument(function, id, channel, &none),
            (None, Some(file)) => {
                contents.argument(function, call, usize::from(file), &none).iter().map(|path| Channel::File(path.show())).collect()
            }
            (None, None) => return,
        };
        let named = self.channels.addressed(function, id);
        if !named.is_empty() {
            self.facts.extend(named.iter().map(|channel| (At::Address(call.site), CodeFact::Endpoint(channel.clone()))));
            channels = named;
        }
        // Where the program has a device of its own to open unless it is told another, that one is a device as well.
        if channels.iter().any(|channel| matches!(channel, Channel::Serial(_))) {
            channels.retain(|channel| *channel != Channel::File("{}".into()));
        }
        let texts = match (sends.from, model.formats) {
            (Some(from), _) => contents.argument(function, call, usize::from(from), &none),
            (None, Some(formats)) => contents.formatted(function, call, formats, &none, &Trail::default()),
            (None, None) => self.character(function, id, sends.character),
        };
        for to in &channels {
            self.sent(function, id, name, to, &texts);
        }
        self.says(function, id, name, &channels, sends.from, &texts);
    }

    /// Bytes that go out by a channel.
    fn sent(&mut self, function: FunctionId, id: CallId, name: &str, to: &Channel, texts: &[Text]) {
        let Some(call) = self.resolver().unit.local(function).and_then(|local| local.call(id)) else { return };
        match to {
            to if is_temporary(to) => {}
            Channel::File(path) | Channel::Serial(path) | Channel::Removable(path) => {
                let access = FileAccess::Write;
                // What is written under a passing name comes to stand where the name is changed to.
                let path = &self.renamed.get(path).unwrap_or(path).clone();
                self.facts.push((At::Address(call.site), CodeFact::File { path: path.clone(), access }));
                if self.is_terminal(path) {
                    return;
                }
                let idle =
                    !texts.is_empty() && texts.iter().all(|text| text.known().is_some_and(|known| !Rules::get().takes(path, &known)));
                let kind = Rules::get().written(path).filter(|_| !idle).unwrap_or(ActuatorKind::File);
                let actuator = Actuator { kind, name: name.to_owned(), argument: path.clone(), to: None, says: None };
                self.flows(function, id, &Acting { actuator, texts });
            }
            Channel::Output(command) if command.split_whitespace().next().is_some_and(is_shell) => {
                let actuator =
                    Actuator { kind: ActuatorKind::Command, name: name.to_owned(), argument: command.clone(), to: None, says: None };
                self.flows(function, id, &Acting { actuator, texts });
            }
            Channel::Connected { .. } | Channel::Bound { .. } => {
                if texts.iter().any(is_login) {
                    self.logged_in.insert(to.clone());
                }
                self.tells(function, id, to, texts);
                let actuator = Actuator {
                    kind: ActuatorKind::Message,
                    name: name.to_owned(),
                    argument: String::new(),
                    to: Some(to.clone()),
                    says: None,
                };
                self.flows(function, id, &Acting { actuator, texts });
            }
            _ => {}
        }
    }
}
