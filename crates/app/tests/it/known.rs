//! Every file of `rules/inspect/known` over its two fixtures in `fixtures/known/<id>/`, through the whole command: the table says that
//! `positive.tar` has a sign of the behaviour, and that `twin.tar` has none.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use assay_core::Dossier;
use assay_inspect::known;
use assert_cmd::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/known")
}

fn vet(path: &Path) -> Dossier {
    let output = Command::cargo_bin("assay").unwrap().args(["vet", "--format", "json"]).arg(path).output().unwrap();
    assert!(output.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// State of the behaviour with that title in the table, and whether anything stands for it as evidence.
fn state(dossier: &Dossier, title: &str) -> (String, bool) {
    let table = dossier.tables.iter().find(|table| table.title == "Known behaviours").expect("the table is there");
    let row = table.rows.iter().position(|row| row[1].to_string() == title).expect("every behaviour has a row");
    (table.rows[row][2].to_string(), !table.evidence[row].is_empty())
}

#[test]
fn every_behaviour_is_told_from_its_twin() {
    for behaviour in known::all() {
        let folder = root().join(&behaviour.id);
        let dossier = vet(&folder.join("positive.tar"));
        let (found, evidence) = state(&dossier, &behaviour.title);
        assert!((found == "shown" || found.starts_with("present")) && evidence, "{}: {found}", behaviour.id);
        let named = |finding: &assay_core::Finding| finding.title.contains(&format!("“{}”", behaviour.title));
        assert!(dossier.findings.iter().any(named), "{}: no finding has its name", behaviour.id);
        let dossier = vet(&folder.join("twin.tar"));
        assert_eq!(state(&dossier, &behaviour.title), ("not shown".to_owned(), false), "{}", behaviour.id);
        assert!(!dossier.findings.iter().any(named), "{}: a finding of the twin has its name", behaviour.id);
    }
}

#[test]
fn every_fixture_belongs_to_a_behaviour() {
    let ids: BTreeSet<&str> = known::all().iter().map(|behaviour| behaviour.id.as_str()).collect();
    for folder in fs::read_dir(root()).unwrap() {
        let name = folder.unwrap().file_name().into_string().unwrap();
        assert!(ids.contains(name.as_str()), "fixtures/known/{name} is of no behaviour");
    }
}
