//! Words and file names that tell who made an image and for what machine (`rules/unpack/identity/*.toml`).
//!
//! A rule names a file (the last part of its name in the image) or a string inside any file. Its weight is low: both are easy to
//! carry along in an image that someone else made, so a package's own fields and build files win over them.
//!
//! **Limitations**: a string is found where it stands in clear, once per file.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use assay_core::{
    escape::escape,
    facts::{IdentityField, ImageFact},
};
use serde::Deserialize;

use super::Looked;
use crate::{format::Opened, rules};

/// Longest first line that is taken for a version or a model.
const LINE: usize = 96;
/// A file of settings is short.
const SETTINGS: usize = 4096;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    #[serde(default)]
    file: Vec<FileRule>,
    #[serde(default)]
    text: Vec<TextRule>,
}

/// A file of this name says something.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRule {
    name: String,
    field: IdentityField,
    /// What it says. Where neither this nor `key` is given, its first line says it.
    value: Option<String>,
    /// The line `KEY=value` says it.
    key: Option<String>,
    weight: u8,
    #[allow(dead_code, reason = "for whoever reviews the rules; a test wants it filled")]
    source: String,
    #[allow(dead_code, reason = "as above")]
    date: String,
}

/// A string inside a file says something.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextRule {
    text: String,
    field: IdentityField,
    value: String,
    weight: u8,
    #[allow(dead_code, reason = "for whoever reviews the rules; a test wants it filled")]
    source: String,
    #[allow(dead_code, reason = "as above")]
    date: String,
}

struct Compiled {
    files: Vec<FileRule>,
    texts: Vec<TextRule>,
    automaton: AhoCorasick,
}

static WORDS: LazyLock<Compiled> = LazyLock::new(|| {
    let all: Vec<Words> = rules::of_kind("identity").unwrap_or_default();
    let (mut files, mut texts) = (Vec::new(), Vec::new());
    for words in all {
        files.extend(words.file);
        texts.extend(words.text);
    }
    // Constants of this crate: they fit an automaton in every run or in none.
    let automaton = AhoCorasick::new(texts.iter().map(|rule| &rule.text)).expect("the words fit an automaton");
    Compiled { files, texts, automaton }
});

/// Takes the look.
pub fn look(file: &Looked, opened: &mut Opened) {
    let words = &*WORDS;
    for rule in words.files.iter().filter(|rule| rule.name.as_bytes() == file.name) {
        let value = match (&rule.value, &rule.key) {
            (Some(value), _) => Some(value.clone()),
            (None, Some(key)) => setting(file.bytes, key),
            (None, None) => first_line(file.bytes),
        };
        if let Some(value) = value {
            opened.fact(0, ImageFact::Identity { field: rule.field, value, weight: rule.weight });
        }
    }
    let mut seen = vec![false; words.texts.len()];
    for (start, end) in super::own(opened) {
        let Some(part) = file.bytes.get(start as usize..end as usize) else { continue };
        for hit in words.automaton.find_iter(part) {
            let index = hit.pattern().as_usize();
            if !std::mem::replace(&mut seen[index], true) {
                let rule = &words.texts[index];
                let value = rule.value.clone();
                opened.fact(start + hit.start() as u64, ImageFact::Identity { field: rule.field, value, weight: rule.weight });
            }
        }
    }
}

fn first_line(bytes: &[u8]) -> Option<String> {
    printable(bytes[..bytes.len().min(LINE * 2)].split(|byte| *byte == b'\n').next()?)
}

/// The value of the first line `key=value`, without its quotes.
fn setting(bytes: &[u8], key: &str) -> Option<String> {
    let lines = bytes[..bytes.len().min(SETTINGS)].split(|byte| *byte == b'\n');
    let value = lines.into_iter().find_map(|line| line.trim_ascii().strip_prefix(key.as_bytes())?.strip_prefix(b"="))?;
    printable(value).map(|value| value.trim_matches(['"', '\'']).to_owned())
}

fn printable(line: &[u8]) -> Option<String> {
    let line = line.trim_ascii();
    (!line.is_empty() && line.len() <= LINE && line.iter().all(|byte| (b' '..=b'~').contains(byte))).then(|| escape(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_says_where_it_comes_from() {
        let all: Vec<Words> = rules::of_kind("identity").unwrap();
        assert!(!all.is_empty());
        for words in all {
            for rule in words.file {
                assert!(!rule.name.contains('/') && rule.weight < 60 && !rule.source.is_empty() && rule.date.len() == 10, "{}", rule.name);
            }
            for rule in words.text {
                // A short word is found in anything.
                assert!(rule.text.len() >= 8 && rule.weight < 40 && !rule.source.is_empty() && rule.date.len() == 10, "{}", rule.text);
            }
        }
    }

    #[test]
    fn a_name_gives_its_value_or_the_first_line() {
        let mut opened = Opened::new(5);
        look(&Looked { name: b"microbt_release", bytes: &bytes::Bytes::from_static(b"-- a release\nMINER_NAME='M3'\n") }, &mut opened);
        let values: Vec<_> = opened.facts.iter().map(|(_, fact)| format!("{fact:?}")).collect();
        assert!(values.iter().any(|fact| fact.contains("\"M3\"")), "{values:?}");
        assert_eq!(first_line(b"\x7fELF\n"), None);
        assert_eq!(first_line(b"2024-01-02-0-abc\nmore").as_deref(), Some("2024-01-02-0-abc"));
    }
}
