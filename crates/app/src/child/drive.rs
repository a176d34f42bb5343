//! The parent's side, played for tests: unpacks one input through a child and prints what came of it.
//!
//! Prints the level, the number of contents kept (each checked against its digest), what could not be read, then the result in JSON.

use std::{io, path::Path, process::ExitCode};

use assay_core::Limits;

use crate::sandbox::{Job, Keep, StageError, unpack};

/// Unpacks `input`; the exit code is the command's own.
pub fn drive(input: &str, threads: usize, sandbox: bool, limits: &Limits) -> ExitCode {
    match run(input, threads, sandbox, limits) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(input: &str, threads: usize, sandbox: bool, limits: &Limits) -> Result<(), StageError> {
    let progress = &mut |done, trail: &str| eprintln!("at {done} {trail}");
    let done = unpack(Job { input: Path::new(input), limits, threads, sandbox, keep: Keep::All, progress })?;
    println!("{:?}", done.level);
    let blobs = done.blobs.ok_or_else(|| StageError::Died("nothing was kept".into()))?;
    let mut kept = 0;
    for id in blobs.ids() {
        blobs.copy(&id, &mut io::sink()).map_err(StageError::Start)?;
        kept += 1;
    }
    println!("{kept} kept");
    println!("{:?} unread", done.unread);
    println!("{}", serde_json::to_string(&done.unpacked).map_err(|error| StageError::Start(error.into()))?);
    Ok(())
}
