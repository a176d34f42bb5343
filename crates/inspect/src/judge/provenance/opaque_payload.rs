//! # An opaque payload
//!
//! ## What it shows
//!
//! A part of the package that is encrypted, or cannot be told from it: nobody without the key can say what it does.
//!
//! ## Why it matters
//!
//! Nothing that Assay does not find in such a part is shown to be absent. It is a gap in every answer. Encrypting firmware is no
//! fault; a maker who wants a clean result can have the part examined under its key.
//!
//! ## How it works
//!
//! Takes every payload whose format says that it is encrypted (`certain`; the evidence names the key that opens it, as far as the
//! format tells), and every artifact of which more than 64 KiB and more than half is opaque: above 7.9 bits of entropy a byte and
//! recognised by nothing (`firm`).
//!
//! ## False positives
//!
//! Where no format calls it encrypted: compressed data in a form that no reader knows, and tables of random numbers, look the same.
//!
//! ## False negatives
//!
//! Encrypted data in a form that hides its entropy (text encodings), and small pieces: those are gaps, not findings.
//!
//! ## References
//!
//! - <https://cwe.mitre.org/data/definitions/656.html>

use std::collections::{BTreeMap, BTreeSet};

use assay_core::{At, Confidence, Fact, Locator, Question, Severity, Sha256, SpanKind, facts::ImageFact};

use super::super::{Case, Detector, Draft, at, at_fact, image_facts, shown};

pub(super) const DETECTOR: Detector = Detector {
    id: "provenance.opaque-payload",
    version: 2,
    question: Question::Provenance,
    source: include_str!("opaque_payload.rs"),
    detect,
};

/// Smaller opaque stretches are gaps, not findings: keys and random seeds look like this.
const LEAST_BYTES: u64 = 64 << 10;

fn detect(case: &Case) -> Vec<Draft> {
    let artifacts = || case.subjects.iter().flat_map(|subject| &subject.artifacts);
    let amounts = Amounts::new(case);
    let mut drafts = Vec::new();
    let mut named = BTreeSet::new();
    for (fact, image) in image_facts(case.facts) {
        let ImageFact::Encrypted { what, scheme } = image else { continue };
        named.insert(fact.locator.artifact);
        let much = match amounts.of(fact, what) {
            0 => String::new(),
            bytes => format!(", {bytes} bytes"),
        };
        drafts.push(Draft {
            title: format!("{what}{much}: encrypted ({scheme}), so that what it does cannot be seen"),
            severity: Severity::Medium,
            confidence: Confidence::Certain,
            effect: None,
            evidence: vec![at_fact(&fact.locator, format!("{scheme}; to examine it: {}", key(&fact.producer)), String::new())],
            subject: (fact.locator.path.clone(), what.clone().into_bytes()),
            used: None,
            references: vec!["https://cwe.mitre.org/data/definitions/656.html".into()],
        });
    }
    for artifact in artifacts() {
        let parent_named = artifact.origin.as_ref().is_some_and(|origin| named.contains(&origin.parent));
        let count = artifact.map.count();
        if named.contains(&artifact.id) || parent_named || count.opaque < LEAST_BYTES || count.opaque * 2 < artifact.size {
            continue;
        }
        let Some(first) = artifact.map.0.iter().find(|span| span.kind == SpanKind::Opaque) else { continue };
        let note = format!("{} of {} bytes, {} bits a byte", count.opaque, artifact.size, first.entropy.unwrap_or_default());
        drafts.push(Draft {
            title: format!(
                "{} of {} bytes of {} are opaque: encrypted, random, or compressed in an unknown way",
                count.opaque,
                artifact.size,
                shown(&artifact.path)
            ),
            severity: Severity::Medium,
            confidence: Confidence::Firm,
            effect: None,
            evidence: vec![at(artifact.id, &artifact.path, At::Offset(first.start), note, String::new())],
            subject: (artifact.path.clone(), Vec::new()),
            used: None,
            references: vec!["https://cwe.mitre.org/data/definitions/656.html".into()],
        });
    }
    drafts
}

/// Opaque bytes of every artifact, to be found by what is encrypted.
struct Amounts<'a> {
    /// By parent and trail.
    member: BTreeMap<(Sha256, &'a str), u64>,
    /// Of an artifact and what it directly holds.
    whole: BTreeMap<Sha256, u64>,
    /// Encrypted parts of an artifact.
    parts: BTreeMap<Sha256, u32>,
}

impl<'a> Amounts<'a> {
    fn new(case: &'a Case) -> Self {
        let mut amounts = Self { member: BTreeMap::new(), whole: BTreeMap::new(), parts: BTreeMap::new() };
        for artifact in case.subjects.iter().flat_map(|subject| &subject.artifacts) {
            let opaque = artifact.map.count().opaque;
            *amounts.whole.entry(artifact.id).or_default() += opaque;
            if let Some(origin) = &artifact.origin {
                *amounts.whole.entry(origin.parent).or_default() += opaque;
                amounts.member.insert((origin.parent, &artifact.path), opaque);
            }
        }
        for (fact, image) in image_facts(case.facts) {
            if matches!(image, ImageFact::Encrypted { .. }) {
                *amounts.parts.entry(fact.locator.artifact).or_default() += 1;
            }
        }
        amounts
    }

    /// Bytes of the part called `what`: of the member of that name, else of all where nothing else is encrypted there; 0 if it cannot
    /// be told.
    fn of(&self, fact: &Fact, what: &str) -> u64 {
        let Locator { artifact, path, .. } = &fact.locator;
        let between = if path.is_empty() { ["", "/"] } else { ["!", "!/"] };
        let trails = between.map(|mark| format!("{path}{mark}{what}"));
        let member = trails.iter().find_map(|trail| self.member.get(&(*artifact, trail.as_str())));
        let whole = || self.whole.get(artifact).filter(|_| self.parts.get(artifact) == Some(&1));
        member.or_else(whole).copied().unwrap_or(0)
    }
}

/// The key that opens what a format calls encrypted.
fn key(producer: &str) -> &'static str {
    match producer.rsplit('.').next().unwrap_or_default() {
        "k210" => "the AES key in the chip's one-time programmable memory",
        "zynq-boot" => "the AES key in the chip's fuses or battery-backed memory",
        "esp-partitions" => "the flash encryption key in the chip's fuses",
        "fit" => "the key that the cipher node names, which the boot loader holds",
        "ext" | "ubifs" => "the fscrypt key, which the machine puts into its keyring",
        "zip" => "the archive's password",
        _ => "the format does not say which key",
    }
}
