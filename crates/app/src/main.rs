//! The `assay` command.

mod child;
mod sandbox;

use std::process::ExitCode;

fn main() -> ExitCode {
    child::asked().unwrap_or(ExitCode::from(2))
}
