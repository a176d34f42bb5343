//! Opens firmware: bytes in, a tree of artifacts out, every byte accounted for.
//!
//! [`unpack`] takes a file's bytes or a directory's entries. It recognises formats by content at any offset, opens them, opens what
//! comes out, and so on within [`assay_core::Limits`]. Formats live in [`formats`], one file each; packages that are made of an
//! archive's members in `layouts`; things that are worth knowing of any file (version strings, keys) in `looks`.
//!
//! **Nothing here touches the file system, the network or a clock.** It is called in a sandboxed child, on hostile bytes.

pub mod codec;
pub mod context;
mod coverage;
mod engine;
mod entropy;
mod environment;
mod examine;
pub mod fdt;
pub mod format;
pub mod formats;
mod identity;
pub mod input;
pub mod keys;
pub mod layouts;
pub mod looks;
mod names;
mod normalise;
pub mod rules;
pub mod signatures;
pub mod time;
mod tree;

use assay_core::{Fact, Limits, Sha256, dossier::Subject};
use bytes::Bytes;

pub use tree::{DirectoryEntry, directory_digest};

/// What is to be opened.
pub enum Source {
    /// A file's bytes.
    File(Bytes),
    /// The entries of a directory, in byte order of their paths.
    Directory(Vec<DirectoryEntry>),
}

/// Takes the contents as they are brought out.
pub trait Sink: Sync {
    /// `bytes` have the digest `id`. `leaf`: a manifest names them, or they hold no manifest; else they are a mere wrapping. The same
    /// content may come again.
    fn put(&self, id: Sha256, bytes: &Bytes, leaf: bool);
    /// `done` bytes of artifacts were read so far; `trail` is where the work is.
    fn progress(&self, done: u64, trail: &str);
}

/// A sink that keeps nothing.
pub struct Discard;

impl Sink for Discard {
    fn put(&self, _: Sha256, _: &Bytes, _: bool) {}
    fn progress(&self, _: u64, _: &str) {}
}

/// What came out.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub struct Unpacked {
    /// The subject, with its artifacts, manifest, identity and coverage. Ids of gaps are empty: the dossier numbers them.
    pub subject: Subject,
    /// What was seen. Numbered from 1.
    pub facts: Vec<Fact>,
    /// False where a limit was reached, over the whole run or in one branch.
    pub complete: bool,
}

/// Opens `source`, called `name`, on `threads` threads. The result does not depend on their number.
#[must_use]
pub fn unpack(source: Source, name: &[u8], limits: &Limits, threads: usize, sink: &dyn Sink) -> Unpacked {
    // A file's bytes are let go as soon as nothing that came out of them needs them.
    let (size, first, entries) = match source {
        Source::File(bytes) => (bytes.len() as u64, format::Child::owned(None, bytes), None),
        Source::Directory(entries) => {
            let size = entries.iter().filter_map(|item| item.content.as_ref()).map(|content| content.len() as u64).sum();
            (size, engine::directory(&entries), Some(entries))
        }
    };
    let run = engine::run(first, limits, threads.max(1), sink);
    coverage::gather(entries.as_deref(), size, name, run)
}
