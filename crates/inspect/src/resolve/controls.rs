//! Ways made into controls: effect, holder, stage, trigger, and the whole path with a place for each step.
//!
//! Flows that differ in nothing that a reader cares about (the same actuator reached from two fields of one request) are one control:
//! its path is that of the widest choice, its constants are those of all.

use std::collections::BTreeMap;

use assay_core::{
    Control, Deed, Effect, Evidence, Fact, FactId, Holder, Observed, Reachable, Role, Sha256, Stage,
    facts::code::{Channel, Check, Flow, PathStep, Trigger},
    hash::hex,
};

use super::{
    channels::{way_in, words},
    choice::width,
    effects,
    holders::{Bearing, Scene},
    joins::Joins,
    triggers,
    ways::{self, Way},
};

/// Controls of one system.
const MOST: usize = 5_000;
/// Steps of one path.
const STEPS: usize = 80;
/// Facts named behind one control.
const FACTS: usize = 64;

/// What makes two ways one control.
type Key = (Effect, Holder, Channel, Vec<Sha256>, String);

/// A control with what decides which of two is shown.
struct Draft {
    control: Control,
    width: u8,
    length: usize,
    triggers: Vec<Trigger>,
}

/// All controls of a system that come from flows; true where the limit cut them off.
pub fn of_flows(scene: &Scene, joins: &Joins) -> (Vec<Control>, bool) {
    let (mut drafts, mut known): (Vec<Draft>, BTreeMap<Key, usize>) = (Vec::new(), BTreeMap::new());
    let mut cut = false;
    let entrance = |id, channel: &Channel| scene.entrance(id, channel);
    for end in 0..joins.pieces.len() {
        for way in ways::to(&scene.system, joins, end, &entrance) {
            let Some((key, draft)) = control(scene, joins, &way) else { continue };
            if let Some(first) = known.get(&key).and_then(|index| drafts.get_mut(*index)) {
                first.merge(draft);
            } else if drafts.len() < MOST {
                known.insert(key, drafts.len());
                drafts.push(draft);
            } else {
                cut = true;
            }
        }
    }
    (drafts.into_iter().map(Draft::finish).collect(), cut)
}

impl Draft {
    fn merge(&mut self, mut other: Self) {
        if (other.width, usize::MAX - other.length) > (self.width, usize::MAX - self.length) {
            std::mem::swap(self, &mut other);
        }
        self.triggers.extend(other.triggers);
        for fact in other.control.facts {
            if self.control.facts.len() < FACTS && !self.control.facts.contains(&fact) {
                self.control.facts.push(fact);
            }
        }
    }

    fn finish(mut self) -> Control {
        self.control.trigger = triggers::named(self.triggers.iter());
        self.control
    }
}

fn control(scene: &Scene, joins: &Joins, way: &Way) -> Option<(Key, Draft)> {
    let flows: Vec<&Flow> = way.flows.iter().filter_map(|id| joins.pieces.get(*id)).map(|piece| &*piece.flow).collect();
    let (first, last) = (joins.pieces.get(*way.flows.first()?)?, joins.pieces.get(*way.flows.last()?)?);
    let actuator = &last.flow.actuator;
    let effect = effects::of(actuator, &way.say)?;
    let mut checks: Vec<Check> = Vec::new();
    for check in flows.iter().flat_map(|flow| &flow.checks) {
        if !checks.contains(check) {
            checks.push(check.clone());
        }
    }
    let source = scene.entrance(first.program, &first.flow.source)?;
    let channel = effects::pool_host(actuator).cloned().unwrap_or(source);
    let bearing = scene.checked(scene.bearing(first.program, &channel), &checks);
    let (holder, stage, mut assumed) = settle(scene, joins, way, bearing.clone());
    assumed.extend(way.assumed.iter().cloned());
    let programs: Vec<Sha256> =
        way.flows.iter().filter_map(|id| scene.system.program(joins.pieces.get(*id)?.program)).map(|program| program.content).collect();
    let key = (effect, holder.clone(), way_in(&channel), programs, format!("{:?} {} {}", actuator.kind, actuator.name, actuator.argument));
    let control = Control {
        effect,
        holder,
        stage,
        channel,
        deed: Deed::Acts { actuator: actuator.clone(), choice: way.say.choice.clone() },
        trigger: Vec::new(),
        checks,
        path: path(joins, way),
        assumed,
        code: code(flows.iter().map(|flow| flow.code.as_str())),
        facts: facts(way.flows.iter().filter_map(|id| joins.pieces.get(*id)).map(|piece| piece.fact.id), &bearing),
    };
    let triggers = flows.iter().flat_map(|flow| flow.triggers.iter().cloned()).collect();
    Some((key, Draft { control, width: width(&way.say.choice), length: way.flows.len(), triggers }))
}

/// Holder and stage. Each process on the way must run, unless the one before starts it.
fn settle(scene: &Scene, joins: &Joins, way: &Way, bearing: Bearing) -> (Holder, Stage, Vec<String>) {
    let mut reachable = bearing.reachable;
    for (id, join) in way.flows.iter().skip(1).zip(&way.joins) {
        let program = joins.pieces.get(*id).and_then(|piece| scene.system.program(piece.program));
        let runs = join.starts || program.is_some_and(|program| scene.runs(&program.content) == Reachable::Yes);
        if !runs && reachable == Reachable::Yes {
            reachable = Reachable::Unknown;
        }
    }
    let stage = Stage { present: true, reachable, authorised: bearing.authorised.into_iter().collect(), observed: Observed::NotLooked };
    (Holder { who: bearing.who, detail: bearing.detail }, stage, bearing.assumed)
}

/// Facts behind a control: those of the code in the order of the way, then those of the system.
pub fn facts(code: impl Iterator<Item = FactId>, bearing: &Bearing) -> Vec<FactId> {
    let mut all: Vec<FactId> = Vec::new();
    for fact in code.chain(bearing.facts.iter().copied()) {
        if !all.contains(&fact) && all.len() < FACTS {
            all.push(fact);
        }
    }
    all
}

/// One digest for the code of several flows.
pub fn code<'c>(codes: impl Iterator<Item = &'c str>) -> String {
    let known: Vec<&str> = codes.filter(|code| !code.is_empty()).collect();
    match known[..] {
        [] => String::new(),
        [one] => one.to_owned(),
        _ => hex(&Sha256::of(known.join(" ").as_bytes()).0),
    }
}

fn path(joins: &Joins, way: &Way) -> Vec<Evidence> {
    let mut path = Vec::new();
    for (index, id) in way.flows.iter().enumerate() {
        let Some(piece) = joins.pieces.get(*id) else { continue };
        let comes = match index.checked_sub(1).and_then(|before| way.joins.get(before)) {
            Some(join) => join.words.clone(),
            None => format!("{} comes in", words(&piece.flow.source)),
        };
        let last = index + 1 == way.flows.len();
        path.extend(steps(piece.fact, &piece.flow.path, &comes, last, &does(&piece.flow)));
    }
    shorten(path)
}

/// The steps of one flow, each at its place.
pub fn steps(fact: &Fact, own: &[PathStep], comes: &str, last: bool, does: &str) -> Vec<Evidence> {
    let at = |step: &PathStep, role, note: String| Evidence {
        artifact: fact.locator.artifact,
        path: fact.locator.path.clone(),
        at: step.at.clone(),
        function: step.function.clone(),
        role,
        note,
        excerpt: String::new(),
    };
    let mut steps: Vec<Evidence> = Vec::new();
    for (index, step) in own.iter().enumerate() {
        // Only the end of the whole way acts; what acts before hands over.
        let role = if step.role == Role::Actuator && !last { Role::Step } else { step.role };
        let note = if index == 0 && step.role == Role::Source { format!("{comes}: {}", step.note) } else { step.note.clone() };
        steps.push(at(step, role, note));
    }
    let place = PathStep {
        at: fact.locator.at.clone(),
        function: own.last().and_then(|step| step.function.clone()),
        role: Role::Other,
        note: String::new(),
    };
    if own.first().is_none_or(|step| step.role != Role::Source) {
        let first = own.first().unwrap_or(&place);
        steps.insert(0, at(first, Role::Source, comes.to_owned()));
    }
    if own.last().is_none_or(|step| step.role != Role::Actuator) {
        steps.push(at(&place, if last { Role::Actuator } else { Role::Step }, does.to_owned()));
    }
    steps
}

fn does(flow: &Flow) -> String {
    let to = flow.actuator.to.as_ref().map(|to| format!(" to {}", words(to))).unwrap_or_default();
    format!("{} {}{to}", flow.actuator.name, flow.actuator.argument).trim().to_owned()
}

/// Long ways keep their beginning and their end.
pub fn shorten(mut path: Vec<Evidence>) -> Vec<Evidence> {
    path.dedup();
    if path.len() > STEPS {
        let tail = path.split_off(path.len() - STEPS / 2);
        path.truncate(STEPS / 2);
        path.extend(tail);
    }
    path
}
