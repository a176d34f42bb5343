//! Block groups: descriptors, bitmaps, inode tables, copies of the superblock.

use assay_core::{Problem, SpanKind};

use super::{
    Reader,
    superblock::{AT, INCOMPAT_META_BG, INCOMPAT_MMP, crc16, crc32c},
};

const INODE_UNINIT: u16 = 1;
const BLOCK_UNINIT: u16 = 2;

/// A group descriptor.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    pub block_bitmap: u64,
    pub inode_bitmap: u64,
    pub inode_table: u64,
    pub flags: u16,
    /// Inodes at the end of the table that were never used.
    pub unused: u64,
}

impl Reader<'_> {
    /// Reads all descriptors and claims what they point to.
    pub fn read_groups(&mut self) {
        let wide = self.sup.desc_size >= 64;
        for group in 0..self.sup.groups {
            let (block, offset) = self.sup.descriptor(group);
            let at = block.saturating_mul(self.sup.block_size).saturating_add(offset);
            let raw = self.input.slice(at, self.sup.desc_size);
            let Some(raw) = raw.filter(|_| self.context.step(1).is_ok()) else {
                self.opened.problem(Problem::truncated(
                    at.min(self.input.size()),
                    format!("the descriptors of block group {group} and those after it are not there"),
                ));
                break;
            };
            let half = |at: usize| raw.get(at..at + 2).map_or(0, |two| u16::from_le_bytes([two[0], two[1]]));
            let word = |at: usize| u64::from(half(at)) | u64::from(half(at + 2)) << 16;
            let pointer = |low: usize, high: usize| word(low) | if wide { word(high) << 32 } else { 0 };
            let lazy = self.sup.gdt_csum();
            let here = Group {
                block_bitmap: pointer(0, 0x20),
                inode_bitmap: pointer(4, 0x24),
                inode_table: pointer(8, 0x28),
                flags: if lazy { half(0x12) } else { 0 },
                unused: if lazy { u64::from(half(0x1C)) | if wide { u64::from(half(0x32)) << 16 } else { 0 } } else { 0 },
            };
            if lazy {
                let number = (group as u32).to_le_bytes();
                let computed = if self.sup.metadata_csum() {
                    crc32c(self.sup.seed, &[&number, &raw[..0x1E], &[0; 2], &raw[0x20..]]) as u16
                } else {
                    crc16(&[&self.sup.uuid, &number, &raw[..0x1E], &raw[0x20..]])
                };
                self.tallies.descriptors.add(
                    &mut self.opened,
                    at + 0x1E,
                    (at, self.sup.desc_size),
                    u64::from(half(0x1E)),
                    u64::from(computed),
                );
            }
            self.groups.push(here);
            self.claim_group(group, here);
            if self.sup.metadata_csum() {
                let high = |at: usize| if wide { u64::from(half(at)) << 16 } else { 0 };
                let mask = if wide { u64::from(u32::MAX) } else { 0xFFFF };
                if here.flags & BLOCK_UNINIT == 0 {
                    let bits = self.sup.blocks_per_group / self.sup.cluster;
                    self.check_bitmap(here.block_bitmap, bits, u64::from(half(0x18)) | high(0x38), mask, at + 0x18);
                }
                if here.flags & INODE_UNINIT == 0 {
                    self.check_bitmap(
                        here.inode_bitmap,
                        u64::from(self.sup.inodes_per_group),
                        u64::from(half(0x1A)) | high(0x3A),
                        mask,
                        at + 0x1A,
                    );
                }
            }
        }
    }

    fn check_bitmap(&mut self, block: u64, bits: u64, stated: u64, mask: u64, at: u64) {
        let start = block.saturating_mul(self.sup.block_size);
        if let Some(bytes) = self.input.get(start, bits / 8) {
            let computed = u64::from(crc32c(self.sup.seed, &[bytes])) & mask;
            self.tallies.bitmaps.add(&mut self.opened, at, (start, bits / 8), stated, computed);
        }
    }

    fn claim_group(&mut self, group: u64, here: Group) {
        let size = self.sup.block_size;
        let first = self.sup.group_start(group);
        if self.sup.has_super(group) {
            // The first copy stands at a fixed offset, the others at the start of their group.
            let (block, at) = if group == 0 { (AT / size, AT) } else { (first, first * size) };
            self.mark(block, 1);
            let copy = self.input.slice(at, 1024);
            if copy.as_ref().is_some_and(|copy| copy.iter().all(|byte| *byte == 0)) {
                // Some makers of small images (genext2fs) keep the place and do not fill it.
                self.opened.span(at, 1024, SpanKind::Padding, "place of a backup superblock");
            } else {
                self.opened.span(at, 1024, SpanKind::Header, if group == 0 { "superblock" } else { "backup superblock" });
                let same = copy
                    .as_ref()
                    .is_some_and(|copy| copy.get(0x38..0x3A) == Some(&[0x53, 0xEF]) && copy.get(0x68..0x78) == Some(&self.sup.uuid));
                if copy.is_some() && !same {
                    self.opened.problem(
                        Problem::corrupt(at, format!("the superblock's copy in block group {group} is not one of this filesystem"))
                            .over(1024),
                    );
                }
            }
            if self.sup.incompat & INCOMPAT_META_BG == 0 {
                self.claim_table(
                    block + 1,
                    self.sup.descriptor_blocks(),
                    if group == 0 { "group descriptors" } else { "backup group descriptors" },
                );
            }
        }
        if self.sup.incompat & INCOMPAT_META_BG != 0 {
            // Each meta group keeps its block of descriptors in its first, second and last group.
            let per_block = size / self.sup.desc_size;
            if group < self.sup.first_meta_bg.saturating_mul(per_block) {
                if self.sup.has_super(group) {
                    let block = if group == 0 { AT / size } else { first };
                    self.claim_table(block + 1, self.sup.first_meta_bg.min(self.sup.descriptor_blocks()), "group descriptors");
                }
            } else if matches!(group % per_block, 0 | 1) || group % per_block == per_block - 1 {
                let block = if group == 0 { AT / size } else { first };
                self.claim_table(block + u64::from(self.sup.has_super(group)), 1, "group descriptors");
            }
        }
        self.claim_table(here.block_bitmap, 1, "block bitmap");
        self.claim_table(here.inode_bitmap, 1, "inode bitmap");
        let table = u64::from(self.sup.inodes_per_group) * self.sup.inode_size;
        let used = table.saturating_sub(here.unused.saturating_mul(self.sup.inode_size));
        self.mark(here.inode_table, table.div_ceil(size));
        let at = here.inode_table.saturating_mul(size);
        if at.saturating_add(table) > self.input.size() {
            self.opened
                .problem(Problem::truncated(at.min(self.input.size()), format!("the inode table of block group {group} is not whole")));
        }
        self.opened.span(at, used, SpanKind::Table, "inode table");
        self.opened.span(at.saturating_add(used), table - used, SpanKind::Free, "unused inodes");
        if group == 0 && self.sup.incompat & INCOMPAT_MMP != 0 {
            self.claim_table(self.sup.mmp_block, 1, "multiple mount protection");
        }
    }

    /// Numbers of the inodes that the bitmaps call used.
    pub fn inodes_in_use(&self) -> Vec<u32> {
        let mut numbers = Vec::new();
        for (index, group) in self.groups.iter().enumerate() {
            let first = index as u64 * u64::from(self.sup.inodes_per_group);
            let Some(bits) = self.block(group.inode_bitmap).filter(|_| group.flags & INODE_UNINIT == 0) else { continue };
            // Beyond the table's end, or in the part that was never used, no inode can be.
            let count = u64::from(self.sup.inodes_per_group).saturating_sub(group.unused);
            numbers.extend(
                (0..count)
                    .filter(|bit| bits.get((bit / 8) as usize).is_some_and(|byte| byte >> (bit % 8) & 1 == 1))
                    .map(|bit| (first + bit + 1) as u32),
            );
        }
        numbers
    }

    /// Spans for the blocks that the bitmaps call free; what they call used and nothing claims stays without a span.
    pub fn free_blocks(&mut self) {
        let (size, cluster) = (self.sup.block_size, self.sup.cluster);
        let mut wrong = 0u64;
        for (index, group) in self.groups.clone().into_iter().enumerate() {
            let (first, blocks) = (self.sup.group_start(index as u64), self.sup.group_blocks(index as u64));
            let uninit = group.flags & BLOCK_UNINIT != 0;
            let bits = self.block(group.block_bitmap);
            let Some(bits) = bits.or_else(|| uninit.then(bytes::Bytes::new)) else { continue };
            let mut start = None;
            for block in first..=first + blocks {
                let bit = (block - first) / cluster;
                let known = block < first + blocks && (block as usize) < self.used.len();
                let free = known && (uninit || bits.get((bit / 8) as usize).is_some_and(|byte| byte >> (bit % 8) & 1 == 0));
                let mine = known && self.used[block as usize];
                if free && mine && !uninit {
                    wrong += 1;
                }
                if free && !mine {
                    start.get_or_insert(block);
                } else if let Some(start) = start.take() {
                    self.opened.span(start * size, (block - start) * size, SpanKind::Free, "free blocks");
                }
                if !known {
                    break;
                }
            }
        }
        if wrong > 0 {
            self.opened.problem(Problem::corrupt(AT, format!("{wrong} blocks are in use that the block bitmaps call free")));
        }
    }
}
