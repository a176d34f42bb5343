//! # A signature that does not hold
//!
//! ## What it shows
//!
//! A signature in the package does not validate under the key that the package names for it.
//!
//! ## Why it matters
//!
//! What it covers is not what the holder of that key signed: it was changed afterwards, damaged, or put together from parts. A machine
//! that checks would refuse it; one that installs it does not check.
//!
//! ## How it works
//!
//! Takes every signature that was checked and failed. Anyone can repeat the check with the key, the signed bytes and the signature.
//!
//! ## False positives
//!
//! A format variant whose covered bytes are not the ones assumed here; then all packages of that variant fail.
//!
//! ## False negatives
//!
//! A signature that holds under a key which its reader should not trust: see `provenance.key-inside-image`. A signature whose key was
//! not found cannot be checked: the answer says how many there are, and the table "Signatures" which.
//!
//! ## References
//!
//! - RFC 8017, section 8.2
//! - <https://cwe.mitre.org/data/definitions/347.html>

use assay_core::{
    Confidence, Question, Severity,
    facts::{ImageFact, SignatureState},
};

use super::super::{Case, Detector, Draft, at_fact, image_facts};

pub(super) const DETECTOR: Detector = Detector {
    id: "provenance.signature-invalid",
    version: 2,
    question: Question::Provenance,
    source: include_str!("signature_invalid.rs"),
    detect,
};

fn detect(case: &Case) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (fact, image) in image_facts(case.facts) {
        let ImageFact::Signature { over, scheme, state: SignatureState::Invalid, key, key_path, .. } = image else { continue };
        let key = key.map(|key| key.to_string()).unwrap_or_default();
        let inside = if fact.locator.path.is_empty() { String::new() } else { format!(" in {}", fact.locator.path) };
        drafts.push(Draft {
            title: format!("The signature over {over}{inside} does not hold"),
            severity: Severity::High,
            confidence: Confidence::Certain,
            effect: None,
            evidence: vec![at_fact(&fact.locator, format!("{scheme}, checked with {key_path}"), key)],
            subject: (fact.locator.path.clone(), over.clone().into_bytes()),
            used: None,
            references: vec!["https://cwe.mitre.org/data/definitions/347.html".into()],
        });
    }
    drafts
}
