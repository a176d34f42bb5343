//! # A link that leads out of the tree
//!
//! ## What it shows
//!
//! A symbolic or hard link whose target lies above the root of its own container.
//!
//! ## Why it matters
//!
//! On the machine, above the root is the root again. On the computer of whoever unpacks the image with an ordinary tool, and on a
//! machine that unpacks an upgrade below some folder, such a link reveals or overwrites files that are no part of the package.
//!
//! ## How it works
//!
//! Follows the components of each relative target from the link's own directory, and reports one that climbs above the root.
//! Absolute targets of symbolic links stay inside the image, where the machine resolves them; an absolute hard-link target in an
//! archive does not. A target that does not exist is dangling and no matter of this rule.
//!
//! | what | severity |
//! | --- | --- |
//! | another entry of the container is written through the link | `high` |
//! | a hard link, or a symbolic one that lands on nothing the container has | `medium` |
//! | a symbolic link that lands on an entry of the container once it stands at a system's root | `low` |
//!
//! ## False positives
//!
//! Build systems leave links to their own directories, and count one `..` too many: those climb too. The last row is theirs.
//!
//! ## False negatives
//!
//! A chain of two links each of which stays inside by itself, and entries written through an absolute link: see the anomalies among
//! the facts.
//!
//! ## References
//!
//! - `path_resolution(7)`
//! - <https://cwe.mitre.org/data/definitions/59.html>

use std::collections::BTreeSet;

use assay_core::{Confidence, Entry, EntryKind, Question, Severity, manifest::Tree};

use super::super::{Case, Detector, Draft, at_entry, relative, trail};

pub(super) const DETECTOR: Detector =
    Detector { id: "provenance.link-escape", version: 2, question: Question::Provenance, source: include_str!("link_escape.rs"), detect };

fn detect(case: &Case) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for tree in case.subjects.iter().flat_map(|subject| &subject.manifest) {
        if !tree.entries.iter().any(leads_out) {
            continue;
        }
        let names: BTreeSet<&[u8]> = tree.entries.iter().map(relative).collect();
        drafts.extend(tree.entries.iter().filter(|entry| leads_out(entry)).map(|entry| draft(tree, entry, &names)));
    }
    drafts
}

fn draft(tree: &Tree, entry: &Entry, names: &BTreeSet<&[u8]>) -> Draft {
    let below = [relative(entry), b"/"].concat();
    let through = names.range(below.as_slice()..).next().is_some_and(|name| name.starts_with(&below));
    let lands = entry.kind == EntryKind::Symlink && names.contains(clamped(entry).as_slice());
    let (severity, note) = match (through, lands) {
        (true, _) => (Severity::High, "its target is above the root, and another entry is written through it"),
        (false, true) => {
            (Severity::Low, "its target is above the root; where this tree is a system's root it lands on an entry of the tree")
        }
        (false, false) => (Severity::Medium, "its target is above the root"),
    };
    let kind = if entry.kind == EntryKind::Hardlink { "hard link" } else { "link" };
    Draft {
        title: format!("The {kind} {} leads out of its tree", entry.shown()),
        severity,
        confidence: Confidence::Certain,
        effect: None,
        evidence: vec![at_entry(tree, entry, note)],
        subject: (trail(tree, entry), entry.target.clone().unwrap_or_default()),
        used: None,
        references: vec!["https://cwe.mitre.org/data/definitions/59.html".into()],
    }
}

/// Components of the directory that `entry` is in.
fn folder(entry: &Entry) -> Vec<&[u8]> {
    let mut parts: Vec<&[u8]> = entry.path.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".").collect();
    parts.pop();
    parts
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
    let mut depth = if hard { 0 } else { folder(entry).len() };
    for part in target.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if depth == 0 => return true,
            b".." => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}

/// Where the target of a symbolic link lies if the tree is a system's root, above which there is nothing.
fn clamped(entry: &Entry) -> Vec<u8> {
    let mut parts = folder(entry);
    for part in entry.target.as_deref().unwrap_or_default().split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join(&b'/')
}

#[cfg(test)]
mod tests {
    use assay_core::Sha256;

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
            ("./etc/a", "../../bin/b", true),
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

    #[test]
    fn graded_by_where_it_lands_and_what_goes_through() {
        let graded = |entries: Vec<Entry>| {
            let tree = Tree { artifact: Sha256::of(b""), path: String::new(), format: "tar".into(), entries };
            let names = tree.entries.iter().map(relative).collect();
            draft(&tree, &tree.entries[0], &names).severity
        };
        let climbs = || link(EntryKind::Symlink, "./sbin/a", "../../bin/b");
        assert_eq!(graded(vec![climbs()]), Severity::Medium);
        assert_eq!(graded(vec![climbs(), Entry::new("./bin/b", EntryKind::File, 0)]), Severity::Low);
        assert_eq!(graded(vec![climbs(), Entry::new("./sbin/a/c", EntryKind::File, 0)]), Severity::High);
        // A name that merely begins alike is not written through it.
        assert_eq!(graded(vec![climbs(), Entry::new("./sbin/a-c", EntryKind::File, 0)]), Severity::Medium);
    }
}
