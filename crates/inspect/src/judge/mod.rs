//! Detectors: what the evidence amounts to.

use std::{cmp::Reverse, collections::BTreeMap};

use assay_core::{
    At, Confidence, Effect, Entry, Evidence, Fact, FactBody, Finding, Holder, HolderKind, Locator, Observed, Question, Reachable, Role,
    Severity, Sha256, Stage, escape::escape, facts::ImageFact, finding::fingerprint, manifest::Tree,
};

use crate::{Case, known};

mod by_control;
mod by_told;
mod control;
mod disclosure;
mod grade;
mod ordinary;
mod provenance;
mod samples;

pub(crate) use samples::for_reading;

/// A detector.
pub struct Detector {
    /// Rule id: question, dot, name.
    pub id: &'static str,
    /// Raised when what it says of the same evidence changes.
    pub version: u32,
    /// The question it bears on.
    pub question: Question,
    /// The file it is written in; its header is the rule's page.
    pub source: &'static str,
    /// Does the work.
    pub detect: fn(&Case) -> Vec<Draft>,
}

impl Detector {
    /// The rule's page: the header of its file, as Markdown.
    #[must_use]
    pub fn page(&self) -> String {
        let lines = self.source.lines().take_while(|line| line.starts_with("//!"));
        lines.map(|line| line.trim_start_matches("//!").strip_prefix(' ').unwrap_or("").to_owned() + "\n").collect()
    }
}

/// All detectors, by question.
pub static DETECTORS: &[&[Detector]] = &[control::DETECTORS, disclosure::DETECTORS, provenance::DETECTORS];

/// A finding before it has a number.
pub struct Draft {
    /// One line.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// What can be done; for control and disclosure.
    pub effect: Option<Effect>,
    /// What anyone can look up; never empty.
    pub evidence: Vec<Evidence>,
    /// Trail and identity for the fingerprint.
    pub subject: (String, Vec<u8>),
    /// Who can use it and how, where a control is behind it; else that is not known.
    pub used: Option<Used>,
    /// Where to read more.
    pub references: Vec<String>,
}

/// Who can use something, and how.
pub struct Used {
    /// Who.
    pub holder: Holder,
    /// How far it is proven.
    pub stage: Stage,
    /// The words or opcodes that set it off.
    pub trigger: Vec<String>,
}

/// All findings, worst first, then by rule and place; numbered.
#[must_use]
pub fn judge(case: &Case) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for detector in DETECTORS.iter().copied().flatten() {
        findings.extend((detector.detect)(case).into_iter().map(|draft| finish(detector, draft)));
    }
    findings = merge(name(case, findings));
    findings.sort_by_cached_key(|finding| {
        let place = finding.evidence.first().map(|evidence| (evidence.path.clone(), evidence.at.clone()));
        (Reverse(finding.severity), finding.rule.clone(), place, finding.fingerprint)
    });
    for (number, finding) in findings.iter_mut().enumerate() {
        finding.id = format!("F{}", number + 1);
    }
    findings
}

/// What is known by a name is called by it. A behaviour that another finding tells needs none of its own.
fn name(case: &Case, findings: Vec<Finding>) -> Vec<Finding> {
    let matches = known::matches(case);
    // One for each match, in their order.
    let (own, mut named): (Vec<Finding>, Vec<Finding>) = findings.into_iter().partition(|finding| finding.rule == control::KNOWN);
    let told = known::attach(&matches, &mut named);
    for ((mut finding, found), told) in own.into_iter().zip(&matches).zip(told) {
        if !told {
            finding.statements.extend(found.behaviour.statement.clone());
            named.push(finding);
        }
    }
    named
}

/// Places that merging gives one finding.
const MOST_MERGED: usize = 100;

/// One thing seen twice (under the same trail of two inputs, or by two entries of one name) is one finding with the evidence of both,
/// in the words of the worse.
fn merge(findings: Vec<Finding>) -> Vec<Finding> {
    let mut merged: BTreeMap<Sha256, Finding> = BTreeMap::new();
    for mut finding in findings {
        let Some(first) = merged.get_mut(&finding.fingerprint) else {
            merged.insert(finding.fingerprint, finding);
            continue;
        };
        if finding.severity > first.severity {
            std::mem::swap(first, &mut finding);
        }
        for evidence in finding.evidence {
            // An input may hold a million entries of one name.
            if first.evidence.len() < MOST_MERGED && !first.evidence.contains(&evidence) {
                first.evidence.push(evidence);
            }
        }
    }
    merged.into_values().collect()
}

fn finish(detector: &Detector, draft: Draft) -> Finding {
    // What is read from files alone says nothing of who could use it and whether it can be reached.
    let staged = matches!(detector.question, Question::Control | Question::Disclosure);
    let (holder, stage, trigger) = match draft.used {
        Some(used) => (Some(used.holder), Some(used.stage), used.trigger),
        None if staged => (Some(nobody()), Some(unknown()), Vec::new()),
        None => (None, None, Vec::new()),
    };
    Finding {
        id: String::new(),
        fingerprint: fingerprint(detector.id, &draft.subject.0, draft.effect, &trigger, &draft.subject.1),
        rule: detector.id.to_owned(),
        version: detector.version,
        question: detector.question,
        title: draft.title,
        severity: draft.severity,
        confidence: draft.confidence,
        effect: draft.effect,
        holder,
        stage,
        trigger,
        evidence: draft.evidence,
        statements: Vec::new(),
        references: draft.references,
    }
}

fn nobody() -> Holder {
    Holder { who: HolderKind::Undetermined, detail: String::new() }
}

fn unknown() -> Stage {
    Stage { present: true, reachable: Reachable::Unknown, authorised: Vec::new(), observed: Observed::NotLooked }
}

/// The image facts of a case.
fn image_facts(facts: &[Fact]) -> impl Iterator<Item = (&Fact, &ImageFact)> {
    facts.iter().filter_map(|fact| match &fact.body {
        FactBody::Image(image) => Some((fact, image)),
        _ => None,
    })
}

/// Evidence at a fact's own place.
fn at_fact(locator: &Locator, note: impl Into<String>, excerpt: impl Into<String>) -> Evidence {
    at(locator.artifact, &locator.path, locator.at.clone(), note, excerpt)
}

/// Evidence at a place.
fn at(artifact: Sha256, path: &str, at: At, note: impl Into<String>, excerpt: impl Into<String>) -> Evidence {
    Evidence { artifact, path: path.to_owned(), at, function: None, role: Role::Other, note: note.into(), excerpt: excerpt.into() }
}

/// A trail for a sentence.
fn shown(path: &str) -> &str {
    if path.is_empty() { "the input" } else { path }
}

/// The path of an entry without the `./` or `/` that some containers write before it.
fn relative(entry: &Entry) -> &[u8] {
    let mut path = entry.path.as_slice();
    while let Some(rest) = path.strip_prefix(b"./").or_else(|| path.strip_prefix(b"/")) {
        path = rest;
    }
    path
}

/// All entries of all manifests, with their trees.
fn entries<'a>(case: &'a Case) -> impl Iterator<Item = (&'a Tree, &'a Entry)> {
    case.subjects.iter().flat_map(|subject| &subject.manifest).flat_map(|tree| tree.entries.iter().map(move |entry| (tree, entry)))
}

/// Evidence for an entry: where its container describes it, shown as `ls -l` would.
fn at_entry(tree: &Tree, entry: &Entry, note: &str) -> Evidence {
    let owner = match (entry.uid, entry.gid) {
        (Some(uid), Some(gid)) => format!(" {uid}:{gid}"),
        _ => String::new(),
    };
    let target = entry.target.as_deref().map(|target| format!(" -> {}", escape(target))).unwrap_or_default();
    let mode = entry.mode.map(|mode| format!("{mode:04o}")).unwrap_or_default();
    at(tree.artifact, &tree.path, At::Offset(entry.offset), note, format!("{mode}{owner} {}{target}", entry.shown()))
}

/// The trail of an entry, for fingerprints.
fn trail(tree: &Tree, entry: &Entry) -> String {
    format!("{}!/{}", tree.path, escape(relative(entry)))
}
