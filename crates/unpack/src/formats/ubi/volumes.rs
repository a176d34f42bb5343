//! Volumes of a UBI image: which block is current, what the volume table says, how the blocks make a volume.

use std::collections::BTreeMap;

use assay_core::{
    Entry, EntryKind, Problem, SpanKind,
    facts::{Anomaly, ImageFact},
};
use bytes::Bytes;

use super::{Block, Geometry, crc};
use crate::{
    context::Context,
    format::{Child, Loaded, Opened},
    formats::counted::Counted,
    input::Input,
};

const TABLE: u32 = 0x7FFF_EFFF;
const FASTMAP_HEAD: u32 = 0x7FFF_F000;
const FASTMAP_DATA: u32 = 0x7FFF_F001;
const RECORD: u64 = 172;
const RECORDS: u64 = 128;

/// A record of the volume table.
struct Record {
    at: u64,
    name: Vec<u8>,
    reserved: u32,
    is_static: bool,
    updating: bool,
}

/// Sorts `blocks` into volumes and adds these to `opened`.
pub fn assemble(input: &Input, context: &Context, geometry: Geometry, blocks: Vec<Block>, opened: &mut Opened) {
    let mut volumes = BTreeMap::<u32, BTreeMap<u32, Vec<Block>>>::new();
    for block in blocks {
        volumes.entry(block.volume).or_default().entry(block.number).or_default().push(block);
    }
    let mut data_crc = Counted::new("LEB data CRC", "CRC-32");
    let mut current = BTreeMap::<u32, BTreeMap<u32, Block>>::new();
    for (volume, numbers) in volumes {
        for (number, versions) in numbers {
            let chosen = choose(input, geometry, versions, opened, &mut data_crc);
            current.entry(volume).or_default().insert(number, chosen);
        }
    }
    for (id, note) in [(FASTMAP_HEAD, "fastmap superblock"), (FASTMAP_DATA, "fastmap")] {
        for block in current.remove(&id).unwrap_or_default().values() {
            opened.span(block.peb + geometry.data_at, whole(input, geometry, block), SpanKind::Table, note);
        }
    }
    let mut records = table(input, geometry, &current.remove(&TABLE).unwrap_or_default(), opened);
    for (id, blocks) in current {
        let record = records.remove(&id);
        if record.is_none() {
            let at = blocks.values().next().map_or(0, |block| block.peb);
            opened.problem(Problem::corrupt(at, format!("volume {id} is not in the volume table")));
        }
        volume(input, context, geometry, id, record.as_ref(), blocks, opened);
    }
    for (_, record) in records {
        let mut entry = Entry::new(record.name, EntryKind::Member, 0);
        entry.offset = record.at;
        opened.entry(entry, None);
    }
    data_crc.finish(opened);
}

/// Length of what is there of a LEB.
fn whole(input: &Input, geometry: Geometry, block: &Block) -> u64 {
    geometry.leb().min(input.size().saturating_sub(block.peb + geometry.data_at))
}

/// Does the data CRC of a static or copied block hold?
fn data_holds(input: &Input, geometry: Geometry, block: &Block) -> Option<bool> {
    Some(crc(input.get(block.peb + geometry.data_at, block.data_len.min(geometry.leb()))?) == block.data_crc)
}

/// The version of a LEB that counts: the highest sequence number, unless it is a copy that was not finished.
fn choose(input: &Input, geometry: Geometry, mut versions: Vec<Block>, opened: &mut Opened, crcs: &mut Counted) -> Block {
    versions.sort_by_key(|block| (std::cmp::Reverse(block.sequence), block.peb));
    if versions.len() > 1 && versions[0].is_copy && data_holds(input, geometry, &versions[0]) != Some(true) {
        versions.swap(0, 1);
    }
    let rest = versions.split_off(1);
    // `blocks` are grouped by what is there: a group is never empty.
    let chosen = versions.remove(0);
    for other in rest {
        let what = format!("volume {} LEB {}: PEB at {:#x} and PEB at {:#x}", chosen.volume, chosen.number, chosen.peb, other.peb);
        let finished = !other.is_copy || data_holds(input, geometry, &other) == Some(true);
        if other.sequence == chosen.sequence && finished {
            opened.fact(other.peb + geometry.vid_at, ImageFact::Anomaly { kind: Anomaly::AmbiguousVersion, subject: what });
        }
        let name = format!("superseded/volume-{}-leb-{}@{:#x}", other.volume, other.number, other.peb);
        let len = whole(input, geometry, &other);
        if chosen.volume >= TABLE {
            opened.span(other.peb + geometry.data_at, len, SpanKind::Table, "superseded internal block");
        } else if len > 0 {
            opened.child(Child::slice(Some(name.into_bytes()), other.peb + geometry.data_at, len));
        }
    }
    if chosen.is_static || chosen.is_copy {
        let data = chosen.peb + geometry.data_at;
        match input.get(data, chosen.data_len) {
            Some(bytes) if chosen.data_len <= geometry.leb() => {
                crcs.check(opened, chosen.peb + geometry.vid_at + 32, (data, chosen.data_len), &chosen.data_crc, &crc(bytes));
            }
            _ => opened.problem(Problem::truncated(data, format!("{} data bytes are stated, fewer are there", chosen.data_len))),
        }
    }
    chosen
}

/// Reads the volume table from the first of its two copies that holds, record by record.
fn table(input: &Input, geometry: Geometry, copies: &BTreeMap<u32, Block>, opened: &mut Opened) -> BTreeMap<u32, Record> {
    let mut records = BTreeMap::new();
    let mut crcs = Counted::new("volume table record CRC", "CRC-32");
    let count = RECORDS.min(geometry.leb() / RECORD);
    for block in copies.values() {
        let start = block.peb + geometry.data_at;
        opened.span(start, (count * RECORD).min(whole(input, geometry, block)), SpanKind::Table, "volume table");
        let after = start + count * RECORD;
        opened.span(after, (block.peb + geometry.peb).min(input.size()).saturating_sub(after), SpanKind::Free, "behind the volume table");
        for id in 0..count {
            let at = start + id * RECORD;
            let Some(bytes) = input.get(at, RECORD) else {
                opened.problem(Problem::truncated(at, "the volume table is cut off"));
                break;
            };
            if !crcs.check(opened, at + 168, (at, 168), &bytes[168..], &crc(&bytes[..168])) {
                continue;
            }
            let number = |from: usize| u32::from_be_bytes([bytes[from], bytes[from + 1], bytes[from + 2], bytes[from + 3]]);
            if number(0) == 0 {
                continue;
            }
            let length = usize::from(u16::from_be_bytes([bytes[14], bytes[15]])).min(127);
            let record = Record {
                at,
                name: bytes[16..16 + length].to_vec(),
                reserved: number(0),
                is_static: bytes[12] == 2,
                updating: bytes[13] != 0,
            };
            let earlier = records.entry(id as u32).or_insert_with(|| Record { name: record.name.clone(), ..record });
            if earlier.name != record.name || earlier.reserved != record.reserved {
                let subject = format!("volume table, record {id}");
                opened.fact(at, ImageFact::Anomaly { kind: Anomaly::AmbiguousVersion, subject });
            }
        }
    }
    if copies.is_empty() {
        opened.problem(Problem::corrupt(0, "no volume table: volumes have numbers, not names"));
    }
    crcs.finish(opened);
    records
}

/// One volume as a member.
fn volume(
    input: &Input,
    context: &Context,
    geometry: Geometry,
    id: u32,
    record: Option<&Record>,
    blocks: BTreeMap<u32, Block>,
    opened: &mut Opened,
) {
    let (Some((last, _)), Some((_, first))) = (blocks.last_key_value(), blocks.first_key_value()) else { return };
    let (is_static, used, pad) = (first.is_static, first.used, first.pad.min(geometry.leb()));
    let name = record.map_or_else(|| format!("volume-{id}").into_bytes(), |record| record.name.clone());
    let at = record.map_or(first.peb, |record| record.at);
    if let Some(record) = record {
        if record.updating {
            opened.problem(Problem::corrupt(record.at, format!("volume {id} was being updated when the image was made")));
        }
        if record.is_static != is_static || *last >= record.reserved {
            opened.fact(
                record.at,
                ImageFact::Anomaly { kind: Anomaly::SizeMismatch, subject: format!("volume {id}: table and blocks differ") },
            );
        }
    }
    let leb = geometry.leb() - pad;
    let size =
        if is_static { blocks.values().map(|block| block.data_len.min(leb)).sum() } else { (u64::from(*last) + 1).saturating_mul(leb) };
    let wanted = if is_static { u64::from(used) } else { u64::from(*last) + 1 };
    let missing = wanted.saturating_sub(blocks.len() as u64);
    if missing > 0 {
        let note = format!("volume {id}: {missing} of its first {wanted} blocks are not mapped");
        // Unmapped blocks of a dynamic volume are ordinary: they read as 0xFF.
        if is_static {
            opened.problem(Problem::corrupt(at, note));
        } else {
            opened.fact(at, ImageFact::Hardware { name: "ubi-unmapped".into(), value: note + " and read as 0xFF" });
        }
    }
    let packed: u64 = blocks.values().map(|block| whole(input, geometry, block)).sum();
    for block in blocks.values() {
        let data = block.peb + geometry.data_at;
        let len = if is_static { block.data_len.min(leb) } else { leb };
        opened.payload(data, len.min(whole(input, geometry, block)), format!("volume {id}"));
        opened.span(data + len, whole(input, geometry, block).saturating_sub(len), SpanKind::Free, "behind the data of a block");
    }
    let mut entry = Entry::new(name.clone(), EntryKind::Member, size);
    entry.offset = at;
    let room = context.room(packed);
    if size > room {
        opened.problem(Problem::over_limit(at, format!("volume {id} would be {size} bytes; the limit is {room}")));
        opened.entry(entry, None);
        return;
    }
    let bytes = input.bytes().clone();
    let start = first.peb;
    let loader = move |_: &Context| join(&bytes, geometry, is_static, leb, size, &blocks);
    let index = opened.child(Child::lazy(Some(name), size, loader).at(start, geometry.peb.min(input.size() - start)));
    opened.entry(entry, Some(index));
}

/// The blocks of a volume, one after the other.
fn join(bytes: &Bytes, geometry: Geometry, is_static: bool, leb: u64, size: u64, blocks: &BTreeMap<u32, Block>) -> Loaded {
    let mut loaded = Loaded::default();
    let mut out: Vec<u8> = Vec::new();
    for (number, block) in blocks {
        if !is_static {
            out.resize((u64::from(*number) * leb) as usize, 0xFF);
        }
        let data = (block.peb + geometry.data_at) as usize;
        let len = if is_static { block.data_len.min(leb) } else { leb } as usize;
        let have = bytes.get(data.min(bytes.len())..(data + len).min(bytes.len())).unwrap_or_default();
        out.extend_from_slice(have);
        if have.len() < len {
            loaded.problems.push(Problem::truncated(block.peb, format!("LEB {number} is cut off")));
        }
    }
    out.truncate(size as usize);
    loaded.bytes = out.into();
    loaded
}
