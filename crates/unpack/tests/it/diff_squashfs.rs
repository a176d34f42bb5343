//! The same image, read by Assay and by unsquashfs.

use std::{fs, path::Path, process::Command};

use assay_core::{Limits, Sha256};
use assay_unpack::{Discard, Source, unpack};

#[test]
fn squashfs_agrees_with_unsquashfs() {
    if Command::new("unsquashfs").arg("-version").output().is_err() {
        println!("skipped: unsquashfs is not installed");
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/formats/squashfs");
    for name in ["gzip", "lzma", "lzo", "lz4", "zstd", "xz-arm", "stored"] {
        let image = folder.join(format!("{name}.bin"));
        let out = tempfile::tempdir().unwrap();
        let root = out.path().join("root");
        // Devices and owners need rights that a test may not have; names and contents do not.
        Command::new("unsquashfs").args(["-q", "-n", "-no-xattrs", "-d"]).arg(&root).arg(&image).output().unwrap();
        let unpacked = unpack(Source::File(fs::read(&image).unwrap().into()), b"image", &Limits::default(), 2, &Discard);
        let tree = unpacked.subject.manifest.iter().find(|tree| tree.format == "squashfs").unwrap();
        let mut files = 0;
        for entry in &tree.entries {
            let path = root.join(String::from_utf8(entry.path.clone()).unwrap());
            let Ok(there) = fs::symlink_metadata(&path) else {
                assert!(entry.device.is_some(), "{name}: {} was not written by unsquashfs", entry.shown());
                continue;
            };
            if there.is_file() {
                files += 1;
                let content = fs::read(&path).unwrap();
                assert_eq!((entry.size, entry.content), (content.len() as u64, Some(Sha256::of(&content))), "{name}: {}", entry.shown());
            } else if there.is_symlink() {
                assert_eq!(entry.target.as_deref(), fs::read_link(&path).unwrap().to_str().map(str::as_bytes), "{name}: {}", entry.shown());
            }
        }
        assert!(files >= 6, "{name}: only {files} files were compared");
    }
}
