//! Where in an artifact something was seen.
//!
//! A locator is what makes a fact checkable: artifact, path of that artifact inside the subject, and a position in it. Paths are
//! written as a *trail*: the names of the containers, joined by `!`, for example `minerfs.image.gz!/etc/shadow` for a file of the
//! filesystem in that member. Layers without a name of their own (a compression, a boot header) do not appear in it; something
//! found at an offset with no name is called by the offset, `@0x1100000`. The names of directory entries begin with `/`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::hash::Sha256;

/// A position inside an artifact. Exactly one kind applies; numbers that are addresses or offsets are hexadecimal text in JSON.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum At {
    /// Virtual address in an executable, as mapped by its own headers.
    #[schemars(with = "HexNumber")]
    Address(#[serde(with = "hex_number")] u64),
    /// Byte offset from the artifact's start.
    #[schemars(with = "HexNumber")]
    Offset(#[serde(with = "hex_number")] u64),
    /// Line of a text, from 1.
    Line(u64),
    /// Frame (packet) of a capture, from 1.
    Frame(u64),
    /// Row of a table, from 1, headings not counted.
    Row(u64),
    /// JSON pointer (RFC 6901).
    Pointer(String),
}

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(address) => write!(f, "address {address:#x}"),
            Self::Offset(offset) => write!(f, "offset {offset:#x}"),
            Self::Line(line) => write!(f, "line {line}"),
            Self::Frame(frame) => write!(f, "frame {frame}"),
            Self::Row(row) => write!(f, "row {row}"),
            Self::Pointer(pointer) => write!(f, "pointer {pointer}"),
        }
    }
}

/// An artifact, the trail to it, and a position in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Locator {
    /// The artifact that holds the bytes.
    pub artifact: Sha256,
    /// Trail to the artifact inside its subject, escaped (see [`crate::escape`]); empty for the subject itself.
    pub path: String,
    /// Where in the artifact.
    pub at: At,
}

/// `0x…` in lower case.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct HexNumber(
    #[schemars(regex(pattern = r"^0x[0-9a-f]+$"))]
    #[allow(dead_code, reason = "read by the schema derive")]
    String,
);

/// An address or offset as `0x…` text, for `#[serde(with = …)]`.
pub mod hex_number {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Writes it.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature serde's `with` asks for")]
    pub fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{number:#x}"))
    }

    /// Reads it.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.strip_prefix("0x").ok_or_else(|| D::Error::custom("expected 0x and hexadecimal digits"))?;
        u64::from_str_radix(digits, 16).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_exactly_one_kind() {
        let json = serde_json::to_string(&At::Offset(0x2A5C0)).unwrap();
        assert_eq!(json, r#"{"offset":"0x2a5c0"}"#);
        assert_eq!(serde_json::from_str::<At>(&json).unwrap(), At::Offset(0x2A5C0));
        assert!(serde_json::from_str::<At>(r#"{"offset":"12"}"#).is_err());
        assert_eq!(serde_json::to_string(&At::Line(3)).unwrap(), r#"{"line":3}"#);
    }
}
