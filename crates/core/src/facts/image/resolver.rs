//! Names and addresses: what a system's own settings say before any name server is asked, and which servers are asked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One line of such settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NameSetting {
    /// What it says.
    pub kind: NameKind,
    /// The names it is about, lower case; `#` for every name. Empty where it is about all that is asked.
    pub names: Vec<String>,
    /// The address or the server; the sources in their order for [`NameKind::Order`]. Empty where the names are answered with "not known".
    pub value: String,
    /// Those of the names by which the machine calls itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own: Vec<String>,
}

/// What a setting of names says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NameKind {
    /// The names have this address (`/etc/hosts`).
    Hosts,
    /// The names, and all below them, have this address (dnsmasq's `address=`).
    Answer,
    /// The names, and all below them, are asked of this server (dnsmasq's `server=`).
    Server,
    /// Every name is asked of this server.
    Resolver,
    /// Where names are looked up, in which order (`nsswitch.conf`).
    Order,
}
