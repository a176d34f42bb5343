//! # The input deviates from the golden image
//!
//! ## What it shows
//!
//! A file of the input is not in the golden image, is missing, or is another one: with `--golden IMAGE`, each such deviation is a finding, graded
//! by what it touches.
//!
//! ## Why it matters
//!
//! The maker's own release, or the image that an operator has approved, is the best description there is of what should be on a machine. What
//! a third party changed since is what an inspector has to look at first; and that nothing was changed is worth saying.
//!
//! ## How it works
//!
//! Both images are opened and read alike, and laid beside each other as by `assay diff`: trees by the names that they share, so that a flash dump
//! can be held against a package. A deviation is `high` where it brings a way from outside input to something that acts, changes who may log
//! in or become root, a key, a signature's outcome, what starts, or the boot loader's settings; `medium` where a program, a kernel module or
//! what is open to the network is another one; `low` for other files; `info` for settings that the owner writes, documentation and what was
//! merely moved. The table "Held against the golden image" says which parts of the release are there whole.
//!
//! ## False positives
//!
//! What a machine writes for itself in use (logs, leases, keys of its own) differs from any release.
//!
//! ## False negatives
//!
//! What neither image's files show: a changed microcontroller on another chip, or fuses. More deviations than 300 are told by their number.
//!
//! ## References
//!
//! - NIST SP 800-193, "Platform Firmware Resiliency Guidelines", section 4.3
//! - <https://cwe.mitre.org/data/definitions/494.html>

use std::{cmp::Reverse, collections::BTreeSet};

use assay_core::{At, Confidence, Fact, FactBody, Question, Severity, dossier::Subject, facts::ImageFact};

use super::super::{Case, Detector, Draft, at, at_entry, image_facts, shown};
use crate::{
    compare::{Change, Comparison, Difference, Names, Said, names},
    golden::Golden,
};

pub(super) const DETECTOR: Detector = Detector {
    id: "provenance.deviates-from-golden",
    version: 1,
    question: Question::Provenance,
    source: include_str!("deviates_from_golden.rs"),
    detect,
};

/// Deviations that are findings of their own.
const MOST: usize = 300;
/// Words of what a file says that are quoted.
const WORDS: usize = 6;

/// Kinds of facts ([`Said::kind`]), what a change of them touches, and how grave that is.
const TOUCHES: &[(Severity, &str, &[&str])] = &[
    (Severity::High, "what outside input can do", &["flow", "disclosure"]),
    (Severity::High, "who may log in or become root", &["account", "web login", "sudo rule", "authorized keys", "SSH server", "group"]),
    (Severity::High, "what is trusted", &["key", "certificate", "signature"]),
    (Severity::High, "what starts", &["start", "init"]),
    (Severity::High, "how the boot loader starts the system", &["boot setting", "boot stage"]),
    (Severity::Medium, "what is open to the network", &["listener", "service", "firewall", "web door", "web program", "web server"]),
    (Severity::Medium, "to whom it speaks", &["endpoint", "pool", "name"]),
];

/// Folders of documentation and of data that people read.
const DOCUMENTS: &[&str] = &["/usr/share/doc/", "/usr/share/man/", "/usr/share/info/", "/usr/share/locale/", "/usr/share/licenses/"];

fn detect(case: &Case) -> Vec<Draft> {
    let Some(golden) = case.golden else { return Vec::new() };
    let each = case.subjects.iter().zip(case.comparisons).zip(case.by_subject());
    each.flat_map(|((subject, comparison), facts)| of_one(golden, subject, comparison, facts)).collect()
}

fn of_one(golden: &Golden, subject: &Subject, comparison: &Comparison, facts: &[Fact]) -> Vec<Draft> {
    let context = Context {
        golden,
        subject,
        old: names(&golden.subject, |path| comparison.follow(&path)),
        new: names(subject, |path| path),
        started: started(facts).chain(started(&golden.facts)).collect(),
        settings: settings(facts).chain(settings(&golden.facts)).collect(),
    };
    let mut graded: Vec<(Severity, String, &Difference)> = comparison
        .differences
        .iter()
        // The same files in another container are the same release: the table has that.
        .filter(|difference| !(difference.path.is_empty() && difference.is_own_bytes()))
        .map(|difference| {
            let (severity, touches) = context.grade(difference);
            (severity, touches, difference)
        })
        .collect();
    graded.sort_by_key(|(severity, _, difference)| (Reverse(*severity), &difference.path));
    let more = graded.len().saturating_sub(MOST) + comparison.cut;
    graded.truncate(MOST);
    let mut drafts: Vec<Draft> =
        graded.into_iter().filter_map(|(severity, touches, difference)| context.draft(severity, &touches, difference)).collect();
    if more > 0 {
        drafts.push(Draft {
            title: format!("{more} further deviations from the golden image, none graver than those told"),
            severity: drafts.last().map_or(Severity::Info, |last| last.severity),
            confidence: Confidence::Certain,
            effect: None,
            evidence: vec![at(subject.id, "", At::Offset(0), "`assay diff` tells them all", String::new())],
            subject: (String::new(), b"further".to_vec()),
            used: None,
            references: Vec::new(),
        });
    }
    drafts
}

/// Files that something starts at boot, as paths in their root.
fn started(facts: &[Fact]) -> impl Iterator<Item = &str> {
    image_facts(facts).filter_map(|(_, fact)| if let ImageFact::BootStep(step) = fact { step.resolved.as_deref() } else { None })
}

/// Trails of settings that the owner of a machine writes.
fn settings(facts: &[Fact]) -> impl Iterator<Item = &str> {
    let owned = |fact: &&Fact| matches!(&fact.body, FactBody::Image(ImageFact::ConfigFile { .. } | ImageFact::Pool(_)));
    facts.iter().filter(owned).map(|fact| fact.locator.path.as_str())
}

struct Context<'a> {
    golden: &'a Golden,
    subject: &'a Subject,
    old: Names<'a>,
    new: Names<'a>,
    started: BTreeSet<&'a str>,
    settings: BTreeSet<&'a str>,
}

impl Context<'_> {
    /// How grave a deviation is, and what it touches.
    fn grade(&self, difference: &Difference) -> (Severity, String) {
        // A way from outside that is gone is no reason to worry.
        let gone = difference.lost.iter().filter(|said| !["flow", "disclosure"].contains(&said.kind));
        let kinds: BTreeSet<&str> = difference.gained.iter().chain(gone).map(|said| said.kind).collect();
        let inside = difference.path.rsplit('!').next().unwrap_or_default();
        if difference.is_own_bytes() {
            return (Severity::Info, "how a container is written".to_owned());
        }
        if difference.change == Change::Moved && difference.details.len() == 1 {
            return (Severity::Info, "where a file lies".to_owned());
        }
        let entry = |names: &Names, path: &str| names.get(path).map(|(_, entry)| (entry.mode, entry.size));
        let (was, is) = (entry(&self.old, &difference.path), entry(&self.new, &difference.path));
        let setuid = |side: Option<(Option<u32>, u64)>| side.and_then(|(mode, _)| mode).is_some_and(|mode| mode & 0o6000 != 0);
        if setuid(is) && !setuid(was) {
            return (Severity::High, "with whose rights a program runs".to_owned());
        }
        if difference.change == Change::Attributes {
            return (Severity::Low, "its mode, owner or target".to_owned());
        }
        for (severity, touches, of) in TOUCHES {
            if of.iter().any(|kind| kinds.contains(kind)) {
                return (*severity, (*touches).to_owned());
            }
        }
        if self.started.contains(inside) {
            return (Severity::High, "what starts".to_owned());
        }
        if self.settings.contains(difference.path.as_str()) {
            return (Severity::Info, "settings that the owner writes".to_owned());
        }
        if self.is_program(difference) {
            return (Severity::Medium, "a program".to_owned());
        }
        if DOCUMENTS.iter().any(|folder| inside.starts_with(folder)) {
            return (Severity::Info, "what people read".to_owned());
        }
        if matches!(difference.contents, (None, None)) {
            return (Severity::Low, "a name without content".to_owned());
        }
        (Severity::Low, "a file".to_owned())
    }

    /// Is either side a program: by its format, or by the bit that lets it run?
    fn is_program(&self, difference: &Difference) -> bool {
        let ids = [difference.contents.0, difference.contents.1];
        let artifacts = self.golden.subject.artifacts.iter().chain(&self.subject.artifacts);
        let format = artifacts.filter(|artifact| ids.contains(&Some(artifact.id))).any(|artifact| artifact.format == "elf");
        let runs = |names: &Names, path: &str| {
            names.get(path).is_some_and(|(_, entry)| entry.content.is_some() && entry.mode.is_some_and(|mode| mode & 0o111 != 0))
        };
        format || runs(&self.new, &difference.path) || runs(&self.old, &difference.path)
    }

    fn draft(&self, severity: Severity, touches: &str, difference: &Difference) -> Option<Draft> {
        let path = shown(&difference.path);
        let (verb, side) = match difference.change {
            Change::Added => ("is not in the golden image", &self.new),
            Change::Removed => ("of the golden image is missing", &self.old),
            Change::Moved => ("lies elsewhere than in the golden image", &self.new),
            Change::Content => ("is another one than in the golden image", &self.new),
            Change::Attributes => ("has another mode, owner or target than in the golden image", &self.new),
        };
        let evidence = match side.get(&difference.path) {
            Some((tree, entry)) => at_entry(tree, entry, &note(difference)),
            None if difference.path.is_empty() => at(self.subject.id, "", At::Offset(0), note(difference), String::new()),
            None => return None,
        };
        let contents = format!("{:?}{:?}{}", difference.contents.0, difference.contents.1, difference.details.join(";"));
        Some(Draft {
            title: format!("{path} {verb}; it touches {touches}"),
            severity,
            confidence: Confidence::Certain,
            effect: None,
            evidence: vec![evidence],
            subject: (difference.path.clone(), contents.into_bytes()),
            used: None,
            references: vec!["https://cwe.mitre.org/data/definitions/494.html".into()],
        })
    }
}

/// What differs, in words: details, what it says anew and no longer, the golden content.
fn note(difference: &Difference) -> String {
    let mut notes: Vec<String> = difference.details.clone();
    let quote = |before: &str, said: &[Said]| {
        let shown = said.iter().take(WORDS).map(|said| format!("{}: {}", said.kind, said.words)).collect::<Vec<_>>().join("; ");
        let more = if said.len() > WORDS { format!("; and {} more", said.len() - WORDS) } else { String::new() };
        format!("{before} {shown}{more}")
    };
    notes.extend((!difference.gained.is_empty()).then(|| quote("new is", &difference.gained)));
    notes.extend((!difference.lost.is_empty()).then(|| quote("gone is", &difference.lost)));
    notes.extend(difference.contents.0.map(|id| format!("in the golden image its content is {id}")));
    if notes.is_empty() { "nothing of that name is there".to_owned() } else { notes.join(". ") }
}
