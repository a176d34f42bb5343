//! One answer per question: what was found, or how far the look went.
//!
//! *Shown* where there are findings. *Not shown* where the question was looked at as a whole and nothing was found: provenance, once
//! something could be opened; control and disclosure, once programs or scripts were read, with how far the reading went. *Not examined*
//! otherwise: a question of which only a part was looked at (the modes of files, but not the programs) is not answered by finding
//! nothing in that part.

use std::{collections::BTreeSet, fmt::Write as _};

use assay_core::{
    Answer, AnswerState, Coverage, Fact, FactBody, Finding, Question, Sha256,
    facts::{ImageFact, SignatureState},
};

use crate::Case;

/// The six answers, in the order of [`Question::ALL`].
#[must_use]
pub fn answers(case: &Case, findings: &[Finding]) -> Vec<Answer> {
    Question::ALL.iter().map(|question| answer(*question, case, findings)).collect()
}

fn answer(question: Question, case: &Case, findings: &[Finding]) -> Answer {
    let own: Vec<&Finding> = findings.iter().filter(|finding| finding.question == question).collect();
    let examined = match question {
        Question::Provenance => !case.subjects.is_empty(),
        Question::Control | Question::Disclosure => code_was_read(case),
        _ => false,
    };
    let gaps: Vec<String> = case.subjects.iter().flat_map(|subject| &subject.coverage.gaps).map(|gap| gap.id.clone()).collect();
    let state = match (own.is_empty(), examined) {
        (false, _) => AnswerState::Shown,
        (true, true) => AnswerState::NotShown,
        (true, false) => AnswerState::NotExamined,
    };
    let mut sentences = Vec::new();
    match state {
        AnswerState::Shown => sentences.extend(own.first().map(|worst| found(worst, own.len()))),
        AnswerState::NotShown if question == Question::Provenance => sentences.push(read(case, gaps.len())),
        AnswerState::NotShown => sentences.push("Nothing was found.".to_owned()),
        AnswerState::NotExamined => {}
    }
    sentences.extend(limit(question, case));
    Answer {
        question,
        state,
        summary: sentences.join(" "),
        findings: own.iter().map(|finding| finding.id.clone()).collect(),
        tables: case.tables.iter().filter(|table| table.question == question).map(|table| table.id.clone()).collect(),
        // What nobody looked at is not limited by gaps.
        gaps: if state == AnswerState::NotExamined { Vec::new() } else { gaps },
    }
}

/// The number of findings and the first of them, which is the worst.
fn found(worst: &Finding, count: usize) -> String {
    match count {
        1 => format!("One finding ({}): {}.", worst.severity, worst.title),
        _ => format!("{count} findings, the worst of them {}: {}.", worst.severity, worst.title),
    }
}

/// How far the look went that found nothing.
fn read(case: &Case, gaps: usize) -> String {
    let (explained, total) = case
        .subjects
        .iter()
        .fold((0_u64, 0_u64), |sum, subject| (sum.0 + subject.coverage.bytes.explained, sum.1 + subject.coverage.bytes.total));
    let limits = match gaps {
        0 => "there are no gaps".to_owned(),
        1 => "one gap limits this".to_owned(),
        count => format!("{count} gaps limit this"),
    };
    format!("Nothing was found; {explained} of {total} bytes are explained, and {limits}.")
}

/// What of the question this version did not look at, in these inputs.
fn limit(question: Question, case: &Case) -> Option<String> {
    let words = match question {
        Question::Control | Question::Disclosure if code_was_read(case) => return Some(code_read(question, case)),
        Question::Control => "Of the image only the modes of its files were looked at; its programs and scripts were not read.",
        Question::Disclosure => "Of the image only private keys were looked for; its programs and scripts were not read.",
        Question::Provenance if case.subjects.is_empty() => "No input could be read.",
        Question::Provenance => return unchecked(case.facts),
        Question::Grid => "No fleet and no network model were read.",
        Question::Customs => "No import entry was read.",
        Question::Dependence => "No bill of materials was read.",
    };
    Some(words.to_owned())
}

/// Was anything read as code?
fn code_was_read(case: &Case) -> bool {
    let functions = case.subjects.iter().any(|subject| subject.coverage.functions.found > 0);
    functions || case.facts.iter().any(|fact| matches!(fact.body, FactBody::Code(_)))
}

/// How far the reading of code went, and what limits it.
fn code_read(question: Question, case: &Case) -> String {
    let programs: BTreeSet<(&str, Sha256)> = case
        .facts
        .iter()
        .filter(|fact| matches!(fact.body, FactBody::Code(_)))
        .map(|fact| (fact.locator.path.as_str(), fact.locator.artifact))
        .collect();
    let sum = |count: fn(&Coverage) -> u64| case.subjects.iter().map(|subject| count(&subject.coverage)).fold(0, u64::saturating_add);
    let (found, analysed) = (sum(|coverage| coverage.functions.found), sum(|coverage| coverage.functions.analysed));
    let (given_up, unresolved) = (sum(|coverage| coverage.functions.abandoned), sum(|coverage| coverage.calls.unresolved));
    let mut words = match programs.len() {
        1 => "One program or script does something that bears on it".to_owned(),
        count => format!("{count} programs and scripts do something that bears on it"),
    };
    if found > 0 {
        let _ = write!(words, "; of {found} functions {analysed} were analysed");
        if given_up > 0 {
            let _ = write!(words, " and {given_up} given up at a limit");
        }
        if unresolved > 0 {
            let _ = write!(words, "; {unresolved} calls lead to where is not known");
        }
    }
    let told = case.tables.iter().filter(|table| table.question == question).map(|table| format!("{} ({})", table.title, table.rows.len()));
    let told: Vec<String> = told.collect();
    if !told.is_empty() {
        let _ = write!(words, "; see the tables {}", told.join(", "));
    }
    words + "."
}

/// Signatures that are neither valid nor invalid, as far as can be told.
fn unchecked(facts: &[Fact]) -> Option<String> {
    let open = |fact: &&Fact| {
        matches!(&fact.body, FactBody::Image(ImageFact::Signature { state: SignatureState::NoKey | SignatureState::NotChecked, .. }))
    };
    match facts.iter().filter(open).count() {
        0 => None,
        1 => Some("One signature could not be checked: no key for it was found, or its scheme is not read.".to_owned()),
        count => Some(format!("{count} signatures could not be checked: no key for them was found, or their scheme is not read.")),
    }
}
