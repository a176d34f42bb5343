//! Whole images that are not in the repository, against what a person found in them: `fixtures/samples`.
//!
//! The images are looked for in the folder `ASSAY_SAMPLES`, or `samples` in the workspace's root; a test says so where they are absent.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use assay_core::{Dossier, measure::Table};
use assert_cmd::Command;
use serde::Deserialize;

/// A sample by its name, where it is there.
pub fn sample(name: &str) -> Option<PathBuf> {
    let local = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let file = env::var_os("ASSAY_SAMPLES").map_or(local, PathBuf::from).join(name);
    if !file.is_file() {
        println!("skipped: needs the folder of samples (ASSAY_SAMPLES)");
    }
    file.is_file().then_some(file)
}

/// What a person found.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Found {
    file: String,
    login: Vec<Login>,
    right: Vec<Right>,
    stage: Vec<Stage>,
    door: Vec<Door>,
    parts: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    r#where: String,
    user: String,
    password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Right {
    command: String,
    grade: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stage {
    stage: String,
    file: String,
    key: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Door {
    way: String,
    writes: String,
}

/// Rows of a table, as texts by the name of their column.
fn rows(dossier: &Dossier, title: &str) -> Vec<BTreeMap<String, String>> {
    let table: &Table = dossier.tables.iter().find(|table| table.title == title).unwrap_or_else(|| panic!("no table “{title}”"));
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let value = serde_json::to_value(table).unwrap();
    let names: Vec<String> = value["columns"].as_array().unwrap().iter().map(|column| text(&column["name"])).collect();
    value["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| names.iter().cloned().zip(row.as_array().unwrap().iter().map(text)).collect())
        .collect()
}

#[test]
fn what_a_person_found_in_a_package_is_said_of_it() {
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/samples/antminer-s19-pro-hydro.toml");
    let found: Found = toml::from_str(&fs::read_to_string(found).unwrap()).unwrap();
    let Some(image) = sample(&found.file) else { return };
    let out = tempfile::tempdir().unwrap();
    let output = Command::cargo_bin("assay").unwrap().args(["vet", "--out"]).arg(out.path()).arg(&image).output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 4)), "{}", String::from_utf8_lossy(&output.stderr));
    let dossier: Dossier = serde_json::from_slice(&fs::read(out.path().join("dossier.json")).unwrap()).unwrap();
    for Login { r#where, user, password } in &found.login {
        let named = dossier.findings.iter().filter(|finding| finding.rule == "control.default-password").any(|finding| {
            let words = [&finding.title].into_iter().map(String::as_str);
            let evidence = finding.evidence.iter().flat_map(|piece| [piece.note.as_str(), piece.path.as_str()]);
            let words = words.chain(evidence).collect::<Vec<_>>().join("\n");
            words.contains(r#where.as_str()) && words.contains(user.as_str()) && words.contains(&format!("“{password}”"))
        });
        assert!(named, "{user}/{password} at {where}", where = r#where);
    }
    let rights = rows(&dossier, "Rights through sudo");
    for Right { command, grade } in &found.right {
        let row = rights.iter().find(|row| row["Command"] == *command && row["Who"] == "www-data");
        assert_eq!(row.map(|row| row["Grade"].as_str()), Some(grade.as_str()), "{command}");
    }
    let chain = rows(&dossier, "Update chain");
    for Stage { stage, file, key } in &found.stage {
        let fits = |row: &&BTreeMap<String, String>| row["Stage"].starts_with(stage.as_str()) && row["Where"].ends_with(file.as_str());
        let row = chain.iter().find(fits).unwrap_or_else(|| panic!("no stage “{stage}” in {file}"));
        let first = key.as_ref().map_or("null".to_owned(), |key| format!("sha256:{key}"));
        assert!(row["Key"].starts_with(&first), "{stage}: {} is not {first}", row["Key"]);
    }
    let doors = rows(&dossier, "Doors of the update");
    for Door { way, writes } in &found.door {
        let fits = |row: &BTreeMap<String, String>| row["Way in"].contains(way.as_str()) && row["What it writes"].contains(writes.as_str());
        assert!(doors.iter().any(fits), "no door “{way}” that writes {writes}");
    }
    let parts = rows(&dossier, "Parts");
    for (name, version) in &found.parts {
        let row = parts.iter().find(|row| row["Name"] == *name).unwrap_or_else(|| panic!("no part “{name}”"));
        assert_eq!(row["Version"], *version, "{name}");
    }
    assert!(found.parts.len() >= 25);
}
