//! `cargo xtask bench unpack | functions | code | alarms | roots | parts`: Assay beside the tools people use today. Each command writes its page of the manual.
//!
//! | command | what is judged | page |
//! | --- | --- | --- |
//! | [`unpack`] | processor time per byte correctly recovered from a package | `docs/src/benchmarks.md` |
//! | [`functions`] | functions found in stripped programs, against what their symbols said | `docs/src/functions.md` |
//! | [`code`] | time and memory by size of a program | `docs/src/speed.md` |
//! | [`alarms`] | what is said of ordinary network programs | `docs/src/alarms.md` |
//! | [`parts`] | components recognised, against what packages say of themselves | `docs/src/parts.md` |
//! | [`roots`] | what is said of ordinary systems | `docs/src/roots.md` |
//!
//! What they are made of comes from Debian and is cached under `target/bench`, as are the peers: the first run takes its time.

mod alarms;
mod apt;
mod code;
mod functions;
mod measure;
mod parts;
mod roots;
mod shell;
mod unpack;
mod vetted;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{bail, ensure};

/// `cargo xtask bench …`.
pub fn run(root: &Path, mut arguments: impl Iterator<Item = String>) -> anyhow::Result<ExitCode> {
    let root = root.canonicalize()?;
    let work = root.join("target/bench");
    fs::create_dir_all(&work)?;
    match arguments.next().as_deref() {
        Some("unpack") => unpack::run(&root, &work, arguments)?,
        Some("functions") => functions::run(&root, &work, arguments)?,
        Some("code") => code::run(&root, &work, arguments)?,
        Some("alarms") => return alarms::run(&root, arguments),
        Some("parts") => return parts::run(&root, &work, arguments),
        Some("roots") => return roots::run(&root, &work, arguments),
        _ => bail!("usage: cargo xtask bench unpack | functions | code | alarms | roots | parts [OPTIONS]"),
    }
    Ok(ExitCode::SUCCESS)
}

/// The release build: what people run.
pub(crate) fn build_assay(root: &Path) -> anyhow::Result<PathBuf> {
    Ok(build(root, &["--package", "assay"])?.join("assay"))
}

/// The build that tests run, which is there already where the whole workspace is tested.
#[cfg(test)]
pub(crate) fn build_for_tests(root: &Path) -> anyhow::Result<PathBuf> {
    Ok(build_as(root, "dev", &["--package", "assay"])?.join("assay"))
}

/// Builds what `select` names as people run it, for release. Gives the folder of the build.
fn build(root: &Path, select: &[&str]) -> anyhow::Result<PathBuf> {
    build_as(root, "release", select)
}

fn build_as(root: &Path, profile: &str, select: &[&str]) -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status =
        Command::new(cargo).args(["build", "--locked", "--quiet", "--profile", profile]).args(select).current_dir(root).status()?;
    ensure!(status.success(), "it does not build: {}", select.join(" "));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join(if profile == "dev" { "debug" } else { profile }))
}
