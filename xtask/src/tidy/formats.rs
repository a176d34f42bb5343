//! Each format is registered, says its specification and limitations, and has a fixture and a harmless twin.

use std::{fs, path::Path};

use super::names;
use crate::manual;

/// Looks at every file of `crates/unpack/src/formats` that has a format in it, and at the layouts.
pub fn check(root: &Path, faults: &mut Vec<String>) -> anyhow::Result<()> {
    let registry = fs::read_to_string(root.join("crates/unpack/src/formats/mod.rs"))?;
    for module in manual::formats(root)? {
        let place = format!("formats/{}", module.name);
        if !registry.contains(&format!("&{}::", module.name)) {
            faults.push(format!("{place}: not registered in formats/mod.rs"));
        }
        header(&place, &module.header, faults);
        for (format, _) in &module.formats {
            let fixtures = names(&root.join("fixtures/formats").join(format))?;
            let good = |name: &String| {
                !name.starts_with("not-") && !name.starts_with("hostile-") && Path::new(name).extension().is_none_or(|end| end != "json")
            };
            if !fixtures.iter().any(good) {
                faults.push(format!("fixtures/formats/{format}: no fixture"));
            }
            if !fixtures.iter().any(|name| name.starts_with("not-")) {
                faults.push(format!("fixtures/formats/{format}: no harmless twin"));
            }
        }
    }
    for module in manual::layouts(root)? {
        header(&format!("layouts/{}", module.name), &module.header, faults);
    }
    Ok(())
}

fn header(place: &str, text: &str, faults: &mut Vec<String>) {
    for section in ["**Specification**", "**Limitations**"] {
        if !text.contains(section) {
            faults.push(format!("{place}: the header has no {section}"));
        }
    }
}
