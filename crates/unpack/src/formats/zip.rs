//! zip: also the form of `.jar`, `.apk` and of many downloads.
//!
//! **Specification**: PKWARE APPNOTE.TXT 6.3.10, sections 4.3 (general format), 4.4 (fields), 4.5.3 (Zip64).
//!
//! **Limitations**: archives in several parts, deflate64, PPMd and AES-encrypted names are not read. A CRC that a member's content does
//! not fulfil is a problem of that member; it is computed when the member is unpacked.

use assay_core::{
    Entry, EntryKind, Problem, SpanKind,
    escape::escape,
    facts::{Anomaly, ImageFact},
};
use memchr::memmem;

use crate::{
    codec::{Codec, Poured, Trouble, block},
    context::Context,
    format::{Child, Format, Loaded, Magic, Opened, Treat},
    input::Input,
};

/// The format.
pub static FORMAT: Format =
    Format { name: "zip", title: "zip archive", version: 1, magics: &[Magic { bytes: b"PK\x03\x04", at: 0 }], at_start: false, open };

const LOCAL: u64 = 30;
const CENTRAL: u64 = 46;
const END: u64 = 22;

/// Where the central directory is, by the record at the archive's end.
struct Directory {
    start: u64,
    len: u64,
    /// What is added to a stated offset to get one of ours.
    base: i64,
    /// First byte behind the archive.
    end: u64,
}

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

/// The end record. One that fits from the start is preferred, the last of them as every tool does; then one that counts from the start
/// of the whole file (a program in front of the archive); then any.
fn find(input: &Input, context: &Context) -> Option<Directory> {
    let mut best: Option<(u8, Directory)> = None;
    for at in memmem::find_iter(input, b"PK\x05\x06").map(|at| at as u64) {
        if context.step(1).is_err() {
            break;
        }
        let (Some(len), Some(offset), Some(comment)) = (input.le32(at + 12), input.le32(at + 16), input.le16(at + 20)) else { continue };
        let (mut len, mut offset, mut record) = (u64::from(len), u64::from(offset), at);
        // Zip64: a locator of 20 bytes in front, which points to a record that stands before it.
        if (len == 0xFFFF_FFFF || offset == 0xFFFF_FFFF)
            && let Some(record64) = at.checked_sub(20 + 56)
        {
            if input.get(record64, 4) == Some(b"PK\x06\x06") {
                (len, offset, record) = (input.le64(record64 + 40).unwrap_or(0), input.le64(record64 + 48).unwrap_or(0), record64);
            }
        }
        let Some(start) = record.checked_sub(len) else { continue };
        if len == 0 || input.get(start, 4) != Some(b"PK\x01\x02") {
            continue;
        }
        let Some(base) = i64::try_from(start).ok().zip(i64::try_from(offset).ok()).map(|(start, offset)| start - offset) else { continue };
        let rank = if base == 0 { 2 } else { u8::from(i64::try_from(input.start()).is_ok_and(|ours| base == -ours)) };
        let end = (at + END + u64::from(comment)).min(input.size());
        let better = best.as_ref().is_none_or(|(known, _)| rank > *known || rank == *known && input.start() == 0);
        if better {
            best = Some((rank, Directory { start, len: record - start, base, end }));
        }
        if rank == 2 && input.start() > 0 {
            break;
        }
    }
    best.map(|(_, directory)| directory)
}

/// The entry of the central directory at `at`, and where the next one is.
fn central(input: &Input, at: u64, base: i64) -> Option<(Member, u64)> {
    if input.get(at, 4)? != b"PK\x01\x02" {
        return None;
    }
    let (name_len, extra_len, comment_len) = (input.le16(at + 28)?, input.le16(at + 30)?, input.le16(at + 32)?);
    let (mut size, mut packed, mut local) =
        (u64::from(input.le32(at + 24)?), u64::from(input.le32(at + 20)?), u64::from(input.le32(at + 42)?));
    let extra = at + CENTRAL + u64::from(name_len);
    let next = extra + u64::from(extra_len) + u64::from(comment_len);
    let name = input.get(at + CENTRAL, u64::from(name_len))?.to_vec();
    input.get(at, next - at)?;
    let (mut mtime, mut owner) = (dos_time(input.le16(at + 14)?, input.le16(at + 12)?), None);
    fields(input, extra, u64::from(extra_len), |id, mut field, end| match id {
        1 => {
            for value in [&mut size, &mut packed, &mut local] {
                if *value == 0xFFFF_FFFF && field + 8 <= end {
                    *value = input.le64(field).unwrap_or(*value);
                    field += 8;
                }
            }
        }
        0x5455 if input.u8(field).is_some_and(|flags| flags & 1 != 0) => {
            mtime = input.le32(field + 1).map(|time| i64::from(time.cast_signed()))
        }
        0x7875 if input.get(field, 2) == Some(&[1, 4]) => owner = input.le32(field + 2).zip(input.le32(field + 7)),
        _ => {}
    });
    let unix = matches!(input.u8(at + 5)?, 3 | 19);
    let mode = input.le32(at + 38).map(|attributes| attributes >> 16).filter(|mode| unix && *mode != 0);
    let local = u64::try_from(i64::try_from(local).ok()?.checked_add(base)?).unwrap_or(u64::MAX);
    let (flags, method, crc) = (input.le16(at + 8)?, input.le16(at + 10)?, input.le32(at + 16)?);
    Some((Member { at, flags, method, crc, packed, size, name, local, mtime, owner, mode }, next))
}

/// Calls `each` with the number, start and end of every extra field.
fn fields(input: &Input, start: u64, len: u64, mut each: impl FnMut(u16, u64, u64)) {
    let mut at = start;
    while at + 4 <= start + len {
        let (Some(id), Some(size)) = (input.le16(at), input.le16(at + 2)) else { return };
        let end = at + 4 + u64::from(size);
        if end > start + len {
            return;
        }
        each(id, at + 4, end);
        at = end;
    }
}

/// Adds a member with its local header; returns the bytes that both take.
fn add(input: &Input, member: &Member, sums: &mut Sums, context: &Context, opened: &mut Opened) -> Option<(u64, u64)> {
    let shown = escape(&member.name);
    let local = member.local;
    let found = input.get(local, LOCAL).filter(|header| header.starts_with(b"PK\x03\x04"));
    let data = found.and_then(|_| Some(local + LOCAL + u64::from(input.le16(local + 26)?) + u64::from(input.le16(local + 28)?)));
    let directory = member.name.last() == Some(&b'/');
    let (mut kind, mode) = match member.mode.map(|mode| (Entry::split_mode(mode), mode)) {
        Some((Some((kind, mode)), _)) => (kind, Some(mode)),
        // Some writers leave the type bits out.
        Some((None, mode)) => (EntryKind::File, Some(mode & 0o7777)),
        None => (EntryKind::File, None),
    };
    if directory {
        kind = EntryKind::Directory;
    }
    let path = member.name.strip_suffix(b"/").unwrap_or(&member.name);
    let mut entry = Entry::new(path, kind, member.size);
    entry.offset = member.at;
    (entry.mode, entry.mtime) = (mode, member.mtime);
    (entry.uid, entry.gid) = member.owner.unzip();
    let Some(data) = data.filter(|data| *data <= input.size()) else {
        opened.problem(Problem::corrupt(member.at, format!("{shown}: there is no local header at {local:#x}")));
        opened.entry(entry, None);
        return None;
    };
    opened.span(local, data - local, SpanKind::Header, "local header");
    compare(input, member, &shown, opened);
    let packed = member.packed.min(input.size() - data);
    if packed < member.packed {
        opened.problem(Problem::truncated(data, format!("{shown}: {} bytes are stated, {packed} are left", member.packed)).over(packed));
    }
    let end = data + packed + descriptor(input, member, data + packed, opened);
    let name = Some([b"/", path].concat());
    let child = if member.packed == 0 && member.size == 0 {
        None
    } else if member.flags & 1 != 0 {
        let scheme = if member.method == 99 { "AES (WinZip)" } else { "zip encryption (general purpose flag, bit 0)" };
        opened.fact(local, ImageFact::Encrypted { what: shown, scheme: scheme.into() });
        Some(opened.child(Child::slice(name, data, packed).treat(Treat::Opaque("encrypted zip member".into()))))
    } else if member.method == 0 {
        let content = input.get(data, packed).unwrap_or_default();
        if packed == member.packed {
            let computed = crc32fast::hash(content);
            if computed == member.crc {
                sums.0 += 1;
            } else {
                sums.1 += 1;
                opened.checksum(
                    member.at + 16,
                    &format!("crc-32 of {shown}"),
                    "CRC-32",
                    (data, packed),
                    &member.crc.to_le_bytes(),
                    &computed.to_le_bytes(),
                );
            }
        }
        if member.size != member.packed {
            let subject = format!("{shown}: stored, {} bytes packed and {} unpacked", member.packed, member.size);
            opened.fact(member.at, ImageFact::Anomaly { kind: Anomaly::SizeMismatch, subject });
        }
        if kind == EntryKind::Symlink {
            entry.target = Some(content[..content.len().min(usize::try_from(context.limits.name_bytes).unwrap_or(usize::MAX))].to_vec());
        }
        let mut child = Child::slice(name, data, packed);
        child.size = member.packed;
        Some(opened.child(child))
    } else {
        opened.payload(data, packed, &shown);
        let content = input.slice(data, packed).unwrap_or_default();
        if kind == EntryKind::Symlink {
            let most = usize::try_from(context.limits.name_bytes).unwrap_or(usize::MAX);
            entry.target = Some(unpack(&content, member.method, member.flags, member.size, most).bytes);
        }
        let (method, flags, crc, size, at) = (member.method, member.flags, member.crc, member.size, member.at);
        let room = context.room(packed);
        let loader = move |context: &Context| {
            // The stated size is not believed: more may come out of it, up to what so many packed bytes may give.
            let poured = unpack(&content, method, flags, size, usize::try_from(context.room(packed)).unwrap_or(usize::MAX));
            let mut problems: Vec<Problem> = poured.trouble.iter().map(|trouble| trouble.problem(data, &shown)).collect();
            let out = poured.bytes.len() as u64;
            if poured.trouble.is_none() && out != size {
                problems.push(Problem::corrupt(at + 24, format!("{shown}: {size} bytes are stated, {out} came out")));
            }
            let computed = crc32fast::hash(&poured.bytes);
            if poured.trouble.is_none() && computed != crc {
                problems.push(Problem::corrupt(at + 16, format!("{shown}: crc-32 is {crc:08x}, computed {computed:08x}")));
            }
            Loaded { bytes: poured.bytes.into(), problems }
        };
        let mut child = Child::lazy(name, member.size.clamp(1, room), loader);
        child.span = Some((data, packed));
        Some(opened.child(child))
    };
    opened.entry(entry, child);
    Some((local, end))
}

/// Both headers must say the same.
fn compare(input: &Input, member: &Member, shown: &str, opened: &mut Opened) {
    let local = member.local;
    let name_len = u64::from(input.le16(local + 26).unwrap_or_default());
    if input.get(local + LOCAL, name_len) != Some(&*member.name) {
        let other = escape(input.get(local + LOCAL, name_len).unwrap_or_default());
        opened.problem(Problem::corrupt(local + LOCAL, format!("{shown}: the local header has the name {other}")));
    }
    // Sizes that follow in a descriptor, or in a Zip64 field, are not in the header itself.
    let sizes = (input.le32(local + 18).map(u64::from), input.le32(local + 22).map(u64::from));
    let elsewhere =
        input.le16(local + 6).is_some_and(|flags| flags & 8 != 0) || sizes.0 == Some(0xFFFF_FFFF) || sizes.1 == Some(0xFFFF_FFFF);
    if !elsewhere && sizes != (Some(member.packed), Some(member.size)) {
        let subject = format!(
            "{shown}: the directory says {} packed and {} unpacked, the local header {:?} and {:?}",
            member.packed,
            member.size,
            sizes.0.unwrap_or(0),
            sizes.1.unwrap_or(0)
        );
        opened.fact(member.at + 20, ImageFact::Anomaly { kind: Anomaly::SizeMismatch, subject });
    }
}

/// Length of the data descriptor behind a member.
fn descriptor(input: &Input, member: &Member, at: u64, opened: &mut Opened) -> u64 {
    if member.flags & 8 == 0 {
        return 0;
    }
    let signed = if input.get(at, 4) == Some(b"PK\x07\x08") { 4 } else { 0 };
    if input.le32(at + signed) != Some(member.crc) {
        return 0;
    }
    let wide = input.le64(at + signed + 4) == Some(member.packed) && input.le64(at + signed + 12) == Some(member.size);
    let len = (signed + if wide { 20 } else { 12 }).min(input.size() - at);
    opened.span(at, len, SpanKind::Header, "data descriptor");
    len
}

fn unpack(packed: &[u8], method: u16, flags: u16, size: u64, limit: usize) -> Poured {
    let codec = match method {
        0 => return Poured { bytes: packed[..packed.len().min(limit)].to_vec(), trouble: None },
        8 => Codec::Deflate,
        12 => Codec::Bzip2,
        93 => Codec::Zstd,
        95 => Codec::Xz,
        14 => {
            // Version, length of the properties (5), properties, stream: the `.lzma` form but for its size field.
            let Some((head, stream)) = packed.split_at_checked(9).filter(|(head, _)| head[2..4] == [5, 0]) else {
                return Poured { bytes: Vec::new(), trouble: Some(Trouble::Corrupt("the LZMA properties".into())) };
            };
            let size = if flags & 2 != 0 { u64::MAX } else { size };
            return block(Codec::LzmaAlone, &[&head[4..], &size.to_le_bytes(), stream].concat(), limit);
        }
        _ => return Poured { bytes: Vec::new(), trouble: Some(Trouble::Unsupported(format!("compression method {method}"))) },
    };
    block(codec, packed, limit)
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

/// Seconds since 1970 of a DOS date and time, which know no time zone: taken as UTC.
fn dos_time(date: u16, time: u16) -> Option<i64> {
    let (year, month, day) = (i64::from(date >> 9) + 1980, i64::from(date >> 5 & 15), i64::from(date & 31));
    if !(1..=12).contains(&month) || day == 0 {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (month * 306 + 5) / 10 + day - 1 - 719_468;
    let seconds = i64::from(time >> 11) * 3600 + i64::from(time >> 5 & 63) * 60 + i64::from(time & 31) * 2;
    Some(days * 86_400 + seconds)
}

#[cfg(test)]
mod tests {
    #[test]
    fn dos_times() {
        // 2020-09-13 12:26:40
        assert_eq!(super::dos_time(40 << 9 | 9 << 5 | 13, 12 << 11 | 26 << 5 | 20), Some(1_600_000_000));
        assert_eq!(super::dos_time(0, 0), None);
    }
}
