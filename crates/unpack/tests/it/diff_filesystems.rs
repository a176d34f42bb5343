//! Filesystems that the system's own tools make now, compared name by name with what the tools take out again.

use std::{fs, path::Path};

use crate::tools::{Holds, Listing, compare, in_image, on_disk, open, run, tree};

fn work(holds: Holds) -> tempfile::TempDir {
    let work = tempfile::tempdir().unwrap();
    tree(&work.path().join("tree"), holds);
    work
}

fn image(work: &Path, format: &str) -> Listing {
    in_image(&open(fs::read(work.join("image")).unwrap()), format)
}

fn without_modes(mut listing: Listing) -> Listing {
    for seen in listing.values_mut() {
        seen.mode = None;
    }
    listing
}

#[test]
fn squashfs_agrees_with_unsquashfs_on_a_whole_tree() {
    let work = work(Holds::Special);
    let work = work.path();
    for options in [
        &["-comp", "gzip"][..],
        &["-comp", "xz", "-b", "64K", "-Xbcj", "arm"],
        &["-comp", "zstd", "-b", "1M", "-no-fragments"],
        &["-comp", "lzo", "-always-use-fragments"],
        &["-comp", "lz4", "-b", "4K"],
        &["-comp", "lzma", "-no-exports"],
        &["-noI", "-noD", "-noF", "-no-duplicates"],
    ] {
        let _ = fs::remove_file(work.join("image"));
        let _ = fs::remove_dir_all(work.join("out"));
        if run(work, "mksquashfs", &[&["tree", "image", "-quiet", "-no-progress"], options].concat()).is_none()
            || run(work, "unsquashfs", &["-q", "-n", "-d", "out", "image"]).is_none()
        {
            return;
        }
        compare(&on_disk(&work.join("out")), &image(work, "squashfs"), &format!("mksquashfs {options:?}"));
    }
}

#[test]
fn ext_agrees_with_debugfs() {
    let work = work(Holds::Names);
    let work = work.path();
    for (kind, options) in
        [("ext2", "none,filetype"), ("ext3", "dir_index"), ("ext4", "metadata_csum,64bit,inline_data"), ("ext4", "extent,^64bit")]
    {
        let _ = fs::remove_file(work.join("image"));
        let _ = fs::remove_dir_all(work.join("out"));
        fs::create_dir(work.join("out")).unwrap();
        if run(work, "mke2fs", &["-q", "-F", "-t", kind, "-O", options, "-d", "tree", "image", "24M"]).is_none()
            || run(work, "debugfs", &["-R", "rdump / out", "image"]).is_none()
        {
            return;
        }
        let (mut theirs, mut got) = (on_disk(&work.join("out")), image(work, "ext"));
        let mut put_in = on_disk(&work.join("tree"));
        put_in.extend(got.get_key_value(&b"lost+found"[..]).map(|(path, seen)| (path.clone(), seen.clone())));
        compare(&put_in, &got, &format!("mke2fs -t {kind} -O {options}"));
        // Its `rdump` writes all 60 bytes of an inode's inline data, whatever the file's size.
        if options.contains("inline_data") {
            continue;
        }
        // It sets owners after permissions, at which the system takes the setuid bits away; and sets no sticky bit.
        for seen in theirs.values_mut().chain(got.values_mut()) {
            seen.mode = seen.mode.map(|mode| mode & 0o777);
        }
        compare(&theirs, &got, &format!("debugfs, {kind} {options}"));
    }
}

#[test]
fn fat_agrees_with_mtools() {
    let work = work(Holds::Plain);
    let work = work.path();
    for (bits, sectors, kib) in [("12", "4", "4096"), ("16", "1", "16384"), ("32", "1", "40960")] {
        let _ = fs::remove_file(work.join("image"));
        let _ = fs::remove_dir_all(work.join("out"));
        fs::create_dir(work.join("out")).unwrap();
        if run(work, "mkfs.fat", &["-F", bits, "-s", sectors, "-C", "image", kib]).is_none()
            || run(work, "sh", &["-c", "command -v mcopy || exit 127"]).is_none()
        {
            return;
        }
        let make = "mcopy -s -Q -i image tree/* ::/ && mcopy -s -Q -n -i image '::/*' out/";
        run(work, "sh", &["-c", make]);
        compare(&without_modes(on_disk(&work.join("out"))), &without_modes(image(work, "fat")), &format!("FAT{bits}"));
    }
}

#[test]
fn jffs2_agrees_with_jefferson() {
    // jefferson and ubireader decode names as UTF-8.
    let work = work(Holds::Links);
    let work = work.path();
    for options in [&["-l"][..], &["-b", "-x", "zlib"], &["-l", "-x", "rtime", "-X", "lzo", "-e", "128KiB"]] {
        let _ = fs::remove_dir_all(work.join("out"));
        if run(work, "mkfs.jffs2", &[&["-r", "tree", "-o", "image"], options].concat()).is_none()
            || run(work, "jefferson", &["-d", "out", "image"]).is_none()
        {
            return;
        }
        let (wanted, mut got) = (on_disk(&work.join("out")), image(work, "jffs2"));
        compare(&on_disk(&work.join("tree")), &got, &format!("mkfs.jffs2 {options:?}"));
        // It sets no permissions, and writes one of several names of an inode.
        let twins = [&b"var/text"[..], b"var/text-again"];
        got.retain(|path, _| wanted.contains_key(path) || !twins.contains(&&**path));
        compare(&without_modes(wanted), &without_modes(got), &format!("jefferson {options:?}"));
    }
}

#[test]
fn ubifs_agrees_with_ubireader() {
    let work = work(Holds::Links);
    let work = work.path();
    fs::write(work.join("cfg"), "[a]\nmode=ubi\nimage=fs\nvol_id=0\nvol_type=dynamic\nvol_name=rootfs\nvol_size=12MiB\n").unwrap();
    for compressor in ["none", "lzo", "zlib", "zstd"] {
        let _ = fs::remove_dir_all(work.join("out"));
        if run(work, "mkfs.ubifs", &["-r", "tree", "-m", "2048", "-e", "126976", "-c", "200", "-x", compressor, "-o", "fs"]).is_none()
            || run(work, "ubinize", &["-o", "image", "-p", "128KiB", "-m", "2048", "cfg"]).is_none()
        {
            return;
        }
        let got = image(work, "ubifs");
        compare(&on_disk(&work.join("tree")), &got, &format!("mkfs.ubifs {compressor}"));
        // ubireader knows no zstd.
        if compressor == "zstd" {
            continue;
        }
        if run(work, "ubireader_extract_files", &["-k", "-o", "out", "image"]).is_none() {
            return;
        }
        let root = folder_with(&work.join("out"), "etc").expect("ubireader brings something out");
        let wanted = on_disk(&root);
        compare(&wanted, &got, &format!("ubireader {compressor}"));
    }
}

/// The folder under `root` that holds a name: tools put a volume's root under its number and name.
fn folder_with(root: &Path, name: &str) -> Option<std::path::PathBuf> {
    if root.join(name).exists() {
        return Some(root.to_owned());
    }
    fs::read_dir(root).ok()?.flatten().find_map(|item| folder_with(&item.path(), name))
}
