//! The superblock: sizes and features, and the checksums that everything else is seeded with.

use crc::{CRC_16_MODBUS, CRC_32_ISCSI, Crc};

use crate::input::Input;

/// Offset of the superblock.
pub const AT: u64 = 1024;

pub const COMPAT_ORPHAN_FILE: u32 = 0x1000;
pub const INCOMPAT_FILETYPE: u32 = 0x2;
pub const INCOMPAT_RECOVER: u32 = 0x4;
pub const INCOMPAT_JOURNAL_DEV: u32 = 0x8;
pub const INCOMPAT_META_BG: u32 = 0x10;
pub const INCOMPAT_64BIT: u32 = 0x80;
pub const INCOMPAT_MMP: u32 = 0x100;
pub const INCOMPAT_CSUM_SEED: u32 = 0x2000;
pub const INCOMPAT_LARGEDIR: u32 = 0x4000;
/// Features that change the layout and are read: filetype, recover, meta_bg, extents, 64bit, mmp, flex_bg, ea_inode, csum_seed, largedir,
/// inline_data, encrypt, casefold.
const INCOMPAT_READ: u32 = 0x2 | 0x4 | 0x10 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000;
const RO_SPARSE_SUPER: u32 = 0x1;
const RO_GDT_CSUM: u32 = 0x10;
const RO_BIGALLOC: u32 = 0x200;
const RO_METADATA_CSUM: u32 = 0x400;
const COMPAT_SPARSE_SUPER2: u32 = 0x200;

static CRC32C: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);
static CRC16: Crc<u16> = Crc::<u16>::new(&CRC_16_MODBUS);

/// CRC-32C as ext4 keeps it: the bare register, which is the seed of the next piece.
pub fn crc32c(seed: u32, parts: &[&[u8]]) -> u32 {
    let mut digest = CRC32C.digest_with_initial(seed.reverse_bits());
    for part in parts {
        digest.update(part);
    }
    !digest.finalize()
}

/// CRC-16 of the older group descriptors (`uninit_bg`).
pub fn crc16(parts: &[&[u8]]) -> u16 {
    let mut digest = CRC16.digest();
    for part in parts {
        digest.update(part);
    }
    digest.finalize()
}

/// What the superblock says.
#[derive(Debug, Clone)]
pub struct Super {
    pub inodes: u32,
    pub blocks: u64,
    pub first_data_block: u64,
    pub block_size: u64,
    /// Blocks that one bit of a block bitmap stands for: 1 unless `bigalloc`.
    pub cluster: u64,
    pub blocks_per_group: u64,
    pub inodes_per_group: u32,
    pub inode_size: u64,
    pub first_inode: u32,
    pub desc_size: u64,
    pub groups: u64,
    pub compat: u32,
    pub incompat: u32,
    pub ro_compat: u32,
    pub journal_inode: u32,
    /// Inodes that hold quota and orphan lists.
    pub hidden_inodes: [u32; 4],
    pub first_meta_bg: u64,
    pub backup_groups: [u32; 2],
    pub mmp_block: u64,
    pub uuid: [u8; 16],
    pub seed: u32,
    pub name: Vec<u8>,
    pub last_mounted: Vec<u8>,
    pub made: u32,
    /// The stated and the computed checksum, with `metadata_csum`.
    pub checksum: Option<(u32, u32)>,
}

/// Reads and validates the superblock. `None`: not an ext filesystem.
pub fn read(input: &Input) -> Option<Super> {
    let field = |at: u64| input.le32(AT + at);
    if input.size() < AT + 1024 || input.le16(AT + 0x38)? != 0xEF53 {
        return None;
    }
    let (log, log_cluster) = (field(0x18)?, field(0x1C)?);
    let revision = field(0x4C)?;
    if log > 6 || revision > 1 || field(0x48)? > 4 || input.le16(AT + 0x5A)? != 0 {
        return None;
    }
    let block_size = 1024u64 << log;
    let dynamic = revision == 1;
    let feature = |at| if dynamic { field(at) } else { Some(0) };
    let (compat, incompat, ro_compat) = (feature(0x5C)?, feature(0x60)?, feature(0x64)?);
    let high = |value: u32| if incompat & INCOMPAT_64BIT != 0 { u64::from(value) << 32 } else { 0 };
    let blocks = u64::from(field(4)?) | high(field(0x150)?);
    let free = u64::from(field(0xC)?) | high(field(0x158)?);
    let cluster =
        if ro_compat & RO_BIGALLOC != 0 { 1u64.checked_shl(log_cluster.checked_sub(log)?).filter(|ratio| *ratio <= 1 << 20)? } else { 1 };
    let (blocks_per_group, clusters_per_group) = (u64::from(field(0x20)?), u64::from(field(0x24)?));
    let inodes_per_group = field(0x28)?;
    let first_data_block = u64::from(field(0x14)?);
    let inode_size = if dynamic { u64::from(input.le16(AT + 0x58)?) } else { 128 };
    let bits = block_size * 8;
    let sound = blocks > first_data_block
        && free <= blocks
        && field(0x10)? <= field(0)?
        && first_data_block == u64::from(block_size == 1024 && cluster == 1)
        && (1..=bits).contains(&(blocks_per_group / cluster))
        && (cluster == 1 || blocks_per_group == clusters_per_group * cluster)
        && (1..=bits).contains(&u64::from(inodes_per_group))
        && inode_size.is_power_of_two()
        && (128..=block_size).contains(&inode_size);
    if !sound {
        return None;
    }
    let groups = (blocks - first_data_block).div_ceil(blocks_per_group);
    let inodes = field(0)?;
    if groups.checked_mul(u64::from(inodes_per_group)) != Some(u64::from(inodes)) {
        return None;
    }
    let desc_size = if incompat & INCOMPAT_64BIT != 0 { u64::from(input.le16(AT + 0xFE)?) } else { 32 };
    if !desc_size.is_power_of_two() || !(32..=1024).contains(&desc_size) {
        return None;
    }
    let uuid: [u8; 16] = input.get(AT + 0x68, 16)?.try_into().ok()?;
    let checksum = if ro_compat & RO_METADATA_CSUM != 0 { Some((field(0x3FC)?, crc32c(!0, &[input.get(AT, 0x3FC)?]))) } else { None };
    if input.start() > 0 && checksum.is_some_and(|(stated, computed)| stated != computed) {
        return None;
    }
    Some(Super {
        inodes,
        blocks,
        first_data_block,
        block_size,
        cluster,
        blocks_per_group,
        inodes_per_group,
        inode_size,
        first_inode: if dynamic { field(0x54)?.max(11) } else { 11 },
        desc_size,
        groups,
        compat,
        incompat,
        ro_compat,
        journal_inode: field(0xE0)?,
        hidden_inodes: [field(0x240)?, field(0x244)?, field(0x26C)?, if compat & COMPAT_ORPHAN_FILE != 0 { field(0x280)? } else { 0 }],
        first_meta_bg: u64::from(field(0x104)?),
        backup_groups: [field(0x24C)?, field(0x250)?],
        mmp_block: input.le64(AT + 0x168)?,
        uuid,
        seed: if incompat & INCOMPAT_CSUM_SEED != 0 { field(0x270)? } else { crc32c(!0, &[&uuid]) },
        name: input.text(AT + 0x78, 16)?.to_vec(),
        last_mounted: input.text(AT + 0x88, 64)?.to_vec(),
        made: field(0x108)?,
        checksum,
    })
}

impl Super {
    pub fn unread_features(&self) -> u32 {
        self.incompat & !INCOMPAT_READ
    }

    pub fn metadata_csum(&self) -> bool {
        self.ro_compat & RO_METADATA_CSUM != 0
    }

    pub fn gdt_csum(&self) -> bool {
        self.ro_compat & (RO_GDT_CSUM | RO_METADATA_CSUM) != 0
    }

    pub fn group_start(&self, group: u64) -> u64 {
        self.first_data_block + group * self.blocks_per_group
    }

    /// Number of blocks of a group; the last one may be shorter.
    pub fn group_blocks(&self, group: u64) -> u64 {
        self.blocks_per_group.min(self.blocks.saturating_sub(self.group_start(group)))
    }

    /// Does the group keep a copy of the superblock?
    pub fn has_super(&self, group: u64) -> bool {
        if group == 0 || self.compat & COMPAT_SPARSE_SUPER2 != 0 {
            return group == 0 || self.backup_groups.iter().any(|backup| u64::from(*backup) == group);
        }
        let power = |base: u64| {
            std::iter::successors(Some(base), |value| value.checked_mul(base))
                .take_while(|value| *value <= group)
                .any(|value| value == group)
        };
        self.ro_compat & RO_SPARSE_SUPER == 0 || group == 1 || power(3) || power(5) || power(7)
    }

    /// Block that holds the descriptor of `group`, and the offset in it.
    pub fn descriptor(&self, group: u64) -> (u64, u64) {
        let per_block = self.block_size / self.desc_size;
        let index = group / per_block;
        let block = if self.incompat & INCOMPAT_META_BG == 0 || index < self.first_meta_bg {
            // With clusters of one 1 KiB block the superblock is in block 1; with larger ones of 1 KiB blocks it is too.
            u64::from(self.block_size == 1024) + 1 + index
        } else {
            let first = index * per_block;
            self.group_start(first) + u64::from(self.has_super(first))
        };
        (block, group % per_block * self.desc_size)
    }

    /// Blocks that all descriptors take.
    pub fn descriptor_blocks(&self) -> u64 {
        self.groups.div_ceil(self.block_size / self.desc_size)
    }
}
