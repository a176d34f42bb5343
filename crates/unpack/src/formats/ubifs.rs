//! UBIFS: a log-structured filesystem on a UBI volume, found by walking an index tree from the master node.
//!
//! **Specification**: Linux `fs/ubifs/ubifs-media.h` (on-flash structures); A. Hunter, "A Brief Introduction to the Design of UBIFS",
//! sections "The index", "The journal", "The master node". All fields are little-endian; CRC-32 starts at 0xFFFFFFFF and has no final
//! inversion.
//!
//! **Limitations**: the LEB properties tree (CRC-16) and orphan area are mapped, not checked: nothing is read by them. Signatures of
//! authenticated filesystems are not checked. Encrypted contents and names (fscrypt) stay encrypted. Superseded nodes are not brought out.

mod index;
mod tree;

use assay_core::{Problem, SpanKind, facts::ImageFact};

use crate::{
    context::Context,
    format::{Format, Magic, Opened},
    formats::{counted::Counted, ubi::crc},
    input::Input,
};

/// The format.
pub static FORMAT: Format =
    Format { name: "ubifs", title: "UBIFS filesystem", version: 1, magics: &[Magic { bytes: &MAGIC, at: 0 }], at_start: false, open };

const MAGIC: [u8; 4] = [0x31, 0x18, 0x10, 0x06];
const INO: u8 = 0;
const DATA: u8 = 1;
const DENT: u8 = 2;
const XENT: u8 = 3;
const TRUN: u8 = 4;
const PAD: u8 = 5;
const SUPER: u8 = 6;
const MASTER: u8 = 7;
const REF: u8 = 8;
const IDX: u8 = 9;
const COMMIT: u8 = 10;
const OTHER: u8 = u8::MAX;

/// Where a node stands and what its common header says.
#[derive(Clone, Copy)]
struct Node {
    at: u64,
    len: u64,
    kind: u8,
    sequence: u64,
}

/// What the superblock says.
#[derive(Clone, Copy)]
struct Layout {
    leb: u64,
    log: u64,
    lpt: u64,
    orphans: u64,
    encrypted: bool,
}

/// The common header at `at`; nothing is checked but magic and length.
fn node(input: &Input, at: u64) -> Option<Node> {
    if input.get(at, 4)? != MAGIC {
        return None;
    }
    let len = u64::from(input.le32(at + 16)?);
    let smallest = match input.u8(at + 20)? {
        INO => 160,
        DATA => 48,
        DENT | XENT => 57,
        TRUN => 56,
        PAD | IDX => 28,
        SUPER => 4096,
        MASTER => 88,
        REF => 36,
        COMMIT => 32,
        _ => 24,
    };
    // mkfs.ubifs leaves a node of 64 bytes and type 0 behind the superblock, where a signature would be: too short for what it says.
    let kind = if len < smallest { OTHER } else { input.u8(at + 20)? };
    (len >= 24).then_some(Node { at, len, kind, sequence: input.le64(at + 8)? })
}

/// Does the CRC of `node` hold? `None` where its bytes are not all there.
fn holds(input: &Input, node: Node) -> Option<bool> {
    Some(crc_le(input.get(node.at + 8, node.len - 8)?) == input.get(node.at + 4, 4)?)
}

fn crc_le(bytes: &[u8]) -> [u8; 4] {
    let mut value = crc(bytes);
    value.reverse();
    value
}

fn open(input: &Input, context: &Context) -> Option<Opened> {
    let first = node(input, 0).filter(|first| first.kind == SUPER && first.len == 4096)?;
    let holds = holds(input, first);
    if holds != Some(true) && input.start() > 0 {
        return None;
    }
    let number = |at: u64| input.le32(at).map(u64::from);
    // The fields are at most 32 bits wide and stay so, whatever is computed of them.
    let layout = Layout { leb: number(36)?, log: number(56)?, lpt: number(60)?, orphans: number(64)?, encrypted: input.le32(28)? & 8 != 0 };
    let blocks = number(40)?;
    if !(4096..=16 << 20).contains(&layout.leb) || !layout.leb.is_multiple_of(8) || blocks < 4 {
        return None;
    }
    let stated = layout.leb.saturating_mul(blocks);
    let mut opened = Opened::new(stated.min(input.size()));
    // What comes from a UBI volume ends with its last mapped block: only a cut inside a block is a loss.
    if stated > input.size() && !input.size().is_multiple_of(layout.leb) {
        opened.problem(Problem::truncated(input.size(), format!("{stated} bytes are stated, {} are there", input.size())));
    }
    let compressor = match input.le16(84)? {
        0 => "none",
        1 => "lzo",
        2 => "zlib",
        3 => "zstd",
        _ => "unknown",
    };
    opened.fact(84, ImageFact::Hardware { name: "ubifs-compressor".into(), value: compressor.into() });
    if layout.encrypted {
        opened.fact(28, ImageFact::Encrypted { what: "files of the filesystem".into(), scheme: "fscrypt (superblock flag)".into() });
    }
    let nodes = scan(input, layout, context, &mut opened);
    let state = index::state(input, layout, &nodes, context, &mut opened);
    tree::build(input, layout, &state, &nodes, context, &mut opened);
    Some(opened)
}

/// All nodes whose CRC holds, in the order they stand in.
fn scan(input: &Input, layout: Layout, context: &Context, opened: &mut Opened) -> Vec<Node> {
    let mut sums = Counted::new("node CRC", "CRC-32");
    let mut nodes = Vec::new();
    let lpt = (3 + layout.log) * layout.leb;
    let lpt_end = lpt.saturating_add(layout.lpt * layout.leb);
    let mut start = 0;
    while start < opened.len {
        let end = (start + layout.leb).min(opened.len);
        if start >= lpt && start < lpt_end {
            properties(input, start, end, opened);
            start = end;
            continue;
        }
        let mut at = start;
        while at + 24 <= end {
            if context.step(1).is_err() {
                opened.problem(Problem::over_limit(at, "the limit on steps was reached; what follows was not read"));
                sums.finish(opened);
                return nodes;
            }
            match node(input, at) {
                Some(node) if at + node.len <= end => {
                    let stated = input.get(at + 4, 4).unwrap_or_default();
                    let computed = crc_le(input.get(at + 8, node.len - 8).unwrap_or_default());
                    let fine = sums.check(opened, at + 4, (at + 8, node.len - 8), stated, &computed);
                    if fine {
                        nodes.push(node);
                    } else {
                        opened.span(at, node.len, SpanKind::Unknown, "node whose CRC does not hold");
                    }
                    // The padding node's own length leaves out what it pads.
                    let padded = if node.kind == PAD && fine { input.le32(at + 24).map_or(0, u64::from) } else { 0 };
                    let after = at + node.len + padded;
                    let next = after.next_multiple_of(8);
                    opened.span(at + node.len, after.min(end) - at - node.len, SpanKind::Free, "padding");
                    opened.span(after, next.min(end).saturating_sub(after), SpanKind::Padding, "");
                    at = next;
                }
                Some(node) => {
                    opened.problem(Problem::truncated(at, format!("a node of {} bytes does not fit its block", node.len)));
                    at += 8;
                }
                None => {
                    // Gaps too small for a padding node are filled with this byte.
                    if input.get(at, 8) == Some(&[0xCE; 8]) {
                        opened.span(at, 8, SpanKind::Padding, "");
                    }
                    at += 8;
                }
            }
        }
        start = end;
    }
    sums.finish(opened);
    nodes
}

/// A block of the LEB properties tree: its nodes have no common header.
fn properties(input: &Input, start: u64, end: u64, opened: &mut Opened) {
    let Some(bytes) = input.get(start, end - start) else { return };
    let used = bytes.iter().rposition(|byte| *byte != 0xFF).map_or(0, |last| last as u64 + 1);
    opened.span(start, used, SpanKind::Table, "LEB properties tree");
    opened.span(start + used, end - start - used, SpanKind::Free, "");
}
