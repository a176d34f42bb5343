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

use assay_core::{
    Confidence, Fact, Question, Severity, Sha256,
    facts::{ImageFact, KeyPlace, SignatureState},
};

use super::super::{Case, Detector, Draft, at_fact, image_facts};

pub(super) const DETECTOR: Detector = Detector {
    id: "provenance.key-inside-image",
    version: 2,
    question: Question::Provenance,
    source: include_str!("key_inside_image.rs"),
    detect,
};

/// A signature that holds.
struct Held<'a> {
    fact: &'a Fact,
    over: &'a str,
    key: Sha256,
    key_path: &'a str,
    known: bool,
}

fn detect(case: &Case) -> Vec<Draft> {
    let held: Vec<Held> = image_facts(case)
        .filter_map(|(fact, image)| match image {
            ImageFact::Signature { over, state: SignatureState::Valid, key: Some(key), place, key_path, .. } => {
                Some(Held { fact, over, key: *key, key_path, known: *place == KeyPlace::Known })
            }
            _ => None,
        })
        .collect();
    let fused: BTreeMap<Sha256, &str> = image_facts(case)
        .filter_map(|(fact, image)| match image {
            ImageFact::Hardware { name, value } if name == "primary-key-hash" => Some((fact.locator.artifact, value.as_str())),
            _ => None,
        })
        .collect();
    let mut by_end: BTreeMap<(Sha256, &str), Vec<&Held>> = BTreeMap::new();
    for signature in &held {
        let end = end(signature, &held);
        if !end.known {
            by_end.entry((end.key, end.key_path)).or_default().push(signature);
        }
    }
    let mut drafts = Vec::new();
    for ((key, key_path), signed) in by_end {
        let Some(first) = signed.first() else { continue };
        let burnt = fused.get(&first.fact.locator.artifact).copied();
        if burnt.is_none() && signed.iter().all(|signature| inside_vouched(&signature.fact.locator.path, &held)) {
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
        references: vec!["https://cwe.mitre.org/data/definitions/345.html".into()],
    }
}

/// The last signature of the chain that `signature` hangs from.
fn end<'a, 'b>(signature: &'b Held<'a>, held: &'b [Held<'a>]) -> &'b Held<'a> {
    let mut end = signature;
    let mut seen = BTreeSet::new();
    // Two keys may sign each other: each is followed once.
    while !end.known && seen.insert(end.key) {
        let Some(above) = held.iter().filter(|other| covers_key(other, end)).max_by_key(|other| other.known) else { break };
        end = above;
    }
    end
}

/// Does `above` cover the file or block that holds the key of `below`?
fn covers_key(above: &Held, below: &Held) -> bool {
    let package = &above.fact.locator.path;
    let name = match below.key_path.strip_prefix(package.as_str()) {
        Some(rest) if !package.is_empty() => rest.strip_prefix('!').unwrap_or(rest),
        _ => below.key_path,
    };
    // A boot image's certificate calls its signature after the key alone.
    above.key != below.key && name.strip_suffix(" of the certificate").unwrap_or(name) == above.over
}

/// Is the artifact at `path` covered, as a whole or with what it is in, by a chain that ends in a known key?
fn inside_vouched(path: &str, held: &[Held]) -> bool {
    held.iter().filter(|other| end(other, held).known).any(|other| {
        let package = &other.fact.locator.path;
        let part = if package.is_empty() { other.over.to_owned() } else { format!("{package}!{}", other.over) };
        path == part || path.strip_prefix(&part).is_some_and(|rest| rest.starts_with('!'))
    })
}
