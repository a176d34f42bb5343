//! JFFS2, UBIFS and UBI images made by mtd-utils hold what the directory they were made of holds.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use assay_core::{EntryKind, Limits, Sha256};
use assay_unpack::{Discard, Source, unpack};

fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::create_dir_all(root.join("a/b")).unwrap();
    let mut noise = 1_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise >> 24) as u8
    })
    .take(70_001)
    .collect();
    let files = BTreeMap::from([
        ("a/b/noise".to_owned(), noise),
        ("a/text".to_owned(), b"all work and no play makes jack a dull boy\n".repeat(900)),
        ("a/zeros".to_owned(), vec![0; 9_000]),
        ("one".to_owned(), b"1".to_vec()),
    ]);
    for (path, content) in &files {
        fs::write(root.join(path), content).unwrap();
    }
    files
}

fn check(image: &Path, wanted: &BTreeMap<String, Vec<u8>>, what: &str) {
    let unpacked = unpack(Source::File(fs::read(image).unwrap().into()), b"image", &Limits::default(), 2, &Discard);
    let entries = unpacked.subject.manifest.iter().flat_map(|tree| &tree.entries);
    let got: BTreeMap<String, Option<Sha256>> =
        entries.filter(|entry| entry.kind == EntryKind::File).map(|entry| (entry.shown(), entry.content)).collect();
    let wanted: BTreeMap<String, Option<Sha256>> = wanted.iter().map(|(path, content)| (path.clone(), Some(Sha256::of(content)))).collect();
    assert_eq!(got, wanted, "{what}");
}

/// Runs a tool; false where it is missing.
fn run(tool: &str, arguments: &[&str], folder: &Path) -> bool {
    let paths = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    let Ok(output) = Command::new("env").arg(format!("PATH={paths}")).arg(tool).args(arguments).current_dir(folder).output() else {
        return false;
    };
    if output.status.code() == Some(127) {
        println!("skipped: {tool} is not installed");
        return false;
    }
    assert!(output.status.success(), "{tool} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    true
}

#[test]
fn jffs2_holds_what_was_put_in() {
    let work = tempfile::tempdir().unwrap();
    let files = tree(&work.path().join("tree"));
    for extra in
        [&["-l"][..], &["-b"], &["-l", "-x", "zlib", "-X", "lzo"], &["-b", "-x", "zlib", "-x", "lzo"], &["-l", "-n", "-e", "128KiB", "-p"]]
    {
        let arguments = [&["-r", "tree", "-o", "image"], extra].concat();
        if !run("mkfs.jffs2", &arguments, work.path()) {
            return;
        }
        check(&work.path().join("image"), &files, &format!("{extra:?}"));
    }
}

#[test]
fn ubifs_in_ubi_holds_what_was_put_in() {
    let work = tempfile::tempdir().unwrap();
    let files = tree(&work.path().join("tree"));
    fs::write(work.path().join("cfg"), "[a]\nmode=ubi\nimage=fs\nvol_id=3\nvol_type=dynamic\nvol_name=rootfs\nvol_size=4MiB\n").unwrap();
    for compressor in ["none", "lzo", "zlib", "zstd"] {
        if !run("mkfs.ubifs", &["-r", "tree", "-m", "2048", "-e", "126976", "-c", "60", "-x", compressor, "-o", "fs"], work.path()) {
            return;
        }
        check(&work.path().join("fs"), &files, compressor);
        if !run("ubinize", &["-o", "image", "-p", "128KiB", "-m", "2048", "cfg"], work.path()) {
            return;
        }
        check(&work.path().join("image"), &files, &format!("UBI, {compressor}"));
    }
}
