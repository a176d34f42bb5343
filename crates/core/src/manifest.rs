//! The manifest: what a container holds, name by name.
//!
//! Assay never makes links, devices or directories of an image on the host. It writes down what the container says, whole: the name
//! as bytes, type, mode with the setuid bits, owner, times, link target, device numbers, extended attributes, and the digest of the
//! content. Two entries of one name are both kept: which one a system would see is a question for the reader of the manifest.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{escape::escape, hash::Sha256};

/// Type of a directory entry (POSIX `st_mode`, field `S_IFMT`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// Regular file.
    File,
    /// Directory.
    Directory,
    /// Symbolic link.
    Symlink,
    /// Hard link to an entry of the same container, named by `target`.
    Hardlink,
    /// Character device.
    CharDevice,
    /// Block device.
    BlockDevice,
    /// Named pipe.
    Fifo,
    /// Socket.
    Socket,
    /// A member of a package that is not a filesystem: a slot, a partition, a section.
    Member,
}

/// One name in a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// Name inside the container as bytes, without a leading `/` unless the container itself wrote one; escaped in JSON.
    #[serde(with = "bytes_as_text")]
    #[schemars(with = "String")]
    pub path: Vec<u8>,
    /// Type.
    pub kind: EntryKind,
    /// Permission bits with setuid, setgid and sticky (`0o7777`); absent where the format has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<u32>,
    /// Numeric owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Numeric group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// Modification time in seconds since 1970-01-01 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtime: Option<i64>,
    /// Length of the content in bytes, as the container states it.
    pub size: u64,
    /// Target of a symbolic or hard link, as bytes; escaped in JSON.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_bytes_as_text")]
    #[schemars(with = "Option<String>")]
    pub target: Option<Vec<u8>>,
    /// Major and minor number of a device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<(u32, u32)>,
    /// Extended attributes, by name; values escaped. `security.capability` is one of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub xattrs: Vec<Xattr>,
    /// Where the container describes the entry: offset of its header, inode or node.
    pub offset: u64,
    /// Digest of the content; absent for what has none and for what could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Sha256>,
}

/// The entries of one container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tree {
    /// The container.
    pub artifact: Sha256,
    /// Trail to the container.
    pub path: String,
    /// The format that read it.
    pub format: String,
    /// Its entries, in the container's own order.
    pub entries: Vec<Entry>,
}

/// An extended attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Xattr {
    /// Full name with its prefix, for example `security.capability`; escaped in JSON.
    #[serde(with = "bytes_as_text")]
    #[schemars(with = "String")]
    pub name: Vec<u8>,
    /// Value as bytes; escaped in JSON.
    #[serde(with = "bytes_as_text")]
    #[schemars(with = "String")]
    pub value: Vec<u8>,
}

impl Entry {
    /// An entry with nothing but a name, a type and a size.
    #[must_use]
    pub fn new(path: impl Into<Vec<u8>>, kind: EntryKind, size: u64) -> Self {
        Self {
            path: path.into(),
            kind,
            mode: None,
            uid: None,
            gid: None,
            mtime: None,
            size,
            target: None,
            device: None,
            xattrs: Vec::new(),
            offset: 0,
            content: None,
        }
    }

    /// The name as shown.
    #[must_use]
    pub fn shown(&self) -> String {
        escape(&self.path)
    }

    /// Type and permissions from a POSIX `st_mode`. `None` where the type bits are not one of the seven POSIX knows.
    #[must_use]
    pub fn split_mode(st_mode: u32) -> Option<(EntryKind, u32)> {
        let kind = match st_mode & 0o170_000 {
            0o100_000 => EntryKind::File,
            0o040_000 => EntryKind::Directory,
            0o120_000 => EntryKind::Symlink,
            0o020_000 => EntryKind::CharDevice,
            0o060_000 => EntryKind::BlockDevice,
            0o010_000 => EntryKind::Fifo,
            0o140_000 => EntryKind::Socket,
            _ => return None,
        };
        Some((kind, st_mode & 0o7777))
    }
}

mod bytes_as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&crate::escape::escape(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        crate::escape::unescape(&text).ok_or_else(|| D::Error::custom("a backslash that escapes nothing"))
    }
}

mod optional_bytes_as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[allow(clippy::ref_option, reason = "the signature serde's `with` asks for")]
    pub fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => super::bytes_as_text::serialize(bytes, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| crate::escape::unescape(&text).ok_or_else(|| D::Error::custom("a backslash that escapes nothing"))).transpose()
    }
}
