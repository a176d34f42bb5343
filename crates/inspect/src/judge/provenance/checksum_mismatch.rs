//! # A checksum that does not hold
//!
//! ## What it shows
//!
//! A checksum or hash that the format itself carries differs from the one computed over the bytes.
//!
//! ## Why it matters
//!
//! The bytes are not those that the tool which wrote the package saw: damage, or a change made without repairing the sum.
//!
//! ## How it works
//!
//! Takes every recomputed checksum that failed, and lists those of one field of one artifact together (a damaged file system fails in
//! thousands of blocks). Cryptographic hashes weigh `medium`, others `low`. Each piece of evidence has the stated value, the computed
//! one and the bytes it covers.
//!
//! ## False positives
//!
//! A dump read with errors. Some makers' tools write wrong sums; the same field then fails in every release.
//!
//! ## False negatives
//!
//! Whoever changes a package on purpose can recompute a checksum: one that holds proves nothing against intent.
//!
//! ## References
//!
//! - <https://cwe.mitre.org/data/definitions/354.html>

use std::collections::BTreeMap;

use assay_core::{Confidence, Evidence, Question, Severity, facts::ImageFact};

use super::super::{Case, Detector, Draft, at_fact, image_facts, shown};

pub(super) const DETECTOR: Detector = Detector {
    id: "provenance.checksum-mismatch",
    version: 2,
    question: Question::Provenance,
    source: include_str!("checksum_mismatch.rs"),
    detect,
};

/// Places listed as evidence; the table "Checksums" has all.
const MOST: usize = 100;

fn detect(case: &Case) -> Vec<Draft> {
    let mut by_field: BTreeMap<(String, String), (bool, Vec<Evidence>)> = BTreeMap::new();
    for (fact, image) in image_facts(case.facts) {
        let ImageFact::Checksum { name, algorithm, stated, computed, ok: false, covers } = image else { continue };
        let strong = algorithm.starts_with("SHA") || algorithm.starts_with("MD5");
        let (start, len) = covers;
        let note = format!("{algorithm} over {len} bytes from {start:#x}: stated {stated}, computed {computed}");
        let field = by_field.entry((fact.locator.path.clone(), name.clone())).or_default();
        field.0 |= strong;
        field.1.push(at_fact(&fact.locator, note, stated.clone()));
    }
    let draft = |((path, name), (strong, mut evidence)): ((String, String), (bool, Vec<Evidence>))| {
        let times = if evidence.len() == 1 { String::new() } else { format!(", in {} places", evidence.len()) };
        evidence.truncate(MOST);
        Draft {
            title: format!("{name} of {} does not hold{times}", shown(&path)),
            severity: if strong { Severity::Medium } else { Severity::Low },
            confidence: Confidence::Certain,
            effect: None,
            evidence,
            subject: (path, name.into_bytes()),
            used: None,
            references: vec!["https://cwe.mitre.org/data/definitions/354.html".into()],
        }
    };
    by_field.into_iter().map(draft).collect()
}
