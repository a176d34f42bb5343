//! The system calls that no safe crate offers: the only `unsafe` of the workspace.
//!
//! Four of them, each a few lines: mapping the input, closing what was inherited, leaving the host's namespaces, and (for the probe of
//! the tests alone) asking to trace the parent.

#![allow(unsafe_code, reason = "mmap, close_range, unshare and ptrace have no safe form; each call says why it is sound")]

use std::{fs::File, io, ptr};

use bytes::Bytes;
use rustix::mm::{MapFlags, ProtFlags};

/// A private, read-only mapping of a whole file.
struct Mapping {
    start: *mut libc::c_void,
    len: usize,
}

// SAFETY: the mapping is read-only and owned by this value alone: any thread may read it or drop it.
unsafe impl Send for Mapping {}

impl AsRef<[u8]> for Mapping {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: `start` and `len` are a live mapping of readable pages until `drop`.
        unsafe { std::slice::from_raw_parts(self.start.cast::<u8>(), self.len) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the very mapping that `map` made; nobody borrows from it any more.
        let _ = unsafe { rustix::mm::munmap(self.start, self.len) };
    }
}

/// The bytes of `file`, mapped: nothing is copied, and slices of it share the mapping.
///
/// A file that another process shortens meanwhile ends this process with SIGBUS, which the parent reports; one that is overwritten
/// meanwhile has no one content to speak of. Both are in the hands of who runs Assay, not of who made the input.
pub fn map(file: &File, len: u64) -> io::Result<Bytes> {
    let len = usize::try_from(len).map_err(io::Error::other)?;
    if len == 0 {
        return Ok(Bytes::new());
    }
    // SAFETY: a fresh mapping at an address of the kernel's choosing touches no memory that Rust knows of.
    let start = unsafe { rustix::mm::mmap(ptr::null_mut(), len, ProtFlags::READ, MapFlags::PRIVATE, file, 0) }?;
    Ok(Bytes::from_owner(Mapping { start, len }))
}

/// Closes every descriptor but the three standard ones. To be called first of all in the child, before anything is opened.
pub fn close_inherited() -> io::Result<()> {
    // SAFETY: nothing in this process owns a descriptor above 2 yet.
    if unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, 0_u32) } == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    if error.raw_os_error() != Some(libc::ENOSYS) {
        return Err(error);
    }
    // Before Linux 5.9: one by one, as far as the limit on descriptors reaches.
    let end = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum.unwrap_or(1 << 20).min(1 << 20);
    for descriptor in 3..i32::try_from(end).unwrap_or(i32::MAX) {
        // SAFETY: as above.
        unsafe { libc::close(descriptor) };
    }
    Ok(())
}

/// Moves this process, which has one thread, into user, mount, network, IPC and host-name namespaces of its own.
pub fn leave_namespaces() -> io::Result<()> {
    use rustix::thread::UnshareFlags as Flags;
    let flags = Flags::NEWUSER | Flags::NEWNS | Flags::NEWNET | Flags::NEWIPC | Flags::NEWUTS;
    // SAFETY: the table of descriptors is not among what is unshared, so no thread can lose one.
    unsafe { rustix::thread::unshare_unsafe(flags) }?;
    Ok(())
}

/// Asks to trace process `pid`. For the probe: it must be denied.
pub fn trace(pid: i32) -> io::Result<()> {
    // SAFETY: PTRACE_SEIZE reads and writes no memory of this process and does not stop the other.
    let answer = unsafe { libc::ptrace(libc::PTRACE_SEIZE, pid, ptr::null_mut::<libc::c_void>(), ptr::null_mut::<libc::c_void>()) };
    if answer == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Asks for a page that can be written and executed. For the probe: it must be denied.
pub fn map_executable() -> io::Result<()> {
    // SAFETY: a fresh anonymous mapping; it is never touched, and leaked.
    unsafe { rustix::mm::mmap_anonymous(ptr::null_mut(), 4096, ProtFlags::READ | ProtFlags::WRITE | ProtFlags::EXEC, MapFlags::PRIVATE) }?;
    Ok(())
}
