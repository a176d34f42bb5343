//! A boot loader's saved environment: a partition of flash, or a file of an update.
//!
//! **Specification**: U-Boot, `include/env_internal.h` (`env_t`) and `env/common.c`: CRC-32 (little-endian, as it is written by a little-endian
//! machine) over everything behind it; with two copies a flag byte follows, which the checksum does not cover.
//!
//! **Limitations**: at an artifact's start alone; sizes are powers of two from 1 KiB to 1 MiB, or the whole artifact.

use assay_core::{Problem, SpanKind};

use crate::{
    context::Context,
    environment,
    format::{Format, Opened},
    input::Input,
};

/// The format.
pub static FORMAT: Format = Format { name: "uboot-env", title: "boot loader environment", version: 1, magics: &[], at_start: true, open };

/// Variables below which it is something else.
const FEWEST: usize = 2;

fn open(input: &Input, _: &Context) -> Option<Opened> {
    let bytes: &[u8] = input;
    let stated = u32::from_le_bytes(*bytes.first_chunk::<4>()?);
    // A flag byte is no letter; a variable begins with one.
    let header = if bytes.get(4)?.is_ascii_graphic() { 4 } else { 5 };
    let (used, count) = environment::extent(bytes.get(header..)?);
    if count < FEWEST {
        return None;
    }
    let sizes = (10..=20).map(|power| 1_usize << power).chain([bytes.len()]).filter(|size| *size >= header + used && *size <= bytes.len());
    let size = sizes.into_iter().find(|size| crc32fast::hash(&bytes[header..*size]) == stated);
    // Without a checksum that holds it is still one where it says what a loader does.
    let known = memchr::memmem::find(&bytes[header..header + used], b"bootcmd=").is_some();
    if size.is_none() && !known {
        return None;
    }
    let len = size.unwrap_or(header + used);
    let mut opened = Opened::new(len as u64);
    opened.span(0, header as u64, SpanKind::Header, "checksum");
    opened.span(header as u64, used as u64, SpanKind::Content, "variables");
    opened.span((header + used) as u64, (len - header - used) as u64, SpanKind::Free, "unused");
    let computed = crc32fast::hash(&bytes[header..len]);
    if !opened.checksum(0, "crc", "CRC-32", (header as u64, (len - header) as u64), &stated.to_be_bytes(), &computed.to_be_bytes()) {
        opened.problem(Problem::corrupt(0, "the environment's checksum fits no size: the loader would take its own settings"));
    }
    environment::tell(&mut opened, header as u64, &bytes[header..header + used], true);
    Some(opened)
}
