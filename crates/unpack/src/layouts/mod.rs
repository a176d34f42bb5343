//! Packages that are made of an archive's members: not a format of their own, but names and contents that belong together.

use assay_core::Entry;
use bytes::Bytes;

use crate::{
    context::Context,
    format::{Content, Opened, Treat},
};

mod bitmain;
mod whatsminer;

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
        let child = &self.opened.children[self.child(name)?];
        match &child.content {
            Content::Slice(start, len) => {
                let end = usize::try_from(start.checked_add(*len)?).ok()?;
                (end <= self.archive.len()).then(|| self.archive.slice(*start as usize..end))
            }
            Content::Owned(bytes) | Content::Parsed(bytes, ..) => Some(bytes.clone()),
            Content::Lazy(loader) => Some(loader(self.context).bytes),
        }
    }

    /// Index of the child that holds the first regular entry called `name`.
    fn child(&self, name: &str) -> Option<usize> {
        self.opened.entries[self.index(name)?].child
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
pub static LAYOUTS: &[Layout] = &[bitmain::signed, bitmain::inner, bitmain::plain, whatsminer::m3];

/// DER of the `SubjectPublicKeyInfo` of the first PEM block in `text`: of a public key (RFC 7468, section 13), or of a certificate
/// (section 5).
pub(crate) fn public_key(text: &[u8]) -> Option<Vec<u8>> {
    const MAX: usize = 64 << 10;
    let text = text.get(..text.len().min(MAX))?;
    let start = memchr::memmem::find(text, b"-----BEGIN ")?;
    // `pem-rfc7468` wants one block and nothing behind it.
    let end = memchr::memmem::find(&text[start..], b"-----END ")? + start + 9;
    let end = end + memchr::memmem::find(&text[end..], b"-----")? + 5;
    let (label, der) = pem_rfc7468::decode_vec(&text[start..end]).ok()?;
    match label {
        "PUBLIC KEY" => Some(der),
        "CERTIFICATE" => {
            let certificate = <x509_cert::Certificate as der::Decode>::from_der(&der).ok()?;
            der::Encode::to_der(certificate.tbs_certificate().subject_public_key_info()).ok()
        }
        _ => None,
    }
}

/// Adds what the layouts see to `opened`.
pub(crate) fn read_all(opened: &mut Opened, archive: &Bytes, context: &Context) {
    if opened.entries.is_empty() {
        return;
    }
    let members = Members { opened, archive, context };
    let Some(seen) = LAYOUTS.iter().find_map(|layout| layout(&members)) else { return };
    let files: Vec<_> =
        seen.claims.iter().filter_map(|claim| Some((members.child(&format!("{}.sig", claim.over))?, claim.over.clone()))).collect();
    for (child, over) in files {
        opened.children[child].treat = Treat::Signature(over);
    }
    opened.facts.extend(seen.facts);
    opened.claims.extend(seen.claims);
    opened.problems.extend(seen.problems);
}
