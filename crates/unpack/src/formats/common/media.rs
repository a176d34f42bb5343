//! What is shown or played to people: pictures, fonts, sounds, documents.
//!
//! Web pages of miners and the toolkits of their displays bring hundreds of these. None is opened; but where one ends is known only by
//! following its own structure, and bytes behind that end are somebody's who hid them, or another file.

use assay_core::{Problem, SpanKind};

use crate::{context::Context, format::Opened, input::Input};

pub fn png(input: &Input, context: &Context) -> Option<Opened> {
    if !input.starts_with(b"\x89PNG\r\n\x1a\n") || input.get(8, 8)? != b"\0\0\0\x0DIHDR" {
        return None;
    }
    let mut opened = Opened::default();
    opened.span(0, 8, SpanKind::Header, "signature");
    let (mut at, mut chunks, mut wrong) = (8, 0_u64, 0_u64);
    let (mut all_stated, mut all_computed) = (crc32fast::Hasher::new(), crc32fast::Hasher::new());
    loop {
        context.step(1).ok()?;
        let chunk = input.be32(at).map(u64::from).and_then(|len| Some((len, input.get(at + 4, len + 4)?, input.get(at + 8 + len, 4)?)));
        let Some((len, covered, stated)) = chunk else {
            if input.start() > 0 {
                return None;
            }
            opened.problem(Problem::truncated(at, "PNG: the picture ends within a chunk").over(input.size() - at));
            opened.span(at, input.size() - at, SpanKind::Content, "PNG image, cut off");
            opened.len = input.size();
            return Some(opened);
        };
        let computed = crc32fast::hash(covered).to_be_bytes();
        chunks += 1;
        all_stated.update(stated);
        all_computed.update(&computed);
        if stated != computed {
            if input.start() > 0 {
                return None;
            }
            wrong += 1;
            if wrong <= 16 {
                opened.checksum(at + 8 + len, "chunk CRC", "CRC-32", (at + 4, len + 4), stated, &computed);
            }
        }
        opened.span(at, 8, SpanKind::Header, "");
        opened.span(at + 8, len, SpanKind::Content, "PNG image");
        opened.span(at + 8 + len, 4, SpanKind::Checksum, "");
        let last = covered.starts_with(b"IEND");
        at += 12 + len;
        if last {
            break;
        }
    }
    if wrong == 0 {
        // One fact for all of them: the fields one after another, and what was computed, each under one CRC.
        let (stated, computed) = (all_stated.finalize().to_be_bytes(), all_computed.finalize().to_be_bytes());
        opened.checksum(8, &format!("CRCs of {chunks} chunks, taken together"), "CRC-32", (8, at - 8), &stated, &computed);
    }
    opened.len = at;
    Some(opened)
}

/// Follows the segments; entropy-coded bytes end at a marker that is neither stuffing nor a restart.
pub fn jpeg(input: &Input, context: &Context) -> Option<u64> {
    if !input.starts_with(&[0xFF, 0xD8, 0xFF]) || !matches!(input.u8(3)?, 0xC0..=0xC4 | 0xDB | 0xDD | 0xE0..=0xEF | 0xFE) {
        return None;
    }
    let (mut at, mut scans) = (2, 0);
    loop {
        context.step(1).ok()?;
        if input.u8(at)? != 0xFF {
            return None;
        }
        let marker = input.u8(at + 1)?;
        match marker {
            0xFF => at += 1,
            0xD9 => return (scans > 0).then_some(at + 2),
            0xDA => {
                scans += 1;
                at += 2 + u64::from(input.be16(at + 2)?);
                loop {
                    at += memchr::memchr(0xFF, input.tail(at))? as u64;
                    if matches!(input.u8(at + 1)?, 0 | 0xD0..=0xD7) {
                        at += 2;
                    } else {
                        break;
                    }
                }
            }
            0xC0..=0xFE => at += 2 + u64::from(input.be16(at + 2).filter(|len| *len >= 2)?),
            _ => return None,
        }
    }
}

pub fn gif(input: &Input, context: &Context) -> Option<u64> {
    if !input.starts_with(b"GIF8") {
        return None;
    }
    let table = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3_u64 << ((flags & 7) + 1) };
    let mut at = 13 + table(input.u8(10)?);
    loop {
        context.step(1).ok()?;
        let blocks = match input.u8(at)? {
            0x3B => return Some(at + 1),
            0x2C => at + 11 + table(input.u8(at + 9)?),
            0x21 => at + 2,
            _ => return None,
        };
        at = blocks;
        loop {
            context.step(1).ok()?;
            let len = u64::from(input.u8(at)?);
            at += 1 + len;
            if len == 0 {
                break;
            }
        }
    }
}

pub fn ico(input: &Input, _: &Context) -> Option<u64> {
    let count = u64::from(input.le16(4)?);
    if input.start() > 0 || input.le16(0)? != 0 || !matches!(input.le16(2)?, 1 | 2) || !(1..=64).contains(&count) {
        return None;
    }
    let mut end = 6 + count * 16;
    for index in 0..count {
        let at = 6 + index * 16;
        let (len, start) = (u64::from(input.le32(at + 8)?), u64::from(input.le32(at + 12)?));
        // Each picture is a PNG or a bitmap with its 40-byte header.
        if start < 6 + count * 16 || len < 12 || !matches!(input.get(start, 4)?, [0x89, b'P', b'N', b'G'] | [40, 0, 0, 0]) {
            return None;
        }
        end = end.max(start + len);
    }
    Some(end)
}

pub fn font(input: &Input, context: &Context) -> Option<u64> {
    let magic = input.get(0, 4)?;
    if magic == b"wOFF" || magic == b"wOF2" {
        let header = if magic == b"wOFF" { 44 } else { 48 };
        let (len, tables) = (u64::from(input.be32(8)?), input.be16(12)?);
        return (len > header && tables > 0 && tables < 256 && input.be16(14)? == 0).then_some(len);
    }
    if input.start() > 0 || !(magic == b"OTTO" || magic == b"true" || magic == [0, 1, 0, 0]) {
        return None;
    }
    let tables = u64::from(input.be16(4)?);
    let mut end = 12 + tables * 16;
    if !(1..256).contains(&tables) {
        return None;
    }
    for index in 0..tables {
        context.step(1).ok()?;
        let at = 12 + index * 16;
        let (start, len) = (u64::from(input.be32(at + 8)?), u64::from(input.be32(at + 12)?));
        if start < 12 + tables * 16 || !input.get(at, 4)?.iter().all(|byte| matches!(byte, b' '..=b'~')) {
            return None;
        }
        end = end.max((start + len).next_multiple_of(4).min(input.size().max(start + len)));
    }
    Some(end)
}

pub fn riff(input: &Input, _: &Context) -> Option<u64> {
    let kind = input.get(8, 4)?;
    let len = u64::from(input.le32(4)?) + 8;
    (input.starts_with(b"RIFF") && matches!(kind, b"WAVE" | b"WEBP" | b"AVI ") && len > 20).then_some(len)
}

pub fn pdf(input: &Input, _: &Context) -> Option<u64> {
    if !input.starts_with(b"%PDF-") || !input.u8(7)?.is_ascii_digit() {
        return None;
    }
    // Updates are appended: the last end mark counts. Inside other bytes that mark may be another file's, so the first is taken.
    let mark = b"%%EOF";
    let at = if input.start() == 0 { memchr::memmem::rfind(input, mark)? } else { memchr::memmem::find(input, mark)? };
    let rest = input.tail(at as u64 + 5);
    let line = rest.iter().take(2).take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    Some((at + 5 + line) as u64)
}
