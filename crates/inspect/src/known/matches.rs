//! Which behaviours an input shows, and where.

use std::collections::{BTreeMap, BTreeSet};

use assay_core::{
    At, Confidence, Control, Evidence, Fact, FactBody, Sha256,
    dossier::Subject,
    facts::{
        CodeFact,
        code::{Channel, Host},
    },
};

use super::{
    all,
    patterns::{Hit, Input, hits},
    schema::{Behaviour, Pattern, Scope, Sign},
};
use crate::Case;

/// Pieces of evidence of one match.
const EVIDENCE: usize = 24;

/// The signs of a behaviour that an input has: those by facts, or else those by texts.
pub(crate) struct Match<'a> {
    /// The behaviour.
    pub behaviour: &'static Behaviour,
    /// What it shows.
    pub shows: String,
    /// Number of the input.
    pub subject: usize,
    /// Is a text or a version part of it? Then it is present, and not shown.
    pub by_text: bool,
    /// Where.
    pub evidence: Vec<Evidence>,
    /// Files that it is about.
    pub files: BTreeSet<Sha256>,
    /// Controls that it is made of.
    pub controls: Vec<&'a Control>,
    /// What the reading of code says of the same programs; empty where none was read.
    pub code: String,
}

/// How far a behaviour was seen in an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Code or configuration does it.
    Shown,
    /// Texts of it are there.
    Present,
    /// Looked for and not found.
    NotShown,
    /// Not found, and reported of another maker's machines.
    OtherMaker,
    /// Nothing was read that could show it.
    NotExamined,
}

impl State {
    /// For a table.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Present => "present (text or version only)",
            Self::NotShown => "not shown",
            Self::OtherMaker => "not applicable (another maker)",
            Self::NotExamined => "not examined",
        }
    }
}

/// How far `behaviour` was seen in `subject`, of which `found` are the matches.
pub(crate) fn state(behaviour: &Behaviour, subject: &Subject, facts: &[Fact], found: Option<&Match>) -> State {
    if let Some(found) = found {
        return if found.by_text { State::Present } else { State::Shown };
    }
    let files = subject.manifest.iter().any(|tree| tree.entries.iter().any(|entry| entry.content.is_some()));
    if !files && !facts.iter().any(|fact| matches!(fact.body, FactBody::Code(_))) {
        return State::NotExamined;
    }
    let maker = subject.identity.maker.as_deref().unwrap_or_default().to_ascii_lowercase();
    let own = |other: &String| maker.contains(&other.to_ascii_lowercase());
    if maker.is_empty() || behaviour.makers.is_empty() || behaviour.makers.iter().any(own) { State::NotShown } else { State::OtherMaker }
}

/// Every behaviour that every input has a sign of.
pub(crate) fn matches<'a>(case: &Case<'a>) -> Vec<Match<'a>> {
    let mut found = Vec::new();
    for (number, (subject, facts)) in case.subjects.iter().zip(case.by_subject()).enumerate() {
        let numbers = facts.first().zip(facts.last()).map(|(first, last)| first.id..=last.id);
        let own = |control: &&Control| numbers.as_ref().is_some_and(|own| control.facts.iter().any(|id| own.contains(id)));
        let input = Input { subject, facts, controls: case.controls.iter().filter(own).collect() };
        for behaviour in all() {
            let signs: Vec<Match> = behaviour.sign.iter().filter_map(|sign| of_sign(behaviour, sign, number, &input)).collect();
            // Texts add nothing to what is shown.
            let by_text = signs.iter().all(|sign| sign.by_text);
            found.extend(signs.into_iter().filter(|sign| sign.by_text == by_text).reduce(Match::and));
        }
    }
    found
}

fn of_sign<'a>(behaviour: &'static Behaviour, sign: &'static Sign, subject: usize, input: &Input<'a>) -> Option<Match<'a>> {
    // Each pattern's hits by where they are: a pattern that fits nowhere ends it.
    let mut places: Vec<BTreeMap<String, Vec<Hit<'a>>>> = Vec::new();
    for pattern in &sign.all {
        let mut by_place: BTreeMap<String, Vec<Hit<'a>>> = BTreeMap::new();
        for hit in hits(pattern, input) {
            for (file, path) in &hit.files {
                let key = match sign.scope {
                    Scope::File => file.to_string(),
                    Scope::System => container(path, matches!(pattern, Pattern::File(_))).to_owned(),
                };
                let here = by_place.entry(key).or_default();
                if !here.iter().any(|known| known.evidence == hit.evidence) {
                    here.push(hit.clone());
                }
            }
        }
        if by_place.is_empty() {
            return None;
        }
        places.push(by_place);
    }
    let together: BTreeSet<&String> =
        places.first()?.keys().filter(|place| places.iter().all(|other| other.contains_key(*place))).collect();
    let hits: Vec<&Hit<'a>> = places.iter().flat_map(|own| together.iter().filter_map(|place| own.get(*place)).flatten()).collect();
    if hits.is_empty() {
        return None;
    }
    let by_text = sign.all.iter().any(Pattern::is_text);
    let mut evidence: Vec<Evidence> = Vec::new();
    for piece in hits.iter().flat_map(|hit| &hit.evidence) {
        if evidence.len() < EVIDENCE && !evidence.contains(piece) {
            evidence.push(piece.clone());
        }
    }
    let files: BTreeSet<Sha256> = hits.iter().flat_map(|hit| &hit.files).map(|(file, _)| *file).collect();
    let text = sign.all.iter().any(|pattern| matches!(pattern, Pattern::Text(_)));
    let code = if text { code_words(behaviour, &files, input) } else { String::new() };
    let controls = hits.iter().filter_map(|hit| hit.control).collect();
    Some(Match { behaviour, shows: sign.shows.clone(), subject, by_text, evidence, files, controls, code })
}

/// The root that a trail leads into. The trail of an entry's own description is that of its root.
fn container(trail: &str, described: bool) -> &str {
    if described { trail } else { trail.rsplit_once("!/").map_or("", |(container, _)| container) }
}

/// What the reading of code has to say of programs in which texts of a behaviour stand.
fn code_words(behaviour: &Behaviour, files: &BTreeSet<Sha256>, input: &Input) -> String {
    let own: Vec<&CodeFact> = input
        .facts
        .iter()
        .filter(|fact| files.contains(&fact.locator.artifact) && matches!(fact.locator.at, At::Address(_)))
        .filter_map(|fact| match &fact.body {
            FactBody::Code(code) => Some(code),
            _ => None,
        })
        .collect();
    if own.is_empty() {
        return String::new();
    }
    let mut configured: Vec<&str> = own
        .iter()
        .filter_map(|code| match code {
            CodeFact::Endpoint(Channel::Connected { host: Host::Configured(file), .. }) if !file.is_empty() => Some(file.as_str()),
            _ => None,
        })
        .collect();
    configured.sort_unstable();
    configured.dedup();
    configured.truncate(3);
    let hosts = if configured.is_empty() { String::new() } else { format!("; hosts that it goes to come from {}", configured.join(", ")) };
    let same =
        |control: &&&Control| Some(control.effect) == behaviour.effect && control.path.iter().any(|step| files.contains(&step.artifact));
    if input.controls.iter().any(|control| same(&control)) {
        return format!("code of the same program has this effect, by a way that was not tied to the text{hosts}");
    }
    format!("the program was read, and no use of the text that has this effect was found{hosts}")
}

impl Match<'_> {
    /// Both together.
    fn and(mut self, other: Self) -> Self {
        if self.shows != other.shows {
            self.shows = format!("{}; {}", self.shows, other.shows);
        }
        if self.code.is_empty() {
            self.code = other.code;
        }
        let left = EVIDENCE.saturating_sub(self.evidence.len());
        let new: Vec<Evidence> = other.evidence.into_iter().filter(|piece| !self.evidence.contains(piece)).take(left).collect();
        self.evidence.extend(new);
        self.files.extend(other.files);
        self.controls.extend(other.controls);
        self
    }

    /// How sure it is.
    pub(crate) fn confidence(&self) -> Confidence {
        if self.by_text { Confidence::Tentative } else { Confidence::Firm }
    }
}
