//! `cargo xtask tidy`: what the project asks of its own files. An ordinary test runs it too.
//!
//! Everything here reads text, so that it can be tried on a project of a few lines (see the tests) and needs nothing to be built.

mod detectors;
mod formats;
mod links;
mod rules;
#[cfg(test)]
mod tests;

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::manual;

/// Everything that is wrong, one line each.
pub fn faults(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    star(root, &mut faults)?;
    formats::check(root, &mut faults)?;
    detectors::check(root, &mut faults)?;
    rules::check(root, &mut faults)?;
    links::check(root, &mut faults)?;
    for (path, text) in manual::pages(root)? {
        if fs::read_to_string(root.join(&path)).ok().as_ref() != Some(&text) {
            faults.push(format!("{path}: is not what the sources say; run `cargo xtask docs`"));
        }
    }
    homes(root, &mut faults)?;
    Ok(faults)
}

/// `app` knows every crate, every crate knows `core`, siblings do not know each other.
fn star(root: &Path, faults: &mut Vec<String>) -> anyhow::Result<()> {
    for name in names(&root.join("crates"))? {
        let manifest = fs::read_to_string(root.join("crates").join(&name).join("Cargo.toml"))?;
        for line in manifest.lines() {
            // `assay-core.workspace = true`, or a table of its own.
            let line = line.trim_start_matches("[dependencies.").trim_start_matches("[dev-dependencies.");
            let Some(other) = line.strip_prefix("assay-").and_then(|rest| rest.split(['.', ' ', '=', ']']).next()) else { continue };
            if name != "app" && (other != "core" || name == "core") {
                faults.push(format!("crates/{name}/Cargo.toml: {name} must not know {other}"));
            }
        }
    }
    Ok(())
}

/// No text may name a home directory: it is somebody's computer that shows there.
fn homes(root: &Path, faults: &mut Vec<String>) -> anyhow::Result<()> {
    // Put together here, so that this file does not name one itself.
    let folders = ["home", "Users"].map(|parent| format!("/{parent}/"));
    let tools = ["cargo", "rustup", "cache", "config", "local"].map(|tool| format!("/{}/.{tool}", "root"));
    for path in files(root)? {
        let Ok(text) = fs::read_to_string(root.join(&path)) else { continue };
        for (number, line) in text.lines().enumerate() {
            // A folder's name follows; a mere mention of the parent has a space, a quote or a placeholder there.
            let named = folders.iter().any(|folder| {
                line.split(folder.as_str()).skip(1).any(|rest| rest.starts_with(|first: char| first.is_ascii_alphanumeric()))
            });
            if named || tools.iter().any(|tool| line.contains(tool.as_str())) {
                faults.push(format!("{}:{}: names a path of a home directory", path.display(), number + 1));
            }
        }
    }
    Ok(())
}

/// Names in a folder, sorted; none where the folder is not there.
fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// All files of the project below `root`, relative to it, sorted; what is built or hidden is left out.
fn files(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let (mut folders, mut found) = (vec![PathBuf::new()], Vec::new());
    while let Some(folder) = folders.pop() {
        for name in names(&root.join(&folder))? {
            let path = folder.join(&name);
            let whole = root.join(&path);
            if whole.is_symlink() || name == ".git" || name == "target" || name == "node_modules" {
                continue;
            }
            if whole.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}
