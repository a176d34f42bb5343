//! Every known behaviour with what came of looking for it: what was not found is told as well.

use assay_core::{Cell, Question, Table};

use super::code::table;
use crate::{
    Case,
    known::{State, all, matches, state},
};

/// The table; inputs in which nothing could show a behaviour have no rows.
pub(crate) fn known(case: &Case) -> Table {
    let found = matches(case);
    let mut rows = Vec::new();
    for (number, (subject, facts)) in case.subjects.iter().zip(case.by_subject()).enumerate() {
        for behaviour in all() {
            let own = found.iter().find(|one| one.subject == number && one.behaviour.id == behaviour.id);
            let state = state(behaviour, subject, facts, own);
            if state == State::NotExamined {
                continue;
            }
            let cells: Vec<Cell> = vec![
                subject.name.as_str().into(),
                behaviour.title.as_str().into(),
                state.words().into(),
                own.map(|one| one.shows.as_str()).unwrap_or_default().into(),
                own.map(|one| one.code.as_str()).unwrap_or_default().into(),
                format!("{:?}", behaviour.question).to_lowercase().into(),
                behaviour.affects.as_str().into(),
                behaviour.source.as_str().into(),
            ];
            rows.push((cells, own.map(|one| one.evidence.clone()).unwrap_or_default()));
        }
    }
    table(
        Question::Control,
        "Known behaviours",
        &["Input", "Behaviour", "State", "Sign", "Code", "Question", "Reported of", "Source"],
        rows,
    )
}
