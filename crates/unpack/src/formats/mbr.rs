//! MBR: the partition table in a disk's first sector, with extended partitions.
//!
//! **Specification**: UEFI 2.10, section 5.2.1 (legacy MBR); for extended boot records Microsoft's "Disk Concepts and Troubleshooting".
//!
//! **Limitations**: sectors of 512 bytes; looked for at the start of an artifact only, since two bytes are all the magic there is. BSD
//! and other nested labels are not read. What lies between partitions gets no span, so that the engine searches it.

use std::collections::HashSet;

use assay_core::{
    Problem, SpanKind,
    facts::{Anomaly, ImageFact},
};

use crate::{
    context::Context,
    format::{Format, Opened, Treat},
    input::Input,
};

/// The format.
pub static FORMAT: Format = Format { name: "mbr", title: "MBR partition table", version: 1, magics: &[], at_start: true, open };

const SECTOR: u64 = 512;
const TABLE: u64 = 446;
/// Logical partitions that are read; systems stop far earlier.
const MOST: usize = 256;

#[derive(Clone, Copy)]
struct Slot {
    at: u64,
    status: u8,
    kind: u8,
    first: u64,
    count: u64,
}

impl Slot {
    fn used(&self) -> bool {
        self.kind != 0 && self.count > 0
    }

    fn extended(&self) -> bool {
        matches!(self.kind, 0x05 | 0x0F | 0x85)
    }
}

fn slots(input: &Input, sector: u64) -> Option<[Slot; 4]> {
    if input.get(sector + 510, 2)? != [0x55, 0xAA] {
        return None;
    }
    let slot = |index: u64| {
        let at = sector + TABLE + index * 16;
        Some(Slot {
            at,
            status: input.u8(at)?,
            kind: input.u8(at + 4)?,
            first: u64::from(input.le32(at + 8)?),
            count: u64::from(input.le32(at + 12)?),
        })
    };
    Some([slot(0)?, slot(1)?, slot(2)?, slot(3)?])
}

/// Is it the boot sector of a filesystem, which ends in the same two bytes?
fn boot_sector(input: &Input) -> bool {
    let field = |at, len| input.get(at, len).unwrap_or_default();
    let jump = matches!(field(0, 3), [0xEB, _, 0x90] | [0xE9, ..]);
    let sizes = matches!(input.le16(11), Some(512 | 1024 | 2048 | 4096)) && input.u8(13).is_some_and(u8::is_power_of_two);
    jump && (sizes || field(3, 8) == b"EXFAT   " || field(3, 8) == b"NTFS    ") || field(0x36, 3) == b"FAT" || field(0x52, 5) == b"FAT32"
}

fn open(input: &Input, context: &Context) -> Option<Opened> {
    let primary = slots(input, 0)?;
    let sound = |slot: &Slot| {
        matches!(slot.status, 0 | 0x80) && (slot.used() && slot.first > 0 || slot.kind == 0 && slot.first == 0 && slot.count == 0)
    };
    let inside = |slot: &Slot| slot.used() && slot.first * SECTOR < input.size();
    if boot_sector(input) || !primary.iter().all(sound) || !primary.iter().any(inside) {
        return None;
    }
    let mut opened = Opened::new(SECTOR);
    let code = input.get(0, 440)?;
    opened.span(0, 440, if code.iter().all(|byte| *byte == 0) { SpanKind::Padding } else { SpanKind::Content }, "boot code");
    opened.span(440, 6, SpanKind::Header, "disk signature");
    opened.span(TABLE, 66, SpanKind::Table, "partition table");
    let mut taken = Vec::new();
    for (index, slot) in primary.iter().enumerate().filter(|(_, slot)| slot.used()) {
        if slot.kind == 0xEE {
            opened.problem(Problem::corrupt(slot.at, "a protective entry says that there is a GPT; none was found"));
        } else if !slot.extended() {
            partition(input, &mut opened, &mut taken, &format!("p{}", index + 1), slot, slot.first);
        }
    }
    let mut number = 5;
    for slot in primary.iter().filter(|slot| slot.used() && slot.extended()) {
        extended(input, context, &mut opened, &mut taken, slot, &mut number);
    }
    Some(opened)
}

/// Follows the chain of extended boot records.
fn extended(input: &Input, context: &Context, opened: &mut Opened, taken: &mut Vec<(u64, u64)>, outer: &Slot, number: &mut u32) {
    let mut seen = HashSet::new();
    let mut sector = outer.first;
    let mut from = outer.at;
    loop {
        if !seen.insert(sector) {
            opened.fact(from, ImageFact::Anomaly { kind: Anomaly::Cycle, subject: format!("extended boot record at sector {sector}") });
            opened.problem(Problem::corrupt(from, format!("the chain of extended boot records comes back to sector {sector}")));
            return;
        }
        if seen.len() > MOST || context.step(1).is_err() {
            opened.problem(Problem::over_limit(from, "too many logical partitions; the rest was not read"));
            return;
        }
        let at = sector * SECTOR;
        let Some([inner, next, ..]) = slots(input, at) else {
            opened.problem(Problem::corrupt(from, format!("no extended boot record at sector {sector}")));
            return;
        };
        opened.span(
            at,
            440,
            if input.get(at, 440).is_some_and(|code| code.iter().all(|byte| *byte == 0)) { SpanKind::Padding } else { SpanKind::Content },
            "boot code",
        );
        opened.span(at + 440, 72, SpanKind::Table, "extended boot record");
        opened.len = opened.len.max(at + SECTOR);
        if inner.used() {
            partition(input, opened, taken, &format!("p{number}"), &inner, sector + inner.first);
            *number += 1;
        }
        if !next.used() || !next.extended() {
            return;
        }
        (from, sector) = (next.at, outer.first + next.first);
    }
}

fn partition(input: &Input, opened: &mut Opened, taken: &mut Vec<(u64, u64)>, name: &str, slot: &Slot, first: u64) {
    let (start, len) = (first * SECTOR, slot.count * SECTOR);
    place(input, opened, taken, ("mbr", name), slot.at, (start, len));
}

/// Adds a partition, of an MBR or a GPT: the member, as far as its bytes are there, the fact, and what is wrong with its place.
pub fn place(
    input: &Input,
    opened: &mut Opened,
    taken: &mut Vec<(u64, u64)>,
    (table, name): (&str, &str),
    at: u64,
    (start, len): (u64, u64),
) {
    opened.fact(at, ImageFact::Partition { table: table.into(), name: name.into(), start, len });
    let end = start.saturating_add(len);
    let there = end.min(input.size()).saturating_sub(start);
    if there < len {
        let note = format!("partition {name} of {len} bytes at {start:#x} reaches past the end; {there} bytes are there");
        opened.problem(Problem::truncated(input.size(), note));
    }
    if taken.iter().any(|(from, to)| start < *to && *from < end) {
        opened.fact(at, ImageFact::Anomaly { kind: Anomaly::Overlap, subject: format!("partition {name}") });
        opened.problem(Problem::corrupt(at, format!("partition {name} overlaps another")));
    }
    taken.push((start, end));
    if there > 0 {
        // The child is as long as what is there: a table may state terabytes, and a problem says what is missing.
        opened.member(name.as_bytes(), start, there, Treat::Open);
        if let Some(named) = opened.entries.last_mut() {
            named.entry.size = len;
            named.entry.offset = at;
        }
        opened.len = opened.len.max(start + there);
    }
}
