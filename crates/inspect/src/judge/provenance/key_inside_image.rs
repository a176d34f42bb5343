//! # Signed only by a key from inside the image
//!
//! ## What it shows
//!
//! Signatures hold, but the chain of keys behind them ends in one that was found nowhere but in the same image.
//!
//! ## Why it matters
//!
//! Such signatures show that the parts belong together. They do not show who made them: whoever made the image could have made the
//! key. What settles it is a copy of the key from another source: the maker, an older release, the machine itself.
//!
//! ## How it works
//!
//! Takes every valid signature, and follows each key to the one that signed it, up to the end of its chain. A chain that ends in a
//! key of `rules/unpack/keys/` is not reported, nor are keys inside a part which such a chain covers as a whole. One finding for each
//! other end, with everything that hangs from it.
//!
//! A Zynq boot image is a case of its own, and `info`: its chain is meant to end in the image's own primary key, whose hash is burnt
//! into the chip's fuses. The image cannot show whether it is. The finding gives the hash (`primary-key-hash`), which is to be compared
//! with the fuses of a machine.
//!
//! ## False positives
//!
//! Every maker whose root key nobody has recorded yet. Record it in `rules/unpack/keys/` with its source.
//!
//! ## False negatives
//!
//! A known key that has leaked. A machine that does not check what is signed.
//!
//! ## References
//!
//! - Xilinx UG585, chapter "Device Secure Boot"; UG821, appendix "Bootgen"
//! - <https://cwe.mitre.org/data/definitions/345.html>

use std::collections::{BTreeMap, BTreeSet};

use assay_core::{Confidence, Fact, Question, Severity, Sha256, facts::ImageFact};

use super::super::{Case, Detector, Draft, at_fact, image_facts};
use crate::chains::{Chains, Held, plain};

pub(super) const DETECTOR: Detector = Detector {
    id: "provenance.key-inside-image",
    version: 2,
    question: Question::Provenance,
    source: include_str!("key_inside_image.rs"),
    detect,
};

fn detect(case: &Case) -> Vec<Draft> {
    // Input by input: a key that one image vouches for says nothing of a file of the same name in another.
    case.by_subject().flat_map(of_one).collect()
}

fn of_one(facts: &[Fact]) -> Vec<Draft> {
    let held = Held::all(facts);
    let fused: BTreeMap<Sha256, &str> = image_facts(facts)
        .filter_map(|(fact, image)| match image {
            ImageFact::Hardware { name, value } if name == "primary-key-hash" => Some((fact.locator.artifact, value.as_str())),
            _ => None,
        })
        .collect();
    let chains = Chains::new(&held);
    let mut by_end: BTreeMap<(Sha256, &str), Vec<&Held>> = BTreeMap::new();
    for signature in &held {
        let end = chains.end(signature);
        if !end.known {
            by_end.entry((end.key, end.key_path)).or_default().push(signature);
        }
    }
    let vouched: BTreeSet<String> = held.iter().filter(|signature| chains.end(signature).known).map(Held::part).collect();
    let mut drafts = Vec::new();
    for ((key, key_path), signed) in by_end {
        let Some(first) = signed.first() else { continue };
        let burnt = fused.get(&first.fact.locator.artifact).copied();
        if burnt.is_none() && signed.iter().all(|signature| inside(&signature.fact.locator.path, &vouched)) {
            continue;
        }
        drafts.push(draft(key, key_path, burnt, &signed));
    }
    drafts
}

fn draft(key: Sha256, key_path: &str, burnt: Option<&str>, signed: &[&Held]) -> Draft {
    let path = signed.first().map_or("", |first| first.fact.locator.path.as_str());
    let parts = if signed.len() == 1 { "One part".to_owned() } else { format!("{} parts", signed.len()) };
    let (severity, title) = if let Some(hash) = burnt {
        let name = if path.is_empty() { String::new() } else { format!(" {path}") };
        let title = format!(
            "The boot image{name} is signed from a primary key of its own; only the chip's fuses can show whose it is (hash {hash})"
        );
        (Severity::Info, title)
    } else {
        let verb = if signed.len() == 1 { "is" } else { "are" };
        (Severity::Medium, format!("{parts} {verb} signed in a chain that ends in a key known from this image alone ({key_path})"))
    };
    Draft {
        title,
        severity,
        confidence: Confidence::Certain,
        effect: None,
        evidence: signed
            .iter()
            .map(|held| {
                at_fact(&held.fact.locator, format!("signature over {} holds, by {}", held.over, held.key_path), held.key.to_string())
            })
            .collect(),
        subject: (key_path.to_owned(), key.0.to_vec()),
        used: None,
        references: vec!["https://cwe.mitre.org/data/definitions/345.html".into()],
    }
}

/// Is the artifact at `path`, or something that it is in, among `vouched`?
fn inside(path: &str, vouched: &BTreeSet<String>) -> bool {
    let path = plain(path);
    path.match_indices('!').filter_map(|(end, _)| path.get(..end)).chain([path.as_str()]).any(|part| vouched.contains(part))
}
