//! Assay's judgement: facts to findings, findings to answers.
//!
//! This is the only crate that judges, and it sees nothing but the evidence model: **no file is opened here**, so a finding can only
//! rest on facts that carry their locators. Detectors live in [`judge`], one file each, in a folder per question; a detector's header
//! is its page in the manual.

pub mod answers;
mod chain;
mod chains;
pub mod compare;
mod domains;
pub mod egress;
mod excerpts;
mod golden;
pub mod judge;
mod kernel;
pub mod known;
mod logins;
mod phrases;
mod places;
mod resolve;
mod rights;
pub mod rules;
pub mod tables;

pub use golden::Golden;

use assay_core::{
    Answer, Control, Dossier, Fact, SCHEMA, Statement, Table,
    dossier::{Subject, Tool},
};

/// Everything a detector may look at.
pub struct Case<'a> {
    /// The day that counts as today, `YYYY-MM-DD`.
    pub as_of: &'a str,
    /// The inputs, with manifests, artifacts and coverage.
    pub subjects: &'a [Subject],
    /// All facts, those of one input after those of another.
    pub facts: &'a [Fact],
    /// How many of them each input has.
    pub counts: &'a [usize],
    /// What the machine can be made to do.
    pub controls: &'a [Control],
    /// Numbers.
    pub tables: &'a [Table],
    /// The image that the inputs ought to be.
    pub golden: Option<&'a Golden>,
    /// Each input laid beside it.
    pub comparisons: &'a [compare::Comparison],
}

impl<'a> Case<'a> {
    /// The facts of each input, in their order.
    pub fn by_subject(&self) -> impl Iterator<Item = &'a [Fact]> {
        split(self.facts, self.counts)
    }
}

/// `facts` cut into pieces of `counts`.
fn split<'a>(facts: &'a [Fact], counts: &[usize]) -> impl Iterator<Item = &'a [Fact]> {
    let mut rest = facts;
    counts.iter().map(move |count| {
        let (piece, after) = rest.split_at((*count).min(rest.len()));
        rest = after;
        piece
    })
}

/// Somebody's words on the finding with a fingerprint.
pub struct KeyedStatement {
    /// `sha256:…` of the finding.
    pub fingerprint: assay_core::Sha256,
    /// The words.
    pub statement: Statement,
}

/// Judges the evidence and writes the dossier. Gaps are numbered here, through all subjects. `facts` holds those of each subject, in the
/// order of the subjects, with the numbers that they have in the dossier. `golden`: what they are held against.
#[must_use]
pub fn inspect(
    tool: Tool,
    mut subjects: Vec<Subject>,
    facts: Vec<Vec<Fact>>,
    golden: Option<&Golden>,
    statements: &[KeyedStatement],
    complete: bool,
) -> Dossier {
    let counts: Vec<usize> = facts.iter().map(Vec::len).collect();
    let facts: Vec<Fact> = facts.into_iter().flatten().collect();
    let (mut controls, mut code, mut loose) = (Vec::new(), tables::Code::default(), Vec::new());
    for (subject, own) in subjects.iter().zip(split(&facts, &counts)) {
        let resolved = resolve::resolve(subject, own);
        code.add(&resolved, own);
        controls.extend(resolved.controls);
        loose.push(resolved.gaps);
    }
    for (subject, gaps) in subjects.iter_mut().zip(loose) {
        subject.coverage.gaps.extend(gaps);
    }
    let gaps = subjects.iter_mut().flat_map(|subject| &mut subject.coverage.gaps);
    for (number, gap) in gaps.enumerate() {
        gap.id = format!("G{}", number + 1);
    }
    let comparisons: Vec<compare::Comparison> = golden.map_or_else(Vec::new, |golden| {
        subjects.iter().zip(split(&facts, &counts)).map(|(subject, own)| golden.against(subject, own)).collect()
    });
    let bare = Case {
        as_of: &tool.as_of,
        subjects: &subjects,
        facts: &facts,
        counts: &counts,
        controls: &controls,
        tables: &[],
        golden,
        comparisons: &comparisons,
    };
    let mut more = vec![tables::known(&bare)];
    more.extend(golden.map(|golden| golden::release(golden, &subjects, &comparisons)));
    more.extend(tables::pools(&facts, &controls));
    let mut tables = tables::tables(&subjects, &facts, &counts, code, more);
    let case = Case { tables: &tables, ..bare };
    let mut findings = judge::judge(&case);
    for finding in &mut findings {
        let said = statements.iter().filter(|said| said.fingerprint == finding.fingerprint);
        finding.statements.extend(said.map(|said| said.statement.clone()));
    }
    let answers: Vec<Answer> = answers::answers(&case, &findings);
    // Last, because its lines cite findings.
    let mut egress = egress::table(&facts, &findings);
    if !egress.rows.is_empty() {
        egress.id = format!("T{}", tables.len() + 1);
        tables.push(egress);
    }
    let mut excerpts = excerpts::Excerpts::of(&facts);
    for finding in &mut findings {
        excerpts.fill(&mut finding.evidence);
    }
    for control in &mut controls {
        excerpts.fill(&mut control.path);
    }
    Dossier {
        schema: SCHEMA.to_owned(),
        tool,
        complete,
        subjects,
        answers,
        findings,
        controls,
        tables,
        assumptions: Vec::new(),
        golden: golden.map(Golden::reference),
        facts: Some(facts),
    }
}
