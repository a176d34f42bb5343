//! From the log's nodes to names and contents.

use std::collections::{BTreeMap, HashMap, HashSet};

use assay_core::{
    Entry, EntryKind, Problem, SpanKind,
    facts::{Anomaly, ImageFact},
    manifest::Xattr,
};
use bytes::Bytes;

use super::unpack::unpack;
use crate::{
    context::Context,
    format::{Child, Loaded, Opened},
};

/// A name in a directory.
pub struct Dirent {
    pub at: u64,
    pub version: u32,
    pub ino: u32,
    pub kind: u8,
}

/// A version of an inode: its metadata and a stretch of its content.
#[derive(Clone)]
pub struct Piece {
    pub at: u64,
    pub version: u32,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub size: u32,
    pub mtime: u32,
    pub offset: u32,
    pub data: (u64, u64),
    pub unpacked: u32,
    pub method: u8,
}

/// Everything that the nodes say.
#[derive(Default)]
pub struct Log {
    pub dirents: BTreeMap<u32, BTreeMap<Vec<u8>, Vec<Dirent>>>,
    pub pieces: HashMap<u32, Vec<Piece>>,
    pub xattrs: HashMap<u32, (u32, Xattr)>,
    /// By inode, then attribute: sequence number (odd: deleted).
    pub xrefs: HashMap<u32, BTreeMap<u32, u32>>,
}

fn ambiguous(opened: &mut Opened, at: u64, subject: String) {
    opened.fact(at, ImageFact::Anomaly { kind: Anomaly::AmbiguousVersion, subject });
}

/// Adds all names below the root, which is inode 1.
pub fn build(bytes: &Bytes, mut log: Log, context: &Context, opened: &mut Opened) {
    let mut inodes: Vec<_> = log.pieces.iter_mut().collect();
    inodes.sort_by_key(|(ino, _)| **ino);
    for (ino, pieces) in inodes {
        pieces.sort_by_key(|piece| (piece.version, piece.at));
        for pair in pieces.windows(2) {
            let content = |piece: &Piece| bytes.get(piece.data.0 as usize..(piece.data.0 + piece.data.1) as usize);
            let key =
                |piece: &Piece| (piece.mode, piece.uid, piece.gid, piece.size, piece.mtime, piece.offset, piece.unpacked, piece.method);
            // Garbage collection copies nodes with their version: the same node twice is ordinary.
            if pair[0].version == pair[1].version && (key(&pair[0]) != key(&pair[1]) || content(&pair[0]) != content(&pair[1])) {
                ambiguous(opened, pair[1].at, format!("inode {ino}, version {}", pair[1].version));
            }
        }
    }
    let mut contents = HashMap::new();
    let mut seen = HashSet::from([1]);
    let mut waiting: Vec<(u32, Vec<u8>)> = vec![(1, Vec::new())];
    while let Some((parent, path)) = waiting.pop() {
        let mut below = Vec::new();
        for (name, versions) in log.dirents.remove(&parent).unwrap_or_default() {
            if let Err(over) = context.step(1) {
                opened.problem(over.problem(0));
                return;
            }
            let Some(newest) = versions.iter().max_by_key(|dirent| (dirent.version, dirent.at)) else { continue };
            if let Some(other) =
                versions.iter().find(|other| other.version == newest.version && (other.ino, other.kind) != (newest.ino, newest.kind))
            {
                ambiguous(
                    opened,
                    other.at,
                    format!("name {} in inode {parent}, version {}", assay_core::escape::escape(&name), other.version),
                );
            }
            if newest.ino == 0 {
                continue;
            }
            let path = if path.is_empty() { name } else { [&path[..], b"/", &name].concat() };
            if path.len() as u64 > context.limits.name_bytes {
                opened.problem(Problem::over_limit(newest.at, "a path longer than the limit"));
                continue;
            }
            let pieces = log.pieces.get(&newest.ino).map(Vec::as_slice).unwrap_or_default();
            let entry = entry(bytes, path.clone(), newest, pieces, &log, opened);
            if entry.kind == EntryKind::Directory {
                if seen.insert(newest.ino) {
                    below.push((newest.ino, path));
                } else {
                    opened.fact(newest.at, ImageFact::Anomaly { kind: Anomaly::Cycle, subject: assay_core::escape::escape(&path) });
                    opened.problem(Problem::corrupt(
                        newest.at,
                        format!("inode {} is a directory in two places or inside itself", newest.ino),
                    ));
                }
                opened.entry(entry, None);
            } else if entry.kind == EntryKind::File && entry.size > 0 {
                let child = *contents.entry(newest.ino).or_insert_with(|| {
                    let (bytes, pieces, size) = (bytes.clone(), pieces.to_vec(), entry.size);
                    let loader = move |context: &Context| content(&bytes, &pieces, size, context);
                    opened.child(Child::lazy(Some([b"/", &path[..]].concat()), size, loader).at(newest.at, 0))
                });
                opened.entry(entry, Some(child));
            } else {
                opened.entry(entry, None);
            }
        }
        waiting.extend(below.into_iter().rev());
    }
    for (ino, pieces) in &log.pieces {
        for piece in pieces.iter().filter(|piece| piece.mode & 0o170_000 == 0o100_000) {
            if contents.contains_key(ino) {
                opened.payload(piece.data.0, piece.data.1, "data");
            } else {
                opened.span(piece.data.0, piece.data.1, SpanKind::Unknown, "data of a file without a name");
            }
        }
    }
    for (parent, names) in &log.dirents {
        if let Some(dirent) = names.values().flatten().find(|dirent| dirent.ino != 0) {
            opened.problem(Problem::corrupt(dirent.at, format!("{} names in directory {parent}, which has no name itself", names.len())));
        }
    }
}

fn entry(bytes: &Bytes, path: Vec<u8>, dirent: &Dirent, pieces: &[Piece], log: &Log, opened: &mut Opened) -> Entry {
    let by_type = match dirent.kind {
        1 => EntryKind::Fifo,
        2 => EntryKind::CharDevice,
        4 => EntryKind::Directory,
        6 => EntryKind::BlockDevice,
        10 => EntryKind::Symlink,
        12 => EntryKind::Socket,
        _ => EntryKind::File,
    };
    let mut entry = Entry::new(path, by_type, 0);
    entry.offset = dirent.at;
    let Some(newest) = pieces.last() else {
        opened.problem(Problem::corrupt(dirent.at, format!("{}: no node of inode {}", entry.shown(), dirent.ino)));
        return entry;
    };
    match Entry::split_mode(newest.mode) {
        Some((kind, mode)) => {
            (entry.kind, entry.mode) = (kind, Some(mode));
            if kind != by_type {
                opened.problem(Problem::corrupt(dirent.at, format!("{}: the directory and the inode say different types", entry.shown())));
            }
        }
        None => opened.problem(Problem::corrupt(newest.at, format!("{}: mode {:#o} has no known type", entry.shown(), newest.mode))),
    }
    (entry.uid, entry.gid, entry.mtime) = (Some(newest.uid), Some(newest.gid), Some(i64::from(newest.mtime)));
    entry.offset = newest.at;
    let small = || {
        let piece = pieces.iter().rev().find(|piece| piece.data.1 > 0)?;
        let data = bytes.get(piece.data.0 as usize..(piece.data.0 + piece.data.1) as usize)?;
        Some(unpack(piece.method, data, piece.unpacked.min(64 << 10) as usize).bytes)
    };
    match entry.kind {
        EntryKind::Symlink => entry.target = small(),
        EntryKind::CharDevice | EntryKind::BlockDevice => {
            entry.device = small().and_then(|raw| match *raw {
                // Old devices have 8 bits each, new ones 12 and 20; the image's byte order decides.
                [low, high] if super::is_big(bytes) => Some((u32::from(low), u32::from(high))),
                [low, high] => Some((u32::from(high), u32::from(low))),
                [a, b, c, d] => {
                    let raw = if super::is_big(bytes) { u32::from_be_bytes([a, b, c, d]) } else { u32::from_le_bytes([a, b, c, d]) };
                    Some((raw >> 8 & 0xFFF, raw & 0xFF | raw >> 12 & 0xF_FF00))
                }
                _ => None,
            });
        }
        EntryKind::File => entry.size = u64::from(newest.size),
        _ => {}
    }
    for (xid, sequence) in log.xrefs.get(&dirent.ino).into_iter().flatten() {
        if sequence & 1 == 0
            && let Some((_, xattr)) = log.xattrs.get(xid)
        {
            entry.xattrs.push(xattr.clone());
        }
    }
    entry
}

/// Writes the pieces one over the other in the order of their versions.
fn content(bytes: &Bytes, pieces: &[Piece], size: u64, context: &Context) -> Loaded {
    let mut loaded = Loaded::default();
    let packed: u64 = pieces.iter().map(|piece| piece.data.1).sum();
    let room = context.room(packed);
    let end = size.min(room) as usize;
    let mut out: Vec<u8> = Vec::new();
    // A file's holes are nodes too: what no node gives was lost.
    let mut lost = 0;
    // Nodes that overwrite one another, or cut the file short again and again, may write twice of what the file may hold.
    let mut work = room.saturating_mul(2);
    for piece in pieces {
        if context.step(1).is_err() {
            break;
        }
        // A version may have cut the file short before a later one grew it again.
        out.truncate(piece.size as usize);
        if piece.unpacked == 0 {
            continue;
        }
        let from = piece.offset as usize;
        let limit = (piece.unpacked as usize).min(end.saturating_sub(from));
        let data = bytes.get(piece.data.0 as usize..(piece.data.0 + piece.data.1) as usize).unwrap_or_default();
        // No node holds more than a page; an erase block is a generous bound.
        if limit == 0 || piece.unpacked > 4 << 20 {
            loaded
                .problems
                .push(Problem::corrupt(piece.at, format!("{} bytes at {from} are not in the file or too many for a node", piece.unpacked)));
            continue;
        }
        let poured = unpack(piece.method, data, limit);
        if let Some(trouble) = &poured.trouble {
            loaded.problems.push(trouble.problem(piece.at, "data node"));
        }
        let to = from + poured.bytes.len();
        let Some(rest) = work.checked_sub((to - from.min(out.len())) as u64) else {
            loaded
                .problems
                .push(Problem::over_limit(piece.at, "the nodes of this file overwrite one another too often; the newest were not read"));
            break;
        };
        work = rest;
        lost += from.saturating_sub(out.len());
        if out.len() < to {
            out.resize(to, 0);
        }
        out[from..to].copy_from_slice(&poured.bytes);
    }
    if size > room {
        loaded.problems.push(Problem::over_limit(0, format!("{size} bytes are stated for {packed} packed ones; the limit is {room}")));
    } else {
        lost += end.saturating_sub(out.len());
        out.resize(end, 0);
    }
    if lost > 0 {
        let at = pieces.first().map_or(0, |piece| piece.at);
        loaded.problems.push(Problem::corrupt(at, format!("{lost} bytes of the file are in no node and read as zeros")));
    }
    out.truncate(end);
    loaded.bytes = out.into();
    loaded
}
