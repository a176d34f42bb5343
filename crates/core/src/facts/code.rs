//! Facts about programs and scripts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was seen in a program or script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CodeFact {
    /// A socket that waits for others.
    Listener {
        /// `tcp`, `udp`, `unix`.
        transport: String,
        /// Address it is bound to; empty for every address.
        address: String,
        /// Port.
        port: u16,
    },
    /// A host that the program talks to.
    Endpoint {
        /// Name or address.
        host: String,
        /// Port; 0 where it is not known.
        port: u16,
    },
    /// A flow from a source to a sink.
    Flow {
        /// Where the outside comes in.
        source: String,
        /// What it reaches.
        sink: String,
        /// Constant words compared on the way.
        trigger: Vec<String>,
    },
}
