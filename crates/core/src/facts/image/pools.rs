//! Pools: for whom a machine works, as settings and texts of programs say it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A pool that something names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pool {
    /// As it is written, without a user and password that stand in it.
    pub url: String,
    /// The host in it, in lower case.
    pub host: String,
    /// The port in it, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The scheme says that it is a pool (`stratum+tcp://`); else a name of the settings does.
    pub scheme: bool,
    /// User or worker beside it; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What names it.
    pub place: PoolPlace,
    /// The names above it in the settings, joined by dots: `pools.0.url`, `pool1url`, `hotelfee.pool.url`; empty in a program.
    pub name: String,
    /// What says that it is for a fee: a name of the settings or of the file. Absent where nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee: Option<String>,
    /// The share of the work or of the time, as it is written beside it: name and value. Nothing is guessed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<String>,
}

/// What names a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PoolPlace {
    /// A file of settings.
    Settings,
    /// A text in a program.
    Program,
    /// A text in a script or page.
    Script,
}
