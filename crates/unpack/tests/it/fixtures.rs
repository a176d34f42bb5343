//! Every file in `fixtures/formats/<format>/` is opened and compared with the `.json` beside it.
//!
//! A name that starts with `not-` is the harmless twin: it differs in the one thing that matters, and `<format>` must not be among the
//! formats met in it. `hostile-` marks broken or lying input. `ASSAY_BLESS=1 cargo test -p assay-unpack fixtures` writes the expectations anew; read the diff.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use assay_core::Limits;
use assay_unpack::{Discard, Source, formats::FORMATS, unpack};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/formats")
}

fn inputs(format: &str) -> Vec<PathBuf> {
    let Ok(folder) = fs::read_dir(root().join(format)) else { return Vec::new() };
    let mut files: Vec<PathBuf> =
        folder.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_none_or(|end| end != "json")).collect();
    files.sort();
    files
}

#[test]
fn fixtures_give_what_is_expected() {
    let mut wrong = Vec::new();
    for folder in fs::read_dir(root()).unwrap() {
        let format = folder.unwrap().file_name().into_string().unwrap();
        for path in inputs(&format) {
            let name = path.file_name().unwrap().to_str().unwrap();
            let bytes = fs::read(&path).unwrap();
            let unpacked = unpack(Source::File(bytes.into()), name.as_bytes(), &Limits::default(), 2, &Discard);
            for artifact in &unpacked.subject.artifacts {
                assert_eq!(artifact.map.check(artifact.size), Ok(()), "{}: map of {}", path.display(), artifact.path);
            }
            let met: BTreeSet<&str> = unpacked.subject.artifacts.iter().map(|artifact| artifact.format.as_str()).collect();
            if name.starts_with("not-") {
                assert!(!met.contains(format.as_str()), "{} was taken for {format}", path.display());
            } else if !name.starts_with("hostile-") {
                assert!(met.contains(format.as_str()), "{} was not recognised: {met:?}", path.display());
            }
            let got = serde_json::to_string_pretty(&unpacked).unwrap() + "\n";
            let expected = PathBuf::from(format!("{}.json", path.display()));
            if std::env::var_os("ASSAY_BLESS").is_some() {
                fs::write(&expected, got).unwrap();
            } else if fs::read_to_string(&expected).ok().as_ref() != Some(&got) {
                wrong.push(path);
            }
        }
    }
    assert!(wrong.is_empty(), "these fixtures give something else than their .json says: {wrong:#?}");
}

#[test]
fn every_format_has_a_fixture_and_a_twin() {
    for format in FORMATS {
        let names: Vec<String> = inputs(format.name).iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
        assert!(names.iter().any(|name| !name.starts_with("not-") && !name.starts_with("hostile-")), "{}: no fixture", format.name);
        assert!(names.iter().any(|name| name.starts_with("not-")), "{}: no harmless twin", format.name);
    }
}
