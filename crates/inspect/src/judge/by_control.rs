//! From controls to findings: what one finding is about, and its evidence.
//!
//! Controls of one holder, that come in by one way, go through the same programs and have one effect are one finding, however many
//! actuators and words there are: a reader wants to know who can do what, and then where.

use std::collections::BTreeMap;

use assay_core::{Confidence, Control, Deed, Effect, Evidence, Holder, HolderKind, Role, Severity, facts::code::Channel};

use super::{
    Case, Draft, Used,
    grade::{self, Grade},
};
use crate::{
    phrases,
    resolve::{channel_words, way_in},
};

/// Pieces of evidence of one finding.
const MOST_EVIDENCE: usize = 100;
/// Words named in a title.
const MOST_WORDS: usize = 3;

/// Controls that one finding is about, the gravest first.
pub(super) struct Group<'c> {
    /// The controls; never empty.
    controls: Vec<(&'c Control, Grade)>,
}

/// The controls that `wanted` picks, by holder, way in, programs and effect.
pub(super) fn groups<'c>(case: &'c Case, wanted: impl Fn(&Control) -> bool) -> Vec<Group<'c>> {
    gather(case, wanted, |control| {
        let mut programs: Vec<&str> = control.path.iter().map(|step| step.path.as_str()).collect();
        programs.dedup();
        (control.holder.clone(), way_in(&control.channel), programs, Some(control.effect))
    })
}

/// The same by way in alone: everything that one door of one program leads to.
pub(super) fn doors<'c>(case: &'c Case, wanted: impl Fn(&Control) -> bool) -> Vec<Group<'c>> {
    let nobody = Holder { who: HolderKind::Undetermined, detail: String::new() };
    gather(case, wanted, |control| {
        let program = control.path.first().map(|step| step.path.as_str());
        (nobody.clone(), way_in(&control.channel), program.into_iter().collect(), None)
    })
}

type Key<'c> = (Holder, Channel, Vec<&'c str>, Option<Effect>);

fn gather<'c>(case: &'c Case, wanted: impl Fn(&Control) -> bool, key: impl Fn(&'c Control) -> Key<'c>) -> Vec<Group<'c>> {
    let mut groups: BTreeMap<Key, Group> = BTreeMap::new();
    for control in case.controls.iter().filter(|control| wanted(control)) {
        let grade = grade::of(control, case.controls);
        groups.entry(key(control)).or_insert_with(|| Group { controls: Vec::new() }).controls.push((control, grade));
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    for group in &mut groups {
        // Of two that are as grave, the one that comes first among the effects.
        group.controls.sort_by_key(|(control, grade)| (std::cmp::Reverse(*grade), control.effect));
    }
    groups
}

impl<'c> Group<'c> {
    /// The gravest control.
    pub(super) fn first(&self) -> Option<&'c Control> {
        self.controls.first().map(|(control, _)| *control)
    }

    /// All of them.
    pub(super) fn controls(&self) -> impl Iterator<Item = &'c Control> {
        self.controls.iter().map(|(control, _)| *control)
    }

    /// How bad the gravest is.
    pub(super) fn severity(&self) -> Severity {
        self.controls.iter().map(|(_, grade)| grade.severity).max().unwrap_or(Severity::Info)
    }

    /// Every constant that sets one of them off.
    pub(super) fn trigger(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for word in self.controls().flat_map(|control| &control.trigger) {
            if !all.contains(word) {
                all.push(word.clone());
            }
        }
        all
    }

    /// "Anybody on the network can stop mining through /usr/bin/x, with “halt”".
    pub(super) fn title(&self) -> String {
        let Some(first) = self.first() else { return String::new() };
        let can = format!("{} can {}", phrases::holder(&first.holder, &first.stage.authorised), phrases::effect(first.effect));
        format!("{can} through {}{}", self.programs(), self.words())
    }

    /// The programs on the way, by their paths.
    pub(super) fn programs(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for step in self.first().map_or(&[][..], |first| &first.path) {
            let name = step.path.rsplit('!').next().filter(|name| !name.is_empty()).unwrap_or("the program");
            if names.last() != Some(&name) {
                names.push(name);
            }
        }
        match names[..] {
            [] => "the program".into(),
            [one] => one.into(),
            [first, last] => format!("{first} and {last}"),
            [first, .., last] => format!("{first} … {last} ({} programs)", names.len()),
        }
    }

    fn words(&self) -> String {
        let all = self.trigger();
        let shown: Vec<String> = all.iter().take(MOST_WORDS).map(|word| format!("“{}”", word.trim())).collect();
        match (shown.is_empty(), all.len() - shown.len()) {
            (true, _) => String::new(),
            (false, 0) => format!(", with {}", shown.join(", ")),
            (false, more) => format!(", with {} and {more} more", shown.join(", ")),
        }
    }

    /// The finding.
    pub(super) fn draft(&self, title: String, references: &[&str]) -> Option<Draft> {
        let first = self.first()?;
        let confidence = self.controls.first().map_or(Confidence::Tentative, |(_, grade)| grade.confidence);
        Some(Draft {
            title,
            severity: self.severity(),
            confidence,
            effect: Some(first.effect),
            evidence: self.evidence(),
            subject: (self.subject(), self.identity()),
            used: Some(Used { holder: first.holder.clone(), stage: first.stage.clone(), trigger: self.trigger() }),
            references: references.iter().map(|link| (*link).to_owned()).collect(),
        })
    }

    /// The whole path of the gravest control, then what else acts.
    fn evidence(&self) -> Vec<Evidence> {
        let Some(first) = self.first() else { return Vec::new() };
        let mut evidence = first.path.clone();
        if !first.assumed.is_empty()
            && let Some(step) = evidence.first_mut()
        {
            step.note = format!("{} (taken for granted: {})", step.note, first.assumed.join("; "));
        }
        for step in self.controls().skip(1).flat_map(|control| control.path.iter().filter(|step| step.role == Role::Actuator)) {
            if evidence.len() >= MOST_EVIDENCE {
                break;
            }
            if !evidence.iter().any(|known| (&known.path, &known.at, known.role) == (&step.path, &step.at, step.role)) {
                evidence.push(step.clone());
            }
        }
        evidence
    }

    /// The trail of what acts.
    fn subject(&self) -> String {
        self.first().and_then(|first| first.path.last()).map(|step| step.path.clone()).unwrap_or_default()
    }

    /// What makes it this finding in another build too: the code on the way; where there is none, the way in and what acts.
    fn identity(&self) -> Vec<u8> {
        let Some(first) = self.first() else { return Vec::new() };
        if !first.code.is_empty() {
            return first.code.clone().into_bytes();
        }
        let deed = match &first.deed {
            Deed::Acts { actuator, .. } => format!("{:?} {} {}", actuator.kind, actuator.name, actuator.argument),
            Deed::Tells { from, .. } => from.join(" "),
        };
        format!("{} {deed}", channel_words(&first.channel)).into_bytes()
    }
}
