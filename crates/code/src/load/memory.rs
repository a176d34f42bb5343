//! The memory of a loaded program: what stands at an address before its first instruction runs.

use std::{borrow::Cow, collections::BTreeMap};

use super::{header::Class, limits};
use crate::ir::Width;

/// A stretch of memory with one set of rights.
#[derive(Debug, Clone)]
pub struct Segment<'a> {
    /// First address.
    pub start: u64,
    /// Bytes from the file; what is beyond them up to `size` is zero.
    pub bytes: &'a [u8],
    /// Offset of `bytes` in the file.
    pub offset: u64,
    /// Bytes in memory.
    pub size: u64,
    /// May be executed.
    pub executable: bool,
    /// May be written.
    pub writable: bool,
}

impl Segment<'_> {
    /// Address behind the last byte.
    pub fn end(&self) -> u64 {
        self.start.saturating_add(self.size)
    }
}

/// Segments, and words that relocations changed.
#[derive(Debug)]
pub struct Memory<'a> {
    /// The whole file.
    pub file: &'a [u8],
    /// 32 or 64 bits.
    pub class: Class,
    /// Byte order.
    pub big_endian: bool,
    segments: Vec<Segment<'a>>,
    patched: BTreeMap<u64, u8>,
    /// Where tables stand that only the loader reads: start and end.
    tables: (u64, u64),
}

impl<'a> Memory<'a> {
    /// Empty memory over `file`.
    pub fn new(file: &'a [u8], class: Class, big_endian: bool) -> Self {
        Self { file, class, big_endian, segments: Vec::new(), patched: BTreeMap::new(), tables: (0, 0) }
    }

    /// Adds a segment; its place in the order of addresses is found. False where it would overlap another or be one too many.
    pub fn add(&mut self, segment: Segment<'a>) -> bool {
        let at = self.segments.partition_point(|other| other.start < segment.start);
        let before = at.checked_sub(1).and_then(|at| self.segments.get(at));
        let clash = before.is_some_and(|other| other.end() > segment.start)
            || self.segments.get(at).is_some_and(|other| segment.end() > other.start);
        if segment.size == 0 || clash || self.segments.len() >= limits::SEGMENTS || segment.start.checked_add(segment.size).is_none() {
            return false;
        }
        self.segments.insert(at, segment);
        true
    }

    /// All segments, by address.
    pub fn segments(&self) -> &[Segment<'a>] {
        &self.segments
    }

    /// The segment that holds `address`.
    pub fn segment(&self, address: u64) -> Option<&Segment<'a>> {
        let at = self.segments.partition_point(|segment| segment.start <= address).checked_sub(1)?;
        self.segments.get(at).filter(|segment| address < segment.end())
    }

    /// Is anything mapped at `address` that a program points to? What only the loader reads is not: in a file that may be loaded
    /// anywhere its tables stand at the addresses that small numbers are.
    pub fn holds(&self, address: u64) -> bool {
        !(self.tables.0..self.tables.1).contains(&address) && self.segment(address).is_some()
    }

    /// Notes where the loader's own tables stand: start and end.
    pub fn set_tables(&mut self, start: u64, end: u64) {
        self.tables = (start, end);
    }

    /// May code stand at `address`?
    pub fn executable(&self, address: u64) -> bool {
        self.segment(address).is_some_and(|segment| segment.executable)
    }

    /// Can the program not change what stands at `address`?
    pub fn constant(&self, address: u64) -> bool {
        self.segment(address).is_some_and(|segment| !segment.writable)
    }

    /// Offset in the file of what stands at `address`; none for zeroed memory.
    pub fn file_offset(&self, address: u64) -> Option<u64> {
        let segment = self.segment(address)?;
        let at = address - segment.start;
        (at < segment.bytes.len() as u64).then(|| segment.offset + at)
    }

    /// The file's bytes from `address` to the end of what the file gives its segment; relocations are not in them.
    pub fn raw(&self, address: u64) -> Option<&'a [u8]> {
        let segment = self.segment(address)?;
        segment.bytes.get((address - segment.start) as usize..)
    }

    /// One byte.
    pub fn byte(&self, address: u64) -> Option<u8> {
        if let Some(byte) = self.patched.get(&address) {
            return Some(*byte);
        }
        let segment = self.segment(address)?;
        Some(segment.bytes.get((address - segment.start) as usize).copied().unwrap_or(0))
    }

    /// A number in the program's byte order.
    pub fn number(&self, address: u64, width: Width) -> Option<u64> {
        let mut value = 0_u64;
        for index in 0..width.bytes() {
            let at = if self.big_endian { index } else { width.bytes() - 1 - index };
            value = (value << 8) | u64::from(self.byte(address.checked_add(at)?)?);
        }
        Some(value)
    }

    /// A pointer.
    pub fn pointer(&self, address: u64) -> Option<u64> {
        self.number(address, self.class.width())
    }

    /// Writes a number over what stands at `address`, as a relocation does.
    pub fn patch(&mut self, address: u64, width: Width, value: u64) {
        for index in 0..width.bytes() {
            let shift = if self.big_endian { width.bytes() - 1 - index } else { index } * 8;
            self.patched.insert(address.wrapping_add(index), (value >> shift) as u8);
        }
    }

    /// `len` bytes, relocations applied; none where not all are mapped.
    pub fn bytes(&self, address: u64, len: usize) -> Option<Cow<'a, [u8]>> {
        let end = address.checked_add(len as u64)?;
        if let Some(raw) = self.raw(address).and_then(|raw| raw.get(..len))
            && self.patched.range(address..end).next().is_none()
        {
            return Some(Cow::Borrowed(raw));
        }
        (address..end).map(|at| self.byte(at)).collect::<Option<Vec<u8>>>().map(Cow::Owned)
    }

    /// The bytes up to the first zero, at most `limit`; none where no zero follows.
    pub fn text(&self, address: u64, limit: usize) -> Option<&'a [u8]> {
        let raw = self.raw(address)?;
        let window = raw.get(..limit.min(raw.len()))?;
        // What the file gives a variable that stands last is followed by zeroed memory.
        let zeroed = || self.segment(address).is_some_and(|segment| segment.size > segment.bytes.len() as u64 && window.len() == raw.len());
        let end = window.iter().position(|byte| *byte == 0).or_else(|| zeroed().then_some(window.len()))?;
        window.get(..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_program_would() {
        let file = [1, 2, 3, 4, b'a', 0];
        let mut memory = Memory::new(&file, Class::Bits32, false);
        let segment = |start, bytes, size| Segment { start, bytes, offset: 0, size, executable: false, writable: true };
        assert!(memory.add(segment(0x1000, &file[..], 16)));
        assert!(!memory.add(segment(0x100f, &file[..], 16)), "overlap");
        assert!(!memory.add(segment(0xfff, &file[..], 2)), "overlap from below");
        assert!(!memory.add(segment(u64::MAX, &file[..], 16)), "past the end of memory");
        assert_eq!(memory.number(0x1000, Width::W32), Some(0x0403_0201));
        assert_eq!(memory.number(0x100c, Width::W32), Some(0), "zeroed memory");
        assert_eq!(memory.number(0x100d, Width::W32), None, "beyond");
        assert_eq!(memory.text(0x1004, 10), Some(&b"a"[..]));
        assert!(memory.add(segment(0x2000, &file[..5], 16)));
        assert_eq!(memory.text(0x2004, 10), Some(&b"a"[..]), "ended by zeroed memory");
        memory.patch(0x1000, Width::W16, 0xbeef);
        assert_eq!(memory.number(0x1000, Width::W32), Some(0x0403_beef));
        assert_eq!(memory.bytes(0x1000, 3).as_deref(), Some(&[0xef, 0xbe, 3][..]));
    }
}
