//! Assay's evidence model.
//!
//! Everything that Assay says about a machine is built from the types in this crate, in this order:
//!
//! ```text
//! Artifact ─ Locator ─ Fact ─► Control ─► Measure (tables, assumptions) ─► Finding ─► Answer ─► Dossier
//!            (where)   (seen)  (can do)   (how much)                      (judged)   (per question)
//! ```
//!
//! Analysers (`unpack`, later `image`, `code`, `traffic`, …) produce [`fact::Fact`]s and judge nothing. `inspect` turns facts
//! into controls and findings. `app` renders. This crate holds the words they share, and **no I/O**: nothing here opens a
//! file, reads a clock or knows a terminal, so that the same input always gives the same dossier.

pub mod answer;
pub mod artifact;
pub mod bytemap;
pub mod control;
pub mod coverage;
pub mod dossier;
pub mod escape;
pub mod fact;
pub mod facts;
pub mod finding;
pub mod firewall;
pub mod hash;
pub mod limits;
pub mod locator;
pub mod manifest;
pub mod measure;
pub mod pool_url;
pub mod problem;
pub mod root;
pub mod rules;
pub mod statement;
pub mod words;

pub use answer::{Answer, AnswerState, Question};
pub use artifact::{Artifact, Origin};
pub use bytemap::{ByteMap, Span, SpanKind};
pub use control::{Authorisation, Control, Deed, Effect, Holder, HolderKind, Observed, Reachable, Stage};
pub use coverage::{Coverage, Gap, GapKind};
pub use dossier::{Dossier, SCHEMA};
pub use fact::{Fact, FactBody, FactId};
pub use finding::{Confidence, Evidence, Finding, Role, Severity};
pub use hash::Sha256;
pub use limits::Limits;
pub use locator::{At, Locator};
pub use manifest::{Entry, EntryKind};
pub use measure::{Assumption, Cell, Column, ColumnType, Table};
pub use problem::{Problem, ProblemKind};
pub use root::{Contents, Root};
pub use statement::Statement;
