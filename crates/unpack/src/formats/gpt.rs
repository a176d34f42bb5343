//! GPT: the partition table of UEFI, with its copy at the end of the disk.
//!
//! **Specification**: UEFI 2.10, section 5.3.
//!
//! **Limitations**: sectors of 512 and 4096 bytes. A disk whose first header is gone is not recognised by its backup alone. Attributes
//! of partitions are not shown.

use std::collections::HashSet;

use assay_core::{
    Problem, SpanKind,
    facts::{Anomaly, ImageFact},
    hash::hex,
};

use super::mbr::place;
use crate::{
    context::Context,
    format::{Format, Magic, Opened},
    input::Input,
};

/// The format.
pub static FORMAT: Format = Format {
    name: "gpt",
    title: "GPT partition table",
    version: 1,
    magics: &[Magic { bytes: b"EFI PART", at: 512 }, Magic { bytes: b"EFI PART", at: 4096 }],
    at_start: false,
    open,
};

struct Header {
    at: u64,
    size: u64,
    stated: u32,
    computed: u32,
    own: u64,
    other: u64,
    usable: (u64, u64),
    guid: [u8; 16],
    entries: u64,
    count: u64,
    entry_size: u64,
    entries_crc: u32,
}

fn header(input: &Input, at: u64, sector: u64) -> Option<Header> {
    if input.get(at, 8)? != b"EFI PART" {
        return None;
    }
    let size = u64::from(input.le32(at + 12)?);
    if !(92..=sector).contains(&size) {
        return None;
    }
    let mut bytes = input.get(at, size)?.to_vec();
    bytes.get_mut(16..20)?.fill(0);
    Some(Header {
        at,
        size,
        stated: input.le32(at + 16)?,
        computed: crc32fast::hash(&bytes),
        own: input.le64(at + 24)?,
        other: input.le64(at + 32)?,
        usable: (input.le64(at + 40)?, input.le64(at + 48)?),
        guid: input.get(at + 56, 16)?.try_into().ok()?,
        entries: input.le64(at + 72)?,
        count: u64::from(input.le32(at + 80)?),
        entry_size: u64::from(input.le32(at + 84)?),
        entries_crc: input.le32(at + 88)?,
    })
}

impl Header {
    fn holds(&self) -> bool {
        self.stated == self.computed
    }

    /// Checks both checksums, and gives the table's place back if it is there.
    fn check(&self, input: &Input, opened: &mut Opened, sector: u64, which: &str) -> Option<(u64, u64)> {
        opened.span(self.at, self.size, SpanKind::Header, format!("{which} header"));
        opened.checksum(
            self.at + 16,
            &format!("{which} header"),
            "CRC-32",
            (self.at, self.size),
            &self.stated.to_be_bytes(),
            &self.computed.to_be_bytes(),
        );
        let place = self
            .entries
            .checked_mul(sector)
            .zip(self.count.checked_mul(self.entry_size))
            .filter(|_| self.entry_size >= 128 && self.entry_size.is_multiple_of(8));
        let found = place.and_then(|(at, len)| input.get(at, len));
        let (Some((at, len)), Some(bytes)) = (place, found) else {
            opened.problem(Problem::corrupt(
                self.at + 72,
                format!("the {which} table of {} entries at sector {} is not there", self.count, self.entries),
            ));
            return None;
        };
        opened.span(at, len, SpanKind::Table, format!("{which} partition entries"));
        opened.checksum(
            self.at + 88,
            &format!("{which} partition entries"),
            "CRC-32",
            (at, len),
            &self.entries_crc.to_be_bytes(),
            &crc32fast::hash(bytes).to_be_bytes(),
        );
        Some((at, len))
    }
}

fn open(input: &Input, context: &Context) -> Option<Opened> {
    let (sector, first) = [512, 4096].into_iter().find_map(|sector| Some((sector, header(input, sector, sector)?)))?;
    if first.own != 1 || input.start() > 0 && !first.holds() {
        return None;
    }
    let mut opened = Opened::new(first.at + first.size);
    protective(input, &mut opened);
    let primary = first.check(input, &mut opened, sector, "primary");
    let last_sector = (input.size() / sector).saturating_sub(1);
    let backup = [first.other, last_sector].into_iter().filter(|at| *at > 1).find_map(|at| header(input, at.checked_mul(sector)?, sector));
    let second = backup.as_ref().and_then(|backup| {
        opened.len = opened.len.max(backup.at + sector).min(input.size());
        let place = backup.check(input, &mut opened, sector, "backup");
        if backup.at / sector != first.other || backup.own != backup.at / sector || backup.other != 1 {
            opened.problem(Problem::corrupt(backup.at + 24, "the two headers do not point to each other"));
        }
        place
    });
    if backup.is_none() {
        let at = first.other.saturating_mul(sector);
        let note = format!("no backup header at sector {}", first.other);
        opened.problem(if at >= input.size() { Problem::truncated(input.size(), note) } else { Problem::corrupt(at, note) });
    }
    let table = |place: Option<(u64, u64)>| place.and_then(|(at, len)| input.get(at, len));
    if let (Some(one), Some(two)) = (table(primary), table(second))
        && one != two
    {
        opened.fact(first.at + 72, ImageFact::Anomaly { kind: Anomaly::AmbiguousVersion, subject: "partition entries".into() });
        opened.problem(Problem::corrupt(first.at + 72, "the primary and the backup partition entries differ"));
    }
    // The first header counts, unless only the other's checksums hold: what firmware does too.
    let good = |header: &Header, place| header.holds() && table(place).is_some_and(|bytes| crc32fast::hash(bytes) == header.entries_crc);
    let (chosen, place) = match &backup {
        Some(backup) if !good(&first, primary) && good(backup, second) => (backup, second),
        _ => (&first, primary),
    };
    opened.fact(chosen.at + 56, ImageFact::Hardware { name: "disk-guid".into(), value: hex(&chosen.guid) });
    if let Some((at, _)) = place {
        partitions(input, context, &mut opened, chosen, at, sector);
    }
    Some(opened)
}

fn protective(input: &Input, opened: &mut Opened) {
    opened.span(
        0,
        440,
        if input.get(0, 440).is_some_and(|code| code.iter().all(|byte| *byte == 0)) { SpanKind::Padding } else { SpanKind::Content },
        "boot code",
    );
    opened.span(440, 72, SpanKind::Header, "protective MBR");
    let kinds: Vec<u8> = (0..4).filter_map(|slot| input.u8(446 + slot * 16 + 4)).collect();
    if input.get(510, 2) != Some(&[0x55, 0xAA]) || !kinds.contains(&0xEE) {
        opened.problem(Problem::corrupt(446, "the first sector is not a protective MBR"));
    } else if kinds.iter().any(|kind| !matches!(kind, 0 | 0xEE)) {
        opened.fact(
            446,
            ImageFact::Anomaly { kind: Anomaly::AmbiguousVersion, subject: "the MBR names partitions of its own beside the GPT".into() },
        );
    }
}

fn partitions(input: &Input, context: &Context, opened: &mut Opened, header: &Header, table: u64, sector: u64) {
    let mut taken = Vec::new();
    let mut names = HashSet::new();
    for index in 0..header.count {
        let at = table + index * header.entry_size;
        let Some(entry) = input.get(at, 128) else { return };
        if context.step(1 + taken.len() as u64 / 16).is_err() {
            opened.problem(crate::context::OverSteps.problem(at));
            return;
        }
        if entry[..16] == [0; 16] {
            continue;
        }
        let (Some(first), Some(last)) = (input.le64(at + 32), input.le64(at + 40)) else { return };
        let units: Vec<u16> =
            entry[56..].chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]])).take_while(|unit| *unit != 0).collect();
        let mut name = String::from_utf16_lossy(&units);
        if name.is_empty() || !names.insert(name.clone()) {
            name = format!("p{}", index + 1);
        }
        let size = last.checked_sub(first).and_then(|span| span.checked_add(1)?.checked_mul(sector)).zip(first.checked_mul(sector));
        let Some((len, start)) = size else {
            opened.problem(Problem::corrupt(at + 32, format!("partition {name} ends (sector {last}) before it starts (sector {first})")));
            continue;
        };
        if first < header.usable.0 || last > header.usable.1 {
            opened.problem(Problem::corrupt(at + 32, format!("partition {name} leaves the usable sectors")));
        }
        place(input, opened, &mut taken, ("gpt", &name), at, (start, len));
    }
}
