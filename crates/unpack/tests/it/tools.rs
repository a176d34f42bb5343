//! What differential tests share: the system's tools, trees on disk, and what Assay says of an image.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::{
        ffi::OsStrExt,
        fs::{FileTypeExt, MetadataExt},
    },
    path::Path,
    process::{Command, Stdio},
};

use assay_core::{EntryKind, FactBody, Limits, Sha256, facts::ImageFact};
use assay_unpack::{Discard, Source, Unpacked, unpack};

/// Runs a tool in `folder` and gives what it printed; `None`, with a message, where it is not installed. It must succeed.
pub fn run(folder: &Path, tool: &str, arguments: &[&str]) -> Option<Vec<u8>> {
    let paths = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    let output =
        Command::new("env").arg(format!("PATH={paths}")).arg(tool).args(arguments).current_dir(folder).stdin(Stdio::null()).output();
    let Ok(output) = output else {
        println!("skipped: `env` does not run");
        return None;
    };
    if output.status.code() == Some(127) {
        println!("skipped: {tool} is not installed");
        return None;
    }
    assert!(output.status.success(), "{tool} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(output.stdout)
}

/// Opens `bytes`; every map is whole.
pub fn open(bytes: Vec<u8>) -> Unpacked {
    let unpacked = unpack(Source::File(bytes.into()), b"image", &Limits::default(), 2, &Discard);
    for artifact in &unpacked.subject.artifacts {
        assert_eq!(artifact.map.check(artifact.size), Ok(()), "map of {}", artifact.path);
    }
    unpacked
}

/// The facts about images.
pub fn facts(unpacked: &Unpacked) -> Vec<&ImageFact> {
    unpacked.facts.iter().filter_map(|fact| if let FactBody::Image(fact) = &fact.body { Some(fact) } else { None }).collect()
}

/// A name's type, permissions, link target and content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub kind: EntryKind,
    pub mode: Option<u32>,
    pub target: Option<Vec<u8>>,
    pub content: Option<Sha256>,
}

/// Names to what stands under them; the root itself is left out.
pub type Listing = BTreeMap<Vec<u8>, Seen>;

/// What stands under `root`.
pub fn on_disk(root: &Path) -> Listing {
    let mut listing = Listing::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for item in fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            let meta = fs::symlink_metadata(&path).unwrap();
            let kind = match meta.file_type() {
                kind if kind.is_dir() => EntryKind::Directory,
                kind if kind.is_symlink() => EntryKind::Symlink,
                kind if kind.is_fifo() => EntryKind::Fifo,
                kind if kind.is_socket() => EntryKind::Socket,
                kind if kind.is_char_device() => EntryKind::CharDevice,
                kind if kind.is_block_device() => EntryKind::BlockDevice,
                _ => EntryKind::File,
            };
            if kind == EntryKind::Directory {
                folders.push(path.clone());
            }
            let seen = Seen {
                kind,
                mode: (kind != EntryKind::Symlink).then_some(meta.mode() & 0o7777),
                target: (kind == EntryKind::Symlink).then(|| fs::read_link(&path).unwrap().as_os_str().as_bytes().to_vec()),
                content: (kind == EntryKind::File).then(|| Sha256::of(&fs::read(&path).unwrap())),
            };
            listing.insert(path.strip_prefix(root).unwrap().as_os_str().as_bytes().to_vec(), seen);
        }
    }
    listing
}

/// What Assay says stands in the first container of `format`. Hard links are shown as the files that they are.
pub fn in_image(unpacked: &Unpacked, format: &str) -> Listing {
    let tree = unpacked.subject.manifest.iter().find(|tree| tree.format == format).unwrap_or_else(|| panic!("no {format} was found"));
    let mut listing = Listing::new();
    for entry in &tree.entries {
        let path = plain(&entry.path);
        if path.is_empty() {
            continue;
        }
        let mut seen = Seen {
            kind: entry.kind,
            mode: entry.mode.filter(|_| entry.kind != EntryKind::Symlink),
            target: entry.target.clone(),
            content: entry.content.filter(|_| entry.kind == EntryKind::File),
        };
        if entry.kind == EntryKind::Hardlink {
            seen = listing.get(&plain(entry.target.as_deref().unwrap_or_default())).cloned().unwrap_or(seen);
        }
        assert!(listing.insert(path, seen).is_none(), "{} stands twice", entry.shown());
    }
    listing
}

fn plain(path: &[u8]) -> Vec<u8> {
    let path = path.strip_prefix(b".").filter(|rest| rest.first().is_none_or(|byte| *byte == b'/')).unwrap_or(path);
    let path = path.strip_prefix(b"/").unwrap_or(path);
    path.strip_suffix(b"/").unwrap_or(path).to_vec()
}

/// Compares name by name, so that a failure names the first that differs.
pub fn compare(wanted: &Listing, got: &Listing, what: &str) {
    for (path, seen) in wanted {
        assert_eq!(got.get(path), Some(seen), "{what}: {}", String::from_utf8_lossy(path));
    }
    let more: Vec<_> = got.keys().filter(|path| !wanted.contains_key(*path)).map(|path| String::from_utf8_lossy(path)).collect();
    assert!(more.is_empty(), "{what}: Assay alone knows of {more:?}");
    assert!(!wanted.is_empty(), "{what}: nothing was compared");
}

/// What [`tree`] puts into a tree: not every container holds everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub enum Holds {
    /// Directories and files under names of letters.
    Plain,
    /// Permissions, too.
    Modes,
    /// Symbolic and hard links, and a name with control characters, too.
    Links,
    /// A name that is not UTF-8, too.
    Names,
    /// Pipes and, as root, devices, too.
    Special,
}

/// Makes a tree of many kinds of files at `root`, with a piece of the real system in it.
pub fn tree(root: &Path, holds: Holds) {
    use std::{ffi::OsStr, os::unix::fs::PermissionsExt};
    let make = |path: &str, content: &[u8], mode: u32| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        if holds >= Holds::Modes {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    make("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n", 0o644);
    make("etc/init.d/S50miner", b"#!/bin/sh\nexec /usr/bin/miner\n", 0o755);
    make("etc/shadow", b"root:*:1::::::\n", 0o400);
    make("usr/bin/su", &noise(1, 70_001), 0o4755);
    make("usr/bin/wall", &noise(2, 4_096), 0o2755);
    make("var/empty", b"", 0o666);
    make("var/zeros", &vec![0; 300_000], 0o600);
    make("var/text", &b"all work and no play makes jack a dull boy\n".repeat(9_000), 0o640);
    make(&format!("var/{}", "n".repeat(140)), b"a long name\n", 0o644);
    for number in 0..300 {
        make(&format!("var/many/a-name-that-fills-directories-{number}"), number.to_string().repeat(number).as_bytes(), 0o644);
    }
    fs::create_dir_all(root.join("tmp/nothing")).unwrap();
    real(root, holds);
    if holds >= Holds::Modes {
        fs::set_permissions(root.join("tmp"), fs::Permissions::from_mode(0o1777)).unwrap();
        fs::set_permissions(root.join("var/many"), fs::Permissions::from_mode(0o750)).unwrap();
    }
    if holds >= Holds::Links {
        std::os::unix::fs::symlink("../usr/bin/su", root.join("etc/link")).unwrap();
        std::os::unix::fs::symlink("/etc/".to_owned() + &"deep/".repeat(30), root.join("etc/far")).unwrap();
        fs::hard_link(root.join("var/text"), root.join("var/text-again")).unwrap();
        fs::write(root.join("etc/ <b>\x1b[1m"), "a name for terminals and browsers\n").unwrap();
    }
    if holds >= Holds::Names {
        fs::write(root.join(OsStr::from_bytes(b"etc/\xE4\xF6\xFC")), "a name in Latin-1\n").unwrap();
    }
    if holds >= Holds::Special {
        run(root, "mkfifo", &["-m", "620", "tmp/pipe"]);
        // Devices need root; without it the rest of the tree will do.
        let made =
            Command::new("mknod").arg("-m").arg("666").arg(root.join("tmp/null")).args(["c", "1", "3"]).stderr(Stdio::null()).status();
        if !made.is_ok_and(|status| status.success()) {
            println!("no device in the tree: mknod is refused");
        }
    }
}

/// A few real programs and data files of the system that the test runs on.
fn real(root: &Path, holds: Holds) {
    for folder in ["/usr/share/zoneinfo/Europe", "/usr/share/perl5/Dpkg", "/usr/lib/udev"] {
        let Ok(items) = fs::read_dir(folder) else {
            println!("no real files from {folder}: it is not there");
            continue;
        };
        let into = root.join("real").join(folder.rsplit('/').next().unwrap_or(folder));
        fs::create_dir_all(&into).unwrap();
        for item in items.flatten().take(60) {
            let Ok(meta) = item.metadata() else { continue };
            // Names that differ in case alone, or that the FAT family forbids, are no business of this test.
            let fine = item
                .file_name()
                .to_str()
                .is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)));
            if meta.is_file() && meta.len() < 200_000 && (fine || holds > Holds::Modes) {
                fs::copy(item.path(), into.join(item.file_name())).unwrap();
            }
        }
    }
}

/// Bytes that do not compress, the same on every run.
pub fn noise(seed: u32, len: usize) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}
