//! Controls: what the machine can be made to do, by whom, and how far that is proven.
//!
//! A control is a statement about a machine made of facts of all domains; it is not yet a judgement. Its four stages are kept apart on
//! purpose: that code is *present* does not make it *reachable*, that it can be reached does not say who is *authorised*, and none of
//! these means that it was *observed*.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    fact::FactId,
    facts::code::{Actuator, Channel, Check, Choice, Disclosed},
    finding::Evidence,
};

/// What happens when the control is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Code or commands of the outside run.
    Execute,
    /// The firmware is replaced.
    ReplaceFirmware,
    /// Mining stops.
    StopMining,
    /// The machine restarts.
    Reboot,
    /// Power draw changes: voltage, frequency, a switched supply.
    Power,
    /// The configuration changes.
    Reconfigure,
    /// Work goes to another pool or another worker.
    RedirectWork,
    /// Somebody gains rights.
    GrantPrivilege,
    /// A file is written.
    WriteFile,
    /// Memory is written past its end.
    CorruptMemory,
    /// Hardware can be damaged: fans, temperature limits, voltages beyond the rating.
    DamageHardware,
    /// Something is told to the outside.
    Disclose,
}

/// Who holds the control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HolderKind {
    /// A host or address fixed in the code.
    FixedRemote,
    /// Any host that the machine can be made to talk to.
    AnyRemote,
    /// Anybody on the local network.
    LanUnauthenticated,
    /// Anybody on the local network who passes a login.
    LanAuthenticated,
    /// The holder of one key.
    KeyHolder,
    /// Whoever the owner's configuration names: a pool, a fleet manager.
    SiteManagement,
    /// The owner.
    Owner,
    /// Programs on the machine itself.
    Loopback,
    /// Somebody with the machine in front of them.
    Physical,
    /// Could not be told.
    Undetermined,
}

/// Who holds the control, with the detail that identifies them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Holder {
    /// Kind of holder.
    pub who: HolderKind,
    /// host:port, key fingerprint, file; may be empty.
    pub detail: String,
}

/// Can the code be reached from outside?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reachable {
    /// A path was shown.
    Yes,
    /// It was shown that there is none.
    No,
    /// Neither.
    Unknown,
}

/// A door that stands before the control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Authorisation {
    /// No door at all.
    None,
    /// A password that every machine of the kind has.
    DefaultPassword,
    /// A password.
    Password,
    /// A token.
    Token,
    /// A key that is shipped in the image.
    KeyShipped,
    /// A key that is not in the image.
    KeyAbsent,
}

/// Was it seen on the wire?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Observed {
    /// No capture was looked at.
    NotLooked,
    /// Captures were looked at, and it was not there.
    No,
    /// It was tried.
    Attempted,
    /// It worked.
    Succeeded,
}

/// The four stages, never merged into one word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stage {
    /// The capability is in the image.
    pub present: bool,
    /// It can be reached from outside.
    pub reachable: Reachable,
    /// The doors before it; several may open.
    pub authorised: Vec<Authorisation>,
    /// It was seen in use.
    pub observed: Observed,
}

/// What is done when the control is used, in the terms of the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// Something acts.
    Acts {
        /// What.
        actuator: Actuator,
        /// What of it the outside can choose, after everything that stands on the way.
        choice: Choice,
    },
    /// Something is told.
    Tells {
        /// What.
        what: Vec<Disclosed>,
        /// From where: files, devices, calls.
        from: Vec<String>,
    },
}

/// A control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Control {
    /// What it does.
    pub effect: Effect,
    /// Who holds it.
    pub holder: Holder,
    /// How far it is proven.
    pub stage: Stage,
    /// The way by which the outside comes in, or by which something is told.
    pub channel: Channel,
    /// What is done.
    pub deed: Deed,
    /// The constant words or opcodes that set it off.
    pub trigger: Vec<String>,
    /// What is checked on the way.
    pub checks: Vec<Check>,
    /// From the input to the actuator, through every process on the way.
    pub path: Vec<Evidence>,
    /// What was taken for granted, because the image does not show it; in words.
    pub assumed: Vec<String>,
    /// SHA-256 over the normalised code of the functions on the way, hexadecimal; empty where the code has none.
    pub code: String,
    /// The facts it was made of.
    pub facts: Vec<FactId>,
}
