//! `cargo xtask fuzz [SECONDS]`: each fuzz target for that long, with its committed seeds. Needs `cargo-fuzz` and a nightly toolchain.

use std::{
    path::Path,
    process::{Command, ExitCode},
};

use anyhow::{Context, bail};

/// Runs every target of `fuzz/`; fails at the first that finds something.
pub fn run(root: &Path, seconds: u32) -> anyhow::Result<ExitCode> {
    let listed = Command::new("cargo")
        .args(["+nightly", "fuzz", "list"])
        .current_dir(root)
        .output()
        .context("cargo-fuzz is not installed: cargo install cargo-fuzz")?;
    if !listed.status.success() {
        bail!("cargo fuzz list: {}", String::from_utf8_lossy(&listed.stderr));
    }
    for target in String::from_utf8(listed.stdout)?.lines() {
        println!("fuzzing {target} for {seconds} s");
        let mut command = Command::new("cargo");
        command.args(["+nightly", "fuzz", "run", target]).current_dir(root);
        let seeds = root.join("fixtures/formats").join(target.replace('_', "-"));
        let work = root.join("fuzz/corpus-work").join(target);
        std::fs::create_dir_all(&work)?;
        command.arg(&work);
        let plain = root.join("fuzz/seeds-work").join(target);
        unpack_seeds(&seeds, &plain, target == "gzip")?;
        command.arg(&plain);
        command.args(["--", &format!("-max_total_time={seconds}"), "-max_len=262144", "-rss_limit_mb=4096", "-timeout=20"]);
        if !command.status()?.success() {
            bail!("{target} found something: see fuzz/artifacts/{target}");
        }
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
