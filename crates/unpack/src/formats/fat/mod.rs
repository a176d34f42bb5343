//! FAT12, FAT16 and FAT32, with long names.
//!
//! **Specification**: Microsoft, "FAT: General Overview of On-Disk Format" 1.03; ECMA-107.
//!
//! **Limitations**: exFAT is not read. Short names are shown in the bytes they are in (their code page is written nowhere), long ones
//! in UTF-8. Times have no zone and are taken as UTC. Deleted entries are counted, not brought back.

mod directory;

use std::collections::HashSet;

use assay_core::{
    Entry, EntryKind, Problem, Span, SpanKind,
    escape::escape,
    facts::{Anomaly, ImageFact},
};
use bytes::Bytes;

use crate::{
    context::Context,
    format::{Child, Format, Loaded, Magic, Opened},
    input::Input,
};
use directory::Record;

/// The format.
pub static FORMAT: Format = Format {
    name: "fat",
    title: "FAT filesystem",
    version: 1,
    magics: &[Magic { bytes: b"FAT12   ", at: 0x36 }, Magic { bytes: b"FAT16   ", at: 0x36 }, Magic { bytes: b"FAT32   ", at: 0x52 }],
    at_start: true,
    open,
};

/// Longest path that is followed.
const PATH_MAX: usize = 4096;
/// Troubles of one kind that are told one by one.
const TOLD: u64 = 32;

/// What the boot sector says.
struct Boot {
    sector: u64,
    cluster: u64,
    bits: u32,
    fat_at: u64,
    fat_len: u64,
    fats: u64,
    root_at: u64,
    root_len: u64,
    root_cluster: u32,
    data: u64,
    /// Number of clusters; they are counted from 2.
    clusters: u32,
    len: u64,
    info: u64,
    backup: u64,
}

fn boot(input: &Input) -> Option<Boot> {
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

/// Clusters of a file: first and count, in order.
type Runs = Vec<(u32, u32)>;

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

    /// The table's entry of a cluster: the next one, 0 for a free one.
    fn next(&self, cluster: u32) -> Option<u32> {
        let (at, number) = (self.boot.fat_at, u64::from(cluster));
        match self.boot.bits {
            12 => self.input.le16(at + number * 3 / 2).map(|pair| u32::from(if cluster % 2 == 1 { pair >> 4 } else { pair & 0xFFF })),
            16 => self.input.le16(at + number * 2).map(u32::from),
            _ => self.input.le32(at + number * 4).map(|entry| entry & 0x0FFF_FFFF),
        }
    }

    /// Smallest value that ends a chain; the one before it marks a bad cluster.
    fn last(&self) -> u32 {
        match self.boot.bits {
            12 => 0xFF8,
            16 => 0xFFF8,
            _ => 0x0FFF_FFF8,
        }
    }

    fn at(&self, cluster: u32) -> u64 {
        self.boot.data + u64::from(cluster.saturating_sub(2)) * self.boot.cluster
    }

    /// Follows a chain to its end and claims its clusters. `at` is where the first one is named.
    fn chain(&mut self, first: u32, at: u64, name: &str) -> Runs {
        let mut runs = Runs::new();
        let mut seen = HashSet::new();
        let mut cluster = first;
        let mut from = at;
        while cluster < self.last() {
            if self.context.step(1).is_err() {
                self.over();
                break;
            }
            if !(2..self.boot.clusters.saturating_add(2)).contains(&cluster) {
                self.opened.problem(Problem::corrupt(
                    from,
                    format!("{name}: the chain leads to cluster {cluster}, which is free, bad or not there"),
                ));
                break;
            }
            if !seen.insert(cluster) {
                self.opened.fact(from, ImageFact::Anomaly { kind: Anomaly::Cycle, subject: format!("{name}: cluster {cluster}") });
                self.opened.problem(Problem::corrupt(from, format!("{name}: the chain comes back to cluster {cluster}")));
                break;
            }
            if self.used.get_mut(cluster as usize - 2).is_some_and(|used| std::mem::replace(used, true)) {
                self.overlaps += 1;
                if self.overlaps <= TOLD {
                    self.opened
                        .fact(self.at(cluster), ImageFact::Anomaly { kind: Anomaly::Overlap, subject: format!("cluster {cluster}") });
                    self.opened.problem(
                        Problem::corrupt(self.at(cluster), format!("{name}: cluster {cluster} belongs to another file too"))
                            .over(self.boot.cluster),
                    );
                }
            }
            match runs.last_mut() {
                Some((start, count)) if *start + *count == cluster => *count += 1,
                _ => runs.push((cluster, 1)),
            }
            from = self.boot.fat_at + u64::from(cluster) * u64::from(self.boot.bits) / 8;
            let Some(next) = self.next(cluster) else { break };
            cluster = next;
        }
        runs
    }

    /// Follows the tree from its root, each directory once.
    fn walk(&mut self) {
        let mut visited = HashSet::new();
        let mut stack: Vec<(u32, u64, Vec<u8>)> = vec![(self.boot.root_cluster, 44, Vec::new())];
        while let Some((cluster, named, path)) = stack.pop() {
            let fixed = path.is_empty() && self.boot.bits != 32;
            let shown = if path.is_empty() { "the root directory".into() } else { escape(&path) };
            let places: Vec<(u64, u64)> = if fixed {
                vec![(self.boot.root_at, self.boot.root_len)]
            } else {
                visited.insert(cluster);
                let runs = self.chain(cluster, named, &shown);
                runs.iter().map(|(first, count)| (self.at(*first), u64::from(*count) * self.boot.cluster)).collect()
            };
            let mut records = Vec::new();
            let mut scan = directory::Scan::default();
            for (at, len) in places {
                self.opened.span(at, len, SpanKind::Table, "directory");
                let Some(bytes) = self.input.slice(at, len.min(self.input.size().saturating_sub(at))) else { continue };
                if (bytes.len() as u64) < len {
                    self.opened.problem(Problem::truncated(self.input.size(), format!("{shown}: the directory is not whole")));
                }
                if self.context.step(bytes.len() as u64 / 32).is_err() {
                    return self.over();
                }
                scan.read(&bytes, at, !path.is_empty(), &mut records);
            }
            self.deleted += scan.deleted;
            if scan.orphans > 0 {
                self.opened.problem(Problem::corrupt(named, format!("{shown}: {} parts of long names belong to no entry", scan.orphans)));
            }
            let below = stack.len();
            for record in records {
                let full = if path.is_empty() { record.name.clone() } else { [&path[..], b"/", &record.name].concat() };
                if self.context.step(1 + full.len() as u64 / 16).is_err() {
                    return self.over();
                }
                if record.label {
                    self.opened.fact(record.at, ImageFact::Hardware { name: "volume-label".into(), value: escape(&record.name) });
                    continue;
                }
                self.name(&record, &full);
                if !record.directory {
                    continue;
                }
                if record.cluster == 0 || record.cluster == self.boot.root_cluster || !visited.insert(record.cluster) {
                    self.opened.fact(record.at, ImageFact::Anomaly { kind: Anomaly::Cycle, subject: escape(&full) });
                    let note = format!(
                        "{} names cluster {}, a directory that has a name already; it is not followed again",
                        escape(&full),
                        record.cluster
                    );
                    self.opened.problem(Problem::corrupt(record.at, note));
                } else if full.len() > PATH_MAX {
                    self.opened.problem(Problem::over_limit(
                        record.at,
                        "directories are nested deeper than any path can name; what is below was not read",
                    ));
                } else {
                    stack.push((record.cluster, record.at, full));
                }
            }
            stack[below..].reverse();
        }
    }

    /// Writes one name down, with its content.
    fn name(&mut self, record: &Record, path: &[u8]) {
        let mut entry = Entry::new(
            path,
            if record.directory { EntryKind::Directory } else { EntryKind::File },
            if record.directory { 0 } else { record.size },
        );
        entry.offset = record.at;
        entry.mtime = record.mtime;
        let mut child = None;
        if !record.directory && (record.cluster != 0 || record.size > 0) {
            child = self.content(record, path);
        }
        self.opened.entry(entry, child);
    }

    fn content(&mut self, record: &Record, path: &[u8]) -> Option<usize> {
        let shown = escape(path);
        let (size, cluster) = (record.size, self.boot.cluster);
        let runs = self.chain(record.cluster, record.at + 26, &shown);
        let mut pieces: Vec<(u64, u64)> = Vec::new();
        let mut left = size;
        for (first, count) in &runs {
            let len = (u64::from(*count) * cluster).min(left);
            if len == 0 {
                break;
            }
            pieces.push((self.at(*first), len));
            left -= len;
        }
        for (at, len) in &pieces {
            let mut span = Span::new(*at, *len, SpanKind::Payload).note(shown.clone());
            span.child = true;
            self.opened.spans.push(span);
        }
        if left > 0 {
            self.opened.fact(record.at + 28, ImageFact::Anomaly { kind: Anomaly::SizeMismatch, subject: shown.clone() });
            self.opened
                .problem(Problem::corrupt(record.at + 28, format!("{shown}: {size} bytes are stated, its clusters hold {}", size - left)));
        }
        if size == 0 {
            return None;
        }
        let name = Some([b"/", path].concat());
        let child = match pieces.as_slice() {
            [(at, len)] if left == 0 && at + len <= self.input.size() => Child::slice(name, *at, *len),
            _ => {
                let (data, at) = (self.input.bytes().clone(), record.at);
                Child::lazy(name, size, move |context| gather(&data, &pieces, size, at, context))
            }
        };
        self.opened.children.push(child);
        Some(self.opened.children.len() - 1)
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

/// A file's bytes from its pieces.
fn gather(data: &Bytes, pieces: &[(u64, u64)], size: u64, at: u64, context: &Context) -> Loaded {
    let limit = context.limits.artifact_bytes.min(size);
    let mut loaded = Vec::new();
    let mut problems = Vec::new();
    for (start, len) in pieces {
        let len = (*len).min(limit - loaded.len() as u64);
        let end = start.saturating_add(len).min(data.len() as u64);
        let Some(part) = data.get(*start as usize..end as usize) else { break };
        loaded.extend_from_slice(part);
        if (part.len() as u64) < len {
            break;
        }
    }
    if (loaded.len() as u64) < size {
        problems.push(Problem::truncated(at, format!("only {} of {size} bytes could be found", loaded.len())));
    }
    Loaded { bytes: loaded.into(), problems }
}
