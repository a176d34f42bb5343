//! # A kernel without what protects it from itself
//!
//! ## What it shows
//!
//! The configuration that a kernel was built with lacks settings that the Kernel Self-Protection Project recommends for its version.
//!
//! ## Why it matters
//!
//! An error in a driver is a matter of time. What it then gives an attacker hangs on these settings; and where root may load any module or
//! start another kernel, what was verified at boot says nothing of what runs.
//!
//! ## How it works
//!
//! Takes the configuration from `/boot/config-…`, or from inside the kernel where `CONFIG_IKCONFIG` put it. Each row of
//! `rules/inspect/kernel` that is made for the kernel's version and architecture is held against it. One finding for a kernel: `low` where a
//! setting of weight is missing, `info` where only lesser ones are. The table "Kernel settings" has every row.
//!
//! ## False positives
//!
//! Distributions leave some of these off for a reason (speed, old programs, hibernation). A setting may be made up for on the command line.
//!
//! ## False negatives
//!
//! A kernel whose configuration is not in the image is not judged; that is most firmware.
//!
//! ## References
//!
//! - <https://kspp.github.io/Recommended_Settings>
//! - <https://cwe.mitre.org/data/definitions/693.html>

use assay_core::{At, Confidence, Evidence, Fact, Question, Severity, facts::ImageFact};

use super::super::{Case, Detector, Draft, at, image_facts, shown};
use crate::kernel::{Outcome, Wanted, Weight, outcomes, source};

pub(super) const DETECTOR: Detector = Detector {
    id: "provenance.kernel-hardening",
    version: 1,
    question: Question::Provenance,
    source: include_str!("kernel_hardening.rs"),
    detect,
};

/// Settings that a finding shows.
const SHOWN: usize = 12;

fn detect(case: &Case) -> Vec<Draft> {
    case.by_subject().flat_map(of_one).collect()
}

fn of_one(facts: &[Fact]) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (fact, image) in image_facts(facts) {
        let ImageFact::KernelConfig(config) = image else { continue };
        let all = outcomes(config);
        let mut missing: Vec<&Outcome> = all.iter().filter(|outcome| !outcome.fits).collect();
        missing.sort_by_key(|outcome| std::cmp::Reverse(outcome.rule.weight));
        let Some(worst) = missing.first() else { continue };
        let severity = if worst.rule.weight == Weight::High { Severity::Low } else { Severity::Info };
        let weighty = missing.iter().filter(|outcome| outcome.rule.weight == Weight::High).count();
        let locator = &fact.locator;
        // What is not set stands nowhere: it is shown at the head of the configuration.
        let evidence: Vec<Evidence> = missing
            .iter()
            .take(SHOWN)
            .map(|outcome| {
                let (place, is) = match outcome.is {
                    Some(option) => (At::Line(option.line), format!("CONFIG_{}={}", option.name, option.value)),
                    None => (locator.at.clone(), format!("CONFIG_{} is not set", outcome.rule.name)),
                };
                let wanted = if outcome.rule.wanted == Wanted::Set { "should be set" } else { "should not be set" };
                at(locator.artifact, &locator.path, place, format!("{wanted}: {}", outcome.rule.why), is)
            })
            .collect();
        let names: Vec<&str> = missing.iter().map(|outcome| outcome.rule.name.as_str()).collect();
        drafts.push(Draft {
            title: format!(
                "Linux {} for {} ({}) has {} of {} settings otherwise than recommended for its self-protection, {weighty} of them of weight",
                config.version,
                config.arch,
                shown(&locator.path),
                missing.len(),
                all.len()
            ),
            severity,
            confidence: Confidence::Certain,
            effect: None,
            subject: (locator.path.clone(), names.join(" ").into_bytes()),
            evidence,
            used: None,
            references: vec![source().to_owned(), "https://cwe.mitre.org/data/definitions/693.html".into()],
        });
    }
    drafts
}
