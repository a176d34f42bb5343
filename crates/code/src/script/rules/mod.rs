//! What commands and paths mean: `rules/code/commands/*.toml` and `rules/code/paths/*.toml`.
//!
//! A command's entry says which of its arguments matter, what they are for, and what its output carries. Several entries may fit one
//! call; each adds what it says. The interpreter knows no command by name but the shell's own.

mod arguments;
mod schema;

use std::{collections::BTreeMap, sync::LazyLock};

use assay_core::facts::code::ActuatorKind;

pub use arguments::{Arguments, Select};
pub use schema::{Command, Filter, Output, PathRule, Read};
use schema::{CommandFile, PathFile};

use super::glob;
use crate::rules::of_kind;

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

    /// What writing a path does, for scripts and for programs.
    pub fn written(&self, path: &str) -> Option<ActuatorKind> {
        self.path(path, |rule| rule.write)
    }

    /// Does writing this text to the path do what writing to it can do?
    pub fn takes(&self, path: &str, text: &[u8]) -> bool {
        let letters = self.path(path, |rule| rule.letters.clone());
        letters.is_none_or(|letters| text.first().is_none_or(|first| letters.as_bytes().contains(first)))
    }

    /// Does the variable's name say that it holds a password?
    pub fn is_secret(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        self.secrets.iter().any(|one| glob::fits(one, &name))
    }
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
