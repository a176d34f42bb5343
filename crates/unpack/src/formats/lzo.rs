//! lzop: files packed with LZO1X, with checksums.
//!
//! **Specification**: none was published; the layout is that of lzop 1.04 (`lzop.c`, header and block loop), as GNU tools read it.
//!
//! **Limitations**: filters (never seen in use) are undone by nobody here; a file that uses one is reported.

use assay_core::{Problem, SpanKind, facts::ImageFact};

use crate::{
    codec::{Codec, Trouble, block},
    context::Context,
    format::{Child, Format, Magic, Opened},
    input::Input,
};

/// The format.
#[rustfmt::skip]
pub static FORMAT: Format = Format {
    name: "lzo", title: "lzop", version: 1, at_start: false, open,
    magics: &[Magic { bytes: &MAGIC, at: 0 }],
};

const MAGIC: [u8; 9] = [0x89, b'L', b'Z', b'O', 0, 0x0D, 0x0A, 0x1A, 0x0A];
/// lzop refuses larger blocks, too.
const BLOCK_MAX: u32 = 64 << 20;

const ADLER32_D: u32 = 1;
const ADLER32_C: u32 = 2;
const EXTRA_FIELD: u32 = 0x40;
const CRC32_D: u32 = 0x100;
const CRC32_C: u32 = 0x200;
const FILTER: u32 = 0x800;
const HEADER_CRC32: u32 = 0x1000;

fn open(input: &Input, context: &Context) -> Option<Opened> {
    if input.get(0, 9)? != MAGIC {
        return None;
    }
    let mut at = 9;
    let mut take = |len: u64| {
        let value = input.get(at, len).map(|bytes| bytes.iter().fold(0u32, |value, byte| value << 8 | u32::from(*byte)));
        at += len;
        value
    };
    let version = take(2)?;
    take(2)?;
    let modern = version >= 0x0940;
    if modern {
        take(2)?;
    }
    take(1)?;
    if modern {
        take(1)?;
    }
    let flags = take(4)?;
    let filter = if flags & FILTER != 0 { take(4)? } else { 0 };
    // Mode, modification time, and its upper half.
    take(if modern { 12 } else { 8 })?;
    let name_len = take(1)?;
    let name = input.get(at, u64::from(name_len))?;
    at += u64::from(name_len);
    let (name_of, sum) =
        if flags & HEADER_CRC32 != 0 { ("CRC-32", crc32fast::hash as fn(&[u8]) -> u32) } else { ("Adler-32", adler as fn(&[u8]) -> u32) };
    let (stated, computed) = (input.be32(at)?, sum(input.get(9, at - 9)?));
    if stated != computed {
        return None;
    }
    let mut opened = Opened::default();
    opened.span(0, at, SpanKind::Header, "lzop header");
    opened.checksum(at, "header checksum", name_of, (9, at - 9), &stated.to_be_bytes(), &computed.to_be_bytes());
    opened.span(at, 4, SpanKind::Checksum, "header checksum");
    at += 4;
    if flags & EXTRA_FIELD != 0 {
        let len = u64::from(input.be32(at).unwrap_or_default()) + 8;
        opened.span(at, len.min(input.size() - at), SpanKind::Header, "extra field");
        at = at.saturating_add(len).min(input.size());
    }
    if filter != 0 {
        opened.problem(Problem::unsupported(9, format!("lzop: the filter {filter} is not undone")));
    }
    if !name.is_empty() {
        opened.fact(9, ImageFact::Hardware { name: "lzop-name".into(), value: assay_core::escape::escape(name) });
    }
    Some(blocks(input, at, flags, context, opened))
}

fn blocks(input: &Input, mut at: u64, flags: u32, context: &Context, mut opened: Opened) -> Opened {
    let limit = context.room(input.size());
    let mut bytes: Vec<u8> = Vec::new();
    let (mut checked, mut wrong) = (0u64, 0u64);
    loop {
        if context.step(1).map_err(|over| opened.problem(over.problem(at))).is_err() {
            break;
        }
        let Some(size) = input.be32(at) else {
            opened.problem(Problem::truncated(at, "lzop: the end mark is missing"));
            at = input.size();
            break;
        };
        if size == 0 {
            opened.span(at, 4, SpanKind::Header, "end mark");
            at += 4;
            break;
        }
        let packed_len = input.be32(at + 4).unwrap_or(u32::MAX);
        if size > BLOCK_MAX || packed_len > size {
            opened.problem(Problem::corrupt(at, format!("lzop: a block of {packed_len} bytes for {size}")));
            break;
        }
        // Packed checksums stand only where the block is packed.
        let kinds = [(ADLER32_D, false), (CRC32_D, false), (ADLER32_C, true), (CRC32_C, true)];
        let sums: Vec<(u32, bool)> =
            kinds.into_iter().filter(|(flag, packed)| flags & flag != 0 && (!packed || packed_len < size)).collect();
        let data = at + 8 + 4 * sums.len() as u64;
        let Some(packed) = input.get(data, u64::from(packed_len)) else {
            opened.problem(Problem::truncated(at, "lzop: the last block is cut off"));
            opened.payload(at, input.size() - at, "block, cut off");
            at = input.size();
            break;
        };
        if bytes.len() as u64 + u64::from(size) > limit {
            opened.problem(Trouble::OverLimit.problem(at, "lzop"));
            break;
        }
        let mut content = std::borrow::Cow::Borrowed(packed);
        if packed_len < size {
            let poured = block(Codec::Lzo, packed, size as usize);
            if let Some(trouble) = &poured.trouble {
                opened.problem(trouble.problem(data, "LZO block"));
            } else if poured.bytes.len() as u64 != u64::from(size) {
                opened.problem(Problem::corrupt(at, format!("lzop: {size} bytes are stated, {} came out", poured.bytes.len())));
            }
            content = poured.bytes.into();
        }
        for (index, (flag, of_packed)) in sums.iter().enumerate() {
            let place = at + 8 + 4 * index as u64;
            let stated = input.be32(place).unwrap_or_default();
            let covered = if *of_packed { packed } else { &*content };
            let (name, computed) =
                if flag & (ADLER32_C | ADLER32_D) != 0 { ("Adler-32", adler(covered)) } else { ("CRC-32", crc32fast::hash(covered)) };
            checked += 1;
            if stated != computed {
                wrong += 1;
                let covers = if *of_packed { (data, u64::from(packed_len)) } else { (bytes.len() as u64, u64::from(size)) };
                opened.checksum(place, "block checksum", name, covers, &stated.to_be_bytes(), &computed.to_be_bytes());
            }
        }
        opened.span(at, 8, SpanKind::Header, "block header");
        opened.span(at + 8, data - at - 8, SpanKind::Checksum, "block checksums");
        opened.payload(data, u64::from(packed_len), "block");
        bytes.extend_from_slice(&content);
        at = data + u64::from(packed_len);
    }
    if checked > 0 {
        let (stated, computed) = (format!("{checked} checksums"), format!("{} equal", checked - wrong));
        let covers = (0, bytes.len() as u64);
        opened.fact(
            0,
            ImageFact::Checksum {
                name: "block checksums".into(),
                algorithm: "Adler-32, CRC-32".into(),
                covers,
                stated,
                computed,
                ok: wrong == 0,
            },
        );
    }
    opened.len = at;
    let mut child = Child::owned(None, bytes);
    child.span = Some((0, at));
    opened.children.push(child);
    opened
}

fn adler(bytes: &[u8]) -> u32 {
    adler2::adler32_slice(bytes)
}
