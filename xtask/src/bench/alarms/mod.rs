//! `cargo xtask bench alarms [PACKAGE…]`: what Assay says of ordinary software.
//!
//! Thirty network programs of Debian are vetted, each in a tree that starts it. `true.toml` names, from before the first run, what is
//! rightly `critical` or `high` in them; whatever else is called so is a false alarm, or something true that nobody foresaw, which
//! `unforeseen.toml` then explains. The whole run writes `docs/src/alarms.md`; a run over some packages only prints.

mod expected;
mod outcome;
mod page;

use std::{fs, path::Path, process::ExitCode};

use anyhow::{Context, ensure};

use super::{apt::Apt, build_assay, shell::need};
use expected::{List, Package};
use outcome::Outcome;

/// Parts of packages that no machine carries.
const LEFT_OUT: [&str; 3] = ["usr/share/doc", "usr/share/man", "usr/share/locale"];

/// Vets the packages that `names` picks, or all.
pub fn run(root: &Path, names: impl Iterator<Item = String>) -> anyhow::Result<ExitCode> {
    let names: Vec<String> = names.collect();
    need(&[("dpkg-deb", "dpkg")])?;
    let list = List::read()?;
    for name in &names {
        ensure!(list.packages.iter().any(|package| package.name == *name), "{name} is none of the packages of true.toml");
    }
    let assay = build_assay(root)?;
    let work = root.join("target/bench");
    let apt = Apt::new(&work)?;
    let mut outcomes = Vec::new();
    for package in list.packages.iter().filter(|package| names.is_empty() || names.contains(&package.name)) {
        let tree = work.join("alarms").join(&package.name);
        plant(&apt, package, &tree).with_context(|| package.name.clone())?;
        let version = apt.version(&package.name)?;
        let outcome = Outcome::of(&assay, package, version, &tree, &list).with_context(|| package.name.clone())?;
        print!("{}", outcome.lines());
        outcomes.push(outcome);
    }
    println!("{}", page::totals(&outcomes));
    if names.is_empty() {
        let path = root.join("docs/src/alarms.md");
        fs::write(&path, page::page(&list, &outcomes))?;
        println!("Written: {}", path.display());
    }
    let silent = outcomes.iter().all(|outcome| outcome.alarms().next().is_none());
    Ok(if silent { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A root filesystem with the package's files and the line that starts its program.
fn plant(apt: &Apt, package: &Package, tree: &Path) -> anyhow::Result<()> {
    if tree.exists() {
        fs::remove_dir_all(tree)?;
    }
    apt.unpack(&package.name, tree)?;
    for path in LEFT_OUT.map(|path| tree.join(path)).iter().filter(|path| path.exists()) {
        fs::remove_dir_all(path)?;
    }
    let scripts = tree.join("etc/init.d");
    fs::create_dir_all(&scripts)?;
    fs::write(tree.join("etc/inittab"), "::sysinit:/etc/init.d/rcS\n")?;
    let script = scripts.join("rcS");
    fs::write(&script, format!("#!/bin/sh\n{}\n", package.start))?;
    executable(&script)
}

#[cfg(unix)]
fn executable(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
}
