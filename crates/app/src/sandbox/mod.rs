//! The parent's side of the sandbox: Assay starts itself again to read what is not to be trusted.
//!
//! [`unpack`] opens the input, hands its descriptor to a child ([`crate::child`]) that gives everything else up before it reads a byte
//! ([`lock`]), and reads back one [`Unpacked`] under a cap on its size. [`read`] does the same with the contents that were kept, for the
//! reading of systems and code. Whatever becomes of a child is one [`StageError`].
//!
//! **Nothing of the sandbox flows into the result**: the level reached goes beside it, for `run.json`.

pub mod blobs;
mod filter;
pub mod lock;
pub mod map;
pub mod protocol;
mod stage;
mod walk;

use std::{
    fs::File,
    io::{self, Seek},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use assay_core::Limits;
use assay_unpack::Unpacked;
use serde::{Deserialize, Serialize};

pub use blobs::Blobs;
pub use lock::Level;

use lock::{Room, Wanted};
use protocol::{List, Listed, Quote, Quoted, Read, Shape, Shaped, Unpack, Unpacking};
use stage::Stage;

use crate::reading::{Matter, Reading};

/// What is to be unpacked, and how.
pub struct Job<'a> {
    /// A file, a pipe or a directory.
    pub input: &'a Path,
    /// Limits.
    pub limits: &'a Limits,
    /// Threads to work on; the result does not depend on it.
    pub threads: usize,
    /// False: resource limits alone, for kernels that can do no better and callers who know.
    pub sandbox: bool,
    /// Which contents to keep.
    pub keep: Keep,
    /// Called now and then with the bytes read so far and where the work is.
    pub progress: &'a mut dyn FnMut(u64, &str),
}

/// Which of the contents that come out are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Keep {
    /// None.
    Nothing,
    /// What the reading of systems and code looks at.
    Code,
    /// What a manifest names, and what holds no manifest itself: what is worth a file of its own.
    Leaves,
    /// All, the input too.
    All,
}

/// What came of it.
pub struct Done {
    /// The result.
    pub unpacked: Unpacked,
    /// How the child was locked in.
    pub level: Level,
    /// The contents, if they were to be kept.
    pub blobs: Option<Blobs>,
    /// What of a directory could not be read: path, and why. To become gaps of the subject.
    pub unread: Vec<(Vec<u8>, String)>,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The input could not be opened or read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The input.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A limit ended the work before there was a result.
    #[error("over the limit: {0}")]
    Limit(String),
    /// This system cannot lock the child in.
    #[error("this system cannot lock in the process that reads the input: {0}. With --no-sandbox it runs with your rights")]
    Refused(String),
    /// The child could not be started, or there was no room for temporary files.
    #[error("the process that reads the input could not be started: {0}")]
    Start(io::Error),
    /// The child ended without a result.
    #[error("the process that reads the input ended without a result: {0}")]
    Died(String),
}

impl StageError {
    /// The command's exit code for it.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Refused(_) => 2,
            Self::Unreadable { .. } | Self::Start(_) | Self::Died(_) => 3,
            Self::Limit(_) => 4,
        }
    }
}

/// Unpacks the input in a child process.
pub fn unpack(job: Job) -> Result<Done, StageError> {
    let Job { input, limits, threads, sandbox, keep, progress } = job;
    let (file, len, pieces, unread) = open(input, limits)?;
    let kept = if keep == Keep::Nothing { None } else { Some(tempfile::tempfile().map_err(StageError::Start)?) };
    let request = Unpack { name: name_of(input), limits: *limits, threads: threads.max(1), pieces, keep };
    // The mapping of the input counts as address space. Contents that are kept: what the limit lets out, the input, and the heads.
    let file_bytes = if keep == Keep::Nothing {
        0
    } else {
        limits.total_bytes.saturating_add(limits.artifact_bytes).saturating_add(len).saturating_add(1 << 30)
    };
    let room = Room { memory_bytes: limits.memory_bytes.saturating_add(len), cpu_seconds: limits.cpu_seconds, file_bytes };
    let stage = Stage { name: "unpack", wanted: wanted(sandbox), room, input: &file, kept: kept.as_ref() };
    let (level, reply) = stage::run::<Unpacking>(&stage, &request, progress)?;
    if let Some(why) = reply.not_kept {
        return Err(StageError::Start(io::Error::other(format!("contents could not be kept: {why}"))));
    }
    let blobs = kept.map(Blobs::open).transpose().map_err(StageError::Start)?;
    Ok(Done { unpacked: reply.unpacked, level, blobs, unread })
}

fn wanted(sandbox: bool) -> Wanted {
    if sandbox { Wanted::Best } else { Wanted::None }
}

/// Reads systems and code in a child process, from the contents that [`unpack`] kept.
pub fn read(
    blobs: &Blobs,
    matter: Matter<'_>,
    limits: &Limits,
    threads: usize,
    sandbox: bool,
    progress: &mut dyn FnMut(u64, &str),
) -> Result<Reading, StageError> {
    let stage = reading("read", blobs.file(), limits, sandbox)?;
    let request = Read { limits: *limits, threads: threads.max(1), matter };
    stage::run(&stage, &request, progress).map(|(_, reading)| reading)
}

/// Lists the program in `file` in a child process.
pub fn list(file: &File, request: &List, sandbox: bool) -> Result<Listed, StageError> {
    let stage = reading("code", file, &request.limits, sandbox)?;
    stage::run(&stage, request, &mut |_, _| {}).map(|(_, listed)| listed)
}

/// Shows in a child process what stands around places of the contents that [`unpack`] kept.
pub fn quote(blobs: &Blobs, request: &Quote, sandbox: bool) -> Result<Quoted, StageError> {
    let stage = reading("quote", blobs.file(), &request.limits, sandbox)?;
    stage::run(&stage, request, &mut |_, _| {}).map(|(_, quoted)| quoted)
}

/// Brings contents that [`unpack`] kept into comparable form, in a child process.
pub fn shape(blobs: &Blobs, request: &Shape, sandbox: bool) -> Result<Shaped, StageError> {
    let stage = reading("shape", blobs.file(), &request.limits, sandbox)?;
    stage::run(&stage, request, &mut |_, _| {}).map(|(_, shaped)| shaped)
}

/// A stage that reads a file and keeps nothing.
fn reading<'a>(name: &'static str, input: &'a File, limits: &Limits, sandbox: bool) -> Result<Stage<'a>, StageError> {
    let len = input.metadata().map_err(StageError::Start)?.len();
    let room = Room { memory_bytes: limits.memory_bytes.saturating_add(len), cpu_seconds: limits.cpu_seconds, file_bytes: 0 };
    Ok(Stage { name, wanted: wanted(sandbox), room, input, kept: None })
}

type Input = (File, u64, Option<Vec<protocol::Piece>>, Vec<(Vec<u8>, String)>);

/// Opens the input, so that the child need not: a regular file as it is, anything else by way of an unlinked temporary file.
fn open(path: &Path, limits: &Limits) -> Result<Input, StageError> {
    let unreadable = |source| StageError::Unreadable { path: path.into(), source };
    let kind = std::fs::metadata(path).map_err(unreadable)?;
    if kind.is_dir() {
        let walked = walk::walk(path, limits)?;
        return Ok((walked.spool, walked.len, Some(walked.pieces), walked.unread));
    }
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.is_file() {
        return Ok((file, metadata.len(), None, Vec::new()));
    }
    let mut spool = tempfile::tempfile().map_err(StageError::Start)?;
    let len = walk::copy(file, &mut spool, limits.total_bytes).map_err(|error| match error {
        walk::Copying::Read(source) => unreadable(source),
        walk::Copying::Write(source) => StageError::Start(source),
        walk::Copying::TooLong => StageError::Limit(format!("{}: more than {} bytes", path.display(), limits.total_bytes)),
    })?;
    spool.rewind().map_err(StageError::Start)?;
    Ok((spool, len, None, Vec::new()))
}

/// The last step of the path; of `.` and `..`, that of the directory they stand for.
fn name_of(path: &Path) -> Vec<u8> {
    let whole = path
        .file_name()
        .map_or_else(|| path.canonicalize().ok().and_then(|path| path.file_name().map(Into::into)), |name| Some(name.to_owned()));
    whole.unwrap_or_else(|| path.as_os_str().into()).as_bytes().to_vec()
}
