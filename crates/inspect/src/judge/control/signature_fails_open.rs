//! # A signature that fails open
//!
//! ## What it shows
//!
//! A signature is looked at on the way to something that matters, and some way leads round it: its outcome is not used, only some of the
//! bad outcomes end the way, or the check is left out where something it needs is missing.
//!
//! ## Why it matters
//!
//! It looks like protection, in the code and in the maker's papers, and is none. A verifier that crashes, is missing, or is given a key
//! that is not there, lets everything through.
//!
//! ## How it works
//!
//! Takes every control with a signature among its checks that is not enforced, whatever the effect. The title says how it fails.
//!
//! Severity is that of the control as if there were no signature (`control.firmware-replace`, `control.remote-exec`), and at least `low`.
//! Where the check is left out for want of a key, and the image has the key, the holder is still the key's.
//!
//! ## False positives
//!
//! A second check elsewhere, of the same content, that is enforced: both are listed, the control's holder is then the key's.
//!
//! ## False negatives
//!
//! A signature that is made over something else than what is used. A comparison of a digest that is itself not signed is no signature.
//!
//! ## References
//!
//! - <https://cwe.mitre.org/data/definitions/347.html>
//! - <https://cwe.mitre.org/data/definitions/636.html>

use assay_core::{
    Effect, Question, Severity,
    facts::code::{Check, Enforcement},
};

use super::super::{Case, Detector, Draft, by_control::groups};
use crate::{phrases, resolve::fails_open};

pub(super) const DETECTOR: Detector = Detector {
    id: "control.signature-fails-open",
    version: 2,
    question: Question::Control,
    source: include_str!("signature_fails_open.rs"),
    detect,
};

fn detect(case: &Case) -> Vec<Draft> {
    let matters = |effect| {
        matches!(effect, Effect::ReplaceFirmware | Effect::Execute | Effect::GrantPrivilege | Effect::RedirectWork | Effect::Reconfigure)
    };
    let found = groups(case, |control| matters(control.effect) && control.checks.iter().any(fails_open));
    found
        .iter()
        .filter_map(|group| {
            let control = group.first()?;
            let check = control.checks.iter().find(|check| fails_open(check))?;
            let title = format!(
                "{} on the way by which {} can {} through {}",
                how(check),
                phrases::holder(&control.holder, &control.stage.authorised),
                phrases::effect(control.effect),
                group.programs()
            );
            let mut draft = group.draft(title, &["https://cwe.mitre.org/data/definitions/347.html"])?;
            draft.severity = severity(draft.severity);
            Some(draft)
        })
        .collect()
}

fn how(check: &Check) -> String {
    let what = if check.detail.is_empty() { "A signature".to_owned() } else { format!("The signature ({})", check.detail) };
    match check.enforced {
        Enforcement::Ignored | Enforcement::Enforced => format!("{what} is checked and its outcome not used,"),
        Enforcement::SkippedWhenMissing => format!("{what} is not checked where something it needs is missing,"),
        Enforcement::Partly => format!("{what} ends the way for some of its bad outcomes only,"),
    }
}

/// A check that fails open is a fault of its own, whoever holds what is behind it.
fn severity(graded: Severity) -> Severity {
    graded.max(Severity::Low)
}
