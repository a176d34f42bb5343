//! Packages that are made of an archive's members: not a format of their own, but names and contents that belong together.

use assay_core::Entry;
use bytes::Bytes;

use crate::{
    context::Context,
    format::{Content, Opened},
};

/// An opened archive as a layout sees it.
pub struct Members<'a> {
    opened: &'a Opened,
    archive: &'a Bytes,
    context: &'a Context<'a>,
}

impl Members<'_> {
    /// All entries.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.opened.entries.iter().map(|named| &named.entry)
    }

    /// The first regular entry called `name`, a leading `./` ignored.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.index(name).map(|index| &self.opened.entries[index].entry)
    }

    /// Content of the first regular entry called `name`.
    #[must_use]
    pub fn content(&self, name: &str) -> Option<Bytes> {
        let child = &self.opened.children[self.opened.entries[self.index(name)?].child?];
        match &child.content {
            Content::Slice(start, len) => {
                let end = usize::try_from(start.checked_add(*len)?).ok()?;
                (end <= self.archive.len()).then(|| self.archive.slice(*start as usize..end))
            }
            Content::Owned(bytes) | Content::Parsed(bytes, ..) => Some(bytes.clone()),
            Content::Lazy(loader) => Some(loader(self.context).bytes),
        }
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.opened.entries.iter().position(|named| {
            let path = named.entry.path.strip_prefix(b"./").unwrap_or(&named.entry.path);
            named.child.is_some() && path == name.as_bytes()
        })
    }
}

/// A layout: gives facts and claims (in an otherwise empty [`Opened`]) where the members are its own.
pub type Layout = fn(&Members) -> Option<Opened>;

/// All layouts, the most specific first; the first that fits is taken.
pub static LAYOUTS: &[Layout] = &[];

/// Adds what the layouts see to `opened`.
pub(crate) fn read_all(opened: &mut Opened, archive: &Bytes, context: &Context) {
    if opened.entries.is_empty() {
        return;
    }
    let members = Members { opened, archive, context };
    let Some(seen) = LAYOUTS.iter().find_map(|layout| layout(&members)) else { return };
    opened.facts.extend(seen.facts);
    opened.claims.extend(seen.claims);
    opened.problems.extend(seen.problems);
}
