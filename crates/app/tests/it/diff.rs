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

/// How the functions of two builds in `fixtures/diff` stand to each other: changed, added, removed.
fn functions(before: &str, after: &str) -> (usize, usize, usize) {
    let folder = fixtures().join("diff");
    let (_, document) = diff(&folder.join(before), &folder.join(after));
    let functions = &document["changes"][0]["content"]["functions"];
    let count = |key: &str| functions[key].as_array().unwrap_or_else(|| panic!("{document}")).len();
    assert!(functions["same"].as_u64().unwrap() >= 4, "{functions}");
    (count("changed"), count("added"), count("removed"))
}

/// `make/diff.sh` says what the builds differ in.
#[test]
fn a_number_a_callee_and_what_only_moved() {
    assert_eq!(functions("base.elf", "port.elf"), (1, 0, 0), "a port: a number that is no address");
    assert_eq!(functions("base.elf", "callee.elf"), (1, 0, 0), "the same code that calls another function");
    assert_eq!(functions("base.elf", "shifted.elf"), (1, 1, 0), "one more function, and its caller");
    assert_eq!(functions("base-thumb.elf", "shifted-thumb.elf"), (1, 1, 0), "the same in Thumb-2");
}

/// A system in a folder, in an archive and in an archive within an archive is the same system.
#[test]
fn trees_find_each_other_wherever_they_lie() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    plant(&tree);
    let tar = |name: &str, from: &Path, what: &str| {
        let done = std::process::Command::new("tar").arg("-cf").arg(folder.path().join(name)).arg("-C").arg(from).arg(what).status();
        assert!(done.unwrap().success());
    };
    tar("root.tar", &tree, ".");
    fs::create_dir(folder.path().join("outer")).unwrap();
    fs::rename(folder.path().join("root.tar"), folder.path().join("outer/root.tar")).unwrap();
    fs::write(folder.path().join("outer/README"), "a release\n").unwrap();
    tar("release.tar", &folder.path().join("outer"), ".");
    fs::write(tree.join("etc/hostname"), "other\n").unwrap();
    let (_, document) = diff(&folder.path().join("release.tar"), &tree);
    let content: Vec<_> = paths(&document).into_iter().filter(|(_, change)| *change == "changed").collect();
    assert_eq!(content, [("/etc/hostname", "changed")], "{document}");
    assert!(!document["beside"].as_array().unwrap().is_empty());
    assert!(paths(&document).iter().any(|(path, change)| path.ends_with("README") && *change == "removed"));
}

#[test]
fn own_bytes_of_a_container_and_a_renamed_change() {
    let folder = tempfile::tempdir().unwrap();
    let (before, after) = (folder.path().join("before"), folder.path().join("after"));
    plant(&before);
    plant(&after);
    let inner = fs::read(fixtures().join("detectors/control.sudo-escalation/positive-editor.tar")).unwrap();
    fs::write(before.join("etc/saved.tar"), &inner).unwrap();
    // Blocks of zeros behind an archive's end are padding.
    fs::write(after.join("etc/saved.tar"), [inner, vec![0; 10240]].concat()).unwrap();
    let text = |last: &str| (0..80).map(|line| format!("option_{line} = {}\n", line * 37 % 101)).collect::<String>() + last;
    fs::write(before.join("etc/agent.conf"), text("last = 1\n")).unwrap();
    fs::write(after.join("etc/helper.conf"), text("last = 2\n")).unwrap();
    let (_, document) = diff(&before, &after);
    assert_eq!(paths(&document), [("/etc/helper.conf", "moved"), ("/etc/saved.tar", "changed")], "{document}");
    assert!(document["changes"][0]["details"][0].as_str().unwrap().contains("agent.conf"));
    assert_eq!(document["changes"][0]["content"]["lines"], serde_json::json!(["-81: last = 1", "+81: last = 2"]));
    let own = document["changes"][1]["details"][0].as_str().unwrap();
    assert!(own.contains("nothing that it holds differs"), "{own}");
}

/// A dump of flash is a release where it holds every part of it, wherever that lies.
#[test]
fn a_dump_is_told_to_be_a_release() {
    let folder = tempfile::tempdir().unwrap();
    let (kernel, root) = (
        fs::read(fixtures().join("formats/uimage/kernel.uimage")).unwrap(),
        fs::read(fixtures().join("formats/squashfs/gzip.bin")).unwrap(),
    );
    let package = folder.path().join("package");
    fs::create_dir(&package).unwrap();
    fs::write(package.join("kernel.bin"), &kernel).unwrap();
    fs::write(package.join("root.bin"), &root).unwrap();
    let mut tar = std::process::Command::new("tar");
    tar.arg("-cf").arg(folder.path().join("release.tar")).arg("-C").arg(&package).args(["kernel.bin", "root.bin"]);
    assert!(tar.status().unwrap().success());
    let mut dump = vec![0xFF; 0x1_0000];
    dump.extend(&kernel);
    dump.resize(0x4_0000, 0xFF);
    dump.extend(&root);
    dump.resize(0x8_0000, 0xFF);
    fs::write(folder.path().join("dump.bin"), &dump).unwrap();
    let outcome = |input: &str| -> Vec<String> {
        let mut command = Command::cargo_bin("assay").unwrap();
        command.args(["vet", "--format", "json", "--golden"]).arg(folder.path().join("release.tar")).arg(folder.path().join(input));
        let dossier: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
        assert_eq!(dossier["golden"]["name"], "release.tar");
        let table = dossier["tables"].as_array().unwrap().iter().find(|table| table["title"] == "Held against the golden image").unwrap();
        table["rows"].as_array().unwrap().iter().map(|row| format!("{}: {}", row[1].as_str().unwrap(), row[3].as_str().unwrap())).collect()
    };
    let all = ["all of it: it is that release: all 2 parts are there", "/kernel.bin: the same bytes", "/root.bin: the same bytes"];
    assert_eq!(outcome("dump.bin"), all);
    // A bit of the kernel.
    dump[0x1_0000 + kernel.len() / 2] ^= 1;
    fs::write(folder.path().join("other.bin"), &dump).unwrap();
    assert_eq!(
        outcome("other.bin")[..2],
        ["all of it: it is that release but for 1 of 2 parts; differing: 0, not there: 1", "/kernel.bin: not there"]
    );
}

/// What was made with a golden image is made again with it, and with no other.
#[test]
fn golden_findings_are_replayed_and_verified() {
    let folder = fixtures().join("detectors/provenance.deviates-from-golden");
    let golden = fixtures().join("diff/golden.tar");
    let out = tempfile::tempdir().unwrap();
    let assay = |arguments: &[&std::ffi::OsStr]| {
        let output = Command::cargo_bin("assay").unwrap().args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap(), text)
    };
    for name in ["positive-sudo.tar", "positive-missing.tar"] {
        let input = folder.join(name);
        let (input, golden, out) = (input.as_os_str(), golden.as_os_str(), out.path().as_os_str());
        let dossier = Path::new(out).join("dossier.json");
        let word = std::ffi::OsStr::new;
        assert_eq!(assay(&[word("vet"), input, word("--golden"), golden, word("--out"), out]).0, 0);
        let (code, text) = assay(&[word("verify"), dossier.as_os_str(), input, word("--golden"), golden]);
        assert_eq!(code, 0, "{text}");
        assert_eq!(assay(&[word("verify"), dossier.as_os_str(), input]).0, 2, "without the golden image");
        let (code, text) = assay(&[word("explain"), word("all"), word("--dossier"), out, input, word("--golden"), golden]);
        assert_eq!(code, 0, "{text}");
        assert!(text.contains("golden image") && !text.contains("nothing in the dossier to compare"), "{text}");
    }
}
