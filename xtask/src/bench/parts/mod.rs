//! `cargo xtask bench parts [SET]`: components recognised by their bytes, against what Debian's packages say of themselves.
//!
//! The files of the packages are put into one tree, without any database. What Assay finds in a file of a package is right where it names
//! the package's source and its upstream version, and wrong where it names another: a second copy of something inside a program counts as
//! wrong here, since nobody has checked it. A package is found where one of its files shows its component with its version. Packages without
//! programs, and those that no rule is about, are left out of the first figure.

mod outcome;
mod page;

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, ExitCode},
    time::Instant,
};

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::{apt::Apt, build_assay, shell::need};
use outcome::{Outcome, Package};

/// `sets.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sets {
    set: Vec<Set>,
    sources: BTreeMap<String, Vec<String>>,
}

/// Packages of one release and processor.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    name: String,
    release: String,
    arch: String,
    about: String,
    packages: Vec<String>,
}

/// Both sets, or the one named.
pub fn run(root: &Path, work: &Path, mut names: impl Iterator<Item = String>) -> anyhow::Result<ExitCode> {
    need(&[("dpkg-deb", "dpkg"), ("strings", "binutils")])?;
    let only = names.next();
    let sets: Sets = toml::from_str(include_str!("sets.toml"))?;
    let assay = build_assay(root)?;
    // The code is not followed here: what is measured is what the parts cost.
    let limits = work.join("parts-limits.toml");
    fs::write(&limits, "program_steps = 1\ncode_steps = 1\nscript_steps = 1\n")?;
    let mut outcomes = Vec::new();
    for set in sets.set.iter().filter(|set| only.as_ref().is_none_or(|name| *name == set.name)) {
        let outcome = of_set(work, &assay, &limits, set, &sets.sources).with_context(|| set.name.clone())?;
        print!("{}", outcome.lines());
        outcomes.push(outcome);
    }
    if only.is_none() {
        let path = root.join("docs/src/parts.md");
        fs::write(&path, page::page(&outcomes))?;
        println!("Written: {}", path.display());
    }
    Ok(if outcomes.iter().all(Outcome::good) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn of_set(work: &Path, assay: &Path, limits: &Path, set: &Set, sources: &BTreeMap<String, Vec<String>>) -> anyhow::Result<Outcome> {
    let arch = match set.arch.as_str() {
        "arm64" => "arm64",
        _ => "armhf",
    };
    let apt = Apt::of(work.join(format!("parts/apt-{}-{arch}", set.release)), &set.release, arch)?;
    let tree = work.join("parts").join(&set.name);
    if tree.exists() {
        fs::remove_dir_all(&tree)?;
    }
    let mut packages = Vec::new();
    for name in &set.packages {
        let own = work.join("parts").join(format!("{}.one", set.name));
        if own.exists() {
            fs::remove_dir_all(&own)?;
        }
        apt.unpack(name, &own)?;
        packages.push(Package::of(name, &apt.source_of(name)?, &apt.version(name)?, &own)?);
        apt.unpack(name, &tree)?;
    }
    let _ = fs::remove_dir_all(tree.join("usr/share/doc"));
    let start = Instant::now();
    let output =
        Command::new(assay).args(["vet", "--format", "json", "--facts", "--limits"]).arg(limits).arg(&tree).output().context("assay")?;
    let seconds = start.elapsed().as_secs_f64();
    ensure!(matches!(output.status.code(), Some(0 | 4)), "assay vet: {}", output.status);
    let peer = strings(&tree)?;
    Outcome::of(&set.name, &set.about, packages, &output.stdout, sources, seconds, peer)
}

/// What people do without a tool: `strings` over every file, and a search for versions. Seconds, and lines left to read.
fn strings(tree: &Path) -> anyhow::Result<(f64, usize)> {
    let start = Instant::now();
    let line = "find . -type f -size +0 -print0 | xargs -0 strings -n 4 -f | grep -aE '[0-9]+\\.[0-9]+\\.[0-9]+' | wc -l";
    let output = Command::new("sh").arg("-c").arg(line).current_dir(tree).output()?;
    let lines = String::from_utf8_lossy(&output.stdout).trim().parse().unwrap_or_default();
    Ok((start.elapsed().as_secs_f64(), lines))
}
