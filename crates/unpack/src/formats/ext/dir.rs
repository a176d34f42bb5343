//! Directories: read linearly, block by block. An htree index hides in records without an inode, which a linear reader steps over.

use assay_core::Problem;

use super::{
    Reader,
    inode::{BlockMap, FLAG_INLINE, Inode},
    superblock::{INCOMPAT_FILETYPE, crc32c},
    xattr::Attributes,
};

/// A name and its inode.
pub struct Record {
    pub inode: u32,
    pub name: Vec<u8>,
    pub at: u64,
}

impl Reader<'_> {
    /// All names of a directory but its own `.` and `..`.
    pub fn directory(&mut self, inode: &Inode, map: &BlockMap, attributes: &Attributes) -> Vec<Record> {
        let mut records = Vec::new();
        if inode.flags & FLAG_INLINE != 0 {
            // The first four bytes are the parent's inode; neither `.` nor `..` is written down.
            self.records(inode, &inode.block[4..], inode.at + 0x2C, false, &mut records);
            self.records(inode, &attributes.inline, inode.at, false, &mut records);
            return records;
        }
        let size = self.sup.block_size;
        let blocks = inode.size.div_ceil(size);
        if let Some(broken) = map.broken {
            self.opened.problem(Problem::corrupt(
                inode.at,
                format!("inode {}: the directory is not whole from its block {broken} on", inode.number),
            ));
        }
        for run in &map.runs {
            for step in 0..run.count {
                let (logical, physical) = (run.logical + step, run.physical + step);
                if logical >= blocks {
                    break;
                }
                if self.context.step(1).is_err() {
                    self.over();
                    return records;
                }
                let at = physical * size;
                let Some(block) = self.block(physical) else {
                    self.opened.problem(Problem::truncated(
                        self.input.size(),
                        format!("inode {}: block {physical} of a directory is not there", inode.number),
                    ));
                    continue;
                };
                self.check_leaf(inode, &block, at);
                self.records(inode, &block, at, logical == 0, &mut records);
            }
        }
        records
    }

    /// Leaves end in a record without inode and name that holds a checksum; index blocks have theirs elsewhere.
    fn check_leaf(&mut self, inode: &Inode, block: &[u8], at: u64) {
        let Some((covered, tail)) = block.split_last_chunk::<12>() else { return };
        if self.sup.metadata_csum() && tail[..8] == [0, 0, 0, 0, 12, 0, 0, 0xDE] {
            let stated = u32::from_le_bytes([tail[8], tail[9], tail[10], tail[11]]);
            let computed = crc32c(inode.seed, &[covered]);
            let len = covered.len() as u64;
            self.tallies.directories.add(&mut self.opened, at + len + 8, (at, len), u64::from(stated), u64::from(computed));
        }
    }

    fn records(&mut self, inode: &Inode, area: &[u8], start: u64, dots: bool, records: &mut Vec<Record>) {
        let mut here = 0;
        let mut index = 0;
        while here + 8 <= area.len() {
            let head = &area[here..here + 8];
            let length = match u16::from_le_bytes([head[4], head[5]]) {
                // 64 KiB blocks: the length does not fit.
                0 | 0xFFFF if area.len() == 65536 => 65536,
                length => usize::from(length),
            };
            let name_length = if self.sup.incompat & INCOMPAT_FILETYPE != 0 {
                usize::from(head[6])
            } else {
                usize::from(u16::from_le_bytes([head[6], head[7]]))
            };
            let at = start + here as u64;
            let fits = length >= 8 && length.is_multiple_of(4) && 8 + name_length <= length && here + length <= area.len();
            if !fits || self.context.step(1).is_err() {
                // What is left of an inline area may be zeros.
                if area[here..].iter().any(|byte| *byte != 0) {
                    self.opened.problem(Problem::corrupt(
                        at,
                        format!("inode {}: a directory record does not fit its block; the rest of the block was not read", inode.number),
                    ));
                }
                return;
            }
            let name = &area[here + 8..here + 8 + name_length];
            let number = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
            let own = dots && (index == 0 && name == b"." || index == 1 && name == b"..");
            if number != 0 && !own {
                records.push(Record { inode: number, name: name.to_vec(), at });
            }
            here += length;
            index += 1;
        }
    }
}
