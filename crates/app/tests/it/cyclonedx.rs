//! The bill of materials against the strict validator of the CycloneDX project (PyPI `cyclonedx-python-lib`), which `scripts/validators` brings.

use std::{fs, path::PathBuf, process::Command};

use serde_json::Value;

/// Reads bills from the files that are named; says what is wrong with the first that is not valid.
const VALIDATE: &str = "\
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
for name in sys.argv[1:]:
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(name).read())
    if error:
        sys.exit(f'{name}: {error}'[:2000])
";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The interpreter that has the validator.
fn python() -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Some(target.join("validators/bin/python")).filter(|python| python.is_file())
}

/// The bill that `assay vet` writes of `input`.
fn bill(input: &str, out: &std::path::Path) -> Value {
    let input = root().join("fixtures").join(input);
    let output = assert_cmd::Command::cargo_bin("assay").unwrap().arg("vet").arg(&input).arg("--out").arg(out).output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 4)), "{}: {}", input.display(), output.status);
    serde_json::from_str(&fs::read_to_string(out.join("sbom.cdx.json")).unwrap()).unwrap()
}

#[test]
fn bills_are_valid_and_the_same_twice() {
    let folder = tempfile::tempdir().unwrap();
    let inputs =
        ["demo/demo.bmu", "formats/kernel/arm32.img", "formats/tar/hostile-names.tar", "image/debian-nginx", "formats/pem/public.pem"];
    let mut files = Vec::new();
    for (index, input) in inputs.iter().enumerate() {
        let (first, again) = (folder.path().join(format!("{index}")), folder.path().join(format!("{index}-again")));
        assert_eq!(bill(input, &first), bill(input, &again), "{input}");
        files.push(first.join("sbom.cdx.json"));
    }
    let kernel: Value = serde_json::from_str(&fs::read_to_string(&files[1]).unwrap()).unwrap();
    assert!(kernel["components"].as_array().unwrap().iter().any(|part| part["name"] == "linux"), "{kernel}");
    let Some(python) = python() else {
        eprintln!("skipped: scripts/validators has not brought the validator");
        return;
    };
    let output = Command::new(python).args(["-c", VALIDATE]).args(&files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
