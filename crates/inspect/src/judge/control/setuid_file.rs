//! # Setuid files
//!
//! ## What it shows
//!
//! A program of the image that runs with its owner's rights, whoever starts it (mode bit 04000).
//!
//! ## Why it matters
//!
//! Each such program is a door from a weak account to a strong one: who finds a flaw in one that belongs to root, from a web server's
//! account for example, holds the machine. A control board that runs everything as root loses nothing by having them, and needs none.
//!
//! ## How it works
//!
//! Reads mode and owner of every regular file in every manifest that has an execute bit.
//!
//! | what | severity |
//! | --- | --- |
//! | its group (other than root's) or everyone may write it | `high` |
//! | belongs to root, and is none of the usual ones | `medium` |
//! | the owner is not recorded (a directory as input), and it is none of the usual ones | `medium`, `firm` |
//! | belongs to another account than root | `low` |
//! | one of the programs that distributions install so: `su`, `sudo`, `passwd`, `mount`, `ping`, `busybox`, … | `info` |
//! | a script: Linux ignores the bit there | `info` |
//!
//! ## False positives
//!
//! The usual ones are reported all the same, since the list is what a reviewer needs; a name proves nothing about the content. Linux
//! clears the bit when an ordinary account writes the file, which closes the shortest way through a writable one, not every way.
//!
//! ## False negatives
//!
//! File capabilities and the setgid bit grant privileges without this bit; both are in the manifest. A mode that a start-up script
//! sets is not seen, nor is the option `nosuid` of a mount, which would take the bit's effect away.
//!
//! ## References
//!
//! - chmod(2), `S_ISUID`; execve(2), on scripts; inode(7)
//! - <https://cwe.mitre.org/data/definitions/250.html>

use std::collections::BTreeSet;

use assay_core::{Confidence, Effect, Entry, EntryKind, Question, Severity, Sha256};

use super::super::{Case, Detector, Draft, at_entry, entries, trail};

pub(super) const DETECTOR: Detector =
    Detector { id: "control.setuid-file", version: 2, question: Question::Control, source: include_str!("setuid_file.rs"), detect };

/// Programs that Debian, `OpenWrt` and Buildroot install with the bit, by their last component.
#[rustfmt::skip]
const USUAL: &[&[u8]] = &[
    b"Xorg.wrap", b"at", b"busybox", b"chage", b"chfn", b"chsh", b"crontab", b"dbus-daemon-launch-helper", b"doas",
    b"expiry", b"fusermount", b"fusermount3", b"gpasswd", b"login", b"mount", b"mount.cifs", b"mount.nfs", b"newgidmap",
    b"newgrp", b"newuidmap", b"ntfs-3g", b"passwd", b"ping", b"ping4", b"ping6", b"pkexec", b"polkit-agent-helper-1",
    b"pppd", b"pt_chown", b"ssh-keysign", b"su", b"sudo", b"sudoedit", b"traceroute", b"traceroute6", b"umount",
    b"unix_chkpwd",
];

fn detect(case: &Case) -> Vec<Draft> {
    let artifacts = case.subjects.iter().flat_map(|subject| &subject.artifacts);
    let scripts: BTreeSet<Sha256> = artifacts.filter(|artifact| artifact.format == "script").map(|artifact| artifact.id).collect();
    let mut drafts = Vec::new();
    for (tree, entry) in entries(case) {
        let Some(mode) = entry.mode else { continue };
        if entry.kind != EntryKind::File || mode & 0o4000 == 0 || mode & 0o111 == 0 {
            continue;
        }
        let script = entry.content.is_some_and(|content| scripts.contains(&content));
        let (severity, confidence, note) = grade(entry, mode, script);
        let owner = match entry.uid {
            Some(0) => "root".to_owned(),
            Some(owner) => format!("user {owner}"),
            None => "its owner (not recorded)".to_owned(),
        };
        let title = if script {
            format!("The script {} has the setuid bit, which Linux ignores", entry.shown())
        } else {
            format!("{} runs with the rights of {owner} whoever starts it", entry.shown())
        };
        drafts.push(Draft {
            title,
            severity,
            confidence,
            effect: Some(Effect::GrantPrivilege),
            evidence: vec![at_entry(tree, entry, note)],
            subject: (trail(tree, entry), Vec::new()),
            used: None,
            references: vec!["https://cwe.mitre.org/data/definitions/250.html".into()],
        });
    }
    drafts
}

fn grade(entry: &Entry, mode: u32, script: bool) -> (Severity, Confidence, &'static str) {
    let writable = mode & 0o002 != 0 || (mode & 0o020 != 0 && entry.gid != Some(0));
    let name = entry.path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    match entry.uid {
        _ if script => (Severity::Info, Confidence::Certain, "setuid, and a script"),
        _ if writable => (Severity::High, Confidence::Certain, "setuid, and others than its owner may write it"),
        _ if USUAL.contains(&name) => (Severity::Info, Confidence::Certain, "setuid, as distributions install a program of this name"),
        None => (Severity::Medium, Confidence::Firm, "setuid, and not among the usual programs; its owner is not recorded in this input"),
        Some(0) => (Severity::Medium, Confidence::Certain, "setuid root, and not among the usual programs"),
        Some(_) => (Severity::Low, Confidence::Certain, "setuid, owned by an account other than root"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owner_name_and_write_bits_decide() {
        let graded = |path: &str, mode, uid, gid, script| {
            let mut entry = Entry::new(path, EntryKind::File, 0);
            (entry.uid, entry.gid) = (uid, gid);
            grade(&entry, mode, script).0
        };
        let root = Some(0);
        assert_eq!(graded("bin/su", 0o4755, root, root, false), Severity::Info);
        assert_eq!(graded("bin/xsu", 0o4755, root, root, false), Severity::Medium);
        assert_eq!(graded("bin/at", 0o6755, Some(1), Some(1), false), Severity::Info);
        assert_eq!(graded("bin/x", 0o4755, Some(33), root, false), Severity::Low);
        assert_eq!(graded("bin/x", 0o4755, None, None, false), Severity::Medium);
        assert_eq!(graded("bin/su", 0o4755, None, None, false), Severity::Info);
        assert_eq!(graded("bin/x", 0o4777, root, root, true), Severity::Info);
        // A usual name excuses no write bit.
        assert_eq!(graded("bin/su", 0o4757, root, root, false), Severity::High);
        assert_eq!(graded("bin/su", 0o4775, root, Some(100), false), Severity::High);
        assert_eq!(graded("bin/su", 0o4775, root, root, false), Severity::Info);
    }
}
