//! Artifacts: bytes named by their digest, and how each was come by.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{bytemap::ByteMap, hash::Sha256};

/// Some bytes, opened or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Artifact {
    /// The digest that names the bytes.
    pub id: Sha256,
    /// Length in bytes.
    pub size: u64,
    /// Name of the format that reads them (`bmu`, `ext`, …); `data` where none does.
    pub format: String,
    /// Trail to the first place where these bytes were found (see [`crate::locator`]).
    pub path: String,
    /// What they were derived from; absent for a subject itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Every byte, accounted for.
    pub map: ByteMap,
}

/// How an artifact was derived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// The artifact it came out of.
    pub parent: Sha256,
    /// The format that brought it out.
    pub format: String,
    /// Where the parent holds it: start and length, in bytes. Absent where its parts lie in several places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<(u64, u64)>,
}
