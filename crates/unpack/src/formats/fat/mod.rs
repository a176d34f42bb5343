//! FAT12, FAT16 and FAT32, with long names.
//!
//! **Specification**: Microsoft, "FAT: General Overview of On-Disk Format" 1.03; ECMA-107.
//!
//! **Limitations**: exFAT is not read. Short names are shown in the bytes they are in (their code page is written nowhere), long ones
//! in UTF-8. Times have no zone and are taken as UTC. Deleted entries are counted, not brought back.

mod boot;
mod chains;
mod directory;
mod tree;

use assay_core::{
    Problem, SpanKind,
    escape::escape,
    facts::{Anomaly, ImageFact},
};

use crate::{
    context::Context,
    format::{Format, Magic, Opened},
    input::Input,
};
use boot::{Boot, boot};

/// The format.
pub static FORMAT: Format = Format {
    name: "fat",
    title: "FAT filesystem",
    version: 1,
    magics: &[Magic { bytes: b"FAT12   ", at: 0x36 }, Magic { bytes: b"FAT16   ", at: 0x36 }, Magic { bytes: b"FAT32   ", at: 0x52 }],
    at_start: true,
    open,
};

/// Troubles of one kind that are told one by one.
const TOLD: u64 = 32;

struct Reader<'a> {
    input: &'a Input,
    context: &'a Context<'a>,
    boot: Boot,
    opened: Opened,
    /// Clusters that something claims; the first is number 2.
    used: Vec<bool>,
    overlaps: u64,
    deleted: u64,
    over: bool,
}

fn open(input: &Input, context: &Context) -> Option<Opened> {
    let boot = boot(input)?;
    let mut opened = Opened::new(boot.len.min(input.size()));
    if boot.len > input.size() {
        let note = format!("the filesystem has {} bytes, only {} are there", boot.len, input.size());
        opened.problem(Problem::truncated(input.size(), note));
    }
    let there = input.size().saturating_sub(boot.data).div_ceil(boot.cluster).min(u64::from(boot.clusters));
    let mut reader = Reader { input, context, boot, opened, used: vec![false; there as usize], overlaps: 0, deleted: 0, over: false };
    reader.tables();
    reader.walk();
    reader.rest();
    Some(reader.opened)
}

impl Reader<'_> {
    fn over(&mut self) {
        if !std::mem::replace(&mut self.over, true) {
            self.opened.problem(crate::context::OverSteps.problem(0));
        }
    }

    /// Spans of boot sectors and tables; the copies of the table are compared.
    fn tables(&mut self) {
        let (sector, fat_at, fat_len) = (self.boot.sector, self.boot.fat_at, self.boot.fat_len);
        self.opened.span(0, sector, SpanKind::Header, "boot sector");
        if self.boot.info > 0 && self.boot.info < fat_at {
            self.opened.span(self.boot.info, sector, SpanKind::Header, "FSInfo");
            if self.input.le32(self.boot.info) != Some(0x4161_5252) {
                self.opened.problem(Problem::corrupt(self.boot.info, "no FSInfo sector where one should be"));
            }
        }
        if self.boot.backup > 0 && self.boot.backup < fat_at {
            self.opened.span(self.boot.backup, sector, SpanKind::Header, "backup boot sector");
            if self.input.get(self.boot.backup, sector) != self.input.get(0, sector) {
                self.opened.problem(Problem::corrupt(self.boot.backup, "the backup boot sector differs from the first").over(sector));
            }
            if self.boot.info > 0
                && self.boot.backup + self.boot.info < fat_at
                && self.input.le32(self.boot.backup + self.boot.info) == Some(0x4161_5252)
            {
                self.opened.span(self.boot.backup + self.boot.info, sector, SpanKind::Header, "backup FSInfo");
            }
        }
        for copy in 0..self.boot.fats {
            let at = fat_at + copy * fat_len;
            self.opened.span(at, fat_len, SpanKind::Table, format!("file allocation table {}", copy + 1));
            if copy > 0
                && let (Some(first), Some(other)) = (self.input.get(fat_at, fat_len), self.input.get(at, fat_len))
                && let Some(place) = first.iter().zip(other).position(|(one, two)| one != two)
            {
                self.opened.fact(
                    at,
                    ImageFact::Anomaly { kind: Anomaly::AmbiguousVersion, subject: format!("file allocation table {}", copy + 1) },
                );
                self.opened.problem(Problem::corrupt(
                    at + place as u64,
                    format!("file allocation table {} differs from the first, which was used", copy + 1),
                ));
            }
        }
        let label = self.input.get(if self.boot.bits == 32 { 71 } else { 43 }, 11).unwrap_or_default().trim_ascii_end();
        if !label.is_empty() && label != b"NO NAME" && label.iter().all(|byte| (0x20..0x7F).contains(byte)) {
            self.opened.fact(43, ImageFact::Hardware { name: "volume-label".into(), value: escape(label) });
        }
    }

    /// Free clusters, bad ones, and those in use that no name leads to; the latter two get no span.
    fn rest(&mut self) {
        let (mut bad, mut lost, mut free) = (0u64, 0u64, None);
        for index in 0..=self.used.len() as u32 {
            if self.context.step(1).is_err() {
                return self.over();
            }
            let cluster = index + 2;
            let mine = self.used.get(index as usize).copied();
            let next = self.next(cluster).unwrap_or(1);
            if mine == Some(false) && next == 0 {
                free.get_or_insert(cluster);
                continue;
            }
            if let Some(first) = free.take() {
                self.opened.span(self.at(first), self.at(cluster) - self.at(first), SpanKind::Free, "free clusters");
            }
            if mine == Some(false) {
                if next == self.last() - 1 { bad += 1 } else { lost += 1 }
            }
        }
        if bad > 0 {
            self.opened
                .fact(self.boot.fat_at, ImageFact::Anomaly { kind: Anomaly::BadBlock, subject: format!("{bad} clusters are marked bad") });
        }
        if lost > 0 {
            self.opened.problem(Problem::corrupt(self.boot.fat_at, format!("{lost} clusters are in use and belong to no name")));
        }
        if self.deleted > 0 {
            self.opened.fact(self.boot.root_at, ImageFact::Hardware { name: "deleted-entries".into(), value: self.deleted.to_string() });
        }
        if self.overlaps > TOLD {
            self.opened.problem(Problem::corrupt(self.boot.fat_at, format!("{} clusters belong to two files", self.overlaps)));
        }
    }
}
