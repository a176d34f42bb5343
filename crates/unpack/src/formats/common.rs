//! Single files that are recognised, measured and left closed: images, fonts, sounds, databases of the system.
//!
//! **Specification**: PNG (ISO/IEC 15948), JPEG (ITU-T T.81), GIF89a, ICO, `OpenType` 1.9, `WOFF` 1.0 and 2.0 (W3C), RIFF, `TZif` (RFC 8536),
//! `term(5)`, `SQLite` "Database File Format", GNU gettext manual "MO Files", GNU libc `locale/locarchive.h`,
//! `CPython` `importlib` (PEP 3147, PEP 552), PDF (ISO 32000).
//!
//! **Limitations**: only what is needed to know the length is read; the chunks' CRCs of PNG are the one exception. Formats without a
//! strong signature (ICO, terminfo, fonts, MO, Python) are taken at the start of an artifact alone.

use assay_core::{Problem, SpanKind};

use crate::{
    context::Context,
    format::{Format, Magic, Opened},
    input::Input,
};

macro_rules! leaf {
    ($item:ident, $name:literal, $title:literal, [$($magic:expr),*], $at_start:literal, $measure:ident) => {
        #[doc = concat!("The format: ", $title, ".")]
        pub static $item: Format = Format {
            name: $name,
            title: $title,
            version: 1,
            magics: &[$(Magic { bytes: $magic, at: 0 }),*],
            at_start: $at_start,
            open: |input, context| {
                let len = $measure(input, context)?;
                (len > 0 && len <= input.size()).then(|| {
                    let mut opened = Opened::new(len);
                    opened.span(0, len, SpanKind::Content, $title);
                    opened
                })
            },
        };
    };
}

leaf!(JPEG, "jpeg", "JPEG image", [&[0xFF, 0xD8, 0xFF]], false, jpeg);
leaf!(GIF, "gif", "GIF image", [b"GIF87a", b"GIF89a"], false, gif);
leaf!(ICO, "ico", "icon", [], true, ico);
leaf!(FONT, "font", "font", [b"wOFF", b"wOF2"], true, font);
leaf!(WAV, "riff", "RIFF sound or image", [b"RIFF"], false, riff);
leaf!(TZIF, "tzif", "time zone", [b"TZif"], false, tzif);
leaf!(TERMINFO, "terminfo", "terminal description", [], true, terminfo);
leaf!(SQLITE, "sqlite", "SQLite database", [b"SQLite format 3\0"], false, sqlite);
leaf!(GETTEXT, "gettext", "gettext catalogue", [], true, gettext);
leaf!(PYC, "pyc", "Python bytecode", [], true, pyc);
leaf!(LOCALE, "locale-archive", "locale archive", [], true, locale);
leaf!(PDF, "pdf", "PDF document", [b"%PDF-1.", b"%PDF-2."], false, pdf);

/// PNG: the one of these that carries checksums.
pub static PNG: Format = Format {
    name: "png",
    title: "PNG image",
    version: 1,
    magics: &[Magic { bytes: b"\x89PNG\r\n\x1a\n", at: 0 }],
    at_start: false,
    open: png,
};

fn png(input: &Input, context: &Context) -> Option<Opened> {
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
fn jpeg(input: &Input, context: &Context) -> Option<u64> {
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

fn gif(input: &Input, context: &Context) -> Option<u64> {
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

fn ico(input: &Input, _: &Context) -> Option<u64> {
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

fn font(input: &Input, context: &Context) -> Option<u64> {
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

fn riff(input: &Input, _: &Context) -> Option<u64> {
    let kind = input.get(8, 4)?;
    let len = u64::from(input.le32(4)?) + 8;
    (input.starts_with(b"RIFF") && matches!(kind, b"WAVE" | b"WEBP" | b"AVI ") && len > 20).then_some(len)
}

fn tzif(input: &Input, _: &Context) -> Option<u64> {
    let block = |at: u64, wide: u64| -> Option<u64> {
        if input.get(at, 4)? != b"TZif" || input.get(at + 5, 15)?.iter().any(|byte| *byte != 0) {
            return None;
        }
        let count = |index: u64| input.be32(at + 20 + index * 4).map(u64::from).filter(|count| *count < 100_000);
        let (utc, std, leaps, times, types, chars) = (count(0)?, count(1)?, count(2)?, count(3)?, count(4)?, count(5)?);
        (types > 0 && chars > 0).then_some(at + 44 + times * wide + times + types * 6 + chars + leaps * (wide + 4) + std + utc)
    };
    let first = block(0, 4)?;
    match input.u8(4)? {
        0 => Some(first),
        b'2'..=b'4' => {
            // The second block, then a POSIX rule between two newlines.
            let at = block(first, 8)?;
            let rest = input.tail(at).get(..256).unwrap_or_else(|| input.tail(at));
            (rest.first() == Some(&b'\n')).then_some(())?;
            Some(at + 2 + memchr::memchr(b'\n', &rest[1..])? as u64)
        }
        _ => None,
    }
}

fn terminfo(input: &Input, _: &Context) -> Option<u64> {
    let wide = match input.le16(0)? {
        0o432 => 2,
        0o1036 => 4,
        _ => return None,
    };
    let field = |index: u64| input.le16(index * 2).map(u64::from);
    let (names, flags, numbers, offsets, strings) = (field(1)?, field(2)?, field(3)?, field(4)?, field(5)?);
    if input.start() > 0 || !(2..=512).contains(&names) || flags > 512 || numbers > 512 || offsets > 2048 {
        return None;
    }
    let (last, text) = input.get(12, names)?.split_last()?;
    if *last != 0 || !text.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        return None;
    }
    let end = (12 + names + flags).next_multiple_of(2) + numbers * wide + offsets * 2 + strings;
    // Extended capabilities follow to the end of the file.
    (end <= input.size()).then(|| if input.size() - end < 32 << 10 { input.size() } else { end })
}

fn sqlite(input: &Input, _: &Context) -> Option<u64> {
    if !input.starts_with(b"SQLite format 3\0") || input.get(21, 3)? != [64, 32, 32] {
        return None;
    }
    let page = match input.be16(16)? {
        1 => 65_536,
        size if size >= 512 && size.is_power_of_two() => u64::from(size),
        _ => return None,
    };
    let pages = u64::from(input.be32(28)?);
    let whole = if pages > 0 { page * pages } else { input.size() };
    Some(if input.start() == 0 { whole.min(input.size()) } else { whole })
}

fn gettext(input: &Input, context: &Context) -> Option<u64> {
    let little = match input.get(0, 4)? {
        [0xDE, 0x12, 0x04, 0x95] => true,
        [0x95, 0x04, 0x12, 0xDE] => false,
        _ => return None,
    };
    let word = |at: u64| if little { input.le32(at) } else { input.be32(at) }.map(u64::from);
    let (count, ids, texts, hashes, table) = (word(8)?, word(12)?, word(16)?, word(20)?, word(24)?);
    if input.start() > 0 || word(4)? & 0xFFFF > 1 || count > input.size() / 16 {
        return None;
    }
    let mut end = (texts + count * 8).max(ids + count * 8).max(if hashes > 0 { table + hashes * 4 } else { 0 });
    for index in 0..count * 2 {
        context.step(1).ok()?;
        let at = if index < count { ids + index * 8 } else { texts + (index - count) * 8 };
        end = end.max(word(at)? + word(at + 4)? + 1);
    }
    Some(end)
}

fn pyc(input: &Input, _: &Context) -> Option<u64> {
    let version = input.le16(0)?;
    if input.start() > 0 || input.get(2, 2)? != b"\r\n" || !(3000..=3700).contains(&version) && !(50_000..=62_300).contains(&version) {
        return None;
    }
    // The header grew: 8 bytes in Python 2 and up to 3.2, 12 from 3.3, 16 from 3.7. A marshalled code object follows.
    let header = match version {
        3390..=3700 => 16,
        3180..=3389 => 12,
        _ => 8,
    };
    matches!(input.u8(header)?, b'c' | 0xE3).then_some(input.size())
}

fn locale(input: &Input, _: &Context) -> Option<u64> {
    if input.start() > 0 || input.le32(0)? != 0xDE02_0109 {
        return None;
    }
    // Names, strings, records and sums: offset, number used, number reserved; each table lies behind the header and inside the file.
    let mut end = 56;
    for (index, entry) in [12_u64, 1, 52, 20].into_iter().enumerate() {
        let at = 8 + index as u64 * 12;
        let (start, used, reserved) = (u64::from(input.le32(at)?), input.le32(at + 4)?, input.le32(at + 8)?);
        if start < 56 || used > reserved {
            return None;
        }
        end = end.max(start + u64::from(used) * entry);
    }
    // The locales' own data fill the rest.
    (end <= input.size()).then(|| input.size())
}

fn pdf(input: &Input, _: &Context) -> Option<u64> {
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
