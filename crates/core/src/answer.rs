//! The six questions and their answers.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What Assay is asked about a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// Can anyone but the owner command this machine?
    Control,
    /// Does it collect or send anything its job does not need?
    Disclosure,
    /// Is it what its maker published, what is it made of, where does each part come from?
    Provenance,
    /// What would the power grid feel if all of a fleet's control was used at once?
    Grid,
    /// Was it classified, declared and taxed as the rules of that day say?
    Customs,
    /// How much hangs on one supplier, and what could take its place?
    Dependence,
}

impl Question {
    /// All six, in the order of the dossier.
    pub const ALL: [Self; 6] = [Self::Control, Self::Disclosure, Self::Provenance, Self::Grid, Self::Customs, Self::Dependence];

    /// The name in JSON and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Disclosure => "disclosure",
            Self::Provenance => "provenance",
            Self::Grid => "grid",
            Self::Customs => "customs",
            Self::Dependence => "dependence",
        }
    }

    /// The question in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Control => "Can anyone but the owner command this machine?",
            Self::Disclosure => "Does it collect or send anything its job does not need?",
            Self::Provenance => "Is it what its maker published, and what is it made of?",
            Self::Grid => "What would the power grid feel if a whole fleet was commanded at once?",
            Self::Customs => "Was it classified, declared and taxed as the rules say?",
            Self::Dependence => "How much hangs on one supplier?",
        }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// State of an answer. "Not shown" and "not examined" are different answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerState {
    /// There are findings.
    Shown,
    /// It was looked for and not found; the gaps say how far the look went.
    NotShown,
    /// Nobody looked.
    NotExamined,
}

impl fmt::Display for AnswerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Shown => "shown",
            Self::NotShown => "not shown",
            Self::NotExamined => "not examined",
        })
    }
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// The question.
    pub question: Question,
    /// Its state.
    pub state: AnswerState,
    /// One or two sentences.
    pub summary: String,
    /// Ids of findings.
    pub findings: Vec<String>,
    /// Ids of tables.
    pub tables: Vec<String>,
    /// Ids of the gaps that limit it.
    pub gaps: Vec<String>,
}
