//! Findings: what a detector judges, with the evidence to check it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    answer::Question,
    control::{Effect, Holder, Stage},
    hash::Sha256,
    locator::At,
    statement::Statement,
};

/// How bad it would be if used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Small.
    Low,
    /// Worth a plan.
    Medium,
    /// Worth acting on soon.
    High,
    /// Worth acting on now.
    Critical,
}

/// How sure the detector is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// A sign, no proof.
    Tentative,
    /// Proven but for a step that the image cannot show.
    Firm,
    /// Computed from the bytes: anyone who repeats it gets the same.
    Certain,
}

macro_rules! lower_case_display {
    ($($type:ty),+) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&format!("{self:?}").to_lowercase())
            }
        }
    )+};
}
lower_case_display!(Severity, Confidence);

/// What a piece of evidence does in the story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Where the outside comes in.
    Source,
    /// On the way.
    Step,
    /// Where it is decided.
    Branch,
    /// Where the decision is kept.
    Store,
    /// What stands before the actuator.
    Guard,
    /// What acts.
    Actuator,
    /// Anything else.
    Other,
}

/// One place that anyone can look up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// The artifact that holds it.
    pub artifact: Sha256,
    /// Trail to the artifact.
    pub path: String,
    /// Where in it.
    pub at: At,
    /// Function, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// What it does in the story.
    pub role: Role,
    /// What the reader should see there.
    pub note: String,
    /// The bytes or the text themselves, escaped and cut to a readable length.
    pub excerpt: String,
}

/// A judgement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// `F1`, `F2`, … in the order of the dossier.
    pub id: String,
    /// Survives renumbering and another build of the same thing (see [`fingerprint`]).
    pub fingerprint: Sha256,
    /// The detector, for example `provenance.signature-invalid`.
    pub rule: String,
    /// The detector's version.
    pub version: u32,
    /// The question it bears on.
    pub question: Question,
    /// One line for a list.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// What can be done; null where the question is neither control nor disclosure.
    pub effect: Option<Effect>,
    /// Who can do it; null likewise.
    pub holder: Option<Holder>,
    /// How far it is proven; null likewise.
    pub stage: Option<Stage>,
    /// The words or opcodes that set it off.
    pub trigger: Vec<String>,
    /// What anyone can look up.
    pub evidence: Vec<Evidence>,
    /// What the maker or the owner says about it.
    pub statements: Vec<Statement>,
    /// Where to read more.
    pub references: Vec<String>,
}

/// The fingerprint of a finding: SHA-256 over the rule, the trail inside the subject, the effect, the trigger, and what else makes
/// it this finding and no other (`code`: normalised code for findings in programs, a name or digest elsewhere). Each part is
/// preceded by its length, so that no two lists of parts give the same bytes.
#[must_use]
pub fn fingerprint(rule: &str, path: &str, effect: Option<Effect>, trigger: &[String], code: &[u8]) -> Sha256 {
    let effect = effect.map_or(String::new(), |effect| format!("{effect:?}"));
    let mut bytes = Vec::new();
    let parts = [rule.as_bytes(), path.as_bytes(), effect.as_bytes()];
    for part in parts.into_iter().chain(trigger.iter().map(String::as_bytes)).chain([code]) {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    Sha256::of(&bytes)
}
