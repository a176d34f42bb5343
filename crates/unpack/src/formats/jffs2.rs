//! JFFS2: a log of nodes on flash; the newest version of each name and of each stretch of a file counts.
//!
//! **Specification**: Linux `include/uapi/linux/jffs2.h`; D. Woodhouse, "JFFS: The Journalling Flash File System", section "JFFS2";
//! compressors: Linux `fs/jffs2/compr_*.c`, OpenWrt's `lzma`. CRC-32 starts at 0 and has no final inversion.
//!
//! **Limitations**: summary nodes are checked and mapped, not used (a full scan gives the same). Content of deleted and superseded
//! nodes is not brought out. Files longer than 4 GiB do not exist in the format.

mod tree;
mod unpack;

use assay_core::{Problem, SpanKind, manifest::Xattr};

use crate::{
    context::Context,
    format::{Format, Magic, Opened},
    formats::counted::Counted,
    input::Input,
};
use tree::{Dirent, Log, Piece};

const fn magic(bytes: &'static [u8]) -> Magic {
    Magic { bytes, at: 0 }
}

/// The format.
pub static FORMAT: Format = Format {
    name: "jffs2",
    title: "JFFS2 filesystem",
    version: 1,
    magics: &[
        magic(&[0x85, 0x19, 0x01, 0xE0]),
        magic(&[0x85, 0x19, 0x02, 0xE0]),
        magic(&[0x85, 0x19, 0x03, 0x20]),
        magic(&[0x85, 0x19, 0x04, 0x20]),
        magic(&[0x85, 0x19, 0x08, 0xE0]),
        magic(&[0x19, 0x85, 0xE0, 0x01]),
        magic(&[0x19, 0x85, 0xE0, 0x02]),
        magic(&[0x19, 0x85, 0x20, 0x03]),
        magic(&[0x19, 0x85, 0x20, 0x04]),
        magic(&[0x19, 0x85, 0xE0, 0x08]),
    ],
    at_start: false,
    open,
};

const DIRENT: u16 = 0xE001;
const INODE: u16 = 0xE002;
const CLEAN: u16 = 0x2003;
const PADDING: u16 = 0x2004;
const SUMMARY: u16 = 0x2006;
const XATTR: u16 = 0xE008;
const XREF: u16 = 0xE009;
/// How far behind a broken node the next one is looked for: the largest usual erase block.
const REACH: u64 = 512 << 10;

/// CRC-32 as JFFS2 has it.
fn crc(bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(u32::MAX);
    hasher.update(bytes);
    !hasher.finalize()
}

fn is_big(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x19)
}

/// The bytes with the image's byte order.
struct Reader<'a> {
    input: &'a Input,
    big: bool,
}

impl Reader<'_> {
    fn u16(&self, at: u64) -> Option<u16> {
        if self.big { self.input.be16(at) } else { self.input.le16(at) }
    }

    fn u32(&self, at: u64) -> Option<u32> {
        if self.big { self.input.be32(at) } else { self.input.le32(at) }
    }

    /// Type and length of the node at `at`, where its header holds.
    fn header(&self, at: u64) -> Option<(u16, u64)> {
        if self.u16(at)? != 0x1985 || self.u32(at + 8)? != crc(self.input.get(at, 8)?) {
            return None;
        }
        let len = u64::from(self.u32(at + 4)?);
        (len >= 12).then_some((self.u16(at + 2)?, len))
    }
}

/// The kinds of checksums.
struct Sums {
    node: Counted,
    name: Counted,
    data: Counted,
    header: Counted,
}

fn open(input: &Input, context: &Context) -> Option<Opened> {
    let reader = Reader { input, big: is_big(input) };
    let (_, first) = reader.header(0)?;
    if first > input.size() && input.start() > 0 {
        return None;
    }
    let mut opened = Opened::default();
    let mut sums = Sums {
        node: Counted::new("node CRC", "CRC-32 from 0"),
        name: Counted::new("name CRC", "CRC-32 from 0"),
        data: Counted::new("data CRC", "CRC-32 from 0"),
        header: Counted::new("node header CRC", "CRC-32 from 0"),
    };
    let mut log = Log::default();
    let mut at = 0;
    while at + 12 <= input.size() {
        if let Err(over) = context.step(1) {
            opened.problem(over.problem(at));
            break;
        }
        if let Some((kind, len)) = reader.header(at) {
            let stated = &input.tail(at + 8)[..4];
            sums.header.check(&mut opened, at + 8, (at, 8), stated, stated);
            if at + len > input.size() {
                opened.problem(Problem::truncated(at, format!("a node of {len} bytes is cut off")));
                // What follows is left to the search for other formats: a length is not yet a claim to so many bytes.
                opened.span(at, 12, SpanKind::Table, "cut off node");
                opened.len = input.size();
                break;
            }
            node(&reader, at, kind, len, &mut log, &mut opened, &mut sums);
            let end = (at + len).next_multiple_of(4).min(input.size());
            opened.span((at + len).min(end), end.saturating_sub(at + len), SpanKind::Padding, "");
            at = end;
            opened.len = at;
            continue;
        }
        // Erased space, or a node whose header is broken: look for the next good one.
        let rest = input.tail(at);
        let erased = rest.iter().take_while(|byte| **byte == 0xFF || **byte == 0).count() as u64;
        let from = if erased >= 4 { at + erased / 4 * 4 } else { at + 4 };
        let mut next = from;
        while next < (from + REACH).min(input.size()) && reader.header(next).is_none() {
            if context.step(1).is_err() {
                break;
            }
            next += 4;
        }
        if reader.header(next).is_none() {
            // A broken header at the end is of this image still.
            if reader.u16(at) == Some(0x1985)
                && let (Some(stated), Some(covered)) = (input.get(at + 8, 4), input.get(at, 8))
            {
                let computed = crc(covered);
                sums.header.check(
                    &mut opened,
                    at + 8,
                    (at, 8),
                    stated,
                    &if reader.big { computed.to_be_bytes() } else { computed.to_le_bytes() },
                );
            }
            break;
        }
        if next > from || erased < 4 {
            opened.problem(Problem::corrupt(at, "neither a node nor erased").over(next - at));
        } else {
            opened.span(at, next - at, SpanKind::Free, "");
        }
        at = next;
    }
    if opened.len == 0 {
        return None;
    }
    for sum in [sums.header, sums.node, sums.name, sums.data] {
        sum.finish(&mut opened);
    }
    tree::build(&input.bytes().slice(..opened.len as usize), log, context, &mut opened);
    Some(opened)
}

/// Reads one node whose header holds and whose bytes are all there.
fn node(reader: &Reader, at: u64, kind: u16, len: u64, log: &mut Log, opened: &mut Opened, sums: &mut Sums) {
    let input = reader.input;
    let check = |sum: &mut Counted, opened: &mut Opened, field: u64, from: u64, count: u64| {
        let (Some(stated), Some(covered)) = (input.get(field, 4), input.get(from, count)) else { return false };
        let computed = crc(covered);
        sum.check(opened, field, (from, count), stated, &if reader.big { computed.to_be_bytes() } else { computed.to_le_bytes() })
    };
    let word = |offset: u64| reader.u32(at + offset).unwrap_or(0);
    let half = |offset: u64| reader.u16(at + offset).unwrap_or(0);
    let byte = |offset: u64| input.u8(at + offset).unwrap_or(0);
    let short = |opened: &mut Opened| {
        opened.problem(Problem::corrupt(at, "a node is shorter than its fields").over(len));
        opened.span(at, 12, SpanKind::Table, "broken node");
    };
    match kind {
        DIRENT => {
            let name_len = u64::from(byte(28));
            if len < 40 + name_len {
                return short(opened);
            }
            opened.span(at, 40 + name_len, SpanKind::Table, "directory entry");
            let fine = check(&mut sums.node, opened, at + 32, at, 32) & check(&mut sums.name, opened, at + 36, at + 40, name_len);
            if let (true, Some(name)) = (fine, input.get(at + 40, name_len)) {
                let dirent = Dirent { at, version: word(16), ino: word(20), kind: byte(29) };
                log.dirents.entry(word(12)).or_default().entry(name.to_vec()).or_default().push(dirent);
            }
        }
        INODE => {
            let packed = u64::from(word(48));
            if len < 68 || len - 68 < packed {
                return short(opened);
            }
            opened.span(at, 68, SpanKind::Table, "inode");
            let fine = check(&mut sums.node, opened, at + 64, at, 60) & check(&mut sums.data, opened, at + 60, at + 68, packed);
            if !fine {
                opened.span(at + 68, packed, SpanKind::Unknown, "data of a broken node");
                return;
            }
            let regular = word(20) & 0o170_000 == 0o100_000;
            // The map of regular files' data is made once it is known which of them have a name.
            if !regular {
                opened.span(at + 68, packed, SpanKind::Table, "link target or device");
            }
            log.pieces.entry(word(12)).or_default().push(Piece {
                at,
                version: word(16),
                mode: word(20),
                uid: u32::from(half(24)),
                gid: u32::from(half(26)),
                size: word(28),
                mtime: word(36),
                offset: word(44),
                data: (at + 68, packed),
                unpacked: word(52),
                method: byte(56),
            });
        }
        XATTR => {
            let (name_len, value_len) = (u64::from(byte(21)), u64::from(half(22)));
            if len < 33 + name_len + value_len {
                return short(opened);
            }
            opened.span(at, 33 + name_len + value_len, SpanKind::Table, "extended attribute");
            let fine =
                check(&mut sums.node, opened, at + 28, at, 28) & check(&mut sums.data, opened, at + 24, at + 32, name_len + 1 + value_len);
            if let (true, Some(name), Some(value)) = (fine, input.get(at + 32, name_len), input.get(at + 33 + name_len, value_len)) {
                let prefix: &[u8] = match byte(20) {
                    1 => b"user.",
                    2 => b"security.",
                    3 => b"system.posix_acl_access",
                    4 => b"system.posix_acl_default",
                    5 => b"trusted.",
                    _ => b"",
                };
                let (version, xattr) = (word(16), Xattr { name: [prefix, name].concat(), value: value.to_vec() });
                if log.xattrs.get(&word(12)).is_none_or(|(other, _)| *other <= version) {
                    log.xattrs.insert(word(12), (version, xattr));
                }
            }
        }
        XREF => {
            if len < 28 {
                return short(opened);
            }
            opened.span(at, 28, SpanKind::Table, "reference to an extended attribute");
            if check(&mut sums.node, opened, at + 24, at, 24) {
                let sequence = log.xrefs.entry(word(12)).or_default().entry(word(16)).or_default();
                *sequence = (*sequence).max(word(20));
            }
        }
        SUMMARY => {
            if len < 32 {
                return short(opened);
            }
            opened.span(at, len, SpanKind::Table, "summary");
            check(&mut sums.node, opened, at + 28, at, 24);
            check(&mut sums.data, opened, at + 24, at + 32, len - 32);
        }
        CLEAN => {
            opened.span(at, 12, SpanKind::Padding, "clean marker");
            opened.span(at + 12, len - 12, SpanKind::Free, "clean marker");
        }
        PADDING => {
            opened.span(at, 12, SpanKind::Padding, "padding node");
            opened.span(at + 12, len - 12, SpanKind::Free, "padding node");
        }
        // Without the accurate bit the node is one that was marked obsolete on NOR flash.
        other => {
            opened.span(at, 12, SpanKind::Header, "node of another kind");
            opened.problem(Problem::unsupported(at, format!("node type {other:#06x}")).over(len));
        }
    }
}
