//! lz4: frames, and the legacy form in which Linux kernels are packed.
//!
//! **Specification**: "LZ4 Frame Format Description" 1.6.4, sections "General Structure of LZ4 Frame format" and "Legacy frame".
//!
//! **Limitations**: frames that need a dictionary are not decoded. The checksums are compared by the decoder: a wrong one ends the frame
//! with a problem.

use assay_core::{Problem, SpanKind, facts::ImageFact};

use crate::{
    codec::{Codec, Poured, Trouble, block, pour},
    context::Context,
    format::{Format, Magic, Opened},
    input::Input,
};

/// The format.
#[rustfmt::skip]
pub static FORMAT: Format = Format {
    name: "lz4", title: "LZ4", version: 1, at_start: false, open,
    magics: &[Magic { bytes: &[0x04, 0x22, 0x4D, 0x18], at: 0 }, Magic { bytes: &[0x02, 0x21, 0x4C, 0x18], at: 0 }],
};

/// What one block of the legacy form unpacks to at most.
const LEGACY_BLOCK: u64 = 8 << 20;

fn open(input: &Input, context: &Context) -> Option<Opened> {
    let mut opened = Opened::default();
    let mut bytes = Vec::new();
    let mut at = 0;
    while context.step(1).is_ok() {
        let limit = context.room(input.size()) - bytes.len() as u64;
        let end = match input.le32(at) {
            Some(0x184D_2204) => frame(input, at, limit, context, &mut bytes, &mut opened),
            Some(0x184C_2102) => legacy(input, at, limit, context, &mut bytes, &mut opened),
            Some(magic) if at > 0 && magic & 0xFFFF_FFF0 == 0x184D_2A50 => {
                input.le32(at + 4).map(|len| at + 8 + u64::from(len)).filter(|end| *end <= input.size()).inspect(|_| {
                    opened.span(at, 8, SpanKind::Header, "skippable frame header");
                })
            }
            _ => None,
        };
        let Some(end) = end else { break };
        at = end;
        if !opened.problems.is_empty() {
            break;
        }
    }
    opened.stream(at, bytes)
}

fn frame(input: &Input, at: u64, limit: u64, context: &Context, bytes: &mut Vec<u8>, opened: &mut Opened) -> Option<u64> {
    let (flags, sizes) = (input.u8(at + 4)?, input.u8(at + 5)?);
    // Version 01, reserved bits zero, a block size of 64 KiB to 4 MiB.
    if flags & 0xC2 != 0x40 || sizes & 0x8F != 0 || sizes >> 4 < 4 {
        return None;
    }
    let (block_sums, has_size, content_sum, dictionary) = (flags & 0x10 != 0, flags & 8 != 0, flags & 4 != 0, flags & 1 != 0);
    let header = 7 + if has_size { 8 } else { 0 } + if dictionary { 4 } else { 0 };
    // The blocks are walked by their lengths first: the decoder takes a cut frame for a whole one.
    let (mut end, mut blocks, mut whole) = (at + header, 0u64, true);
    loop {
        let Some(word) = input.le32(end).filter(|_| context.step(1).is_ok()) else {
            (end, whole) = (input.size(), false);
            break;
        };
        if word == 0 {
            break;
        }
        blocks += 1;
        end += 4 + u64::from(word & 0x7FFF_FFFF) + if block_sums { 4 } else { 0 };
        if end > input.size() {
            (end, whole) = (input.size(), false);
            break;
        }
    }
    let marks = end;
    if whole {
        end += if content_sum { 8 } else { 4 };
        if end > input.size() {
            (end, whole) = (input.size(), false);
        }
    }
    let Poured { bytes: out, mut trouble } = pour(lz4_flex::frame::FrameDecoder::new(input.get(at, end - at)?), limit);
    if !whole && trouble.as_ref().is_none_or(|trouble| matches!(trouble, Trouble::Corrupt(_)) && !out.is_empty()) {
        trouble = Some(Trouble::Truncated);
    }
    if trouble.is_some() && (at > 0 || out.is_empty() && (input.start() > 0 || blocks == 0) || input.start() > 0 && out.len() < 512) {
        return None;
    }
    opened.span(at, header, SpanKind::Header, "frame descriptor");
    opened.payload(at + header, marks - at - header, "blocks");
    opened.span(marks, (end - marks).min(4), SpanKind::Header, "end mark");
    opened.span(marks + 4, end.saturating_sub(marks + 4), SpanKind::Checksum, "content checksum");
    if let Some(trouble) = trouble {
        opened.problem(trouble.problem(at, "lz4 frame"));
    } else {
        let covers = (bytes.len() as u64, out.len() as u64);
        let mut sum = |name: &str, offset: u64, covers: (u64, u64), value: String| {
            opened.fact(
                offset,
                ImageFact::Checksum {
                    name: name.into(),
                    algorithm: "XXH32".into(),
                    covers,
                    stated: value.clone(),
                    computed: value,
                    ok: true,
                },
            );
        };
        sum("header checksum", at + header - 1, (at + 4, header - 5), format!("{:02x}", input.u8(at + header - 1).unwrap_or_default()));
        if block_sums {
            sum("block checksum", at + header, (at + header, marks - at - header), format!("{blocks} equal"));
        }
        if content_sum {
            sum("content checksum", end - 4, covers, assay_core::hash::hex(input.get(end - 4, 4).unwrap_or_default()));
        }
    }
    bytes.extend_from_slice(&out);
    Some(end)
}

fn legacy(input: &Input, start: u64, limit: u64, context: &Context, bytes: &mut Vec<u8>, opened: &mut Opened) -> Option<u64> {
    let mut at = start + 4;
    let before = bytes.len();
    while let Some(size) = input.le32(at).map(u64::from) {
        if context.step(1).map_err(|over| opened.problem(over.problem(at))).is_err() {
            break;
        }
        let out = (bytes.len() - before) as u64;
        // The kernel's build appends the unpacked size.
        if out > 0 && size == out & 0xFFFF_FFFF && (at + 4 == input.size() || size > LEGACY_BLOCK + LEGACY_BLOCK / 255 + 16) {
            opened.span(at, 4, SpanKind::Header, "unpacked size, appended");
            at += 4;
            break;
        }
        if size == 0 || size > LEGACY_BLOCK + LEGACY_BLOCK / 255 + 16 {
            break;
        }
        if out >= limit {
            opened.problem(Trouble::OverLimit.problem(at, "lz4 block"));
            break;
        }
        let Some(packed) = input.get(at + 4, size) else {
            if out > 0 || input.start() == 0 {
                opened.problem(Problem::truncated(at, "lz4: the last block is cut off"));
            }
            break;
        };
        // A block gives at most 255 bytes for one.
        let most = LEGACY_BLOCK.min(limit - out).min(size.saturating_mul(255));
        let poured = block(Codec::Lz4, packed, most as usize);
        if let Some(trouble) = poured.trouble {
            if out > 0 || input.start() == 0 {
                opened.problem(trouble.problem(at, "lz4 block"));
            }
            break;
        }
        opened.span(at, 4, SpanKind::Header, "block size");
        opened.payload(at + 4, size, "block");
        bytes.extend_from_slice(&poured.bytes);
        at += 4 + size;
        // Every block but the last is full.
        if (poured.bytes.len() as u64) < LEGACY_BLOCK {
            if input.le32(at).is_some_and(|total| u64::from(total) == (bytes.len() - before) as u64 & 0xFFFF_FFFF) {
                opened.span(at, 4, SpanKind::Header, "unpacked size, appended");
                at += 4;
            }
            break;
        }
    }
    if bytes.len() == before {
        opened.problems.clear();
        return None;
    }
    opened.span(start, 4, SpanKind::Header, "magic");
    Some(at)
}
