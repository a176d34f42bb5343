//! The shape of `rules/code/commands/*.toml` and `rules/code/paths/*.toml`.

use assay_core::facts::code::{ActuatorKind, CheckKind, Disclosed, Transport};
use serde::Deserialize;

use super::Select;

/// A file of `rules/code/commands`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CommandFile {
    #[allow(dead_code, reason = "read by people and by tidy")]
    pub(super) source: String,
    #[allow(dead_code, reason = "read by people and by tidy")]
    pub(super) date: String,
    pub(super) command: Vec<Command>,
}

/// One command, or one use of it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Command {
    /// Names, without their folder; patterns are allowed.
    pub name: Vec<String>,
    /// Options that are followed by a value.
    pub valued: Vec<String>,
    /// Patterns of which each must fit some argument.
    pub when: Vec<String>,
    /// Patterns of which none may fit an argument.
    pub unless: Vec<String>,
    /// The arguments that are a command of their own: `sudo`, `nohup`.
    pub runs: Option<Select>,
    /// The argument that names a program which is started, with the operands as its arguments.
    pub launches: Option<Select>,
    /// The argument that a shell reads.
    pub shell: Option<Select>,
    /// The argument that names a file of commands; standard input where there is none.
    pub script: Option<Select>,
    /// Files that are read.
    pub reads: Vec<Select>,
    /// Standard input is read where no file is named.
    pub input: bool,
    /// What is printed.
    pub output: Output,
    /// How what is printed differs from what was read.
    pub filter: Filter,
    /// What the output tells about the machine.
    pub tells: Vec<Disclosed>,
    /// Files that are written.
    pub writes: Vec<Write>,
    /// Files that are removed.
    pub removes: Vec<Select>,
    /// What it does to the machine.
    pub acts: Vec<Act>,
    /// What it checks.
    pub checks: Vec<Checks>,
    /// Whom it talks to.
    pub talks: Option<Talks>,
    /// Where it listens.
    pub listens: Option<Listens>,
    /// What is mounted, and where.
    pub mounts: Option<(Select, Select)>,
    /// Something ordinary: `ntp client`.
    pub ordinary: Option<String>,
}

/// What a command prints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Output {
    /// Nothing that matters.
    #[default]
    Nothing,
    /// What it read.
    Input,
    /// Its operands.
    Operands,
    /// Something about the machine itself, which nobody outside chooses.
    Inside,
    /// What it received over the network.
    Network,
    /// What the owner configured.
    Configured,
    /// The time.
    Clock,
    /// Digest of what it read.
    Digest,
}

/// How output differs from input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Filter {
    /// Some of it, or made of it, in a way that leaves everything to choose: what is asked of it says nothing of the rest.
    #[default]
    Part,
    /// Not at all.
    Same,
    /// `tr`: sets of characters.
    Tr,
    /// `sed`: substitutions.
    Sed,
    /// `grep`: lines that fit.
    Grep,
    /// The last part of a path.
    Component,
    /// A number.
    Number,
    /// Base64 or hexadecimal: letters and digits only.
    Letters,
    /// Printed by a format.
    Printf,
}

/// A file that is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// Which.
    pub file: Select,
    /// With what: these files' content; standard input where none are given, what the network gave for a command that talks.
    #[serde(default)]
    pub from: Vec<Select>,
    /// The argument is a folder: all below it is written.
    #[serde(default)]
    pub below: bool,
    /// Where no file is named, one in the folder that the script is in.
    #[serde(default)]
    pub implied: bool,
    /// Adds to what is there.
    #[serde(default)]
    pub append: bool,
}

/// What a command does to the machine.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// What kind of thing.
    pub kind: ActuatorKind,
    /// The argument that says what it is done to.
    #[serde(default)]
    pub target: Option<Select>,
    /// Patterns of which one must fit the target.
    #[serde(default)]
    pub fits: Vec<String>,
    /// Patterns of which none may fit the target.
    #[serde(default)]
    pub spares: Vec<String>,
    /// The target must be a mining program (`miners` of `rules/code/paths`).
    #[serde(default)]
    pub miner: bool,
    /// Arguments whose text counts.
    #[serde(default)]
    pub text: Vec<Select>,
    /// Arguments whose files' content counts.
    #[serde(default)]
    pub content: Vec<Select>,
    /// Standard input counts.
    #[serde(default)]
    pub input: bool,
}

/// What a command checks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checks {
    /// What kind of check.
    pub kind: CheckKind,
    /// Files that it covers; standard input where none.
    #[serde(default)]
    pub files: Vec<Select>,
    /// Key or list it checks with.
    #[serde(default)]
    pub with: Option<Select>,
}

/// Whom a command talks to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Talks {
    /// Kind of socket.
    pub transport: Transport,
    /// Argument with the host, or with an address that holds it.
    pub host: Select,
    /// Argument with the port.
    #[serde(default)]
    pub port: Option<Select>,
    /// Port where none is said.
    #[serde(default)]
    pub default_port: Option<u16>,
    /// A host has this letter in front of it; an argument without it names somebody on the machine itself.
    #[serde(default)]
    pub behind: Option<char>,
    /// Arguments whose text is sent.
    #[serde(default)]
    pub sends: Vec<Select>,
    /// Arguments whose files are sent.
    #[serde(default)]
    pub sends_files: Vec<Select>,
    /// Standard input is sent.
    #[serde(default)]
    pub sends_input: bool,
    /// What it sends of its own accord, without being given it.
    #[serde(default)]
    pub tells: Vec<Disclosed>,
    /// The command is no more than a look whether somebody is there.
    #[serde(default)]
    pub mute: bool,
}

/// Where a command listens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listens {
    /// Kind of socket.
    pub transport: Transport,
    /// Argument with the port.
    #[serde(default)]
    pub port: Option<Select>,
    /// Port where none is said.
    #[serde(default)]
    pub default_port: Option<u16>,
    /// Argument with the address.
    #[serde(default)]
    pub address: Option<Select>,
    /// Its output is what others sent.
    #[serde(default)]
    pub receives: bool,
}

/// A file of `rules/code/paths`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PathFile {
    #[allow(dead_code, reason = "read by people and by tidy")]
    pub(super) source: String,
    #[allow(dead_code, reason = "read by people and by tidy")]
    pub(super) date: String,
    #[serde(default)]
    pub(super) path: Vec<PathRule>,
    #[serde(default)]
    pub(super) miners: Vec<String>,
    #[serde(default)]
    pub(super) cgi: Vec<String>,
    #[serde(default)]
    pub(super) hotplug: Vec<String>,
    #[serde(default)]
    pub(super) secrets: Vec<String>,
}

/// What a path means.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PathRule {
    /// Patterns.
    pub path: Vec<String>,
    /// What writing it does.
    pub write: Option<ActuatorKind>,
    /// Only what begins with one of these letters does it.
    pub letters: Option<String>,
    /// What its content tells.
    pub tells: Vec<Disclosed>,
    /// What its content is to a reader.
    pub read: Option<Read>,
    /// A check against its content is of this kind.
    pub check: Option<CheckKind>,
}

/// What a file is to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// The machine's own state: nobody outside chooses it.
    Inside,
    /// The owner's configuration.
    Configured,
    /// A serial line.
    Serial,
    /// A medium that somebody puts in.
    Removable,
}
