//! # A package without a signature
//!
//! ## What it shows
//!
//! A package that a machine installs and that carries no signature: because its format has no place for one, or because the place
//! is empty.
//!
//! ## Why it matters
//!
//! Whoever can hand a file to the machine can hand it any firmware. A checksum does not help: anybody can compute it.
//!
//! ## How it works
//!
//! Takes each recognised package layout and what its reader says of signatures. No place for one is `medium`, an empty place is
//! `high`.
//!
//! ## False positives
//!
//! A signature kept outside the file (beside it, or checked by a server) is not seen.
//!
//! ## False negatives
//!
//! Layouts that no reader knows.
//!
//! ## References
//!
//! - https://cwe.mitre.org/data/definitions/494.html

use assay_core::{Confidence, Question, Severity, facts::ImageFact};

use super::super::{Case, Detector, Draft, at_fact, image_facts};

pub(super) const DETECTOR: Detector = Detector {
    id: "provenance.unsigned-package",
    version: 1,
    question: Question::Provenance,
    source: include_str!("unsigned_package.rs"),
    detect,
};

fn detect(case: &Case) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (fact, image) in image_facts(case) {
        let ImageFact::Package { layout, signature_field, signed: false } = image else { continue };
        let (severity, title) = if *signature_field {
            (Severity::High, format!("This {layout} package is not signed, though its format has a place for a signature"))
        } else {
            (Severity::Medium, format!("The format of this package ({layout}) has no signature field"))
        };
        drafts.push(Draft {
            title: title.clone(),
            severity,
            confidence: Confidence::Certain,
            effect: None,
            evidence: vec![at_fact(&fact.locator, title, layout.clone())],
            subject: (fact.locator.path.clone(), layout.clone().into_bytes()),
            references: vec!["https://cwe.mitre.org/data/definitions/494.html".into()],
        });
    }
    drafts
}
