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
use serde::{Deserialize, Serialize};

use super::score::Found;
use crate::bench::{build, measure, shell::shell};

const CFGFAST: &str = include_str!("cfgfast.py");

/// A tool.
pub struct Finder {
    /// Name.
    pub name: &'static str,
    /// Version, in its own words.
    pub version: String,
    program: PathBuf,
    arguments: Vec<PathBuf>,
    /// Does it stay as it is while Assay changes?
    peer: bool,
}

/// What a tool found in a file, and what for.
#[derive(Serialize, Deserialize)]
pub struct Look {
    /// Its functions.
    pub found: Found,
    /// The most memory that it used.
    pub peak_bytes: u64,
}

impl Finder {
    /// Looks into `file`. `out` is where it may write. What a peer found is kept beside the file: minutes that give the same each time.
    pub fn find(&self, file: &Path, out: &Path) -> anyhow::Result<Look> {
        let kept = file.with_extension(format!("{}-{}.json", self.name, self.version));
        if self.peer && kept.is_file() {
            return Ok(serde_json::from_slice(&fs::read(kept)?)?);
        }
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg(file).arg(out);
        let usage = measure::measure(command).with_context(|| format!("{} could not be run", self.name))?;
        ensure!(usage.success(), "{} fails on {}", self.name, file.display());
        let found = serde_json::from_slice(&fs::read(out)?).with_context(|| format!("{} on {}", self.name, file.display()))?;
        let look = Look { found, peak_bytes: usage.peak_bytes };
        if self.peer {
            fs::write(kept, serde_json::to_vec(&look)?)?;
        }
        Ok(look)
    }
}

/// Assay's discovery alone, built for release.
pub fn assay(root: &Path) -> anyhow::Result<Finder> {
    let folder = build(root, &["--package", "assay-code", "--example", "functions"])?;
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Ok(Finder { name: "assay", version, program: folder.join("examples/functions"), arguments: Vec::new(), peer: false })
}

/// angr, installed from PyPI below `work` if it is not.
pub fn angr(work: &Path) -> anyhow::Result<Finder> {
    let peers = work.join("peers");
    fs::create_dir_all(&peers)?;
    let program = peers.join("angr/bin/python");
    if !peers.join("angr/installed").is_file() {
        println!("installing angr from PyPI");
        // angr 9.2 asks for any version of these two and cannot live with their latest.
        shell(
            "python3 -m venv --clear angr && angr/bin/pip install --quiet angr 'bitstring<5' 'pycparser==3.0' && touch angr/installed",
            &peers,
        )?;
    }
    let script = peers.join("angr/cfgfast.py");
    fs::write(&script, CFGFAST)?;
    let output = Command::new(&program).args(["-c", "import importlib.metadata as m; print(m.version('angr'))"]).output()?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok(Finder { name: "angr", version, program, arguments: vec![script], peer: true })
}
