//! # A link that leads out of the tree
//!
//! ## What it shows
//!
//! A symbolic or hard link whose target lies above the root of its own container.
//!
//! ## Why it matters
//!
//! On the machine it means little. On the computer of whoever unpacks the image with an ordinary tool it may overwrite or reveal
//! that computer's files.
//!
//! ## How it works
//!
//! Follows the components of each relative target from the link's own directory, and reports one that climbs above the root.
//! Absolute symbolic targets stay inside the image, where the machine resolves them; an absolute hard-link target in an archive
//! does not.
//!
//! ## False positives
//!
//! Build systems sometimes leave links to their own directories; those climb too.
//!
//! ## False negatives
//!
//! A chain of two links each of which stays inside by itself.
//!
//! ## References
//!
//! - https://cwe.mitre.org/data/definitions/59.html

use assay_core::{Confidence, Entry, EntryKind, Question, Severity};

use super::super::{Case, Detector, Draft, at_entry, entries, trail};

pub(super) const DETECTOR: Detector =
    Detector { id: "provenance.link-escape", version: 1, question: Question::Provenance, source: include_str!("link_escape.rs"), detect };

fn detect(case: &Case) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (tree, entry) in entries(case) {
        if !leads_out(entry) {
            continue;
        }
        drafts.push(Draft {
            title: format!("The link {} leads out of its tree", entry.shown()),
            severity: Severity::Medium,
            confidence: Confidence::Certain,
            effect: None,
            evidence: vec![at_entry(tree, entry, "its target is above the root")],
            subject: (trail(tree, entry), entry.target.clone().unwrap_or_default()),
            references: vec!["https://cwe.mitre.org/data/definitions/59.html".into()],
        });
    }
    drafts
}

/// Does the target of `entry` climb above the root?
fn leads_out(entry: &Entry) -> bool {
    let Some(target) = entry.target.as_deref() else { return false };
    let hard = match entry.kind {
        EntryKind::Hardlink => true,
        EntryKind::Symlink => false,
        _ => return false,
    };
    if target.starts_with(b"/") {
        return hard;
    }
    // A hard link's target is counted from the root, a symbolic one's from the link's directory.
    let mut depth = 0_i64;
    if !hard {
        depth = entry.path.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".").count() as i64 - 1;
    }
    for part in target.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => depth -= 1,
            _ => depth += 1,
        }
        if depth < 0 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(kind: EntryKind, path: &str, target: &str) -> Entry {
        let mut entry = Entry::new(path, kind, 0);
        entry.target = Some(target.into());
        entry
    }

    #[test]
    fn only_what_climbs_above_the_root() {
        let cases = [
            ("etc/a", "../bin/b", false),
            ("etc/a", "../../bin/b", true),
            ("a", "..", true),
            ("a", "/etc/passwd", false),
            ("usr/lib/x", "./../../bin/../x", false),
        ];
        for (path, target, out) in cases {
            assert_eq!(leads_out(&link(EntryKind::Symlink, path, target)), out, "{path} -> {target}");
        }
        assert!(leads_out(&link(EntryKind::Hardlink, "x", "/etc/passwd")));
        assert!(leads_out(&link(EntryKind::Hardlink, "a/b/x", "../x")));
        assert!(!leads_out(&link(EntryKind::Hardlink, "x", "etc/passwd")));
    }
}
