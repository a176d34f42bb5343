//! One child from its start to its end.
//!
//! Two threads read what it says, this one waits for events until the deadline. The result is read under a cap; what it says on
//! standard error is cut into short lines. A child that a limit ended is told apart from one that broke.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    os::{
        fd::{AsFd, OwnedFd},
        unix::{net::UnixStream, process::ExitStatusExt},
    },
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    time::{Duration, Instant},
};

use serde::{Serialize, de::DeserializeOwned};

use super::{
    StageError,
    lock::{Level, Room, Wanted},
    protocol::{self, Greeting},
};

/// A result larger than this is not read.
const REPLY_BYTES: u64 = 4 << 30;
/// A line on the child's standard error.
const LINE_BYTES: u64 = 64 << 10;
/// How much of what the child said is kept for the error message.
const TALK_BYTES: usize = 2_000;
/// What a child may take longer than its processor time: waiting for disks.
const GRACE: Duration = Duration::from_mins(1);

/// What a child is given.
pub struct Stage<'a> {
    /// Which of the child's stages: see [`crate::child`].
    pub name: &'static str,
    /// How it is to be locked in.
    pub wanted: Wanted,
    /// Its resource limits.
    pub room: Room,
    /// The input.
    pub input: &'a File,
    /// Where contents are kept.
    pub kept: Option<&'a File>,
}

/// What came of the child.
type Ending<R> = Result<(Level, R), Failure>;

enum Event<R> {
    Progress(u64, String),
    Talk(String),
    End(Box<Ending<R>>),
}

enum Failure {
    Refused(String),
    TooLarge,
    /// Nothing, or something cut short; the child's exit tells why.
    Broken(String),
}

/// Starts the child, hands it the request, waits for its end.
pub fn run<R: DeserializeOwned + Send + 'static>(
    stage: &Stage,
    request: &impl Serialize,
    progress: &mut dyn FnMut(u64, &str),
) -> Result<(Level, R), StageError> {
    let (ours, theirs) = UnixStream::pair().map_err(StageError::Start)?;
    let mut child = Guard(start(stage, theirs).map_err(StageError::Start)?);
    let (sender, events) = channel();
    if let Some(output) = child.0.stdout.take() {
        let sender = sender.clone();
        std::thread::spawn(move || sender.send(Event::End(Box::new(read_reply(output)))));
    }
    if let Some(errors) = child.0.stderr.take() {
        std::thread::spawn(move || read_talk(errors, &sender));
    }
    // A child that died already shows in what it said; writing to it then fails, which is no news.
    let _ = hand_over(stage, request, ours);
    let deadline = Instant::now() + Duration::from_secs(stage.room.cpu_seconds.min(1 << 30)) + GRACE;
    let (end, talk) = listen(&events, deadline, progress);
    let Some(end) = end else {
        drop(child);
        return Err(StageError::Limit(format!("no result after {} seconds", stage.room.cpu_seconds + GRACE.as_secs())));
    };
    match end {
        Ok(reply) => {
            // It has said everything; how it ends from here on changes nothing.
            let _ = child.0.wait();
            Ok(reply)
        }
        Err(Failure::Refused(why)) => Err(StageError::Refused(why)),
        Err(Failure::TooLarge) => Err(StageError::Limit(format!("the result is larger than {REPLY_BYTES} bytes"))),
        Err(Failure::Broken(why)) => Err(post_mortem(child.0.wait().map_err(StageError::Start)?, &why, &talk, stage.room)),
    }
}

/// Ends the child when it goes out of scope: none outlives its stage.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(stage: &Stage, socket: UnixStream) -> io::Result<Child> {
    let wanted = match stage.wanted {
        Wanted::Best => "best",
        Wanted::Namespaces => "namespaces",
        Wanted::None => "none",
    };
    let Room { memory_bytes, cpu_seconds, file_bytes } = stage.room;
    Command::new("/proc/self/exe")
        .args([crate::child::MARK, stage.name, wanted])
        .args([memory_bytes, cpu_seconds, file_bytes].map(|number| number.to_string()))
        .env_clear()
        .stdin(OwnedFd::from(socket))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

fn hand_over(stage: &Stage, request: &impl Serialize, mut socket: UnixStream) -> io::Result<()> {
    let descriptors: Vec<_> = [Some(stage.input), stage.kept].into_iter().flatten().map(AsFd::as_fd).collect();
    protocol::send(&socket, &descriptors)?;
    let mut buffered = io::BufWriter::with_capacity(1 << 16, &mut socket);
    serde_json::to_writer(&mut buffered, request)?;
    buffered.flush()
}

/// Waits for the result and for the end of what is said; `None` at the deadline.
fn listen<R>(events: &Receiver<Event<R>>, deadline: Instant, progress: &mut dyn FnMut(u64, &str)) -> (Option<Ending<R>>, String) {
    let (mut end, mut talk) = (None, String::new());
    loop {
        match events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(Event::Progress(done, trail)) => progress(done, &trail),
            Ok(Event::Talk(line)) if talk.len() < TALK_BYTES => {
                talk.push_str(&line);
                talk.push_str("; ");
            }
            Ok(Event::Talk(_)) => {}
            Ok(Event::End(result)) => end = Some(*result),
            // Both readers are done.
            Err(RecvTimeoutError::Disconnected) => return (end.or_else(|| Some(Err(Failure::Broken("it said nothing".into())))), talk),
            Err(RecvTimeoutError::Timeout) => return (end, talk),
        }
    }
}

fn read_reply<R: DeserializeOwned>(output: impl Read) -> Ending<R> {
    let mut output = BufReader::with_capacity(1 << 18, output);
    let broken = |error: &dyn std::fmt::Display| Failure::Broken(error.to_string());
    let mut line = Vec::new();
    output.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line).map_err(|error| broken(&error))?;
    let level = match serde_json::from_slice(&line).map_err(|_| broken(&"it ended before it was locked in"))? {
        Greeting::Locked(level) => level,
        Greeting::Refused(why) => return Err(Failure::Refused(clean(&why))),
    };
    let mut bytes = Vec::new();
    output.take(REPLY_BYTES + 1).read_to_end(&mut bytes).map_err(|error| broken(&error))?;
    if bytes.len() as u64 > REPLY_BYTES {
        return Err(Failure::TooLarge);
    }
    if bytes.is_empty() {
        return Err(broken(&"no result"));
    }
    let reply = serde_json::from_slice(&bytes).map_err(|error| broken(&format!("its result cannot be read: {error}")))?;
    Ok((level, reply))
}

fn read_talk<R>(errors: impl Read, to: &Sender<Event<R>>) {
    let mut errors = BufReader::new(errors);
    loop {
        let mut line = Vec::new();
        match errors.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let line = clean(&String::from_utf8_lossy(&line));
        let event = match line.split_once('\t').and_then(|(done, trail)| Some((done.parse().ok()?, trail.to_owned()))) {
            Some((done, trail)) => Event::Progress(done, trail),
            None => Event::Talk(line),
        };
        if to.send(event).is_err() {
            return;
        }
    }
}

/// A child that was taken over might try the terminal: nothing of it is printed with control characters.
fn clean(text: &str) -> String {
    text.trim_end().chars().filter(|character| *character == '\t' || !character.is_control()).collect()
}

/// What happened to a child that left no result.
fn post_mortem(status: ExitStatus, why: &str, talk: &str, room: Room) -> StageError {
    let talk = talk.trim_end_matches("; ");
    let memory = || StageError::Limit(format!("{} bytes of memory", room.memory_bytes));
    match status.signal() {
        Some(libc::SIGXCPU) => StageError::Limit(format!("{} seconds of processor time", room.cpu_seconds)),
        Some(libc::SIGXFSZ) => StageError::Limit(format!("{} bytes of contents to keep", room.file_bytes)),
        Some(libc::SIGABRT) if talk.contains("memory allocation of") => memory(),
        // Nobody here killed it: the hard limit on processor time, or the kernel short of memory.
        Some(libc::SIGKILL) => {
            StageError::Limit("killed by the system, which was short of memory or had given it all its processor time".into())
        }
        Some(libc::SIGBUS) => StageError::Died(format!("the input changed or could not be read while it was mapped (signal 7); {talk}")),
        Some(signal) => StageError::Died(format!("signal {signal}; {talk}")),
        // A stack, a mapping or a vector for which there was no room.
        None if ["memory allocation", "failed to spawn thread", "os error 11", "os error 12", "capacity overflow"]
            .iter()
            .any(|sign| talk.contains(sign)) =>
        {
            memory()
        }
        None => StageError::Died(format!("{why}; {status}; {talk}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room { memory_bytes: 1, cpu_seconds: 2, file_bytes: 3 };

    #[test]
    fn names_what_happened() {
        let end = |raw, talk: &str| post_mortem(ExitStatus::from_raw(raw), "no result", talk, ROOM);
        assert_eq!(end(libc::SIGXCPU, "").exit_code(), 4);
        assert_eq!(end(libc::SIGABRT, "memory allocation of 9 bytes failed; ").exit_code(), 4);
        assert_eq!(end(libc::SIGSEGV, "").exit_code(), 3);
        assert!(end(1 << 8, "thread panicked").to_string().contains("panicked"));
    }

    #[test]
    fn refuses_what_is_no_reply() {
        let read_reply = super::read_reply::<protocol::Unpacking>;
        assert!(matches!(read_reply(&b""[..]), Err(Failure::Broken(_))));
        assert!(matches!(read_reply(&b"{\"locked\":{\"level\":\"namespaces\"}}\n"[..]), Err(Failure::Broken(why)) if why == "no result"));
        assert!(matches!(read_reply(&b"{\"refused\":\"no \x5cu001b kernel\"}\n"[..]), Err(Failure::Refused(why)) if why == "no  kernel"));
        assert_eq!(clean("a\x1b[31mb\tc\n"), "a[31mb\tc");
    }
}
