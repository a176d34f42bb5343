//! # Secrets in settings, scripts and programs
//!
//! ## What it shows
//!
//! A password, token or key that stands in a file of the image as it is.
//!
//! ## Why it matters
//!
//! Every copy of the image tells it. What it opens, a vendor's server, a cloud's storage, a fleet's management, is open to everybody who
//! has the image; and every machine shows the same face to it.
//!
//! ## How it works
//!
//! A value behind a name that says so, in settings and scripts, or a form that a service gives its keys, anywhere. The value itself is not
//! repeated: its first characters, its length and its digest are. One finding for each value and file.
//!
//! | what | severity |
//! | --- | --- |
//! | a service's key by its own form | `medium`, `firm` |
//! | a token, or user and password in a URL | `medium`, `tentative` |
//! | a password or a wireless network's key behind a name | `low`, `tentative` |
//! | the same under a path of examples or documentation | `info` |
//!
//! ## False positives
//!
//! A value that something else replaces at the first start. A name that says `token` of something that is none.
//!
//! ## False negatives
//!
//! Values that are put together, encoded or encrypted, over several lines, in XML or in databases. In programs only what has a form of its own;
//! `control.hardcoded-credential` has the passwords that code compares with.
//!
//! ## References
//!
//! - <https://cwe.mitre.org/data/definitions/798.html>

use assay_core::{
    Confidence, Effect, Question, Severity,
    facts::{ImageFact, image::SecretKind},
};

use super::super::{Case, Detector, Draft, at_fact, image_facts, shown};

pub(super) const DETECTOR: Detector = Detector {
    id: "disclosure.embedded-secret",
    version: 1,
    question: Question::Disclosure,
    source: include_str!("embedded_secret.rs"),
    detect,
};

fn detect(case: &Case) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (fact, image) in image_facts(case.facts) {
        let ImageFact::Secret(secret) = image else { continue };
        let sample = ["/doc/", "/example", "/test", "/sample"].iter().any(|word| fact.locator.path.contains(word));
        let (what, severity, confidence) = match secret.kind {
            SecretKind::Service => ("A service's key", Severity::Medium, Confidence::Firm),
            SecretKind::Token => ("A token or key", Severity::Medium, Confidence::Tentative),
            SecretKind::Url => ("User and password in a URL", Severity::Medium, Confidence::Tentative),
            SecretKind::Password => ("A password", Severity::Low, Confidence::Tentative),
            SecretKind::Wireless => ("The key of a wireless network", Severity::Low, Confidence::Tentative),
        };
        let name = if secret.name.is_empty() { String::new() } else { format!(" behind the name {}", secret.name) };
        drafts.push(Draft {
            title: format!("{what}{name} in {}", shown(&fact.locator.path)),
            severity: if sample { Severity::Info } else { severity },
            confidence,
            effect: Some(Effect::Disclose),
            evidence: vec![at_fact(&fact.locator, format!("{what}{name}, digest {}", secret.digest), secret.shown.clone())],
            subject: (fact.locator.path.clone(), secret.digest.0.to_vec()),
            used: None,
            references: vec!["https://cwe.mitre.org/data/definitions/798.html".into()],
        });
    }
    drafts
}
