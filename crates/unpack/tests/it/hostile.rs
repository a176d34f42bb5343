//! Every kind of bad input that an attacker is known to use: each gives the anomaly or the problem that it should, with its place, and
//! costs no more than the limits allow.

use std::{fs, path::Path};

use assay_core::{
    At, EntryKind, FactBody, GapKind, Limits,
    facts::{Anomaly, ImageFact},
};
use assay_unpack::{Discard, Source, Unpacked, unpack};

use crate::tools::open;

/// What a fixture has to give.
enum Gives {
    /// This anomaly, about this, at this offset.
    Anomaly(Anomaly, &'static str, u64),
    /// A problem whose note holds this, at this offset.
    Problem(&'static str, u64),
    /// An entry of this name as shown, of this kind and permissions.
    Entry(&'static str, EntryKind, Option<u32>),
}
use Gives::{Entry, Problem};

const ESCAPES: Anomaly = Anomaly::NameEscapes;
const TWICE: Anomaly = Anomaly::DuplicateName;

/// A row per thing that can be wrong: what it is, the fixture, what has to come of it.
#[rustfmt::skip]
const ROWS: &[(&str, &str, Gives)] = &[
    ("a name that climbs, tar", "tar/hostile-names.tar", Gives::Anomaly(ESCAPES, "../outside", 0)),
    ("a name that climbs, inside the name", "tar/hostile-names.tar", Gives::Anomaly(ESCAPES, "a/../../b", 0x800)),
    ("a name that climbs, cpio", "cpio/hostile-names.cpio", Gives::Anomaly(ESCAPES, "../../outside", 0)),
    ("a name that climbs, zip", "zip/hostile-names.zip", Gives::Anomaly(ESCAPES, "../../outside", 0xCB)),
    ("a name that climbs, ar", "ar/hostile-names.a", Gives::Anomaly(ESCAPES, "../../outside", 0x60)),
    ("a name that climbs, UBIFS", "ubifs/hostile-name-escapes.bin", Gives::Anomaly(ESCAPES, "../../", 0x1F7B8)),
    ("a name that climbs, JFFS2", "jffs2/hostile-name-escapes.bin", Gives::Anomaly(ESCAPES, "../../etc/passwd", 0x38)),
    ("a name that is `..`, JFFS2", "jffs2/hostile-name-escapes.bin", Gives::Anomaly(ESCAPES, "..", 0xB4)),
    ("a name that climbs, SPIFFS", "spiffs/hostile-names-sizes.bin", Gives::Anomaly(ESCAPES, "../../etc/passwd", 0x100)),
    ("a volume's name that climbs, UBI", "ubi/hostile-name.bin", Gives::Anomaly(ESCAPES, "../../etc", 0x12C)),
    ("an absolute name, tar", "tar/hostile-names.tar", Gives::Anomaly(ESCAPES, "/etc/passwd", 0x400)),
    ("an absolute name, cpio", "cpio/hostile-names.cpio", Gives::Anomaly(ESCAPES, "/etc/passwd", 0x80)),
    ("a link, then a file of its name", "tar/hostile-through-link.tar", Gives::Anomaly(TWICE, "x", 0x200)),
    ("a link, then a directory of its name", "tar/hostile-through-link.tar", Gives::Anomaly(Anomaly::ThroughLink, "x/passwd", 0x800)),
    ("an entry below a link, cpio", "cpio/hostile-names.cpio", Gives::Anomaly(Anomaly::ThroughLink, "l/shadow", 0x174)),
    ("an entry below a link, zip", "zip/hostile-names.zip", Gives::Anomaly(Anomaly::ThroughLink, "l/shadow", 0x16E)),
    ("the PAX size against the header's", "tar/hostile-pax-size.tar", Gives::Anomaly(Anomaly::SizeMismatch, "file: the header says 1536, the PAX record 5", 0x47C)),
    ("one name twice, SquashFS", "squashfs/hostile-duplicate.bin", Gives::Anomaly(TWICE, "etc/link", 0x551F)),
    ("one name twice, SPIFFS", "spiffs/hostile-names-sizes.bin", Gives::Anomaly(TWICE, "same", 0x700)),
    ("overlapping entries, zip", "zip/hostile-overlap.zip", Gives::Anomaly(Anomaly::Overlap, "two", 0)),
    ("lying sizes, zip", "zip/hostile-sizes.zip", Gives::Anomaly(Anomaly::SizeMismatch, "one: the directory says 190 packed and 7 unpacked, the local header 190 and 2330", 0xF3)),
    ("a lying size of 4 GiB, zip", "zip/hostile-huge-size.zip", Problem("one: 4294967280 bytes are stated, 2330 came out", 247)),
    ("a lying size of 4 GiB, SPIFFS", "spiffs/hostile-names-sizes.bin", Gives::Anomaly(Anomaly::SizeMismatch, "huge", 0x308)),
    ("a lying size, tar", "tar/hostile-sizes.tar", Problem("huge: 8589934591 bytes are stated, 10 are left", 2048)),
    ("a lying size, cpio", "cpio/hostile-size.cpio", Problem("huge: 4294967280 bytes are stated, 8 are left", 116)),
    ("a lying size, ar", "ar/hostile-size.a", Problem("9999999999 bytes are stated, 1 are left", 68)),
    ("lying sizes, JFFS2", "jffs2/hostile-sizes.bin", Problem("/huge: 4294967295 bytes are more than one artifact may have", 0)),
    ("a gzip stream that unpacks to itself", "gzip/hostile-quine.gz", Gives::Anomaly(Anomaly::SelfReference, "", 0)),
    ("a sparse file of more than 4 GiB, ext4", "ext/hostile-sparse.bin.gz", Problem("/etc/numbers: 5000000000 bytes are more than one artifact may have", 0)),
    ("setuid, tar", "tar/gnu.tar", Entry("./bin/su", EntryKind::File, Some(0o4755))),
    ("setuid, cpio", "cpio/newc.cpio", Entry("bin/su", EntryKind::File, Some(0o4755))),
    ("setuid, zip", "zip/methods.zip", Entry("dir/deflated", EntryKind::File, Some(0o4755))),
    ("setuid, SquashFS", "squashfs/gzip.bin", Entry("bin/su", EntryKind::File, Some(0o4755))),
    ("setuid, ext4", "ext/ext4.bin.gz", Entry("etc/numbers", EntryKind::File, Some(0o4755))),
    ("setuid, UBIFS", "ubifs/none.ubifs.gz", Entry("bin/tool", EntryKind::File, Some(0o4755))),
    ("setuid, JFFS2", "jffs2/little.jffs2", Entry("bin/tool", EntryKind::File, Some(0o4755))),
    ("a character device, tar", "tar/gnu.tar", Entry("./dev/mtd0", EntryKind::CharDevice, Some(0o644))),
    ("a block device, cpio", "cpio/newc.cpio", Entry("dev/sda", EntryKind::BlockDevice, Some(0o600))),
    ("a character device, ext4", "ext/ext4.bin.gz", Entry("console", EntryKind::CharDevice, Some(0))),
    ("a block device, SquashFS", "squashfs/gzip.bin", Entry("etc/mtd", EntryKind::BlockDevice, Some(0o600))),
    ("a pipe, tar", "tar/gnu.tar", Entry("./run/fifo", EntryKind::Fifo, Some(0o644))),
    ("a pipe, cpio", "cpio/newc.cpio", Entry("fifo", EntryKind::Fifo, Some(0o600))),
    ("a pipe, SquashFS", "squashfs/gzip.bin", Entry("etc/fifo", EntryKind::Fifo, Some(0o644))),
    ("a pipe, JFFS2", "jffs2/little.jffs2", Entry("dev/pipe", EntryKind::Fifo, Some(0o644))),
    ("a pipe, UBIFS", "ubifs/none.ubifs.gz", Entry("dev/pipe", EntryKind::Fifo, Some(0o644))),
    ("a hard link that leads out", "tar/hostile-names.tar", Gives::Anomaly(ESCAPES, "hard -> ../../etc/shadow", 0xC00)),
    ("a name that is not UTF-8", "tar/hostile-names.tar", Entry("\\xff\\xfe-not-utf8", EntryKind::File, Some(0o644))),
    ("control characters in a name", "tar/hostile-names.tar", Entry("bell\\x07\\x1b[31m\\x0d\\x0a", EntryKind::File, Some(0o644))),
    ("HTML in a name, tar", "tar/hostile-names.tar", Entry("<script>alert(1)</script>", EntryKind::File, Some(0o644))),
    ("HTML in a name, zip", "zip/hostile-names.zip", Entry("<img src=x>\\x1b", EntryKind::File, Some(0o644))),
    ("all three in a name, cpio", "cpio/hostile-names.cpio", Entry("<b>\\xff\\x1b", EntryKind::File, Some(0o644))),
    ("all three in a name, SPIFFS", "spiffs/hostile-names-sizes.bin", Entry("<b>\\x1b\\xff", EntryKind::File, None)),
    ("a directory inside itself, SquashFS", "squashfs/hostile-cycle.bin", Gives::Anomaly(Anomaly::Cycle, "etc/empty", 0x551F)),
    ("a directory inside itself, JFFS2", "jffs2/hostile-cycle.bin", Gives::Anomaly(Anomaly::Cycle, "a/b/a", 0xE0)),
    ("a directory inside itself, FAT", "fat/hostile-cycles.bin.gz", Gives::Anomaly(Anomaly::Cycle, "BOOT/sub", 0x4640)),
    ("a chain of clusters inside itself, FAT", "fat/hostile-cycles.bin.gz", Gives::Anomaly(Anomaly::Cycle, "pieces.txt: cluster 11", 0x210)),
    ("a directory inside itself, ext2", "ext/hostile-cycle.bin.gz", Gives::Anomaly(Anomaly::Cycle, "etc/numbers", 0x7018)),
    ("an index inside itself, UBIFS", "ubifs/hostile-cyclic-index.bin", Gives::Anomaly(Anomaly::Cycle, "index tree", 0x25B58)),
    ("a fragment table past the end, SquashFS", "squashfs/hostile-fragment-table.bin", Problem("fragment table: its index of 1 blocks at 0x68f0 lies past the end", 22768)),
    ("an extent tree that points at itself, ext4", "ext/hostile-extents.bin.gz", Gives::Anomaly(Anomaly::Cycle, "block map: block 29", 0x740C)),
    ("two current versions of a block, UBI", "ubi/hostile-two-versions.bin", Gives::Anomaly(Anomaly::AmbiguousVersion, "volume 1 LEB 0: PEB at 0x3000 and PEB at 0x4000", 0x4040)),
    ("two current versions of a file, JFFS2", "jffs2/hostile-same-version.bin", Gives::Anomaly(Anomaly::AmbiguousVersion, "inode 2, version 1", 0x78)),
    ("one page in two files, SPIFFS", "spiffs/hostile-crossed.bin", Problem("object 1: data page 0 is at 0x200, the index says otherwise", 305)),
    ("cut off, SPIFFS", "spiffs/hostile-truncated.bin", Problem("the magic numbers say 32768 bytes, 5376 are there", 5376)),
];

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn anomalies(unpacked: &Unpacked) -> Vec<(Anomaly, String, u64)> {
    let anomaly = |fact: &assay_core::Fact| match (&fact.body, &fact.locator.at) {
        (FactBody::Image(ImageFact::Anomaly { kind, subject }), At::Offset(offset)) => Some((*kind, subject.clone(), *offset)),
        _ => None,
    };
    unpacked.facts.iter().filter_map(anomaly).collect()
}

#[test]
fn every_bad_input_is_told_with_its_place() {
    for (what, name, gives) in ROWS {
        let unpacked = open(fixture(&format!("formats/{name}")));
        let gaps = &unpacked.subject.coverage.gaps;
        match gives {
            Gives::Anomaly(kind, subject, offset) => {
                let met = anomalies(&unpacked);
                assert!(met.iter().any(|(k, s, o)| k == kind && s == subject && o == offset), "{what}: {name}: {met:#?}");
            }
            Problem(note, offset) => {
                assert!(gaps.iter().any(|gap| gap.note.contains(note) && gap.span.0 == *offset), "{what}: {name}: {gaps:#?}");
            }
            Entry(shown, kind, mode) => {
                let entries: Vec<_> = unpacked.subject.manifest.iter().flat_map(|tree| &tree.entries).collect();
                let found = entries.iter().find(|entry| entry.shown() == *shown);
                let found =
                    found.unwrap_or_else(|| panic!("{what}: {name}: {:#?}", entries.iter().map(|entry| entry.shown()).collect::<Vec<_>>()));
                assert_eq!((found.kind, mode.and(found.mode)), (*kind, *mode), "{what}: {name}");
            }
        }
    }
}

/// A name is data to the end: nothing of it reaches a terminal or a page as it is.
#[test]
fn hostile_names_are_shown_escaped() {
    for name in ["formats/tar/hostile-names.tar", "formats/zip/hostile-names.zip", "formats/spiffs/hostile-names-sizes.bin"] {
        let said = serde_json::to_string(&open(fixture(name))).unwrap();
        assert!(!said.bytes().any(|byte| byte < b' ' || byte == 0x7F), "{name} has control characters in it");
    }
}

#[test]
fn forty_two_kilobytes_stop_at_the_limits() {
    let limits = Limits { artifact_bytes: 64 << 20, ratio: 100, ratio_floor_bytes: 16 << 20, ..Limits::default() };
    let unpacked = unpack(Source::File(fixture("hostile/42.zip").into()), b"42.zip", &limits, 2, &Discard);
    // Sixteen times the same at each layer is opened once: six layers and what came out of the innermost.
    assert_eq!(unpacked.subject.artifacts.len(), 7);
    let largest = unpacked.subject.artifacts.iter().map(|artifact| artifact.size).max();
    assert_eq!(largest, Some(64 << 20));
    let gaps = &unpacked.subject.coverage.gaps;
    assert!(gaps.iter().any(|gap| gap.why == GapKind::OverLimit && gap.path.ends_with("0.dll")), "{gaps:?}");
}

#[test]
fn a_million_empty_files_are_listed() {
    const COUNT: usize = 1_000_000;
    let header = |index: usize, name: &str| {
        let fields = [index, 0o100_644, 0, 0, 1, 0, 0, 0, 0, 0, 0, name.len() + 1, 0];
        let mut entry = "070701".to_owned();
        for field in fields {
            entry += &format!("{field:08x}");
        }
        entry += name;
        entry.push('\0');
        while entry.len() % 4 != 0 {
            entry.push('\0');
        }
        entry
    };
    let mut bytes = Vec::with_capacity(COUNT * 120);
    for index in 0..COUNT {
        bytes.extend(header(index, &format!("{index:06}")).into_bytes());
    }
    bytes.extend(header(0, "TRAILER!!!").into_bytes());
    let unpacked = open(bytes);
    assert!(unpacked.complete && unpacked.subject.coverage.gaps.is_empty());
    assert_eq!(unpacked.subject.coverage.files.total, COUNT as u64);
    assert_eq!(unpacked.subject.coverage.files.read, COUNT as u64);
}
