//! The project's own tasks: `cargo xtask tidy | docs | fuzz [SECONDS] | bench unpack|functions|code|alarms | fixtures code | score`.

mod bench;
mod fixtures;
mod fuzz;
mod manual;
mod score;
mod tidy;

use std::{path::PathBuf, process::ExitCode};

/// Root of the workspace.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("tidy") => {
            let faults = tidy::faults(&root())?;
            for fault in &faults {
                println!("{fault}");
            }
            println!("{} faults", faults.len());
            Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Some("docs") => manual::write(&root()).map(|()| ExitCode::SUCCESS),
        Some("fuzz") => fuzz::run(&root(), arguments.next().map_or(Ok(60), |seconds| seconds.parse())?),
        Some("bench") => bench::run(&root(), arguments),
        Some("score") => score::run(&root(), arguments).map(|()| ExitCode::SUCCESS),
        Some("fixtures") => fixtures::run(&root(), arguments).map(|()| ExitCode::SUCCESS),
        _ => {
            eprintln!(
                "usage: cargo xtask tidy | docs | fuzz [SECONDS] | bench unpack|functions|code|alarms | fixtures code | score [--level L] [NAME…]"
            );
            Ok(ExitCode::from(2))
        }
    }
}
