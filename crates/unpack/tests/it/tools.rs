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
