//! Tidy over this project, and over one of a few files with one thing wrong at a time.

use std::{fs, path::Path};

use super::faults;
use crate::manual;

#[test]
fn the_project_is_tidy() {
    let faults = faults(&crate::root()).unwrap();
    assert!(faults.is_empty(), "{faults:#?}");
}

const DETECTOR: &str = "//! # Something\n//!\n//! ## What it shows\n//!\n//! ## Why it matters\n//!\n//! ## How it works\n//!\n//! ## False positives\n//!\n\
    //! ## False negatives\n//!\n//! ## References\n\nconst X: Detector = Detector { id: \"control.some-thing\", version: 3 };\n";
const FORMAT: &str = "//! abc: a format.\n//!\n//! **Specification**: none.\n//!\n//! **Limitations**: all.\n\n\
    static FORMAT: Format = Format { name: \"abc\", title: \"ABC\" };\nconst R: &str = include_str!(\"rules/unpack/keys/a.toml\");\n";
const RULES: &str = "[[key]]\nname = \"a\"\nfingerprint = \"0123abcd\"\nplatform = \"b\"\nsource = \"c\"\ndate = \"2026-11-22\"\n";

/// The smallest project that is tidy.
fn small() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("crates/core/Cargo.toml", "[dependencies]\nserde = \"1\"\n"),
        ("crates/app/Cargo.toml", "[dependencies]\nassay-core.workspace = true\nassay-unpack.workspace = true\n"),
        ("crates/unpack/Cargo.toml", "[dependencies]\nassay-core.workspace = true\n"),
        ("crates/unpack/src/formats/mod.rs", "&abc::FORMAT,\n"),
        ("crates/unpack/src/formats/abc.rs", FORMAT),
        ("crates/unpack/src/layouts/def.rs", "//! DEF\n//!\n//! **Specification**: none.\n//!\n//! **Limitations**: all.\n"),
        ("crates/inspect/Cargo.toml", "[dependencies]\nassay-core.workspace = true\n"),
        ("crates/inspect/src/judge/control/mod.rs", "some_thing::DETECTOR\n"),
        ("crates/inspect/src/judge/control/some_thing.rs", DETECTOR),
        ("fixtures/formats/abc/good.abc", "abc"),
        ("fixtures/formats/abc/not-abc.abc", "abd"),
        ("fixtures/detectors/control.some-thing/positive-a.tar", "a"),
        ("fixtures/detectors/control.some-thing/twin-a.tar", "b"),
        ("rules/unpack/keys/a.toml", RULES),
        ("docs/src/SUMMARY.md", "- [D](detectors.md)\n  - [S](detectors/control.some-thing.md)\n- [F](formats.md)\n"),
    ];
    for (path, text) in files {
        put(folder.path(), path, text);
    }
    manual::write(folder.path()).unwrap();
    folder
}

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// The faults of the small project after `change`.
fn after(change: impl Fn(&Path)) -> Vec<String> {
    let folder = small();
    change(folder.path());
    faults(folder.path()).unwrap()
}

fn without(path: &str) -> Vec<String> {
    after(|root| fs::remove_file(root.join(path)).unwrap())
}

#[test]
fn a_small_project_is_tidy() {
    assert_eq!(after(|_| ()), Vec::<String>::new());
}

#[test]
fn missing_fixtures_are_reported() {
    assert_eq!(without("fixtures/formats/abc/good.abc"), ["fixtures/formats/abc: no fixture"]);
    assert_eq!(without("fixtures/formats/abc/not-abc.abc"), ["fixtures/formats/abc: no harmless twin"]);
    assert_eq!(
        without("fixtures/detectors/control.some-thing/positive-a.tar"),
        ["fixtures/detectors/control.some-thing: no positive fixture"]
    );
    assert_eq!(without("fixtures/detectors/control.some-thing/twin-a.tar"), ["fixtures/detectors/control.some-thing: no harmless twin"]);
    let pair = |rule: &str| {
        after(move |root| {
            fs::remove_dir_all(root.join("fixtures/detectors/control.some-thing")).unwrap();
            for kind in ["harmless", "programs", "scripts"] {
                fs::create_dir_all(root.join("fixtures/code").join(kind)).unwrap();
            }
            put(root, "fixtures/code/scripts/a/expect.toml", &format!("title = \"a\"\nrule = \"{rule}\"\nfile = []\n"));
        })
    };
    assert_eq!(pair("control.some-thing"), Vec::<String>::new());
    assert!(pair("control.other").contains(&"fixtures/code: control.other is expected, and there is no such rule".to_owned()));
    let stray = after(|root| put(root, "fixtures/detectors/control.other/positive-a.tar", ""));
    assert_eq!(stray, ["fixtures/detectors/control.other: there is no such rule"]);
}

#[test]
fn registration_and_headers_are_asked_for() {
    assert_eq!(after(|root| put(root, "crates/unpack/src/formats/mod.rs", "")), ["formats/abc: not registered in formats/mod.rs"]);
    assert_eq!(after(|root| put(root, "crates/inspect/src/judge/control/mod.rs", "")), ["judge/control/some_thing: not registered"]);
    for section in ["What it shows", "Why it matters", "How it works", "False positives", "False negatives", "References"] {
        let faults = after(|root| {
            put(root, "crates/inspect/src/judge/control/some_thing.rs", &DETECTOR.replace(section, "Else"));
            manual::write(root).unwrap();
        });
        assert_eq!(faults, [format!("judge/control/some_thing: the header has no section {section}")]);
    }
    let faults = after(|root| {
        put(root, "crates/unpack/src/formats/abc.rs", &FORMAT.replace("**Limitations**", "Limits"));
        manual::write(root).unwrap();
    });
    assert_eq!(faults, ["formats/abc: the header has no **Limitations**"]);
}

#[test]
fn siblings_do_not_know_each_other() {
    for line in ["assay-unpack.workspace = true\n", "[dev-dependencies.assay-unpack]\npath = \"../unpack\"\n"] {
        let faults = after(|root| put(root, "crates/inspect/Cargo.toml", line));
        assert_eq!(faults, ["crates/inspect/Cargo.toml: inspect must not know unpack"]);
    }
}

#[test]
fn rules_say_where_they_are_from() {
    let with = |text: String| after(move |root| put(root, "rules/unpack/keys/a.toml", &text));
    let undated = with(RULES.replace("2026-11-22", "last week"));
    assert_eq!(undated, ["rules/unpack/keys/a.toml: key 1 has no date"]);
    let nameless = with(RULES.replace("name = \"a\"\n", "nick = \"a\"\n"));
    assert_eq!(
        nameless,
        ["rules/unpack/keys/a.toml: key 1: no text `name`", "rules/unpack/keys/a.toml: key 1: `nick` is no field of a key"]
    );
    let short = with(RULES.replace("0123abcd", "0123"));
    assert_eq!(short, ["rules/unpack/keys/a.toml: key 1: a fingerprint is 8 to 64 lower-case hexadecimal digits"]);
    assert_eq!(with("key = [".into()).len(), 1);
    let unused = after(|root| put(root, "rules/unpack/keys/b.toml", RULES));
    assert_eq!(unused, ["rules/unpack/keys/b.toml: no crate includes it"]);
    let folder = after(|root| {
        put(root, "rules/unpack/keys/b.toml", RULES);
        put(root, "crates/unpack/src/rules.rs", "include_dir!(\"rules/unpack\")");
    });
    assert_eq!(folder, Vec::<String>::new());
    let table = after(|root| put(root, "rules/list.csv", "a,b\n"));
    assert_eq!(table, ["rules/list.csv: not TOML, so nothing in it says its source and date"]);
}

#[test]
fn the_manual_is_what_the_sources_say() {
    let faults = after(|root| put(root, "docs/src/detectors/control.some-thing.md", "# Something else\n"));
    assert_eq!(faults, ["docs/src/detectors/control.some-thing.md: is not what the sources say; run `cargo xtask docs`"]);
    let faults = after(|root| put(root, "docs/src/new.md", "# New\n"));
    assert_eq!(faults, ["docs/src/SUMMARY.md: does not list new.md"]);
}

#[test]
fn home_directories_are_not_named() {
    let named = format!("see /{}/somebody/notes\n", "home");
    assert_eq!(after(|root| put(root, "notes.txt", &named)), ["notes.txt:1: names a path of a home directory"]);
    // The parent alone is nobody's.
    let parent = format!("below /{}/ everything is found\n", "home");
    assert!(after(|root| put(root, "notes.txt", &parent)).is_empty());
}
