//! Facts read in fleet lists and network models.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was read about a fleet or a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GridFact {
    /// A group of machines at one place.
    Machines {
        /// Site.
        site: String,
        /// Bus of the network model.
        bus: String,
        /// Model.
        model: String,
        /// How many.
        count: u64,
    },
}
