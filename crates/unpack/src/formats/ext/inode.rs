//! Inodes and the maps from a file's blocks to the filesystem's: extents, and the older indirect blocks.

use std::collections::HashSet;

use assay_core::{
    Entry, EntryKind, Problem,
    facts::{Anomaly, ImageFact},
};

use super::{Reader, superblock::crc32c};

pub const FLAG_ENCRYPTED: u32 = 0x800;
pub const FLAG_COMPRESSED: u32 = 0x4;
pub const FLAG_EXTENTS: u32 = 0x80000;
pub const FLAG_INLINE: u32 = 0x1000_0000;

/// An inode as read.
#[derive(Debug, Clone)]
pub struct Inode {
    pub number: u32,
    pub at: u64,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub size: u64,
    pub mtime: i64,
    pub flags: u32,
    pub block: [u8; 60],
    pub acl_block: u64,
    pub extra: u64,
    /// What checksums of its blocks start with.
    pub seed: u32,
}

/// Blocks of a file that stand in one piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    pub logical: u64,
    pub physical: u64,
    pub count: u64,
    /// Reserved but never written: reads as zeros.
    pub unwritten: bool,
}

/// Where a file's blocks are.
#[derive(Debug, Default)]
pub struct BlockMap {
    /// In order of `logical`.
    pub runs: Vec<Run>,
    /// First block of the file whose place could not be told.
    pub broken: Option<u64>,
    /// Blocks of the map itself.
    pub tables: Vec<u64>,
}

impl BlockMap {
    fn push(&mut self, run: Run) {
        if let Some(last) = self.runs.last_mut()
            && last.unwritten == run.unwritten
            && last.logical + last.count == run.logical
            && last.physical + last.count == run.physical
        {
            last.count += run.count;
        } else {
            self.runs.push(run);
        }
    }

    fn lose(&mut self, logical: u64) {
        self.broken = Some(self.broken.map_or(logical, |known| known.min(logical)));
    }
}

fn le16(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 2).map_or(0, |pair| u64::from(u16::from_le_bytes([pair[0], pair[1]])))
}

fn le32(bytes: &[u8], at: usize) -> u64 {
    le16(bytes, at) | le16(bytes, at + 2) << 16
}

impl Inode {
    pub fn kind(&self) -> Option<EntryKind> {
        Entry::split_mode(self.mode).map(|(kind, _)| kind)
    }

    /// Is the target of this symbolic link in the inode itself?
    pub fn fast_symlink(&self) -> bool {
        self.size < 60 && self.flags & (FLAG_EXTENTS | FLAG_INLINE) == 0
    }

    pub fn device(&self) -> (u32, u32) {
        let (old, new) = (le32(&self.block, 0) as u32, le32(&self.block, 4) as u32);
        if old != 0 { (old >> 8 & 0xFF, old & 0xFF) } else { (new >> 8 & 0xFFF, new & 0xFF | new >> 12 & 0xFFF00) }
    }
}

impl Reader<'_> {
    /// The inode `number`; `None` with a problem where there is none.
    pub fn inode(&mut self, number: u32) -> Option<Inode> {
        let index = number.checked_sub(1).filter(|_| number <= self.sup.inodes)?;
        let group = (index / self.sup.inodes_per_group) as usize;
        let table = self.groups.get(group)?.inode_table;
        let at = table.checked_mul(self.sup.block_size)?.checked_add(u64::from(index % self.sup.inodes_per_group) * self.sup.inode_size)?;
        let raw = self.input.slice(at, self.sup.inode_size)?;
        let word = |at: usize| le32(&raw, at) as u32;
        let half = |at: usize| le16(&raw, at) as u32;
        let mode = half(0);
        let extra = if self.sup.inode_size > 128 { u64::from(half(0x80)) } else { 0 };
        let extra = if extra.is_multiple_of(4) && 128 + extra <= self.sup.inode_size { extra } else { 0 };
        let regular = mode & 0o170_000 == 0o100_000;
        let large = regular || self.sup.incompat & super::superblock::INCOMPAT_LARGEDIR != 0 && mode & 0o170_000 == 0o040_000;
        let mut mtime = i64::from(word(0x10).cast_signed());
        if extra >= 12 {
            mtime += i64::from(word(0x88) & 3) << 32;
        }
        Some(Inode {
            number,
            at,
            mode,
            uid: half(2) | half(0x78) << 16,
            gid: half(0x18) | half(0x7A) << 16,
            size: u64::from(word(4)) | if large { u64::from(word(0x6C)) << 32 } else { 0 },
            mtime,
            flags: word(0x20),
            block: raw.get(0x28..0x64)?.try_into().ok()?,
            acl_block: u64::from(word(0x68)) | u64::from(half(0x76)) << 32,
            extra,
            seed: crc32c(self.sup.seed, &[&number.to_le_bytes(), raw.get(0x64..0x68)?]),
        })
    }

    /// Checks the checksum of an inode that is in use.
    pub fn check_inode(&mut self, inode: &Inode) {
        if !self.sup.metadata_csum() {
            return;
        }
        let Some(raw) = self.input.get(inode.at, self.sup.inode_size) else { return };
        let mut bytes = raw.to_vec();
        let mut stated = le16(&bytes, 0x7C) as u32;
        bytes[0x7C..0x7E].fill(0);
        let mut computed = u32::MAX;
        if inode.extra >= 4 {
            stated |= (le16(&bytes, 0x82) as u32) << 16;
            bytes[0x82..0x84].fill(0);
        } else {
            computed = 0xFFFF;
        }
        computed &= crc32c(inode.seed, &[&bytes]);
        self.tallies.inodes.add(&mut self.opened, inode.at + 0x7C, (inode.at, self.sup.inode_size), u64::from(stated), u64::from(computed));
    }

    /// Where the blocks of `inode` are.
    pub fn map(&mut self, inode: &Inode) -> BlockMap {
        let mut map = BlockMap::default();
        let mut seen = HashSet::new();
        if inode.flags & FLAG_EXTENTS != 0 {
            self.extents(inode, &inode.block, inode.at + 0x28, None, 0, &mut seen, &mut map);
        } else {
            let mut logical = 0;
            for slot in 0..15usize {
                let pointer = le32(&inode.block, slot * 4);
                let level = slot.saturating_sub(11) as u32;
                logical = self.indirect(pointer, level, logical, inode.at + 0x28 + slot as u64 * 4, &mut seen, &mut map);
            }
        }
        map.runs.sort_by_key(|run| run.logical);
        map
    }

    #[allow(clippy::too_many_arguments, reason = "the state of one descent")]
    fn extents(&mut self, inode: &Inode, node: &[u8], at: u64, depth: Option<u64>, from: u64, seen: &mut HashSet<u64>, map: &mut BlockMap) {
        let (entries, room, here) = (le16(node, 2), le16(node, 4), le16(node, 6));
        let fits = 12 + room * 12 <= node.len() as u64 && entries <= room;
        if le16(node, 0) != 0xF30A || !fits || here > 5 || depth.is_some_and(|depth| depth != here) {
            self.opened.problem(Problem::corrupt(at, format!("inode {}: not a node of an extent tree where one should be", inode.number)));
            return map.lose(from);
        }
        for index in 1..=entries as usize {
            if self.context.step(1).is_err() {
                self.over();
                return map.lose(from);
            }
            let entry = &node[index * 12..index * 12 + 12];
            let logical = le32(entry, 0);
            if here == 0 {
                let length = le16(entry, 4);
                let (count, unwritten) = if length > 0x8000 { (length - 0x8000, true) } else { (length, false) };
                let physical = le32(entry, 8) | le16(entry, 6) << 32;
                if count == 0 || physical == 0 || physical + count > self.sup.blocks {
                    self.opened.problem(Problem::corrupt(
                        at + index as u64 * 12,
                        format!("inode {}: an extent lies outside the filesystem", inode.number),
                    ));
                    map.lose(logical);
                } else {
                    map.push(Run { logical, physical, count, unwritten });
                }
                continue;
            }
            let block = le32(entry, 4) | le16(entry, 8) << 32;
            if let Some(below) = self.map_block(block, at + index as u64 * 12, seen, map) {
                if self.sup.metadata_csum() {
                    let tail = 12 + le16(&below, 4) as usize * 12;
                    if let (Some(covered), Some(_)) = (below.get(..tail), below.get(tail..tail + 4)) {
                        let (start, stated) = (block * self.sup.block_size, le32(&below, tail));
                        let computed = u64::from(crc32c(inode.seed, &[covered]));
                        self.tallies.extents.add(&mut self.opened, start + tail as u64, (start, tail as u64), stated, computed);
                    }
                }
                self.extents(inode, &below, block * self.sup.block_size, Some(here - 1), logical, seen, map);
            } else {
                map.lose(logical);
            }
        }
    }

    /// A block of a block map, once.
    fn map_block(&mut self, block: u64, at: u64, seen: &mut HashSet<u64>, map: &mut BlockMap) -> Option<bytes::Bytes> {
        if !seen.insert(block) {
            self.opened.fact(at, ImageFact::Anomaly { kind: Anomaly::Cycle, subject: format!("block map: block {block}") });
            self.opened.problem(Problem::corrupt(at, format!("a block map comes back to its block {block}")));
            return None;
        }
        let bytes = self.block(block);
        match bytes {
            Some(_) => map.tables.push(block),
            None => self.opened.problem(Problem::corrupt(at, format!("a block map points to block {block}, which is not there"))),
        }
        bytes
    }

    /// Follows one pointer of `level` (0: data). Returns the number of the file's block after what it covers.
    fn indirect(&mut self, pointer: u64, level: u32, logical: u64, at: u64, seen: &mut HashSet<u64>, map: &mut BlockMap) -> u64 {
        let covers = (self.sup.block_size / 4).pow(level);
        let next = logical + covers;
        if pointer == 0 {
            return next;
        }
        if self.context.step(1).is_err() {
            self.over();
            map.lose(logical);
            return next;
        }
        if level == 0 {
            if pointer < self.sup.blocks {
                map.push(Run { logical, physical: pointer, count: 1, unwritten: false });
            } else {
                self.opened.problem(Problem::corrupt(at, format!("a block map points to block {pointer}, outside the filesystem")));
                map.lose(logical);
            }
            return next;
        }
        let Some(table) = self.map_block(pointer, at, seen, map) else {
            map.lose(logical);
            return next;
        };
        let mut below = logical;
        for slot in 0..(self.sup.block_size / 4) as usize {
            below = self.indirect(le32(&table, slot * 4), level - 1, below, pointer * self.sup.block_size + slot as u64 * 4, seen, map);
        }
        next
    }
}
