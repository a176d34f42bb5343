//! The manual's contents: each page is in `SUMMARY.md`, and each link of `SUMMARY.md` leads to a page.

use std::{collections::BTreeSet, fs, path::Path};

use super::files;

/// Compares `docs/src/SUMMARY.md` with the folder.
pub fn check(root: &Path, faults: &mut Vec<String>) -> anyhow::Result<()> {
    let folder = root.join("docs/src");
    let summary = fs::read_to_string(folder.join("SUMMARY.md"))?;
    let links: BTreeSet<&str> = summary.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    let pages: BTreeSet<String> = files(&folder)?
        .iter()
        .map(|path| path.to_string_lossy().replace('\\', "/"))
        .filter(|path| path.ends_with(".md") && path != "SUMMARY.md")
        .collect();
    for page in pages.iter().filter(|page| !links.contains(page.as_str())) {
        faults.push(format!("docs/src/SUMMARY.md: does not list {page}"));
    }
    for link in links.iter().filter(|link| !pages.contains(**link)) {
        faults.push(format!("docs/src/SUMMARY.md: lists {link}, which is not there"));
    }
    Ok(())
}
