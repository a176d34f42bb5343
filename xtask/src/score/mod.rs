//! `cargo xtask score [--level L] [NAME…]`: what `assay vet` says of the behaviours of `fixtures/code`, against what they expect.
//!
//! Without names every behaviour is built at every level (as `cargo xtask fixtures code` does) and judged, and the table goes to
//! `docs/src/accuracy.md`. A test of this module does the same with the committed binaries alone, which need no cross compiler.
//! How a dossier is compared with an `expect.toml` stands in [`judge`] and in `fixtures/code/README.md`.

mod judge;
mod table;
mod triggers;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};
use serde::Deserialize;

use crate::fixtures::{
    build::{Compiler, LEVELS},
    expect::{self, Fixture, Isa, Set},
    in_parallel,
};
use table::Row;

/// As much of a dossier as is compared.
#[derive(Debug, Deserialize)]
struct Dossier {
    findings: Vec<Finding>,
}

/// As much of a finding as is compared.
#[derive(Debug, Deserialize)]
struct Finding {
    rule: String,
    severity: String,
    effect: Option<String>,
    holder: Option<Holder>,
    trigger: Vec<String>,
    title: String,
}

#[derive(Debug, Deserialize)]
struct Holder {
    who: String,
    detail: String,
}

/// What came of one variant of one behaviour.
#[derive(Debug)]
struct Outcome {
    behaviour: String,
    variant: String,
    verdict: judge::Verdict,
}

/// Does what the command's arguments ask for.
pub fn run(root: &Path, mut arguments: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let root = root.canonicalize()?;
    let (mut names, mut only) = (Vec::new(), None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--level" => only = Some(arguments.next().context("--level a32-O2, t32-Os, …, or sh")?),
            _ => names.push(argument),
        }
    }
    let whole = names.is_empty() && only.is_none();
    let known = expect::all(&root)?;
    for name in &names {
        ensure!(known.iter().any(|fixture| fixture.name == *name), "{name} is none of the behaviours");
    }
    if let Some(only) = &only {
        ensure!(levels().iter().any(|(level, _)| level == only), "{only} is no level: a32-O2, t32-Os, …, or sh");
    }
    let assay = crate::bench::build_assay(&root)?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let mut rows = Vec::new();
    let compiler = Compiler::new(&root, target.join("fixtures/code"))?;
    for set in Set::ALL {
        let mut fixtures = expect::all(&root)?;
        fixtures.retain(|fixture| fixture.set() == set && (names.is_empty() || names.contains(&fixture.name)));
        for (level, how) in levels() {
            if only.as_ref().is_some_and(|only| *only != level) {
                continue;
            }
            let outcomes = every(&fixtures, how.is_some(), |fixture, variant| {
                compiler.tree(fixture, &level, how)?;
                vet(&assay, &compiler.place(fixture, &level, variant, ""))
            })?;
            for outcome in &outcomes {
                outcome.print(&level);
            }
            rows.push(Row::new(set, &level, &outcomes));
        }
    }
    println!("\n{}", table::text(&rows));
    if whole {
        let path = root.join("docs/src/accuracy.md");
        fs::write(&path, table::page(&rows))?;
        println!("Written: {}", path.display());
    }
    Ok(())
}

/// Folders of trees: instruction sets at each level, and scripts.
fn levels() -> Vec<(String, Option<(Isa, &'static str)>)> {
    let mut levels = Vec::new();
    for isa in [Isa::A32, Isa::T32] {
        for level in LEVELS {
            levels.push((format!("{}-{level}", isa.name()), Some((isa, level))));
        }
    }
    levels.push(("sh".into(), None));
    levels
}

/// Judges all variants of the behaviours that have programs, or of those that have none, with `dossier` as what is said of one.
fn every(
    fixtures: &[Fixture],
    programs: bool,
    dossier: impl Fn(&Fixture, &str) -> anyhow::Result<Dossier> + Sync,
) -> anyhow::Result<Vec<Outcome>> {
    let fixtures: Vec<_> = fixtures.iter().filter(|fixture| fixture.has_programs() == programs).collect();
    let outcomes = std::sync::Mutex::new(Vec::new());
    in_parallel(&fixtures, |fixture| {
        for variant in fixture.variants() {
            let said = dossier(fixture, variant).with_context(|| format!("{} {variant}", fixture.name))?;
            let verdict = judge::verdict(fixture, variant, &said);
            let outcome = Outcome { behaviour: fixture.name.clone(), variant: variant.to_owned(), verdict };
            outcomes.lock().map_err(|_| anyhow::anyhow!("a judge panicked"))?.push(outcome);
        }
        Ok(())
    })?;
    let mut outcomes = outcomes.into_inner().map_err(|_| anyhow::anyhow!("a judge panicked"))?;
    outcomes.sort_by(|a, b| (&a.behaviour, &a.variant).cmp(&(&b.behaviour, &b.variant)));
    Ok(outcomes)
}

/// Runs the command over a tree. A limit that was met does not end a comparison.
fn vet(assay: &Path, tree: &Path) -> anyhow::Result<Dossier> {
    let output = Command::new(assay).args(["vet", "--format", "json"]).arg(tree).output()?;
    ensure!(matches!(output.status.code(), Some(0 | 4)), "{}: {}", tree.display(), String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

impl Outcome {
    /// A line for each thing that is not as expected.
    fn print(&self, level: &str) {
        for fault in &self.verdict.faults {
            println!("{level:<7} {} {}: {fault}", self.behaviour, self.variant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the analysis is held to, of the behaviours that were worked through. A change that gains raises these; none lowers them.
    const RECALL: f64 = 0.95;
    const FLAGGED: f64 = 0.05;

    /// The committed binaries, one instruction set and level each, and all scripts, of each set.
    #[test]
    fn committed_fixtures_are_told_from_their_twins() {
        let root = crate::root().canonicalize().unwrap();
        let assay = crate::bench::build_for_tests(&root).unwrap();
        let mut rows = Vec::new();
        for set in Set::ALL {
            let mut fixtures = expect::all(&root).unwrap();
            fixtures.retain(|fixture| fixture.set() == set);
            for (level, programs) in [("committed", true), ("sh", false)] {
                let outcomes = every(&fixtures, programs, |fixture, variant| {
                    let tree = tempfile::tempdir()?;
                    crate::fixtures::build::committed(fixture, variant, tree.path())?;
                    vet(&assay, tree.path())
                })
                .unwrap();
                for outcome in &outcomes {
                    outcome.print(level);
                }
                rows.push(Row::new(set, level, &outcomes));
            }
        }
        println!("{}", table::text(&rows));
        for row in rows.iter().filter(|row| row.set == Set::Authors) {
            assert!(row.recall() >= RECALL, "{}: recall {:.3}", row.level, row.recall());
            assert!(row.flagged() <= FLAGGED, "{}: harmless flagged {:.3}", row.level, row.flagged());
        }
    }
}
