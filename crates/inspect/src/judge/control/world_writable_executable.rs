//! # Executables that anyone may write
//!
//! ## What it shows
//!
//! A program or script of the image that every local account may change (mode bit 00002 beside an execute bit).
//!
//! ## Why it matters
//!
//! Whatever runs it next, often root at start-up, runs what any account put there.
//!
//! ## How it works
//!
//! Reads the mode of every regular file in every manifest.
//!
//! ## False positives
//!
//! A file below a directory that others cannot enter cannot in fact be changed there, nor one on a filesystem that is never written
//! (SquashFS: `low`); the mode is still what an update would install. Formats that store no modes are not judged.
//!
//! ## False negatives
//!
//! A directory that anyone may write lets its files be replaced whatever their own mode: not looked at here.
//!
//! ## References
//!
//! - https://cwe.mitre.org/data/definitions/732.html

use assay_core::{Confidence, Effect, EntryKind, Question, Severity};

use super::super::{Case, Detector, Draft, at_entry, entries, trail};

pub(super) const DETECTOR: Detector = Detector {
    id: "control.world-writable-executable",
    version: 1,
    question: Question::Control,
    source: include_str!("world_writable_executable.rs"),
    detect,
};

fn detect(case: &Case) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (tree, entry) in entries(case) {
        let Some(mode) = entry.mode else { continue };
        if entry.kind != EntryKind::File || mode & 0o002 == 0 || mode & 0o111 == 0 {
            continue;
        }
        // Nothing can be written to a SquashFS in place.
        let severity = if tree.format == "squashfs" { Severity::Low } else { Severity::Medium };
        drafts.push(Draft {
            title: format!("Anyone may change the executable {}", entry.shown()),
            severity,
            confidence: Confidence::Certain,
            effect: Some(Effect::Execute),
            evidence: vec![at_entry(tree, entry, "writable by every account, and executable")],
            subject: (trail(tree, entry), Vec::new()),
            references: vec!["https://cwe.mitre.org/data/definitions/732.html".into()],
        });
    }
    drafts
}
