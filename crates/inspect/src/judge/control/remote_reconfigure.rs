//! # Settings changed from outside
//!
//! ## What it shows
//!
//! Input from outside changes the machine's configuration, its clocks, voltages or fans, or registers of its boards.
//!
//! ## Why it matters
//!
//! Settings decide what the machine draws, how hot it gets, and whom it listens to. A voltage or a fan without bounds can end it.
//!
//! ## How it works
//!
//! Takes the controls whose effect is `reconfigure`, `damage-hardware` or `write-file`. A number counts as bounded where both ends are
//! checked on the way; a fan that may be set to zero is not bounded. Bounded numbers, fixed values and choices among a few are lesser
//! findings than free text.
//!
//! | what | severity, for a host in the code or anybody on the network |
//! | --- | --- |
//! | a voltage, a frequency or a fan without bounds | `high` |
//! | configuration, registers | `medium` |
//! | a bounded number, a fixed value | `low` |
//!
//! Other holders as in `control.remote-stop`.
//!
//! ## False positives
//!
//! A device that checks what it is given: bounds inside a regulator are not seen.
//!
//! ## False negatives
//!
//! Files that are configuration under a name and in a place that say nothing of it.
//!
//! ## References
//!
//! - <https://cwe.mitre.org/data/definitions/15.html>
//! - <https://attack.mitre.org/techniques/T0836/>

use assay_core::{Effect, Question};

use super::super::{Case, Detector, Draft, by_control::groups, ordinary::Ordinary};

pub(super) const DETECTOR: Detector = Detector {
    id: "control.remote-reconfigure",
    version: 2,
    question: Question::Control,
    source: include_str!("remote_reconfigure.rs"),
    detect,
};

fn detect(case: &Case) -> Vec<Draft> {
    let ordinary = Ordinary::new(case);
    let found = groups(case, |control| {
        matches!(control.effect, Effect::Reconfigure | Effect::DamageHardware | Effect::WriteFile) && !ordinary.expected(control)
    });
    found.iter().filter_map(|group| group.draft(group.title(), &["https://cwe.mitre.org/data/definitions/15.html"])).collect()
}
