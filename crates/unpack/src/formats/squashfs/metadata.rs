//! Metadata blocks: 8 KiB pieces, each with a two-byte header, of which all tables are made.

use assay_core::{Problem, SpanKind};

use crate::{
    codec::{Codec, block},
    context::Context,
    format::Opened,
    input::Input,
};

/// Unpacked length of a metadata block; only the last of a table may be shorter.
const BLOCK: usize = 8192;
/// Header bit: the block is stored as it is.
const STORED: u16 = 0x8000;

/// Consecutive metadata blocks, unpacked into one piece.
#[derive(Default)]
pub struct Decoded {
    /// The unpacked bytes.
    pub bytes: Vec<u8>,
    /// Where each block starts: on disk, relative to the table; in `bytes`.
    starts: Vec<(u64, usize)>,
    /// Length of the bytes that were taken out.
    len: usize,
}

impl Decoded {
    /// Takes the bytes out; positions can still be found.
    pub fn take(&mut self) -> Vec<u8> {
        self.len = self.bytes.len();
        std::mem::take(&mut self.bytes)
    }

    /// Position in `bytes` of a reference: a block's place on disk, and an offset in that block.
    pub fn position(&self, block: u64, offset: u16) -> Option<usize> {
        let index = self.starts.binary_search_by_key(&block, |(disk, _)| *disk).ok()?;
        let at = self.starts[index].1 + usize::from(offset);
        (usize::from(offset) < BLOCK && at <= self.bytes.len().max(self.len)).then_some(at)
    }
}

/// Reads metadata blocks and maps them.
pub struct Blocks<'a> {
    pub input: &'a Input,
    pub context: &'a Context<'a>,
    pub codec: Codec,
    /// Bytes that belong to the filesystem.
    pub end: u64,
    /// Unpacked bytes that all tables together may still have.
    pub room: u64,
}

impl Blocks<'_> {
    /// All blocks in `start..end`.
    pub fn run(&mut self, start: u64, end: u64, what: &str, opened: &mut Opened) -> Decoded {
        let mut decoded = Decoded::default();
        let mut at = start;
        while at < end.min(self.end) {
            match self.one(at, end, what, &mut decoded, start, opened) {
                Some(next) => at = next,
                None => break,
            }
        }
        opened.span(start, at - start, SpanKind::Table, what);
        decoded
    }

    /// The blocks that `count` little-endian 64-bit pointers at `index` name, `len` bytes in all once unpacked.
    pub fn indexed(&mut self, index: u64, len: u64, what: &str, opened: &mut Opened) -> Decoded {
        let mut decoded = Decoded::default();
        let count = len.div_ceil(BLOCK as u64);
        if index.checked_add(count * 8).is_none_or(|end| end > self.end) || self.input.get(index, count * 8).is_none() {
            opened.problem(Problem::corrupt(
                index.min(self.end),
                format!("{what}: its index of {count} blocks at {index:#x} lies past the end"),
            ));
            return decoded;
        }
        opened.span(index, count * 8, SpanKind::Table, format!("{what}: index"));
        let mut at = 0;
        for number in 0..count {
            let Some(place) = self.input.le64(index + number * 8) else { break };
            // Blocks follow one another; a pointer back would be a way to make much of little.
            if place < at {
                opened.problem(Problem::corrupt(
                    index + number * 8,
                    format!("{what}: block {number} lies at {place:#x}, not behind the one before"),
                ));
                break;
            }
            let Some(next) = self.one(place, self.end, what, &mut decoded, 0, opened) else { break };
            opened.span(place, next - place, SpanKind::Table, what);
            at = next;
        }
        if (decoded.bytes.len() as u64) < len {
            opened.problem(Problem::corrupt(index, format!("{what}: {} of {len} bytes could be read", decoded.bytes.len())));
        }
        decoded.bytes.truncate(len as usize);
        decoded
    }

    /// The block at `at`; gives the place behind it.
    fn one(&mut self, at: u64, end: u64, what: &str, into: &mut Decoded, base: u64, opened: &mut Opened) -> Option<u64> {
        let header = self.input.le16(at).filter(|_| at.saturating_add(2) <= self.end);
        let Some(header) = header else {
            opened.problem(Problem::corrupt(at.min(self.end), format!("{what}: a metadata block at {at:#x} lies past the end")));
            return None;
        };
        let len = u64::from(header & !STORED);
        if len == 0 || len > BLOCK as u64 || at + 2 + len > end {
            opened.problem(Problem::corrupt(at, format!("{what}: a metadata block says it has {len} bytes, which cannot be")));
            return None;
        }
        let Some(packed) = self.input.get(at + 2, len) else {
            opened.problem(Problem::truncated(at, format!("{what}: a metadata block is cut off")));
            return None;
        };
        if self.context.step(1).is_err() || self.room < BLOCK as u64 {
            opened.problem(Problem::over_limit(at, format!("{what}: more would come out than the limit allows")));
            return None;
        }
        let from = into.bytes.len();
        into.starts.push((at - base, from));
        if header & STORED != 0 {
            into.bytes.extend_from_slice(packed);
        } else {
            let poured = block(self.codec, packed, BLOCK);
            into.bytes.extend_from_slice(&poured.bytes);
            if let Some(trouble) = poured.trouble {
                opened.problem(trouble.problem(at, what));
                // Keeps what follows at its place; zeros are no inode and no name.
                into.bytes.resize(from + BLOCK, 0);
            }
        }
        self.room = self.room.saturating_sub((into.bytes.len() - from) as u64);
        Some(at + 2 + len)
    }
}

/// Reads fields one after the other.
pub struct Fields<'a> {
    bytes: &'a [u8],
    /// Position of the next field.
    pub at: usize,
}

impl<'a> Fields<'a> {
    pub fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// The next `len` bytes.
    pub fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(len)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    pub fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_le_bytes)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_le_bytes)
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }
}
