//! What a kernel's configuration lacks of what the Kernel Self-Protection Project recommends (rows of `rules/inspect/kernel`).

use std::{collections::BTreeMap, sync::OnceLock};

use assay_core::facts::image::{KernelConfig, KernelOption};
use serde::Deserialize;

/// A file of rules.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    source: String,
    #[expect(dead_code, reason = "when the source was read, for whoever reads it again")]
    date: String,
    option: Vec<Rule>,
}

/// An option that should be set, or not.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name, without `CONFIG_`.
    pub name: String,
    /// Should it be set?
    pub wanted: Wanted,
    /// How much hangs on it.
    pub weight: Weight,
    /// What it does, in words.
    pub why: String,
    #[serde(default)]
    arch: Vec<String>,
    since: String,
    until: Option<String>,
}

/// What an option should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Wanted {
    /// Set; a module is not enough.
    #[serde(rename = "y")]
    Set,
    /// Not set, not even as a module.
    #[serde(rename = "n")]
    Unset,
}

/// How much hangs on an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// One hurdle more.
    Low,
    /// Without it an error in the kernel, or a program with few rights, gets much farther.
    High,
}

/// An option of which something is recommended for this kernel.
pub struct Outcome<'a> {
    /// The rule.
    pub rule: &'static Rule,
    /// The option, where it is set.
    pub is: Option<&'a KernelOption>,
    /// Is it as recommended?
    pub fits: bool,
}

fn rules() -> &'static [Rules] {
    static RULES: OnceLock<Vec<Rules>> = OnceLock::new();
    RULES.get_or_init(|| crate::rules::of_kind("kernel").unwrap_or_default())
}

/// Where the recommendations come from.
pub fn source() -> &'static str {
    rules().first().map_or("", |rules| rules.source.as_str())
}

/// Every recommendation that is made for a kernel of this version and architecture, and what became of it.
pub fn outcomes(config: &KernelConfig) -> Vec<Outcome<'_>> {
    let set: BTreeMap<&str, &KernelOption> = config.options.iter().map(|option| (option.name.as_str(), option)).collect();
    let version = numbers(&config.version);
    let meant = |rule: &&Rule| {
        (rule.arch.is_empty() || rule.arch.contains(&config.arch))
            && version >= numbers(&rule.since)
            && rule.until.as_ref().is_none_or(|until| version < numbers(until))
    };
    rules()
        .iter()
        .flat_map(|rules| &rules.option)
        .filter(meant)
        .map(|rule| {
            let is = set.get(rule.name.as_str()).copied();
            let fits = match rule.wanted {
                Wanted::Set => is.is_some_and(|option| option.value == "y"),
                Wanted::Unset => is.is_none_or(|option| option.value == "n"),
            };
            // Without modules, none can be brought in, signed or not.
            let fits = fits || (rule.name.starts_with("MODULE_SIG") && !set.contains_key("MODULES"));
            Outcome { rule, is, fits }
        })
        .collect()
}

/// The first three numbers of a version, to be compared.
fn numbers(version: &str) -> [u32; 3] {
    let mut parts = version.split(|sign: char| !sign.is_ascii_digit()).map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(version: &str, arch: &str, options: &[(&str, &str)]) -> KernelConfig {
        let options = options.iter().map(|(name, value)| KernelOption { name: (*name).into(), value: (*value).into(), line: 1 }).collect();
        KernelConfig { version: version.into(), arch: arch.into(), options }
    }

    fn fits(config: &KernelConfig, name: &str) -> Option<bool> {
        outcomes(config).iter().find(|outcome| outcome.rule.name == name).map(|outcome| outcome.fits)
    }

    #[test]
    fn rules_hold_for_their_versions_and_processors() {
        assert!(crate::rules::of_kind::<Rules>("kernel").is_ok_and(|files| !files.is_empty()));
        let old = config("4.6.0-xilinx", "arm", &[("DEVMEM", "y"), ("MODULES", "y"), ("DEBUG_RODATA", "y")]);
        assert_eq!(fits(&old, "STRICT_KERNEL_RWX"), None, "came later");
        assert_eq!(fits(&old, "DEBUG_RODATA"), Some(true));
        assert_eq!(fits(&old, "RANDOMIZE_BASE"), None, "another processor");
        assert_eq!(fits(&old, "DEVMEM"), Some(false));
        assert_eq!(fits(&old, "STRICT_DEVMEM"), Some(false));
        assert_eq!(fits(&old, "MODULE_SIG_FORCE"), Some(false));
        let new = config("6.1.76", "arm64", &[("STRICT_KERNEL_RWX", "y"), ("KEXEC", "m")]);
        assert_eq!(fits(&new, "STRICT_KERNEL_RWX"), Some(true));
        assert_eq!(fits(&new, "KEXEC"), Some(false));
        assert_eq!(fits(&new, "MODULE_SIG_FORCE"), Some(true), "a kernel without modules");
        assert_eq!(fits(&new, "DEVKMEM"), None, "gone");
    }
}
