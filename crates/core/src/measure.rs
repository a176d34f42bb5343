//! Measures: tables of values with units, and the assumptions behind them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{answer::Question, finding::Evidence};

/// Type of a column's cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnType {
    /// Words.
    Text,
    /// Whole number.
    Integer,
    /// Number.
    Number,
    /// Address or offset, hexadecimal text.
    Address,
    /// Digest.
    Hash,
    /// `YYYY-MM-DD`.
    Date,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Column {
    /// Heading.
    pub name: String,
    /// Type of its cells.
    #[serde(rename = "type")]
    pub kind: ColumnType,
    /// Unit of its numbers; empty where there is none.
    pub unit: String,
}

impl Column {
    /// A column without a unit.
    #[must_use]
    pub fn new(name: &str, kind: ColumnType) -> Self {
        Self { name: name.to_owned(), kind, unit: String::new() }
    }

    /// The same with a unit.
    #[must_use]
    pub fn unit(mut self, unit: &str) -> Self {
        unit.clone_into(&mut self.unit);
        self
    }
}

/// A cell: text, a whole number, a number rounded to stated digits, or nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Text, address, hash or date.
    Text(String),
    /// Whole number.
    Integer(i64),
    /// Number.
    Number(f64),
    /// No value.
    Empty,
}

impl Eq for Cell {}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.pad(text),
            Self::Integer(number) => f.pad(&number.to_string()),
            Self::Number(number) => f.pad(&number.to_string()),
            Self::Empty => f.pad(""),
        }
    }
}

// Written by hand: serde's `untagged` would give errors that name no type, and would try each variant in turn.
impl Serialize for Cell {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Empty => serializer.serialize_none(),
        }
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Cell;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("text, a number or null")
            }
            fn visit_str<E>(self, text: &str) -> Result<Cell, E> {
                Ok(Cell::Text(text.to_owned()))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Cell, E> {
                Ok(Cell::Integer(number))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Cell, E> {
                Ok(Cell::from(number))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Cell, E> {
                Ok(Cell::Number(number))
            }
            fn visit_unit<E>(self) -> Result<Cell, E> {
                Ok(Cell::Empty)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Cell {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cell".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": ["string", "number", "null"]})
    }
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Table {
    /// `T1`, `T2`, … in the order of the dossier.
    pub id: String,
    /// The question it bears on.
    pub question: Question,
    /// Heading.
    pub title: String,
    /// Columns.
    pub columns: Vec<Column>,
    /// Rows; each has as many cells as there are columns.
    pub rows: Vec<Vec<Cell>>,
    /// Evidence per row; empty, or as long as `rows`.
    pub evidence: Vec<Vec<Evidence>>,
}

/// Whether a number is written in a rule or was assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AssumptionKind {
    /// Written in a published rule.
    Rule,
    /// Assumed.
    Assumption,
}

/// A number that was not in the input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Assumption {
    /// `A1`, `A2`, …
    pub id: String,
    /// The number used.
    pub value: f64,
    /// Its unit.
    pub unit: String,
    /// The range it may lie in.
    pub range: [f64; 2],
    /// Rule or assumption.
    pub kind: AssumptionKind,
    /// Where it comes from.
    pub source: String,
    /// Day of the source, `YYYY-MM-DD`.
    pub as_of: String,
}

impl Eq for Assumption {}
