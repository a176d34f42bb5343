//! Hosts that settings name: whom the machine is told to talk to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a host is named for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PeerKind {
    /// Work comes from there.
    Pool,
    /// The time comes from there.
    Time,
    /// Names are looked up there.
    Names,
}

/// A host that a file of settings names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfiguredPeer {
    /// What for.
    pub kind: PeerKind,
    /// Name or address as written.
    pub host: String,
    /// Port, where one is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Does the file lie in the image as a first content or an example (`*.factory`, `*.default`), not where it is read from?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub copy: bool,
}
