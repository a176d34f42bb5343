//! `assay explain` on trees of our own: every finding is made again from the artifacts, and what is not as the dossier has it is said.

use std::{fs, path::Path};

use assay_core::{At, Dossier, Role};
use assert_cmd::Command;
use tempfile::TempDir;

use crate::{sample::sample, trees::lay_out};

/// Trees whose findings are replayed: programs and scripts, one process and several, data and decisions, stores and guards.
const TREES: [&str; 8] = [
    "programs/exec-loopback-daemon-path",
    "programs/exec-sourced-file",
    "programs/hidden-bearer-token",
    "programs/memory-unbounded-copy",
    "programs/pool-form-cgi",
    "programs/stop-word-fixed-host",
    "scripts/flash-unverified",
    "scripts/token-in-script",
];

/// The dossier of `input`, in a folder of its own.
pub fn vetted(input: &Path) -> (TempDir, Dossier) {
    let out = tempfile::tempdir().unwrap();
    let output =
        Command::cargo_bin("assay").unwrap().args(["vet", "--as-of", "2026-01-01", "--out"]).arg(out.path()).arg(input).output().unwrap();
    // Whether a limit cut something short is no matter here.
    assert!(matches!(output.status.code(), Some(0 | 4)), "{}", String::from_utf8_lossy(&output.stderr));
    let dossier = serde_json::from_slice(&fs::read(out.path().join("dossier.json")).unwrap()).unwrap();
    (out, dossier)
}

/// Exit code, standard output, standard error.
fn explain(what: &str, dossier: &Path, input: &Path) -> (i32, String, String) {
    let output = Command::cargo_bin("assay").unwrap().args(["explain", what, "--dossier"]).arg(dossier).arg(input).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Everything that a replay of every finding of `dossier` has to say, and that its code is code around its places.
fn assert_replayed(dossier: &Dossier, text: &str) {
    for finding in &dossier.findings {
        let places = finding.evidence.len();
        let all = format!("{}: replayed {places} place{}, {places} as the dossier has it.", finding.id, if places == 1 { "" } else { "s" });
        assert!(text.contains(&all), "{all}\n{text}");
        for evidence in &finding.evidence {
            let start = match &evidence.at {
                At::Address(address) => format!("> {address:#x} "),
                At::Line(line) => format!("> {line:>4}"),
                _ => continue,
            };
            let lines: Vec<&str> = evidence.excerpt.lines().collect();
            assert_eq!(lines.iter().filter(|line| line.starts_with('>')).count(), 1, "{evidence:#?}");
            assert!(lines.iter().any(|line| line.starts_with(&start)) && lines.len() <= 12, "{evidence:#?}");
            assert!(lines.iter().all(|line| text.contains(line)), "{evidence:#?}\n{text}");
        }
    }
}

#[test]
fn every_finding_is_replayed() {
    let mut roles = Vec::new();
    for tree in TREES {
        let tree = lay_out(tree, "shown");
        let (out, dossier) = vetted(tree.path());
        assert!(!dossier.findings.is_empty());
        let (code, text, words) = explain("all", out.path(), tree.path());
        assert_eq!((code, words.as_str()), (0, ""), "{text}");
        assert_replayed(&dossier, &text);
        for evidence in dossier.findings.iter().flat_map(|finding| &finding.evidence) {
            roles.push(evidence.role);
            if matches!(evidence.role, Role::Branch | Role::Guard) {
                assert!(text.contains("must be true: "), "{text}");
            }
        }
    }
    // The trees have something of what there is to replay.
    assert!([Role::Source, Role::Step, Role::Branch, Role::Store, Role::Actuator].iter().all(|role| roles.contains(role)), "{roles:?}");
}

#[test]
fn a_finding_step_by_step() {
    let tree = lay_out("programs/exec-popen-http", "shown");
    let (out, dossier) = vetted(tree.path());
    let finding = dossier.findings.iter().find(|finding| finding.rule == "control.remote-exec").unwrap();
    let (code, text, _) = explain(&finding.id, &out.path().join("dossier.json"), tree.path());
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("Step 1 of ") && text.contains(", source: ") && text.contains(", actuator: "), "{text}");
    // What the call at the end is given, with the part that comes from outside left open.
    assert!(text.contains("; popen(\"") && text.contains("{}"), "{text}");
    assert!(text.contains("What must be true for it:\n  - "), "{text}");
    let other = dossier.findings.iter().find(|other| other.id != finding.id).unwrap();
    assert!(!text.contains(&other.rule), "one finding and no other: {text}");
}

/// A word keeps its capitals: it is what the script compares with.
#[test]
fn conditions_of_scripts_are_words() {
    let tree = lay_out("scripts/cgi-shell-c", "shown");
    let (out, _) = vetted(tree.path());
    let (_, text, _) = explain("all", out.path(), tree.path());
    assert!(text.contains("must be true: input equal to “POST”"), "{text}");
}

#[test]
fn what_is_not_so_is_said() {
    let tree = lay_out("programs/stop-word-fixed-host", "shown");
    let (out, dossier) = vetted(tree.path());
    let path = out.path().join("dossier.json");
    let finding = dossier.findings.iter().position(|finding| finding.evidence.iter().any(|one| matches!(one.at, At::Address(_)))).unwrap();
    let id = dossier.findings[finding].id.clone();
    let write = |changed: &Dossier| fs::write(&path, serde_json::to_string(changed).unwrap()).unwrap();

    // Another instruction in the dossier than in the program.
    let mut changed = dossier.clone();
    let evidence = &mut changed.findings[finding].evidence[0];
    evidence.excerpt = evidence.excerpt.replacen("> 0x", "> 0xf", 1);
    write(&changed);
    let (code, text, _) = explain(&id, &path, tree.path());
    assert!(code == 1 && text.contains("NOT AS THE DOSSIER HAS IT, which says:") && text.contains("> 0xf"), "{text}");

    // A place where no code is.
    let mut changed = dossier.clone();
    changed.findings[finding].evidence[0].at = At::Address(0x3);
    write(&changed);
    let (code, text, _) = explain(&id, &path, tree.path());
    assert!(code == 1 && text.contains("(nothing that could be shown)"), "{text}");

    // A dossier of a time when none was written.
    let mut changed = dossier.clone();
    changed.findings[finding].evidence.iter_mut().for_each(|evidence| evidence.excerpt.clear());
    write(&changed);
    let (code, text, _) = explain(&id, &path, tree.path());
    assert!(code == 0 && text.contains("no excerpt here to compare with") && text.contains("> 0x"), "{text}");

    // Another program.
    write(&dossier);
    let twin = lay_out("programs/stop-word-fixed-host", "twin");
    let (code, text, _) = explain(&id, &path, twin.path());
    assert!(
        code == 1 && text.contains("This artifact is not in the inputs given.") && text.contains("in no input that was given"),
        "{text}"
    );
}

#[test]
fn wrong_usage_has_its_words() {
    let tree = lay_out("scripts/download-pipe-shell", "shown");
    let (out, dossier) = vetted(tree.path());
    let (code, _, words) = explain("F999", out.path(), tree.path());
    let last = &dossier.findings.last().unwrap().id;
    assert!(code == 2 && words.contains("has no finding F999; it has F1") && words.contains(last.as_str()), "{words}");
    let command = |arguments: &[&str]| Command::cargo_bin("assay").unwrap().args(arguments).arg(out.path()).output().unwrap();
    let output = command(&["explain", "F1", "--dossier"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("name the inputs"), "{output:?}");
}

#[test]
fn a_narrow_terminal_gets_narrow_words() {
    let tree = lay_out("programs/exec-loopback-daemon-path", "shown");
    let (out, _) = vetted(tree.path());
    let mut command = Command::cargo_bin("assay").unwrap();
    let output = command.env("COLUMNS", "60").args(["explain", "all", "--dossier"]).arg(out.path()).arg(tree.path()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    // Evidence is not broken, and it stands four columns in; so do words that are longer than a line.
    let long = |line: &&str| line.chars().count() > 60 && !line.starts_with("    ") && line.trim().contains(' ');
    assert_eq!(text.lines().find(long), None);
}

#[test]
fn every_finding_of_a_whole_image_is_replayed() {
    let Some(image) = sample("antminer/antminer-s19pro-hydro-rebuilt.bmu") else { return };
    let out = tempfile::tempdir().unwrap();
    let output = Command::cargo_bin("assay").unwrap().args(["vet", "--out"]).arg(out.path()).arg(&image).output().unwrap();
    // A limit cuts the largest programs short.
    assert!(matches!(output.status.code(), Some(0 | 4)), "{}", String::from_utf8_lossy(&output.stderr));
    let json = fs::read(out.path().join("dossier.json")).unwrap();
    assert!(json.len() < 20_000_000, "{}", json.len());
    let dossier: Dossier = serde_json::from_slice(&json).unwrap();
    let (code, text, words) = explain("all", out.path(), &image);
    assert_eq!(code, 0, "{words}");
    assert!(dossier.findings.len() > 10);
    assert_replayed(&dossier, &text);
}
