//! Each detector is registered, has every section of its page, and has a positive fixture and a harmless twin: files of its own, or a
//! behaviour of `fixtures/code`, which always comes as a pair.

use std::{collections::BTreeSet, fs, path::Path};

use super::names;
use crate::{fixtures::expect, manual};

/// Sections that a detector's header must have: it is the rule's page in the manual.
const PAGE: [&str; 6] = ["What it shows", "Why it matters", "How it works", "False positives", "False negatives", "References"];
/// Test keys that several fixtures share.
const KEYS: &str = "keys";

/// Looks at every file of `crates/inspect/src/judge/<question>/`.
pub fn check(root: &Path, faults: &mut Vec<String>) -> anyhow::Result<()> {
    let fixtures = root.join("fixtures/detectors");
    let mut rules = BTreeSet::new();
    let behaviours = behaviours(root)?;
    for detector in manual::detectors(root)? {
        let place = format!("judge/{}/{}", detector.question, detector.name);
        let registry = fs::read_to_string(root.join("crates/inspect/src/judge").join(&detector.question).join("mod.rs"))?;
        if !registry.contains(&format!("{}::DETECTOR", detector.name)) {
            faults.push(format!("{place}: not registered"));
        }
        for section in PAGE {
            if !detector.header.contains(&format!("## {section}\n")) {
                faults.push(format!("{place}: the header has no section {section}"));
            }
        }
        let expected = format!("{}.{}", detector.question, detector.name.replace('_', "-"));
        if detector.id != expected {
            faults.push(format!("{place}: the rule's id is {}, not {expected}", detector.id));
        }
        let inputs = names(&fixtures.join(&detector.id))?;
        for (kind, words) in [("positive-", "positive fixture"), ("twin-", "harmless twin")] {
            if !inputs.iter().any(|name| name.starts_with(kind)) && !behaviours.contains(&detector.id) {
                faults.push(format!("fixtures/detectors/{}: no {words}", detector.id));
            }
        }
        for name in inputs.iter().filter(|name| !name.starts_with("positive-") && !name.starts_with("twin-")) {
            faults.push(format!("fixtures/detectors/{}/{name}: neither positive nor twin, so no test reads it", detector.id));
        }
        rules.insert(detector.id);
    }
    for rule in behaviours.difference(&rules) {
        faults.push(format!("fixtures/code: {rule} is expected, and there is no such rule"));
    }
    for folder in names(&fixtures)? {
        if folder != KEYS && !rules.contains(&folder) {
            faults.push(format!("fixtures/detectors/{folder}: there is no such rule"));
        }
    }
    Ok(())
}

/// Rules that a behaviour of `fixtures/code` must set off. Its twin must not: a test of the fixtures holds that there is one.
fn behaviours(root: &Path) -> anyhow::Result<BTreeSet<String>> {
    if !root.join("fixtures/code").is_dir() {
        return Ok(BTreeSet::new());
    }
    let all = expect::all(root)?.into_iter().map(|fixture| fixture.expect);
    Ok(all.flat_map(|expect| expect.rule.into_iter().chain(expect.variant.into_iter().map(|variant| variant.rule))).collect())
}
