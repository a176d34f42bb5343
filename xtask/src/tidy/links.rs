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
        .filter(|path| path.extension().is_some_and(|end| end == "md") && *path != Path::new("SUMMARY.md"))
        .map(|path| path.to_string_lossy().replace('\\', "/"))
        .collect();
    for page in pages.iter().filter(|page| !links.contains(page.as_str())) {
        faults.push(format!("docs/src/SUMMARY.md: does not list {page}"));
    }
    for link in links.iter().filter(|link| !pages.contains(**link)) {
        faults.push(format!("docs/src/SUMMARY.md: lists {link}, which is not there"));
    }
    Ok(())
}
