//! `cargo xtask fuzz [SECONDS]`: each fuzz target for that long, with its committed seeds. Needs `cargo-fuzz` and a nightly toolchain.

use std::{
    path::Path,
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
            unpack_seeds(&root.join("fixtures/formats").join(target.replace('_', "-")), &seeds, target == "gzip")?;
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

/// Copies the fixtures of a format, those that are kept gzipped for their size as what they are inside: a target reads one format alone.
fn unpack_seeds(from: &Path, to: &Path, keep: bool) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for item in std::fs::read_dir(from).into_iter().flatten() {
        let path = item?.path();
        let name = path.file_name().unwrap_or_default();
        if path.extension().is_some_and(|end| end == "json") {
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
