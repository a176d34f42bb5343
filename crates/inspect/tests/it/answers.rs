//! Shown, not shown, not examined: three different answers.

use assay_core::{
    Answer, AnswerState, Dossier, Gap, GapKind, Question, Sha256,
    facts::{KeyPlace, SignatureState},
};

use crate::{fact, inspect, setuid, signature, subject};

fn answer(dossier: &Dossier, question: Question) -> &Answer {
    dossier.answers.iter().find(|answer| answer.question == question).unwrap()
}

#[test]
fn one_answer_per_question_in_order() {
    let dossier = inspect(vec![subject("a", Vec::new())], Vec::new());
    let order: Vec<Question> = dossier.answers.iter().map(|answer| answer.question).collect();
    assert_eq!(order, Question::ALL);
    assert!(dossier.answers.iter().all(|answer| !answer.summary.is_empty()));
}

#[test]
fn a_finding_makes_it_shown() {
    let dossier = inspect(vec![subject("a", vec![setuid("bin/x", 0)])], Vec::new());
    let control = answer(&dossier, Question::Control);
    assert_eq!((control.state, &control.findings[..]), (AnswerState::Shown, &["F1".to_owned()][..]));
    assert!(control.summary.starts_with("One finding (medium): bin/x "), "{}", control.summary);
    // What was not looked at stands beside it all the same.
    assert!(control.summary.ends_with("its programs and scripts were not read."), "{}", control.summary);
}

#[test]
fn an_opened_image_without_findings_is_not_shown() {
    let mut input = subject("a", Vec::new());
    let gap = |why| Gap { id: String::new(), artifact: Sha256::of(b"a"), path: String::new(), span: (0, 0), why, note: String::new() };
    input.coverage.gaps = vec![gap(GapKind::Encrypted), gap(GapKind::OverLimit)];
    let dossier = inspect(vec![input], Vec::new());
    let provenance = answer(&dossier, Question::Provenance);
    assert_eq!((provenance.state, &provenance.gaps[..]), (AnswerState::NotShown, &["G1".to_owned(), "G2".to_owned()][..]));
    assert_eq!(provenance.summary, "Nothing was found; 1000 of 1000 bytes are explained, and 2 gaps limit this.");
}

#[test]
fn what_nobody_looked_at_is_not_examined() {
    let dossier = inspect(vec![subject("a", Vec::new())], Vec::new());
    for question in Question::ALL.into_iter().filter(|question| *question != Question::Provenance) {
        let answer = answer(&dossier, question);
        assert_eq!((answer.state, answer.gaps.len()), (AnswerState::NotExamined, 0), "{question}");
        assert!(answer.summary.contains(" not read") || answer.summary.starts_with("No "), "{question}: {}", answer.summary);
    }
    let nothing = inspect(Vec::new(), Vec::new());
    assert_eq!(answer(&nothing, Question::Provenance).state, AnswerState::NotExamined);
    assert_eq!(answer(&nothing, Question::Provenance).summary, "No input could be read.");
}

#[test]
fn signatures_that_nobody_could_check_are_counted() {
    let open = |state| fact("a", "", 0, signature("package", state, b"", KeyPlace::Nowhere, ""));
    let dossier = inspect(vec![subject("a", Vec::new())], vec![open(SignatureState::NoKey), open(SignatureState::NotChecked)]);
    let provenance = answer(&dossier, Question::Provenance);
    assert_eq!(provenance.state, AnswerState::NotShown);
    assert!(provenance.summary.contains(" 2 signatures could not be checked"), "{}", provenance.summary);
}
