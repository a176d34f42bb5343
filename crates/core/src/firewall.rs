//! Packet filters: policies and rules in one vocabulary, whatever wrote them.
//!
//! Firewalls stand in saved rule sets, which `image` reads, and in the commands of scripts, which `code` reads. Both mean the same
//! things, so that the words for them and the reading of an `iptables` command are here.
//!
//! **Source**: `iptables(8)`, `iptables-extensions(8)` of iptables 1.8.
//!
//! **Limitations**: a rule is what its own line says. Which packets reach it through other chains, sets and marks is for who has all
//! of them. A match that is not understood is kept in `more`, and the rule is then not the whole of what it says.

mod iptables;
mod ports;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use iptables::{Command, Edit, iptables_command};
pub use ports::port;

/// Which packets a rule set is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// IPv4.
    Ip4,
    /// IPv6.
    Ip6,
    /// Both.
    Inet,
    /// Others: ARP, bridges, a device.
    Other,
}

/// What happens to a packet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Let through.
    Accept,
    /// Thrown away.
    Drop,
    /// Refused with an answer.
    Reject,
    /// Sent on to another address or port, as written.
    Redirect(String),
    /// Judged by another chain.
    Jump(String),
    /// Back to the chain before.
    Return,
    /// Noted or counted, and the next rule is asked.
    Continue,
    /// Anything else, by its name.
    Other(String),
}

/// What a chain does with what none of its rules fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Policy {
    /// Which packets.
    pub family: Family,
    /// Table.
    pub table: String,
    /// Chain: `INPUT`, or a zone's name.
    pub chain: String,
    /// Where in a packet's way it stands, for chains that have a name of their own: `input`, `forward`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook: Option<String>,
    /// What happens.
    pub action: Action,
    /// Networks or interfaces that it is for, where a zone names them; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covers: Vec<String>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FirewallRule {
    /// Which packets.
    pub family: Family,
    /// Table.
    pub table: String,
    /// Chain.
    pub chain: String,
    /// Protocol; absent for every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Ports that packets are sent to, each a range with both ends; empty for every one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<(u16, u16)>,
    /// Ports that packets come from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source_ports: Vec<(u16, u16)>,
    /// Addresses that packets come from, `!` before what is excepted; absent for every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Addresses that packets are sent to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// Interface, or zone, that packets come in by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// Interface, or zone, that packets go out by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// States of the connection: `established`, `related`, `new`, …; empty for every one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<String>,
    /// What happens.
    pub action: Action,
    /// Matches that are not told by the fields above, as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<String>,
}

impl FirewallRule {
    /// A rule for every packet of a chain.
    #[must_use]
    pub fn new(family: Family, table: &str, chain: &str) -> Self {
        Self {
            family,
            table: table.into(),
            chain: chain.into(),
            protocol: None,
            ports: Vec::new(),
            source_ports: Vec::new(),
            source: None,
            destination: None,
            input: None,
            output: None,
            states: Vec::new(),
            action: Action::Continue,
            more: Vec::new(),
        }
    }
}

impl Action {
    /// A target or verdict by its name, in any case of letters.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name.to_ascii_uppercase().as_str() {
            "ACCEPT" => Self::Accept,
            "DROP" => Self::Drop,
            "REJECT" => Self::Reject,
            "RETURN" => Self::Return,
            "LOG" | "NFLOG" | "ULOG" | "CONTINUE" | "COUNTER" => Self::Continue,
            "DNAT" | "REDIRECT" | "TPROXY" => Self::Redirect(String::new()),
            "SNAT" | "MASQUERADE" | "MARK" | "CONNMARK" | "TCPMSS" | "NOTRACK" | "CT" | "QUEUE" | "NFQUEUE" | "TTL" | "TOS" | "DSCP"
            | "SET" | "CLASSIFY" | "TRACE" | "CHECKSUM" | "NETMAP" | "FLOWOFFLOAD" => Self::Other(name.to_ascii_uppercase()),
            _ => Self::Jump(name.to_owned()),
        }
    }
}
