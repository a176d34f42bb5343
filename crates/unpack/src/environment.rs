//! Environments of boot loaders: names and values, each ended by a zero byte, the last by two.
//!
//! **Specification**: U-Boot documentation, "Environment Variables"; `include/env_internal.h` (`env_t`: CRC-32, a flag byte where there are
//! two copies, the variables).

use assay_core::{
    escape::{escape, visible},
    facts::{ImageFact, image::BootSetting},
};

use crate::format::Opened;

/// Variables of one environment that are told.
const MOST: usize = 400;
/// Bytes of one variable that are told.
const LONGEST: usize = 4096;

/// Is it `name=value`?
pub fn variable(entry: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = entry.iter().position(|byte| *byte == b'=')?;
    let (name, value) = (&entry[..end], &entry[end + 1..]);
    let named = !name.is_empty() && name.len() <= 64 && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-.#:[]/".contains(byte));
    let shown = value.iter().all(|byte| (b' '..=b'~').contains(byte) || matches!(byte, b'\n' | b'\t' | b'\r'));
    (named && shown).then_some((name, value))
}

/// Length of the environment at the start of `bytes`, with the zero bytes that end it, and how many variables it has. A variable set twice
/// counts twice: the last is what holds.
pub fn extent(bytes: &[u8]) -> (usize, usize) {
    let (mut at, mut count) = (0, 0);
    while let Some(len) = memchr::memchr(0, &bytes[at..]).filter(|len| variable(&bytes[at..at + len]).is_some()) {
        at += len + 1;
        count += 1;
    }
    let ended = bytes.get(at) == Some(&0);
    (at + usize::from(ended), count)
}

/// Tells the variables of the environment that stands at `at` and is `bytes`.
pub fn tell(opened: &mut Opened, at: u64, bytes: &[u8], saved: bool) {
    let mut offset = 0;
    for entry in bytes.split(|byte| *byte == 0).take(MOST) {
        if let Some((name, value)) = variable(entry) {
            let value = visible(&escape(&value[..value.len().min(LONGEST)])).into_owned();
            opened.fact(at + offset, ImageFact::BootSetting(BootSetting { name: escape(name), value, saved }));
        }
        offset += entry.len() as u64 + 1;
    }
}
