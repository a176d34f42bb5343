//! From current nodes to names, contents and a byte map.

use std::collections::{BTreeMap, HashMap, HashSet};

use assay_core::{
    Entry, EntryKind, Problem, SpanKind,
    facts::{Anomaly, ImageFact},
    manifest::Xattr,
};
use bytes::Bytes;

use super::{COMMIT, DATA, DENT, IDX, INO, Layout, MASTER, Node, PAD, REF, SUPER, TRUN, XENT, index::State};
use crate::{
    codec::{Codec, Poured, Trouble, block},
    context::Context,
    format::{Child, Loaded, Opened, Treat},
    input::Input,
};

const BLOCK: usize = 4096;
const ENCRYPTED: u32 = 0x40;

/// Adds all names below the root, which is inode 1, and the spans of all nodes.
pub fn build(input: &Input, layout: Layout, state: &State, nodes: &[Node], context: &Context, opened: &mut Opened) {
    let mut below = BTreeMap::<u32, Vec<(&[u8], Node)>>::new();
    for ((parent, name), dent) in &state.dents {
        below.entry(*parent).or_default().push((name, *dent));
    }
    let mut contents = HashMap::new();
    let mut seen = HashSet::from([1]);
    let mut waiting: Vec<(u32, Vec<u8>)> = vec![(1, Vec::new())];
    while let Some((parent, path)) = waiting.pop() {
        let mut directories = Vec::new();
        for (name, dent) in below.remove(&parent).unwrap_or_default() {
            if let Err(over) = context.step(1) {
                opened.problem(over.problem(dent.at));
                return spans(input, layout, state, nodes, &contents, opened);
            }
            let ino = input.le64(dent.at + 40).and_then(|ino| u32::try_from(ino).ok()).unwrap_or(0);
            let path = if path.is_empty() { name.to_vec() } else { [&path[..], b"/", name].concat() };
            if path.len() as u64 > context.limits.name_bytes {
                opened.problem(Problem::over_limit(dent.at, "a path longer than the limit"));
                continue;
            }
            let entry = entry(input, path.clone(), dent, ino, state, opened);
            let mut child = None;
            if entry.kind == EntryKind::Directory {
                if seen.insert(ino) {
                    directories.push((ino, path));
                } else {
                    opened.fact(dent.at, ImageFact::Anomaly { kind: Anomaly::Cycle, subject: assay_core::escape::escape(&path) });
                    opened.problem(Problem::corrupt(dent.at, format!("inode {ino} is a directory in two places or inside itself")));
                }
            } else if entry.kind == EntryKind::File && entry.size > 0 {
                child = Some(*contents.entry(ino).or_insert_with(|| file(input, &path, ino, entry.size, state, opened)));
            }
            opened.entry(entry, child);
        }
        waiting.extend(directories.into_iter().rev());
    }
    for (parent, names) in below {
        if let Some((_, dent)) = names.first() {
            opened.problem(Problem::corrupt(dent.at, format!("{} names in directory {parent}, which has no name itself", names.len())));
        }
    }
    spans(input, layout, state, nodes, &contents, opened);
}

fn entry(input: &Input, path: Vec<u8>, dent: Node, ino: u32, state: &State, opened: &mut Opened) -> Entry {
    let by_type = match input.u8(dent.at + 49) {
        Some(1) => EntryKind::Directory,
        Some(2) => EntryKind::Symlink,
        Some(3) => EntryKind::BlockDevice,
        Some(4) => EntryKind::CharDevice,
        Some(5) => EntryKind::Fifo,
        Some(6) => EntryKind::Socket,
        _ => EntryKind::File,
    };
    let mut entry = Entry::new(path, by_type, 0);
    entry.offset = dent.at;
    let Some(inode) = state.inodes.get(&ino) else {
        opened.problem(Problem::corrupt(dent.at, format!("{}: there is no inode {ino}", entry.shown())));
        return entry;
    };
    let word = |offset: u64| input.le32(inode.at + offset).unwrap_or(0);
    entry.offset = inode.at;
    match Entry::split_mode(word(104)) {
        Some((kind, mode)) => {
            (entry.kind, entry.mode) = (kind, Some(mode));
            if kind != by_type {
                opened.problem(Problem::corrupt(dent.at, format!("{}: the directory and the inode say different types", entry.shown())));
            }
        }
        None => opened.problem(Problem::corrupt(inode.at, format!("{}: mode {:#o} has no known type", entry.shown(), word(104)))),
    }
    (entry.uid, entry.gid) = (Some(word(96)), Some(word(100)));
    entry.mtime = input.le64(inode.at + 72).map(u64::cast_signed);
    let data = inline(input, *inode);
    match entry.kind {
        EntryKind::File => entry.size = input.le64(inode.at + 48).unwrap_or(0),
        EntryKind::Symlink => entry.target = Some(data.to_vec()),
        EntryKind::CharDevice | EntryKind::BlockDevice => {
            // 4 bytes: 12 bits of major between 8 and 12 bits of minor; 8 bytes: 32 bits each.
            entry.device = if let Ok(short) = data.try_into().map(u32::from_le_bytes) {
                Some((short >> 8 & 0xFFF, short & 0xFF | short >> 12 & 0xF_FF00))
            } else if let Ok(long) = data.try_into().map(u64::from_le_bytes) {
                Some(((long >> 8 & 0xFFF | long >> 32 & 0xFFFF_F000) as u32, (long & 0xFF | long >> 12 & 0xFFFF_FF00) as u32))
            } else {
                None
            };
        }
        _ => {}
    }
    for ((_, name), xent) in state.xattrs.range((ino, Vec::new())..).take_while(|((owner, _), _)| *owner == ino) {
        let value = input.le64(xent.at + 40).and_then(|at| state.inodes.get(&u32::try_from(at).ok()?));
        match value {
            Some(value) => entry.xattrs.push(Xattr { name: name.clone(), value: inline(input, *value).to_vec() }),
            None => opened.problem(Problem::corrupt(xent.at, "an extended attribute without a value")),
        }
    }
    entry
}

/// What an inode itself carries: a link's target, a device's numbers, an attribute's value.
fn inline(input: &Input, inode: Node) -> &[u8] {
    let len = input.le32(inode.at + 112).map_or(0, u64::from).min(inode.len.saturating_sub(160));
    input.get(inode.at + 160, len).unwrap_or_default()
}

/// The content of a file.
fn file(input: &Input, path: &[u8], ino: u32, size: u64, state: &State, opened: &mut Opened) -> usize {
    let blocks: Vec<(u32, Node)> = state.blocks.range((ino, 0)..=(ino, u32::MAX)).map(|((_, index), node)| (*index, *node)).collect();
    let at = state.inodes.get(&ino).map_or(0, |inode| inode.at);
    let encrypted = input.le32(at + 108).is_some_and(|flags| flags & ENCRYPTED != 0);
    let name = Some([b"/", path].concat());
    let bytes = input.bytes().clone();
    let child = Child::lazy(name, size, move |context| content(&bytes, &blocks, size, encrypted, context)).at(at, 160);
    opened.child(if encrypted { child.treat(Treat::Opaque("encrypted file (fscrypt)".into())) } else { child })
}

fn content(bytes: &Bytes, blocks: &[(u32, Node)], size: u64, raw: bool, context: &Context) -> Loaded {
    let mut loaded = Loaded::default();
    let input = Input::new(bytes, 0);
    let packed: u64 = blocks.iter().map(|(_, node)| node.len).sum();
    let room = context.room(packed);
    let end = size.min(room) as usize;
    let mut out: Vec<u8> = Vec::new();
    for (index, node) in blocks {
        let from = *index as usize * BLOCK;
        if from >= end || context.step(1).is_err() {
            break;
        }
        let (Some(unpacked), Some(method), Some(data)) =
            (input.le32(node.at + 40), input.le16(node.at + 44), input.get(node.at + 48, node.len - 48))
        else {
            continue;
        };
        let limit = (unpacked as usize).min(BLOCK);
        let poured = match method {
            _ if raw => plain(data, BLOCK),
            0 => plain(data, limit),
            1 => block(Codec::Lzo, data, limit),
            2 => block(Codec::Deflate, data, limit),
            3 => block(Codec::Zstd, data, limit),
            other => Poured { bytes: Vec::new(), trouble: Some(Trouble::Unsupported(format!("compressor {other}"))) },
        };
        if let Some(trouble) = &poured.trouble {
            loaded.problems.push(trouble.problem(node.at, "data node"));
        }
        // Blocks that are not there read as zeros.
        out.resize(from, 0);
        out.extend_from_slice(&poured.bytes);
    }
    if size > room {
        loaded.problems.push(Problem::over_limit(0, format!("{size} bytes are stated for {packed} packed ones; the limit is {room}")));
        out.truncate(end);
    } else {
        out.resize(end, 0);
    }
    loaded.bytes = out.into();
    loaded
}

fn plain(data: &[u8], limit: usize) -> Poured {
    Poured { bytes: data[..data.len().min(limit)].to_vec(), trouble: None }
}

fn spans(input: &Input, layout: Layout, state: &State, nodes: &[Node], contents: &HashMap<u32, usize>, opened: &mut Opened) {
    for node in nodes {
        let note = match node.kind {
            SUPER => "superblock",
            MASTER => "master node",
            REF | COMMIT => "log",
            IDX => "index",
            DENT | XENT => "directory entries",
            INO => "inodes",
            TRUN => "truncation",
            PAD => "padding node",
            DATA => {
                let key = input.le32(node.at + 24).zip(input.le32(node.at + 28).map(|block| block & 0x1FFF_FFFF));
                let current = key.filter(|(ino, _)| contents.contains_key(ino)).and_then(|key| state.blocks.get(&key));
                if current.is_some_and(|current| current.at == node.at) {
                    opened.payload(node.at, node.len, "data");
                } else {
                    opened.span(node.at, node.len, SpanKind::Unknown, "superseded data");
                }
                continue;
            }
            _ if node.at / layout.leb >= 3 + layout.log + layout.lpt
                && node.at / layout.leb < 3 + layout.log + layout.lpt + layout.orphans =>
            {
                "orphans"
            }
            _ => {
                // Their content means nothing to this reader: only the header is accounted for.
                opened.span(node.at, 24, SpanKind::Header, "authentication");
                continue;
            }
        };
        let kind = if matches!(node.kind, SUPER | MASTER) { SpanKind::Header } else { SpanKind::Table };
        opened.span(node.at, node.len, kind, note);
    }
}
