//! `cargo xtask fuzz [SECONDS]`: each fuzz target for that long, with its committed seeds. Needs `cargo-fuzz` and a nightly toolchain.

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::{Mutex, PoisonError},
};

use anyhow::{Context, anyhow, bail};

/// Runs every target of `fuzz/`, as many at a time as there are processors; fails if any found something.
pub fn run(root: &Path, seconds: u32) -> anyhow::Result<ExitCode> {
    let cargo = |arguments: &[&str]| {
        let mut command = Command::new("cargo");
        command.arg("+nightly").arg("fuzz").args(arguments).current_dir(root);
        command
    };
    let listed = cargo(&["list"]).output().context("cargo-fuzz is not installed: cargo install cargo-fuzz")?;
    if !listed.status.success() {
        bail!("cargo fuzz list: {}", String::from_utf8_lossy(&listed.stderr));
    }
    if !cargo(&["build"]).status()?.success() {
        bail!("the targets do not build");
    }
    let listed = String::from_utf8(listed.stdout)?;
    let waiting = Mutex::new(listed.lines());
    let found = Mutex::new(Vec::new());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || -> anyhow::Result<()> {
        while let Some(target) = next() {
            let corpus = root.join("fuzz/corpus-work").join(target);
            let seeds = root.join("fuzz/seeds-work").join(target);
            std::fs::create_dir_all(&corpus)?;
            for folder in seeds_of(root, target)? {
                unpack_seeds(&folder, &seeds, target == "gzip")?;
            }
            let output = cargo(&["run", target])
                .args([&corpus, &seeds])
                .args(["--", &format!("-max_total_time={seconds}"), "-max_len=262144", "-rss_limit_mb=4096", "-timeout=20"])
                .output()?;
            let said = String::from_utf8_lossy(&output.stderr);
            let last = said.lines().rev().find(|line| line.starts_with("Done ")).unwrap_or("ended early");
            println!("{target}: {last}");
            if !output.status.success() {
                println!("{said}");
                found.lock().unwrap_or_else(PoisonError::into_inner).push(target);
            }
        }
        Ok(())
    };
    let jobs = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| Err(anyhow!("a worker panicked"))))
    })?;
    let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    if !found.is_empty() {
        bail!("found something, see fuzz/artifacts: {}", found.join(", "));
    }
    Ok(ExitCode::SUCCESS)
}

/// Folders with the committed seeds of a target: a format's fixtures, the binaries of all behaviours, all scripts.
fn seeds_of(root: &Path, target: &str) -> anyhow::Result<Vec<PathBuf>> {
    let (kind, below) = match target {
        "program_facts" => ("programs", "bin"),
        "script_facts" => ("scripts", ""),
        _ => return Ok(vec![root.join("fixtures/formats").join(target.replace('_', "-"))]),
    };
    let mut folders = Vec::new();
    for item in std::fs::read_dir(root.join("fixtures/code").join(kind))? {
        folders.push(item?.path().join(below));
    }
    folders.sort();
    Ok(folders)
}

/// Copies the fixtures of a format, those that are kept gzipped for their size as what they are inside: a target reads one format alone.
fn unpack_seeds(from: &Path, to: &Path, keep: bool) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for item in std::fs::read_dir(from).into_iter().flatten() {
        let path = item?.path();
        // Behaviours share the names of their files.
        let mut parts: Vec<_> = path.components().rev().take(3).map(|part| part.as_os_str().to_string_lossy()).collect();
        parts.reverse();
        let name = parts.join("-");
        if path.is_dir() || path.extension().is_some_and(|end| end == "json" || end == "toml") {
            continue;
        }
        let unpacked = Command::new("gzip").arg("-dc").stdin(std::fs::File::open(&path)?).output().context("gzip is not installed")?;
        if unpacked.status.success() && !keep {
            std::fs::write(to.join(name), unpacked.stdout)?;
        } else {
            std::fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}
