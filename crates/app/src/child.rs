//! The child's side of the sandbox: `assay __child STAGE …`, started by [`crate::sandbox`] and by tests, never by people.
//!
//! **Nothing of the input is read before the lock has closed.** Then one request comes in on standard input, one result goes out on
//! standard output; see [`crate::sandbox::protocol`].

use std::{
    borrow::Cow,
    ffi::OsString,
    fs::File,
    io::{self, BufWriter, Read, Write},
    process::ExitCode,
    sync::Mutex,
    time::{Duration, Instant},
};

use assay_code::read::{CodeLimits, listing};
use assay_core::Sha256;
use assay_unpack::{DirectoryEntry, Sink, Source};
use bytes::Bytes;
use serde::Serialize;

use crate::{
    reading,
    sandbox::{
        Keep,
        blobs::{Keeper, Mapped},
        lock::{Room, Wanted, lock_down},
        map,
        protocol::{self, Greeting, List, Piece, Unpack, Unpacking},
    },
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
        [stage @ ("unpack" | "read" | "code" | "quote" | "shape"), level, memory, cpu, file] => {
            let number = |text: &str| text.parse().map_err(io::Error::other);
            let room = Room { memory_bytes: number(memory)?, cpu_seconds: number(cpu)?, file_bytes: number(file)? };
            let Some(given) = Given::take(wanted(level), room)? else { return Ok(()) };
            match stage {
                "unpack" => unpack(given, room.file_bytes),
                "read" => read(given),
                "quote" => quote(given),
                "shape" => shape(given),
                _ => code(given),
            }
        }
        ["probe", level] => probe::probe(wanted(level)),
        _ => Err(io::Error::other("no such stage")),
    }
}

/// What a locked child has in its hands.
struct Given {
    input: File,
    /// Length of the input, asked for while there is still a call for it.
    len: u64,
    kept: Option<File>,
    request: Vec<u8>,
}

impl Given {
    /// Takes descriptors over, locks this process in and says so, and only then takes the request. `None`: it could not be locked in.
    fn take(wanted: Wanted, room: Room) -> io::Result<Option<Self>> {
        let mut descriptors = protocol::receive(io::stdin())?.into_iter().map(File::from);
        let input = descriptors.next().ok_or_else(|| io::Error::other("no input was handed over"))?;
        let kept = descriptors.next();
        let len = input.metadata()?.len();
        let locked = lock_down(wanted, room);
        let refused = locked.is_err();
        let greeting = locked.map_or_else(Greeting::Refused, Greeting::Locked);
        let mut out = io::stdout().lock();
        writeln!(out, "{}", serde_json::to_string(&greeting)?)?;
        out.flush()?;
        if refused {
            return Ok(None);
        }
        let mut request = Vec::new();
        io::stdin().lock().read_to_end(&mut request)?;
        Ok(Some(Self { input, len, kept, request }))
    }
}

fn reply(reply: &impl Serialize) -> io::Result<()> {
    // Large pieces: `Stdout` looks for line ends in everything it is given.
    let mut out = BufWriter::with_capacity(1 << 18, io::stdout().lock());
    serde_json::to_writer(&mut out, reply)?;
    out.flush()
}

fn unpack(given: Given, file_bytes: u64) -> io::Result<()> {
    let Given { input, len, kept, request } = given;
    let Unpack { name, limits, threads, pieces, keep } = serde_json::from_slice(&request)?;
    drop(request);
    let bytes = map::map(&input, len)?;
    let source = match pieces {
        None => Source::File(bytes),
        Some(pieces) => Source::Directory(pieces.into_iter().map(|piece| directory_entry(piece, &bytes)).collect()),
    };
    let sink = Sending { keeper: kept.map(|file| Keeper::new(file, file_bytes)), keep, progress: Progress::new() };
    let unpacked = assay_unpack::unpack(source, &name, &limits, threads, &sink);
    let not_kept = sink.keeper.and_then(Keeper::finish);
    reply(&Unpacking { unpacked, not_kept })
}

fn read(given: Given) -> io::Result<()> {
    let Given { input, len, request, .. } = given;
    let protocol::Read { limits, threads, matter } = serde_json::from_slice(&request)?;
    let contents = Mapped::open(&input, len)?;
    let threads = work_on(threads, limits.memory_bytes)?;
    let contents = |id: &Sha256| contents.get(id).map(Cow::Borrowed);
    let progress = Progress::new();
    reply(&reading::read(&matter, &contents, &limits, threads, &|done, trail| progress.say(done, trail)))
}

fn code(given: Given) -> io::Result<()> {
    let Given { input, len, request, .. } = given;
    let List { limits, threads, function } = serde_json::from_slice(&request)?;
    let bytes = map::map(&input, len)?;
    work_on(threads, limits.memory_bytes)?;
    reply(&listing::list(&bytes, &CodeLimits { steps: limits.program_steps }, function.as_deref()))
}

fn quote(given: Given) -> io::Result<()> {
    let Given { input, len, request, .. } = given;
    let protocol::Quote { limits, threads, places } = serde_json::from_slice(&request)?;
    let contents = Mapped::open(&input, len)?;
    let places: Vec<_> = places.into_iter().collect();
    let quoted = reading::spread(&places, work_on(threads, limits.memory_bytes)?, |(id, places)| {
        let quoted = assay_code::read::quote(contents.get(id).unwrap_or_default(), places);
        quoted.into_iter().map(|(at, text)| (*id, at, text)).collect::<protocol::Quoted>()
    });
    reply(&quoted.concat())
}

fn shape(given: Given) -> io::Result<()> {
    let Given { input, len, request, .. } = given;
    let protocol::Shape { limits, threads, contents: wanted, digests } = serde_json::from_slice(&request)?;
    let contents = Mapped::open(&input, len)?;
    let threads = work_on(threads, limits.memory_bytes)?;
    let of = |id: &Sha256| contents.get(id).unwrap_or_default();
    let wanted: Vec<Sha256> = wanted.into_iter().collect();
    let digests: Vec<Sha256> = digests.into_iter().collect();
    let forms = reading::spread(&wanted, threads, |id| (*id, crate::diff::form(of(id))));
    let digests = reading::spread(&digests, threads, |id| (*id, crate::diff::digest(of(id))));
    reply(&protocol::Shaped {
        forms: forms.into_iter().collect(),
        digests: digests.into_iter().filter_map(|(id, digest)| Some((id, digest?))).collect(),
    })
}

/// Makes the pool on which a single program is worked on, and gives the number of threads that there is room for: stacks and the heaps
/// of threads count as address space, and running out of it is an outcome that another number of threads would not have had.
fn work_on(threads: usize, memory_bytes: u64) -> io::Result<usize> {
    const THREAD_BYTES: u64 = 512 << 20;
    const STACK_BYTES: usize = 16 << 20;
    let threads = threads.clamp(1, usize::try_from(memory_bytes / THREAD_BYTES).unwrap_or(usize::MAX).max(1));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK_BYTES);
    pool.build_global().map_err(io::Error::other)?;
    Ok(threads)
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
    keep: Keep,
    progress: Progress,
}

impl Sink for Sending {
    fn put(&self, id: Sha256, bytes: &Bytes, leaf: bool) {
        let wanted = match self.keep {
            Keep::Nothing => false,
            Keep::Code => reading::looks_at(bytes),
            Keep::Leaves => leaf,
            Keep::All => true,
        };
        if let Some(keeper) = self.keeper.as_ref().filter(|_| wanted) {
            keeper.put(id, bytes);
        }
    }

    fn progress(&self, done: u64, trail: &str) {
        self.progress.say(done, trail);
    }
}

/// Tells the parent now and then where the work is.
struct Progress(Mutex<Instant>);

impl Progress {
    fn new() -> Self {
        Self(Mutex::new(Instant::now()))
    }

    fn say(&self, done: u64, trail: &str) {
        // Whoever finds it taken has nothing newer to say.
        let Ok(mut last) = self.0.try_lock() else { return };
        if last.elapsed() >= PAUSE {
            *last = Instant::now();
            let _ = io::stderr().write_all(format!("{done}\t{trail}\n").as_bytes());
        }
    }
}
