//! Archives that are too large or too deep to be kept as fixtures, and archives compared with what the system's own tools put in.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::Command,
};

use assay_core::{EntryKind, Limits, Sha256};
use assay_unpack::{Discard, Source, Unpacked, unpack};

fn open(bytes: Vec<u8>, limits: &Limits) -> Unpacked {
    let unpacked = unpack(Source::File(bytes.into()), b"input", limits, 2, &Discard);
    for artifact in &unpacked.subject.artifacts {
        assert_eq!(artifact.map.check(artifact.size), Ok(()), "map of {}", artifact.path);
    }
    unpacked
}

fn header(name: &str, size: usize) -> [u8; 512] {
    let mut block = [0; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[100..108].copy_from_slice(b"0000644\0");
    block[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    block[156] = b'0';
    block[257..265].copy_from_slice(b"ustar\x0000");
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

/// gzip around `bytes`, in stored blocks.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3];
    let mut blocks = bytes.chunks(0xFFFF).peekable();
    while let Some(block) = blocks.next() {
        out.push(u8::from(blocks.peek().is_none()));
        out.extend((block.len() as u16).to_le_bytes());
        out.extend((!(block.len() as u16)).to_le_bytes());
        out.extend(block);
    }
    out.extend(crc32fast::hash(bytes).to_le_bytes());
    out.extend((bytes.len() as u32).to_le_bytes());
    out
}

fn ends_at_the_depth_limit(bytes: Vec<u8>) {
    let limits = Limits::default();
    let unpacked = open(bytes, &limits);
    assert_eq!(unpacked.subject.artifacts.len(), limits.depth as usize + 1);
    assert!(unpacked.subject.coverage.gaps.iter().any(|gap| gap.note.contains("inside one another")));
}

#[test]
fn ten_thousand_tars_inside_one_another() {
    let mut headers = Vec::new();
    let mut size = 1;
    for _ in 0..10_000 {
        headers.push(header("inner.tar", size));
        size = 512 + size.next_multiple_of(512);
    }
    let mut bytes: Vec<u8> = headers.iter().rev().flatten().copied().collect();
    bytes.push(b'x');
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    ends_at_the_depth_limit(bytes);
}

#[test]
fn thousands_of_gzips_inside_one_another() {
    let mut bytes = b"core".to_vec();
    for _ in 0..2_000 {
        bytes = gzip(&bytes);
    }
    ends_at_the_depth_limit(bytes);
}

#[test]
fn many_empty_files() {
    const COUNT: usize = 100_000;
    let mut bytes: Vec<u8> = (0..COUNT).flat_map(|index| header(&format!("f{index:07}"), 0)).collect();
    bytes.resize(bytes.len() + 1024, 0);
    let unpacked = open(bytes, &Limits::default());
    assert_eq!(unpacked.subject.manifest.iter().map(|tree| tree.entries.len()).sum::<usize>(), COUNT);
    assert!(unpacked.complete && unpacked.subject.coverage.gaps.is_empty());
    let few = Limits { entries: 1000, ..Limits::default() };
    assert!(!open((0..2000).flat_map(|index| header(&format!("f{index:07}"), 0)).collect(), &few).complete);
}

#[test]
fn a_bomb_stops_at_its_room() {
    let bomb = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/formats/zip/hostile-bomb.zip")).unwrap();
    let limits = Limits { ratio: 10, ratio_floor_bytes: 1 << 20, ..Limits::default() };
    let unpacked = open(bomb, &limits);
    assert!(unpacked.subject.artifacts.iter().all(|artifact| artifact.size <= 1 << 20));
    assert!(unpacked.subject.coverage.gaps.iter().any(|gap| gap.note.contains("more would come out")));
}

/// Every reader must survive damage by itself; the engine's net under it is for libraries.
#[test]
fn damaged_archives_make_no_reader_give_up() {
    let formats = ["tar", "cpio", "zip", "ar", "xz", "bzip2", "zstd", "lzma", "lz4", "lzo", "gzip"];
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/formats");
    let rounds: u32 = std::env::var("ASSAY_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(6);
    let mut seed = 0x9E37_79B9_7F4A_7C15u64;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let limits = Limits { ratio_floor_bytes: 1 << 20, ..Limits::default() };
    for format in formats {
        for item in fs::read_dir(root.join(format)).unwrap() {
            let path = item.unwrap().path();
            if path.extension().is_some_and(|end| end == "json") || path.ends_with("hostile-bomb.zip") {
                continue;
            }
            let whole = fs::read(&path).unwrap();
            for _ in 0..rounds {
                let mut bytes = whole.clone();
                for _ in 0..=random(4) {
                    // Early bytes are mostly headers: they are hit more often.
                    let near = 1 << random(15);
                    let at = random(bytes.len().min(near));
                    let any = random(256) as u8;
                    bytes[at] = [0, 0xFF, b'0', b'7', any][random(5)];
                }
                if random(4) == 0 {
                    bytes.truncate(1 + random(bytes.len()));
                }
                let unpacked = open(bytes, &limits);
                let gave_up = unpacked.subject.coverage.gaps.iter().find(|gap| gap.note.contains("gave up"));
                assert!(gave_up.is_none(), "{}: {gave_up:?}", path.display());
            }
        }
    }
}

/// Runs a tool; `false`, with a word about it, where it is missing.
fn tool(program: &str, arguments: &[&str], folder: &Path) -> bool {
    match Command::new(program).args(arguments).current_dir(folder).output() {
        Ok(output) => {
            assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
            true
        }
        Err(error) => {
            println!("skipped: {program}: {error}");
            false
        }
    }
}

fn text(lines: usize) -> Vec<u8> {
    (0..lines).flat_map(|line| format!("{line} {:x}\n", line.wrapping_mul(2_654_435_761)).into_bytes()).collect()
}

type Seen = BTreeMap<String, (u32, Option<Sha256>)>;

#[test]
fn archives_hold_what_the_tools_put_in() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    fs::create_dir_all(tree.join("etc/init.d")).unwrap();
    fs::write(tree.join("etc/text"), text(5_000)).unwrap();
    fs::write(tree.join("etc/init.d/S50miner"), "#!/bin/sh\nexec miner\n").unwrap();
    fs::write(tree.join("empty"), "").unwrap();
    fs::write(tree.join(format!("{}-long", "n".repeat(150))), "long\n").unwrap();
    fs::set_permissions(tree.join("etc/init.d/S50miner"), fs::Permissions::from_mode(0o4755)).unwrap();
    let mut expected = Seen::new();
    let mut folders = vec![tree.clone()];
    while let Some(here) = folders.pop() {
        for item in fs::read_dir(here).unwrap() {
            let (path, meta) = item.map(|item| (item.path(), item.metadata().unwrap())).unwrap();
            let content = meta.is_file().then(|| Sha256::of(&fs::read(&path).unwrap()));
            expected.insert(path.strip_prefix(&tree).unwrap().to_str().unwrap().to_owned(), (meta.mode() & 0o7777, content));
            if meta.is_dir() {
                folders.push(path);
            }
        }
    }
    let makers: &[(&str, &str, &[&str])] = &[
        ("gnu", "tar", &["--format=gnu", "-cf", "../gnu", "."]),
        ("pax", "tar", &["--format=pax", "-cf", "../pax", "."]),
        ("bsd-pax", "bsdtar", &["--format=pax", "-cf", "../bsd-pax", "."]),
        ("newc", "bsdtar", &["--format=newc", "-cf", "../newc", "."]),
        ("odc", "bsdtar", &["--format=odc", "-cf", "../odc", "."]),
        ("bsd-zip", "bsdtar", &["--format=zip", "-cf", "../bsd-zip", "."]),
        ("info-zip", "zip", &["-qr", "../info-zip", "."]),
    ];
    for (name, program, arguments) in makers {
        if !tool(program, arguments, &tree) {
            continue;
        }
        let file = [folder.path().join(name), folder.path().join(format!("{name}.zip"))].into_iter().find(|path| path.exists()).unwrap();
        let unpacked = open(fs::read(file).unwrap(), &Limits::default());
        let entries = unpacked.subject.manifest.first().map(|tree| tree.entries.clone()).unwrap_or_default();
        let mut got = Seen::new();
        for entry in entries {
            let path = String::from_utf8(entry.path).unwrap();
            let content = (entry.kind == EntryKind::File).then_some(entry.content.unwrap_or(Sha256::of(b"")));
            got.insert(path.trim_start_matches("./").to_owned(), (entry.mode.unwrap(), content));
        }
        got.remove(".");
        got.remove("");
        assert_eq!(got, expected, "{name}");
    }
}

#[test]
fn streams_hold_what_the_tools_put_in() {
    let folder = tempfile::tempdir().unwrap();
    let content = text(60_000);
    fs::write(folder.path().join("text"), &content).unwrap();
    let makers: &[(&str, &[&str])] = &[
        ("gzip", &["-k", "text"]),
        ("xz", &["-k", "text"]),
        ("bzip2", &["-k", "text"]),
        ("lzma", &["-k", "text"]),
        ("zstd", &["-q", "-k", "text"]),
        ("zstd", &["-q", "-19", "-k", "text", "-o", "text.19"]),
        ("lz4", &["-q", "text", "text.lz4"]),
        ("lz4", &["-q", "-l", "text", "text.legacy"]),
        ("lzop", &["text"]),
    ];
    for (program, arguments) in makers {
        if !tool(program, arguments, folder.path()) {
            continue;
        }
        let packed = fs::read_dir(folder.path()).unwrap().map(|item| item.unwrap().path()).find(|path| !path.ends_with("text")).unwrap();
        let unpacked = open(fs::read(&packed).unwrap(), &Limits::default());
        fs::remove_file(&packed).unwrap();
        assert_eq!(unpacked.subject.artifacts.last().map(|artifact| artifact.id), Some(Sha256::of(&content)), "{program} {arguments:?}");
    }
}
