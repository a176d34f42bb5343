//! # Executables that anyone may write
//!
//! ## What it shows
//!
//! Programs or scripts of one container that every local account may change (mode bit 00002 beside an execute bit).
//!
//! ## Why it matters
//!
//! Whatever runs such a file next, often root at start-up, runs what any account put there.
//!
//! ## How it works
//!
//! Reads the mode of every regular file in every manifest, and lists those of one container in one finding: it is mostly one build
//! script that is to be changed. `medium` for a filesystem that holds a system; `low` where the container is an archive without one
//! (an upgrade package's `runme.sh`), where the mode lasts as long as whoever unpacks it keeps it, and on a filesystem that is never
//! written in place (`squashfs`). Directories, links and devices are no matter of this rule: a link's mode means nothing, and `/tmp` is
//! meant to be written, under the sticky bit.
//!
//! ## False positives
//!
//! A file below a directory that others cannot enter cannot in fact be changed there. Formats that store no modes are not judged, but
//! an archive made on a system without modes may hold 0777 throughout.
//!
//! ## False negatives
//!
//! A directory that anyone may write lets its files be replaced whatever their own mode: not looked at here. Nor are files that
//! only a group may write.
//!
//! ## References
//!
//! - chmod(2), `S_IWOTH`
//! - <https://cwe.mitre.org/data/definitions/732.html>

use assay_core::{Confidence, Effect, Entry, EntryKind, Question, Severity, manifest::Tree};

use super::super::{Case, Detector, Draft, at_entry, relative};

pub(super) const DETECTOR: Detector = Detector {
    id: "control.world-writable-executable",
    version: 2,
    question: Question::Control,
    source: include_str!("world_writable_executable.rs"),
    detect,
};

/// Files listed as evidence; the manifest has all.
const MOST: usize = 100;

fn detect(case: &Case) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for tree in case.subjects.iter().flat_map(|subject| &subject.manifest) {
        let writable =
            |entry: &&Entry| entry.kind == EntryKind::File && entry.mode.is_some_and(|mode| mode & 0o002 != 0 && mode & 0o111 != 0);
        let mut found: Vec<&Entry> = tree.entries.iter().filter(writable).collect();
        found.sort_by_key(|entry| relative(entry));
        let Some(first) = found.first() else { continue };
        let severity = if tree.format == "squashfs" || !is_system(tree) { Severity::Low } else { Severity::Medium };
        let title = match found.len() {
            1 => format!("Any account may change the executable {}", first.shown()),
            count => format!("Any account may change {count} executables, {} among them", first.shown()),
        };
        drafts.push(Draft {
            title,
            severity,
            confidence: Confidence::Certain,
            effect: Some(Effect::Execute),
            evidence: found.iter().take(MOST).map(|entry| at_entry(tree, entry, "writable by every account, and executable")).collect(),
            subject: (tree.path.clone(), Vec::new()),
            used: None,
            references: vec!["https://cwe.mitre.org/data/definitions/732.html".into()],
        });
    }
    drafts
}

/// Does the container hold a system's directories, rather than a few files to be put somewhere?
fn is_system(tree: &Tree) -> bool {
    let has = |folder: &str| tree.entries.iter().any(|entry| relative(entry).starts_with(folder.as_bytes()));
    has("etc/") && (has("bin/") || has("sbin/") || has("usr/"))
}
