//! What `assay vet` says of a tree, as far as the benchmarks ask for it.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, ensure};
use serde::Deserialize;

/// One run.
pub struct Vetted {
    /// Everything that was found.
    pub findings: Vec<Finding>,
    /// Functions that were analysed.
    pub functions: u64,
    /// Functions of which a limit left some question without an answer.
    pub given_up: u64,
    /// From start to end.
    pub seconds: f64,
}

/// A finding.
#[derive(Deserialize)]
pub struct Finding {
    /// The rule.
    pub rule: String,
    /// Its words.
    pub title: String,
    /// `critical` to `info`.
    pub severity: String,
    /// What can be done, where the finding is about that.
    pub effect: Option<String>,
    /// The question.
    pub question: String,
    evidence: Vec<Place>,
}

#[derive(Deserialize)]
struct Dossier {
    findings: Vec<Finding>,
    subjects: Vec<Subject>,
}

#[derive(Deserialize)]
struct Place {
    path: String,
    #[serde(default)]
    excerpt: String,
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

impl Vetted {
    /// Vets the tree.
    pub fn of(assay: &Path, tree: &Path) -> anyhow::Result<Self> {
        let start = Instant::now();
        let output = Command::new(assay).args(["vet", "--format", "json"]).arg(tree).stderr(Stdio::inherit()).output()?;
        let seconds = start.elapsed().as_secs_f64();
        // 4: a limit cut the work short; the dossier says so and stands.
        ensure!(matches!(output.status.code(), Some(0 | 4)), "assay vet: {}", output.status);
        let dossier: Dossier = serde_json::from_slice(&output.stdout).context("not a dossier")?;
        Ok(Self {
            findings: dossier.findings,
            functions: dossier.subjects.iter().map(|subject| subject.coverage.functions.analysed).sum(),
            given_up: dossier.subjects.iter().map(|subject| subject.coverage.functions.abandoned).sum(),
            seconds,
        })
    }
}

impl Finding {
    /// Is it `critical` or `high`?
    pub fn grave(&self) -> bool {
        matches!(self.severity.as_str(), "critical" | "high")
    }

    /// Paths inside the tree that its evidence is in, each once, in order. A name that only the manifest has stands in the excerpt.
    pub fn paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = Vec::new();
        for place in &self.evidence {
            // A trail ends with the path inside the tree.
            let inside = place.path.rsplit('!').next().filter(|path| !path.is_empty());
            let inside = inside.or_else(|| place.excerpt.split(' ').nth(2)).unwrap_or_default();
            let path = format!("/{}", inside.trim_start_matches('/'));
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        paths
    }
}
