//! Partition table of Espressif chips, by itself or at 0x8000 of a dump of the whole flash.
//!
//! **Specification**: ESP-IDF Programming Guide, "Partition Tables" (binary form as written by `gen_esp32part.py`): entries of 32
//! bytes, magic AA 50; an entry EB EB with the MD5 of those before it; end at an entry of 0xFF.
//!
//! **Limitations**: a table at another offset (`CONFIG_PARTITION_TABLE_OFFSET`) is found by its magic, but its partitions then do not
//! come out. Whether a partition is encrypted by the flash's own encryption is a fact by its flag alone.

use assay_core::{
    Problem, SpanKind,
    escape::escape,
    facts::{Anomaly, ImageFact},
};
use md5::{Digest, Md5};

use super::esp_image;
use crate::{
    context::Context,
    format::{Format, Magic, Opened, Treat},
    input::Input,
};

/// The format.
pub static FORMAT: Format = Format {
    name: "esp-partitions",
    title: "ESP32 partition table",
    version: 1,
    magics: &[Magic { bytes: MAGIC, at: 0 }, Magic { bytes: MAGIC, at: OFFSET }],
    at_start: false,
    open,
};

const MAGIC: &[u8] = &[0xAA, 0x50];
const SUM: &[u8] = &[0xEB, 0xEB];
/// Where ESP-IDF puts the table on the flash.
const OFFSET: u64 = 0x8000;
const ENTRY: u64 = 32;
/// A table fills at most 0xC00 bytes.
const MAX: u64 = 0xC00 / ENTRY;
/// Flash sector: what the table's own place on the flash is a multiple of.
const SECTOR: u64 = 0x1000;

struct Partition {
    name: Vec<u8>,
    at: u64,
    start: u64,
    len: u64,
    kind: (u8, u8),
    encrypted: bool,
}

struct Table {
    partitions: Vec<Partition>,
    /// First byte behind it.
    end: u64,
    /// MD5 entry: its offset, whether it holds.
    sum: Option<(u64, Vec<u8>, Vec<u8>)>,
}

/// The table at `from`, if there is one.
fn table(input: &Input, from: u64) -> Option<Table> {
    let mut table = Table { partitions: Vec::new(), end: from, sum: None };
    for index in 0..MAX {
        let at = from + index * ENTRY;
        let Some(entry) = input.get(at, ENTRY) else { break };
        if entry.starts_with(SUM) {
            let computed = Md5::digest(input.get(from, at - from)?);
            table.sum = Some((at, entry[16..].to_vec(), computed.to_vec()));
            table.end = at + ENTRY;
            continue;
        }
        if entry.iter().all(|byte| *byte == 0xFF) {
            table.end = at + ENTRY;
            break;
        }
        if !entry.starts_with(MAGIC) || table.sum.is_some() {
            break;
        }
        let (start, len) = (u64::from(input.le32(at + 4)?), u64::from(input.le32(at + 8)?));
        let name = input.text(at + 12, 16)?.to_vec();
        // Types 0 and 1 are ESP-IDF's, 0x40 to 0xFE the application's.
        let kind = (entry[2], entry[3]);
        let usual = (kind.0 <= 3 || (0x40..0xFF).contains(&kind.0))
            && start % SECTOR == 0
            && len > 0
            && name.iter().all(|byte| (0x20..0x7F).contains(byte));
        if index == 0 && !usual {
            return None;
        }
        table.partitions.push(Partition { name, at, start, len, kind, encrypted: input.le32(at + 28)? & 1 != 0 });
        table.end = at + ENTRY;
    }
    (!table.partitions.is_empty()).then_some(table)
}

fn open(input: &Input, context: &Context) -> Option<Opened> {
    let first = input.get(0, 2)?;
    if first == MAGIC {
        let table = table(input, 0)?;
        // Two bytes of magic are everywhere: by itself a table needs its MD5 or, at the start of a file, two entries.
        if !sure(&table) && (input.start() > 0 || table.partitions.len() < 2) {
            return None;
        }
        let mut opened = Opened::new(table.end);
        describe(&table, 0, &mut opened);
        let rest = input.size().min(MAX * ENTRY).saturating_sub(table.end);
        if rest > 0 && input.get(table.end, rest).is_some_and(|bytes| bytes.iter().all(|byte| *byte == 0xFF)) {
            opened.span(table.end, rest, SpanKind::Padding, "");
            opened.len += rest;
        }
        return Some(opened);
    }
    // A dump of the whole flash: only from its own start, boot loader first.
    if input.start() > 0 || input.get(OFFSET, 2)? != MAGIC {
        return None;
    }
    let table = table(input, OFFSET)?;
    dump(input, &table, context)
}

fn sure(table: &Table) -> bool {
    table.sum.as_ref().is_some_and(|(_, stated, computed)| stated == computed)
}

fn describe(table: &Table, from: u64, opened: &mut Opened) {
    let sum_at = table.sum.as_ref().map(|(at, ..)| *at);
    opened.span(from, sum_at.unwrap_or(table.end) - from, SpanKind::Table, "partition table");
    if let Some((at, stated, computed)) = &table.sum {
        opened.span(*at, ENTRY, SpanKind::Checksum, "MD5 of the table");
        opened.span(at + ENTRY, table.end - at - ENTRY, SpanKind::Table, "end of the partition table");
        opened.checksum(at + 16, "table MD5", "MD5", (from, at - from), stated, computed);
    }
    for partition in &table.partitions {
        let name = escape(&partition.name);
        if partition.encrypted {
            opened.fact(
                partition.at + 28,
                ImageFact::Encrypted { what: name.clone(), scheme: "flash encryption, by the partition's flag".into() },
            );
        }
        opened
            .fact(partition.at, ImageFact::Partition { table: "esp-partitions".into(), name, start: partition.start, len: partition.len });
    }
}

fn dump(input: &Input, table: &Table, context: &Context) -> Option<Opened> {
    let mut opened = Opened::new(input.size());
    describe(table, OFFSET, &mut opened);
    // The boot loader stands at 0 or 0x1000, by chip, and has no entry of its own.
    for at in [0, SECTOR, 2 * SECTOR] {
        if input.u8(at) == Some(0xE9)
            && let Some(bytes) = input.slice(at, OFFSET - at)
            && let Some(loader) = (esp_image::FORMAT.open)(&Input::new(&bytes, 0), context)
        {
            opened.member("bootloader", at, loader.len.min(OFFSET - at), Treat::Open);
            break;
        }
    }
    // Neither a boot loader nor a table that proves itself: two bytes at 0x8000 of something else.
    if opened.entries.is_empty() && !sure(table) {
        return None;
    }
    let mut taken: Vec<(u64, u64)> = vec![(OFFSET, table.end)];
    for partition in &table.partitions {
        let end = partition.start.saturating_add(partition.len);
        if taken.iter().any(|(from, to)| partition.start < *to && *from < end) {
            opened.fact(partition.at, ImageFact::Anomaly { kind: Anomaly::Overlap, subject: escape(&partition.name) });
        }
        taken.push((partition.start, end));
        let there = end.min(input.size()).saturating_sub(partition.start);
        if there < partition.len {
            opened.problem(Problem::truncated(
                partition.at + 4,
                format!("{}: {} bytes are stated, {there} are there", escape(&partition.name), partition.len),
            ));
        }
        if there > 0 {
            let (kind, subtype) = partition.kind;
            let treat = if partition.encrypted && input.u8(partition.start) != Some(0xE9) && kind == 0 {
                Treat::Opaque("flash encryption, by the partition's flag".into())
            } else {
                Treat::Open
            };
            opened.member(partition.name.clone(), partition.start, there, treat);
            opened.fact(
                partition.at + 2,
                ImageFact::Hardware {
                    name: "partition-type".into(),
                    value: format!("{}: {kind:#04x}/{subtype:#04x}", escape(&partition.name)),
                },
            );
        }
    }
    Some(opened)
}
