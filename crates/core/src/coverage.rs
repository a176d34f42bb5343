//! Coverage: what was looked at and what was not, per subject.
//!
//! "Not shown" is worth only as much as the coverage that stands beside it. What could not be looked at is a [`Gap`], with its place
//! and its reason.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    bytemap::ByteCount,
    hash::Sha256,
    problem::{Problem, ProblemKind},
};

/// Sums of what was looked at. Kinds of input that a subject does not have stay at zero.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// Leaf bytes (see [`crate::bytemap`]).
    pub bytes: ByteCount,
    /// Files of all manifests: how many there are, how many were read to their end.
    pub files: FileCount,
    /// Functions of all executables.
    pub functions: FunctionCount,
    /// Call sites of all analysed functions.
    pub calls: CallCount,
    /// Packets of captures.
    pub packets: PartCount,
    /// Rows of tables: bills, entries, fleets, lists.
    pub rows: PartCount,
    /// Buses of network models.
    pub buses: PartCount,
    /// What was not looked at, and why.
    pub gaps: Vec<Gap>,
}

/// Files seen and read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileCount {
    /// Regular files in all manifests.
    pub total: u64,
    /// Of these, those whose content was read whole.
    pub read: u64,
}

/// Functions found and what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FunctionCount {
    /// Found by any means.
    pub found: u64,
    /// Analysed to the end.
    pub analysed: u64,
    /// Given up at a limit.
    pub abandoned: u64,
    /// Of a processor this version does not read.
    pub unsupported: u64,
}

impl FunctionCount {
    /// Adds `other` to `self`.
    pub fn add(&mut self, other: Self) {
        self.found += other.found;
        self.analysed += other.analysed;
        self.abandoned += other.abandoned;
        self.unsupported += other.unsupported;
    }
}

/// Call sites.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallCount {
    /// Those whose target is known.
    pub resolved: u64,
    /// Those whose target is not.
    pub unresolved: u64,
}

impl CallCount {
    /// Adds `other` to `self`.
    pub fn add(&mut self, other: Self) {
        self.resolved += other.resolved;
        self.unresolved += other.unresolved;
    }
}

/// Parts of an input seen and read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PartCount {
    /// All of them.
    pub total: u64,
    /// Those read without a problem.
    pub read: u64,
}

/// Why something was not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GapKind {
    /// Encrypted, or indistinguishable from it.
    Encrypted,
    /// Of no format that is known.
    Unknown,
    /// A limit was reached.
    OverLimit,
    /// Known, but not read by this version.
    Unsupported,
    /// Damaged or cut off.
    Unreadable,
}

impl From<ProblemKind> for GapKind {
    fn from(kind: ProblemKind) -> Self {
        match kind {
            ProblemKind::Truncated | ProblemKind::Corrupt => Self::Unreadable,
            ProblemKind::OverLimit => Self::OverLimit,
            ProblemKind::Unsupported => Self::Unsupported,
            ProblemKind::Encrypted => Self::Encrypted,
        }
    }
}

/// Something that was not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    /// `G1`, `G2`, … in the order of the dossier.
    pub id: String,
    /// The artifact that has it.
    pub artifact: Sha256,
    /// Trail to the artifact.
    pub path: String,
    /// Start and length in bytes; length 0 where it cannot be told.
    pub span: (u64, u64),
    /// Why.
    pub why: GapKind,
    /// More, in one sentence.
    pub note: String,
}

impl Gap {
    /// What a problem in `artifact` leaves unread. Numbered later, when all gaps are known.
    #[must_use]
    pub fn of(problem: &Problem, artifact: Sha256, path: impl Into<String>) -> Self {
        Self {
            id: String::new(),
            artifact,
            path: path.into(),
            span: (problem.offset, problem.len),
            why: problem.kind.into(),
            note: problem.note.clone(),
        }
    }
}
