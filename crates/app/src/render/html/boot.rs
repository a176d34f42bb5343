//! The drawing of the start: from the boot ROM over each stage and the key that verifies it to the programs that start, as boxes on a line.
//!
//! It is a list in a list, so that a reader without eyes or styles gets the same in the same order. It shows what the tables "Update chain" and
//! "What starts" say, and is left out where a dossier has neither, or more than one input.

use assay_core::{Cell, Dossier, Table};

/// Programs shown of one phase before the rest is folded away.
const SHOWN: usize = 12;
/// Programs of one phase in the page.
const MOST: usize = 200;
/// Digits of a key's fingerprint.
const DIGITS: usize = 8;

/// A stage of the chain.
pub struct Stage {
    pub name: String,
    pub place: String,
    /// What verifies it.
    pub verified: String,
    /// First digits of the key's fingerprint.
    pub key: String,
    pub outcome: String,
    /// `good`, `bad` or nothing: never told by colour alone.
    pub tone: &'static str,
}

/// What starts at the same occasion.
pub struct Occasion {
    pub when: String,
    pub shown: Vec<Step>,
    pub folded: Vec<Step>,
    /// Further ones that are not in the page.
    pub more: usize,
}

/// One program that starts.
pub struct Step {
    pub program: String,
    /// Who starts it, under which name.
    pub by: String,
    /// Why it does not start; empty where it does.
    pub missing: String,
}

/// The drawing.
pub struct Boot {
    pub stages: Vec<Stage>,
    pub occasions: Vec<Occasion>,
}

impl Boot {
    /// Of a dossier with one input.
    pub fn of(dossier: &Dossier) -> Option<Self> {
        if dossier.subjects.len() != 1 {
            return None;
        }
        let table = |title: &str| dossier.tables.iter().find(|table| table.title == title);
        let boot = Self {
            stages: table("Update chain").map(stages).unwrap_or_default(),
            occasions: table("What starts").map(occasions).unwrap_or_default(),
        };
        (!boot.stages.is_empty() || !boot.occasions.is_empty()).then_some(boot)
    }
}

/// The text of a row under a heading.
fn cell<'t>(table: &'t Table, row: &'t [Cell], heading: &str) -> &'t str {
    let index = table.columns.iter().position(|column| column.name == heading);
    match index.and_then(|index| row.get(index)) {
        Some(Cell::Text(text)) => text,
        _ => "",
    }
}

fn stages(table: &Table) -> Vec<Stage> {
    // What belongs to the package and not to the start has the table alone.
    let at_start = table.rows.iter().filter(|row| {
        let verified = cell(table, row, "What verifies it");
        let name = cell(table, row, "Stage");
        let is_update = name.starts_with("package:") || name.starts_with("update ");
        !is_update && (!verified.starts_with("when installed") || verified.contains("at boot"))
    });
    at_start
        .map(|row| {
            let text = |heading: &str| cell(table, row, heading).to_owned();
            let (outcome, key) = (text("Outcome here"), text("Key"));
            let tone = match outcome.as_str() {
                "valid" => "good",
                other if other.to_lowercase().contains("invalid") => "bad",
                _ => "",
            };
            let key = key.strip_prefix("sha256:").map(|digits| digits.chars().take(DIGITS).collect()).unwrap_or_default();
            Stage { name: text("Stage"), place: text("Where"), verified: text("What verifies it"), key, outcome, tone }
        })
        .collect()
}

fn occasions(table: &Table) -> Vec<Occasion> {
    let mut occasions: Vec<Occasion> = Vec::new();
    for row in &table.rows {
        let text = |heading: &str| cell(table, row, heading).to_owned();
        let (system, when, there) = (text("System"), text("When"), text("Is there"));
        let when = if system == "(input)" { when } else { format!("{when}, in {system}") };
        let at = occasions.iter().position(|occasion| occasion.when == when).unwrap_or_else(|| {
            occasions.push(Occasion { when, shown: Vec::new(), folded: Vec::new(), more: 0 });
            occasions.len() - 1
        });
        let occasion = &mut occasions[at];
        let (by, name) = (text("Started by"), text("Name"));
        let missing = if there == "yes" { String::new() } else { there };
        let step = Step { program: text("Program"), by: format!("{by}, {name}"), missing };
        match occasion.shown.len() + occasion.folded.len() {
            count if count < SHOWN => occasion.shown.push(step),
            count if count < MOST => occasion.folded.push(step),
            _ => occasion.more += 1,
        }
    }
    occasions
}

#[cfg(test)]
mod tests {
    use assay_core::{Column, ColumnType, Question};

    use super::*;

    fn table(title: &str, columns: &[&str], rows: &[&[&str]]) -> Table {
        Table {
            id: "T1".into(),
            question: Question::Provenance,
            title: title.into(),
            columns: columns.iter().map(|name| Column::new(name, ColumnType::Text)).collect(),
            rows: rows.iter().map(|row| row.iter().map(|cell| Cell::from(*cell)).collect()).collect(),
            evidence: vec![Vec::new(); rows.len()],
        }
    }

    #[test]
    fn what_belongs_to_a_package_is_no_stage_of_the_start() {
        let columns = ["Stage", "Where", "What verifies it", "Key", "Outcome here"];
        let rows: &[&[&str]] = &[
            &["kernel", "uImage", "at boot: the loader; when installed: by miner.pem", "sha256:0123456789abcdef", "valid"],
            &["package: crl", "(input)", "when installed, by miner.pem", "sha256:0123456789abcdef", "INVALID"],
            &["root filesystem", "root", "nothing seen", "", "INVALID"],
        ];
        let stages = stages(&table("Update chain", &columns, rows));
        let seen: Vec<_> = stages.iter().map(|stage| (stage.name.as_str(), stage.key.as_str(), stage.tone)).collect();
        assert_eq!(seen, [("kernel", "01234567", "good"), ("root filesystem", "", "bad")]);
    }

    #[test]
    fn programs_are_folded_and_capped() {
        let columns = ["System", "When", "Started by", "Name", "Program", "Is there"];
        let row: &[&str] = &["(input)", "at boot", "inittab", "x", "/bin/x", "no file of that name"];
        let occasions = occasions(&table("What starts", &columns, &vec![row; MOST + 3]));
        let [one] = occasions.as_slice() else { panic!("one occasion") };
        assert_eq!((one.shown.len(), one.folded.len(), one.more), (SHOWN, MOST - SHOWN, 3));
        assert_eq!((one.when.as_str(), one.shown[0].missing.as_str()), ("at boot", "no file of that name"));
    }
}
