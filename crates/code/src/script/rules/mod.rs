//! What commands and paths mean: `rules/code/commands/*.toml` and `rules/code/paths/*.toml`.
//!
//! A command's entry says which of its arguments matter, what they are for, and what its output carries. Several entries may fit one
//! call; each adds what it says. The interpreter knows no command by name but the shell's own.

mod arguments;

use std::{collections::BTreeMap, sync::LazyLock};

use assay_core::facts::code::{ActuatorKind, CheckKind, Disclosed, Transport};
use serde::{Deserialize, de::DeserializeOwned};

pub use arguments::{Arguments, Select};

use super::glob;

/// A file of `rules/code/commands`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CommandFile {
    #[allow(dead_code, reason = "read by people and by tidy")]
    source: String,
    #[allow(dead_code, reason = "read by people and by tidy")]
    date: String,
    command: Vec<Command>,
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
    /// Not at all, or in a way that leaves everything to choose.
    #[default]
    None,
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
    /// Arguments whose text is sent.
    #[serde(default)]
    pub sends: Vec<Select>,
    /// Arguments whose files are sent.
    #[serde(default)]
    pub sends_files: Vec<Select>,
    /// Standard input is sent.
    #[serde(default)]
    pub sends_input: bool,
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
struct PathFile {
    #[allow(dead_code, reason = "read by people and by tidy")]
    source: String,
    #[allow(dead_code, reason = "read by people and by tidy")]
    date: String,
    #[serde(default)]
    path: Vec<PathRule>,
    #[serde(default)]
    miners: Vec<String>,
    #[serde(default)]
    cgi: Vec<String>,
    #[serde(default)]
    hotplug: Vec<String>,
    #[serde(default)]
    secrets: Vec<String>,
}

/// What a path means.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PathRule {
    /// Patterns.
    pub path: Vec<String>,
    /// What writing it does.
    pub write: Option<ActuatorKind>,
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

/// All rules.
#[derive(Debug, Default)]
pub struct Rules {
    exact: BTreeMap<String, Vec<Command>>,
    patterns: Vec<Command>,
    paths: Vec<PathRule>,
    miners: Vec<String>,
    cgi: Vec<String>,
    hotplug: Vec<String>,
    secrets: Vec<String>,
}

impl Rules {
    /// The rules built into the program.
    pub fn get() -> &'static Self {
        static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::read().unwrap_or_default());
        &RULES
    }

    fn read() -> Result<Self, String> {
        let mut rules = Self::default();
        for file in of_kind::<CommandFile>("commands")? {
            for command in file.command {
                let names = command.name.clone();
                if names.iter().any(|name| name != "[" && glob::is_pattern(name)) {
                    rules.patterns.push(command);
                } else {
                    let key = names.join(" ");
                    rules.exact.entry(key).or_default().push(command);
                }
            }
        }
        for file in of_kind::<PathFile>("paths")? {
            rules.paths.extend(file.path);
            rules.miners.extend(file.miners);
            rules.cgi.extend(file.cgi);
            rules.hotplug.extend(file.hotplug);
            rules.secrets.extend(file.secrets);
        }
        Ok(rules)
    }

    /// Entries for a command's name, without conditions looked at.
    pub fn named(&self, name: &str) -> Vec<&Command> {
        let base = name.rsplit('/').next().unwrap_or(name);
        let exact: Vec<&Command> = self.exact.values().flatten().filter(|command| command.name.iter().any(|one| one == base)).collect();
        if !exact.is_empty() || base.is_empty() {
            return exact;
        }
        self.patterns.iter().filter(|command| command.name.iter().any(|one| glob::fits(one, base))).collect()
    }

    /// The first rule for a path that says something `wanted` asks for.
    pub fn path<T>(&self, path: &str, wanted: impl Fn(&PathRule) -> Option<T>) -> Option<T> {
        self.paths.iter().filter(|rule| rule.path.iter().any(|one| glob::fits(one, path))).find_map(wanted)
    }

    /// Does it name a mining program, or its start-up script?
    pub fn is_miner(&self, text: &str) -> bool {
        let text = text.to_ascii_lowercase();
        self.miners.iter().any(|one| glob::fits(one, &text))
    }

    /// Is it a variable by which a web server hands a request over?
    pub fn is_cgi(&self, name: &str) -> bool {
        self.cgi.iter().any(|one| glob::fits(one, name))
    }

    /// Is it a variable by which the kernel names a device that came?
    pub fn is_hotplug(&self, name: &str) -> bool {
        self.hotplug.iter().any(|one| one == name)
    }

    /// What writing a path does; this crate's own table of places where the paths of scripts say nothing.
    pub fn written(&self, path: &str) -> Option<ActuatorKind> {
        self.path(path, |rule| rule.write).or_else(|| crate::models::kind_of_path(path))
    }

    /// Does the variable's name say that it holds a password?
    pub fn is_secret(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        self.secrets.iter().any(|one| glob::fits(one, &name))
    }
}

/// Every file of one kind, in order of the names. A malformed file is a defect of the build; the tests read all of them.
fn of_kind<T: DeserializeOwned>(kind: &str) -> Result<Vec<T>, String> {
    let folder = format!("code/{kind}/");
    let files = crate::models::files().into_iter().filter(|(name, _)| name.starts_with(&folder));
    files.map(|(name, text)| toml::from_str(text).map_err(|error| format!("{name}: {error}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_what_its_kind_should_be() {
        let rules = Rules::read().unwrap();
        assert!(rules.exact.len() > 100 && !rules.paths.is_empty() && !rules.miners.is_empty() && !rules.cgi.is_empty());
        for command in rules.exact.values().flatten().chain(&rules.patterns) {
            assert!(!command.name.is_empty());
            for act in &command.acts {
                assert!(act.fits.is_empty() || act.target.is_some(), "{:?}: patterns without a target", command.name);
            }
        }
    }
}
