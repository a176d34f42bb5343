//! The update chain and its doors.

use assay_core::{Cell, Column, ColumnType, Control, Fact, Question, Table};

use super::code::table;
use crate::chain;

/// Rows of one input at a time.
#[derive(Default)]
pub(super) struct Update {
    links: Vec<super::code::Row>,
    doors: Vec<super::code::Row>,
}

impl Update {
    /// Adds the chain of one input.
    pub(super) fn add(&mut self, facts: &[Fact], controls: &[Control]) {
        for link in chain::links(facts, controls) {
            let place = if link.at.path.is_empty() { "(input)".to_owned() } else { link.at.path.clone() };
            let cells = vec![
                link.stage.into(),
                place.into(),
                link.verified.into(),
                link.key.map(|key| key.to_string()).into(),
                link.outcome.into(),
                link.failure.into(),
                link.rollback.into(),
            ];
            self.links.push((cells, vec![link.at]));
        }
        for door in chain::doors::doors(facts, controls) {
            let cells: Vec<Cell> = vec![door.way.into(), door.who.into(), door.checks.into(), door.failure.into(), door.writes.into()];
            self.doors.push((cells, door.at));
        }
    }

    /// The tables.
    pub(super) fn finish(self) -> [Table; 2] {
        let mut links = table(
            Question::Provenance,
            "Update chain",
            &["Stage", "Where", "What verifies it", "Key", "Outcome here", "Where it fails", "Against older ones, and revocation"],
            self.links,
        );
        if let Some(key) = links.columns.get_mut(3) {
            *key = Column::new("Key", ColumnType::Hash);
        }
        let doors = table(
            Question::Control,
            "Doors of the update",
            &["Way in", "Who", "What is checked", "Where it fails", "What it writes"],
            self.doors,
        );
        [links, doors]
    }
}
