//! The tables of what programs and scripts do, gathered system by system.

use assay_core::{Cell, Column, ColumnType, Evidence, Fact, Question, Table};

use super::{endpoints, listeners, update::Update, words};
use crate::resolve::Resolved;

/// Rows of one table; more are not read by anybody, and the facts have all.
const MOST: usize = 5_000;

/// A row with the places that it was read from.
pub(crate) type Row = (Vec<Cell>, Vec<Evidence>);

/// Rows so far.
#[derive(Default)]
pub struct Code {
    listeners: Vec<Row>,
    endpoints: Vec<Row>,
    words: Vec<Row>,
    update: Update,
}

impl Code {
    /// Adds the rows of one input.
    pub fn add(&mut self, resolved: &Resolved, facts: &[Fact]) {
        self.update.add(facts, &resolved.controls);
        for scene in &resolved.scenes {
            self.listeners.extend(listeners::rows(scene));
            self.endpoints.extend(endpoints::rows(scene));
            self.words.extend(words::rows(scene, &resolved.controls));
        }
    }

    /// The tables.
    pub(super) fn finish(self) -> [Table; 5] {
        let [links, doors] = self.update.finish();
        [
            links,
            doors,
            table(Question::Control, "Listeners", &listeners::COLUMNS, self.listeners),
            table(Question::Disclosure, "Endpoints", &endpoints::COLUMNS, self.endpoints),
            table(Question::Control, "Command words", &words::COLUMNS, self.words),
        ]
    }
}

pub(crate) fn table(question: Question, title: &str, columns: &[&str], mut rows: Vec<Row>) -> Table {
    rows.truncate(MOST);
    let (rows, evidence) = rows.into_iter().unzip();
    let columns = columns.iter().map(|name| Column::new(name, if *name == "Port" { ColumnType::Integer } else { ColumnType::Text }));
    Table { id: String::new(), question, title: title.to_owned(), columns: columns.collect(), rows, evidence }
}
