//! # Input that writes beyond its memory
//!
//! ## What it shows
//!
//! Input from outside decides how much is written to a place of fixed size, and nothing on the way limits it.
//!
//! ## Why it matters
//!
//! On machines of this kind, mostly without any protection of the stack, it is a way to run code. At the least it ends the program.
//!
//! ## How it works
//!
//! Takes the controls whose effect is `corrupt-memory`: a copy without a limit, a conversion without a width, a length that comes from
//! the input, into a place whose size is known. A length that is made small (a clamp, a mask, a narrow field) or was compared with a bound
//! that there is room for, or with a number of the program's own that is no constant, is none, and neither is one of the C library's
//! checked forms, which end the program first. Severity as in `control.remote-stop`.
//!
//! ## False positives
//!
//! A limit that is kept in another field than the one that is checked. A length that cannot be greater because of how the message is
//! cut up elsewhere.
//!
//! ## False negatives
//!
//! Places whose size the code does not show (memory that was allocated for a length that is not fixed, mostly); a length that was compared
//! with the wrong number; indices; what is freed and used again; numbers that wrap.
//!
//! ## References
//!
//! - <https://cwe.mitre.org/data/definitions/120.html>
//! - <https://cwe.mitre.org/data/definitions/787.html>

use assay_core::{Effect, Question};

use super::super::{Case, Detector, Draft, by_control::groups};

pub(super) const DETECTOR: Detector = Detector {
    id: "control.memory-unsafe-input",
    version: 3,
    question: Question::Control,
    source: include_str!("memory_unsafe_input.rs"),
    detect,
};

fn detect(case: &Case) -> Vec<Draft> {
    let found = groups(case, |control| control.effect == Effect::CorruptMemory);
    found.iter().filter_map(|group| group.draft(group.title(), &["https://cwe.mitre.org/data/definitions/787.html"])).collect()
}
