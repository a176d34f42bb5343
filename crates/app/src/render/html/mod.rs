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
use assay_core::{
    Answer, AnswerState, At, Control, Dossier, Evidence, Finding, Gap, Severity, Stage,
    dossier::{Subject, SubjectKind},
    escape::visible,
};

use super::{
    pages::{RulePage, detectors},
    words::{self, Places},
};

mod bytemap;
mod policy;
mod tables;
mod tree;
mod way;

use bytemap::Drawing;
use tables::Grid;
use tree::Listing;
use way::Way;

/// Findings shown in full.
const FINDINGS: usize = 1000;
/// Pieces of evidence shown of one finding, or steps of one control.
const EVIDENCE: usize = 25;
/// Gaps shown of one subject, largest first.
const GAPS: usize = 500;
/// Entries shown of all manifests together.
const ENTRIES: usize = 50_000;
/// Findings named in the summary of a subject.
const NAMED: usize = 5;

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
    tables: Vec<Grid<'a>>,
    places: Places<'a>,
    /// The number of the control whose path a finding shows, by the finding's id.
    behind: BTreeMap<&'a str, usize>,
    rules: Vec<RulePage>,
    entries: usize,
}

/// What the page says of one subject.
struct Section<'a> {
    d: &'a Dossier,
    s: &'a Subject,
    number: usize,
    machine: Option<String>,
    signed: Vec<(String, u64)>,
    findings: Vec<&'a Finding>,
    gaps: Vec<&'a Gap>,
    maps: Vec<Drawing<'a>>,
    listing: Listing<'a>,
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

fn section<'a>(dossier: &'a Dossier, subject: &'a Subject, number: usize, left: &mut usize) -> Section<'a> {
    let artifacts = words::artifacts(subject);
    let mut gaps: Vec<&Gap> = subject.coverage.gaps.iter().collect();
    gaps.sort_by_key(|gap| std::cmp::Reverse(gap.span.1));
    gaps.truncate(GAPS);
    Section {
        d: dossier,
        s: subject,
        number,
        machine: words::machine(subject),
        signed: words::outcomes(dossier, &artifacts),
        findings: words::findings_in(dossier, &artifacts),
        gaps,
        maps: bytemap::drawings(subject),
        listing: Listing::new(subject, left),
    }
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

impl Section<'_> {
    fn what(&self) -> String {
        words::what(self.s)
    }

    /// What the image says of itself: name, value, and where it says so, as far as the dossier's table of identity tells.
    fn told(&self) -> Vec<(&str, &str, String)> {
        let who = &self.s.identity;
        let words = [
            ("Maker", "maker", &who.maker),
            ("Model", "model", &who.model),
            ("Board", "platform", &who.platform),
            ("Firmware version", "version", &who.version),
            ("Built", "built", &who.built),
            ("System", "system", &who.system),
            ("Kernel", "kernel", &who.kernel),
            ("Compiler", "toolchain", &who.toolchain),
        ];
        let told = words.into_iter().filter_map(|(name, field, value)| Some((name, field, value.as_deref()?)));
        told.map(|(name, field, value)| (name, value, words::identity_place(self.d, self.s, field, value))).collect()
    }

    /// The tables of who waits, who is talked to and which words are waited for: their ids, and how many rows are this input's.
    fn talks(&self) -> Vec<(&str, String)> {
        let own = words::artifacts(self.s);
        let here = |row: &&Vec<Evidence>| row.iter().any(|evidence| own.contains(&evidence.artifact));
        let tables = self.d.tables.iter().filter_map(|table| {
            let noun = match table.title.as_str() {
                "Listeners" => "listener",
                "Endpoints" => "endpoint",
                "Command words" => "command word",
                _ => return None,
            };
            Some((table.id.as_str(), table.evidence.iter().filter(here).count(), noun))
        });
        tables.filter(|(_, rows, _)| *rows > 0).map(|(id, rows, noun)| (id, words::count(rows, noun))).collect()
    }

    fn severities(&self) -> String {
        words::severities(self.findings.iter().copied())
    }

    fn named(&self) -> &[&Finding] {
        self.findings.get(..NAMED).unwrap_or(&self.findings)
    }

    fn worst(&self) -> Option<Severity> {
        self.findings.first().map(|finding| finding.severity)
    }

    fn signatures(&self) -> u64 {
        self.signed.iter().map(|(_, count)| count).sum()
    }

    /// Does a missing signature mean something here?
    fn is_firmware(&self) -> bool {
        self.s.kind == SubjectKind::Firmware
    }

    /// A directory is named by its manifest.
    fn is_tree(&self) -> bool {
        self.s.kind == SubjectKind::Tree
    }

    fn all_valid(&self) -> bool {
        self.signed.iter().all(|(outcome, _)| outcome == words::VALID)
    }

    fn share(&self, part: &u64) -> String {
        words::percent(*part, self.s.coverage.bytes.total)
    }

    /// Start and width of explained, opaque and unknown in a bar of 1000; what is there at all is seen.
    fn bar(&self) -> Vec<(&'static str, u64, u64)> {
        let bytes = self.s.coverage.bytes;
        let width = |part: u64| if part == 0 { 0 } else { (u128::from(part) * 1000 / u128::from(bytes.total.max(1))).max(4) as u64 };
        let (opaque, unknown) = (width(bytes.opaque), width(bytes.unknown));
        let explained = if bytes.explained == 0 { 0 } else { 1000_u64.saturating_sub(opaque + unknown) };
        vec![("k-known", 0, explained), ("k-opaque", explained, opaque), ("k-unknown", explained + opaque, unknown)]
    }

    /// What was counted besides bytes: name, part, whole. Kinds of input that this one does not have are left out.
    fn counted(&self) -> Vec<(&'static str, String)> {
        let coverage = &self.s.coverage;
        let of = |part: u64, total: u64, done: &str| format!("{} of {} {done}", words::grouped(part), words::grouped(total));
        let functions = &coverage.functions;
        let calls = coverage.calls.resolved + coverage.calls.unresolved;
        let rows = [
            (coverage.files.total, "Files", of(coverage.files.read, coverage.files.total, "read whole")),
            (
                functions.found,
                "Functions",
                format!(
                    "{}, {} given up at a limit, {} of a processor that is not read",
                    of(functions.analysed, functions.found, "analysed"),
                    words::grouped(functions.abandoned),
                    words::grouped(functions.unsupported)
                ),
            ),
            (calls, "Calls", of(coverage.calls.resolved, calls, "with a known target")),
            (coverage.packets.total, "Packets", of(coverage.packets.read, coverage.packets.total, "read")),
            (coverage.rows.total, "Rows of tables", of(coverage.rows.read, coverage.rows.total, "read")),
            (coverage.buses.total, "Buses of networks", of(coverage.buses.read, coverage.buses.total, "read")),
        ];
        rows.into_iter().filter(|(total, ..)| *total > 0).map(|(_, name, text)| (name, text)).collect()
    }

    fn hidden_gaps(&self) -> usize {
        self.s.coverage.gaps.len() - self.gaps.len()
    }
}
