//! The tables behind the directories: fragments, ids, export, extended attributes.

use std::sync::atomic::AtomicU32;

use assay_core::{Problem, SpanKind, manifest::Xattr};

use super::{
    data::Fragment,
    inode,
    metadata::{Blocks, Decoded, Fields},
    superblock::{NONE, Superblock},
};
use crate::{format::Opened, input::Input};

/// Fragments (16 bytes each: start, length word, unused).
pub fn fragments(superblock: &Superblock, blocks: &mut Blocks, opened: &mut Opened) -> Vec<Fragment> {
    if superblock.fragment_count == 0 || superblock.fragment_table == NONE {
        return Vec::new();
    }
    let table = blocks.indexed(superblock.fragment_table, u64::from(superblock.fragment_count) * 16, "fragment table", opened);
    let mut fields = Fields::new(&table.bytes, 0);
    let mut next = || {
        let (start, word, _unused) = (fields.u64()?, fields.u32()?, fields.u32()?);
        Some(Fragment { start, word, uses: AtomicU32::new(0) })
    };
    std::iter::from_fn(&mut next).collect()
}

/// Owners and groups.
pub fn ids(superblock: &Superblock, blocks: &mut Blocks, opened: &mut Opened) -> Vec<u32> {
    let table = blocks.indexed(superblock.id_table, u64::from(superblock.id_count) * 4, "id table", opened);
    table.bytes.chunks_exact(4).filter_map(|id| id.try_into().ok().map(u32::from_le_bytes)).collect()
}

/// The export table: where each inode is, by number. It says nothing that the directories do not; it is mapped, and its inodes are
/// handed back for a comparison.
pub fn export(superblock: &Superblock, blocks: &mut Blocks, opened: &mut Opened) -> Vec<u64> {
    if superblock.export_table == NONE || superblock.export_table == 0 {
        return Vec::new();
    }
    let table = blocks.indexed(superblock.export_table, u64::from(superblock.inode_count) * 8, "export table", opened);
    table.bytes.chunks_exact(8).filter_map(|place| place.try_into().ok().map(u64::from_le_bytes)).collect()
}

/// Extended attributes: sets of names and values, found by number.
#[derive(Default)]
pub struct Xattrs {
    sets: Decoded,
    pairs: Decoded,
    /// Bytes of names and values that may still be given out; sets may be shared by many inodes.
    room: usize,
}

/// Where the names and values start, if there are any.
pub fn xattr_start(superblock: &Superblock, input: &Input) -> Option<u64> {
    (superblock.xattr_table != NONE).then(|| input.le64(superblock.xattr_table)).flatten()
}

/// Reads the tables of extended attributes.
pub fn xattrs(superblock: &Superblock, blocks: &mut Blocks, opened: &mut Opened) -> Xattrs {
    let at = superblock.xattr_table;
    if at == NONE {
        return Xattrs::default();
    }
    let header =
        at.checked_add(16).filter(|end| *end <= blocks.end).and_then(|_| Some((blocks.input.le64(at)?, blocks.input.le32(at + 8)?)));
    let Some((start, count)) = header else {
        opened.problem(Problem::corrupt(at.min(blocks.end), format!("the table of extended attributes at {at:#x} lies past the end")));
        return Xattrs::default();
    };
    opened.span(at, 16, SpanKind::Table, "extended attributes: header");
    let sets = blocks.indexed(at + 16, u64::from(count) * 16, "extended attributes: sets", opened);
    let end = blocks.input.le64(at + 16).filter(|_| count > 0).unwrap_or(at).min(at);
    let pairs = if start < end { blocks.run(start, end, "extended attributes: names and values", opened) } else { Decoded::default() };
    Xattrs { sets, pairs, room: blocks.context.room(blocks.end) as usize }
}

impl Xattrs {
    /// The attributes of set `number`; what could be read, and whether that is all.
    pub fn get(&mut self, number: u32) -> (Vec<Xattr>, bool) {
        let mut list = Vec::new();
        if number == inode::NONE {
            return (list, true);
        }
        let whole = self.collect(number, &mut list).is_some();
        (list, whole)
    }

    fn collect(&mut self, number: u32, list: &mut Vec<Xattr>) -> Option<()> {
        let mut set = Fields::new(&self.sets.bytes, (number as usize).checked_mul(16)?);
        let (place, count) = (set.u64()?, set.u32()?);
        let mut fields = Fields::new(&self.pairs.bytes, self.pairs.position(place >> 16, place as u16)?);
        for _ in 0..count {
            let (kind, len) = (fields.u16()?, fields.u16()?);
            let prefix: &[u8] = match kind & 0xFF {
                0 => b"user.",
                1 => b"trusted.",
                2 => b"security.",
                _ => b"",
            };
            let name = [prefix, fields.take(usize::from(len))?].concat();
            let size = fields.u32()? as usize;
            let mut value = fields.take(size)?;
            // Bit 8: the value stands elsewhere, and here is a reference to it.
            if kind & 0x100 != 0 {
                let place = u64::from_le_bytes(value.try_into().ok()?);
                let mut there = Fields::new(&self.pairs.bytes, self.pairs.position(place >> 16, place as u16)?);
                let size = there.u32()? as usize;
                value = there.take(size)?;
            }
            self.room = self.room.checked_sub(name.len() + value.len())?;
            list.push(Xattr { name, value: value.to_vec() });
        }
        Some(())
    }
}
