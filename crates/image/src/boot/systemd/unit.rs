//! Unit files: where they are looked for, what they say, drop-ins put on.
//!
//! **Source**: `systemd.unit(5)`, `systemd.syntax(7)` of systemd 255.

use std::collections::BTreeMap;

use assay_core::{EntryKind, Locator};

use crate::reader::Reader;

/// Directories with units, the first one wins.
const DIRECTORIES: [&str; 5] =
    ["/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];
/// Drop-ins of one unit.
const DROP_INS: usize = 64;

/// One line of a unit.
pub struct Line {
    pub section: String,
    pub key: String,
    pub value: String,
    pub at: Locator,
}

/// A unit with its drop-ins.
pub struct Unit {
    /// Its real name: aliases lead to it, an instance keeps its own.
    pub name: String,
    pub lines: Vec<Line>,
}

impl Unit {
    /// The values of a key, specifiers put in; an empty value takes back those before it.
    pub fn all(&self, section: &str, key: &str) -> Vec<(String, &Locator)> {
        let mut values = Vec::new();
        for line in self.lines.iter().filter(|line| line.section == section && line.key == key) {
            if line.value.is_empty() {
                values.clear();
            } else {
                values.push((self.specified(&line.value), &line.at));
            }
        }
        values
    }

    /// The last value of a key.
    pub fn value(&self, section: &str, key: &str) -> Option<String> {
        self.all(section, key).pop().map(|(value, _)| value)
    }

    /// Names in all values of a key of `[Unit]`.
    pub fn units(&self, keys: &[&str]) -> Vec<String> {
        let values = keys.iter().flat_map(|key| self.all("Unit", key));
        values.flat_map(|(value, _)| value.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    /// The name without its kind.
    pub fn stem(&self) -> &str {
        self.name.rsplit_once('.').map_or(self.name.as_str(), |(stem, _)| stem)
    }

    fn specified(&self, value: &str) -> String {
        if !value.contains('%') {
            return value.to_owned();
        }
        let stem = self.stem();
        let (prefix, instance) = stem.split_once('@').unwrap_or((stem, ""));
        let (mut text, mut characters) = (String::new(), value.chars());
        while let Some(character) = characters.next() {
            if character != '%' {
                text.push(character);
                continue;
            }
            match characters.next() {
                Some('i') => text.push_str(instance),
                Some('I') => text.push_str(&instance.replace('-', "/")),
                Some('n') => text.push_str(&self.name),
                Some('N') => text.push_str(stem),
                Some('p') => text.push_str(prefix),
                Some('%') => text.push('%'),
                other => {
                    text.push('%');
                    text.extend(other);
                }
            }
        }
        text
    }
}

/// The unit of that name; `None` where there is none or it is masked.
pub fn load(reader: &mut Reader, name: &str) -> Option<Unit> {
    if name.contains('/') || name.len() > 256 {
        return None;
    }
    let template = name.split_once('@').filter(|(_, rest)| !rest.starts_with('.')).map(|(prefix, rest)| {
        let kind = rest.rsplit_once('.').map_or("service", |(_, kind)| kind);
        format!("{prefix}@.{kind}")
    });
    let found = |file: &str| {
        DIRECTORIES.iter().map(|directory| format!("{directory}/{file}")).find(|path| reader.root.entry(path.as_bytes()).is_some())
    };
    let path = found(name).or_else(|| found(template.as_deref()?))?;
    let entry = reader.root.entry(path.as_bytes())?;
    if entry.kind == EntryKind::Symlink && entry.target.as_deref() == Some(b"/dev/null") {
        return None;
    }
    let place = reader.file(&path)?;
    let real = place.shown();
    let file = real.rsplit('/').next().unwrap_or_default();
    // An instance keeps its name although the file is the template's; any other link to a unit's file is an alias.
    let own = if template.is_some() && file.contains("@.") { name.to_owned() } else { file.to_owned() };
    let mut lines = Vec::new();
    let text = reader.text_at(&place)?;
    parse(reader, &text, &mut lines);
    let mut drop_ins: BTreeMap<&str, String> = BTreeMap::new();
    for base in [Some(name), template.as_deref(), Some(own.as_str())].into_iter().flatten() {
        for directory in DIRECTORIES {
            for file in reader.list(&format!("{directory}/{base}.d")).into_iter().filter(|file| crate::glob::fits("*.conf", file)) {
                drop_ins.entry(file).or_insert_with(|| format!("{directory}/{base}.d/{file}"));
            }
        }
    }
    for path in drop_ins.into_values().take(DROP_INS) {
        if let Some(text) = reader.text(&path) {
            parse(reader, &text, &mut lines);
        }
    }
    Some(Unit { name: own, lines })
}

/// Names in the directories that hang units on `name`: `name.wants`, `name.requires`.
pub fn hung_on(reader: &Reader, name: &str) -> Vec<String> {
    let mut names = Vec::new();
    for kind in ["requires", "wants"] {
        for directory in DIRECTORIES {
            names.extend(reader.list(&format!("{directory}/{name}.{kind}")).into_iter().map(str::to_owned));
        }
    }
    names
}

fn parse(reader: &mut Reader, text: &crate::text::Text, lines: &mut Vec<Line>) {
    let mut section = String::new();
    for (number, line) in text.joined_lines() {
        if line.starts_with(';') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut section);
        } else if let Some((key, value)) = line.split_once('=') {
            lines.push(Line { section: section.clone(), key: key.trim().to_owned(), value: value.trim().to_owned(), at: text.at(number) });
        } else {
            reader.bad_line(text, number, "a line of a unit is a section, a key with a value or a comment");
        }
    }
}
