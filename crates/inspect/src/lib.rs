//! Assay's judgement: facts to findings, findings to answers.
//!
//! This is the only crate that judges, and it sees nothing but the evidence model: **no file is opened here**, so a finding can only
//! rest on facts that carry their locators. Detectors live in [`judge`], one file each, in a folder per question; a detector's header
//! is its page in the manual.

pub mod answers;
pub mod judge;
pub mod tables;

use assay_core::{
    Answer, Control, Dossier, Fact, SCHEMA, Statement, Table,
    dossier::{Subject, Tool},
};

/// Everything a detector may look at.
pub struct Case<'a> {
    /// The inputs, with manifests, artifacts and coverage.
    pub subjects: &'a [Subject],
    /// All facts.
    pub facts: &'a [Fact],
    /// What the machine can be made to do.
    pub controls: &'a [Control],
    /// Numbers.
    pub tables: &'a [Table],
}

/// Somebody's words on the finding with a fingerprint.
pub struct KeyedStatement {
    /// `sha256:…` of the finding.
    pub fingerprint: assay_core::Sha256,
    /// The words.
    pub statement: Statement,
}

/// Judges the evidence and writes the dossier. Gaps are numbered here, through all subjects.
#[must_use]
pub fn inspect(tool: Tool, mut subjects: Vec<Subject>, facts: Vec<Fact>, statements: &[KeyedStatement], complete: bool) -> Dossier {
    let gaps = subjects.iter_mut().flat_map(|subject| &mut subject.coverage.gaps);
    for (number, gap) in gaps.enumerate() {
        gap.id = format!("G{}", number + 1);
    }
    let tables = tables::tables(&subjects, &facts);
    let case = Case { subjects: &subjects, facts: &facts, controls: &[], tables: &tables };
    let mut findings = judge::judge(&case);
    for finding in &mut findings {
        let said = statements.iter().filter(|said| said.fingerprint == finding.fingerprint);
        finding.statements = said.map(|said| said.statement.clone()).collect();
    }
    let answers: Vec<Answer> = answers::answers(&case, &findings);
    Dossier {
        schema: SCHEMA.to_owned(),
        tool,
        complete,
        subjects,
        answers,
        findings,
        controls: Vec::new(),
        tables,
        assumptions: Vec::new(),
        facts: Some(facts),
    }
}
