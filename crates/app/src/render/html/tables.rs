//! Tables, with the evidence of each row.

use assay_core::{Cell, ColumnType, Evidence, Table};

use super::super::words::{self, Places};

/// Rows shown of one table.
const ROWS: usize = 1000;
/// Tables of more rows are folded.
const OPEN: usize = 30;

/// Longest word that a cell keeps whole, in characters.
const WORD: usize = 22;

/// A table as the page shows it.
pub struct Grid<'a> {
    pub t: &'a Table,
    pub has_evidence: bool,
    pub open: bool,
}

impl<'a> Grid<'a> {
    pub fn new(t: &'a Table) -> Self {
        Self { t, has_evidence: t.evidence.iter().any(|row| !row.is_empty()), open: t.rows.len() <= OPEN }
    }

    pub fn rows(&self) -> &'a [Vec<Cell>] {
        self.t.rows.get(..ROWS).unwrap_or(&self.t.rows)
    }

    pub fn left_out(&self) -> usize {
        self.t.rows.len().saturating_sub(ROWS)
    }

    /// Classes of a cell: numbers stand right; what has a long word may break anywhere; an outcome in capitals stands out.
    pub fn class(&self, cell: &Cell, column: &usize) -> &'static str {
        let long = matches!(cell, Cell::Text(text) if text.split_whitespace().any(|word| word.chars().count() > WORD));
        match (self.t.columns.get(*column).map(|column| column.kind), long) {
            (Some(ColumnType::Integer | ColumnType::Number), _) => "n",
            (Some(ColumnType::Hash | ColumnType::Address), true) => "h w",
            (Some(ColumnType::Hash | ColumnType::Address), false) => "h",
            (_, true) => "w",
            _ if matches!(cell, Cell::Text(text) if text == words::INVALID) => "bad",
            _ => "",
        }
    }

    pub fn cell(&self, cell: &Cell) -> String {
        match cell {
            Cell::Integer(number) if *number >= 0 => words::grouped(number.unsigned_abs()),
            other => other.to_string(),
        }
    }

    /// Where the row was seen: the trail unless a cell has it already, the position, the artifact.
    pub fn evidence(&self, row: &usize, places: &Places) -> String {
        let Some(evidence) = self.t.evidence.get(*row) else { return String::new() };
        let cells = self.t.rows.get(*row).map_or(&[][..], Vec::as_slice);
        let one = |evidence: &Evidence| {
            let place = places.of(evidence);
            let known = cells.iter().any(|cell| matches!(cell, Cell::Text(text) if *text == place));
            let trail = if known { String::new() } else { format!("{place}, ") };
            let note = if evidence.note.is_empty() { String::new() } else { format!(": {}", evidence.note) };
            format!("{trail}{} of {}…{note}", evidence.at, words::short(&evidence.artifact, 8))
        };
        evidence.iter().map(one).collect::<Vec<_>>().join("; ")
    }
}
