//! Actuators: what outside content stands behind when something acts, as data and as a decision.
//!
//! Which sources are worth a fact depends on what acts: that a network host decides over anything is one; that a start-up script looks
//! at its own argument before it removes a file is none.

use std::rc::Rc;

use assay_core::{
    facts::code::{
        Actuator, ActuatorKind, Channel, Check, CheckKind, Choice, Disclosed, Disclosure, Enforcement, Flow, Manner, PathStep, Trigger,
        TriggerKind,
    },
    finding::Role,
};

use super::Interpreter;
use crate::script::{
    choice::{narrower, rank, wider},
    condition::{self, Asks, Atom, Condition, Path, atoms},
    rules::Read,
    state::State,
    value::{Hole, Origin, Value, Way},
};

/// Something acts.
pub struct Event<'e> {
    /// Kind.
    pub kind: ActuatorKind,
    /// Command that does it.
    pub name: &'e str,
    /// What it is done to or with.
    pub argument: &'e str,
    /// Values whose text it uses.
    pub text: Vec<&'e Value>,
    /// Values that are the content of what it uses.
    pub content: Vec<&'e Value>,
    /// Files that it uses, and those they are made of: a check of one of them is a check of this.
    pub files: Vec<Rc<str>>,
    /// To whom, for a message.
    pub to: Option<Channel>,
}

impl<'e> Event<'e> {
    /// An event without files.
    pub fn new(kind: ActuatorKind, name: &'e str, argument: &'e str, text: Vec<&'e Value>) -> Self {
        Self { kind, name, argument, text, content: Vec::new(), files: Vec::new(), to: None }
    }
}

/// Does somebody else than the machine and its owner stand behind it?
pub fn is_outside(channel: &Channel) -> bool {
    matches!(
        channel,
        Channel::Bound { .. }
            | Channel::Connected { .. }
            | Channel::Cgi(_)
            | Channel::Serial(_)
            | Channel::Removable(_)
            | Channel::StandardInput
    )
}

/// What is grave enough to be told of any source.
fn is_grave(kind: ActuatorKind) -> bool {
    use ActuatorKind as Kind;
    !matches!(kind, Kind::File | Kind::Message | Kind::Program | Kind::Config | Kind::Gpio | Kind::Fan | Kind::BootConfig | Kind::Code)
}

/// What is written to a file where somebody asks for it, if that is the same every time: who reads the file may wait for it.
fn says(event: &Event, manner: Manner) -> Option<String> {
    let [content] = event.content[..] else { return None };
    content.literal().filter(|text| manner == Manner::Control && event.kind == ActuatorKind::File && !text.trim().is_empty())
}

impl Interpreter<'_> {
    /// Notes every flow into an actuator.
    pub(super) fn act(&mut self, event: &Event, state: &State) {
        let base = event.name.rsplit('/').next().unwrap_or(event.name).to_owned();
        self.handled(&base, &state.path);
        let mut told: Vec<Channel> = Vec::new();
        for (values, content) in [(&event.text, false), (&event.content, true)] {
            for value in values {
                for hole in value.holes() {
                    for origin in &hole.origins {
                        if told.contains(&origin.source) || !self.tells_data(event, &origin.source, content) {
                            continue;
                        }
                        told.push(origin.source.clone());
                        let choice = choice(hole, &state.path, content && !runs_content(event.kind));
                        self.flow(event, state, origin, Manner::Data, choice);
                    }
                }
            }
        }
        self.decisions(event, state, &told);
    }

    fn tells_data(&self, event: &Event, source: &Channel, content: bool) -> bool {
        use ActuatorKind as Kind;
        let kind = event.kind;
        let weighty = is_grave(kind) && !matches!(kind, Kind::StopProcess | Kind::Firewall);
        match source {
            Channel::StandardInput => !matches!(kind, Kind::Program | Kind::File | Kind::Message),
            outside if is_outside(outside) => true,
            Channel::Argument(_) => !(content && kind == Kind::File),
            Channel::Environment(_) => kind == Kind::Command,
            // What the owner wrote is the owner's; a file of commands is a way from one program into another.
            Channel::File(path) => {
                weighty
                    && (!content || self.context.part)
                    && path != event.argument
                    && !self.is_inside(path)
                    && (kind == Kind::Command || !self.is_configured(path))
            }
            Channel::Output(_) => weighty && !content,
            _ => false,
        }
    }

    fn is_configured(&self, path: &str) -> bool {
        self.rules.path(path, |rule| rule.read) == Some(Read::Configured)
    }

    fn is_inside(&self, path: &str) -> bool {
        self.rules.path(path, |rule| rule.read) == Some(Read::Inside)
    }

    /// Flows by decision: outside content that was asked about on the way here.
    fn decisions(&mut self, event: &Event, state: &State, told: &[Channel]) {
        const SOURCES: usize = 6;
        let mut sources: Vec<(Origin, bool)> = Vec::new();
        atoms(&state.path, true, &mut |atom, surely| {
            let (origins, positive) = match &atom.asks {
                Asks::Compare { origins, triggers, .. } => {
                    (origins, triggers.iter().any(|trigger| trigger.fits && !trigger.value.is_empty()))
                }
                Asks::There(true, origins) => (origins, origins.iter().any(|origin| matches!(origin.source, Channel::Removable(_)))),
                _ => return,
            };
            // Where only one of several ways here asks, it decides nothing alone: unless it asks for a word.
            if !surely && !positive {
                return;
            }
            for origin in origins {
                match sources.iter().position(|(known, _)| known.source == origin.source) {
                    Some(at) => sources[at].1 |= positive,
                    None if sources.len() < SOURCES => sources.push((origin.clone(), positive)),
                    None => {}
                }
            }
        });
        let mut decided = false;
        let asked = told.iter().any(|source| matches!(source, Channel::Cgi(_)));
        for (origin, positive) in sources {
            // One request: what its body says as data, its method need not say once more.
            if asked && matches!(origin.source, Channel::Cgi(_)) {
                continue;
            }
            if !told.contains(&origin.source) && self.tells_decision(event, &origin.source, positive) {
                decided |= matches!(origin.source, Channel::Cgi(_));
                self.flow(event, state, &origin, Manner::Control, Choice::Whether);
            }
        }
        // A program of the web server that does something grave does it because somebody asked.
        if self.cgi && !decided && !asked && is_grave(event.kind) && event.kind != ActuatorKind::Pool && event.kind != ActuatorKind::Command
        {
            let origin = Origin { source: Channel::Cgi("request".into()), tells: Vec::new(), from: "".into(), way: None };
            let origin = origin.step(1, None, Role::Source, "the web server runs this script on a request".into());
            self.flow(event, state, &origin, Manner::Control, Choice::Whether);
        }
    }

    fn tells_decision(&self, event: &Event, source: &Channel, positive: bool) -> bool {
        use ActuatorKind as Kind;
        let kind = event.kind;
        if kind == Kind::Message || (kind == Kind::File && event.name != ">") {
            return false;
        }
        let miner = kind != Kind::StopProcess || self.rules.is_miner(event.argument);
        let grave = is_grave(kind) && kind != Kind::Command && miner;
        match source {
            Channel::StandardInput => grave && positive,
            outside if is_outside(outside) => positive || grave,
            Channel::Clock => grave,
            Channel::Argument(_) => grave && positive && !matches!(kind, Kind::Firewall | Kind::Service),
            Channel::Output(_) => grave && positive,
            Channel::File(path) => grave && positive && !self.is_inside(path),
            _ => false,
        }
    }

    fn flow(&mut self, event: &Event, state: &State, origin: &Origin, manner: Manner, choice: Choice) {
        let (triggers, mut path) = Self::asked(&state.path, &origin.source);
        let mut way = steps(origin.way.as_ref());
        way.append(&mut path);
        way.push(self.here(Role::Actuator, &format!("{} {}", event.name, event.argument)));
        let choice = match (manner, &choice) {
            (Manner::Data, Choice::OneOf(count)) => Choice::OneOf(*count),
            _ => choice,
        };
        let flow = Flow {
            source: origin.source.clone(),
            manner,
            actuator: Actuator {
                kind: event.kind,
                name: event.name.to_owned(),
                argument: event.argument.to_owned(),
                to: event.to.clone(),
                says: says(event, manner),
            },
            choice,
            triggers,
            checks: self.checks_on(&state.path, &event.files),
            path: way,
            code: String::new(),
        };
        self.emit.flow(self.line, flow);
    }

    /// What is told to whom.
    pub(super) fn disclosure(&mut self, what: &[Disclosed], from: &str, to: &Channel, way: &Way, state: &State) {
        let outside = |atom: &Atom| match &atom.asks {
            Asks::Compare { origins, .. } => origins.iter().find(|origin| is_outside(&origin.source)).map(|origin| origin.source.clone()),
            _ => None,
        };
        let mut source = None;
        atoms(&state.path, true, &mut |atom, _| source = source.take().or_else(|| outside(atom)));
        let (triggers, mut asked) = source.map_or_else(Default::default, |source| Self::asked(&state.path, &source));
        let mut path = steps(way.as_ref());
        path.append(&mut asked);
        path.push(self.here(Role::Actuator, "goes to the outside"));
        let checks = self.checks_on(&state.path, &[]);
        let disclosure =
            Disclosure { what: what.to_vec(), from: from.to_owned(), to: to.clone(), triggers, checks, path, code: String::new() };
        self.emit.disclosure(self.line, disclosure);
    }

    fn here(&self, role: Role, note: &str) -> PathStep {
        super::super::emit::step(self.line, self.function(), role, note)
    }

    /// The questions on the way: constants, and where they are asked.
    fn asked(path: &Path, source: &Channel) -> (Vec<Trigger>, Vec<PathStep>) {
        const ASKED: usize = 24;
        let (mut triggers, mut way): (Vec<Trigger>, Vec<PathStep>) = (Vec::new(), Vec::new());
        atoms(path, true, &mut |atom, surely| {
            let Asks::Compare { origins, triggers: constants, .. } = &atom.asks else { return };
            if !origins.iter().any(|origin| origin.source == *source || is_outside(&origin.source)) {
                return;
            }
            let before = triggers.len();
            for one in constants {
                let word = one.fits
                    && !one.value.is_empty()
                    && matches!(one.kind, TriggerKind::Equals | TriggerKind::Begins | TriggerKind::Contains);
                if (surely || word) && triggers.len() < ASKED && !triggers.contains(one) {
                    triggers.push(one.clone());
                }
            }
            if (before < triggers.len() || constants.is_empty()) && way.len() < ASKED {
                // One of the patterns of a `case` fits, or none of those before.
                let joint = if constants.iter().any(|one| one.fits) { ", or " } else { ", and " };
                let said: Vec<String> = constants.iter().map(said).collect();
                let note = if said.is_empty() { "the test on this line goes the way that leads on".to_owned() } else { said.join(joint) };
                way.push(super::super::emit::step(atom.line, atom.function.clone(), Role::Branch, &note));
            }
        });
        (triggers, way)
    }

    /// Checks on the way that bear on these files, or on who asks.
    fn checks_on(&self, path: &Path, files: &[Rc<str>]) -> Vec<Check> {
        let mut ran: Vec<u32> = Vec::new();
        atoms(path, true, &mut |atom, _| {
            if let Asks::Ran(number) = atom.asks
                && !ran.contains(&number)
            {
                ran.push(number);
            }
        });
        let mut checks: Vec<Check> = Vec::new();
        for number in ran {
            let Some(site) = self.checks.get(number as usize) else { continue };
            let bears = site.covers.is_empty() || files.is_empty() || site.covers.iter().any(|file| files.contains(file));
            let kind = site.kind;
            let others = |other: u32| other != number && self.checks.get(other as usize).is_some_and(|other| other.kind == kind);
            let Some(enforced) = condition::enforcement(path, number, &others).filter(|_| bears) else { continue };
            // A comparison that only one of several ways here makes, and that ends nothing, is no check.
            if enforced == Enforcement::Ignored && !matches!(kind, CheckKind::Signature | CheckKind::Digest) {
                continue;
            }
            let check = Check { kind, detail: site.detail.clone(), enforced };
            if !checks.contains(&check) && checks.len() < 16 {
                checks.push(check);
            }
        }
        checks
    }

    /// Words on the way that outside content was compared with, and `name` as what runs there.
    pub(super) fn handled(&mut self, name: &str, path: &Path) {
        if name.is_empty() {
            return;
        }
        let mut words: Vec<(u32, Channel, Trigger)> = Vec::new();
        atoms(path, true, &mut |atom, surely| {
            let Asks::Compare { origins, triggers, .. } = &atom.asks else { return };
            let Some(origin) = origins.iter().find(|origin| is_outside(&origin.source) || matches!(origin.source, Channel::Argument(_)))
            else {
                return;
            };
            if surely && words.len() < 32 {
                let fitting = triggers.iter().filter(|trigger| trigger.fits && !trigger.value.is_empty());
                words.extend(fitting.map(|trigger| (atom.line, origin.source.clone(), trigger.clone())));
            }
        });
        for (line, source, trigger) in words {
            self.emit.word(line, source, trigger, name);
        }
    }
}

/// Is content of this kind of actuator the thing that is executed?
fn runs_content(kind: ActuatorKind) -> bool {
    matches!(kind, ActuatorKind::Command | ActuatorKind::Code)
}

/// What can still be chosen of a hole, after what was asked on the way.
fn choice(hole: &Hole, path: &Path, content: bool) -> Choice {
    let left = narrowed(path, hole.id).map_or_else(|| hole.left.clone(), |asked| narrower(&hole.left, &asked));
    if content && rank(&left) < rank(&Choice::Content) { Choice::Content } else { left }
}

fn narrowed(path: &Path, id: u32) -> Option<Choice> {
    let mut left: Option<Choice> = None;
    for one in path {
        let asked = match one {
            Condition::Atom(atom) => match &atom.asks {
                Asks::Compare { narrows: Some((hole, choice)), .. } if *hole == id => Some(choice.clone()),
                _ => None,
            },
            // On every one of the ways: the widest of what they leave.
            Condition::Either(paths) => paths
                .iter()
                .map(|path| narrowed(path, id))
                .collect::<Option<Vec<_>>>()
                .and_then(|all| all.into_iter().reduce(|a, b| wider(&a, &b))),
        };
        if let Some(asked) = asked {
            left = Some(left.map_or_else(|| asked.clone(), |before| narrower(&before, &asked)));
        }
    }
    left
}

/// A condition in words.
fn said(trigger: &Trigger) -> String {
    let how = match trigger.kind {
        TriggerKind::Equals | TriggerKind::Number => "equal to",
        TriggerKind::Begins => "begins with",
        TriggerKind::Contains => "contains",
        TriggerKind::Below => "below",
        TriggerKind::Above => "above",
    };
    format!("input {}{how} \u{201c}{}\u{201d}", if trigger.fits { "" } else { "not " }, trigger.value)
}

/// The steps of a way, first to last.
fn steps(way: Option<&Rc<crate::script::value::Step>>) -> Vec<PathStep> {
    let mut all = Vec::new();
    let mut next = way;
    while let Some(step) = next {
        all.push(super::super::emit::step(step.line, step.function.clone(), step.role, &step.note));
        next = step.before.as_ref();
    }
    all.reverse();
    all
}
