//! # Password or token in the code
//!
//! ## What it shows
//!
//! A password, token or key that stands in a program or script opens something that matters.
//!
//! ## Why it matters
//!
//! Every machine of the kind has it, the owner cannot change it, and everybody who has the firmware can read it.
//!
//! ## How it works
//!
//! Takes the controls behind a comparison with a constant that the code uses as a password (`fixed-password` among the checks), and
//! those that let somebody in because a constant fits. One finding for each way into each program; its effect is the gravest of what is
//! behind it. Severity is that of the gravest control, and at least `medium`: such a word keeps out nobody who has the firmware.
//! The holder stays anybody on the network, the stage says `default-password`.
//!
//! ## False positives
//!
//! A word that is compared like a password and is none: the name of a command that is sent in a field of such a name.
//!
//! ## False negatives
//!
//! A password that is computed from the serial number. A hash of one, unless the code that compares shows what it is.
//!
//! ## References
//!
//! - <https://cwe.mitre.org/data/definitions/798.html>

use assay_core::{
    Control, Deed, HolderKind, Question, Severity,
    facts::code::{ActuatorKind, CheckKind, Enforcement},
};

use super::super::{Case, Detector, Draft, by_control::doors};
use crate::{phrases, resolve::channel_words};

pub(super) const DETECTOR: Detector = Detector {
    id: "control.hardcoded-credential",
    version: 2,
    question: Question::Control,
    source: include_str!("hardcoded_credential.rs"),
    detect,
};

fn detect(case: &Case) -> Vec<Draft> {
    let found = doors(case, |control| opened(control) && control.holder.who != HolderKind::Loopback);
    found
        .iter()
        .filter_map(|group| {
            let first = group.first()?;
            let (place, way) = (group.programs(), channel_words(&first.channel));
            let title = format!("A password that stands in {place} lets anybody who knows it {} by {way}", phrases::effect(first.effect));
            let mut draft = group.draft(title, &["https://cwe.mitre.org/data/definitions/798.html"])?;
            draft.severity = draft.severity.max(Severity::Medium);
            Some(draft)
        })
        .collect()
}

fn opened(control: &Control) -> bool {
    let fixed = control.checks.iter().any(|check| check.kind == CheckKind::FixedPassword && check.enforced == Enforcement::Enforced);
    let lets_in =
        matches!(&control.deed, Deed::Acts { actuator, .. } if actuator.kind == ActuatorKind::Access) && !control.trigger.is_empty();
    fixed || lets_in
}
