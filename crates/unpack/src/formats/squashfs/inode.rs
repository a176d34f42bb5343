//! Inodes: seven types, each in a basic and an extended form.

use assay_core::EntryKind;

use super::metadata::Fields;

/// "No fragment", "no extended attributes".
pub const NONE: u32 = u32::MAX;

/// One inode.
pub struct Inode {
    pub kind: EntryKind,
    pub mode: u16,
    /// Indexes into the table of ids.
    pub uid: u16,
    pub gid: u16,
    pub mtime: u32,
    /// Index into the table of extended attributes, or [`NONE`].
    pub xattr: u32,
    pub body: Body,
}

/// What a type adds.
pub enum Body {
    /// Where its listing is in the directory table, and its length as stated (three more than there are bytes).
    Directory {
        block: u32,
        offset: u16,
        size: u32,
    },
    File(File),
    Symlink(Vec<u8>),
    Device(u32),
    Other,
}

/// Where a file's content is.
#[derive(Clone, Copy)]
pub struct File {
    /// Start of its blocks on disk.
    pub start: u64,
    pub size: u64,
    /// Index of the fragment block that holds its tail, or [`NONE`], and the offset there.
    pub fragment: u32,
    pub offset: u32,
    /// Where the inode table has the lengths of its blocks, and how many of them are there.
    pub blocks_at: usize,
    pub blocks: u64,
    /// The inode table ends before the lengths of all blocks.
    pub cut: bool,
}

/// The kind that a type number stands for, basic or extended.
pub fn kind(number: u16) -> Option<EntryKind> {
    Some(match if number > 7 { number - 7 } else { number } {
        1 => EntryKind::Directory,
        2 => EntryKind::File,
        3 => EntryKind::Symlink,
        4 => EntryKind::BlockDevice,
        5 => EntryKind::CharDevice,
        6 => EntryKind::Fifo,
        7 => EntryKind::Socket,
        _ => return None,
    })
}

/// The inode at `at` of the unpacked inode table. `None`: these bytes are none.
pub fn read(table: &[u8], at: usize, block_size: u32, longest_target: u64) -> Option<Inode> {
    let mut fields = Fields::new(table, at);
    let number = fields.u16()?;
    let kind = kind(number)?;
    let (mode, uid, gid, mtime) = (fields.u16()?, fields.u16()?, fields.u16()?, fields.u32()?);
    fields.u32()?;
    let mut xattr = NONE;
    let body = match number {
        1 => {
            let (block, _links, size, offset) = (fields.u32()?, fields.u32()?, fields.u16()?, fields.u16()?);
            Body::Directory { block, offset, size: u32::from(size) }
        }
        8 => {
            let (_links, size, block, _parent, _indexes, offset) =
                (fields.u32()?, fields.u32()?, fields.u32()?, fields.u32()?, fields.u16()?, fields.u16()?);
            xattr = fields.u32()?;
            Body::Directory { block, offset, size }
        }
        2 => {
            let (start, fragment, offset, size) = (fields.u32()?, fields.u32()?, fields.u32()?, fields.u32()?);
            Body::File(file(&fields, u64::from(start), u64::from(size), fragment, offset, block_size))
        }
        9 => {
            let (start, size, _sparse, _links) = (fields.u64()?, fields.u64()?, fields.u64()?, fields.u32()?);
            let (fragment, offset) = (fields.u32()?, fields.u32()?);
            xattr = fields.u32()?;
            Body::File(file(&fields, start, size, fragment, offset, block_size))
        }
        3 | 10 => {
            let (_links, len) = (fields.u32()?, fields.u32()?);
            if u64::from(len) > longest_target {
                return None;
            }
            let target = fields.take(len as usize)?.to_vec();
            if number == 10 {
                xattr = fields.u32()?;
            }
            Body::Symlink(target)
        }
        4 | 5 | 11 | 12 => {
            let (_links, device) = (fields.u32()?, fields.u32()?);
            if number > 7 {
                xattr = fields.u32()?;
            }
            Body::Device(device)
        }
        _ => {
            fields.u32()?;
            if number > 7 {
                xattr = fields.u32()?;
            }
            Body::Other
        }
    };
    Some(Inode { kind, mode: mode & 0o7777, uid, gid, mtime, xattr, body })
}

fn file(fields: &Fields, start: u64, size: u64, fragment: u32, offset: u32, block_size: u32) -> File {
    let whole = size / u64::from(block_size);
    let tail = u64::from(fragment == NONE && !size.is_multiple_of(u64::from(block_size)));
    let (stated, there) = (whole + tail, fields.left() as u64 / 4);
    File { start, size, fragment, offset, blocks_at: fields.at, blocks: stated.min(there), cut: stated > there }
}
