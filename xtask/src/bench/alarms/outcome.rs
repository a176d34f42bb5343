//! One package vetted: its grave findings, and how they stand to the lists.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::expected::{List, Package, Standing};

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

#[derive(Deserialize)]
struct Dossier {
    findings: Vec<Finding>,
    subjects: Vec<Subject>,
}

#[derive(Deserialize)]
struct Finding {
    rule: String,
    title: String,
    severity: String,
    effect: Option<String>,
    question: String,
    evidence: Vec<Place>,
}

#[derive(Deserialize)]
struct Place {
    path: String,
}

#[derive(Deserialize)]
struct Subject {
    coverage: Coverage,
}

#[derive(Deserialize)]
struct Coverage {
    functions: Functions,
}

#[derive(Deserialize)]
struct Functions {
    analysed: u64,
    abandoned: u64,
}

impl Outcome {
    /// Vets the tree.
    pub fn of(assay: &Path, package: &Package, version: String, tree: &Path, list: &List) -> anyhow::Result<Self> {
        let start = Instant::now();
        let output = Command::new(assay).args(["vet", "--format", "json"]).arg(tree).stderr(Stdio::inherit()).output()?;
        let seconds = start.elapsed().as_secs_f64();
        // 4: a limit cut the work short; the dossier says so and stands.
        ensure!(matches!(output.status.code(), Some(0 | 4)), "assay vet: {}", output.status);
        let dossier: Dossier = serde_json::from_slice(&output.stdout).context("not a dossier")?;
        let asked = |finding: &&Finding| matches!(finding.question.as_str(), "control" | "disclosure");
        let grave = |finding: &&Finding| matches!(finding.severity.as_str(), "critical" | "high");
        Ok(Self {
            name: package.name.clone(),
            version,
            all: dossier.findings.iter().filter(asked).count(),
            findings: dossier.findings.iter().filter(asked).filter(grave).map(|finding| finding.weigh(package, list)).collect(),
            functions: dossier.subjects.iter().map(|subject| subject.coverage.functions.analysed).sum(),
            given_up: dossier.subjects.iter().map(|subject| subject.coverage.functions.abandoned).sum(),
            seconds,
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

impl Finding {
    fn weigh(&self, package: &Package, list: &List) -> Grave {
        let mut programs: Vec<String> = Vec::new();
        for place in &self.evidence {
            // A trail ends with the path inside the tree.
            let inside = place.path.rsplit('!').next().unwrap_or_default();
            let path = format!("/{}", inside.trim_start_matches('/'));
            if !programs.contains(&path) {
                programs.push(path);
            }
        }
        Grave {
            rule: self.rule.clone(),
            title: self.title.clone(),
            severity: self.severity.clone(),
            standing: list.standing(package, &programs, self.effect.as_deref().unwrap_or_default()),
        }
    }
}
