//! Values of a file of settings with the names above them, whatever its language: JSON, UCI, sections, names with values, YAML's plain lines.

use assay_core::facts::image::ConfigKind;
use serde_json::Value as Json;

use crate::text::{Text, unquoted, words};

/// Values of one file.
const MOST: usize = 20_000;

/// A value.
pub struct Value {
    /// Names above it, from the outermost on; numbers for members of lists, and for sections of one name.
    pub names: Vec<String>,
    /// The value.
    pub text: String,
    /// Line.
    pub line: u64,
}

impl Value {
    /// Its own name.
    pub fn key(&self) -> &str {
        self.names.last().map(String::as_str).unwrap_or_default()
    }

    /// The names of the table that it is in.
    pub fn table(&self) -> &[String] {
        self.names.split_last().map(|(_, table)| table).unwrap_or_default()
    }
}

/// Everything in `text`, in order.
pub fn values(text: &Text, kind: ConfigKind) -> Vec<Value> {
    match kind {
        ConfigKind::Json => json(text),
        ConfigKind::Uci => uci(text),
        ConfigKind::Ini | ConfigKind::KeyValue => lines(text),
    }
}

fn json(text: &Text) -> Vec<Value> {
    let Ok(whole) = serde_json::from_str::<Json>(&text.all) else { return lines(text) };
    let mut found = Vec::new();
    let mut open: Vec<(Vec<String>, &Json)> = vec![(Vec::new(), &whole)];
    while let Some((names, value)) = open.pop() {
        let below = |name: String| names.iter().cloned().chain([name]).collect::<Vec<_>>();
        if found.len() + open.len() >= MOST {
            break;
        }
        match value {
            // Turned round, so that what stands first comes first.
            Json::Object(fields) => open.extend(fields.iter().rev().take(MOST).map(|(name, value)| (below(name.clone()), value))),
            Json::Array(list) => {
                open.extend(list.iter().enumerate().take(MOST).rev().map(|(number, value)| (below(number.to_string()), value)));
            }
            Json::String(own) => found.push(Value { names, text: own.trim().to_owned(), line: 1 }),
            Json::Number(own) => found.push(Value { names, text: own.to_string(), line: 1 }),
            Json::Bool(_) | Json::Null => {}
        }
    }
    place(text, &mut found);
    found
}

/// The parser forgets lines. A value stands on the first line that has it and has not been given to an earlier value of the same text.
fn place(text: &Text, found: &mut [Value]) {
    use std::collections::HashMap;
    let mut lines: HashMap<&str, Vec<u64>> = HashMap::new();
    for (number, line) in text.lines() {
        let pieces = line.split('"').chain(line.split([',', ':', ' ', '}', ']']));
        for piece in pieces.map(str::trim).filter(|piece| piece.len() > 2) {
            let known = lines.entry(piece).or_default();
            if known.last() != Some(&number) {
                known.push(number);
            }
        }
    }
    let mut given: HashMap<String, usize> = HashMap::new();
    for value in found {
        let Some(own) = lines.get(value.text.as_str()) else { continue };
        let count = given.entry(value.text.clone()).or_default();
        value.line = own[(*count).min(own.len() - 1)];
        *count += 1;
    }
}

fn uci(text: &Text) -> Vec<Value> {
    let (mut found, mut section, mut count) = (Vec::new(), Vec::new(), 0_usize);
    for (line, shown) in text.plain_lines() {
        let parts = words(shown);
        let mut parts = parts.iter().map(String::as_str);
        match (parts.next(), parts.next(), parts.next()) {
            (Some("config"), Some(kind), name) => {
                count += 1;
                section = vec![kind.to_owned(), name.map_or_else(|| count.to_string(), str::to_owned)];
            }
            (Some("option" | "list"), Some(key), Some(value)) => {
                found.push(Value { names: section.iter().cloned().chain([key.to_owned()]).collect(), text: value.to_owned(), line });
            }
            _ => {}
        }
        if found.len() >= MOST {
            break;
        }
    }
    found
}

/// Names and values line by line, below the section that stands above them. `[[group.pool]]` and `- ` begin a member of a list.
fn lines(text: &Text) -> Vec<Value> {
    let (mut found, mut section, mut count): (Vec<Value>, Vec<String>, usize) = (Vec::new(), Vec::new(), 0);
    for (line, shown) in text.plain_lines().filter(|(_, shown)| !shown.starts_with(';')) {
        if let Some(name) = shown.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            count += 1;
            section = name.trim_matches(['[', ' ']).split('.').map(str::to_owned).chain([count.to_string()]).collect();
            continue;
        }
        let (shown, member) = shown.strip_prefix("- ").map_or((shown, false), |rest| (rest, true));
        if member {
            count += 1;
            section.truncate(1);
            section.push(count.to_string());
        }
        let end = shown.find(['=', ':']).filter(|end| *end > 0);
        let Some((key, value)) = end.map(|end| (&shown[..end], &shown[end + 1..])) else { continue };
        let key = unquoted(key.trim().trim_start_matches("export ").trim_start_matches("set "));
        let value = value.trim().trim_end_matches(',');
        if value.is_empty() && !shown.contains('=') {
            // A name of YAML with what is below it.
            section = vec![key.to_owned()];
            continue;
        }
        let plain = !key.is_empty() && key.len() <= 80 && !key.contains(['{', '(', '<', '"']);
        if plain {
            found.push(Value { names: section.iter().cloned().chain([key.to_owned()]).collect(), text: unquoted(value).to_owned(), line });
        }
        if found.len() >= MOST {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use assay_core::{At, Locator, Sha256};

    use super::*;

    fn of(bytes: &[u8], kind: ConfigKind) -> Vec<(String, String, u64)> {
        let base = Locator { artifact: Sha256::of(bytes), path: "x".into(), at: At::Line(1) };
        let (text, _) = Text::new(bytes, "/etc/x".into(), base, 1000);
        values(&text, kind).into_iter().map(|value| (value.names.join("."), value.text, value.line)).collect()
    }

    #[test]
    fn one_shape_for_all_languages() {
        let json = of(b"{\"pools\": [\n{\"url\": \"a.b:1\",\n\"quota\": 200},\n{\"url\": \"a.b:1\"}]}", ConfigKind::Json);
        let urls: Vec<_> = json.iter().filter(|(name, ..)| name.ends_with("url")).map(|(name, _, line)| (name.as_str(), *line)).collect();
        assert_eq!(urls, [("pools.0.url", 2), ("pools.1.url", 4)]);
        assert!(json.contains(&("pools.0.quota".into(), "200".into(), 3)));
        let uci = of(b"config cgminer 'main'\n\toption pool1url 'stratum+tcp://a.b:1'\n", ConfigKind::Uci);
        assert_eq!(uci, [("cgminer.main.pool1url".into(), "stratum+tcp://a.b:1".into(), 2)]);
        let toml = of(b"[[group.pool]]\nurl = \"a.b:1\"\n[[group.pool]]\nurl = \"a.b:2\"\n", ConfigKind::Ini);
        assert_eq!(toml[1], ("group.pool.2.url".into(), "a.b:2".into(), 4));
        let yaml = of(b"pools:\n- url: a.b:1\n  user: w\n- url: a.b:2\n", ConfigKind::KeyValue);
        assert_eq!(yaml[1], ("pools.1.user".into(), "w".into(), 3));
        assert_eq!(yaml[2].0, "pools.2.url");
    }

    #[test]
    fn deep_and_wide_files_end() {
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(of(deep.as_bytes(), ConfigKind::Json).is_empty());
        let wide = format!("[{}1]", "1,".repeat(200_000));
        assert!(of(wide.as_bytes(), ConfigKind::Json).len() <= MOST);
    }
}
