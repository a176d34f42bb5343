//! # Signed only by a key from inside the image
//!
//! ## What it shows
//!
//! A signature holds, but the key that validates it was found nowhere but in the same image.
//!
//! ## Why it matters
//!
//! Such a signature shows that the parts belong together. It does not show who made them: whoever made the image could have made
//! the key.
//!
//! ## How it works
//!
//! Takes every valid signature whose key is not among the known root keys. A key whose own file is signed by a known key is not
//! reported.
//!
//! ## False positives
//!
//! Every maker whose root key nobody has recorded yet. Record it in `rules/unpack/keys/` with its source.
//!
//! ## False negatives
//!
//! A known key that has leaked.
//!
//! ## References
//!
//! - https://cwe.mitre.org/data/definitions/345.html

use std::collections::BTreeMap;

use assay_core::{
    Confidence, Question, Severity,
    facts::{ImageFact, KeyPlace, SignatureState},
};

use super::super::{Case, Detector, Draft, at_fact, image_facts};

pub(super) const DETECTOR: Detector = Detector {
    id: "provenance.key-inside-image",
    version: 1,
    question: Question::Provenance,
    source: include_str!("key_inside_image.rs"),
    detect,
};

fn detect(case: &Case) -> Vec<Draft> {
    // One finding per key, with all that it signs: the key is what is to be judged.
    let mut by_key: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let mut vouched = Vec::new();
    for (fact, image) in image_facts(case) {
        let ImageFact::Signature { over, state: SignatureState::Valid, key: Some(key), place, key_path, .. } = image else { continue };
        match place {
            KeyPlace::Known => vouched.push((fact.locator.path.clone(), over.clone())),
            _ => by_key.entry((*key, key_path.clone())).or_default().push((fact, over)),
        }
    }
    let mut drafts = Vec::new();
    for ((key, key_path), signed) in by_key {
        // The key's own file is covered by a signature of a known key in the same package.
        if vouched.iter().any(|(package, over)| key_path == *over || key_path == format!("{package}!{over}")) {
            continue;
        }
        let count = if signed.len() == 1 { "One part is".to_owned() } else { format!("{} parts are", signed.len()) };
        drafts.push(Draft {
            title: format!("{count} signed by a key that is only known from this image ({key_path})"),
            severity: Severity::Medium,
            confidence: Confidence::Certain,
            effect: None,
            evidence: signed
                .iter()
                .map(|(fact, over)| at_fact(&fact.locator, format!("signature over {over} holds"), key.to_string()))
                .collect(),
            subject: (key_path, key.0.to_vec()),
            references: vec!["https://cwe.mitre.org/data/definitions/345.html".into()],
        });
    }
    drafts
}
