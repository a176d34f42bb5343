//! A root filesystem read as a system: what starts, who listens, who may come in, and what the firewall lets through.
//!
//! ```text
//! manifest + contents -> boot graph -> services, web servers, SSH -> accounts, passwords, rights
//!                                   -> firewall, settings                                        -> facts, gaps
//! ```
//!
//! Every part reads configuration files and says what they say, with file and line. **Nothing here judges**, and nothing here reads
//! programs: what a *script* does is for the crate `code`. A step that runs a script is told with its arguments; the commands inside it
//! come back through [`read_started`], which tells what web, SSH and other servers those commands make.
//!
//! **Limitations**: what is written while the system runs (another partition, a file that a script puts in place) is not seen. Where a
//! password file is missing, files of the same name elsewhere are named instead, since one is usually copied there at the first start.

#![allow(clippy::doc_markdown, reason = "SquashFS, OpenWrt and BusyBox are words; names of code have their backticks by hand")]

mod access;
mod boot;
mod config_files;
mod doors;
mod firewall;
mod glob;
mod names;
mod parts;
mod peers;
mod pools;
mod reader;
mod resolver;
pub mod rules;
mod run;
mod text;
mod uci;
mod web;

use assay_core::{Contents, Fact, Gap, Limits, Locator, Root};

use reader::Reader;

/// What is known of the system beside its files.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// The kernel's command line, where a boot loader or device tree has it: `init=` and `systemd.unit=` in it count.
    pub kernel_arguments: Option<String>,
}

/// A program that something starts, as seen elsewhere: in a script, in machine code.
#[derive(Debug, Clone)]
pub struct Started {
    /// The program as written: a path or a bare name.
    pub program: String,
    /// Its arguments; `{}` in one for what is not known.
    pub arguments: Vec<String>,
    /// Account that it runs as, where known.
    pub user: Option<String>,
    /// Where that was seen.
    pub at: Locator,
}

/// What was found: facts with ids from 1 in this list, and what could not be read. The ids of gaps are left to who has all of them.
pub type Seen = (Vec<Fact>, Vec<Gap>);

/// Everything that the configuration of a root filesystem says. The same input gives the same facts in the same order.
#[must_use]
pub fn read<'a>(root: &'a Root<'a>, contents: Contents<'_>, given: &Given, limits: &Limits) -> Seen {
    let mut reader = Reader::new(root, contents, limits);
    names::read(&mut reader);
    boot::read(&mut reader, given);
    let started = reader.take_started();
    doors::read(&mut reader, &started, true);
    access::read(&mut reader);
    firewall::read(&mut reader);
    config_files::read(&mut reader);
    resolver::read(&mut reader);
    peers::read(&mut reader);
    parts::read(&mut reader);
    reader.finish()
}

/// The servers that programs started by scripts make, in order: the same facts as [`read`] gives for what the configuration starts
/// itself. Configuration files at their usual places are read only where one of those programs uses them.
#[must_use]
pub fn read_started<'a>(root: &'a Root<'a>, contents: Contents<'_>, started: &[Started], limits: &Limits) -> Seen {
    let mut reader = Reader::new(root, contents, limits);
    let started: Vec<_> = started.iter().map(|one| reader.seen(one)).collect();
    doors::read(&mut reader, &started, false);
    reader.finish()
}
