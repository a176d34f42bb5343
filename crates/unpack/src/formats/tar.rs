//! tar: ustar, PAX and GNU archives.
//!
//! **Specification**: POSIX.1-2017, `pax`, sections "ustar Interchange Format" and "pax Interchange Format"; GNU tar manual, "Basic Tar
//! Format".
//!
//! **Limitations**: old V7 archives (no magic) are not opened. A GNU sparse member's stored bytes come out as they stand, holes left
//! out.

mod extended;

use assay_core::{
    Entry, EntryKind, Problem, SpanKind,
    escape::escape,
    facts::{Anomaly, ImageFact},
};

use crate::{
    context::Context,
    format::{Child, Format, Magic, Opened},
    input::Input,
};
use extended::{Extended, name, records};

/// The format.
pub static FORMAT: Format =
    Format { name: "tar", title: "tar archive", version: 1, magics: &[Magic { bytes: b"ustar", at: 257 }], at_start: false, open };

const BLOCK: u64 = 512;
/// Twenty blocks: what tar writes at once, and fills up with zeros.
const RECORD: u64 = 20 * BLOCK;
/// The largest size that eleven octal digits hold.
const OCTAL_MAX: u64 = 0o777_7777_7777;

fn open(input: &Input, context: &Context) -> Option<Opened> {
    let (stated, computed) = sums(input, 0)?;
    if stated != computed || number(input, 124, 12).is_none() {
        return None;
    }
    let mut opened = Opened::default();
    let mut sum = (0u64, 0u64, 0u64);
    let (mut global, mut next) = (Extended::default(), None::<Extended>);
    let mut at = 0;
    while at < input.size() {
        if context.step(1).map_err(|over| opened.problem(over.problem(at))).is_err() {
            break;
        }
        let Some(block) = input.get(at, BLOCK) else {
            opened.problem(Problem::truncated(at, "the archive ends inside a header"));
            break;
        };
        if block.iter().all(|byte| *byte == 0) {
            at = end(input, at, &mut opened);
            break;
        }
        let (stated, computed) = sums(input, at).unwrap_or((0, 1));
        let magic = input.get(at + 257, 5) == Some(b"ustar");
        let Some(mut size) = number(input, at + 124, 12).filter(|_| magic || stated == computed) else {
            opened.problem(Problem::corrupt(at, "neither a header nor the end of the archive"));
            break;
        };
        sum = (sum.0 + 1, sum.1.wrapping_add(stated), sum.2.wrapping_add(computed));
        if stated != computed {
            opened.checksum(
                at + 148,
                "chksum",
                "sum of bytes",
                (at, BLOCK),
                &(stated as u32).to_be_bytes(),
                &(computed as u32).to_be_bytes(),
            );
        }
        opened.span(at, BLOCK, SpanKind::Header, "header");
        let data = at + BLOCK;
        let flag = block[156];
        if matches!(flag, b'x' | b'X' | b'g' | b'L' | b'K') {
            let here = size.min(input.size() - data.min(input.size()));
            let body = input.get(data, here).unwrap_or_default();
            if here < size {
                opened.problem(Problem::truncated(data, "the archive ends inside an extended header"));
            }
            opened.span(data, here, SpanKind::Header, "extended header");
            let into = next.get_or_insert_with(|| global.clone());
            match flag {
                b'L' => into.path = Some(name(body, data, context, &mut opened)),
                b'K' => into.link = Some(name(body, data, context, &mut opened)),
                b'g' => {
                    records(body, data, &mut global, context, &mut opened);
                    records(body, data, into, context, &mut opened);
                }
                _ => records(body, data, into, context, &mut opened),
            }
            at = advance(input, data, here, &mut opened);
            continue;
        }
        let extended = next.take().unwrap_or_else(|| global.clone());
        if let Some(pax) = extended.size {
            if pax != size && pax <= OCTAL_MAX {
                let subject = format!("{}: the header says {size}, the PAX record {pax}", escape(&path(input, at, &extended)));
                opened.fact(at + 124, ImageFact::Anomaly { kind: Anomaly::SizeMismatch, subject });
            }
            size = pax;
        }
        at = member(input, at, size, flag, extended, &mut opened);
    }
    let at = at.min(input.size());
    opened.len = at;
    let fact = |(count, stated, computed): (u64, u64, u64)| ImageFact::Checksum {
        name: format!("chksum of {count} headers, added up"),
        algorithm: "sum of bytes".into(),
        covers: (0, at),
        stated: format!("{stated:x}"),
        computed: format!("{computed:x}"),
        ok: stated == computed,
    };
    opened.fact(148, fact(sum));
    Some(opened)
}

/// One member with its header at `at`; returns where the next header is.
fn member(input: &Input, at: u64, size: u64, flag: u8, extended: Extended, opened: &mut Opened) -> u64 {
    let mut data = at + BLOCK;
    let mut path = path(input, at, &extended);
    let kind = match flag {
        b'1' => EntryKind::Hardlink,
        b'2' => EntryKind::Symlink,
        b'3' => EntryKind::CharDevice,
        b'4' => EntryKind::BlockDevice,
        b'5' | b'D' => EntryKind::Directory,
        b'6' => EntryKind::Fifo,
        // Before ustar a directory was a file whose name ends in a slash; tools still take it for one.
        b'0' | 0 if path.last() == Some(&b'/') => EntryKind::Directory,
        b'0' | 0 | b'7' | b'S' | b'M' => EntryKind::File,
        b'V' => {
            opened.fact(at, ImageFact::Hardware { name: "tar-label".into(), value: escape(&path) });
            return advance(input, data, 0, opened);
        }
        _ => {
            let note = format!("{}: the type {:?} is not known; its content is read as a file's", escape(&path), char::from(flag));
            opened.problem(Problem::unsupported(at + 156, note));
            EntryKind::File
        }
    };
    if flag == b'S' || extended.sparse {
        opened.problem(Problem::unsupported(at, format!("{}: sparse; the stored parts come out without the holes", escape(&path))));
    }
    // GNU sparse maps go on in further blocks while byte 482 (504 in these) is set.
    let mut more = flag == b'S' && input.u8(at + 482) == Some(1);
    while more && data < input.size() {
        more = input.u8(data + 504) == Some(1);
        opened.span(data, BLOCK, SpanKind::Header, "sparse map");
        data += BLOCK;
    }
    // Links, devices and directories have no content by the standard, but some writers repeat the file's size there and some do store
    // content with hard links. What stands next decides.
    let mut stored = size;
    if kind != EntryKind::File && flag != b'D' && size > 0 {
        let next_is_header = input.get(data, BLOCK).is_none_or(|block| block.iter().all(|byte| *byte == 0))
            || sums(input, data).is_some_and(|(stated, computed)| stated == computed);
        if next_is_header {
            stored = 0;
        }
        let subject = format!("{}: {size} bytes of content where there should be none", escape(&path));
        opened.fact(at + 124, ImageFact::Anomaly { kind: Anomaly::SizeMismatch, subject });
    }
    if kind == EntryKind::Directory && path.last() == Some(&b'/') {
        path.pop();
    }
    let mut entry = Entry::new(path, kind, if kind == EntryKind::File { size } else { stored });
    entry.offset = at;
    entry.mode = number(input, at + 100, 8).map(|mode| (mode & 0o7777) as u32);
    entry.uid = extended.uid.or_else(|| number(input, at + 108, 8).map(|uid| uid as u32));
    entry.gid = extended.gid.or_else(|| number(input, at + 116, 8).map(|gid| gid as u32));
    entry.mtime = extended.mtime.or_else(|| number(input, at + 136, 12).map(u64::cast_signed));
    if matches!(kind, EntryKind::Hardlink | EntryKind::Symlink) {
        entry.target = extended.link.or_else(|| input.text(at + 157, 100).map(<[u8]>::to_vec));
    }
    if matches!(kind, EntryKind::CharDevice | EntryKind::BlockDevice) {
        entry.device = number(input, at + 329, 8).zip(number(input, at + 337, 8)).map(|(major, minor)| (major as u32, minor as u32));
    }
    entry.xattrs = extended.xattrs;
    let here = stored.min(input.size().saturating_sub(data));
    if here < stored {
        opened.problem(Problem::truncated(data, format!("{}: {stored} bytes are stated, {here} are left", entry.shown())).over(here));
    }
    let child = (stored > 0).then(|| {
        let mut child = Child::slice(Some([b"/", &*entry.path].concat()), data, here);
        child.size = stored;
        opened.child(child)
    });
    opened.entry(entry, child);
    advance(input, data, here, opened)
}

/// Behind `len` bytes at `data` and what fills their last block.
fn advance(input: &Input, data: u64, len: u64, opened: &mut Opened) -> u64 {
    let end = data.saturating_add(len);
    let next = end.checked_next_multiple_of(BLOCK).unwrap_or(u64::MAX).min(input.size());
    if next > end {
        padding(input, end, next, "behind content", opened);
    }
    next.max(data.min(input.size()))
}

/// Padding, if it is: bytes hidden there are left to be mapped as unknown.
fn padding(input: &Input, start: u64, end: u64, note: &str, opened: &mut Opened) {
    if input.get(start, end - start).is_some_and(|bytes| bytes.iter().all(|byte| *byte == 0)) {
        opened.span(start, end - start, SpanKind::Padding, note);
    }
}

/// The zero blocks that end the archive, up to the end of a record.
fn end(input: &Input, at: u64, opened: &mut Opened) -> u64 {
    let record = (at + 2 * BLOCK).next_multiple_of(RECORD).min(input.size());
    let zeros = input.get(at, record - at).unwrap_or_default().iter().take_while(|byte| **byte == 0).count() as u64;
    let zeros = if at + zeros == input.size() { zeros } else { zeros / BLOCK * BLOCK };
    opened.span(at, zeros, SpanKind::Padding, "end of archive");
    at + zeros
}

fn path(input: &Input, at: u64, extended: &Extended) -> Vec<u8> {
    if let Some(path) = &extended.path {
        return path.clone();
    }
    let name = input.text(at, 100).unwrap_or_default();
    // In GNU archives ("ustar  ") times stand where ustar has the prefix.
    let prefix = if input.u8(at + 262) == Some(0) { input.text(at + 345, 155).unwrap_or_default() } else { &[] };
    if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() }
}

/// A number: octal digits, or binary where the first bit is set (GNU).
fn number(input: &Input, at: u64, len: u64) -> Option<u64> {
    let field = input.get(at, len)?;
    if field.first()? & 0x80 != 0 {
        // Negative numbers have all higher bits set; cut to 64 bits they are two's complement. Of sizes none is that large.
        let value = field[1..].iter().fold(u128::from(field[0] & 0x7F), |value, byte| value << 8 | u128::from(*byte));
        return if field[0] == 0xFF { Some(value as u64) } else { u64::try_from(value).ok() };
    }
    let text = std::str::from_utf8(field).ok()?.trim_matches(|letter| letter == ' ' || letter == '\0');
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text.split(['\0', ' ']).next()?, 8).ok() }
}

/// The stated and the computed checksum of the header at `at`. Some old writers added signed bytes: where that fits it is taken.
fn sums(input: &Input, at: u64) -> Option<(u64, u64)> {
    let block = input.get(at, BLOCK)?;
    let stated = number(input, at + 148, 8)?;
    // The field itself counts as blanks.
    let field: u64 = block[148..156].iter().map(|byte| u64::from(*byte)).sum();
    let plain = block.iter().map(|byte| u64::from(*byte)).sum::<u64>() - field + 8 * u64::from(b' ');
    if plain == stated {
        return Some((stated, plain));
    }
    let high = block[..148].iter().chain(&block[156..]).filter(|byte| **byte >= 0x80).count() as u64;
    Some((stated, if plain.checked_sub(256 * high) == Some(stated) { stated } else { plain }))
}
