//! # A package without a signature
//!
//! ## What it shows
//!
//! A package that a machine installs and that is not signed: because its format has no place for a signature, or because a place it
//! has is empty.
//!
//! ## Why it matters
//!
//! Whoever can hand a file to the machine can hand it any firmware. A checksum does not help: anybody can compute it.
//!
//! ## How it works
//!
//! Takes each recognised package layout and what its reader says of signatures. No place for one is `medium`: it is a property of every
//! package of that format. An empty place, for the package or for one of its parts, is `high`: this package differs from signed ones.
//!
//! ## False positives
//!
//! A signature kept outside the file (beside it, or checked by a server), or inside an encrypted payload, is not seen.
//!
//! ## False negatives
//!
//! Layouts that no reader knows.
//!
//! ## References
//!
//! - <https://cwe.mitre.org/data/definitions/494.html>

use assay_core::{Confidence, Question, Severity, facts::ImageFact};

use super::super::{Case, Detector, Draft, at_fact, image_facts};

pub(super) const DETECTOR: Detector = Detector {
    id: "provenance.unsigned-package",
    version: 2,
    question: Question::Provenance,
    source: include_str!("unsigned_package.rs"),
    detect,
};

fn detect(case: &Case) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (fact, image) in image_facts(case.facts) {
        let ImageFact::Package { layout, signature_field, signed: false } = image else { continue };
        let (severity, title) = if *signature_field {
            (Severity::High, format!("This package lacks a signature that its format ({layout}) has a place for"))
        } else {
            (Severity::Medium, format!("The format of this package ({layout}) has no signature field"))
        };
        drafts.push(Draft {
            title,
            severity,
            confidence: Confidence::Certain,
            effect: None,
            evidence: vec![at_fact(&fact.locator, "the package begins here", layout.clone())],
            subject: (fact.locator.path.clone(), layout.clone().into_bytes()),
            used: None,
            references: vec!["https://cwe.mitre.org/data/definitions/494.html".into()],
        });
    }
    drafts
}
