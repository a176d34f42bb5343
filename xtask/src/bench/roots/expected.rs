//! The roots, and what is true of them.

use serde::Deserialize;

/// Both lists.
pub struct List {
    /// Written before the first run.
    pub roots: Vec<RootSpec>,
    /// Found true afterwards.
    unforeseen: Vec<Unforeseen>,
}

/// One root filesystem.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootSpec {
    /// Its name here.
    pub name: String,
    /// Debian's architecture.
    pub arch: String,
    /// What it is, in a line.
    pub about: String,
    /// Packages beside the smallest Debian; none for the root that is built from source.
    pub packages: Vec<String>,
    /// What may rightly be said.
    #[serde(default, rename = "true")]
    pub rightly: Vec<Rightly>,
}

/// Something that is rightly called grave.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rightly {
    /// A path, or the start of one.
    pub path: String,
    /// Effects in the dossier's words; none: whatever is said.
    #[serde(default)]
    pub effects: Vec<String>,
    /// In a line.
    pub why: String,
}

/// Something grave that a run showed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unforeseen {
    root: String,
    path: String,
    rule: String,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Foreseen {
    root: Vec<RootSpec>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Late {
    unforeseen: Vec<Unforeseen>,
}

/// How a finding stands to the lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// In the list of before, and why.
    Foreseen(String),
    /// In the other, and why.
    Unforeseen(String),
    /// In none.
    Alarm,
}

impl List {
    /// The lists of this folder.
    pub fn read() -> anyhow::Result<Self> {
        let foreseen: Foreseen = toml::from_str(include_str!("true.toml"))?;
        let late: Late = toml::from_str(include_str!("unforeseen.toml"))?;
        Ok(Self { roots: foreseen.root, unforeseen: late.unforeseen })
    }

    /// What the lists say of a finding with evidence at these paths of a root.
    pub fn standing(&self, root: &RootSpec, paths: &[String], rule: &str, effect: &str) -> Standing {
        let at = |start: &str| paths.iter().any(|path| path.starts_with(start));
        let foreseen =
            root.rightly.iter().find(|one| at(&one.path) && (one.effects.is_empty() || one.effects.iter().any(|own| own == effect)));
        if let Some(one) = foreseen {
            return Standing::Foreseen(one.why.clone());
        }
        let late = self.unforeseen.iter().find(|one| one.root == root.name && one.rule == rule && at(&one.path));
        late.map_or(Standing::Alarm, |one| Standing::Unforeseen(one.why.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_stands_to_the_lists_by_path_and_effect() {
        let list = List::read().unwrap();
        let root = list.roots.iter().find(|root| root.name == "debian-armhf-board").unwrap();
        let standing = |path: &str, effect: &str| list.standing(root, &[path.to_owned()], "control.remote-exec", effect);
        assert!(matches!(standing("/usr/sbin/sshd", "execute"), Standing::Foreseen(_)));
        assert_eq!(standing("/usr/sbin/sshd", "stop-mining"), Standing::Alarm);
        assert!(matches!(standing("/etc/ssh/ssh_host_rsa_key", ""), Standing::Foreseen(_)));
        assert_eq!(standing("/usr/bin/wget", "execute"), Standing::Alarm);
        assert_eq!(list.roots.len(), 5);
    }
}
