//! The commands on the bundled package: what they find, what they write, how they end.

use std::{collections::BTreeMap, fs, path::Path, process::Output};

use assert_cmd::Command;
use serde_json::Value;

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/demo/demo.bmu");

fn assay(arguments: &[&str]) -> Output {
    Command::cargo_bin("assay").unwrap().args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn dossier(arguments: &[&str]) -> Value {
    let output = assay(&[&["vet", "--format", "json"], arguments].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_bundled_package_has_what_its_maker_put_in() {
    let dossier = dossier(&[DEMO]);
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in dossier["findings"].as_array().unwrap() {
        *found.entry(finding["rule"].as_str().unwrap()).or_default() += 1;
    }
    for rule in [
        "control.setuid-file",
        "control.world-writable-executable",
        "disclosure.private-key",
        "provenance.key-inside-image",
        "provenance.link-escape",
        "provenance.opaque-payload",
        "provenance.signature-invalid",
        "provenance.unknown-bytes",
    ] {
        assert!(found.contains_key(rule), "{rule} is not among {found:?}");
    }
    assert_eq!(found["provenance.signature-invalid"], 2, "the filesystem and the package, nothing else");
    let identity = &dossier["subjects"][0]["identity"];
    assert_eq!((identity["model"].as_str(), identity["built"].as_str()), (Some("Demo Miner D1"), Some("2023-11-15")));
    let states: Vec<_> = dossier["answers"].as_array().unwrap().iter().map(|answer| answer["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["shown", "shown", "shown", "not-examined", "not-examined", "not-examined"]);
}

#[test]
fn exit_codes_mean_something() {
    let code = |arguments: &[&str]| assay(arguments).status.code().unwrap();
    assert_eq!(code(&["vet", DEMO]), 0);
    assert_eq!(code(&["vet", DEMO, "--fail-on", "high"]), 1);
    assert_eq!(code(&["vet", DEMO, "--fail-on", "critical"]), 0);
    assert_eq!(code(&["vet"]), 2);
    assert_eq!(code(&["vet", DEMO, "--as-of", "tomorrow"]), 2);
    assert_eq!(code(&["vet", "/nonexistent/input"]), 3);
    // One input that cannot be read costs the others nothing.
    let both = assay(&["vet", "--format", "json", DEMO, "/nonexistent/input"]);
    assert_eq!(both.status.code(), Some(3));
    let read: Value = serde_json::from_slice(&both.stdout).unwrap();
    assert_eq!(read["subjects"].as_array().unwrap().len(), 1);
}

#[test]
fn a_limit_cuts_the_work_and_keeps_what_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let limits = folder.path().join("limits.toml");
    fs::write(&limits, "depth = 2").unwrap();
    let output = assay(&["vet", "--format", "json", "--limits", limits.to_str().unwrap(), DEMO]);
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    let dossier: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(dossier["complete"], false);
    let gaps = dossier["subjects"][0]["coverage"]["gaps"].as_array().unwrap();
    assert!(gaps.iter().any(|gap| gap["why"] == "over-limit"), "{gaps:?}");
    assert!(dossier["subjects"][0]["artifacts"].as_array().unwrap().len() > 3);
}

#[test]
fn the_same_dossier_comes_out_again_and_another_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    assert!(assay(&["vet", DEMO, "--out", out, "--as-of", "2026-01-02"]).status.success());
    for name in ["dossier.json", "run.json", "dossier.html", "findings.sarif"] {
        assert!(folder.path().join(name).is_file(), "{name}");
    }
    let file = folder.path().join("dossier.json");
    let again = assay(&["verify", file.to_str().unwrap(), DEMO]);
    assert!(again.status.success(), "{}", text(&again.stdout));
    let changed = fs::read_to_string(&file).unwrap().replacen("\"high\"", "\"low\"", 1);
    fs::write(&file, changed).unwrap();
    let again = assay(&["verify", file.to_str().unwrap(), DEMO]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stdout).contains("not so"), "{}", text(&again.stdout));
}

#[test]
fn evidence_is_replayed_from_the_input() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    assert!(assay(&["vet", DEMO, "--out", out]).status.success());
    let file = folder.path().join("dossier.json");
    let dossier: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    for finding in dossier["findings"].as_array().unwrap() {
        let id = finding["id"].as_str().unwrap();
        let shown = assay(&["explain", id, "--dossier", file.to_str().unwrap(), DEMO]);
        assert!(shown.status.success(), "{id}: {}", text(&shown.stderr));
        let shown = text(&shown.stdout);
        assert!(!shown.contains("not in the inputs"), "{shown}");
        if finding["rule"] == "disclosure.private-key" {
            assert!(shown.contains("|-----BEGIN RSA P|"), "{shown}");
        }
    }
    let other = assay(&["explain", "F1", "--dossier", file.to_str().unwrap(), file.to_str().unwrap()]);
    assert!(text(&other.stdout).contains("not in the inputs"), "{}", text(&other.stdout));
    assert_eq!(assay(&["explain", "F999", "--dossier", file.to_str().unwrap(), DEMO]).status.code(), Some(2));
}

#[test]
fn a_statement_stands_beside_its_finding() {
    let folder = tempfile::tempdir().unwrap();
    let finding = dossier(&[DEMO])["findings"][0].clone();
    let file = folder.path().join("statements.toml");
    let said = format!(
        "[[statement]]\nfingerprint = {}\nby = \"the maker\"\ndate = \"2026-01-02\"\ntext = \"A test key.\"\n",
        finding["fingerprint"]
    );
    fs::write(&file, said).unwrap();
    let with = dossier(&[DEMO, "--statements", file.to_str().unwrap()]);
    assert_eq!(with["findings"][0]["statements"][0]["text"], "A test key.");
    assert_eq!(with["findings"][1]["statements"], Value::Array(Vec::new()));
    let shown = assay(&["vet", DEMO, "--statements", file.to_str().unwrap()]);
    assert!(text(&shown.stdout).contains("A test key."), "{}", text(&shown.stdout));
}

/// Every file below `folder`, none of them anything but a plain file.
fn plain_files(folder: &Path, into: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            plain_files(&entry.path(), into);
        } else {
            assert!(kind.is_file(), "{}", entry.path().display());
            into.push(entry.path().display().to_string());
        }
    }
}

#[test]
fn only_plain_files_are_written_and_only_below_the_directory() {
    let archives = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/formats");
    let mut inputs = vec![DEMO.to_owned()];
    for format in ["tar", "cpio", "zip", "ar", "ubifs", "jffs2"] {
        let hostile = fs::read_dir(archives.join(format)).unwrap().map(|entry| entry.unwrap().path().display().to_string());
        inputs.extend(hostile.filter(|path| path.contains("hostile-") && Path::new(path).extension().is_none_or(|end| end != "json")));
    }
    assert!(inputs.len() > 10, "{inputs:?}");
    for input in inputs {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("inside");
        let output = assay(&["unpack", &input, "--to", to.to_str().unwrap()]);
        assert!(matches!(output.status.code(), Some(0 | 4)), "{input}: {}", text(&output.stderr));
        let beside: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(beside, ["inside"], "{input}");
        let mut files = Vec::new();
        plain_files(&to, &mut files);
        let manifest: Value = serde_json::from_str(&fs::read_to_string(to.join("manifest.json")).unwrap()).unwrap();
        assert_eq!(files.len(), manifest["written"].as_object().unwrap().len() + 1, "{input}: {files:?}\n{manifest}");
        let again = assay(&["unpack", &input, "--to", to.to_str().unwrap()]);
        assert_eq!(again.status.code(), Some(2), "a directory with files in it is refused");
    }
}
