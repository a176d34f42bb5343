//! # Firmware replaced from outside
//!
//! ## What it shows
//!
//! Somebody can have the machine write another firmware: who, by which way, and what is checked before.
//!
//! ## Why it matters
//!
//! Updating is a thing that every machine must be able to do; the question is whose word is enough. A signature by one key puts it into
//! the hands of one holder; a login alone, into the hands of whoever has the password; nothing, into anybody's.
//!
//! ## How it works
//!
//! Takes the controls whose effect is `replace-firmware`. The title says what stands before: a signature that ends the way where it does
//! not hold makes its key's holder the holder (by fingerprint, where the key is in the image); a checksum keeps nobody out. What gets
//! round a signature is `control.signature-fails-open`.
//!
//! | who holds it | severity |
//! | --- | --- |
//! | a host in the code, anybody on the network | `critical`, or `high` where it is not known to run |
//! | could not be told | `medium` |
//! | somebody who knows the default password; the holder of a key | `medium` |
//! | the holder of a key *and* a login; an owner who has logged in; somebody at the machine | `low` |
//!
//! ## False positives
//!
//! Flash that holds settings or logs and no firmware. A check inside the boot loader, which refuses what was written.
//!
//! ## False negatives
//!
//! A writer that goes through a file of another name. Firmware of coprocessors and power supplies.
//!
//! ## References
//!
//! - NIST SP 800-193, Platform Firmware Resiliency Guidelines
//! - <https://cwe.mitre.org/data/definitions/494.html>

use assay_core::{
    Control, Effect, Question,
    facts::code::{CheckKind, Enforcement},
};

use super::super::{Case, Detector, Draft, by_control::groups};

pub(super) const DETECTOR: Detector = Detector {
    id: "control.firmware-replace",
    version: 2,
    question: Question::Control,
    source: include_str!("firmware_replace.rs"),
    detect,
};

fn detect(case: &Case) -> Vec<Draft> {
    let found = groups(case, |control| control.effect == Effect::ReplaceFirmware);
    found
        .iter()
        .filter_map(|group| {
            let checked = checked(group.first()?);
            group.draft(format!("{}, {checked}", group.title()), &["https://cwe.mitre.org/data/definitions/494.html"])
        })
        .collect()
}

/// What is checked before it is written.
fn checked(control: &Control) -> &'static str {
    let has =
        |kind, enforced| control.checks.iter().any(|check| check.kind == kind && (check.enforced == Enforcement::Enforced) == enforced);
    match (has(CheckKind::Signature, true), has(CheckKind::Signature, false), has(CheckKind::Digest, true)) {
        (true, false, _) => "with a signature that must hold",
        (true, true, _) => "with a signature that must hold, and another that need not",
        (false, true, _) => "with a signature that need not hold",
        (false, false, true) => "with a checksum only, which anybody can make",
        (false, false, false) => "and no signature is seen to be checked",
    }
}
