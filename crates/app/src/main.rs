//! The `assay` command: parses the command line, drives the pipeline, prints.
//!
//! Standard output is data, standard error is talk. Exit codes: 0 done; 1 a finding at or above `--fail-on`; 2 wrong usage; 3 an input
//! could not be read at all; 4 a limit cut the work short. Where several hold, 2 comes before 3 before 4 before 1.

mod child;
mod cli;
mod code;
mod diff;
mod explain;
mod extract;
mod inputs;
mod pipeline;
mod reading;
mod render;
mod rules;
mod sandbox;
mod schema;
mod verify;

use std::process::ExitCode;

use assay_core::escape::visible;
use clap::Parser;

/// How a run ended. The order is that of precedence, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// All done.
    Done,
    /// A finding at or above `--fail-on`.
    Found,
    /// A limit cut the work short.
    Cut,
    /// An input could not be read.
    Unreadable,
    /// Wrong usage.
    Usage,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Found => 1,
            Exit::Usage => 2,
            Exit::Unreadable => 3,
            Exit::Cut => 4,
        })
    }
}

/// What went wrong, in words, and how the run ends for it.
#[derive(Debug)]
pub struct Failure {
    /// Exit.
    pub exit: Exit,
    /// Words, with their place.
    pub words: String,
}

impl Failure {
    /// A failure.
    pub fn new(exit: Exit, words: impl Into<String>) -> Self {
        Self { exit, words: words.into() }
    }
}

fn main() -> ExitCode {
    if let Some(exit) = child::asked() {
        return exit;
    }
    let command = cli::Cli::parse().command;
    let result = match &command {
        cli::Command::Vet(options) => pipeline::vet_command(options),
        cli::Command::Unpack(options) => extract::unpack_command(options),
        cli::Command::Code(options) => code::code_command(options),
        cli::Command::Explain(options) => explain::explain_command(options),
        cli::Command::Diff(options) => diff::diff_command(options),
        cli::Command::Verify(options) => verify::verify_command(options),
        cli::Command::Schema => cli::print(&schema::schema()).map(|()| Exit::Done),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            eprintln!("assay: {}", visible(&failure.words));
            failure.exit.into()
        }
    }
}
