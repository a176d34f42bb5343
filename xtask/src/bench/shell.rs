//! Programs of the system that the benchmarks call.

use std::{path::Path, process::Command};

use anyhow::{Context, ensure};

/// Is there such a program?
pub fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]).any(|folder| folder.join(program).is_file())
}

/// Runs a line of shell in `folder`.
pub fn shell(line: &str, folder: &Path) -> anyhow::Result<()> {
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    let output = Command::new("bash")
        .args(["-o", "pipefail", "-ec", line])
        .env("PATH", path)
        .env("SOURCE_DATE_EPOCH", "1700000000")
        .current_dir(folder)
        .output()?;
    ensure!(output.status.success(), "{line}\n{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// The day, for a page that says when it was written.
pub fn today() -> anyhow::Result<String> {
    let output = Command::new("date").args(["-u", "+%F"]).output().context("date")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Refuses where a program is missing that a Debian package has.
pub fn need(programs: &[(&str, &str)]) -> anyhow::Result<()> {
    for (program, package) in programs {
        ensure!(on_path(program), "{program} is missing: apt-get install {package}");
    }
    Ok(())
}
