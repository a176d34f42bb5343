//! The bytes that a format reads.

use std::ops::{Deref, Range};

use bytes::Bytes;

/// Bytes from where a format seems to start up to the end of the artifact. All offsets a format gives are relative to this start.
/// Reading past the end is `None`, never a panic.
#[derive(Clone)]
pub struct Input {
    data: Bytes,
    start: u64,
}

impl Input {
    /// The bytes of `artifact` from `start` on.
    #[must_use]
    pub fn new(artifact: &Bytes, start: u64) -> Self {
        let from = usize::try_from(start).unwrap_or(usize::MAX).min(artifact.len());
        Self { data: artifact.slice(from..), start }
    }

    /// Offset in the artifact. Not 0 means that the format's signature was met somewhere inside other bytes: be strict then, since two
    /// or four bytes that look right are common in any large file.
    #[must_use]
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Length as `u64`.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.data.len() as u64
    }

    /// `len` bytes at `at`.
    #[must_use]
    pub fn get(&self, at: u64, len: u64) -> Option<&[u8]> {
        self.data.get(self.range(at, len)?)
    }

    /// `len` bytes at `at`, sharing the memory.
    #[must_use]
    pub fn slice(&self, at: u64, len: u64) -> Option<Bytes> {
        Some(self.data.slice(self.range(at, len)?))
    }

    /// All bytes from `at` on; empty past the end.
    #[must_use]
    pub fn tail(&self, at: u64) -> &[u8] {
        let from = usize::try_from(at).unwrap_or(usize::MAX).min(self.data.len());
        &self.data[from..]
    }

    /// The shared bytes themselves.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.data
    }

    fn range(&self, at: u64, len: u64) -> Option<Range<usize>> {
        let end = at.checked_add(len)?;
        (end <= self.size()).then_some(at as usize..end as usize)
    }

    fn array<const N: usize>(&self, at: u64) -> Option<[u8; N]> {
        self.get(at, N as u64)?.try_into().ok()
    }

    /// One byte.
    #[must_use]
    pub fn u8(&self, at: u64) -> Option<u8> {
        self.get(at, 1).map(|bytes| bytes[0])
    }
    /// Little-endian 16 bits.
    #[must_use]
    pub fn le16(&self, at: u64) -> Option<u16> {
        self.array(at).map(u16::from_le_bytes)
    }
    /// Little-endian 32 bits.
    #[must_use]
    pub fn le32(&self, at: u64) -> Option<u32> {
        self.array(at).map(u32::from_le_bytes)
    }
    /// Little-endian 64 bits.
    #[must_use]
    pub fn le64(&self, at: u64) -> Option<u64> {
        self.array(at).map(u64::from_le_bytes)
    }
    /// Big-endian 16 bits.
    #[must_use]
    pub fn be16(&self, at: u64) -> Option<u16> {
        self.array(at).map(u16::from_be_bytes)
    }
    /// Big-endian 32 bits.
    #[must_use]
    pub fn be32(&self, at: u64) -> Option<u32> {
        self.array(at).map(u32::from_be_bytes)
    }
    /// Big-endian 64 bits.
    #[must_use]
    pub fn be64(&self, at: u64) -> Option<u64> {
        self.array(at).map(u64::from_be_bytes)
    }

    /// A text field of `len` bytes, up to its first NUL.
    #[must_use]
    pub fn text(&self, at: u64, len: u64) -> Option<&[u8]> {
        let field = self.get(at, len)?;
        Some(field.split(|byte| *byte == 0).next().unwrap_or_default())
    }
}

impl Deref for Input {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.data
    }
}
