//! One page that holds the dossier: no network, readable without script, and lean enough for an image of tens of thousands of files.
//!
//! Askama escapes every string at compile time. The page as a whole then passes through [`visible`], so that no character that hides
//! or rearranges text is left in it, whichever field it came from. A content security policy with the digests of the page's own style
//! and script forbids everything else, even if something slipped through. What is capped says so in the page; `dossier.json` has all.

#![allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref, reason = "templates call methods, and pass fields by reference")]

use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet},
};

use askama::Template;
use assay_core::{Answer, AnswerState, At, Control, Dossier, Evidence, Finding, Stage, escape::visible};

use super::{
    pages::{RulePage, detectors},
    words::{self, Places},
};

mod boot;
mod bytemap;
mod policy;
mod section;
mod tables;
mod tree;
mod way;

use boot::Boot;
use section::{Section, section};
use tables::Grid;
use way::Way;

/// Findings shown in full.
const FINDINGS: usize = 1000;
/// Pieces of evidence shown of one finding, or steps of one control.
const EVIDENCE: usize = 25;
/// Entries shown of all manifests together.
const ENTRIES: usize = 50_000;

const STYLE: &str = include_str!("../../../templates/dossier.css");
const SCRIPT: &str = include_str!("../../../templates/dossier.js");

#[derive(Template)]
#[template(path = "dossier.html")]
struct Page<'a> {
    d: &'a Dossier,
    style: &'a str,
    script: &'a str,
    policy: String,
    title: String,
    subjects: Vec<Section<'a>>,
    /// The drawing of the start.
    boot: Option<Boot>,
    tables: Vec<Grid<'a>>,
    places: Places<'a>,
    /// The number of the control whose path a finding shows, by the finding's id.
    behind: BTreeMap<&'a str, usize>,
    rules: Vec<RulePage>,
    entries: usize,
}

/// The page.
#[must_use]
pub fn render(dossier: &Dossier) -> String {
    let mut left = ENTRIES;
    let subjects: Vec<Section> =
        dossier.subjects.iter().enumerate().map(|(index, subject)| section(dossier, subject, index + 1, &mut left)).collect();
    let title = match dossier.subjects.as_slice() {
        [only] => only.name.clone(),
        several => words::count(several.len(), "input"),
    };
    let page = Page {
        d: dossier,
        style: STYLE,
        script: SCRIPT,
        policy: policy::policy(STYLE, SCRIPT),
        title,
        entries: subjects.iter().map(|section| section.listing.total).sum(),
        subjects,
        boot: Boot::of(dossier),
        tables: dossier.tables.iter().map(Grid::new).collect(),
        places: Places::new(dossier),
        behind: behind(dossier),
        rules: rules(dossier),
    };
    // Writing to a string fails only where a value's own Display does, and none here does.
    visible(&page.render().unwrap_or_default()).into_owned()
}

fn behind(dossier: &Dossier) -> BTreeMap<&str, usize> {
    let shown = dossier.findings.iter().take(FINDINGS);
    shown.filter_map(|finding| Some((finding.id.as_str(), words::control_behind(dossier, finding)?))).collect()
}

/// Pages of the rules that found something, where this version of the rule is the dossier's.
fn rules(dossier: &Dossier) -> Vec<RulePage> {
    let found: BTreeSet<(&str, u32)> = dossier.findings.iter().map(|finding| (finding.rule.as_str(), finding.version)).collect();
    detectors().filter(|detector| found.contains(&(detector.id, detector.version))).map(RulePage::new).collect()
}

// Templates pass fields by reference and results by value; hence `Borrow`.
impl Page<'_> {
    fn kebab<T: std::fmt::Debug>(&self, value: T) -> String {
        words::kebab(value)
    }

    fn count(&self, number: impl Borrow<usize>, noun: &str) -> String {
        words::count(*number.borrow(), noun)
    }

    fn grouped(&self, number: impl Borrow<u64>) -> String {
        words::grouped(*number.borrow())
    }

    fn findings(&self) -> &[Finding] {
        self.d.findings.get(..FINDINGS).unwrap_or(&self.d.findings)
    }

    fn evidence<'e>(&self, evidence: &'e [Evidence]) -> &'e [Evidence] {
        evidence.get(..EVIDENCE).unwrap_or(evidence)
    }

    fn more(&self, all: impl Borrow<usize>, shown: impl Borrow<usize>) -> usize {
        all.borrow().saturating_sub(*shown.borrow())
    }

    fn place(&self, evidence: &Evidence) -> String {
        self.places.of(evidence)
    }

    fn way<'e>(&self, evidence: &'e [Evidence]) -> Option<Way<'e>> {
        Way::new(evidence, &self.places)
    }

    fn has_ways(&self) -> bool {
        let findings = self.findings().iter().map(|finding| &finding.evidence);
        findings.chain(self.d.controls.iter().map(|control| &control.path)).any(|evidence| words::way_len(evidence) > 0)
    }

    fn control_behind(&self, finding: &Finding) -> Option<&Control> {
        self.behind.get(finding.id.as_str()).and_then(|number| self.d.controls.get(*number))
    }

    /// The finding on the page that shows the path of the control with this number, from 0.
    fn shown_by(&self, control: &usize) -> Option<&str> {
        self.findings().iter().map(|finding| finding.id.as_str()).find(|id| self.behind.get(id) == Some(control))
    }

    fn control_name(&self, number: &usize) -> String {
        format!("control {number}")
    }

    fn checks(&self, control: &Control) -> Vec<String> {
        words::checks(control)
    }

    /// Words in which a line's end means something, on one line.
    fn line(&self, words: &str) -> String {
        words::line(words)
    }

    fn is_code(&self, evidence: &Evidence) -> bool {
        matches!(evidence.at, At::Address(_) | At::Line(_))
    }

    fn short(&self, digest: &assay_core::Sha256) -> String {
        words::short(digest, 16)
    }

    fn rule(&self, finding: &Finding) -> Option<&RulePage> {
        self.rules.iter().find(|page| page.id == finding.rule && page.version == finding.version)
    }

    /// Links lead to the web and nowhere else.
    fn is_link(&self, text: &str) -> bool {
        text.starts_with("https://") || text.starts_with("http://")
    }

    fn authorised(&self, stage: &Stage) -> String {
        let doors: Vec<String> = stage.authorised.iter().map(words::kebab).collect();
        if doors.is_empty() { "not known".to_owned() } else { doors.join(", ") }
    }

    /// The gaps of an answer that the page has, few of them.
    fn linked<'g>(&self, answer: &'g Answer) -> Vec<&'g str> {
        let shown: BTreeSet<&str> = self.subjects.iter().flat_map(|section| &section.gaps).map(|gap| gap.id.as_str()).collect();
        answer.gaps.iter().map(String::as_str).filter(|id| shown.contains(id)).take(8).collect()
    }

    fn linked_findings<'f>(&self, answer: &'f Answer) -> Vec<&'f str> {
        let shown: BTreeSet<&str> = self.findings().iter().map(|finding| finding.id.as_str()).collect();
        answer.findings.iter().map(String::as_str).filter(|id| shown.contains(id)).take(12).collect()
    }

    fn unexamined(&self) -> usize {
        self.d.answers.iter().filter(|answer| answer.state == AnswerState::NotExamined).count()
    }
}
