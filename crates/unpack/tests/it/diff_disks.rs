//! ext: a tree is put into an image by `mke2fs -d`, opened by Assay, and compared name by name with what went in.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use assay_core::{EntryKind, Limits, Sha256};
use assay_unpack::{Discard, Source, unpack};

#[test]
fn ext_gives_what_mke2fs_put_in() {
    let mke2fs = ["/usr/sbin/mke2fs", "/sbin/mke2fs"].into_iter().find(|path| Path::new(path).exists());
    let Some(mke2fs) = mke2fs else {
        println!("skipped: mke2fs is not installed");
        return;
    };
    let work = tempfile::tempdir().unwrap();
    let tree = work.path().join("tree");
    fs::create_dir_all(tree.join("many")).unwrap();
    let mut expected = Vec::new();
    for number in 0..400usize {
        let path = format!("many/a-name-that-fills-directories-{number}");
        expected.push((path, number.to_string().repeat(number).into_bytes()));
    }
    // Long enough for indirect blocks of two levels; no two blocks alike.
    expected.push(("big".into(), (0..600_000u32).flat_map(u32::to_le_bytes).collect()));
    for (path, bytes) in &expected {
        fs::write(tree.join(path), bytes).unwrap();
        fs::set_permissions(tree.join(path), fs::Permissions::from_mode(0o640)).unwrap();
    }
    std::os::unix::fs::symlink("many/x", tree.join("link")).unwrap();
    for (kind, block, features) in [
        ("ext2", "1024", "none,filetype,sparse_super"),
        ("ext3", "4096", "dir_index"),
        ("ext4", "1024", "metadata_csum,64bit,meta_bg,^resize_inode"),
        ("ext4", "4096", "metadata_csum,64bit,inline_data"),
        ("ext4", "1024", "metadata_csum,64bit,bigalloc,^resize_inode"),
    ] {
        let image = work.path().join("image");
        let _ = fs::remove_file(&image);
        let made = Command::new(mke2fs)
            .args(["-q", "-F", "-t", kind, "-b", block, "-O", features, "-d"])
            .arg(&tree)
            .arg(&image)
            .arg("32M")
            .output()
            .unwrap();
        assert!(made.status.success(), "{features}: {}", String::from_utf8_lossy(&made.stderr));
        let unpacked = unpack(Source::File(fs::read(&image).unwrap().into()), b"image", &Limits::default(), 2, &Discard);
        let entries = &unpacked.subject.manifest.iter().find(|tree| tree.format == "ext").unwrap().entries;
        for (path, bytes) in &expected {
            let entry = entries.iter().find(|entry| entry.path == path.as_bytes()).unwrap_or_else(|| panic!("{features}: no {path}"));
            assert_eq!(
                (entry.kind, entry.mode, entry.content),
                (EntryKind::File, Some(0o640), Some(Sha256::of(bytes))),
                "{features}: {path}"
            );
        }
        let link = entries.iter().find(|entry| entry.path == b"link").unwrap();
        assert_eq!(link.target.as_deref(), Some(&b"many/x"[..]));
        // lost+found, many, link and the files.
        assert_eq!(entries.len(), expected.len() + 3, "{features}");
    }
}
