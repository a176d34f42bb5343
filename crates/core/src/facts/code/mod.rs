//! Facts about programs and scripts: who they talk to, what they run, and the ways of outside input through them.
//!
//! One vocabulary serves machine code and shell scripts, so that a way through several processes can be put together from pieces: a
//! program that sends what it received to a local port, the daemon behind that port, the script it runs.

mod channel;
mod flow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use channel::{Channel, Host, Transport};
pub use flow::{
    Actuator, ActuatorKind, Check, CheckKind, Choice, Disclosed, Disclosure, Enforcement, Flow, Manner, PathStep, Trigger, TriggerKind,
};

/// What was seen in a program or script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CodeFact {
    /// A socket on which the program waits for others.
    Listener(Channel),
    /// Somebody the program talks to of its own accord.
    Endpoint(Channel),
    /// A way of outside input to something that acts.
    Flow(Box<Flow>),
    /// A way of something inside to the outside.
    Disclosure(Box<Disclosure>),
    /// Another program is started.
    Run(Run),
    /// A file is used; a path with a hole (`{}`) is known in part.
    File {
        /// Path as the program writes it.
        path: String,
        /// What is done with it.
        access: FileAccess,
    },
    /// A word or number that outside input is compared with, and where that leads: a protocol's commands, one by one.
    Word {
        /// Where the compared input comes from.
        source: Channel,
        /// What it is compared with.
        trigger: Trigger,
        /// Names of the functions that run where it fits, nearest first.
        handlers: Vec<String>,
    },
    /// The code around a place that another fact names, to be read beside it: a line for each instruction or line of a script, the one
    /// at the place behind `>`. Escaped, of few lines, and the same wherever it is made of the same bytes.
    Excerpt {
        /// The lines.
        text: String,
    },
    /// Something recognised as what any such machine does: a Stratum client, an SSH server, a time client.
    Ordinary {
        /// What it is.
        what: String,
        /// What shows it.
        by: String,
    },
}

/// One program starts another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// The program as written: a path, or a name that is looked up. `{}` stands for what is not known.
    pub program: String,
    /// Its arguments; `{}` for what is not known.
    pub arguments: Vec<String>,
    /// The whole command where a shell reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Through what: `system`, `execve`, `script`, …
    pub through: String,
    /// Function that does it, where it has a name or an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
}

/// What a program does with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileAccess {
    /// Reads it.
    Read,
    /// Writes or makes it.
    Write,
    /// Appends to it.
    Append,
    /// Removes it.
    Remove,
    /// Looks whether it is there.
    Test,
}
