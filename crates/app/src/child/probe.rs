//! What a locked child can still do, tried out: one line per attempt, `denied` or `allowed`.
//!
//! Written for `tests/it/sandbox.rs`. Every attempt is what an exploited parser would want next.

use std::{
    fs::{self, File},
    io::{self, Write},
    net::TcpStream,
    os::unix::{net::UnixStream, process::CommandExt},
    process::Command,
};

use crate::sandbox::{
    lock::{Level, Room, Wanted, lock_down},
    map,
};

/// Locks this process in and tries everything.
pub fn probe(wanted: Wanted) -> io::Result<()> {
    let parent = rustix::process::getppid().ok_or_else(|| io::Error::other("no parent"))?;
    let room = Room { memory_bytes: 1 << 30, cpu_seconds: 10, file_bytes: 0 };
    let level = lock_down(wanted, room).map_err(io::Error::other)?;
    let mut out = io::stdout().lock();
    writeln!(out, "level {}", serde_json::to_string(&level)?)?;
    let mut say = |what: &str, result: io::Result<()>| match result {
        Ok(()) => writeln!(out, "{what}: allowed"),
        // A program or a host that is not there must not pass for a denial.
        Err(error) if matches!(error.raw_os_error(), Some(libc::EPERM | libc::EACCES)) => writeln!(out, "{what}: denied"),
        Err(error) => writeln!(out, "{what}: unclear ({error})"),
    };
    say("read a file", fs::read("/etc/passwd").map(drop))?;
    say("list a directory", fs::read_dir("/").map(drop))?;
    if level == Level::None {
        // The two above show that the probe can tell; the rest would happen.
        return Ok(());
    }
    say("create a file", File::create("/tmp/assay-probe").map(drop))?;
    say("remove a file", fs::remove_file("/tmp/assay-probe"))?;
    say("link a file", std::os::unix::fs::symlink("a", "/tmp/assay-probe"))?;
    say("open a connection", TcpStream::connect(("127.0.0.1", 9)).map(drop))?;
    say("open a local connection", UnixStream::connect("/run/none").map(drop))?;
    say("make a socket pair", UnixStream::pair().map(drop))?;
    say("make a pipe", io::pipe().map(drop))?;
    say("start a process", Command::new("/bin/true").spawn().map(drop))?;
    say("become another program", Err(Command::new("/bin/true").exec()))?;
    say("signal the parent", Ok(rustix::process::test_kill_process(parent)).and_then(|result| Ok(result?)))?;
    say("trace the parent", map::trace(parent.as_raw_nonzero().get()))?;
    say(
        "take hold of the parent",
        rustix::process::pidfd_open(parent, rustix::process::PidfdFlags::empty()).map(drop).map_err(Into::into),
    )?;
    say("make memory executable", map::map_executable())?;
    say("leave for other namespaces", map::leave_namespaces())?;
    say(
        "raise its limits",
        rustix::process::setrlimit(rustix::process::Resource::Core, rustix::process::Rlimit { current: None, maximum: None })
            .map_err(Into::into),
    )?;
    // And what must still work: a thread, memory, the clock.
    let thread = std::thread::Builder::new().spawn(|| vec![1_u8; 1 << 20].iter().map(|byte| usize::from(*byte)).sum::<usize>());
    let sum = thread?.join().map_err(|_| io::Error::other("the thread panicked"))?;
    writeln!(out, "work in a thread: {}", if sum == 1 << 20 { "done" } else { "wrong" })
}
