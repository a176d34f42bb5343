//! The shape of a model: one row of `rules/code/models/*.toml`.
//!
//! Arguments are numbered from 0. A *channel* is what a descriptor, a stream or a handle stands for: the argument that carries it is
//! named, who is at its other end is found out where it was opened.
//!
//! The parts of a row are in files of their own: [`bytes`] for what moves, [`questions`] for what is asked, [`world`] for what is reached and
//! changed outside, [`handles`] for what takes effect later.

mod bytes;
mod handles;
mod questions;
mod world;

use assay_core::facts::code::Disclosed;
use serde::Deserialize;

pub use bytes::{Allocation, Copies, Formats, Gives, Reads, Sends};
pub use handles::{BROUGHT, Callback, Known, Means, Options, Rows, Word};
pub use questions::{Checks, Class, Compares, Finds, How, Outcome, Table, Tests};
pub use world::{Acts, Asks, Bus, Ends, Exports, Holds, Maps, Opens, Redirects, Service};

/// A file of models.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Where the behaviour is written down: a standard, a manual.
    pub source: String,
    /// The day it was looked up.
    pub date: String,
    /// Its rows.
    #[serde(rename = "function", default)]
    pub functions: Vec<Model>,
}

/// What a function does. Everything is optional: a row with names alone says "harmless, leaves memory as it is".
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Model {
    /// Its names.
    pub names: Vec<String>,
    /// What it gives back.
    pub gives: Option<Gives>,
    /// What it gives back takes the place of this argument, with its bytes and another size.
    pub regrows: Option<u8>,
    /// The number that it gives back is no more than this argument.
    pub at_most: Option<u8>,
    /// Bytes that it moves between its arguments.
    pub copies: Vec<Copies>,
    /// A comparison: its outcome is the result.
    pub compares: Option<Compares>,
    /// A test of a character.
    pub tests: Option<Tests>,
    /// It gives back where the address of a table by letters stands.
    pub table: Option<Table>,
    /// Bytes of the outside that it puts into an argument.
    pub reads: Option<Reads>,
    /// Bytes that it hands to the outside.
    pub sends: Option<Sends>,
    /// Text that it makes from a format.
    pub formats: Option<Formats>,
    /// Text that it takes apart by a format.
    pub scans: Option<Formats>,
    /// A channel that it opens.
    pub opens: Option<Opens>,
    /// The channel of the argument `on` waits for others at the address in argument `address`.
    pub binds: Option<Ends>,
    /// The channel of the argument `on` goes to the address in argument `address`.
    pub connects: Option<Ends>,
    /// Something in the world that it changes.
    pub acts: Option<Acts>,
    /// Something that it checks.
    pub checks: Option<Checks>,
    /// It tells whether a file is there.
    pub finds: Option<Finds>,
    /// A file gets another name: which argument is the old one, which the new one.
    pub renames: Option<Redirects>,
    /// It gives back memory that stands for a file or a device: a store there is a write to it.
    pub maps: Option<Maps>,
    /// Another descriptor becomes the same channel: which argument is the channel, which the number of the other.
    pub redirects: Option<Redirects>,
    /// A variable of the environment that programs started later will have.
    pub exports: Option<Exports>,
    /// Functions that it calls back.
    pub calls: Vec<Callback>,
    /// It does not come back.
    pub no_return: bool,
    /// It waits until somebody sends something.
    pub waits: bool,
    /// Memory as others see it changes in ways that the row does not say.
    pub writes: Vec<u8>,
    /// What the bytes that it brings tell about the machine.
    pub tells: Vec<Disclosed>,
    /// The same, and what it does, where one of its arguments says so: the number of a request.
    pub asks: Vec<Asks>,
    /// What it brings stands in a file that it reads by itself.
    pub holds: Option<Holds>,
    /// Text of a structure that it takes apart by a format of names and values.
    pub unpacks: Option<Formats>,
    /// It sets an option of a handle: what another argument means is up to the option's number.
    pub options: Option<Options>,
    /// It does what was set up with the handle in this argument: sends what was set to be sent, and brings what comes back.
    pub performs: Option<u8>,
    /// It takes a word that is handed back later by one that `recalls`.
    pub registers: Option<Word>,
    /// It hands back words that were registered.
    pub recalls: Option<Word>,
    /// It leaves behind this argument how a program ended that was started before.
    pub outcome: Option<u8>,
    /// It leaves behind this argument the address of the other side (`struct sockaddr`).
    pub peer: Option<u8>,
}
