//! ext2, ext3, ext4: one filesystem with features.
//!
//! **Specification**: Linux, Documentation/filesystems/ext4 ("ext4 Data Structures and Algorithms"); for indirect blocks "The Second
//! Extended File System - Internal Layout".
//!
//! **Limitations**: a journal is not replayed (a problem says so where that is needed); values of extended attributes in inodes of their
//! own are not read; checksums of htree index blocks, quota files and the journal are not verified; encrypted names are shown as
//! they stand. Directories are read linearly, indexed or not.

mod dir;
mod groups;
mod inode;
mod superblock;
mod xattr;

use std::collections::{HashMap, HashSet};

use assay_core::{
    Entry, EntryKind, Problem, Span, SpanKind,
    escape::escape,
    facts::{Anomaly, IdentityField, ImageFact},
    hash::hex,
};
use bytes::Bytes;

use crate::{
    context::Context,
    format::{Child, Format, Loaded, Magic, Opened, Treat},
    input::Input,
};
use inode::{BlockMap, FLAG_COMPRESSED, FLAG_ENCRYPTED, FLAG_INLINE, Inode, Run};
use superblock::Super;

/// The format.
pub static FORMAT: Format = Format {
    name: "ext",
    title: "ext2/3/4 filesystem",
    version: 1,
    magics: &[Magic { bytes: &[0x53, 0xEF], at: 0x438 }],
    at_start: false,
    open,
};

/// Longest path that is followed: what a system could open (`PATH_MAX`).
const PATH_MAX: usize = 4096;
const ROOT: u32 = 2;
const RESIZE: u32 = 7;
/// Failures of one kind of checksum that are told one by one.
const TOLD: u64 = 32;

/// Many checksums of one kind. Those that hold become one fact, whose values are all of them XORed; those that do not, one each.
#[derive(Default)]
struct Tally {
    holds: u64,
    fails: u64,
    folded: u64,
    covers: Option<(u64, u64)>,
}

impl Tally {
    fn add(&mut self, opened: &mut Opened, at: u64, covers: (u64, u64), stated: u64, computed: u64) {
        if stated == computed {
            self.holds += 1;
            self.folded ^= stated;
            let (start, end) = self.covers.unwrap_or((covers.0, covers.0 + covers.1));
            self.covers = Some((start.min(covers.0), end.max(covers.0 + covers.1)));
            return;
        }
        self.fails += 1;
        if self.fails <= TOLD {
            opened.checksum(at, "metadata checksum", "CRC-32C", covers, &(stated as u32).to_be_bytes(), &(computed as u32).to_be_bytes());
        }
    }

    fn tell(&self, opened: &mut Opened, what: &str, algorithm: &str) {
        if let Some((start, end)) = self.covers {
            let value = hex(&(self.folded as u32).to_be_bytes());
            let name = format!("{what}: {} of {}, XORed", self.holds, self.holds + self.fails);
            let fact = ImageFact::Checksum {
                name,
                algorithm: algorithm.into(),
                covers: (start, end - start),
                stated: value.clone(),
                computed: value,
                ok: true,
            };
            opened.fact(start, fact);
        }
        if self.fails > TOLD {
            opened.problem(Problem::corrupt(superblock::AT, format!("{} checksums of {what} do not hold", self.fails)));
        }
    }
}

#[derive(Default)]
struct Tallies {
    descriptors: Tally,
    bitmaps: Tally,
    inodes: Tally,
    extents: Tally,
    directories: Tally,
    xattrs: Tally,
}

/// A filesystem while it is read.
struct Reader<'a> {
    input: &'a Input,
    context: &'a Context<'a>,
    sup: Super,
    groups: Vec<groups::Group>,
    opened: Opened,
    tallies: Tallies,
    /// Blocks that something claims.
    used: Vec<bool>,
    /// Blocks of extended attributes that were met: several inodes may share one.
    shared: HashSet<u64>,
    overlaps: u64,
    over: bool,
}

fn open(input: &Input, context: &Context) -> Option<Opened> {
    let sup = superblock::read(input)?;
    let whole = sup.blocks.saturating_mul(sup.block_size);
    let mut opened = Opened::new(whole.min(input.size()));
    if sup.unread_features() != 0 {
        if input.start() > 0 {
            return None;
        }
        opened.span(superblock::AT, 1024, SpanKind::Header, "superblock");
        let what = if sup.incompat & superblock::INCOMPAT_JOURNAL_DEV != 0 { "an external journal" } else { "unknown" };
        opened.problem(
            Problem::unsupported(
                superblock::AT + 0x60,
                format!("incompatible features {:#x} ({what}) are not read", sup.unread_features()),
            )
            .over(whole.min(input.size())),
        );
        return Some(opened);
    }
    let known = sup.blocks.min(input.size() / sup.block_size) as usize;
    let mut reader = Reader {
        input,
        context,
        sup,
        groups: Vec::new(),
        opened,
        tallies: Tallies::default(),
        used: vec![false; known],
        shared: HashSet::new(),
        overlaps: 0,
        over: false,
    };
    reader.read_groups();
    let root = reader.inode(ROOT).filter(|root| root.kind() == Some(EntryKind::Directory));
    if input.start() > 0 && root.is_none() {
        return None;
    }
    reader.superblock_facts(whole);
    let mut children = HashMap::new();
    match root {
        Some(root) => reader.walk(root, &mut children),
        None => reader.opened.problem(Problem::corrupt(superblock::AT, "the root directory (inode 2) is not there")),
    }
    reader.rest(&mut children);
    reader.free_blocks();
    if reader.overlaps > TOLD {
        reader.opened.problem(Problem::corrupt(superblock::AT, format!("{} blocks belong to two owners", reader.overlaps)));
    }
    let Reader { mut opened, tallies, sup, .. } = reader;
    tallies.descriptors.tell(&mut opened, "group descriptors", if sup.metadata_csum() { "CRC-32C" } else { "CRC-16" });
    tallies.bitmaps.tell(&mut opened, "bitmaps", "CRC-32C");
    tallies.inodes.tell(&mut opened, "inodes", "CRC-32C");
    tallies.extents.tell(&mut opened, "extent blocks", "CRC-32C");
    tallies.directories.tell(&mut opened, "directory blocks", "CRC-32C");
    tallies.xattrs.tell(&mut opened, "extended attribute blocks", "CRC-32C");
    Some(opened)
}

impl Reader<'_> {
    fn superblock_facts(&mut self, whole: u64) {
        if let Some((stated, computed)) = self.sup.checksum {
            self.opened.checksum(
                superblock::AT + 0x3FC,
                "superblock",
                "CRC-32C",
                (superblock::AT, 0x3FC),
                &stated.to_be_bytes(),
                &computed.to_be_bytes(),
            );
        }
        if whole > self.input.size() {
            let note = format!("the filesystem has {whole} bytes, only {} are there", self.input.size());
            self.opened.problem(Problem::truncated(self.input.size(), note));
        }
        if self.sup.incompat & superblock::INCOMPAT_RECOVER != 0 {
            self.opened.problem(Problem::unsupported(
                superblock::AT + 0x60,
                "the filesystem was not unmounted; its journal is not replayed, so what is shown may be older",
            ));
        }
        for (at, name, value) in [(0x78, "volume-label", self.sup.name.clone()), (0x88, "last-mounted", self.sup.last_mounted.clone())] {
            if !value.is_empty() {
                self.opened.fact(superblock::AT + at, ImageFact::Hardware { name: name.into(), value: escape(&value) });
            }
        }
        if self.sup.made != 0 {
            let fact = ImageFact::Identity { field: IdentityField::Built, value: crate::time::date(i64::from(self.sup.made)), weight: 20 };
            self.opened.fact(superblock::AT + 0x108, fact);
        }
    }

    /// The bytes of a block.
    fn block(&self, block: u64) -> Option<Bytes> {
        if block == 0 || block >= self.sup.blocks || self.context.step(1 + self.sup.block_size / 512).is_err() {
            return None;
        }
        self.input.slice(block.checked_mul(self.sup.block_size)?, self.sup.block_size)
    }

    /// Notes, once, that the limit on steps was reached.
    fn over(&mut self) {
        if !std::mem::replace(&mut self.over, true) {
            self.opened.problem(crate::context::OverSteps.problem(superblock::AT));
        }
    }

    /// Marks blocks as claimed; two claims of one block are an anomaly.
    fn mark(&mut self, block: u64, count: u64) {
        let from = (block.min(self.used.len() as u64)) as usize;
        let to = block.saturating_add(count).min(self.used.len() as u64) as usize;
        if self.context.step((to - from) as u64 / 64).is_err() {
            return self.over();
        }
        let mut first = None;
        for (index, used) in self.used[from..to].iter_mut().enumerate() {
            if std::mem::replace(used, true) {
                first.get_or_insert(from + index);
                self.overlaps += 1;
            }
        }
        if let Some(first) = first.filter(|_| self.overlaps <= TOLD) {
            let at = first as u64 * self.sup.block_size;
            self.opened.fact(at, ImageFact::Anomaly { kind: Anomaly::Overlap, subject: format!("block {first}") });
            self.opened.problem(Problem::corrupt(at, format!("block {first} belongs to two owners")).over(self.sup.block_size));
        }
    }

    fn claim_table(&mut self, block: u64, count: u64, note: &str) {
        self.mark(block, count);
        let size = self.sup.block_size;
        self.opened.span(block.saturating_mul(size), count.saturating_mul(size), SpanKind::Table, note);
    }

    /// Claims the blocks of a file: as payload of a child, or as a table of the filesystem.
    fn claim_map(&mut self, map: &BlockMap, size: u64, child: bool, note: &str) {
        for block in &map.tables {
            self.claim_table(*block, 1, "block map");
        }
        let bytes = self.sup.block_size;
        for run in &map.runs {
            self.mark(run.physical, run.count);
            // Blocks reserved past the end, and the last block's slack, are searched like any bytes that nobody describes.
            let len = size.saturating_sub(run.logical.saturating_mul(bytes)).min(run.count * bytes);
            if len == 0 || run.unwritten {
                continue;
            }
            let mut span = Span::new(run.physical * bytes, len, if child { SpanKind::Payload } else { SpanKind::Table }).note(note);
            span.child = child;
            self.opened.spans.push(span);
        }
    }

    /// Follows the tree from its root, each directory once.
    fn walk(&mut self, root: Inode, children: &mut HashMap<u32, Option<usize>>) {
        self.check_inode(&root);
        children.insert(ROOT, None);
        let attributes = self.attributes(&root);
        let mut stack = vec![(root, Vec::new(), attributes)];
        while let Some((directory, path, attributes)) = stack.pop() {
            let map = if directory.flags & FLAG_INLINE == 0 { self.map(&directory) } else { BlockMap::default() };
            self.claim_map(&map, u64::MAX, false, "directory");
            let records = self.directory(&directory, &map, &attributes);
            let below = stack.len();
            for record in records {
                let mut full = path.clone();
                if !full.is_empty() {
                    full.push(b'/');
                }
                full.extend_from_slice(&record.name);
                if self.context.step(1 + full.len() as u64 / 16).is_err() {
                    return self.over();
                }
                let Some(inode) = self.inode(record.inode) else {
                    self.opened.problem(Problem::corrupt(
                        record.at,
                        format!("{} names inode {}, which is not there", escape(&full), record.inode),
                    ));
                    continue;
                };
                if let Some((inode, attributes)) = self.name(full.clone(), record.at, inode, children) {
                    if full.len() > PATH_MAX {
                        self.opened.problem(Problem::over_limit(
                            record.at,
                            "directories are nested deeper than any path can name; what is below was not read",
                        ));
                        continue;
                    }
                    stack.push((inode, full, attributes));
                }
            }
            stack[below..].reverse();
        }
    }

    /// Writes one name down. Gives a directory back that is to be followed.
    fn name(
        &mut self,
        path: Vec<u8>,
        at: u64,
        inode: Inode,
        children: &mut HashMap<u32, Option<usize>>,
    ) -> Option<(Inode, xattr::Attributes)> {
        let Some((kind, mode)) = Entry::split_mode(inode.mode) else {
            let note = format!("{} names inode {}, which has no type (mode {:#o})", escape(&path), inode.number, inode.mode);
            self.opened.problem(Problem::corrupt(at, note));
            return None;
        };
        let mut entry = Entry::new(path.clone(), kind, if kind == EntryKind::Directory { 0 } else { inode.size });
        (entry.mode, entry.uid, entry.gid) = (Some(mode), Some(inode.uid), Some(inode.gid));
        (entry.mtime, entry.offset) = (Some(inode.mtime), inode.at);
        if matches!(kind, EntryKind::CharDevice | EntryKind::BlockDevice) {
            entry.device = Some(inode.device());
            entry.size = 0;
        }
        let again = children.get(&inode.number).copied();
        if again.is_none() {
            self.check_inode(&inode);
        }
        let mut follow = false;
        let mut child = again.flatten();
        let attributes = self.attributes(&inode);
        entry.xattrs.clone_from(&attributes.list);
        match kind {
            EntryKind::Directory if again.is_some() => {
                self.opened.fact(at, ImageFact::Anomaly { kind: Anomaly::Cycle, subject: escape(&path) });
                let note = format!(
                    "{} names inode {}, a directory that has a name already; it is not followed again",
                    escape(&path),
                    inode.number
                );
                self.opened.problem(Problem::corrupt(at, note));
            }
            EntryKind::Directory => follow = true,
            EntryKind::Symlink => entry.target = self.target(&inode, &attributes, again.is_none()),
            EntryKind::File if again.is_none() => child = self.content(&inode, &path, &attributes),
            _ => {}
        }
        children.insert(inode.number, child);
        self.opened.entry(entry, child);
        follow.then_some((inode, attributes))
    }

    fn target(&mut self, inode: &Inode, attributes: &xattr::Attributes, first: bool) -> Option<Vec<u8>> {
        if inode.size > self.context.limits.name_bytes {
            self.opened.problem(Problem::over_limit(inode.at, format!("inode {}: a link target of {} bytes", inode.number, inode.size)));
            return None;
        }
        let size = inode.size as usize;
        if inode.fast_symlink() || inode.flags & FLAG_INLINE != 0 {
            let mut target = [&inode.block[..], if inode.flags & FLAG_INLINE != 0 { &attributes.inline } else { &[] }].concat();
            target.truncate(size);
            return Some(target);
        }
        let map = self.map(inode);
        if first {
            self.claim_map(&map, inode.size, false, "symbolic link target");
        }
        let target = gather(self.input.bytes(), &map, inode.size, self.sup.block_size, inode.size);
        if target.len() < size {
            self.opened.problem(Problem::corrupt(inode.at, format!("inode {}: the link target is not whole", inode.number)));
        }
        Some(target)
    }

    /// The child that holds a file's content.
    fn content(&mut self, inode: &Inode, path: &[u8], attributes: &xattr::Attributes) -> Option<usize> {
        let name = [b"/", path].concat();
        if inode.flags & FLAG_INLINE != 0 {
            let mut bytes = [&inode.block[..], &attributes.inline].concat();
            bytes.truncate(usize::try_from(inode.size).unwrap_or(usize::MAX));
            // mke2fs keeps a file that is all hole inline; what is not there reads as zeros.
            if (bytes.len() as u64) < inode.size {
                let (size, at, shown) = (inode.size, inode.at, escape(path));
                self.opened.children.push(Child::lazy(Some(name), size, move |context| padded(&bytes, size, context, at, &shown)));
                return Some(self.opened.children.len() - 1);
            }
            if bytes.is_empty() {
                return None;
            }
            self.opened.children.push(Child::owned(Some(name), bytes));
            return Some(self.opened.children.len() - 1);
        }
        let map = self.map(inode);
        let compressed = inode.flags & FLAG_COMPRESSED != 0;
        self.claim_map(&map, inode.size, !compressed, &escape(path));
        if compressed {
            self.opened.problem(
                Problem::unsupported(inode.at, format!("{}: compressed by e2compr, not read", escape(path))).over(self.sup.inode_size),
            );
            return None;
        }
        if inode.size == 0 {
            return None;
        }
        let block_size = self.sup.block_size;
        let mut child = match map.runs.as_slice() {
            [Run { logical: 0, physical, count, unwritten: false }]
                if map.broken.is_none() && count * block_size >= inode.size && physical * block_size + inode.size <= self.input.size() =>
            {
                Child::slice(Some(name), physical * block_size, inode.size)
            }
            _ => {
                let (data, size, at, shown) = (self.input.bytes().clone(), inode.size, inode.at, escape(path));
                Child::lazy(Some(name), size, move |context| {
                    let stored = map.runs.iter().fold(0u64, |sum, run| sum.saturating_add(run.count * block_size));
                    let limit = context.room(stored).min(size);
                    let bytes = gather(&data, &map, size, block_size, limit);
                    let mut problems = Vec::new();
                    if (bytes.len() as u64) < limit {
                        problems.push(Problem::corrupt(at, format!("{shown}: only {} of {size} bytes could be found", bytes.len())));
                    } else if limit < size {
                        problems.push(Problem::over_limit(at, format!("{shown}: more would come out than the limit allows")));
                    }
                    Loaded { bytes: bytes.into(), problems }
                })
            }
        };
        if inode.flags & FLAG_ENCRYPTED != 0 {
            child = child.treat(Treat::Opaque("fscrypt: the inode's encrypt flag".into()));
            self.opened.fact(inode.at, ImageFact::Encrypted { what: escape(path), scheme: "fscrypt".into() });
        }
        self.opened.children.push(child);
        Some(self.opened.children.len() - 1)
    }

    /// What no name leads to: the filesystem's own inodes, and files that are in use all the same.
    fn rest(&mut self, children: &mut HashMap<u32, Option<usize>>) {
        for number in self.inodes_in_use() {
            if children.contains_key(&number) {
                continue;
            }
            if self.context.step(1).is_err() {
                return self.over();
            }
            let Some(inode) = self.inode(number).filter(|inode| inode.mode != 0 || inode.size != 0 || inode.block != [0; 60]) else {
                continue;
            };
            self.check_inode(&inode);
            let hidden = number < self.sup.first_inode || self.sup.hidden_inodes.contains(&number);
            if hidden {
                let map = self.map(&inode);
                let note = if number == self.sup.journal_inode {
                    "journal"
                } else if number == RESIZE {
                    "reserved group descriptors"
                } else {
                    "hidden inode"
                };
                self.claim_map(&map, u64::MAX, false, note);
            } else if inode.kind() == Some(EntryKind::File) {
                let attributes = self.attributes(&inode);
                self.content(&inode, format!("<{number}>").as_bytes(), &attributes);
                self.opened.problem(
                    Problem::corrupt(inode.at, format!("inode {number} is in use and has no name; its content is `/<{number}>`"))
                        .over(self.sup.inode_size),
                );
            } else {
                self.opened
                    .problem(Problem::corrupt(inode.at, format!("inode {number} is in use and has no name")).over(self.sup.inode_size));
            }
        }
    }
}

/// Inline data and the zeros behind it, as far as the limits allow.
fn padded(inline: &[u8], size: u64, context: &Context, at: u64, shown: &str) -> Loaded {
    let limit = context.room(inline.len() as u64).min(size);
    let mut bytes = inline.to_vec();
    bytes.resize(bytes.len().max(limit as usize), 0);
    let over = (limit < size).then(|| Problem::over_limit(at, format!("{shown}: more would come out than the limit allows")));
    Loaded { bytes: bytes.into(), problems: over.into_iter().collect() }
}

/// A file's bytes, holes filled with zeros, up to `limit`; shorter where its blocks cannot be found.
fn gather(data: &Bytes, map: &BlockMap, size: u64, block_size: u64, limit: u64) -> Vec<u8> {
    let end = map.broken.map_or(size, |block| block.saturating_mul(block_size)).min(size).min(limit) as usize;
    let mut bytes = Vec::new();
    for run in &map.runs {
        let start = run.logical.saturating_mul(block_size) as usize;
        if start >= end {
            break;
        }
        // Extents that claim the same blocks of the file: the first is taken.
        let skip = bytes.len().saturating_sub(start);
        let len = ((run.count * block_size) as usize).min(end - start);
        if skip >= len {
            continue;
        }
        bytes.resize(bytes.len().max(start), 0);
        if run.unwritten {
            bytes.resize(start + len, 0);
            continue;
        }
        let from = (run.physical * block_size) as usize;
        let Some(part) = data.get(from + skip..(from + len).min(data.len())) else { return bytes };
        bytes.extend_from_slice(part);
        if part.len() < len - skip {
            return bytes;
        }
    }
    bytes.resize(end.max(bytes.len()), 0);
    bytes
}
