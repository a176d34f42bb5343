//! SARIF against the schema of its specification (OASIS, SARIF 2.1.0), which the crate `serde-sarif` carries beside its types.
//!
//! Types of a library show a misspelt field; the schema also knows what must be there together, which numbers are allowed and that
//! nothing is twice in a set.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{invented, render::sarif_of};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What a command of the toolchain prints.
fn printed(variable: &str, program: &str, arguments: &[&str]) -> String {
    let program = std::env::var_os(variable).unwrap_or_else(|| program.into());
    let output = Command::new(program).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Where cargo keeps the sources of a dependency. Without the platform it would ask for the sources of every other one too.
fn folder_of(name: &str) -> PathBuf {
    let version = printed("RUSTC", "rustc", &["-vV"]);
    let platform = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let arguments = ["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", platform];
    let metadata: Value = serde_json::from_str(&printed("CARGO", "cargo", &arguments)).unwrap();
    let package = metadata["packages"].as_array().unwrap().iter().find(|package| package["name"] == name).unwrap();
    Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned()
}

fn validator() -> jsonschema::Validator {
    let text = fs::read_to_string(folder_of("serde-sarif").join("src/schema.json")).unwrap();
    // The pattern for languages, as published, has a bracket too many and is no regular expression.
    let text = text.replace("-[a-zA-Z]{2}]?$", "-[a-zA-Z]{2}$");
    let schema: Value = serde_json::from_str(&text).unwrap();
    assert!(schema["title"].as_str().is_some_and(|title| title.contains("2.1.0")), "{}", schema["title"]);
    jsonschema::validator_for(&schema).unwrap()
}

fn assert_valid(validator: &jsonschema::Validator, text: &str, what: &str) -> Value {
    let document: Value = serde_json::from_str(text).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&document).take(3).map(|error| format!("{error} at {}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{what}: {errors:?}");
    document
}

#[test]
fn every_part_of_the_model_is_valid() {
    let validator = validator();
    for (what, dossier) in [("full", invented::full()), ("empty", invented::empty())] {
        assert_valid(&validator, &sarif_of(&dossier), what);
    }
    // The schema is the judge, not a formality.
    let mut broken: Value = serde_json::from_str(&sarif_of(&invented::full())).unwrap();
    broken["runs"][0]["results"][0]["level"] = "fatal".into();
    assert!(!validator.is_valid(&broken));
}

/// Writes SARIF of the inputs, and gives what it says once it is found valid.
fn written(validator: &jsonschema::Validator, inputs: &[PathBuf], what: &str) -> Vec<Value> {
    let out = tempfile::tempdir().unwrap();
    let output = assert_cmd::Command::cargo_bin("assay").unwrap().arg("vet").args(inputs).arg("--out").arg(out.path()).output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 4)), "{what}: {}", output.status);
    let text = fs::read_to_string(out.path().join("findings.sarif")).unwrap();
    assert_valid(validator, &text, what)["runs"][0]["results"].as_array().unwrap().clone()
}

/// Entries of a folder of fixtures, in order.
fn entries(folder: &str) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

#[test]
fn findings_about_files_are_valid() {
    let validator = validator();
    let rules = entries("fixtures/detectors");
    let count: usize = rules
        .iter()
        .map(|rule| {
            let positive = |input: &PathBuf| input.file_name().is_some_and(|name| name.to_string_lossy().starts_with("positive"));
            let inputs: Vec<PathBuf> = fs::read_dir(rule).unwrap().map(|input| input.unwrap().path()).filter(positive).collect();
            if inputs.is_empty() { 0 } else { written(&validator, &inputs, &rule.display().to_string()).len() }
        })
        .sum();
    assert!(count > rules.len(), "{count} findings of {} rules", rules.len());
}

/// A finding with a way has it as a code flow too.
#[test]
fn findings_about_code_are_valid_and_have_flows() {
    let programs: Vec<PathBuf> = entries("fixtures/code/programs").into_iter().step_by(7).map(|program| program.join("bin")).collect();
    let results = written(&validator(), &programs, "programs");
    let flows = results.iter().filter(|result| result["codeFlows"].is_array()).count();
    // What is said of a file as such has no way.
    let ways = results.iter().filter(|result| result["properties"]["question"] != "provenance").count();
    assert!(flows > 5 && flows == ways, "{flows} flows of {ways} findings of {} programs", programs.len());
}
