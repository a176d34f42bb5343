//! The boot sector: where the tables, the root directory and the clusters are.
//!
//! Nothing in it says which of FAT12, FAT16 and FAT32 it is; the name at 0x36 or 0x52 is a comment. FAT32 has the old field of the
//! table's length at 0; between the other two the number of clusters decides, by the specification and in every system.

use crate::input::Input;

/// What the boot sector says.
pub struct Boot {
    pub sector: u64,
    pub cluster: u64,
    pub bits: u32,
    pub fat_at: u64,
    pub fat_len: u64,
    pub fats: u64,
    pub root_at: u64,
    pub root_len: u64,
    pub root_cluster: u32,
    pub data: u64,
    /// Number of clusters; they are counted from 2.
    pub clusters: u32,
    pub len: u64,
    pub info: u64,
    pub backup: u64,
}

pub fn boot(input: &Input) -> Option<Boot> {
    if input.get(510, 2)? != [0x55, 0xAA] || !matches!(input.get(0, 3)?, [0xEB, _, 0x90] | [0xE9, ..]) {
        return None;
    }
    let half = |at| input.le16(at).map(u64::from);
    let word = |at| input.le32(at).map(u64::from);
    let either = |short: u64, long: u64| if short != 0 { short } else { long };
    let (sector, per_cluster, reserved, fats) = (half(11)?, u64::from(input.u8(13)?), half(14)?, u64::from(input.u8(16)?));
    let media = input.u8(21)?;
    let wide = half(22)? == 0;
    let fat_sectors = if wide { word(36)? } else { half(22)? };
    let total = either(half(19)?, word(32)?);
    let sound = matches!(sector, 512 | 1024 | 2048 | 4096)
        && per_cluster.is_power_of_two()
        && reserved > 0
        && (1..=4).contains(&fats)
        && (media == 0xF0 || media >= 0xF8)
        && fat_sectors > 0
        && wide == (half(17)? == 0)
        && (half(17)? * 32).is_multiple_of(sector);
    let root_sectors = (half(17)? * 32).div_ceil(sector.max(1));
    let data = reserved + fats * fat_sectors + root_sectors;
    if !sound || total <= data {
        return None;
    }
    let clusters = (total - data) / per_cluster;
    let bits = if wide {
        32
    } else if clusters < 4085 {
        12
    } else {
        16
    };
    // A table too short for its clusters: not a filesystem, or one that no system mounts.
    let fits = (fat_sectors * sector * 8 / bits).checked_sub(2)?;
    // The first entry of the table repeats the media byte.
    if clusters == 0 || input.u8(reserved * sector)? != media || clusters > 0x0FFF_FFF5 || fits == 0 {
        return None;
    }
    Some(Boot {
        sector,
        cluster: sector * per_cluster,
        bits: bits as u32,
        fat_at: reserved * sector,
        fat_len: fat_sectors * sector,
        fats,
        root_at: (reserved + fats * fat_sectors) * sector,
        root_len: half(17)? * 32,
        root_cluster: if wide { input.le32(44)? } else { 0 },
        data: data * sector,
        clusters: clusters.min(fits) as u32,
        len: total * sector,
        info: if wide { half(48)? * sector } else { 0 },
        backup: if wide { half(50)? * sector } else { 0 },
    })
}
