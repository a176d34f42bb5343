//! Statements: what the maker or the owner says about a finding, printed beside it and changing nothing of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Somebody's word on a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Who says so: `maker`, `owner`, or another party's name.
    pub by: String,
    /// Day of the statement, `YYYY-MM-DD`.
    pub date: String,
    /// The words.
    pub text: String,
    /// Where they were published; may be empty.
    #[serde(default)]
    pub source: String,
}
