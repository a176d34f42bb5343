//! The tools that look for functions: Assay's discovery, and angr's CFGFast, which most research on binaries starts from.
//!
//! Each runs as a process of its own and writes what it found as JSON. The seconds are those of the tool's own processor time for loading
//! the file and finding the functions: starting Python, importing angr and writing the result are no part of either.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

use super::score::Found;
use crate::bench::{build, measure, shell::shell};

const ANGR: &str = include_str!("angr.py");

/// A tool.
pub struct Finder {
    /// Name.
    pub name: &'static str,
    /// Version, in its own words.
    pub version: String,
    program: PathBuf,
    arguments: Vec<PathBuf>,
}

impl Finder {
    /// What it finds in `file`, and the most memory it used for that. `out` is where it may write.
    pub fn find(&self, file: &Path, out: &Path) -> anyhow::Result<(Found, u64)> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg(file).arg(out);
        let usage = measure::measure(command).with_context(|| format!("{} could not be run", self.name))?;
        ensure!(usage.success(), "{} fails on {}", self.name, file.display());
        let found = serde_json::from_slice(&fs::read(out)?).with_context(|| format!("{} on {}", self.name, file.display()))?;
        Ok((found, usage.peak_bytes))
    }
}

/// Assay's discovery alone, built for release.
pub fn assay(root: &Path) -> anyhow::Result<Finder> {
    let folder = build(root, &["--package", "assay-code", "--example", "functions"])?;
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Ok(Finder { name: "assay", version, program: folder.join("examples/functions"), arguments: Vec::new() })
}

/// angr, installed from PyPI below `work` if it is not.
pub fn angr(work: &Path) -> anyhow::Result<Finder> {
    let peers = work.join("peers");
    fs::create_dir_all(&peers)?;
    let program = peers.join("angr/bin/python");
    if !peers.join("angr/installed").is_file() {
        println!("installing angr from PyPI");
        shell("python3 -m venv --clear angr && angr/bin/pip install --quiet angr && touch angr/installed", &peers)?;
    }
    let script = peers.join("angr.py");
    fs::write(&script, ANGR)?;
    let output = Command::new(&program).args(["-c", "import importlib.metadata as m; print(m.version('angr'))"]).output()?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok(Finder { name: "angr", version, program, arguments: vec![script] })
}
