//! Archives that the system's own tools make now, compared name by name with what `bsdtar` and `dpkg-deb` take out again.

use std::fs;

use crate::tools::{Holds, compare, in_image, on_disk, open, run, tree};

#[test]
fn tar_cpio_and_zip_agree_with_bsdtar() {
    let work = tempfile::tempdir().unwrap();
    let work = work.path();
    // bsdtar converts the names of PAX and zip to UTF-8, and refuses those that are not.
    for (format, holds, ours) in [
        ("ustar", Holds::Special, "tar"),
        ("pax", Holds::Links, "tar"),
        ("gnutar", Holds::Special, "tar"),
        ("newc", Holds::Special, "cpio"),
        ("odc", Holds::Special, "cpio"),
        ("zip", Holds::Links, "zip"),
    ] {
        let _ = fs::remove_dir_all(work.join("tree"));
        let _ = fs::remove_dir_all(work.join("out"));
        tree(&work.join("tree"), holds);
        fs::create_dir(work.join("out")).unwrap();
        if run(work, "bsdtar", &["--format", format, "-cf", "archive", "-C", "tree", "."]).is_none() {
            return;
        }
        run(work, "bsdtar", &["-xpf", "archive", "-C", "out"]);
        let got = in_image(&open(fs::read(work.join("archive")).unwrap()), ours);
        compare(&on_disk(&work.join("out")), &got, format);
    }
}

#[test]
fn packed_tars_agree_with_bsdtar() {
    let work = tempfile::tempdir().unwrap();
    let work = work.path();
    tree(&work.join("tree"), Holds::Links);
    for packer in ["--gzip", "--bzip2", "--xz", "--lzma", "--zstd", "--lz4", "--lzop"] {
        let _ = fs::remove_dir_all(work.join("out"));
        fs::create_dir(work.join("out")).unwrap();
        // It leaves LZO to a program of that name.
        if packer == "--lzop" && run(work, "lzop", &["--version"]).is_none() {
            continue;
        }
        if run(work, "bsdtar", &[packer, "-cf", "archive", "-C", "tree", "."]).is_none() {
            return;
        }
        run(work, "bsdtar", &["-xpf", "archive", "-C", "out"]);
        let got = in_image(&open(fs::read(work.join("archive")).unwrap()), "tar");
        compare(&on_disk(&work.join("out")), &got, packer);
    }
}

#[test]
fn ar_agrees_with_bsdtar() {
    let work = tempfile::tempdir().unwrap();
    let work = work.path();
    fs::create_dir(work.join("tree")).unwrap();
    for (name, content) in [("short", "1"), ("a-name-of-more-than-sixteen-letters.o", "odd"), ("b", "even"), ("empty", "")] {
        fs::write(work.join("tree").join(name), content).unwrap();
    }
    for format in ["arbsd", "argnu"] {
        let _ = fs::remove_dir_all(work.join("out"));
        fs::create_dir(work.join("out")).unwrap();
        let make = format!("cd tree && bsdtar --format {format} -cf ../archive *");
        if run(work, "bsdtar", &["--version"]).is_none() || run(work, "sh", &["-c", &make]).is_none() {
            return;
        }
        run(work, "bsdtar", &["-xpf", "archive", "-C", "out"]);
        compare(&on_disk(&work.join("out")), &in_image(&open(fs::read(work.join("archive")).unwrap()), "ar"), format);
    }
}

#[test]
fn packages_agree_with_dpkg() {
    let work = tempfile::tempdir().unwrap();
    let work = work.path();
    tree(&work.join("tree"), Holds::Links);
    fs::create_dir(work.join("tree/DEBIAN")).unwrap();
    fs::write(work.join("tree/DEBIAN/control"), "Package: sample\nVersion: 1\nArchitecture: all\nMaintainer: none\nDescription: sample\n")
        .unwrap();
    let mut packages = Vec::new();
    for packer in ["none", "gzip", "xz", "zstd"] {
        let name = format!("{packer}.deb");
        if run(work, "dpkg-deb", &["-Z", packer, "-b", "tree", &name]).is_none() {
            return;
        }
        packages.push(work.join(name));
    }
    // What the system itself was installed from, where it is still there.
    let cache = fs::read_dir("/var/cache/apt/archives").into_iter().flatten().flatten().map(|item| item.path());
    let real: Vec<_> = cache.filter(|path| path.extension().is_some_and(|end| end == "deb")).take(5).collect();
    if real.is_empty() {
        println!("no real packages: /var/cache/apt/archives holds none");
    }
    packages.extend(real);
    for package in packages {
        let _ = fs::remove_dir_all(work.join("out"));
        run(work, "dpkg-deb", &["-x", package.to_str().unwrap(), "out"]);
        let unpacked = open(fs::read(&package).unwrap());
        let trees = unpacked.subject.manifest.iter().filter(|tree| tree.format == "tar");
        assert_eq!(trees.count(), 2, "control and data of {}", package.display());
        let mut data = unpacked;
        data.subject.manifest.retain(|tree| tree.path.contains("data.tar"));
        compare(&on_disk(&work.join("out")), &in_image(&data, "tar"), &package.display().to_string());
    }
}
