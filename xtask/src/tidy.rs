//! What the project asks of its own files: the star of dependencies, registration, headers.

use std::{fs, path::Path};

/// Sections that a detector's header must have: it is the rule's page in the manual.
const PAGE: [&str; 6] = ["What it shows", "Why it matters", "How it works", "False positives", "False negatives", "References"];

/// Everything that is wrong, one line each.
pub fn faults(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    star(root, &mut faults)?;
    formats(root, &mut faults)?;
    detectors(root, &mut faults)?;
    Ok(faults)
}

/// `app` knows every crate, every crate knows `core`, siblings do not know each other.
fn star(root: &Path, faults: &mut Vec<String>) -> anyhow::Result<()> {
    for entry in fs::read_dir(root.join("crates"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let manifest = fs::read_to_string(root.join("crates").join(&name).join("Cargo.toml"))?;
        for line in manifest.lines().filter(|line| line.starts_with("assay-")) {
            let other = line.trim_start_matches("assay-").split(['.', ' ', '=']).next().unwrap_or_default();
            if name != "app" && (other != "core" || name == "core") {
                faults.push(format!("crates/{name}/Cargo.toml: {name} must not know {other}"));
            }
        }
    }
    Ok(())
}

fn modules(folder: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "rs") && path.file_name().is_some_and(|name| name != "mod.rs") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            files.push((name, fs::read_to_string(&path)?));
        } else if path.join("mod.rs").is_file() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push((name, fs::read_to_string(path.join("mod.rs"))?));
        }
    }
    files.sort();
    Ok(files)
}

fn formats(root: &Path, faults: &mut Vec<String>) -> anyhow::Result<()> {
    let folder = root.join("crates/unpack/src/formats");
    let registry = fs::read_to_string(folder.join("mod.rs"))?;
    for (name, text) in modules(&folder)? {
        if !text.contains("static FORMAT") && !text.contains("Format = Format {") {
            continue;
        }
        if !registry.contains(&format!("&{name}::")) {
            faults.push(format!("formats/{name}: not registered in formats/mod.rs"));
        }
        for section in ["**Specification**", "**Limitations**"] {
            if !text.contains(section) {
                faults.push(format!("formats/{name}: the header has no {section}"));
            }
        }
    }
    Ok(())
}

fn detectors(root: &Path, faults: &mut Vec<String>) -> anyhow::Result<()> {
    for question in ["control", "disclosure", "provenance"] {
        let folder = root.join("crates/inspect/src/judge").join(question);
        let registry = fs::read_to_string(folder.join("mod.rs"))?;
        for (name, text) in modules(&folder)? {
            if !registry.contains(&format!("{name}::DETECTOR")) {
                faults.push(format!("judge/{question}/{name}: not registered"));
            }
            for section in PAGE {
                if !text.contains(&format!("//! ## {section}")) {
                    faults.push(format!("judge/{question}/{name}: the header has no section {section}"));
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_project_is_tidy() {
        let faults = super::faults(&crate::root()).unwrap();
        assert!(faults.is_empty(), "{faults:#?}");
    }
}
