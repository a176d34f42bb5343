//! Contents that were brought out, in one unlinked temporary file.
//!
//! The child appends records: digest (32 bytes), length (8 bytes, little-endian), bytes. The parent reads the heads of the records and
//! hands contents out by digest. What a child writes is not to be believed: [`Blobs::copy`] checks the digest while it copies.

use std::{
    collections::{BTreeMap, HashSet},
    fs::File,
    io::{self, BufWriter, Read, Write},
    os::unix::fs::FileExt,
    sync::{Mutex, PoisonError},
};

use assay_core::Sha256;
use bytes::Bytes;
use sha2::Digest;

use super::map::map;

const HEAD: u64 = 40;

/// Where the content of each digest stands: offset and length.
type Index = BTreeMap<Sha256, (u64, u64)>;

/// Contents by digest.
pub struct Blobs {
    file: File,
    index: Index,
}

/// The same, in memory.
pub struct Mapped {
    bytes: Bytes,
    index: Index,
}

impl Mapped {
    /// Maps the file of contents, which is `len` bytes long.
    pub fn open(file: &File, len: u64) -> io::Result<Self> {
        Ok(Self { index: Blobs::index(file, len)?, bytes: map(file, len)? })
    }

    /// The content of digest `id`, as the child before wrote it.
    pub fn get(&self, id: &Sha256) -> Option<&[u8]> {
        let (at, len) = self.index.get(id)?;
        self.bytes.get(usize::try_from(*at).ok()?..usize::try_from(at + len).ok()?)
    }
}

impl Blobs {
    /// Reads the heads of all records.
    pub fn open(file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Self { index: Self::index(&file, len)?, file })
    }

    /// The file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// A record that is cut short ends the list.
    fn index(file: &File, end: u64) -> io::Result<Index> {
        let mut index = BTreeMap::new();
        let mut at = 0;
        while at + HEAD <= end {
            let mut head = [0; HEAD as usize];
            file.read_exact_at(&mut head, at)?;
            let (digest, len) = head.split_at(32);
            let digest = Sha256(digest.try_into().unwrap_or_default());
            let len = u64::from_le_bytes(len.try_into().unwrap_or_default());
            at += HEAD;
            if len > end - at {
                break;
            }
            index.entry(digest).or_insert((at, len));
            at += len;
        }
        Ok(index)
    }

    /// The content of digest `id`, as the child wrote it. [`Self::copy`] also checks it.
    pub fn get(&self, id: &Sha256) -> Option<impl Read + '_> {
        self.index.get(id).map(|(at, len)| Part { file: &self.file, at: *at, left: *len })
    }

    /// Writes the content of digest `id` to `to` and checks it against its digest. `None`: there is no such content.
    pub fn copy(&self, id: &Sha256, to: &mut impl Write) -> io::Result<Option<u64>> {
        let Some(mut from) = self.get(id) else { return Ok(None) };
        let len = self.index.get(id).map_or(0, |(_, len)| *len);
        let mut hasher = sha2::Sha256::new();
        let mut buffer = vec![0; len.clamp(1, 1 << 16) as usize];
        let mut written = 0;
        loop {
            let len = from.read(&mut buffer)?;
            let Some(part) = buffer.get(..len).filter(|part| !part.is_empty()) else { break };
            hasher.update(part);
            to.write_all(part)?;
            written += len as u64;
        }
        if Sha256(hasher.finalize().into()) == *id {
            Ok(Some(written))
        } else {
            Err(io::Error::other(format!("the content kept for {id} has another digest")))
        }
    }
}

struct Part<'a> {
    file: &'a File,
    at: u64,
    left: u64,
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let len = self.file.read_at(&mut buffer[..most], self.at)?;
        self.at += len as u64;
        self.left -= len as u64;
        Ok(len)
    }
}

/// The child's end.
pub struct Keeper(Mutex<Kept>);

struct Kept {
    to: BufWriter<File>,
    seen: HashSet<Sha256>,
    room: u64,
    failed: Option<String>,
}

impl Keeper {
    /// Keeps contents in `file`, up to `room` bytes.
    pub fn new(file: File, room: u64) -> Self {
        Self(Mutex::new(Kept { to: BufWriter::with_capacity(1 << 18, file), seen: HashSet::new(), room, failed: None }))
    }

    /// Appends one content, once.
    pub fn put(&self, id: Sha256, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let size = HEAD + bytes.len() as u64;
        if kept.failed.is_some() || !kept.seen.insert(id) {
            return;
        }
        if size > kept.room {
            kept.failed = Some("more contents than may be kept".into());
            return;
        }
        kept.room -= size;
        let head = [&id.0[..], &(bytes.len() as u64).to_le_bytes()].concat();
        let written = kept.to.write_all(&head).and_then(|()| kept.to.write_all(bytes));
        if let Err(error) = written {
            kept.failed = Some(error.to_string());
        }
    }

    /// Writes out what is buffered; why it is not whole, if it is not.
    pub fn finish(self) -> Option<String> {
        let mut kept = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let flushed = kept.to.flush();
        kept.failed.or_else(|| flushed.err().map(|error| error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_and_found_again() {
        let file = tempfile::tempfile().unwrap();
        let keeper = Keeper::new(file.try_clone().unwrap(), 1 << 20);
        let long = vec![7; 70_000];
        for content in [&b"abc"[..], b"", b"abc", &long] {
            keeper.put(Sha256::of(content), content);
        }
        keeper.put(Sha256::of(b"what it says"), b"what it is");
        assert_eq!(keeper.finish(), None);
        let blobs = Blobs::open(file).unwrap();
        assert_eq!(blobs.index.len(), 4);
        let mut out = Vec::new();
        assert_eq!(blobs.copy(&Sha256::of(&long), &mut out).unwrap(), Some(70_000));
        assert_eq!(out, long);
        assert_eq!(blobs.copy(&Sha256::of(b""), &mut out).unwrap(), Some(0));
        let mapped = Mapped::open(blobs.file(), blobs.file().metadata().unwrap().len()).unwrap();
        assert_eq!(mapped.get(&Sha256::of(&long)), Some(&long[..]));
        assert_eq!(mapped.get(&Sha256::of(b"")), Some(&b""[..]));
        assert!(mapped.get(&Sha256::of(b"other")).is_none());
        assert!(blobs.copy(&Sha256::of(b"other"), &mut out).unwrap().is_none());
        assert!(blobs.copy(&Sha256::of(b"what it says"), &mut out).is_err());
    }
}
