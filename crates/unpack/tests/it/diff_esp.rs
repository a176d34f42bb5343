//! ESP32-S3 images made by `esptool` out of a small ELF, read by Assay and by `esptool image-info`; and a whole flash merged by it.

use std::{fs, path::Path};

use assay_core::{
    Sha256,
    facts::{IdentityField, ImageFact},
};
use assay_unpack::Unpacked;

use crate::tools::{compare, facts, in_image, on_disk, open, run};

/// Lets `fixtures/make/esp.py` make everything in a folder; `None`, with a message, where Python or esptool is missing.
fn made() -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().unwrap();
    let version = run(folder.path(), "esptool", &["version"])?;
    // Its options were spelled otherwise before.
    if !String::from_utf8_lossy(&version).contains("esptool v5") {
        println!("skipped: this is not esptool 5");
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/make/esp.py");
    run(folder.path(), "python3", &[script.to_str().unwrap(), "."])?;
    Some(folder)
}

/// Load address, length and offset of each segment, from the rows of `esptool image-info`.
fn segments_of_esptool(said: &str) -> Vec<(u64, u64, u64)> {
    let hexadecimal = |word: &str| u64::from_str_radix(word.strip_prefix("0x")?, 16).ok();
    let row = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [index, len, address, offset, ..] = words[..] else { return None };
        index.parse::<u8>().ok()?;
        Some((hexadecimal(address)?, hexadecimal(len)?, hexadecimal(offset)?))
    };
    said.lines().filter_map(row).collect()
}

fn segments_of_assay(unpacked: &Unpacked) -> Vec<(u64, u64, u64)> {
    let segment = |artifact: &assay_core::Artifact| {
        let (_, address) = artifact.path.split_once("@0x")?;
        let (start, len) = artifact.origin.as_ref()?.span?;
        Some((u64::from_str_radix(address, 16).ok()?, len, start))
    };
    unpacked.subject.artifacts.iter().filter_map(segment).collect()
}

/// The rest of the line that starts with `label`.
fn line<'a>(said: &'a str, label: &str) -> &'a str {
    let found = said.lines().find_map(|line| line.strip_prefix(label)?.strip_prefix(':'));
    found.unwrap_or_else(|| panic!("esptool does not say `{label}`:\n{said}")).trim()
}

#[test]
fn images_agree_with_esptool() {
    let Some(folder) = made() else { return };
    let folder = folder.path();
    for image in ["app.bin", "loader.bin"] {
        let Some(said) = run(folder, "esptool", &["image-info", image]) else { return };
        let said = String::from_utf8(said).unwrap();
        let unpacked = open(fs::read(folder.join(image)).unwrap());
        assert_eq!(unpacked.subject.format, "esp-image", "{image}");
        assert!(unpacked.subject.coverage.gaps.is_empty(), "{image}: {:?}", unpacked.subject.coverage.gaps);
        // A segment of zeros below 256 bytes is padding between others; esptool lists it, and so does Assay.
        let (theirs, ours) = (segments_of_esptool(&said), segments_of_assay(&unpacked));
        // esptool gives the offset of the segment's header.
        assert_eq!(ours, theirs.into_iter().map(|(address, len, offset)| (address, len, offset + 8)).collect::<Vec<_>>(), "{image}");
        let facts = facts(&unpacked);
        for (field, label) in [("checksum", "Checksum"), ("hash", "Validation hash")] {
            let theirs = line(&said, label);
            let ours = facts.iter().find_map(|fact| match fact {
                ImageFact::Checksum { name, stated, ok, .. } if name == field => Some((stated.clone(), *ok)),
                _ => None,
            });
            let (stated, ok) = ours.unwrap_or_else(|| panic!("{image}: no {field}"));
            assert_eq!(format!("{stated} ({})", if ok { "valid" } else { "invalid" }), theirs.trim_start_matches("0x"), "{image}: {field}");
        }
        let identity = |wanted| {
            facts.iter().find_map(|fact| match fact {
                ImageFact::Identity { field, value, .. } if *field == wanted => Some(value.as_str()),
                _ => None,
            })
        };
        let hardware = |wanted: &str| {
            facts.iter().find_map(|fact| match fact {
                ImageFact::Hardware { name, value } if name == wanted => Some(value.as_str()),
                _ => None,
            })
        };
        let chip = line(&said, "Chip ID");
        assert_eq!(identity(IdentityField::Platform), chip.split_once('(').map(|(_, name)| name.trim_end_matches(')')), "{image}");
        if image == "app.bin" {
            assert_eq!(identity(IdentityField::Model), Some(line(&said, "Project name")));
            assert_eq!(identity(IdentityField::Version), Some(line(&said, "App version")));
            assert_eq!(identity(IdentityField::Built), Some(line(&said, "Compile time")));
            assert_eq!(identity(IdentityField::Toolchain), Some(format!("ESP-IDF {}", line(&said, "ESP-IDF")).as_str()));
            assert_eq!(hardware("secure-version"), Some(line(&said, "Secure version")));
            assert_eq!(hardware("elf-sha256"), Some(line(&said, "ELF file SHA256")));
            let elf = fs::read(folder.join("app.elf")).unwrap();
            assert_eq!(hardware("elf-sha256"), Some(assay_core::hash::hex(&Sha256::of(&elf).0).as_str()));
        }
    }
}

#[test]
fn broken_images_are_broken_to_both() {
    let Some(folder) = made() else { return };
    let folder = folder.path();
    let mut image = fs::read(folder.join("app.bin")).unwrap();
    image[0x250] ^= 1;
    fs::write(folder.join("broken.bin"), &image).unwrap();
    let Some(said) = run(folder, "esptool", &["image-info", "broken.bin"]) else { return };
    let said = String::from_utf8(said).unwrap();
    let unpacked = open(image);
    let broken = facts(&unpacked).iter().filter(|fact| matches!(fact, ImageFact::Checksum { ok: false, .. })).count();
    assert_eq!(broken, said.matches("invalid").count(), "{said}");
    assert_eq!(broken, 2);
}

#[test]
fn a_merged_flash_opens_to_the_files_of_its_spiffs() {
    let Some(folder) = made() else { return };
    let folder = folder.path();
    let unpacked = open(fs::read(folder.join("flash.bin")).unwrap());
    assert_eq!(unpacked.subject.format, "esp-partitions");
    let members: Vec<String> = unpacked.subject.manifest[0].entries.iter().map(assay_core::Entry::shown).collect();
    assert_eq!(members, ["bootloader", "nvs", "phy_init", "factory", "www"]);
    for (member, format) in [("bootloader", "esp-image"), ("factory", "esp-image"), ("www", "spiffs")] {
        let artifact = unpacked.subject.artifacts.iter().find(|artifact| artifact.path == member);
        assert_eq!(artifact.map(|artifact| artifact.format.as_str()), Some(format), "{member}");
    }
    let mut wanted = on_disk(&folder.join("www"));
    // SPIFFS has neither directories nor permissions.
    wanted.retain(|_, seen| seen.content.is_some());
    for seen in wanted.values_mut() {
        seen.mode = None;
    }
    compare(&wanted, &in_image(&unpacked, "spiffs"), "SPIFFS of a merged flash");
    assert_eq!(unpacked.subject.coverage.bytes.unknown, 0, "{:?}", unpacked.subject.coverage.gaps);
}

/// ESP-IDF's own generator, where it is on the path.
#[test]
fn spiffs_holds_what_spiffsgen_put_in() {
    let work = tempfile::tempdir().unwrap();
    let work = work.path();
    fs::create_dir_all(work.join("tree/deep")).unwrap();
    fs::write(work.join("tree/a.txt"), "a\n".repeat(9_000)).unwrap();
    fs::write(work.join("tree/deep/b"), (0..70_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>()).unwrap();
    fs::write(work.join("tree/empty"), "").unwrap();
    let mut wanted = on_disk(&work.join("tree"));
    wanted.retain(|_, seen| seen.content.is_some());
    for seen in wanted.values_mut() {
        seen.mode = None;
    }
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/make/spiffs.py");
    for (page, block) in [("256", "4096"), ("512", "8192"), ("256", "65536"), ("1024", "32768")] {
        if run(work, "python3", &[own.to_str().unwrap(), "tree", "own", "0x80000", page, block]).is_none() {
            return;
        }
        compare(&wanted, &in_image(&open(fs::read(work.join("own")).unwrap()), "spiffs"), &format!("own generator, {page} and {block}"));
    }
    for extra in [&[][..], &["--meta-len", "0"], &["--no-magic"], &["--page-size", "512", "--block-size", "8192", "--obj-name-len", "64"]] {
        if run(work, "spiffsgen.py", &[&["0x80000", "tree", "theirs"], extra].concat()).is_none() {
            return;
        }
        compare(&wanted, &in_image(&open(fs::read(work.join("theirs")).unwrap()), "spiffs"), &format!("spiffsgen.py {extra:?}"));
    }
}
