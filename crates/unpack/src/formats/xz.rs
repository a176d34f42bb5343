//! xz: one compressed file, in one stream or several, with padding between them.
//!
//! **Specification**: "The .xz File Format" 1.2.1, sections 2 (File), 3 (Block), 4 (Index).
//!
//! **Limitations**: checks of the types that the specification reserves are read past.

use assay_core::{Problem, SpanKind, facts::ImageFact};

use crate::{
    codec::{LZMA_MEMORY_KIB, Trouble, append, pour},
    context::Context,
    format::{Format, Magic, Opened},
    input::Input,
};

/// The format.
pub static FORMAT: Format = Format {
    name: "xz",
    title: "xz",
    version: 1,
    magics: &[Magic { bytes: &[0xFD, b'7', b'z', b'X', b'Z', 0], at: 0 }],
    at_start: false,
    open,
};

fn open(input: &Input, context: &Context) -> Option<Opened> {
    let mut opened = Opened::default();
    let mut bytes = Vec::new();
    let mut at = 0;
    let limit = context.room(input.size());
    while input.get(at, 6) == Some(FORMAT.magics[0].bytes) && context.step(1).is_ok() {
        let (flags, stated) = (input.get(at + 6, 2)?, input.le32(at + 8)?);
        if crc32fast::hash(flags) != stated {
            break;
        }
        let mut rest = input.tail(at);
        let mut poured = pour(lzma_rust2::XzReader::new_mem_limit(&mut rest, false, LZMA_MEMORY_KIB), limit - bytes.len() as u64);
        let used = input.size() - at - rest.len() as u64;
        if matches!(poured.trouble, Some(Trouble::Corrupt(_))) && rest.is_empty() {
            poured.trouble = Some(Trouble::Truncated);
        }
        let start = bytes.len() as u64;
        append(&mut bytes, poured.bytes);
        opened.span(at, 12, SpanKind::Header, "stream header");
        opened.checksum(at + 8, "stream header CRC32", "CRC-32", (at + 6, 2), &stated.to_le_bytes(), &crc32fast::hash(flags).to_le_bytes());
        if let Some(trouble) = poured.trouble {
            opened.problem(trouble.problem(at, "xz stream"));
            let end = if matches!(trouble, Trouble::Corrupt(_)) { at + used.max(12) } else { input.size() };
            opened.payload(at + 12, end - at - 12, "xz stream");
            at = end;
            break;
        }
        stream(input, (at, used), (start, &bytes[start as usize..]), context, &mut opened);
        at += used;
        // Stream padding: zeros, four at a time, and only where another stream or the end follows.
        let zeros = input.tail(at).iter().take_while(|byte| **byte == 0).count() as u64 / 4 * 4;
        if zeros > 0 && input.get(at + zeros, 6) == Some(FORMAT.magics[0].bytes) {
            opened.span(at, zeros, SpanKind::Padding, "stream padding");
            at += zeros;
        }
    }
    opened.stream(at, bytes)
}

/// Spans and checksums of a stream that was decoded, read backwards from its footer by its index.
fn stream(input: &Input, (at, len): (u64, u64), (out, bytes): (u64, &[u8]), context: &Context, opened: &mut Opened) {
    let end = at + len;
    let Some((footer, kind)) = end.checked_sub(12).zip(input.u8(at + 7)) else { return };
    opened.span(footer, 12, SpanKind::Header, "stream footer");
    let (Some(crc), Some(backward), Some(covered)) = (input.le32(footer), input.le32(footer + 4), input.get(footer + 4, 6)) else { return };
    opened.checksum(footer, "stream footer CRC32", "CRC-32", (footer + 4, 6), &crc.to_le_bytes(), &crc32fast::hash(covered).to_le_bytes());
    let Some(index) = footer.checked_sub((u64::from(backward) + 1) * 4).filter(|index| *index >= at + 12) else { return };
    opened.span(index, footer - index, SpanKind::Table, "index");
    if let (Some(crc), Some(covered)) = (input.le32(footer - 4), input.get(index, footer - 4 - index)) {
        opened.checksum(
            footer - 4,
            "index CRC32",
            "CRC-32",
            (index, footer - 4 - index),
            &crc.to_le_bytes(),
            &crc32fast::hash(covered).to_le_bytes(),
        );
    }
    let mut cursor = index + 1;
    let Some(count) = multibyte(input, &mut cursor) else { return };
    let (mut block, mut done, mut right, mut checked) = (at + 12, 0u64, 0u64, 0u64);
    let (check_len, name) = match kind & 0x0F {
        1 => (4, "CRC-32"),
        4 => (8, "CRC-64/XZ"),
        10 => (32, "SHA-256"),
        _ => (0, ""),
    };
    for _ in 0..count {
        let (Some(unpadded), Some(size)) = (multibyte(input, &mut cursor), multibyte(input, &mut cursor)) else { return };
        let next = block.saturating_add(unpadded).checked_next_multiple_of(4).unwrap_or(u64::MAX);
        let Some(header) = input.u8(block).map(|size| (u64::from(size) + 1) * 4) else { return };
        if context.step(1).is_err() || next > index || unpadded < header + check_len {
            opened.problem(Problem::corrupt(index, "the index does not fit the blocks"));
            return;
        }
        opened.span(block, header, SpanKind::Header, "block header");
        let check = next - check_len;
        opened.payload(block + header, check - block - header, "compressed data");
        opened.span(check, check_len, SpanKind::Checksum, "check");
        let content = done.checked_add(size).and_then(|end| bytes.get(done as usize..usize::try_from(end).ok()?));
        if let (Some(stated), Some(content), true) = (input.get(check, check_len), content, check_len > 0) {
            checked += 1;
            let computed = match check_len {
                4 => crc32fast::hash(content).to_le_bytes().to_vec(),
                8 => crc::Crc::<u64>::new(&crc::CRC_64_XZ).checksum(content).to_le_bytes().to_vec(),
                _ => assay_core::Sha256::of(content).0.to_vec(),
            };
            if stated == computed {
                right += 1;
            } else {
                opened.checksum(check, "block check", name, (out + done, size), stated, &computed);
            }
        }
        done = done.saturating_add(size);
        block = next;
    }
    if checked > 0 {
        let (stated, computed) = (format!("{checked} checks"), format!("{right} equal"));
        opened.fact(
            at,
            ImageFact::Checksum {
                name: "block check".into(),
                algorithm: name.into(),
                covers: (out, done),
                stated,
                computed,
                ok: right == checked,
            },
        );
    }
}

/// A number of seven bits a byte, at most nine bytes.
fn multibyte(input: &Input, at: &mut u64) -> Option<u64> {
    let mut value = 0u64;
    for shift in 0..9 {
        let byte = input.u8(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7F) << (7 * shift);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
