//! What is proven by code is called by the name of a known behaviour where the public artefacts fit, and nowhere else.
//!
//! The program is a fixture of our own that does what was reported; its host is below `example.net`, in a buffer of sixty-four bytes. With
//! the reported host in that buffer it is the reported behaviour.

use std::{fs, path::Path};

use assay_core::{Dossier, Finding, Severity};
use assert_cmd::Command;

fn program() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/code/programs/stop-word-fixed-host/bin");
    let shown = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let shown = shown.into_iter().find(|path| path.file_name().unwrap().to_string_lossy().starts_with("shown-")).unwrap();
    fs::read(shown).unwrap()
}

/// The same program with another host in its buffer.
fn with_host(host: &str) -> Vec<u8> {
    let (own, mut bytes) = (b"auth.example.net", program());
    let places: Vec<usize> = bytes.windows(own.len()).enumerate().filter(|(_, text)| text == own).map(|(at, _)| at).collect();
    assert_eq!(places.len(), 1, "the host stands in the program once");
    let room = &mut bytes[places[0]..places[0] + 64];
    room.fill(0);
    room[..host.len()].copy_from_slice(host.as_bytes());
    bytes
}

fn vet(bytes: &[u8]) -> Dossier {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("minerd");
    fs::write(&path, bytes).unwrap();
    let output = Command::cargo_bin("assay").unwrap().args(["vet", "--format", "json"]).arg(path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn stop(dossier: &Dossier) -> &Finding {
    dossier.findings.iter().find(|finding| finding.rule == "control.remote-stop").expect("the program stops on a word")
}

#[test]
fn the_reported_host_gives_the_name_and_the_makers_words() {
    let dossier = vet(&with_host("auth.minerlink.com"));
    let stop = stop(&dossier);
    assert!(stop.title.contains("known as “Antbleed”"), "{}", stop.title);
    assert!(stop.statements.iter().any(|said| said.by == "Bitmain"), "{:?}", stop.statements);
    assert!(stop.references.iter().any(|link| link.contains("antbleed")), "{:?}", stop.references);
    // The grade is what the code is worth, and nothing is said twice.
    assert_eq!(stop.severity, unnamed_severity());
    assert!(dossier.findings.iter().all(|finding| finding.rule != "control.known-behaviour"), "{:#?}", dossier.findings);
}

/// What the same program is worth with a host that nobody knows.
fn unnamed_severity() -> Severity {
    stop(&vet(&program())).severity
}

#[test]
fn another_host_is_another_thing() {
    for bytes in [program(), with_host("auth.minerlink.community"), with_host("xauth.minerlink.com")] {
        let dossier = vet(&bytes);
        let stop = stop(&dossier);
        assert!(!stop.title.contains("Antbleed") && stop.statements.is_empty(), "{}", stop.title);
        assert!(dossier.findings.iter().all(|finding| !finding.title.contains("Antbleed")), "{:#?}", dossier.findings);
    }
}
