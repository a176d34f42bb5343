//! One answer per question: what was found, or how far the look went.

use assay_core::{Answer, AnswerState, Finding, Question};

use crate::Case;

/// The six answers, in the order of [`Question::ALL`].
#[must_use]
pub fn answers(case: &Case, findings: &[Finding]) -> Vec<Answer> {
    Question::ALL.iter().map(|question| answer(*question, case, findings)).collect()
}

fn answer(question: Question, case: &Case, findings: &[Finding]) -> Answer {
    let own: Vec<&Finding> = findings.iter().filter(|finding| finding.question == question).collect();
    let tables = case.tables.iter().filter(|table| table.question == question).map(|table| table.id.clone()).collect();
    // The image was opened: that is all of what provenance asks of it so far. Programs, traffic, papers and networks were not read.
    let examined = question == Question::Provenance && !case.subjects.is_empty();
    let gaps: Vec<String> = case.subjects.iter().flat_map(|subject| &subject.coverage.gaps).map(|gap| gap.id.clone()).collect();
    let state = match (own.is_empty(), examined) {
        (false, _) => AnswerState::Shown,
        (true, true) => AnswerState::NotShown,
        (true, false) => AnswerState::NotExamined,
    };
    let missing = match question {
        Question::Control | Question::Disclosure => "The programs and scripts of the image were not read by this version.",
        Question::Grid => "No fleet and no network model were read.",
        Question::Customs => "No import entry was read.",
        Question::Dependence => "No bill of materials was read.",
        Question::Provenance => "",
    };
    let summary = match own.first() {
        Some(worst) => {
            let count = if own.len() == 1 { "One finding".to_owned() } else { format!("{} findings", own.len()) };
            format!("{count}, the worst {}: {}. {missing}", worst.severity, worst.title)
        }
        None if examined => {
            let bytes = case
                .subjects
                .iter()
                .fold((0, 0), |sum, subject| (sum.0 + subject.coverage.bytes.explained, sum.1 + subject.coverage.bytes.total));
            format!("Nothing was found in {} of {} bytes that could be read; {} gaps limit this.", bytes.0, bytes.1, gaps.len())
        }
        None => missing.to_owned(),
    };
    let limits_it = state != AnswerState::NotExamined;
    Answer {
        question,
        state,
        summary: summary.trim_end().to_owned(),
        findings: own.iter().map(|finding| finding.id.clone()).collect(),
        tables,
        gaps: if limits_it { gaps } else { Vec::new() },
    }
}
