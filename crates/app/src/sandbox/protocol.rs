//! What parent and child say to each other.
//!
//! - The child's standard input is a socket: its first byte carries the descriptors (input, then perhaps the file that contents are kept
//!   in), the rest is the stage's request in JSON up to the end of the stream.
//! - Standard output: one line, a [`Greeting`], as soon as the child is locked in; then the stage's reply in JSON up to the end.
//! - Standard error: lines `bytes TAB trail` are progress; anything else is talk, shown when the child dies.
//!
//! Nothing else is inherited, and the environment is empty.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::net::UnixStream,
    },
};

use assay_code::read::{
    listing::{Listing, ListingError},
    shapes::Shape as ProgramShape,
};
use assay_core::{At, Entry, Limits, Sha256};
use assay_unpack::Unpacked;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use serde::{Deserialize, Serialize};

use super::{Keep, lock::Level};
use crate::reading::Matter;

/// The most descriptors that are handed over.
const DESCRIPTORS: usize = 2;

/// What is to be unpacked. The reply is [`Unpacking`].
#[derive(Debug, Serialize, Deserialize)]
pub struct Unpack {
    /// The input's own name, without folders.
    pub name: Vec<u8>,
    /// Limits.
    pub limits: Limits,
    /// Threads to work on.
    pub threads: usize,
    /// A directory's entries; absent for a file.
    pub pieces: Option<Vec<Piece>>,
    /// Which contents to keep.
    pub keep: Keep,
}

/// What is to be read of the contents that were kept. The reply is a [`crate::reading::Reading`].
#[derive(Debug, Serialize, Deserialize)]
pub struct Read<'a> {
    /// Limits.
    pub limits: Limits,
    /// Threads to work on.
    pub threads: usize,
    /// What to read.
    pub matter: Matter<'a>,
}

/// How one program is to be listed. The reply is a [`Listing`], or why there is none.
#[derive(Debug, Serialize, Deserialize)]
pub struct List {
    /// Limits.
    pub limits: Limits,
    /// Threads to work on.
    pub threads: usize,
    /// A function to show instruction by instruction.
    pub function: Option<String>,
}

/// What came of a [`List`].
pub type Listed = Result<Listing, ListingError>;

/// Where the code is wanted that stands around a place, in the contents that were kept. The reply is [`Quoted`].
#[derive(Debug, Serialize, Deserialize)]
pub struct Quote {
    /// Limits.
    pub limits: Limits,
    /// Threads to work on.
    pub threads: usize,
    /// Places by content.
    pub places: BTreeMap<Sha256, BTreeSet<At>>,
}

/// What stands there, as far as something does: content, place, and the lines around it.
pub type Quoted = Vec<(Sha256, At, String)>;

/// What of some contents is to be laid beside those of another input. The reply is [`Shaped`].
#[derive(Debug, Serialize, Deserialize)]
pub struct Shape {
    /// Limits.
    pub limits: Limits,
    /// Threads to work on.
    pub threads: usize,
    /// Contents that are wanted in comparable form.
    pub contents: BTreeSet<Sha256>,
    /// Contents of which a digest is wanted that like contents have alike.
    pub digests: BTreeSet<Sha256>,
}

/// What was wanted of the contents.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Shaped {
    /// In comparable form.
    pub forms: BTreeMap<Sha256, Form>,
    /// Digests (TLSH); none of what is too short or too uniform for one.
    pub digests: BTreeMap<Sha256, String>,
}

/// One content in comparable form.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// A program: its functions in normal form; none where it is of a kind that is not read.
    Program(Option<Vec<ProgramShape>>),
    /// A text: its lines, escaped, the first of them.
    Text(Vec<String>),
    /// Anything else: how many bytes it has.
    Other(u64),
}

/// One name of a directory and where the spool holds its content: offset and length.
#[derive(Debug, Serialize, Deserialize)]
pub struct Piece {
    /// The entry.
    pub entry: Entry,
    /// Its content.
    pub at: Option<(u64, u64)>,
}

/// The child's first words.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Greeting {
    /// Locked in.
    Locked(Level),
    /// It could not be locked in, and stopped.
    Refused(String),
}

/// What came out of unpacking.
#[derive(Debug, Serialize, Deserialize)]
pub struct Unpacking {
    /// What came out.
    pub unpacked: Unpacked,
    /// Why the kept contents are not whole, if they are not.
    pub not_kept: Option<String>,
}

/// Hands `descriptors` over.
pub fn send(socket: &UnixStream, descriptors: &[BorrowedFd]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::Error::other("too many descriptors"));
    }
    rustix::net::sendmsg(socket, &[IoSlice::new(b"!")], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Takes descriptors over.
pub fn receive(socket: impl AsFd) -> io::Result<Vec<OwnedFd>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    rustix::net::recvmsg(socket, &mut [IoSliceMut::new(&mut [0])], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let mut descriptors = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(these) = message {
            descriptors.extend(these);
        }
    }
    Ok(descriptors)
}
