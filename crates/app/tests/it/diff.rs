//! `assay diff` over trees that differ in known places.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use assert_cmd::Command;
use serde_json::Value;

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// A small system with a program, a key, a start script and a sudo rule.
fn plant(tree: &Path) {
    for folder in ["bin", "etc/init.d", "usr/bin"] {
        fs::create_dir_all(tree.join(folder)).unwrap();
    }
    let write = |path: &str, text: &[u8]| fs::write(tree.join(path), text).unwrap();
    write("etc/inittab", b"::sysinit:/etc/init.d/rcS\n");
    write("etc/init.d/rcS", b"#!/bin/sh\nmount -t proc proc /proc\n/usr/bin/agent\n");
    write("etc/sudoers", b"root ALL=(ALL) ALL\nwww ALL=(root) NOPASSWD: /sbin/reboot\n");
    write("etc/hostname", b"rig\n");
    fs::copy(fixtures().join("formats/pem/public.pem"), tree.join("etc/update.pub")).unwrap();
    fs::copy(fixtures().join("code/programs/beacon-discovery-answer/bin/shown-ipreport.a32"), tree.join("usr/bin/agent")).unwrap();
    fs::set_permissions(tree.join("etc/init.d/rcS"), fs::Permissions::from_mode(0o755)).unwrap();
}

/// Exit code, and what is printed for programs.
fn diff(before: &Path, after: &Path) -> (i32, Value) {
    let output = Command::cargo_bin("assay").unwrap().args(["diff", "--format", "json"]).args([before, after]).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {errors}")))
}

fn paths(document: &Value) -> Vec<(&str, &str)> {
    let word = |value: &'_ Value, key: &str| value[key].as_str().map(str::to_owned).unwrap_or_default();
    document["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| {
            assert!(!word(change, "path").is_empty());
            (change["path"].as_str().unwrap(), change["change"].as_str().unwrap())
        })
        .collect()
}

/// Address and file offset of an instruction that moves a small number into a register (A32, `mov rd, #n`), in the middle of the code.
fn small_move(program: &[u8]) -> usize {
    let fits = |at: &usize| {
        let word = u32::from_le_bytes(program[*at..*at + 4].try_into().unwrap());
        word & 0xFFFF_0F00 == 0xE3A0_0000 && (1..100).contains(&(word & 0xFF))
    };
    let found: Vec<usize> = (0x300..program.len() - 4).step_by(4).filter(fits).collect();
    found[found.len() / 2]
}

#[test]
fn four_changes_are_named_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (before, after) = (folder.path().join("before"), folder.path().join("after"));
    plant(&before);
    plant(&after);
    assert_eq!(diff(&before, &after).1["changes"], Value::Array(Vec::new()));
    let append = |path: &str, line: &str| fs::write(after.join(path), fs::read_to_string(after.join(path)).unwrap() + line).unwrap();
    append("etc/init.d/rcS", "/usr/sbin/telnetd -l /bin/sh\n");
    append("etc/sudoers", "www ALL=(root) NOPASSWD: /bin/vi\n");
    fs::copy(fixtures().join("detectors/keys/maker.pem"), after.join("etc/update.pub")).unwrap();
    let mut program = fs::read(after.join("usr/bin/agent")).unwrap();
    let at = small_move(&program);
    program[at] ^= 0x40;
    fs::write(after.join("usr/bin/agent"), program).unwrap();
    let (code, document) = diff(&before, &after);
    assert_eq!(code, 1);
    assert_eq!(
        paths(&document),
        [("/etc/init.d/rcS", "changed"), ("/etc/sudoers", "changed"), ("/etc/update.pub", "changed"), ("/usr/bin/agent", "changed")]
    );
    let change = |index: usize| &document["changes"][index];
    assert_eq!(change(0)["content"]["lines"], serde_json::json!(["+4: /usr/sbin/telnetd -l /bin/sh"]));
    assert_eq!(change(1)["gained"][0]["words"], "www as root, without a password: /bin/vi");
    assert_eq!((change(2)["gained"][0]["kind"].as_str(), change(2)["lost"][0]["kind"].as_str()), (Some("key"), Some("key")));
    let functions = &change(3)["content"]["functions"];
    assert_eq!(functions["changed"].as_array().unwrap().len(), 1, "{functions}");
    assert_eq!((&functions["added"], &functions["removed"]), (&Value::Array(Vec::new()), &Value::Array(Vec::new())));
}

#[test]
fn moves_modes_and_what_is_new_or_gone() {
    let folder = tempfile::tempdir().unwrap();
    let (before, after) = (folder.path().join("before"), folder.path().join("after"));
    plant(&before);
    plant(&after);
    fs::rename(after.join("usr/bin/agent"), after.join("usr/bin/helper")).unwrap();
    fs::remove_file(after.join("etc/hostname")).unwrap();
    fs::write(after.join("etc/new.conf"), "a = 1\n").unwrap();
    fs::set_permissions(after.join("etc/init.d/rcS"), fs::Permissions::from_mode(0o777)).unwrap();
    let (_, document) = diff(&before, &after);
    assert_eq!(
        paths(&document),
        [("/etc/hostname", "removed"), ("/etc/init.d/rcS", "mode"), ("/etc/new.conf", "added"), ("/usr/bin/helper", "moved")]
    );
}

/// A package whose inside changed is no change of its own.
#[test]
fn layers_above_a_change_follow_from_it() {
    let folder = fixtures().join("detectors/control.sudo-escalation");
    let (_, document) = diff(&folder.join("positive-editor.tar"), &folder.join("positive-everything.tar"));
    assert_eq!(paths(&document), [("/etc/sudoers", "changed")]);
    let (_, document) = diff(&folder.join("positive-editor.tar"), &fixtures().join("formats/pem"));
    assert!(document["changes"].as_array().unwrap().len() > 10, "two inputs that share nothing");
}
