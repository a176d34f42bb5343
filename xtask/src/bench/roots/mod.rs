//! `cargo xtask bench roots [ROOT…]`: what Assay says of ordinary systems.
//!
//! Four root filesystems of Debian, with different packages and for two processors, and one of BusyBox built from its source are vetted
//! whole. `true.toml` names, from before the first run, what is rightly above `medium` in them; whatever else is called so is a false
//! alarm, or something true that nobody foresaw, which `unforeseen.toml` then explains. The whole run writes `docs/src/roots.md`; a run
//! over some roots only prints.

mod build;
mod expected;
mod page;

use std::{collections::BTreeMap, fmt::Write, fs, path::Path, process::ExitCode};

use anyhow::{Context, ensure};

use super::{build_assay, vetted::Vetted};
use expected::{List, RootSpec, Standing};

/// What came of one root.
struct Outcome<'a> {
    root: &'a RootSpec,
    vetted: Vetted,
    /// Findings above `medium`, by their place in the run, and how they stand to the lists.
    grave: Vec<(usize, Standing)>,
}

/// Vets the roots that `names` picks, or all.
pub fn run(root: &Path, work: &Path, names: impl Iterator<Item = String>) -> anyhow::Result<ExitCode> {
    let names: Vec<String> = names.collect();
    let list = List::read()?;
    for name in &names {
        ensure!(list.roots.iter().any(|root| root.name == *name), "{name} is none of the roots of true.toml");
    }
    let assay = build_assay(root)?;
    let mut outcomes = Vec::new();
    for spec in list.roots.iter().filter(|spec| names.is_empty() || names.contains(&spec.name)) {
        let tree = build::tree(work, spec).with_context(|| spec.name.clone())?;
        let outcome = Outcome::of(spec, Vetted::of(&assay, &tree).with_context(|| spec.name.clone())?, &list);
        print!("{}", outcome.lines());
        outcomes.push(outcome);
    }
    if names.is_empty() {
        let path = root.join("docs/src/roots.md");
        fs::write(&path, page::page(&list, &outcomes))?;
        println!("Written: {}", path.display());
    }
    Ok(if outcomes.iter().all(|outcome| outcome.alarms() == 0) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl<'a> Outcome<'a> {
    fn of(root: &'a RootSpec, vetted: Vetted, list: &List) -> Self {
        let grave = vetted.findings.iter().enumerate().filter(|(_, finding)| finding.grave()).map(|(index, finding)| {
            (index, list.standing(root, &finding.paths(), &finding.rule, finding.effect.as_deref().unwrap_or_default()))
        });
        Self { root, grave: grave.collect(), vetted }
    }

    /// How many are in no list.
    fn alarms(&self) -> usize {
        self.grave.iter().filter(|(_, standing)| *standing == Standing::Alarm).count()
    }

    /// Findings by severity, worst first.
    fn by_severity(&self) -> [usize; 5] {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for finding in &self.vetted.findings {
            *counts.entry(finding.severity.as_str()).or_default() += 1;
        }
        ["critical", "high", "medium", "low", "info"].map(|severity| counts.get(severity).copied().unwrap_or_default())
    }

    /// For the terminal: a line, what is in no list, and what is `medium`.
    fn lines(&self) -> String {
        let [critical, high, medium, low, info] = self.by_severity();
        let mut text = format!(
            "{:<22} {critical} critical, {high} high, {medium} medium, {low} low, {info} info; {} in no list; {} functions, {:.0} s\n",
            self.root.name,
            self.alarms(),
            self.vetted.functions,
            self.vetted.seconds
        );
        for finding in self.vetted.findings.iter().filter(|finding| finding.grave() || finding.severity == "medium") {
            let _ = writeln!(text, "    {:<8} {:<34} {}", finding.severity, finding.rule, finding.title);
        }
        text
    }
}
