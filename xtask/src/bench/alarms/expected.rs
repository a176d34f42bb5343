//! The packages, and what is true of them.

use serde::Deserialize;

/// Both lists.
pub struct List {
    /// Written before the first run.
    pub packages: Vec<Package>,
    /// Found true afterwards.
    unforeseen: Vec<Unforeseen>,
}

/// One package.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Debian's name.
    pub name: String,
    /// The line of the start script.
    pub start: String,
    /// What it is there for.
    #[serde(default, rename = "true")]
    pub rightly: Vec<Capability>,
}

/// A thing that a program is there for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capability {
    /// The program.
    pub program: String,
    /// Effects, in the dossier's words.
    pub effects: Vec<String>,
    /// In a line.
    pub why: String,
}

/// A capability that a run showed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unforeseen {
    package: String,
    program: String,
    effect: String,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Foreseen {
    package: Vec<Package>,
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
        Ok(Self { packages: foreseen.package, unforeseen: late.unforeseen })
    }

    /// What the lists say of an effect of programs of a package.
    pub fn standing(&self, package: &Package, programs: &[String], effect: &str) -> Standing {
        let foreseen = package.rightly.iter().find(|one| one.effects.iter().any(|own| own == effect) && programs.contains(&one.program));
        if let Some(one) = foreseen {
            return Standing::Foreseen(one.why.clone());
        }
        let late =
            self.unforeseen.iter().find(|one| one.package == package.name && one.effect == effect && programs.contains(&one.program));
        late.map_or(Standing::Alarm, |one| Standing::Unforeseen(one.why.clone()))
    }
}
