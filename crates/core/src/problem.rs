//! Problems: what could not be read, and why.
//!
//! Parsing hostile bytes never fails as a whole. A parser returns what it could save and a list of problems, each with its place.
//! Every problem becomes a gap of the dossier's coverage, so that nothing is lost silently.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Kind of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// The bytes end before the structure does.
    Truncated,
    /// A field or checksum contradicts the bytes, a compressed stream does not decode, a structure refers to itself.
    Corrupt,
    /// A limit was reached; what lies behind it was not looked at.
    OverLimit,
    /// Well-formed, but a feature this version does not read.
    Unsupported,
    /// Encrypted: no key, no look.
    Encrypted,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// Kind.
    pub kind: ProblemKind,
    /// Offset in the artifact where the trouble starts.
    pub offset: u64,
    /// Length of the stretch concerned; 0 where it cannot be told.
    pub len: u64,
    /// What was expected and what was met, in one sentence.
    pub note: String,
}

impl Problem {
    /// A problem at `offset`.
    #[must_use]
    pub fn new(kind: ProblemKind, offset: u64, note: impl Into<String>) -> Self {
        Self { kind, offset, len: 0, note: note.into() }
    }

    /// [`ProblemKind::Truncated`] at `offset`.
    #[must_use]
    pub fn truncated(offset: u64, note: impl Into<String>) -> Self {
        Self::new(ProblemKind::Truncated, offset, note)
    }

    /// [`ProblemKind::Corrupt`] at `offset`.
    #[must_use]
    pub fn corrupt(offset: u64, note: impl Into<String>) -> Self {
        Self::new(ProblemKind::Corrupt, offset, note)
    }

    /// [`ProblemKind::OverLimit`] at `offset`.
    #[must_use]
    pub fn over_limit(offset: u64, note: impl Into<String>) -> Self {
        Self::new(ProblemKind::OverLimit, offset, note)
    }

    /// [`ProblemKind::Unsupported`] at `offset`.
    #[must_use]
    pub fn unsupported(offset: u64, note: impl Into<String>) -> Self {
        Self::new(ProblemKind::Unsupported, offset, note)
    }

    /// The same, covering `len` bytes.
    #[must_use]
    pub fn over(mut self, len: u64) -> Self {
        self.len = len;
        self
    }
}
