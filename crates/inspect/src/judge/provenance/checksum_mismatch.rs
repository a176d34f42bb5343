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
//! Takes every recomputed checksum that failed. Cryptographic hashes weigh `medium`, others `low`.
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
//! - https://cwe.mitre.org/data/definitions/354.html

use assay_core::{Confidence, Question, Severity, facts::ImageFact};

use super::super::{Case, Detector, Draft, at_fact, image_facts};

pub(super) const DETECTOR: Detector = Detector {
    id: "provenance.checksum-mismatch",
    version: 1,
    question: Question::Provenance,
    source: include_str!("checksum_mismatch.rs"),
    detect,
};

fn detect(case: &Case) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (fact, image) in image_facts(case) {
        let ImageFact::Checksum { name, algorithm, stated, computed, ok: false, .. } = image else { continue };
        let strong = algorithm.starts_with("SHA") || algorithm.starts_with("MD5");
        drafts.push(Draft {
            title: format!("{name} of {} does not hold", if fact.locator.path.is_empty() { "the input" } else { &fact.locator.path }),
            severity: if strong { Severity::Medium } else { Severity::Low },
            confidence: Confidence::Certain,
            effect: None,
            evidence: vec![at_fact(&fact.locator, format!("{algorithm}: stated {stated}, computed {computed}"), stated.clone())],
            subject: (fact.locator.path.clone(), format!("{name}{}", fact.locator.at).into_bytes()),
            references: vec!["https://cwe.mitre.org/data/definitions/354.html".into()],
        });
    }
    drafts
}
