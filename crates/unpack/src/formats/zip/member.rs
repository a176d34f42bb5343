//! One member: its local header, its content, its data descriptor.
//!
//! Everything about a member is written twice, in the directory and in the header before its content. Tools differ in which one they
//! believe, so an archive whose two sides differ shows one thing to one tool and another to the next. The directory is taken here, as most
//! do, and what differs is told.

use assay_core::{
    Entry, EntryKind, Problem, SpanKind,
    escape::escape,
    facts::{Anomaly, ImageFact},
};

use super::{LOCAL, Member, Sums};
use crate::{
    codec::{Codec, Poured, Trouble, block},
    context::Context,
    format::{Child, Loaded, Opened, Treat},
    input::Input,
};

/// Adds a member with its local header; returns the bytes that both take.
pub fn add(input: &Input, member: &Member, sums: &mut Sums, context: &Context, opened: &mut Opened) -> Option<(u64, u64)> {
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
