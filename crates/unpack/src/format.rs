//! What a format is, and what it gives back.
//!
//! A format is one file in `formats/` with one `static` [`Format`] and one line in `formats/mod.rs`. Its `open` function gets the
//! bytes from where it seems to start and says either "not mine" (`None`) or what it found ([`Opened`]): how many bytes belong to it,
//! what each of them is, which children come out, which names they have, which checksums hold. It never fails: damage is a
//! [`Problem`] beside everything that could be saved.

use std::sync::Arc;

use assay_core::{Entry, Problem, Span, SpanKind, escape::escape, facts::ImageFact, hash::hex};
use bytes::Bytes;

use crate::{context::Context, input::Input, signatures::Claim};

/// A format that Assay reads.
pub struct Format {
    /// Short name in dossiers: `gzip`, `ext`, `bmu`.
    pub name: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// Version of the reader; goes into each fact it produces.
    pub version: u32,
    /// Byte patterns that give it away, wherever they stand. Empty for a format that is tried at the start of an artifact alone.
    pub magics: &'static [Magic],
    /// Tried at the start of every artifact, magic or not. For formats without magic (or whose magic is too common to follow
    /// everywhere); must be quick to refuse.
    pub at_start: bool,
    /// Reads it. `None`: these bytes are not of this format.
    pub open: fn(&Input, &Context) -> Option<Opened>,
}

/// A byte pattern and its distance from the start of the format.
#[derive(Debug, Clone, Copy)]
pub struct Magic {
    /// The pattern, at least two bytes.
    pub bytes: &'static [u8],
    /// Offset of the pattern within the format.
    pub at: u64,
}

/// What a format found.
#[derive(Default)]
pub struct Opened {
    /// Bytes from the start that belong to it.
    pub len: u64,
    /// What they are. Gaps are filled and overlaps cut by the engine; what is not named here is `unknown`, unless it is all zeros or
    /// all ones. A [`SpanKind::Free`] span that is not uniform becomes `unknown` or `opaque`.
    pub spans: Vec<Span>,
    /// Names, for a container that has them.
    pub entries: Vec<Named>,
    /// Contents to open in turn.
    pub children: Vec<Child>,
    /// What was seen, with its offset.
    pub facts: Vec<(u64, ImageFact)>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// Signatures to be checked once all keys of the image are known.
    pub claims: Vec<Claim>,
    /// Public keys that were found, as DER of their `SubjectPublicKeyInfo`: what claims are tried against.
    pub keys: Vec<Vec<u8>>,
}

/// An entry and the child that holds its content. Hard links are entries that share a child.
pub struct Named {
    /// The entry; `content` is filled in by the engine.
    pub entry: Entry,
    /// Index into [`Opened::children`].
    pub child: Option<usize>,
}

/// Content that comes out of a format.
pub struct Child {
    /// Its step in the trail: a member's name, `/path` for a file of a filesystem, `None` for a layer without a name.
    pub name: Option<Vec<u8>>,
    /// Where the parent holds it, if in one piece.
    pub span: Option<(u64, u64)>,
    /// Length as the parent states it; what falls short of it when read is counted as unknown.
    pub size: u64,
    /// How to get the bytes.
    pub content: Content,
    /// What to do with them.
    pub treat: Treat,
}

/// How to get a child's bytes.
pub enum Content {
    /// They stand in the parent as they are: offset and length.
    Slice(u64, u64),
    /// Already brought out (a stream whose end is known only after decompressing it).
    Owned(Bytes),
    /// Brought out when their turn comes, so that the files of a filesystem are not all in memory at once. May run on any thread.
    Lazy(Loader),
    /// Already recognised and opened by the engine while it looked for formats inside other bytes.
    Parsed(Bytes, &'static Format, Box<Opened>),
}

/// Brings a child's bytes out.
pub type Loader = Arc<dyn Fn(&Context) -> Loaded + Send + Sync>;

/// A child's bytes as far as they could be read; problems have offsets in the parent.
#[derive(Default)]
pub struct Loaded {
    /// The bytes.
    pub bytes: Bytes,
    /// What went wrong.
    pub problems: Vec<Problem>,
}

/// What to do with a child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Treat {
    /// Find out what it is, and open it.
    Open,
    /// Encrypted: opaque as a whole. The text says by what it is known.
    Opaque(String),
    /// Known by its parent and of no format of its own: an FPGA bitstream, a microcontroller's memory. The text says what it is. Formats
    /// inside it are found all the same.
    Known(String),
    /// The signature over what the text names, in a file of its own.
    Signature(String),
}

impl Opened {
    /// A format of `len` bytes.
    #[must_use]
    pub fn new(len: u64) -> Self {
        Self { len, ..Self::default() }
    }

    /// Adds a span. Empty ones are dropped.
    pub fn span(&mut self, start: u64, len: u64, kind: SpanKind, note: impl Into<String>) {
        if len > 0 {
            self.spans.push(Span::new(start, len, kind).note(note));
        }
    }

    /// Adds a payload span whose bytes are counted in a child.
    pub fn payload(&mut self, start: u64, len: u64, note: impl Into<String>) {
        if len > 0 {
            let mut span = Span::new(start, len, SpanKind::Payload).note(note);
            span.child = true;
            self.spans.push(span);
        }
    }

    /// Adds a child without a manifest entry, and its payload span where it is a slice.
    pub fn child(&mut self, child: Child) -> usize {
        if let Content::Slice(start, len) = child.content {
            let note = child.name.as_deref().map(escape).unwrap_or_default();
            self.payload(start, len, note);
        }
        self.children.push(child);
        self.children.len() - 1
    }

    /// Adds a named entry with its content.
    pub fn entry(&mut self, entry: Entry, child: Option<usize>) {
        self.entries.push(Named { entry, child });
    }

    /// Adds a member of a package that is not a filesystem: an entry, a child that is a slice, and its span.
    pub fn member(&mut self, name: impl Into<Vec<u8>>, start: u64, len: u64, treat: Treat) -> usize {
        let name = name.into();
        let mut entry = Entry::new(name.clone(), assay_core::EntryKind::Member, len);
        entry.offset = start;
        let child = self.child(Child::slice(Some(name), start, len).treat(treat));
        self.entry(entry, Some(child));
        child
    }

    /// The same as a compressed stream of `len` bytes that gave one content without a name; `None` where nothing of it could be read.
    #[must_use]
    pub fn stream(mut self, len: u64, content: impl Into<Bytes>) -> Option<Self> {
        if len == 0 {
            return None;
        }
        self.len = len;
        self.children.push(Child::owned(None, content).at(0, len));
        Some(self)
    }

    /// Adds a fact.
    pub fn fact(&mut self, offset: u64, fact: ImageFact) {
        self.facts.push((offset, fact));
    }

    /// Adds a problem.
    pub fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Records a checksum: the fact, and a problem where it does not hold. `at` is the field's own offset. Returns whether it holds.
    pub fn checksum(&mut self, at: u64, name: &str, algorithm: &str, covers: (u64, u64), stated: &[u8], computed: &[u8]) -> bool {
        let ok = stated == computed;
        self.fact(
            at,
            ImageFact::Checksum {
                name: name.into(),
                algorithm: algorithm.into(),
                covers,
                stated: hex(stated),
                computed: hex(computed),
                ok,
            },
        );
        if !ok {
            self.problem(Problem::corrupt(at, format!("{name} ({algorithm}) is {}, computed {}", hex(stated), hex(computed))));
        }
        ok
    }
}

impl Child {
    /// A child that is a slice of its parent.
    #[must_use]
    pub fn slice(name: Option<Vec<u8>>, start: u64, len: u64) -> Self {
        Self { name, span: Some((start, len)), size: len, content: Content::Slice(start, len), treat: Treat::Open }
    }

    /// A child already brought out.
    #[must_use]
    pub fn owned(name: Option<Vec<u8>>, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self { name, span: None, size: bytes.len() as u64, content: Content::Owned(bytes), treat: Treat::Open }
    }

    /// A child brought out when its turn comes.
    #[must_use]
    pub fn lazy(name: Option<Vec<u8>>, size: u64, loader: impl Fn(&Context) -> Loaded + Send + Sync + 'static) -> Self {
        Self { name, span: None, size, content: Content::Lazy(Arc::new(loader)), treat: Treat::Open }
    }

    /// The same, found at `span` of the parent.
    #[must_use]
    pub fn at(mut self, start: u64, len: u64) -> Self {
        self.span = Some((start, len));
        self
    }

    /// The same, treated otherwise.
    #[must_use]
    pub fn treat(mut self, treat: Treat) -> Self {
        self.treat = treat;
        self
    }
}
