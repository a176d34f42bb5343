//! What was found, held against the packages.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde::Deserialize;
use serde_json::Value;

/// A package with its programs and libraries.
pub struct Package {
    name: String,
    source: String,
    /// Without epoch, revision, and what Debian adds.
    version: String,
    files: BTreeSet<String>,
}

/// What came of one set.
pub struct Outcome {
    pub name: String,
    pub about: String,
    /// Packages with programs that a rule is about, and how many of them were found.
    pub expected: usize,
    pub found: usize,
    /// Parts in files of packages, and how many of them are right.
    pub judged: usize,
    pub right: usize,
    /// Packages with programs that no rule is about.
    pub without_rule: Vec<String>,
    pub missed: Vec<String>,
    pub wrong: Vec<String>,
    pub components: usize,
    pub seconds: f64,
    /// Seconds of `strings`, and the lines that it leaves to read.
    pub peer: (f64, usize),
}

#[derive(Deserialize)]
struct Part {
    kind: String,
    name: String,
    version: Option<String>,
}

impl Package {
    /// Its ELF files below `tree`.
    pub fn of(name: &str, source: &str, version: &str, tree: &Path) -> anyhow::Result<Self> {
        let mut files = BTreeSet::new();
        let mut open = vec![tree.to_owned()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                let kind = fs::symlink_metadata(&path)?;
                if kind.is_dir() {
                    open.push(path);
                } else if kind.is_file() && fs::read(&path)?.starts_with(b"\x7fELF") {
                    files.insert(format!("/{}", path.strip_prefix(tree)?.display()));
                }
            }
        }
        Ok(Self { name: name.to_owned(), source: source.to_owned(), version: upstream(version), files })
    }
}

/// `1:2.36-9+deb12u14` is version 2.36 of its makers, `1.2.13.dfsg-1` is 1.2.13.
fn upstream(version: &str) -> String {
    let version = version.split_once(':').map_or(version, |(_, rest)| rest);
    let version = version.rsplit_once('-').map_or(version, |(version, _)| version);
    let cut = ["+dfsg", "~dfsg", ".dfsg", "+ds", "+git", "+really", "~", "+"].iter().filter_map(|sign| version.find(sign)).min();
    version[..cut.unwrap_or(version.len())].to_owned()
}

/// Is `told` that version? A word behind the numbers (`-stable`) belongs to the same.
fn same(told: &str, version: &str) -> bool {
    told == version || version.strip_prefix(told).is_some_and(|rest| rest.starts_with('-'))
}

impl Outcome {
    /// Judges a dossier.
    pub fn of(
        name: &str,
        about: &str,
        packages: Vec<Package>,
        dossier: &[u8],
        sources: &BTreeMap<String, Vec<String>>,
        seconds: f64,
        peer: (f64, usize),
    ) -> anyhow::Result<Self> {
        let dossier: Value = serde_json::from_slice(dossier)?;
        let mut outcome = Self {
            name: name.to_owned(),
            about: about.to_owned(),
            expected: 0,
            found: 0,
            judged: 0,
            right: 0,
            without_rule: Vec::new(),
            missed: Vec::new(),
            wrong: Vec::new(),
            components: 0,
            seconds,
            peer,
        };
        let owner: BTreeMap<&str, usize> =
            packages.iter().enumerate().flat_map(|(index, package)| package.files.iter().map(move |file| (file.as_str(), index))).collect();
        let (mut hit, mut names) = (vec![false; packages.len()], BTreeSet::new());
        for fact in dossier["facts"].as_array().into_iter().flatten() {
            let part = &fact["body"]["image"]["part"];
            let Ok(part) = Part::deserialize(part) else { continue };
            let path = fact["locator"]["path"].as_str().unwrap_or_default();
            let path = format!("/{}", path.rsplit('!').next().unwrap_or_default().trim_start_matches('/'));
            if part.kind != "component" {
                continue;
            }
            names.insert(part.name.clone());
            let (Some(package), Some(own)) = (owner.get(path.as_str()), sources.get(&part.name)) else { continue };
            let index = *package;
            let package = &packages[index];
            outcome.judged += 1;
            let version = part.version.as_deref().unwrap_or_default();
            if own.contains(&package.source) && same(version, &package.version) {
                outcome.right += 1;
                hit[index] = true;
            } else {
                outcome.wrong.push(format!("{} {version} in {path} of {} {}", part.name, package.source, package.version));
            }
        }
        outcome.components = names.len();
        for (package, hit) in packages.iter().zip(hit).filter(|(package, _)| !package.files.is_empty()) {
            if !sources.values().flatten().any(|source| *source == package.source) {
                outcome.without_rule.push(package.name.clone());
                continue;
            }
            outcome.expected += 1;
            if hit {
                outcome.found += 1;
            } else {
                outcome.missed.push(format!("{} {}", package.name, package.version));
            }
        }
        Ok(outcome)
    }

    /// Share of the packages that were found.
    pub fn recall(&self) -> f64 {
        share(self.found, self.expected)
    }

    /// Share of what was said that is right.
    pub fn precision(&self) -> f64 {
        share(self.right, self.judged)
    }

    /// Is it as good as was asked?
    pub fn good(&self) -> bool {
        self.recall() >= 0.9 && self.precision() >= 0.98
    }

    /// For the terminal.
    pub fn lines(&self) -> String {
        format!(
            "{}: {} of {} packages ({:.1} %), {} of {} parts right ({:.1} %), {} components, {:.1} s; `strings`: {:.1} s, {} lines\n  missed: {}\n  \
             wrong: {}\n  no rule: {}\n",
            self.name,
            self.found,
            self.expected,
            100.0 * self.recall(),
            self.right,
            self.judged,
            100.0 * self.precision(),
            self.components,
            self.seconds,
            self.peer.0,
            self.peer.1,
            self.missed.join(", "),
            self.wrong.join("; "),
            self.without_rule.join(", ")
        )
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_the_makers() {
        for (debian, own) in [
            ("1:2.36-9+deb12u14", "2.36"),
            ("1:1.2.13.dfsg-1", "1.2.13"),
            ("2.1.12-stable-8", "2.1.12-stable"),
            ("4.4.3-P1-2", "4.4.3-P1"),
            ("1:9.2p1-2+deb12u3", "9.2p1"),
            ("2.2.40+dfsg1-1", "2.2.40"),
        ] {
            assert_eq!(upstream(debian), own, "{debian}");
        }
        assert!(same("2.1.12", "2.1.12-stable") && !same("2.1.1", "2.1.12"));
    }
}
