//! # Setuid files
//!
//! ## What it shows
//!
//! A program of the image that runs with its owner's rights, whoever starts it (mode bit 04000), where that owner is root or the
//! file can be replaced by others.
//!
//! ## Why it matters
//!
//! Each such program is a door from a weak account to a strong one. A web server's user who finds a flaw in it holds the machine.
//!
//! ## How it works
//!
//! Reads mode and owner of every regular file in every manifest. Owner 0 gives `low`; a setuid file that its group or everyone may
//! write gives `high`. Without an owner in the format nothing is said.
//!
//! ## False positives
//!
//! `su`, `passwd`, `mount` and a setuid BusyBox are ordinary; they are reported, at `low`, because the list is what a reviewer
//! needs.
//!
//! ## False negatives
//!
//! File capabilities do the same without this bit; they are in the manifest. A mode that a start-up script sets is not seen here.
//!
//! ## References
//!
//! - chmod(2), S_ISUID
//! - https://cwe.mitre.org/data/definitions/250.html

use assay_core::{Confidence, Effect, EntryKind, Question, Severity};

use super::super::{Case, Detector, Draft, at_entry, entries, trail};

pub(super) const DETECTOR: Detector =
    Detector { id: "control.setuid-file", version: 1, question: Question::Control, source: include_str!("setuid_file.rs"), detect };

fn detect(case: &Case) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (tree, entry) in entries(case) {
        let (Some(mode), Some(owner)) = (entry.mode, entry.uid) else { continue };
        let writable = mode & 0o022 != 0;
        if entry.kind != EntryKind::File || mode & 0o4000 == 0 || mode & 0o111 == 0 || (owner != 0 && !writable) {
            continue;
        }
        drafts.push(Draft {
            title: format!("{} runs with the rights of user {owner}", entry.shown()),
            severity: if writable { Severity::High } else { Severity::Low },
            confidence: Confidence::Certain,
            effect: Some(Effect::GrantPrivilege),
            evidence: vec![at_entry(tree, entry, if writable { "setuid, and others may write it" } else { "setuid" })],
            subject: (trail(tree, entry), Vec::new()),
            references: vec!["https://cwe.mitre.org/data/definitions/250.html".into()],
        });
    }
    drafts
}
