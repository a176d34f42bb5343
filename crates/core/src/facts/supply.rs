//! Facts read in papers: bills of materials, entries, lists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was read in a paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SupplyFact {
    /// A row of a bill of materials.
    BillRow {
        /// Part as written.
        part: String,
        /// Maker as written.
        maker: String,
        /// How many.
        quantity: u64,
    },
}
