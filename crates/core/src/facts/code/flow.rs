//! Flows: how outside input reaches what acts, what of it the outside can still choose, and what stands in the way.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Channel;
use crate::finding::Role;

/// A way of outside input to an actuator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Flow {
    /// Where the outside comes in.
    pub source: Channel,
    /// As data or as a decision.
    pub manner: Manner,
    /// What acts.
    pub actuator: Actuator,
    /// What the outside can still choose when it acts.
    pub choice: Choice,
    /// Constants that the input is compared with on the way, and that must fit.
    pub triggers: Vec<Trigger>,
    /// What is checked on the way.
    pub checks: Vec<Check>,
    /// The way, from the source to the actuator.
    pub path: Vec<PathStep>,
    /// SHA-256 over the normalised code of the functions on the way, hexadecimal: survives another build of the same code.
    pub code: String,
}

/// How input has its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    /// Its bytes reach an argument of the actuator.
    Data,
    /// It decides whether the actuator acts.
    Control,
}

/// What acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Actuator {
    /// Kind.
    pub kind: ActuatorKind,
    /// The function or command that does it: `system`, `reboot`, `flash_erase`, …
    pub name: String,
    /// Its argument as far as it is known, `{}` for what is not: a command, a path, a device.
    pub argument: String,
    /// Where it sends to, for [`ActuatorKind::Message`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Channel>,
    /// What is written or sent, where that is the same text every time: another process may wait for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
}

/// Kinds of actuators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ActuatorKind {
    /// A command that a shell reads.
    Command,
    /// A program started without a shell.
    Program,
    /// Code loaded: a module, a library.
    Code,
    /// Flash or disk that holds firmware.
    Flash,
    /// What the next boot uses: environment, kernel arguments, start-up scripts.
    BootConfig,
    /// The pool, worker or wallet.
    Pool,
    /// Other configuration.
    Config,
    /// Accounts and passwords.
    Account,
    /// Keys that let somebody in.
    Key,
    /// What accounts may do as root.
    Sudo,
    /// The packet filter.
    Firewall,
    /// A service that lets somebody in: a shell on a port.
    Service,
    /// A line of the board.
    Gpio,
    /// A supply's voltage or a supply switched.
    Voltage,
    /// A clock's frequency.
    Frequency,
    /// A fan.
    Fan,
    /// A hash board: its registers, its reset, its work.
    HashBoard,
    /// A restart of the machine.
    Reboot,
    /// A stop of the machine.
    Halt,
    /// A process is ended.
    StopProcess,
    /// The machine's main work is held up: no jobs to the hash boards, no feeding of a watchdog.
    MainWork,
    /// A file is written or removed.
    File,
    /// Memory is written beyond what was meant for it.
    Memory,
    /// Sent on to another process or machine.
    Message,
    /// The outside is let in: a check of who is there comes out as "yes".
    Access,
}

/// What the outside can choose of what the actuator is given, from the most to the least.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// Any text, a shell's special characters among it.
    Free,
    /// The content of a file or stream, but not its name: a program that is given the path of an upload is given the upload, and still
    /// nobody outside chooses its argument.
    Content,
    /// Text without these characters.
    Without(String),
    /// Text of these characters only.
    Only(String),
    /// A name within a folder.
    Component,
    /// A number, within bounds where they are known.
    Number {
        /// Least.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<i64>,
        /// Greatest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<i64>,
    },
    /// One of so many fixed things.
    OneOf(u32),
    /// Only whether it happens.
    Whether,
}

/// A constant that input is compared with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Trigger {
    /// How.
    pub kind: TriggerKind,
    /// The constant: text, or a number in decimal or `0x…`.
    pub value: String,
    /// It must fit; false where it must not.
    pub fits: bool,
}

/// How input is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TriggerKind {
    /// Equal text.
    Equals,
    /// Text that begins so.
    Begins,
    /// Text that contains it.
    Contains,
    /// Equal number.
    Number,
    /// A number below it.
    Below,
    /// A number above it.
    Above,
}

/// Something that is checked on the way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// What.
    pub kind: CheckKind,
    /// The constant, the key, the characters; empty where there is none.
    pub detail: String,
    /// What happens when it fails.
    pub enforced: Enforcement,
}

/// Kinds of checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckKind {
    /// A signature.
    Signature,
    /// A checksum or hash: against damage, not against people.
    Digest,
    /// A password that the program holds itself.
    FixedPassword,
    /// A password from a file or an account.
    Password,
    /// A token or session.
    Token,
    /// The address of the other side.
    PeerAddress,
    /// Characters that may or may not be in it.
    Characters,
    /// A number's range.
    Range,
    /// A length.
    Length,
    /// Membership of a fixed list.
    OneOf,
}

/// What happens when a check fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Enforcement {
    /// The way ends.
    Enforced,
    /// Nothing.
    Ignored,
    /// The check is left out where something it needs is missing.
    SkippedWhenMissing,
    /// Only some of its bad outcomes end the way.
    Partly,
}

/// One step of a way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PathStep {
    /// Address in an executable, or line of a script.
    pub at: crate::locator::At,
    /// Function, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// What it does on the way.
    pub role: Role,
    /// In words.
    pub note: String,
}

/// A way of something inside to the outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Disclosure {
    /// What.
    pub what: Vec<Disclosed>,
    /// From where: a file, a device, a call; `{}` for what is not known.
    pub from: String,
    /// To whom.
    pub to: Channel,
    /// Constants that a request must fit, where it is an answer to one.
    pub triggers: Vec<Trigger>,
    /// What is checked before.
    pub checks: Vec<Check>,
    /// The way.
    pub path: Vec<PathStep>,
    /// As in [`Flow::code`].
    pub code: String,
}

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Disclosed {
    /// Hardware address.
    MacAddress,
    /// Network address.
    IpAddress,
    /// Serial number of machine, board or chip.
    SerialNumber,
    /// Configuration.
    Configuration,
    /// Worker or wallet names.
    Worker,
    /// Passwords, keys, tokens.
    Credentials,
    /// Logs.
    Log,
    /// Another file.
    File,
    /// What was found on the local network.
    NetworkScan,
    /// Firmware.
    Firmware,
    /// What the machine is and how it does: model, version, temperature, hash rate.
    Status,
}
