//! Boot images and device trees that U-Boot's and the device tree compiler's tools make now, compared with what `dumpimage` takes out
//! and `fdtget` reads.

use std::fs;

use assay_core::{Limits, Sha256, facts::ImageFact};
use assay_unpack::{Unpacked, context::Context, fdt, input::Input};

use crate::tools::{facts, noise, open, run};

const TREE: &str = r#"/dts-v1/; / { model = "Sample board"; compatible = "sample,board", "sample,chip"; #address-cells = <2>; #size-cells = <1>;
    memory@0 { device_type = "memory"; reg = <0x1 0x20000000 0x10000000>; };
    chosen { bootargs = "console=ttyPS0,115200 root=/dev/ram rw"; stdout-path = "serial0:115200n8"; };
    soc { odd = [01 02 03]; empty; big = <1 2 3 4 5 6 7 8>; deep { deeper { deepest { phandle = <7>; }; }; }; uart@e0001000 { reg = <0 0xe0001000 0x1000>; }; }; };"#;

/// Digests of what came directly out of the image, in order.
fn parts(unpacked: &Unpacked) -> Vec<Sha256> {
    let image = unpacked.subject.id;
    let child = |artifact: &&assay_core::Artifact| artifact.origin.as_ref().is_some_and(|origin| origin.parent == image);
    unpacked.subject.artifacts.iter().filter(child).map(|artifact| artifact.id).collect()
}

/// What `dumpimage` takes out of `image`, part by part.
fn dumped(folder: &std::path::Path, kind: &str, image: &str, count: usize) -> Option<Vec<Sha256>> {
    let part = |index: usize| {
        run(folder, "dumpimage", &["-T", kind, "-p", &index.to_string(), "-o", "part", image])?;
        Some(Sha256::of(&fs::read(folder.join("part")).unwrap()))
    };
    (0..count).map(part).collect()
}

fn made() -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("kernel"), noise(7, 5_001)).unwrap();
    fs::write(folder.path().join("ramdisk"), "a ramdisk of words\n".repeat(50)).unwrap();
    fs::write(folder.path().join("tree.dts"), TREE).unwrap();
    run(folder.path(), "dtc", &["-q", "-O", "dtb", "-o", "tree.dtb", "tree.dts"])?;
    Some(folder)
}

#[test]
fn legacy_images_agree_with_dumpimage() {
    let Some(folder) = made() else { return };
    let folder = folder.path();
    let header = ["-A", "arm", "-O", "linux", "-C", "none", "-a", "0x8000", "-e", "0x8040", "-n", "a sample"];
    for (kind, data, count) in [("kernel", "kernel", 1), ("ramdisk", "ramdisk", 1), ("multi", "kernel:ramdisk:tree.dtb", 3)] {
        if run(folder, "mkimage", &[&header[..], &["-T", kind, "-d", data, "image"]].concat()).is_none() {
            return;
        }
        let Some(wanted) = dumped(folder, kind, "image", count) else { return };
        let unpacked = open(fs::read(folder.join("image")).unwrap());
        assert_eq!(unpacked.subject.format, "uimage");
        assert_eq!(parts(&unpacked), wanted, "{kind}");
        let sums: Vec<bool> =
            facts(&unpacked).iter().filter_map(|fact| if let ImageFact::Checksum { ok, .. } = fact { Some(*ok) } else { None }).collect();
        assert_eq!(sums, [true, true], "{kind}: header and data");
    }
}

#[test]
fn fit_images_agree_with_dumpimage() {
    let Some(folder) = made() else { return };
    let folder = folder.path();
    let image = |name: &str, file: &str, kind: &str, hash: &str| {
        format!(
            "{name} {{ data = /incbin/(\"{file}\"); type = \"{kind}\"; arch = \"arm\"; os = \"linux\"; compression = \"none\"; load = <0x8000>; entry = <0x8000>; hash-1 {{ algo = \"{hash}\"; }}; }};"
        )
    };
    let images = [
        image("kernel", "kernel", "kernel", "crc32"),
        image("ramdisk", "ramdisk", "ramdisk", "sha1"),
        image("tree", "tree.dtb", "flat_dt", "sha256"),
    ]
    .concat();
    let source = format!(
        "/dts-v1/; / {{ description = \"sample\"; #address-cells = <1>; images {{ {images} }}; configurations {{ default = \"c\"; c {{ kernel = \"kernel\"; fdt = \"tree\"; ramdisk = \"ramdisk\"; }}; }}; }};"
    );
    fs::write(folder.join("image.its"), source).unwrap();
    // With the data inside the tree and behind it.
    for extra in [&[][..], &["-E"], &["-E", "-B", "0x1000"]] {
        if run(folder, "mkimage", &[&["-f", "image.its"], extra, &["image"]].concat()).is_none() {
            return;
        }
        let Some(wanted) = dumped(folder, "flat_dt", "image", 3) else { return };
        let unpacked = open(fs::read(folder.join("image")).unwrap());
        assert_eq!(unpacked.subject.format, "fit");
        assert_eq!(parts(&unpacked), wanted, "mkimage {extra:?}");
        let good = facts(&unpacked).iter().filter(|fact| matches!(fact, ImageFact::Checksum { ok: true, .. })).count();
        assert_eq!(good, 3, "mkimage {extra:?}");
    }
}

#[test]
fn every_property_agrees_with_fdtget() {
    let Some(folder) = made() else { return };
    let folder = folder.path();
    let bytes = fs::read(folder.join("tree.dtb")).unwrap();
    let input = Input::new(&bytes.clone().into(), 0);
    let limits = Limits::default();
    let tree = fdt::read(&input, &fdt::header(&input).unwrap(), &Context::new(&limits));
    let mut compared = 0;
    for node in &tree.nodes {
        let path = if node.path.is_empty() { "/" } else { std::str::from_utf8(&node.path).unwrap() };
        let Some(names) = run(folder, "fdtget", &["-p", "tree.dtb", path]) else { return };
        let names: Vec<&str> = std::str::from_utf8(&names).unwrap().lines().collect();
        assert_eq!(node.properties.len(), names.len(), "{path}");
        for name in names {
            let said = run(folder, "fdtget", &["-t", "bx", "tree.dtb", path, name]).unwrap();
            let wanted: Vec<u8> =
                std::str::from_utf8(&said).unwrap().split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
            assert_eq!(node.value(&input, name), Some(&*wanted), "{path} {name}");
            compared += 1;
        }
    }
    assert_eq!((tree.nodes.len(), compared), (8, 13));
    let unpacked = open(bytes);
    let said: Vec<(&str, &str)> = facts(&unpacked)
        .iter()
        .filter_map(|fact| if let ImageFact::Hardware { name, value } = fact { Some((&**name, &**value)) } else { None })
        .collect();
    for wanted in [
        ("model", "Sample board"),
        ("compatible", "sample,board, sample,chip"),
        ("memory", "268435456 bytes at 0x120000000"),
        ("bootargs", "console=ttyPS0,115200 root=/dev/ram rw"),
        ("console", "serial0:115200n8"),
    ] {
        assert!(said.contains(&wanted), "{wanted:?} is not among {said:?}");
    }
}
