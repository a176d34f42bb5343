//! # Programs without protection against their own faults
//!
//! ## What it shows
//!
//! A program or library that lets data be executed, or that looks for libraries where others may put them.
//!
//! ## Why it matters
//!
//! A fault in such a program costs more: what comes in as data runs as code, and a folder that anybody may write decides what is loaded.
//!
//! ## How it works
//!
//! Reads the headers of every ELF file, of any processor. One finding for each kind of lack, with the files that have it.
//!
//! | what | severity |
//! | --- | --- |
//! | a segment of a program or library is writable and executable | `medium` |
//! | libraries are searched for in a folder that is relative, empty, or that anybody may write (`/tmp`, `/var/tmp`) | `medium` |
//! | the stack of a program is executable, or the file does not say that it is not | `low` |
//! | programs at fixed addresses, without canaries or with no RELRO: how many | `info` |
//!
//! ## False positives
//!
//! Programs that make code while they run. Kernels and boot loaders, which have no such protections of their own, are no ELF programs here.
//!
//! ## False negatives
//!
//! What the kernel or the loader does on top of what the file says. A library that asks for an executable stack makes that of its program
//! executable too.
//!
//! ## References
//!
//! - Linux Standard Base Core 5.0, section 11.2
//! - <https://cwe.mitre.org/data/definitions/693.html>

use assay_core::{
    Confidence, Evidence, Fact, Question, Severity,
    facts::{
        ImageFact,
        image::{ElfKind, Hardening, Relro},
    },
};

use super::super::{Case, Detector, Draft, at_fact, image_facts};

pub(super) const DETECTOR: Detector = Detector {
    id: "provenance.missing-hardening",
    version: 1,
    question: Question::Provenance,
    source: include_str!("missing_hardening.rs"),
    detect,
};

/// Files listed as evidence of one finding.
const MOST: usize = 50;

/// A lack: what it is called, how bad it is, and which files have it.
struct Lack {
    name: &'static str,
    severity: Severity,
    has: fn(&Hardening) -> bool,
    words: &'static str,
}

const LACKS: [Lack; 4] = [
    Lack {
        name: "writable-code",
        severity: Severity::Medium,
        has: |own| own.writable_code && runs(own),
        words: "have memory that is writable and executable",
    },
    Lack { name: "search-path", severity: Severity::Medium, has: open_path, words: "look for libraries where others may put them" },
    Lack { name: "executable-stack", severity: Severity::Low, has: |own| !own.nx && runs(own), words: "may have an executable stack" },
    Lack {
        name: "build",
        severity: Severity::Info,
        has: |own| runs(own) && (own.kind == ElfKind::Fixed || !own.canary || own.relro == Relro::None),
        words: "were built without some of what compilers offer: a fixed address, no canaries, or no RELRO",
    },
];

fn runs(own: &Hardening) -> bool {
    own.kind != ElfKind::Object
}

fn open_path(own: &Hardening) -> bool {
    let open = |folder: &String| {
        let origin = folder.starts_with("$ORIGIN") || folder.starts_with("${ORIGIN}");
        folder.is_empty()
            || ["/tmp", "/var/tmp", "/dev/shm"].iter().any(|open| folder.starts_with(open))
            || !folder.starts_with('/') && !origin
    };
    own.rpath.iter().chain(&own.runpath).any(open)
}

fn detect(case: &Case) -> Vec<Draft> {
    case.by_subject().flat_map(of_one).collect()
}

/// Does it lie inside other bytes, without a name? A kernel carries such files for itself (its vDSO, its unpacker), and no loader starts them.
fn is_embedded(path: &str) -> bool {
    path.rsplit('!').next().is_some_and(|name| name.starts_with("@0x"))
}

fn of_one(facts: &[Fact]) -> Vec<Draft> {
    let files: Vec<(&Fact, &Hardening)> = image_facts(facts)
        .filter_map(|(fact, image)| match image {
            ImageFact::Hardening(own) if !is_embedded(&fact.locator.path) => Some((fact, &**own)),
            _ => None,
        })
        .collect();
    let of = |lack: &Lack| -> Option<Draft> {
        let having: Vec<_> = files.iter().filter(|(_, own)| (lack.has)(own)).collect();
        let first = having.first()?;
        let (all, count) = (files.iter().filter(|(_, own)| runs(own)).count(), having.len());
        let name = first.0.locator.path.rsplit('!').next().filter(|name| !name.is_empty()).unwrap_or("the input");
        let title = match count {
            1 => format!(
                "{name} {}",
                lack.words
                    .replacen("have", "has", 1)
                    .replacen("look", "looks", 1)
                    .replacen("were", "was", 1)
                    .replacen("may has", "may have", 1)
            ),
            _ => format!("{count} of {all} programs and libraries {}", lack.words),
        };
        Some(Draft {
            title,
            severity: lack.severity,
            confidence: Confidence::Certain,
            effect: None,
            evidence: having.iter().take(MOST).map(|(fact, own)| evidence(fact, own)).collect(),
            subject: (first.0.locator.path.split('!').next().unwrap_or_default().to_owned(), lack.name.as_bytes().to_vec()),
            used: None,
            references: vec!["https://cwe.mitre.org/data/definitions/693.html".into()],
        })
    };
    LACKS.iter().filter_map(of).collect()
}

fn evidence(fact: &Fact, own: &Hardening) -> Evidence {
    let folders: Vec<&str> = own.rpath.iter().chain(&own.runpath).map(String::as_str).collect();
    let search = if folders.is_empty() { String::new() } else { format!(", searches {}", folders.join(":")) };
    let words = format!(
        "{:?}, RELRO {:?}, stack {}, {}{}{search}",
        own.kind,
        own.relro,
        if own.nx { "not executable" } else { "executable" },
        if own.canary { "canaries" } else { "no canaries" },
        if own.writable_code { ", writable code" } else { "" }
    );
    at_fact(&fact.locator, words, "")
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_has_no_name_is_no_program() {
        assert!(super::is_embedded("/boot/vmlinuz-6.1!@0x52cc"));
        assert!(!super::is_embedded("root.img!/usr/bin/@home") && !super::is_embedded(""));
    }
}
