//! One package vetted: its grave findings, and how they stand to the lists.

use std::path::Path;

use super::expected::{List, Package, Standing};
use crate::bench::vetted::{Finding, Vetted};

/// What came of one package.
pub struct Outcome {
    /// Debian's name and version.
    pub name: String,
    /// As Debian counts.
    pub version: String,
    /// Programs and scripts that findings are about, or none.
    pub findings: Vec<Grave>,
    /// Findings of any severity, for the questions of control and disclosure.
    pub all: usize,
    /// Functions that were analysed.
    pub functions: u64,
    /// Functions of which a limit left some question without an answer.
    pub given_up: u64,
    /// From start to end.
    pub seconds: f64,
}

/// A finding that is `critical` or `high`.
pub struct Grave {
    /// The rule.
    pub rule: String,
    /// Its words.
    pub title: String,
    /// `critical` or `high`.
    pub severity: String,
    /// How it stands to the lists.
    pub standing: Standing,
}

impl Outcome {
    /// Vets the tree.
    pub fn of(assay: &Path, package: &Package, version: String, tree: &Path, list: &List) -> anyhow::Result<Self> {
        let vetted = Vetted::of(assay, tree)?;
        let asked: Vec<&Finding> =
            vetted.findings.iter().filter(|finding| matches!(finding.question.as_str(), "control" | "disclosure")).collect();
        let grave = asked.iter().filter(|finding| finding.grave());
        Ok(Self {
            name: package.name.clone(),
            version,
            all: asked.len(),
            findings: grave.map(|finding| Grave::of(finding, package, list)).collect(),
            functions: vetted.functions,
            given_up: vetted.given_up,
            seconds: vetted.seconds,
        })
    }

    /// What no list has.
    pub fn alarms(&self) -> impl Iterator<Item = &Grave> {
        self.findings.iter().filter(|finding| finding.standing == Standing::Alarm)
    }

    /// For the terminal.
    pub fn lines(&self) -> String {
        let alarms = self.alarms().count();
        let head = format!(
            "{:<20} {:>4} findings, {:>3} grave, {:>3} of them in no list, {:>6} functions, {:.0} s\n",
            self.name,
            self.all,
            self.findings.len(),
            alarms,
            self.functions,
            self.seconds
        );
        let lines = self.alarms().map(|finding| format!("    {:<8} {:<34} {}\n", finding.severity, finding.rule, finding.title));
        std::iter::once(head).chain(lines).collect()
    }
}

impl Grave {
    fn of(finding: &Finding, package: &Package, list: &List) -> Self {
        Self {
            rule: finding.rule.clone(),
            title: finding.title.clone(),
            severity: finding.severity.clone(),
            standing: list.standing(package, &finding.paths(), finding.effect.as_deref().unwrap_or_default()),
        }
    }
}
