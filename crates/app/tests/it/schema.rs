//! The published schema is the one of the types, holds every dossier, and old dossiers stay readable.

use std::{
    fs,
    path::{Path, PathBuf},
};

use assay_core::{Dossier, EntryKind};
use assert_cmd::Command;
use serde_json::{Value, json};

use crate::invented::{empty, full};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The published schema, from the workspace's root.
const PUBLISHED: &str = "docs/schema/assay.dossier-1.json";

/// The published schema.
fn published() -> String {
    fs::read_to_string(root().join(PUBLISHED)).unwrap()
}

/// Exit code and dossier of `assay vet` over `inputs`.
fn vet(inputs: &[PathBuf]) -> (i32, Value) {
    let output = Command::cargo_bin("assay")
        .unwrap()
        .args(["vet", "--format", "json", "--facts", "--as-of", "2026-01-02"])
        .args(inputs)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap(), serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {errors}")))
}

fn assert_valid(validator: &jsonschema::Validator, dossier: &Value, what: &str) {
    let errors: Vec<String> =
        validator.iter_errors(dossier).take(3).map(|error| format!("{} at {}", error, error.instance_path())).collect();
    assert!(errors.is_empty(), "{what}: {errors:?}");
}

fn validator() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(&published()).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn published_schema_is_what_the_command_prints() {
    let output = Command::cargo_bin("assay").unwrap().arg("schema").output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    if std::env::var_os("ASSAY_BLESS").is_some() {
        fs::write(root().join(PUBLISHED), &printed).unwrap();
    }
    assert!(printed == published(), "run with ASSAY_BLESS=1, and see that the dossiers in tests/data can still be read");
}

#[test]
fn invented_dossiers_are_valid() {
    let validator = validator();
    for (what, dossier) in [("full", full()), ("empty", empty())] {
        let value = serde_json::to_value(&dossier).unwrap();
        assert_valid(&validator, &value, what);
        assert_eq!(serde_json::from_value::<Dossier>(value).unwrap(), dossier);
    }
}

#[test]
fn dossiers_of_all_fixtures_are_valid() {
    let validator = validator();
    let mut folders: Vec<PathBuf> = fs::read_dir(root().join("fixtures/formats")).unwrap().map(|folder| folder.unwrap().path()).collect();
    folders.sort();
    assert!(folders.len() > 30, "{}", folders.len());
    for folder in folders {
        let mut files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
        files.retain(|file| file.extension().is_none_or(|extension| extension != "json"));
        files.sort();
        let (code, dossier) = vet(&files);
        assert!(matches!(code, 0 | 4), "{}: {code}", folder.display());
        assert_eq!(dossier["subjects"].as_array().map(Vec::len), Some(files.len()), "{}", folder.display());
        assert_valid(&validator, &dossier, &folder.display().to_string());
    }
}

#[test]
fn directories_and_failing_inputs_are_valid_too() {
    let (validator, fixtures) = (validator(), root().join("fixtures/formats"));
    let (code, dossier) = vet(&[fixtures.join("pem"), fixtures.join("absent"), fixtures.join("aup/v1.aup")]);
    assert_eq!((code, dossier["subjects"].as_array().map(Vec::len)), (3, Some(2)));
    assert_eq!(dossier["subjects"][0]["kind"], "tree");
    assert_valid(&validator, &dossier, "a directory, an absent file and a package");
}

#[test]
fn wrong_fields_are_refused() {
    let validator = validator();
    let right = serde_json::to_value(full()).unwrap();
    let wrong: [(&str, Value); 9] = [
        ("/schema", json!("assay.dossier/2")),
        ("/complete", json!("yes")),
        ("/subjects/0/id", json!("sha256:12")),
        ("/subjects/0/kind", json!("toaster")),
        ("/subjects/0/coverage/bytes/total", json!(-1)),
        ("/findings/0/severity", json!("Critical")),
        ("/findings/0/evidence/0/at", json!({"offset": 12})),
        ("/findings/0/evidence/0/at", json!({"offset": "0x12", "line": 3})),
        ("/tables/0/rows/0/0", json!([])),
    ];
    for (pointer, value) in wrong {
        let mut dossier = right.clone();
        *dossier.pointer_mut(pointer).unwrap() = value;
        assert!(!validator.is_valid(&dossier), "{pointer}");
    }
    for pointer in ["", "/tool", "/subjects/0", "/subjects/0/manifest/0/entries/0", "/findings/0", "/answers/0"] {
        let mut dossier = right.clone();
        dossier.pointer_mut(pointer).unwrap()["extra"] = json!(1);
        assert!(!validator.is_valid(&dossier), "{pointer}/extra");
    }
    let mut dossier = right;
    dossier["findings"][0].as_object_mut().unwrap().remove("fingerprint");
    assert!(!validator.is_valid(&dossier));
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.into_iter().filter(|(_, field)| !field.is_null()).map(|(name, field)| (name, without_nulls(field))).collect()
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

#[test]
fn dossiers_of_schema_1_stay_readable() {
    let text = fs::read_to_string(root().join("crates/app/tests/data/dossier-schema-1.json")).unwrap();
    let dossier: Dossier = serde_json::from_str(&text).unwrap();
    // Nothing is lost on the way in; a field that is younger than the dossier is empty.
    assert_eq!(without_nulls(serde_json::to_value(&dossier).unwrap()), without_nulls(serde_json::from_str(&text).unwrap()));
    assert_eq!((dossier.schema.as_str(), dossier.subjects[0].format.as_str()), ("assay.dossier/1", "tar"));
    assert_eq!(dossier.findings.first().map(|finding| finding.rule.as_str()), Some("provenance.signature-invalid"));
    assert!(dossier.facts.is_some_and(|facts| !facts.is_empty()));
    assert!(dossier.subjects[0].manifest[0].entries.iter().any(|entry| entry.kind == EntryKind::File));
}
