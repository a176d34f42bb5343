//! # Private keys in the image
//!
//! ## What it shows
//!
//! A private key that everybody who has the image has too.
//!
//! ## Why it matters
//!
//! What it protects is protected from nobody: a TLS or SSH server's key lets others pose as every machine of the kind; a signing
//! key lets them sign.
//!
//! ## How it works
//!
//! Takes every private key that the readers of PEM, DER and SSH host keys found. One that is not under a password is `high`, one
//! that is, `low`.
//!
//! ## False positives
//!
//! Keys of test suites and examples in library packages. Their path shows them.
//!
//! ## False negatives
//!
//! Keys in forms that no reader knows, keys computed at run time, keys inside encrypted parts.
//!
//! ## References
//!
//! - https://cwe.mitre.org/data/definitions/321.html

use assay_core::{Confidence, Effect, Question, Severity, facts::ImageFact};

use super::super::{Case, Detector, Draft, at_fact, image_facts};

pub(super) const DETECTOR: Detector =
    Detector { id: "disclosure.private-key", version: 1, question: Question::Disclosure, source: include_str!("private_key.rs"), detect };

fn detect(case: &Case) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (fact, image) in image_facts(case) {
        let ImageFact::Key { fingerprint, algorithm, private: true, encrypted, .. } = image else { continue };
        let (severity, how) = if *encrypted { (Severity::Low, " under a password") } else { (Severity::High, "") };
        let identity = fingerprint.map(|digest| digest.to_string()).unwrap_or_default();
        drafts.push(Draft {
            title: format!(
                "{algorithm} private key{how} in {}",
                if fact.locator.path.is_empty() { "the input" } else { &fact.locator.path }
            ),
            severity,
            confidence: Confidence::Certain,
            effect: Some(Effect::Disclose),
            evidence: vec![at_fact(&fact.locator, format!("{algorithm} private key{how}"), identity.clone())],
            subject: (fact.locator.path.clone(), identity.into_bytes()),
            references: vec!["https://cwe.mitre.org/data/definitions/321.html".into()],
        });
    }
    drafts
}
