//! zip: also the form of `.jar`, `.apk` and of many downloads.
//!
//! **Specification**: PKWARE APPNOTE.TXT 6.3.10, sections 4.3 (general format), 4.4 (fields), 4.5.3 (Zip64).
//!
//! **Limitations**: archives in several parts, deflate64, PPMd and AES-encrypted names are not read. A CRC that a member's content does
//! not fulfil is a problem of that member; it is computed when the member is unpacked.

mod directory;
mod member;

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
use directory::{central, dos_time, find};
use member::add;

/// The format.
pub static FORMAT: Format =
    Format { name: "zip", title: "zip archive", version: 1, magics: &[Magic { bytes: b"PK\x03\x04", at: 0 }], at_start: false, open };

const LOCAL: u64 = 30;
const CENTRAL: u64 = 46;
const END: u64 = 22;

/// An entry of the central directory.
struct Member {
    at: u64,
    flags: u16,
    method: u16,
    crc: u32,
    packed: u64,
    size: u64,
    name: Vec<u8>,
    local: u64,
    mtime: Option<i64>,
    owner: Option<(u32, u32)>,
    /// `st_mode`, where the writer was a Unix.
    mode: Option<u32>,
}

/// How many CRCs of stored members hold, and how many do not.
#[derive(Default)]
struct Sums(u64, u64);

impl Sums {
    fn tell(&self, opened: &mut Opened) {
        if self.0 + self.1 > 0 {
            let (stated, computed) = (format!("{} of stored members", self.0 + self.1), format!("{} equal", self.0));
            let covers = (0, opened.len);
            opened.fact(
                0,
                ImageFact::Checksum { name: "crc-32".into(), algorithm: "CRC-32".into(), covers, stated, computed, ok: self.1 == 0 },
            );
        }
    }
}

fn open(input: &Input, context: &Context) -> Option<Opened> {
    // A local header that can be one: version below 10.0, a known method, a name.
    let (version, method, name_len) = (input.le16(4)?, input.le16(8)?, input.le16(26)?);
    if version & 0xFF > 100 || method > 99 || name_len == 0 || input.get(LOCAL, u64::from(name_len)).is_none_or(|name| name.contains(&0)) {
        return None;
    }
    let mut opened = Opened::default();
    let Some(directory) = find(input, context) else { return walk(input, context, opened) };
    opened.len = directory.end;
    let mut at = directory.start;
    let mut sums = Sums::default();
    let mut taken: Vec<(u64, u64, Vec<u8>)> = Vec::new();
    while at < directory.start + directory.len {
        if context.step(1).map_err(|over| opened.problem(over.problem(at))).is_err() {
            break;
        }
        let Some((member, next)) = central(input, at, directory.base) else {
            opened.problem(Problem::corrupt(at, "not an entry of the central directory"));
            break;
        };
        opened.span(at, next - at, SpanKind::Table, "central directory");
        at = next;
        if let Some((start, end)) = add(input, &member, &mut sums, context, &mut opened) {
            taken.push((start, end, member.name));
        }
    }
    opened.span(
        directory.start + directory.len,
        directory.end - directory.start - directory.len,
        SpanKind::Header,
        "end of central directory",
    );
    overlaps(taken, directory.start, &mut opened);
    sums.tell(&mut opened);
    Some(opened)
}

/// Members that claim the same bytes, or those of the directory.
fn overlaps(mut taken: Vec<(u64, u64, Vec<u8>)>, directory: u64, opened: &mut Opened) {
    taken.sort();
    let (mut reached, mut count) = (0, 0);
    for (start, end, name) in &taken {
        if *start < reached || *end > directory {
            count += 1;
            if count <= 100 {
                opened.fact(*start, ImageFact::Anomaly { kind: Anomaly::Overlap, subject: escape(name) });
            }
        }
        reached = reached.max(*end);
    }
}

/// Without a directory: the local headers one after the other, as far as they state their sizes.
fn walk(input: &Input, context: &Context, mut opened: Opened) -> Option<Opened> {
    let mut sums = Sums::default();
    let mut at = 0;
    while input.get(at, 4) == Some(b"PK\x03\x04") && context.step(1).is_ok() {
        let (Some(flags), Some(method), Some(crc)) = (input.le16(at + 6), input.le16(at + 8), input.le32(at + 14)) else { break };
        let (Some(packed), Some(size), Some(name_len)) = (input.le32(at + 18), input.le32(at + 22), input.le16(at + 26)) else { break };
        let Some(name) = input.get(at + LOCAL, u64::from(name_len)) else { break };
        if flags & 8 != 0 && packed == 0 {
            break;
        }
        let member = Member {
            at,
            flags,
            method,
            crc,
            packed: u64::from(packed),
            size: u64::from(size),
            name: name.to_vec(),
            local: at,
            owner: None,
            mode: None,
            mtime: input.le16(at + 12).zip(input.le16(at + 10)).and_then(|(date, time)| dos_time(date, time)),
        };
        let Some((_, end)) = add(input, &member, &mut sums, context, &mut opened).filter(|(_, end)| *end > at) else { break };
        at = end;
    }
    if at == 0 || (input.start() > 0 && !opened.problems.is_empty()) {
        return None;
    }
    sums.tell(&mut opened);
    opened.problem(Problem::truncated(at, "the archive has no central directory"));
    opened.len = at;
    Some(opened)
}
