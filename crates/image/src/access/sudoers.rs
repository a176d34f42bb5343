//! Rights through sudo.
//!
//! **Source**: `sudoers(5)` of sudo 1.9.
//!
//! ```text
//! User_Alias  WEB = www-data
//! WEB  ALL = (root) NOPASSWD: /sbin/reboot, !/sbin/halt
//! ```
//!
//! **Limitations**: `Defaults` are not told but for those that drop the password (`!authenticate`) or keep variables that load code. LDAP
//! and SSSD are not read.

mod rules;

use std::collections::BTreeMap;

use assay_core::{FactId, Locator, facts::ImageFact};

use self::rules::{list, privileges, split};
use crate::{reader::Reader, text::Text};

/// Files that one configuration may include, all together.
const FILES: usize = 256;
/// Files, or aliases, inside one another.
const DEPTH: usize = 16;
/// Names that one alias may stand for.
const NAMES: usize = 1024;

#[derive(Default)]
struct Sudoers {
    /// Kind of alias and name: what it stands for.
    aliases: BTreeMap<(char, String), Vec<String>>,
    rules: Vec<(String, Locator)>,
    files: usize,
    nobody_asked: bool,
    /// Is a variable kept that decides what code a program loads?
    keeps_loader: bool,
}

/// Variables by which who sets them has code of his own loaded.
const LOADERS: [&str; 7] = ["LD_PRELOAD", "LD_LIBRARY_PATH", "PYTHONPATH", "PERL5LIB", "BASH_ENV", "ENV", "LD_AUDIT"];

/// `/etc/sudoers` and what it includes.
pub fn read(reader: &mut Reader) {
    let Some(text) = reader.text("/etc/sudoers") else { return };
    let mut sudoers = Sudoers::default();
    file(reader, &text, &mut sudoers, 0);
    for (rule, at) in std::mem::take(&mut sudoers.rules) {
        let Some(found) = privileges(&sudoers, &rule) else {
            let at_line = at.clone();
            reader.gap(&at_line, (0, 0), assay_core::GapKind::Unreadable, format!("{}: a rule of sudoers that is not understood", at.at));
            continue;
        };
        for privilege in found {
            reader.fact(at.clone(), "access", None::<FactId>, ImageFact::Privilege(privilege));
        }
    }
}

fn file(reader: &mut Reader, text: &Text, sudoers: &mut Sudoers, depth: usize) {
    if !reader.begin(text) {
        reader.bad_line(text, 1, "a file that includes itself, directly or through others: not read once more");
        return;
    }
    for (number, line) in logical_lines(text) {
        let (first, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let rest = rest.trim();
        match first {
            "#include" | "@include" | "#includedir" | "@includedir" => include(reader, text, number, (first, rest), sudoers, depth),
            _ if first.starts_with('#') => {}
            "User_Alias" | "Runas_Alias" | "Host_Alias" | "Cmnd_Alias" | "Cmd_Alias" => {
                let kind = first.chars().next().unwrap_or_default();
                for one in split(rest, ':') {
                    let Some((name, members)) = one.split_once('=') else {
                        reader.bad_line(text, number, "an alias without what it stands for");
                        continue;
                    };
                    sudoers.aliases.insert((kind, name.trim().to_owned()), list(members));
                }
            }
            _ if first.starts_with("Defaults") => {
                let settings = split(rest, ',');
                sudoers.nobody_asked |= first == "Defaults" && settings.iter().any(|one| one == "!authenticate");
                sudoers.keeps_loader |= settings.iter().any(|one| keeps_loader(one));
            }
            _ => sudoers.rules.push((line.clone(), text.at(number))),
        }
    }
    reader.end();
}

/// `env_keep += "LD_PRELOAD PATH"`, `!env_reset`, `setenv`.
fn keeps_loader(setting: &str) -> bool {
    match setting.split_once('=') {
        None => matches!(setting, "!env_reset" | "setenv"),
        Some((name, value)) => {
            let name = name.trim_end_matches(['+', ' ']);
            matches!(name, "env_keep" | "env_check") && value.split(['"', ' ']).any(|variable| LOADERS.contains(&variable))
        }
    }
}

fn include(reader: &mut Reader, text: &Text, number: u64, (word, path): (&str, &str), sudoers: &mut Sudoers, depth: usize) {
    let path = crate::text::unquoted(path);
    let directory = text.path.rsplit_once('/').map_or("", |(directory, _)| directory);
    let path = if path.starts_with('/') { path.to_owned() } else { format!("{directory}/{path}") };
    let paths = if word.ends_with("dir") {
        // Names with a dot, or that end in a tilde, are passed over.
        let names = reader.list(&path).into_iter().filter(|name| !name.contains('.') && !name.ends_with('~'));
        names.map(|name| format!("{}/{name}", path.trim_end_matches('/'))).collect()
    } else {
        vec![path]
    };
    for path in paths {
        sudoers.files += 1;
        if sudoers.files > FILES || depth >= DEPTH {
            reader.bad_line(text, number, "files include one another too often; this one was not read");
            return;
        }
        if let Some(inner) = reader.text(&path) {
            file(reader, &inner, sudoers, depth + 1);
        }
    }
}

/// Lines put together at backslashes, comments cut. `#` before a number is a user's number, and includes begin with one too.
fn logical_lines(text: &Text) -> Vec<(u64, String)> {
    let mut lines: Vec<(u64, String)> = Vec::new();
    let mut open = false;
    for (number, line) in (1..).zip(text.all.lines()) {
        let line = line.trim();
        let include = line.starts_with("#include");
        let comment = line.char_indices().find(|(index, character)| {
            *character == '#'
                && !include
                && !line[index + 1..].starts_with(|next: char| next.is_ascii_digit())
                && !line[..*index].ends_with('\\')
        });
        let plain = comment.map_or(line, |(index, _)| line[..index].trim());
        let more = comment.is_none() && plain.ends_with('\\');
        let plain = plain.strip_suffix('\\').unwrap_or(plain).trim();
        match lines.last_mut() {
            Some((_, before)) if open => {
                before.push(' ');
                before.push_str(plain);
            }
            _ if plain.is_empty() && !more => {}
            _ => lines.push((number, plain.to_owned())),
        }
        open = more;
    }
    lines
}
