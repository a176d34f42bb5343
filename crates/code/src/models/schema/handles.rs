//! What is set up now and has its effect later: options of a handle, functions that are called back, words that are handed back.
//!
//! `curl_easy_setopt(handle, option, value)` says by a number what `value` is ([`Options`], [`Known`]): a URL, a body, a function for what
//! arrives. `pthread_create`, `qsort` and `__libc_start_main` are passed the function itself ([`Callback`]); `uloop_fd_add` is passed a
//! structure with the function in it, and `ubus_add_object` one that points to a table of them ([`Rows`]).
//!
//! `epoll_ctl` takes a word of the program's own beside the descriptor that is watched, often a pointer; `epoll_wait` hands that word back
//! when something happened there ([`Word`]). Only both together say what the word is that a server's loop goes on with.

use serde::Deserialize;

/// How options of a handle are set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The handle.
    pub on: u8,
    /// The option's number; without it, the function is for one option only.
    pub option: Option<u8>,
    /// What it is set to.
    pub value: u8,
    /// Of an address, the port.
    pub port: Option<u8>,
    /// What options mean. One that is not here changes nothing that matters.
    pub known: Vec<Known>,
}

/// An option of a handle.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Its number.
    #[serde(default)]
    pub number: u64,
    /// What it is set to is this.
    pub means: Means,
    /// A function that is called back: what it is passed, in order (see [`Callback::arguments`]).
    #[serde(default)]
    pub arguments: Vec<u8>,
    /// What it is set to is passed to the function that another option sets.
    pub hands: Option<Hands>,
}

/// An argument of a function that is called back, set by an option of its own.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hands {
    /// The option by which the function is set.
    pub option: u64,
    /// The argument.
    pub argument: u8,
}

/// What an option is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Means {
    /// The address of the other side: a URL or a host.
    Address,
    /// Text that is sent.
    Body,
    /// A stream whose content is sent.
    Source,
    /// A stream into which goes what comes back, unless a function takes it.
    Sink,
    /// A function that is called back.
    Callback,
    /// Something for such a function, and nothing else.
    UserData,
}

/// An argument of a function that is called back: bytes from the other side of the handle's channel.
pub const BROUGHT: u8 = 254;

/// A function that is called back.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Callback {
    /// The argument that holds it, or points to the structure that does.
    pub function: u8,
    /// The word of the structure, or of each row of its table, that holds it.
    pub field: Option<u8>,
    /// The structure points to a table of functions.
    pub rows: Option<Rows>,
    /// The handle by whose channel the bytes come in that it is passed ([`BROUGHT`]); without it, the channel that the call opens.
    pub on: Option<u8>,
    /// The argument with the word by which the other side calls it: a path, a topic.
    pub name: Option<u8>,
    /// What it is passed: arguments of the call, in order; 255 for what is not known, [`BROUGHT`] for bytes that came in.
    #[serde(default)]
    pub arguments: Vec<u8>,
    /// It runs beside the caller.
    #[serde(default)]
    pub thread: bool,
    /// The program begins with it: what it is passed is the command line.
    #[serde(default)]
    pub main: bool,
}

/// A table of functions that a structure points to, each with the word by which the other side calls it.
///
/// Places are counted in words of the processor, since that is what pointers, and what stands between them, are laid out by.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// The word of the structure that points to the first row.
    pub at: u8,
    /// The word of the structure that says how many there are.
    pub count: u8,
    /// Words of a row: in one version of the library or another. Where all rows have a name and a function, that one is meant.
    pub step: Vec<u8>,
    /// The word of a row that points to its name.
    pub name: u8,
}

/// A word that stands behind an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Word {
    /// The argument.
    pub argument: u8,
    /// How far behind.
    pub offset: u64,
}
