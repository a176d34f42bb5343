//! # A stage of a signed boot image that is not signed
//!
//! ## What it shows
//!
//! A boot image asks for signatures over some of its parts and not over others.
//!
//! ## Why it matters
//!
//! A chain holds as far as its weakest link: an unsigned loader between a verified first stage and a verified kernel can start any kernel, and
//! an unsigned bitstream can watch and change everything that the processor does.
//!
//! ## How it works
//!
//! Takes the parts of each boot image. Where one asks for authentication in its header, each that does not is named, in one finding for the
//! image. Images none of whose parts ask are boards without a verified boot: the table of boot stages has them, and they are no finding.
//!
//! ## False positives
//!
//! A part that a later stage verifies by itself: a loader that checks the kernel's signature needs none in the header.
//!
//! ## False negatives
//!
//! Whether the chip's fuses make the ROM check at all is not in the image.
//!
//! ## References
//!
//! - Xilinx UG585, chapter "Device Secure Boot"
//! - <https://cwe.mitre.org/data/definitions/1283.html>

use std::collections::BTreeMap;

use assay_core::{Confidence, Evidence, Fact, Question, Severity, facts::ImageFact};

use super::super::{Case, Detector, Draft, at_fact, image_facts, shown};

pub(super) const DETECTOR: Detector = Detector {
    id: "provenance.unsigned-stage",
    version: 1,
    question: Question::Provenance,
    source: include_str!("unsigned_stage.rs"),
    detect,
};

fn detect(case: &Case) -> Vec<Draft> {
    case.by_subject().flat_map(of_one).collect()
}

fn of_one(facts: &[Fact]) -> Vec<Draft> {
    let mut images: BTreeMap<&str, (bool, Vec<(&str, Evidence)>)> = BTreeMap::new();
    for (fact, image) in image_facts(facts) {
        let ImageFact::Boot(stage) = image else { continue };
        let (asks, open) = images.entry(&fact.locator.path).or_default();
        if stage.authenticated {
            *asks = true;
        } else {
            let note = "its header asks for no authentication, others of the same image do";
            open.push((&stage.name, at_fact(&fact.locator, note, stage.name.clone())));
        }
    }
    images
        .into_iter()
        .filter(|(_, (asks, open))| *asks && !open.is_empty())
        .map(|(path, (_, open))| {
            let names: Vec<&str> = open.iter().map(|(name, _)| *name).collect();
            let names = names.join(", ");
            let verb = if open.len() == 1 { "is not signed, though other parts" } else { "are not signed, though other parts" };
            Draft {
                title: format!("{names} {verb} of the boot image {} are", shown(path)),
                severity: Severity::Low,
                confidence: Confidence::Certain,
                effect: None,
                subject: (path.to_owned(), names.into_bytes()),
                evidence: open.into_iter().map(|(_, evidence)| evidence).collect(),
                used: None,
                references: vec!["https://cwe.mitre.org/data/definitions/1283.html".into()],
            }
        })
        .collect()
}
