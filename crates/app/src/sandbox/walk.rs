//! A directory as input: listed and copied by the parent, so that the child opens nothing.
//!
//! No link is followed below the directory itself; each name is opened relative to its own directory's descriptor, so that a tree that
//! changes meanwhile cannot lead outside. Contents of regular files go into one unlinked temporary file.
//!
//! **Limitations**: owners, times, device numbers and extended attributes are left out, since they are the host's and not part of the
//! directory's digest. Nesting deeper than 200 directories is not followed.

use std::{
    fs::File,
    io::{self, Read, Seek, Write},
    os::fd::{AsFd, OwnedFd},
    path::Path,
};

use assay_core::{Entry, EntryKind, Limits};
use rustix::fs::{AtFlags, Dir, Mode, OFlags};

use super::{StageError, protocol::Piece};

/// Descriptors held at once; below the usual limit of 1,024, and of 256 elsewhere.
const DEPTH: usize = 200;

/// A directory's entries in byte order of their paths, and their contents.
pub struct Walked {
    /// Entries, each with its place in `spool`.
    pub pieces: Vec<Piece>,
    /// Contents, one after the other.
    pub spool: File,
    /// Length of the spool.
    pub len: u64,
    /// What could not be read: path, and why.
    pub unread: Vec<(Vec<u8>, String)>,
}

struct Walk<'a> {
    out: Walked,
    limits: &'a Limits,
    root: &'a Path,
}

/// Lists and copies the directory at `root`.
pub fn walk(root: &Path, limits: &Limits) -> Result<Walked, StageError> {
    let unreadable = |source: io::Error| StageError::Unreadable { path: root.into(), source };
    let spool = tempfile::tempfile().map_err(StageError::Start)?;
    let top = rustix::fs::open(root, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .map_err(|error| unreadable(error.into()))?;
    let mut walk = Walk { out: Walked { pieces: Vec::new(), spool, len: 0, unread: Vec::new() }, limits, root };
    walk.directory(&top, &[], 0)?;
    let mut out = walk.out;
    out.pieces.sort_by(|a, b| a.entry.path.cmp(&b.entry.path));
    out.unread.sort();
    Ok(out)
}

impl Walk<'_> {
    fn directory(&mut self, directory: &OwnedFd, prefix: &[u8], depth: usize) -> Result<(), StageError> {
        // Names first, sorted: the order of the spool must not depend on the host's file system either.
        let mut names = Vec::new();
        match Dir::read_from(directory) {
            Ok(listing) => {
                for item in listing {
                    match item {
                        Ok(item) if matches!(item.file_name().to_bytes(), b"." | b"..") => {}
                        Ok(item) => names.push(item.file_name().to_owned()),
                        Err(error) => {
                            self.out.unread.push((prefix.to_vec(), error.to_string()));
                            break;
                        }
                    }
                    if (self.out.pieces.len() + names.len()) as u64 > self.limits.entries {
                        return Err(StageError::Limit(format!("{}: more than {} names", self.root.display(), self.limits.entries)));
                    }
                }
            }
            Err(error) => self.out.unread.push((prefix.to_vec(), error.to_string())),
        }
        names.sort();
        for name in names {
            let path = if prefix.is_empty() { name.to_bytes().to_vec() } else { [prefix, b"/", name.to_bytes()].concat() };
            if path.len() as u64 > self.limits.name_bytes {
                self.out.unread.push((path, "the name is longer than the limit".into()));
                continue;
            }
            if let Err(error) = self.name(directory, &name, &path, depth)? {
                self.out.unread.push((path, error.to_string()));
            }
        }
        Ok(())
    }

    /// One name. The inner error is about this name alone.
    fn name(
        &mut self,
        directory: &OwnedFd,
        name: &std::ffi::CStr,
        path: &[u8],
        depth: usize,
    ) -> Result<Result<(), rustix::io::Errno>, StageError> {
        let stat = match rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(error) => return Ok(Err(error)),
        };
        let Some((kind, mode)) = Entry::split_mode(stat.st_mode) else { return Ok(Ok(())) };
        let mut entry = Entry::new(path, kind, 0);
        // Linux has no permissions on links; others invent some.
        entry.mode = (kind != EntryKind::Symlink).then_some(mode);
        let mut at = None;
        let mut trouble = Ok(());
        let mut below = None;
        match kind {
            EntryKind::Symlink => match rustix::fs::readlinkat(directory, name, Vec::new()) {
                Ok(target) => {
                    entry.target = Some(target.to_bytes().to_vec());
                    entry.size = target.to_bytes().len() as u64;
                }
                Err(error) => trouble = Err(error),
            },
            EntryKind::Directory if depth >= DEPTH => trouble = Err(rustix::io::Errno::LOOP),
            EntryKind::Directory => match rustix::fs::openat(
                directory,
                name,
                OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
                Mode::empty(),
            ) {
                Ok(opened) => below = Some(opened),
                Err(error) => trouble = Err(error),
            },
            EntryKind::File => {
                entry.size = u64::try_from(stat.st_size).unwrap_or(0);
                // NONBLOCK: should the name have become a pipe meanwhile, opening it must not wait.
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
                match rustix::fs::openat(directory, name, flags, Mode::empty()) {
                    Ok(opened) if is_regular(&opened) => match self.spool(opened.into())? {
                        Ok(place) => {
                            entry.size = place.1;
                            at = Some(place);
                        }
                        Err(error) => self.out.unread.push((path.to_vec(), error.to_string())),
                    },
                    Ok(_) => trouble = Err(rustix::io::Errno::STALE),
                    Err(error) => trouble = Err(error),
                }
            }
            _ => {}
        }
        self.out.pieces.push(Piece { entry, at });
        if let Some(below) = below {
            self.directory(&below, path, depth + 1)?;
        }
        Ok(trouble)
    }

    /// Copies one file to the spool. What was copied of a file that fails midway is not used.
    fn spool(&mut self, from: File) -> Result<io::Result<(u64, u64)>, StageError> {
        let start = self.out.len;
        match copy(from, &mut self.out.spool, self.limits.total_bytes.saturating_sub(start)) {
            Ok(len) => {
                self.out.len += len;
                Ok(Ok((start, len)))
            }
            Err(Copying::Read(error)) => {
                self.out.spool.seek(io::SeekFrom::Start(start)).map_err(StageError::Start)?;
                Ok(Err(error))
            }
            Err(Copying::Write(error)) => Err(StageError::Start(error)),
            Err(Copying::TooLong) => {
                Err(StageError::Limit(format!("{}: more than {} bytes", self.root.display(), self.limits.total_bytes)))
            }
        }
    }
}

fn is_regular(file: &impl AsFd) -> bool {
    rustix::fs::fstat(file).is_ok_and(|stat| matches!(Entry::split_mode(stat.st_mode), Some((EntryKind::File, _))))
}

/// Why a copy ended early.
pub enum Copying {
    /// The source.
    Read(io::Error),
    /// The spool.
    Write(io::Error),
    /// More than there is room for.
    TooLong,
}

/// Copies up to `room` bytes from `from` to `to`.
pub fn copy(mut from: impl Read, to: &mut File, room: u64) -> Result<u64, Copying> {
    let mut buffer = vec![0; 1 << 17];
    let mut done = 0;
    loop {
        let len = match from.read(&mut buffer) {
            Ok(0) => return Ok(done),
            Ok(len) => len,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Copying::Read(error)),
        };
        done += len as u64;
        if done > room {
            return Err(Copying::TooLong);
        }
        to.write_all(buffer.get(..len).unwrap_or_default()).map_err(Copying::Write)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{FileExt, symlink};

    #[test]
    fn follows_no_link_and_sorts() {
        use EntryKind::{Directory, File, Symlink};
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir(root.join("etc")).unwrap();
        std::fs::write(root.join("etc/b"), b"bee").unwrap();
        std::fs::write(root.join("a"), b"").unwrap();
        symlink("/etc/passwd", root.join("etc/out")).unwrap();
        symlink("/", root.join("zz")).unwrap();
        let walked = walk(root, &Limits::default()).unwrap();
        let paths: Vec<_> = walked.pieces.iter().map(|piece| (piece.entry.shown(), piece.entry.kind, piece.at.map(|at| at.1))).collect();
        let expected =
            [("a", File, Some(0)), ("etc", Directory, None), ("etc/b", File, Some(3)), ("etc/out", Symlink, None), ("zz", Symlink, None)];
        assert_eq!(paths, expected.map(|(path, kind, len)| (path.to_owned(), kind, len)));
        let mut bytes = [0; 3];
        walked.spool.read_exact_at(&mut bytes, walked.pieces[2].at.unwrap().0).unwrap();
        assert_eq!(&bytes, b"bee");
        let few = Limits { entries: 2, ..Limits::default() };
        assert!(matches!(walk(root, &few), Err(StageError::Limit(_))));
        let short = Limits { total_bytes: 2, ..Limits::default() };
        assert!(matches!(walk(root, &short), Err(StageError::Limit(_))));
    }
}
