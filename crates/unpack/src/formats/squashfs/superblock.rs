//! The superblock, and the versions before 4.0 that are recognised but not read.

use assay_core::{Problem, SpanKind};

use crate::{codec::Codec, format::Opened, input::Input};

/// Length of the superblock of 4.0.
pub const LEN: u64 = 96;
/// "There is no such table."
pub const NONE: u64 = u64::MAX;

/// `SQUASHFS_COMP_OPT`: the compressor's options follow the superblock.
pub const COMPRESSOR_OPTIONS: u16 = 0x400;

/// The superblock of 4.0; field names as in the kernel's documentation.
pub struct Superblock {
    pub inode_count: u32,
    pub mkfs_time: u32,
    pub block_size: u32,
    pub fragment_count: u32,
    pub compression: u16,
    pub block_log: u16,
    pub flags: u16,
    pub id_count: u16,
    pub minor: u16,
    pub root: u64,
    pub bytes_used: u64,
    pub id_table: u64,
    pub xattr_table: u64,
    pub inode_table: u64,
    pub directory_table: u64,
    pub fragment_table: u64,
    pub export_table: u64,
}

impl Superblock {
    /// Reads it. `None` where magic or major version differ.
    pub fn read(input: &Input) -> Option<Self> {
        if input.get(0, 4)? != b"hsqs" || input.le16(28)? != 4 {
            return None;
        }
        Some(Self {
            inode_count: input.le32(4)?,
            mkfs_time: input.le32(8)?,
            block_size: input.le32(12)?,
            fragment_count: input.le32(16)?,
            compression: input.le16(20)?,
            block_log: input.le16(22)?,
            flags: input.le16(24)?,
            id_count: input.le16(26)?,
            minor: input.le16(30)?,
            root: input.le64(32)?,
            bytes_used: input.le64(40)?,
            id_table: input.le64(48)?,
            xattr_table: input.le64(56)?,
            inode_table: input.le64(64)?,
            directory_table: input.le64(72)?,
            fragment_table: input.le64(80)?,
            export_table: input.le64(88)?,
        })
    }

    /// Do the fields agree with one another? There is no checksum; this is what tells a superblock from four letters.
    pub fn plausible(&self) -> bool {
        (12..=20).contains(&self.block_log)
            && self.block_size == 1 << self.block_log
            && self.bytes_used >= LEN
            && self.inode_table >= LEN
            && self.inode_table < self.directory_table
            && self.directory_table <= self.bytes_used
    }

    /// The compressor and its name.
    pub fn codec(&self) -> Option<(Codec, &'static str)> {
        Some(match self.compression {
            1 => (Codec::Zlib, "gzip"),
            2 => (Codec::LzmaAlone, "lzma"),
            3 => (Codec::Lzo, "lzo"),
            4 => (Codec::Xz, "xz"),
            5 => (Codec::Lz4, "lz4"),
            6 => (Codec::Zstd, "zstd"),
            _ => return None,
        })
    }
}

/// Versions 1 to 3 and the vendors' magics of that time (`shsq`: LZMA): their extent is told, their content is not read.
pub fn older(input: &Input) -> Option<Opened> {
    let little = match input.get(0, 4)? {
        b"hsqs" | b"shsq" => true,
        b"sqsh" | b"qshs" => false,
        _ => return None,
    };
    let half = |at| if little { input.le16(at) } else { input.be16(at) };
    let word = |at| if little { input.le32(at) } else { input.be32(at) };
    let (major, minor) = (half(28)?, half(30)?);
    let (block_log, header) = (half(34)?, if major == 3 { 119 } else { 63 });
    let block_size = if major == 1 { u32::from(half(32)?) } else { word(51)? };
    let used = match major {
        1 | 2 => u64::from(word(8)?),
        3 => {
            let (low, high) = if little { (word(63)?, word(67)?) } else { (word(67)?, word(63)?) };
            u64::from(high) << 32 | u64::from(low)
        }
        _ => return None,
    };
    if minor > 2
        || !(12..=20).contains(&block_log)
        || block_size != 1 << block_log
        || used < header
        || used > input.size() && input.start() > 0
    {
        return None;
    }
    let mut opened = Opened::new(used.min(input.size()));
    let text = format!("SquashFS {major}.{minor}");
    opened.span(0, header.min(opened.len), SpanKind::Header, format!("superblock of {text}"));
    opened.span(header, opened.len.saturating_sub(header), SpanKind::Unknown, format!("content of {text}"));
    opened.problem(Problem::unsupported(28, format!("{text} is recognised, not read: only 4.0 is")).over(opened.len));
    if used > input.size() {
        opened.problem(Problem::truncated(input.size(), format!("{text} says it has {used} bytes, {} are here", input.size())));
    }
    Some(opened)
}
