//! Ways of outside input to what acts, as facts: as data or as a decision, what is left to choose, what must fit, what is checked.

use std::collections::BTreeSet;

use assay_core::{
    At, Role,
    facts::{
        CodeFact,
        code::{ActuatorKind, Channel, Check, CheckKind, Choice, Enforcement, Flow, Manner, PathStep, Trigger, TriggerKind},
    },
    words::{is_password_hash, is_secret_text},
};

use super::{
    context::{Step, StepKind, Trail},
    digest,
    events::{Acting, Events},
    guards::{Atom, Test},
    letters::Letters,
    text::{Origin, Shape, Text},
};
use crate::{
    functions::FunctionId,
    models::{Class, Gives, How},
    values::CallId,
};

/// Places on one way whose conditions are looked at.
const STEPS: usize = 12;

/// Seconds since 1970 from which on a number that the clock is compared with is a date, and no span of time: the year 2001.
const A_DAY: i64 = 1_000_000_000;

/// Letters of a word that can be a password.
const PASSWORD: usize = 4;

impl Events<'_, '_, '_> {
    /// The ways of outside input to an actuator.
    pub(super) fn flows(&mut self, function: FunctionId, id: CallId, acting: &Acting<'_>) {
        let Some(call) = self.resolver().unit.local(function).and_then(|local| local.call(id)) else { return };
        self.flows_at(function, call.block, call.site, acting);
    }

    /// The same for something that acts at an instruction that is no call.
    pub(super) fn flows_at(&mut self, function: FunctionId, block: u32, site: u64, acting: &Acting<'_>) {
        let data = self.data_flows_at(function, block, site, acting);
        let work = matches!(acting.actuator.kind, ActuatorKind::HashBoard | ActuatorKind::MainWork);
        if !matches!(acting.actuator.kind, ActuatorKind::Message | ActuatorKind::File) {
            let needed = self.guards.here_from(function, block, &self.context);
            self.controls(function, site, acting, &needed, &data, false);
        }
        if work {
            let prevented = self.guards.prevented(function, block);
            self.controls(function, site, acting, &prevented, &BTreeSet::new(), true);
        }
    }

    /// The ways on which outside bytes get there; the channels that they come from.
    pub(super) fn data_flows(&mut self, function: FunctionId, id: CallId, acting: &Acting<'_>) -> BTreeSet<Channel> {
        let Some(call) = self.resolver().unit.local(function).and_then(|local| local.call(id)) else { return BTreeSet::new() };
        self.data_flows_at(function, call.block, call.site, acting)
    }

    fn data_flows_at(&mut self, function: FunctionId, block: u32, site: u64, acting: &Acting<'_>) -> BTreeSet<Channel> {
        let mut data: BTreeSet<Channel> = BTreeSet::new();
        let told = self.channels.sources(acting.texts.iter().flat_map(Text::origins).map(|(origin, _)| origin));
        for text in acting.texts {
            // Of all that comes in by one way, text leaves the most to choose: `ping -c %u %s`.
            let mut holes: Vec<_> = text.origins().collect();
            holes.sort_by_key(|(_, shape)| *shape != Shape::Text);
            for (origin, shape) in holes {
                // A time, written as text, is digits and a few words of the machine's own: nobody puts anything into it.
                for source in self.channels.origin(origin).into_iter().filter(|source| *source != Channel::Clock && told.contains(source)) {
                    if data.insert(source.clone()) {
                        let needed = self.on_the_way(function, block, &text.trail);
                        let choice = self.choice(&source, shape, &needed, &text.trail);
                        let flow = self.flow(function, site, acting, source, Manner::Data, choice, &needed, &text.trail);
                        self.facts.push((At::Address(site), CodeFact::Flow(Box::new(flow))));
                    }
                }
            }
        }
        data
    }

    /// What must be true to get to `block`, and to each place where the bytes were stored or moved on their way there.
    fn on_the_way(&self, function: FunctionId, block: u32, trail: &Trail) -> Vec<Atom> {
        let unit = self.resolver().unit;
        let mut needed = self.guards.here_from(function, block, &self.context);
        let moved = trail.steps().into_iter().filter(|step| matches!(step.kind, StepKind::Stored | StepKind::Moved));
        let mut seen = BTreeSet::from([(function, block)]);
        for step in moved.take(STEPS) {
            let Some(place) = unit.code.function(step.function).and_then(|code| code.block_at(step.site)) else { continue };
            if seen.insert((step.function, place)) {
                let mut needs = self.guards.within(step.function, place);
                self.only_calls(step.function, &mut seen, &mut needs);
                for atom in needs {
                    if !needed.contains(&atom) {
                        needed.push(atom);
                    }
                }
            }
        }
        needed
    }

    /// What must be true to get to where a function is called, as long as that is one place: what is decided there was decided in the
    /// function itself, had the compiler put it in.
    fn only_calls(&self, function: FunctionId, seen: &mut BTreeSet<(FunctionId, u32)>, needs: &mut Vec<Atom>) {
        let (unit, mut inner) = (self.resolver().unit, function);
        while let [edge] = unit.callers(inner) {
            let call = unit.local(edge.from).and_then(|local| local.call(edge.call)).filter(|_| !edge.thread);
            let Some(call) = call.filter(|call| seen.insert((edge.from, call.block))) else { return };
            needs.extend(self.guards.within(edge.from, call.block));
            inner = edge.from;
        }
    }

    /// Ways by which outside input decides, where it is compared with a constant.
    pub(super) fn controls(
        &mut self,
        function: FunctionId,
        site: u64,
        acting: &Acting<'_>,
        atoms: &[Atom],
        data: &BTreeSet<Channel>,
        work: bool,
    ) {
        let mut sources = BTreeSet::new();
        for atom in atoms.iter().filter(|atom| self.decides(atom) || (work && is_amount(atom))) {
            sources.extend(self.channels.sources(&atom.origins));
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

    /// Is it about input that came in by `source`?
    pub(super) fn from(&self, atom: &Atom, source: &Channel) -> bool {
        self.channels.sources(&atom.origins).contains(source)
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one flow")]
    pub(super) fn flow(
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
        // What the machine's work hangs on can also be an amount: so many seconds of a lease.
        let work = acting.actuator.kind == ActuatorKind::MainWork;
        let decides = |atom: &&&Atom| self.decides(atom) || (work && is_amount(atom));
        let mut triggers: Vec<Trigger> = own.iter().filter(decides).filter_map(|atom| trigger(atom)).collect();
        triggers.sort();
        triggers.dedup();
        let mut checks = self.checks(&atoms.iter().collect::<Vec<_>>());
        let brought = own.iter().flat_map(|atom| &atom.origins);
        let brought: Vec<&Origin> = brought.chain(acting.texts.iter().flat_map(Text::origins).map(|(origin, _)| origin)).collect();
        checks.extend(self.let_in(&source, &brought));
        checks.sort();
        checks.dedup();
        let mut path: Vec<PathStep> = trail.shown().map(|step| self.step(step)).collect();
        for atom in own.iter().rev() {
            path.push(self.place(atom.function, atom.site, Role::Branch, condition(atom)));
            for (owner, site) in &atom.by {
                path.push(self.place(*owner, *site, Role::Store, "the outcome is kept".into()));
            }
        }
        path.push(self.place(function, site, Role::Actuator, format!("{} {}", acting.actuator.name, acting.actuator.argument)));
        path.dedup();
        let code = self.digest(function, trail, &own);
        Flow { source, manner, actuator: acting.actuator.clone(), choice, triggers, checks, path, code }
    }

    /// Is it a comparison of outside input with a word, or of the clock with a day?
    pub(super) fn decides(&self, atom: &Atom) -> bool {
        let by_clock = |atom: &Atom| self.from(atom, &Channel::Clock);
        match atom.test {
            Test::Below(limit) | Test::Above(limit) => limit > A_DAY && by_clock(atom),
            // Of a clock, months and hours are compared with one number; a time as a whole, only to see whether it is there.
            _ => is_word(atom) && (!by_clock(atom) || self.is_calendar(atom)),
        }
    }

    /// Is it about a field of a calendar, and nothing else?
    fn is_calendar(&self, atom: &Atom) -> bool {
        let gives = |owner: FunctionId, call| self.resolver().unit.model(owner, call).and_then(|(_, model)| model.gives);
        let field = |origin: &Origin| matches!(origin, Origin::Call(owner, call, ..) if gives(*owner, *call) == Some(Gives::Calendar));
        atom.origins.iter().all(field)
    }

    /// The digest of the code on a way: of the functions of `trail` and `atoms`, and of the one where it ends.
    pub(super) fn digest(&self, function: FunctionId, trail: &Trail, atoms: &[&Atom]) -> String {
        let steps = trail.steps().into_iter().map(|step| step.function);
        let tests = atoms.iter().flat_map(|atom| std::iter::once(atom.function).chain(atom.by.iter().map(|(owner, _)| *owner)));
        digest::of(self.resolver().unit, steps.chain(tests).chain([function]))
    }

    /// What the outside can still choose of text that comes through the conditions `atoms`.
    fn choice(&self, source: &Channel, shape: Shape, atoms: &[Atom], trail: &Trail) -> Choice {
        let own: Vec<&Atom> = atoms.iter().filter(|atom| self.from(atom, source)).collect();
        if shape != Shape::Text {
            // How much came in says nothing of which number did.
            let limit = |below: bool| {
                own.iter().filter(|atom| !is_count(atom)).find_map(|atom| match (&atom.test, atom.fits) {
                    (Test::Below(limit), true) if below => Some(limit - 1),
                    (Test::Below(limit), false) if !below => Some(*limit),
                    (Test::Above(limit), true) if !below => Some(limit + 1),
                    (Test::Above(limit), false) if below => Some(*limit),
                    _ => None,
                })
            };
            let (min, max) = (limit(false), limit(true));
            if shape == Shape::Number || min.is_some() || max.is_some() {
                return Choice::Number { min, max };
            }
        }
        // A comparison of another part of the same input, as of the command in front of its argument, narrows nothing here.
        let same = |atom: &&&Atom| {
            let whole = matches!(atom.test, Test::Text { how: How::Equals, .. } | Test::Letters(_));
            atom.seen.is_empty() || trail.passes(&atom.seen, whole)
        };
        let (mut without, mut letters): (String, Option<Letters>) = (String::new(), None);

        for atom in own.iter().filter(same) {
            match (&atom.test, atom.fits) {
                (Test::Text { how: How::Equals, with }, true) if with.known().is_some() => return Choice::OneOf(1),
                (Test::Text { how: How::Span, with }, _) => return Choice::Only(with.show()),
                (Test::Text { how: How::Character | How::OneOf, with }, false) => without.push_str(&with.show()),
                (Test::Text { how: How::Contains, with }, false) if with.show() == ".." => return Choice::Component,
                (Test::Class(class), true) => return Choice::Only(class_of(*class).into()),
                (Test::Letters(set), true) => letters = Some(letters.map_or(*set, |known| known.both(set))),
                _ => {}
            }
        }
        match letters {
            Some(letters) => Letters::of(|byte| letters.contains(byte) && !without.as_bytes().contains(&byte)).choice(),
            None if without.is_empty() => Choice::Free,
            None => Choice::Without(without),
        }
    }

    /// What is checked by these conditions.
    pub(super) fn checks(&self, atoms: &[&Atom]) -> Vec<Check> {
        let place = |atom: &Atom| (atom.function, atom.site);
        let at = |site| atoms.iter().filter(move |atom| place(atom) == site);
        let (mut words, mut open) = (Vec::new(), BTreeSet::new());
        for atom in atoms {
            // What the owner's file can be, the constant that stood in the same variable before is not any more; in a table it stands beside
            // the rows that were read, and is a password as they are, whatever it looks like.
            let came_by = |kind| matches!(&atom.test, Test::Text { with, .. } if with.trail.steps().iter().any(|step| step.kind == kind));
            let (row, began) = (came_by(StepKind::Row), came_by(StepKind::Began));
            let owned = began && at(place(atom)).filter_map(|other| self.check(other)).any(|check| check.detail.starts_with('/'));
            let word = match (owned, row) {
                (true, true) => fixed_word(atom),
                (true, false) => None,
                _ => self.fixed_password(atom),
            };
            if let Some(word) = word {
                words.push(word);
                if row || !began {
                    open.insert(place(atom));
                }
            }
        }
        // What can be the owner's or stand in the program, both at once, lets in whoever has the program.
        let kept = |atom: &&Atom, check: &Check| check.kind != CheckKind::Password || !open.contains(&place(atom));
        let mut checks: Vec<Check> = atoms.iter().filter_map(|atom| self.check(atom).filter(|check| kept(atom, check))).collect();
        checks.extend(words.into_iter().map(|detail| Check { kind: CheckKind::FixedPassword, detail, enforced: Enforcement::Enforced }));
        checks.sort();
        checks.dedup();
        checks
    }

    fn check(&self, atom: &Atom) -> Option<Check> {
        let (kind, detail) = match &atom.test {
            Test::Check(kind, by, enforcement) if atom.fits => {
                return Some(Check { kind: *kind, detail: by.clone(), enforced: *enforcement });
            }
            Test::Check(kind, by, _) => (*kind, by.clone()),
            // `strncmp(cookie, session, 32)`: as much of it as is compared.
            Test::Text { how: How::Equals | How::Begins, with } if with.known().is_none() && atom.fits => {
                let mut files: Vec<String> = Vec::new();
                for channel in with.origins().flat_map(|(origin, _)| self.channels.origin(origin)) {
                    if let Channel::File(path) = channel {
                        files.push(path);
                    }
                }
                let known = files.iter().find(|path| !path.contains("{}")).or(files.first())?;
                (CheckKind::Password, known.clone())
            }
            _ => return None,
        };
        let enforced = if atom.fits { Enforcement::Enforced } else { Enforcement::Ignored };
        Some(Check { kind, detail, enforced })
    }

    /// A constant that input is compared with because a word for a secret stood before it, or that looks like nothing else.
    fn fixed_password(&self, atom: &Atom) -> Option<String> {
        let Test::Text { with, .. } = &atom.test else { return None };
        let word = fixed_word(atom)?;
        // What stands in the program in disguise is nothing that is told to anybody.
        let kept = with.trail.steps().iter().any(|step| step.kind == StepKind::Unveiled);
        (kept || is_password_hash(&word) || is_secret_text(&word) || self.is_picked_by_secret(&atom.came)).then_some(word)
    }

    pub(super) fn step(&self, step: Step) -> PathStep {
        let (role, note) = match step.kind {
            StepKind::Passed => (Role::Step, "passed to a function"),
            StepKind::GivenBack => (Role::Step, "given back"),
            StepKind::Stored => (Role::Store, "stored"),
            StepKind::Moved => (Role::Step, "moved or made by a library function"),
            StepKind::Compared => (Role::Branch, "compared"),
            StepKind::Source => (Role::Source, "comes in"),
            StepKind::Unveiled => (Role::Step, "made legible"),
            StepKind::Pointed | StepKind::Began | StepKind::Row | StepKind::Came(_) | StepKind::Picked(_) => (Role::Step, "looked at"),
        };
        self.place(step.function, step.site, role, note.into())
    }

    pub(super) fn place(&self, function: FunctionId, site: u64, role: Role, note: String) -> PathStep {
        PathStep { at: At::Address(site), function: self.name_of(function), role, note }
    }

    pub(super) fn name_of(&self, function: FunctionId) -> Option<String> {
        let function = self.resolver().unit.code.function(function)?;
        Some(function.name.clone().unwrap_or_else(|| format!("{:#x}", function.entry.address)))
    }
}

/// The constant that input must be equal to, where it is long enough for a password.
fn fixed_word(atom: &Atom) -> Option<String> {
    let Test::Text { how: How::Equals, with } = &atom.test else { return None };
    String::from_utf8(with.known()?).ok().filter(|word| atom.fits && word.len() >= PASSWORD)
}

/// Is it a comparison of a number that came in, as one of its bytes, with a limit?
fn is_amount(atom: &Atom) -> bool {
    matches!(atom.test, Test::Below(_) | Test::Above(_)) && !is_count(atom)
}

/// Is it about what calls gave back, as the number of bytes that came in, and not about what came?
fn is_count(atom: &Atom) -> bool {
    atom.origins.iter().all(|origin| matches!(origin, Origin::Call(_, _, u8::MAX, _)))
}

/// Is it a comparison of what came in with a constant, and not of how the call that brought it went?
pub(super) fn is_word(atom: &Atom) -> bool {
    match &atom.test {
        Test::Text { how, with } => {
            with.known().is_some_and(|text| !text.is_empty()) && !matches!(how, How::Span | How::OneOf | How::Character)
        }
        Test::Equal(_) => !is_count(atom),
        _ => false,
    }
}

pub(super) fn trigger(atom: &Atom) -> Option<Trigger> {
    let (kind, value) = match &atom.test {
        Test::Text { how, with } => {
            let kind = match how {
                How::Equals | How::Pattern => TriggerKind::Equals,
                How::Begins => TriggerKind::Begins,
                _ => TriggerKind::Contains,
            };
            (kind, with.known().map_or_else(|| with.show(), |bytes| constant(&bytes)))
        }
        Test::Equal(number) => (TriggerKind::Number, number.to_string()),
        // What is not below a number is above the one before it.
        Test::Below(number) if !atom.fits => {
            return Some(Trigger { kind: TriggerKind::Above, value: number.saturating_sub(1).to_string(), fits: true });
        }
        Test::Above(number) if !atom.fits => {
            return Some(Trigger { kind: TriggerKind::Below, value: number.saturating_add(1).to_string(), fits: true });
        }
        Test::Below(number) => (TriggerKind::Below, number.to_string()),
        Test::Above(number) => (TriggerKind::Above, number.to_string()),
        _ => return None,
    };
    Some(Trigger { kind, value, fits: atom.fits })
}

/// A constant for people: text as it is, other bytes in the order of memory.
fn constant(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(|letter| letter.is_control() && !letter.is_whitespace()) => text.to_owned(),
        _ => bytes.iter().fold("0x".to_owned(), |shown, byte| format!("{shown}{byte:02x}")),
    }
}

/// A condition in words.
pub fn condition(atom: &Atom) -> String {
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
            let with = with.known().map_or_else(|| with.show(), |bytes| constant(&bytes));
            format!("input {not}{how} \u{201c}{with}\u{201d}")
        }
        Test::Equal(number) => format!("input {not}equal to {number}"),
        Test::Walked(number) => format!("a byte of the input {not}equal to {number}"),
        Test::Below(number) => format!("input {not}below {number}"),
        Test::Above(number) => format!("input {not}above {number}"),
        Test::Letters(letters) => format!("input of the letters {}", letters.show()),
        Test::Class(class) => format!("character {not}of the class {}", class_of(*class)),
        Test::Check(kind, ..) => format!("check of kind {kind:?} {}", if atom.fits { "holds" } else { "fails" }),
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
        Class::Upper => "upper",
        Class::Lower => "lower",
    }
}
