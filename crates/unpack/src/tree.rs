//! A directory as input: entries that the caller listed and read without following links.

use assay_core::{Entry, Sha256};
use bytes::Bytes;

/// One name below the directory.
pub struct DirectoryEntry {
    /// The entry, path relative to the directory.
    pub entry: Entry,
    /// Content of a regular file.
    pub content: Option<Bytes>,
}

/// The digest that names a directory: over the names, types, modes, targets and contents of its entries in the order given. `known`
/// holds the digests of the contents, in the order of those entries that have one, as far as they are known already.
#[must_use]
pub fn directory_digest(entries: &[DirectoryEntry], known: &[Option<Sha256>]) -> Sha256 {
    let (mut text, mut known) = (Vec::new(), known.iter());
    for DirectoryEntry { entry, content } in entries {
        let parts: [&[u8]; 4] =
            [&entry.path, &[entry.kind as u8], &entry.mode.unwrap_or(0).to_le_bytes(), entry.target.as_deref().unwrap_or_default()];
        for part in parts {
            text.extend_from_slice(&(part.len() as u64).to_le_bytes());
            text.extend_from_slice(part);
        }
        let known = content.as_ref().and_then(|_| *known.next()?);
        text.extend_from_slice(&known.unwrap_or_else(|| Sha256::of(content.as_deref().unwrap_or_default())).0);
    }
    Sha256::of(&text)
}
