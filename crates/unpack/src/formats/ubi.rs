//! UBI: volumes on raw flash, each logical erase block (LEB) in whatever physical erase block (PEB) wear levelling chose.
//!
//! **Specification**: Linux `drivers/mtd/ubi/ubi-media.h` (on-flash structures) and "UBI - Unsorted Block Images" (linux-mtd), sections
//! "Headers", "Volume table" and "Fastmap". All fields are big-endian; CRC-32 starts at 0xFFFFFFFF and has no final inversion.
//!
//! **Limitations**: the fastmap is recognised and mapped, not used (a full scan gives the same). Two images one after the other are told
//! apart by their image sequence number. Blocks that a newer version supersedes come out as children of their own.

mod volumes;

use assay_core::{Problem, SpanKind, facts::ImageFact};

use crate::{
    context::Context,
    format::{Format, Magic, Opened},
    formats::counted::Counted,
    input::Input,
};

/// The format.
pub static FORMAT: Format =
    Format { name: "ubi", title: "UBI image", version: 1, magics: &[Magic { bytes: b"UBI#\x01", at: 0 }], at_start: false, open };

const HEADER: u64 = 64;
const SMALLEST_PEB: u64 = 1 << 12;
const LARGEST_PEB: u64 = 16 << 20;

/// CRC-32 as UBI and UBIFS have it.
pub(super) fn crc(bytes: &[u8]) -> [u8; 4] {
    (!crc32fast::hash(bytes)).to_be_bytes()
}

/// The erase counter header of one PEB.
#[derive(Clone, Copy, PartialEq, Eq)]
struct EraseHeader {
    vid_at: u64,
    data_at: u64,
    image: u32,
}

/// A PEB that holds a LEB.
#[derive(Clone)]
struct Block {
    peb: u64,
    volume: u32,
    number: u32,
    sequence: u64,
    is_static: bool,
    is_copy: bool,
    data_len: u64,
    used: u32,
    pad: u64,
    data_crc: [u8; 4],
}

/// Where things stand in every PEB.
#[derive(Clone, Copy)]
struct Geometry {
    peb: u64,
    vid_at: u64,
    data_at: u64,
}

impl Geometry {
    fn leb(self) -> u64 {
        self.peb - self.data_at
    }
}

fn erase_header(input: &Input, at: u64) -> Option<EraseHeader> {
    let bytes = input.get(at, HEADER)?;
    if !bytes.starts_with(b"UBI#\x01") || crc(&bytes[..60]) != bytes[60..] {
        return None;
    }
    let (vid_at, data_at) = (u64::from(input.be32(at + 16)?), u64::from(input.be32(at + 20)?));
    let fits = vid_at >= HEADER && data_at >= vid_at + HEADER && data_at < LARGEST_PEB;
    fits.then_some(EraseHeader { vid_at, data_at, image: input.be32(at + 24)? })
}

/// The distance that most neighbouring headers have; the whole input where there is one header only.
fn peb_size(input: &Input, first: EraseHeader, context: &Context) -> Option<u64> {
    let mut counts = std::collections::BTreeMap::<u64, u64>::new();
    let mut last = 0;
    for hit in memchr::memmem::find_iter(&input[1..], b"UBI#\x01") {
        let at = hit as u64 + 1;
        context.step(1).ok()?;
        let same = |other: EraseHeader| other.vid_at == first.vid_at && other.data_at == first.data_at;
        if !at.is_multiple_of(512) || !erase_header(input, at).is_some_and(same) {
            continue;
        }
        if (SMALLEST_PEB..=LARGEST_PEB).contains(&(at - last)) && at - last > first.data_at {
            *counts.entry(at - last).or_default() += 1;
        }
        last = at;
    }
    let most = counts.iter().max_by_key(|(size, count)| (**count, std::cmp::Reverse(**size))).map(|(size, _)| *size);
    most.or_else(|| (first.data_at < input.size()).then(|| input.size().next_power_of_two().clamp(SMALLEST_PEB, LARGEST_PEB)))
}

fn open(input: &Input, context: &Context) -> Option<Opened> {
    let first = erase_header(input, 0)?;
    let geometry = Geometry { peb: peb_size(input, first, context)?, vid_at: first.vid_at, data_at: first.data_at };
    if geometry.peb <= geometry.data_at {
        return None;
    }
    let mut opened = Opened::default();
    let mut erase_crc = Counted::new("EC header CRC", "CRC-32");
    let mut vid_crc = Counted::new("VID header CRC", "CRC-32");
    let mut blocks = Vec::new();
    let mut unreadable = Vec::new();
    let mut at = 0;
    while at < input.size() {
        if let Err(over) = context.step(1) {
            opened.problem(over.problem(at));
            break;
        }
        match erase_header(input, at) {
            Some(header) if header.image != first.image && header.image != 0 && first.image != 0 => break,
            Some(header) => {
                for (start, kind) in unreadable.drain(..) {
                    lost(input, &mut opened, start, geometry, kind);
                }
                let stated = &input.tail(at + 60)[..4];
                erase_crc.check(&mut opened, at + 60, (at, 60), stated, stated);
                opened.span(at, HEADER, SpanKind::Header, "EC header");
                let here = Geometry { vid_at: header.vid_at, data_at: header.data_at, ..geometry };
                if here.data_at != geometry.data_at {
                    opened.problem(Problem::corrupt(at, "this block's data start elsewhere than those of the first").over(geometry.peb));
                } else if let Some(block) = block(input, at, here, &mut opened, &mut vid_crc) {
                    blocks.push(block);
                }
                opened.len = (at + geometry.peb).min(input.size());
            }
            // Only where more of the image follows do such blocks belong to it.
            None => unreadable.push((at, input.get(at, 4) == Some(b"UBI#"))),
        }
        at += geometry.peb;
    }
    // A damaged header behind the last good one is still of this image.
    for (start, marked) in unreadable {
        if start == opened.len && marked {
            lost(input, &mut opened, start, geometry, marked);
            opened.len = (start + geometry.peb).min(input.size());
        }
    }
    erase_crc.finish(&mut opened);
    vid_crc.finish(&mut opened);
    opened.fact(16, ImageFact::Hardware { name: "ubi-peb-size".into(), value: geometry.peb.to_string() });
    volumes::assemble(input, context, geometry, blocks, &mut opened);
    if opened.len == input.size() && opened.len % geometry.peb != 0 {
        let note = "the last erase block is cut off";
        opened.problem(Problem::truncated(opened.len, note));
    }
    Some(opened)
}

/// A block whose erase counter header does not hold.
fn lost(input: &Input, opened: &mut Opened, at: u64, geometry: Geometry, marked: bool) {
    let len = geometry.peb.min(input.size() - at);
    if let (true, Some(bytes)) = (marked, input.get(at, HEADER)) {
        opened.checksum(at + 60, "EC header CRC", "CRC-32", (at, 60), &bytes[60..], &crc(&bytes[..60]));
    } else if input.get(at, len).is_some_and(|bytes| crate::entropy::uniform(bytes).is_none()) {
        opened.problem(Problem::corrupt(at, "an erase block without an EC header").over(len));
    }
}

/// The VID header of the PEB at `at`. `None`: the block is free or the header does not hold.
fn block(input: &Input, at: u64, geometry: Geometry, opened: &mut Opened, crcs: &mut Counted) -> Option<Block> {
    let vid = at + geometry.vid_at;
    let rest = geometry.peb.min(input.size() - at).saturating_sub(geometry.data_at);
    let Some(bytes) = input.get(vid, HEADER) else {
        opened.problem(Problem::truncated(vid, "the VID header is cut off"));
        return None;
    };
    if !bytes.starts_with(b"UBI!") {
        if crate::entropy::uniform(bytes).is_none() {
            opened.problem(Problem::corrupt(vid, "neither a VID header nor an empty block"));
        } else {
            opened.span(at + geometry.data_at, rest, SpanKind::Free, "free erase block");
        }
        return None;
    }
    opened.span(vid, HEADER, SpanKind::Header, "VID header");
    if !crcs.check(opened, vid + 60, (vid, 60), &bytes[60..], &crc(&bytes[..60])) {
        return None;
    }
    Some(Block {
        peb: at,
        is_static: bytes[5] == 2,
        is_copy: bytes[6] != 0,
        volume: input.be32(vid + 8)?,
        number: input.be32(vid + 12)?,
        data_len: u64::from(input.be32(vid + 20)?),
        used: input.be32(vid + 24)?,
        pad: u64::from(input.be32(vid + 28)?),
        data_crc: bytes[32..36].try_into().ok()?,
        sequence: input.be64(vid + 40)?,
    })
}
