//! The central directory: the list of members at the archive's end, and the record behind it by which it is found.
//!
//! Its offsets count from the start of the archive, or from the start of the program that stands in front of it (an installer). What is
//! missing from them to the place where things really are is the same for all of them: `base`.

use memchr::memmem;

use super::{CENTRAL, END, Member};
use crate::{context::Context, input::Input};

/// Where the central directory is, by the record at the archive's end.
pub struct Directory {
    pub start: u64,
    pub len: u64,
    /// What is added to a stated offset to get one of ours.
    pub base: i64,
    /// First byte behind the archive.
    pub end: u64,
}

/// The end record. One that fits from the start is preferred, the last of them as every tool does; then one that counts from the start
/// of the whole file (a program in front of the archive); then any.
pub fn find(input: &Input, context: &Context) -> Option<Directory> {
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
            && input.get(record64, 4) == Some(b"PK\x06\x06")
        {
            (len, offset, record) = (input.le64(record64 + 40).unwrap_or(0), input.le64(record64 + 48).unwrap_or(0), record64);
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
pub fn central(input: &Input, at: u64, base: i64) -> Option<(Member, u64)> {
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
            mtime = input.le32(field + 1).map(|time| i64::from(time.cast_signed()));
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

/// Seconds since 1970 of a DOS date and time, which know no time zone: taken as UTC.
pub fn dos_time(date: u16, time: u16) -> Option<i64> {
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
        assert_eq!(super::dos_time((40 << 9) + (9 << 5) + 13, (12 << 11) + (26 << 5) + 20), Some(1_600_000_000));
        assert_eq!(super::dos_time(0, 0), None);
    }
}
