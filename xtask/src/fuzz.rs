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
        if seeds.is_dir() {
            command.arg(&seeds);
        }
        command.args(["--", &format!("-max_total_time={seconds}"), "-max_len=262144", "-rss_limit_mb=4096", "-timeout=20"]);
        if !command.status()?.success() {
            bail!("{target} found something: see fuzz/artifacts/{target}");
        }
    }
    Ok(ExitCode::SUCCESS)
}
