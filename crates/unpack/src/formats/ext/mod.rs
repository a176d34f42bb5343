//! ext2, ext3, ext4: one filesystem with features.
//!
//! **Specification**: Linux, Documentation/filesystems/ext4 ("ext4 Data Structures and Algorithms"); for indirect blocks "The Second
//! Extended File System - Internal Layout".
//!
//! **Limitations**: a journal is not replayed (a problem says so where that is needed); values of extended attributes in inodes of their
//! own are not read; checksums of htree index blocks, quota files and the journal are not verified; encrypted names are shown as
//! they stand. Directories are read linearly, indexed or not.

mod content;
mod dir;
mod groups;
mod inode;
mod superblock;
mod tally;
mod tree;
mod xattr;

use std::collections::{HashMap, HashSet};

use assay_core::{
    EntryKind, Problem, Span, SpanKind,
    escape::escape,
    facts::{Anomaly, IdentityField, ImageFact},
};
use bytes::Bytes;

use crate::{
    context::Context,
    format::{Format, Magic, Opened},
    input::Input,
};
use inode::BlockMap;
use superblock::Super;
use tally::{TOLD, Tallies};
use tree::ROOT;

/// The format.
pub static FORMAT: Format = Format {
    name: "ext",
    title: "ext2/3/4 filesystem",
    version: 1,
    magics: &[Magic { bytes: &[0x53, 0xEF], at: 0x438 }],
    at_start: false,
    open,
};

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
}
