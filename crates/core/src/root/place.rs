//! Where a path leads.

use crate::{
    escape::escape,
    hash::Sha256,
    manifest::{Entry, EntryKind},
};

/// Where a path leads: the name after all links, and what stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place<'a> {
    /// The path without links, absolute.
    pub path: Vec<u8>,
    /// What stands there: absent for a directory that only follows from the names below it.
    pub entry: Option<&'a Entry>,
}

impl Place<'_> {
    /// Type of what stands there.
    #[must_use]
    pub fn kind(&self) -> EntryKind {
        self.entry.map_or(EntryKind::Directory, kind_of)
    }

    /// Digest of the content, for what has one.
    #[must_use]
    pub fn content(&self) -> Option<Sha256> {
        self.entry.and_then(|entry| entry.content)
    }

    /// May anybody execute it? True where the format has no permissions.
    #[must_use]
    pub fn executable(&self) -> bool {
        self.entry.is_some_and(|entry| kind_of(entry) == EntryKind::File && entry.mode.is_none_or(|mode| mode & 0o111 != 0))
    }

    /// The path as shown.
    #[must_use]
    pub fn shown(&self) -> String {
        escape(&self.path)
    }
}

/// A hard link that the container gives its content is a file like its twin.
pub(super) fn kind_of(entry: &Entry) -> EntryKind {
    if entry.kind == EntryKind::Hardlink && entry.content.is_some() { EntryKind::File } else { entry.kind }
}
