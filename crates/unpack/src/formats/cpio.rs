//! cpio: newc (070701), newc with checksums (070702) and the old portable form (070707, "odc").
//!
//! **Specification**: Linux kernel, `Documentation/driver-api/early-userspace/buffer-format.rst`; POSIX.1-2017, `pax`, section "cpio
//! Interchange Format" for odc.
//!
//! **Limitations**: the binary forms (magic 0o070707 as a number) are not opened.

use std::collections::HashMap;

use assay_core::{Entry, EntryKind, Problem, SpanKind, facts::ImageFact};

use crate::{
    context::Context,
    format::{Child, Format, Magic, Opened},
    input::Input,
};

/// The format.
#[rustfmt::skip]
pub static FORMAT: Format = Format {
    name: "cpio", title: "cpio archive", version: 1, at_start: false, open,
    magics: &[Magic { bytes: b"070701", at: 0 }, Magic { bytes: b"070702", at: 0 }, Magic { bytes: b"070707", at: 0 }],
};

const BLOCK: u64 = 512;

/// A header's fields, alike for all forms.
struct Header {
    /// Length of header, name and filler.
    len: u64,
    name: Vec<u8>,
    mode: u32,
    uid: u32,
    gid: u32,
    mtime: i64,
    size: u64,
    device: (u32, u32),
    links: u64,
    /// Device and inode of the file.
    file: (u64, u64),
    /// Checksum of the content, where the form has one.
    check: Option<u32>,
    /// Filler behind the content goes to a multiple of this.
    align: u64,
}

fn open(input: &Input, context: &Context) -> Option<Opened> {
    // A lone trailer inside other bytes is what is left of a broken archive.
    header(input, 0, context).filter(|head| input.start() == 0 || head.name != b"TRAILER!!!")?;
    let mut opened = Opened::default();
    let mut inodes: HashMap<(u64, u64), (Option<usize>, Vec<usize>)> = HashMap::new();
    let mut checks = (0u64, 0u64);
    let mut at = 0;
    let mut ended = false;
    while at < input.size() {
        if context.step(1).map_err(|over| opened.problem(over.problem(at))).is_err() {
            break;
        }
        let Some(head) = header(input, at, context) else {
            opened.problem(Problem::corrupt(at, "not a header of cpio"));
            break;
        };
        opened.span(at, head.len, SpanKind::Header, "header and name");
        let data = at + head.len;
        if head.name == b"TRAILER!!!" {
            ended = true;
            at = data;
            // Writers fill up to a block.
            let fill = at.next_multiple_of(BLOCK).min(input.size());
            if input.get(at, fill - at).is_some_and(|bytes| bytes.iter().all(|byte| *byte == 0)) {
                opened.span(at, fill - at, SpanKind::Padding, "end of archive");
                at = fill;
            }
            break;
        }
        let here = head.size.min(input.size().saturating_sub(data));
        let content = input.get(data, here).unwrap_or_default();
        // The first header was checked; later ones of an odd type are kept as files.
        let (kind, mode) = Entry::split_mode(head.mode).unwrap_or((EntryKind::File, head.mode & 0o7777));
        let mut entry = Entry::new(head.name, kind, head.size);
        entry.offset = at;
        (entry.mode, entry.uid, entry.gid, entry.mtime) = (Some(mode), Some(head.uid), Some(head.gid), Some(head.mtime));
        if here < head.size {
            opened.problem(
                Problem::truncated(data, format!("{}: {} bytes are stated, {here} are left", entry.shown(), head.size)).over(here),
            );
        }
        if let Some(stated) = head.check.filter(|_| here == head.size && kind == EntryKind::File) {
            let computed = content.iter().fold(0u32, |sum, byte| sum.wrapping_add(u32::from(*byte)));
            checks.0 += 1;
            if stated != computed {
                checks.1 += 1;
                opened.checksum(at + 102, "c_check", "sum of bytes", (data, here), &stated.to_be_bytes(), &computed.to_be_bytes());
            }
        }
        let mut child = None;
        match kind {
            EntryKind::Symlink => {
                let most = usize::try_from(context.limits.name_bytes).unwrap_or(usize::MAX);
                if content.len() > most {
                    opened.problem(Problem::over_limit(data, "a link's target was cut"));
                }
                entry.target = Some(content[..content.len().min(most)].to_vec());
                opened.span(data, here, SpanKind::Table, "link target");
            }
            EntryKind::CharDevice | EntryKind::BlockDevice => entry.device = Some(head.device),
            _ => {}
        }
        if head.size > 0 && kind != EntryKind::Symlink {
            let mut content = Child::slice(Some([b"/", &*entry.path].concat()), data, here);
            content.size = head.size;
            child = Some(opened.child(content));
        }
        // newc stores the content of a file with several names once, with the last of them.
        if kind == EntryKind::File && head.links > 1 {
            let (known, waiting) = inodes.entry(head.file).or_default();
            if let Some(child) = child {
                known.get_or_insert(child);
                for index in waiting.drain(..) {
                    opened.entries[index].child = Some(child);
                    opened.entries[index].entry.size = head.size;
                }
            } else if let Some(content) = *known {
                child = Some(content);
                entry.size = opened.children[content].size;
            } else {
                waiting.push(opened.entries.len());
            }
        }
        opened.entry(entry, child);
        let end = data + here;
        at = end.next_multiple_of(head.align).min(input.size());
        if input.get(end, at - end).is_some_and(|bytes| bytes.iter().all(|byte| *byte == 0)) {
            opened.span(end, at - end, SpanKind::Padding, "behind content");
        }
    }
    if !ended && at >= input.size() {
        opened.problem(Problem::truncated(at, "the archive has no trailer"));
    }
    if checks.0 > 0 {
        let (count, wrong) = checks;
        let (stated, computed) = (format!("{count} sums"), format!("{} equal", count - wrong));
        opened.fact(
            0,
            ImageFact::Checksum {
                name: "c_check".into(),
                algorithm: "sum of bytes".into(),
                covers: (0, at),
                stated,
                computed,
                ok: wrong == 0,
            },
        );
    }
    opened.len = at;
    Some(opened)
}

/// The header at `at`; `None` where it is none.
fn header(input: &Input, at: u64, context: &Context) -> Option<Header> {
    let magic = input.get(at, 6)?;
    if magic == b"070707" {
        return odc(input, at, context);
    }
    if magic != b"070701" && magic != b"070702" {
        return None;
    }
    let field = |index: u64| digits(input.get(at + 6 + 8 * index, 8)?, 16);
    let word = |index: u64| field(index).map(|value| value as u32);
    let name_len = field(11)?;
    Some(Header {
        len: (110 + name_len).next_multiple_of(4),
        name: name(input, at + 110, name_len, context)?,
        mode: mode(word(1)?)?,
        uid: word(2)?,
        gid: word(3)?,
        links: field(4)?,
        mtime: field(5)?.cast_signed(),
        size: field(6)?,
        file: (field(7)? << 32 | field(8)?, field(0)?),
        device: (word(9)?, word(10)?),
        check: word(12).filter(|_| magic == b"070702"),
        align: 4,
    })
    .filter(|head| at + head.len <= input.size())
}

fn odc(input: &Input, at: u64, context: &Context) -> Option<Header> {
    let field = |start: u64, len: u64| digits(input.get(at + start, len)?, 8);
    let name_len = field(59, 6)?;
    // Major and minor number share one field, eight bits for the latter.
    let device = field(42, 6)? as u32;
    Some(Header {
        len: 76 + name_len,
        name: name(input, at + 76, name_len, context)?,
        file: (field(6, 6)?, field(12, 6)?),
        mode: mode(field(18, 6)? as u32)?,
        uid: field(24, 6)? as u32,
        gid: field(30, 6)? as u32,
        links: field(36, 6)?,
        device: (device >> 8, device & 0xFF),
        mtime: field(48, 11)?.cast_signed(),
        size: field(65, 11)?,
        check: None,
        align: 1,
    })
}

/// The trailer has mode 0; everything else has a type.
fn mode(mode: u32) -> Option<u32> {
    (mode == 0 || Entry::split_mode(mode).is_some()).then_some(mode)
}

fn name(input: &Input, at: u64, len: u64, context: &Context) -> Option<Vec<u8>> {
    let name = input.get(at, len).filter(|_| len > 1 && len <= context.limits.name_bytes)?;
    name.strip_suffix(b"\0").map(|name| name.split(|byte| *byte == 0).next().unwrap_or_default().to_vec())
}

fn digits(text: &[u8], radix: u32) -> Option<u64> {
    text.iter().try_fold(0u64, |value, digit| Some(value.checked_mul(u64::from(radix))? + u64::from(char::from(*digit).to_digit(radix)?)))
}
