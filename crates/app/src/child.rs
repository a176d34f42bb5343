//! The child's side of the sandbox: `assay __child STAGE …`, started by [`crate::sandbox`] and by tests, never by people.
//!
//! **Nothing of the input is read before the lock has closed.** Then one request comes in on standard input, one result goes out on
//! standard output; see [`crate::sandbox::protocol`].

use std::{
    ffi::OsString,
    fs::File,
    io::{self, BufWriter, Read, Write},
    process::ExitCode,
    sync::Mutex,
    time::{Duration, Instant},
};

use assay_core::Sha256;
use assay_unpack::{DirectoryEntry, Sink, Source};
use bytes::Bytes;

use crate::sandbox::{
    blobs::Keeper,
    lock::{Room, Wanted, lock_down},
    map,
    protocol::{self, Greeting, Piece, Reply, Request},
};

mod probe;

/// The hidden first argument.
pub const MARK: &str = "__child";

/// Between two lines of progress.
const PAUSE: Duration = Duration::from_millis(100);

/// Plays the child if the command line says so. To be called before anything else in `main`.
#[must_use]
pub fn asked() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != MARK {
        return None;
    }
    let arguments: Vec<OsString> = arguments.collect();
    let arguments: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    Some(match play(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    })
}

fn play(arguments: &[&str]) -> io::Result<()> {
    map::close_inherited()?;
    let wanted = |text: &str| match text {
        "none" => Wanted::None,
        "namespaces" => Wanted::Namespaces,
        _ => Wanted::Best,
    };
    match *arguments {
        ["unpack", level, memory, cpu, file] => {
            let number = |text: &str| text.parse().map_err(io::Error::other);
            let room = Room { memory_bytes: number(memory)?, cpu_seconds: number(cpu)?, file_bytes: number(file)? };
            unpack(wanted(level), room)
        }
        ["probe", level] => probe::probe(wanted(level)),
        _ => Err(io::Error::other("no such stage")),
    }
}

fn unpack(wanted: Wanted, room: Room) -> io::Result<()> {
    let mut descriptors = protocol::receive(io::stdin())?.into_iter().map(File::from);
    let input = descriptors.next().ok_or_else(|| io::Error::other("no input was handed over"))?;
    let kept = descriptors.next();
    let len = input.metadata()?.len();
    let mut out = io::stdout().lock();
    let locked = lock_down(wanted, room);
    let refused = locked.is_err();
    let greeting = locked.map_or_else(Greeting::Refused, Greeting::Locked);
    writeln!(out, "{}", serde_json::to_string(&greeting)?)?;
    out.flush()?;
    if refused {
        return Ok(());
    }

    let mut request = Vec::new();
    io::stdin().lock().read_to_end(&mut request)?;
    let Request { name, limits, threads, pieces, leaves_only } = serde_json::from_slice(&request)?;
    drop(request);
    let bytes = map::map(&input, len)?;
    let source = match pieces {
        None => Source::File(bytes),
        Some(pieces) => Source::Directory(pieces.into_iter().map(|piece| directory_entry(piece, &bytes)).collect()),
    };
    let sink = Sending { keeper: kept.map(|file| Keeper::new(file, room.file_bytes)), leaves_only, last: Mutex::new(Instant::now()) };
    let unpacked = assay_unpack::unpack(source, &name, &limits, threads, &sink);
    let not_kept = sink.keeper.and_then(Keeper::finish);
    // Large pieces: `Stdout` looks for line ends in everything it is given.
    let mut out = BufWriter::with_capacity(1 << 18, out);
    serde_json::to_writer(&mut out, &Reply { unpacked, not_kept })?;
    out.flush()
}

fn directory_entry(Piece { entry, at }: Piece, spool: &Bytes) -> DirectoryEntry {
    let content = at.and_then(|(start, len)| {
        let (start, len) = (usize::try_from(start).ok()?, usize::try_from(len).ok()?);
        let end = start.checked_add(len).filter(|end| *end <= spool.len())?;
        Some(spool.slice(start..end))
    });
    DirectoryEntry { entry, content }
}

/// Sends contents and progress to the parent.
struct Sending {
    keeper: Option<Keeper>,
    leaves_only: bool,
    last: Mutex<Instant>,
}

impl Sink for Sending {
    fn put(&self, id: Sha256, bytes: &Bytes, leaf: bool) {
        if let Some(keeper) = self.keeper.as_ref().filter(|_| leaf || !self.leaves_only) {
            keeper.put(id, bytes);
        }
    }

    fn progress(&self, done: u64, trail: &str) {
        // Whoever finds it taken has nothing newer to say.
        let Ok(mut last) = self.last.try_lock() else { return };
        if last.elapsed() >= PAUSE {
            *last = Instant::now();
            let _ = io::stderr().write_all(format!("{done}\t{trail}\n").as_bytes());
        }
    }
}
