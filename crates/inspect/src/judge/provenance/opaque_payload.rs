//! # An opaque payload
//!
//! ## What it shows
//!
//! A part of the package that is encrypted, so that nobody without the key can say what it does.
//!
//! ## Why it matters
//!
//! Nothing that Assay does not find in such a part is shown to be absent. It is a gap in every answer.
//!
//! ## How it works
//!
//! Takes every payload whose format says that it is encrypted, and every artifact of which more than 64 KiB and more than half is
//! opaque: above 7.9 bits of entropy a byte and recognised by nothing.
//!
//! ## False positives
//!
//! Compressed data in a form that no reader knows looks the same.
//!
//! ## False negatives
//!
//! Encrypted data in a form that hides its entropy (text encodings).
//!
//! ## References
//!
//! - https://cwe.mitre.org/data/definitions/656.html

use std::collections::BTreeSet;

use assay_core::{At, Confidence, Question, Severity, SpanKind, facts::ImageFact};

use super::super::{Case, Detector, Draft, at, at_fact, image_facts};

pub(super) const DETECTOR: Detector = Detector {
    id: "provenance.opaque-payload",
    version: 1,
    question: Question::Provenance,
    source: include_str!("opaque_payload.rs"),
    detect,
};

/// Smaller opaque stretches are gaps, not findings: keys and random seeds look like this.
const LEAST_BYTES: u64 = 64 << 10;

fn detect(case: &Case) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let mut named = BTreeSet::new();
    for (fact, image) in image_facts(case) {
        let ImageFact::Encrypted { what, scheme } = image else { continue };
        named.insert(fact.locator.artifact);
        drafts.push(Draft {
            title: format!("{what} is encrypted ({scheme}): what it does cannot be seen"),
            severity: Severity::Medium,
            confidence: Confidence::Certain,
            effect: None,
            evidence: vec![at_fact(&fact.locator, format!("{what}: {scheme}"), String::new())],
            subject: (fact.locator.path.clone(), what.clone().into_bytes()),
            references: vec!["https://cwe.mitre.org/data/definitions/656.html".into()],
        });
    }
    for artifact in case.subjects.iter().flat_map(|subject| &subject.artifacts) {
        let parent_named = artifact.origin.as_ref().is_some_and(|origin| named.contains(&origin.parent));
        let count = artifact.map.count();
        if named.contains(&artifact.id) || parent_named || count.opaque < LEAST_BYTES || count.opaque * 2 < artifact.size {
            continue;
        }
        let Some(first) = artifact.map.0.iter().find(|span| span.kind == SpanKind::Opaque) else { continue };
        let note = format!("{} of {} bytes, {} bits a byte", count.opaque, artifact.size, first.entropy.unwrap_or_default());
        let name = if artifact.path.is_empty() { "The input" } else { &artifact.path };
        drafts.push(Draft {
            title: format!("{name} is opaque: encrypted, or compressed in an unknown way"),
            severity: Severity::Medium,
            confidence: Confidence::Firm,
            effect: None,
            evidence: vec![at(artifact.id, &artifact.path, At::Offset(first.start), note, String::new())],
            subject: (artifact.path.clone(), Vec::new()),
            references: vec!["https://cwe.mitre.org/data/definitions/656.html".into()],
        });
    }
    drafts
}
