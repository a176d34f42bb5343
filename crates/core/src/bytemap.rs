//! The byte map: each byte of an artifact belongs to exactly one span.
//!
//! Spans are sorted, do not overlap and leave no hole: `unpack` builds them so, and [`ByteMap::check`] tests it. A span whose
//! content became an artifact of its own ([`SpanKind::Payload`] with `child`) is not counted; its bytes are counted there. All other
//! spans are *leaf* bytes, and fall into one of three sums: explained, opaque, unknown.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a stretch of bytes is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SpanKind {
    /// A header or trailer of the format.
    Header,
    /// Content of a child artifact (or of several: the blocks of a filesystem).
    Payload,
    /// Content that this artifact itself carries and whose format is understood: text, code, an image.
    Content,
    /// A table of the format: directories, inodes, indexes, block maps.
    Table,
    /// A checksum or a hash.
    Checksum,
    /// A signature, or a certificate kept for one.
    Signature,
    /// Filler between structures.
    Padding,
    /// Not allocated, and all bytes alike (zero or one).
    Free,
    /// Encrypted, or of more than 7.9 bits of entropy a byte and not recognised.
    Opaque,
    /// Not recognised.
    Unknown,
}

/// A stretch of bytes of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u64,
    /// Length in bytes, at least 1.
    pub len: u64,
    /// What it is.
    pub kind: SpanKind,
    /// True where the content became an artifact of its own and is counted there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub child: bool,
    /// What exactly: the specification's name of the structure, or the best guess for unknown bytes. May be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Shannon entropy in bits a byte (0 to 8), rounded to two digits; given for opaque and unknown spans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entropy: Option<f64>,
}

impl Eq for ByteMap {}
impl Eq for Span {}

impl Span {
    /// A span without note or entropy.
    #[must_use]
    pub fn new(start: u64, len: u64, kind: SpanKind) -> Self {
        Self { start, len, kind, child: false, note: String::new(), entropy: None }
    }

    /// The same with a note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// First byte after the span.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.start + self.len
    }
}

/// All spans of one artifact.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ByteMap(pub Vec<Span>);

/// Sums over leaf bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ByteCount {
    /// All leaf bytes.
    pub total: u64,
    /// Understood: headers, tables, recognised content, padding, free space of one repeated byte.
    pub explained: u64,
    /// Encrypted or indistinguishable from it.
    pub opaque: u64,
    /// Not recognised.
    pub unknown: u64,
}

impl ByteCount {
    /// Adds `other` to `self`.
    pub fn add(&mut self, other: Self) {
        self.total += other.total;
        self.explained += other.explained;
        self.opaque += other.opaque;
        self.unknown += other.unknown;
    }
}

impl ByteMap {
    /// Sums of the spans that are not counted elsewhere.
    #[must_use]
    pub fn count(&self) -> ByteCount {
        let mut count = ByteCount::default();
        for span in self.0.iter().filter(|span| !span.child) {
            count.total += span.len;
            match span.kind {
                SpanKind::Opaque => count.opaque += span.len,
                SpanKind::Unknown | SpanKind::Payload => count.unknown += span.len,
                _ => count.explained += span.len,
            }
        }
        count
    }

    /// Does the map cover `0..size` exactly once? The error is the offset where it does not.
    pub fn check(&self, size: u64) -> Result<(), u64> {
        let mut at = 0;
        for span in &self.0 {
            if span.start != at || span.len == 0 {
                return Err(at);
            }
            at = span.end();
        }
        if at == size { Ok(()) } else { Err(at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_leaf_bytes_once() {
        let mut payload = Span::new(16, 100, SpanKind::Payload);
        payload.child = true;
        let map = ByteMap(vec![Span::new(0, 16, SpanKind::Header), payload, Span::new(116, 4, SpanKind::Unknown)]);
        assert_eq!(map.check(120), Ok(()));
        assert_eq!(map.check(121), Err(120));
        assert_eq!(map.count(), ByteCount { total: 20, explained: 16, opaque: 0, unknown: 4 });
    }

    #[test]
    fn holes_and_overlaps_are_seen() {
        let map = ByteMap(vec![Span::new(0, 4, SpanKind::Header), Span::new(5, 4, SpanKind::Header)]);
        assert_eq!(map.check(9), Err(4));
        let map = ByteMap(vec![Span::new(0, 4, SpanKind::Header), Span::new(3, 4, SpanKind::Header)]);
        assert_eq!(map.check(7), Err(4));
    }
}
