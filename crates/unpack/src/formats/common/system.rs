//! What programs read: time zones, terminals, catalogues of messages, locales, databases, compiled Python.
//!
//! Every Linux image has some of these from its C library and its packages. Each has a table at its start from which its length follows;
//! the checks are there because most of them begin with no more than two or four bytes that anything could begin with.

use crate::{context::Context, input::Input};

pub fn tzif(input: &Input, _: &Context) -> Option<u64> {
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

pub fn terminfo(input: &Input, _: &Context) -> Option<u64> {
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

pub fn sqlite(input: &Input, _: &Context) -> Option<u64> {
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

pub fn gettext(input: &Input, context: &Context) -> Option<u64> {
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

pub fn pyc(input: &Input, _: &Context) -> Option<u64> {
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

pub fn locale(input: &Input, _: &Context) -> Option<u64> {
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
