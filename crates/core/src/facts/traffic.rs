//! Facts about what was seen on the wire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was seen in a capture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TrafficFact {
    /// A message of a protocol.
    Message {
        /// Protocol.
        protocol: String,
        /// Sender, host:port.
        from: String,
        /// Receiver, host:port.
        to: String,
        /// Kind of message in the protocol's own words.
        kind: String,
    },
}
