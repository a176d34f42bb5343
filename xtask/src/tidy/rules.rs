//! Rule data: TOML that parses, is built into the program, and says of every entry where it is from and of which day.

use std::{fs, path::Path};

use toml::{Table, Value};

use super::files;

/// Fields of a known key, all of them texts.
const KEY: [&str; 5] = ["name", "fingerprint", "platform", "source", "date"];

/// Looks at every file of `rules/`.
pub fn check(root: &Path, faults: &mut Vec<String>) -> anyhow::Result<()> {
    let sources: Vec<String> = files(&root.join("crates"))?
        .iter()
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .filter_map(|path| fs::read_to_string(root.join("crates").join(path)).ok())
        .collect();
    for path in files(&root.join("rules"))? {
        let place = format!("rules/{}", path.display());
        if path.extension().is_none_or(|end| end != "toml") {
            faults.push(format!("{place}: not TOML, so nothing in it says its source and date"));
            continue;
        }
        // By its own name, or with a folder that it is in (not with all of `rules`, which would say nothing).
        let built_in = |name: &Path| sources.iter().any(|text| text.contains(&format!("rules/{}\"", name.display())));
        if !path.ancestors().filter(|name| !name.as_os_str().is_empty()).any(built_in) {
            faults.push(format!("{place}: no crate includes it"));
        }
        match fs::read_to_string(root.join("rules").join(&path))?.parse::<Table>() {
            Ok(table) => {
                origins(&place, &table, faults);
                if path.starts_with("unpack/keys") {
                    keys(&place, &table, faults);
                }
            }
            Err(error) => faults.push(format!("{place}: {}", error.message())),
        }
    }
    Ok(())
}

/// Source and date stand at the head of the file, or in every entry of it.
fn origins(place: &str, table: &Table, faults: &mut Vec<String>) {
    let whole = missing(table);
    if whole.is_empty() {
        return;
    }
    let entries = || table.iter().filter_map(|(name, value)| Some((name, value.as_array()?)));
    if entries().next().is_none() {
        faults.push(format!("{place}: has no {}", whole.join(" and no ")));
    }
    for (name, list) in entries() {
        for (number, entry) in list.iter().enumerate() {
            let lacks = entry.as_table().map_or(vec!["source", "date"], missing);
            if !lacks.is_empty() {
                faults.push(format!("{place}: {name} {} has no {}", number + 1, lacks.join(" and no ")));
            }
        }
    }
}

fn missing(table: &Table) -> Vec<&'static str> {
    let text = |name: &str| table.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut lacks = Vec::new();
    if text("source").trim().is_empty() {
        lacks.push("source");
    }
    if !is_day(text("date")) {
        lacks.push("date");
    }
    lacks
}

/// `YYYY-MM-DD`?
fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let digits = |part: &str, len| part.len() == len && part.bytes().all(|byte| byte.is_ascii_digit());
    matches!(parts[..], [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2))
}

/// The schema of `rules/unpack/keys/*.toml`: a list `key` whose entries have the five fields and no others.
fn keys(place: &str, table: &Table, faults: &mut Vec<String>) {
    let Some(list) = table.get("key").and_then(Value::as_array) else {
        faults.push(format!("{place}: has no list `key`"));
        return;
    };
    for (number, key) in list.iter().enumerate() {
        let mut fault = |words: String| faults.push(format!("{place}: key {}: {words}", number + 1));
        let Some(key) = key.as_table() else {
            fault("not a table".into());
            continue;
        };
        for name in KEY.iter().filter(|name| !key.get(**name).is_some_and(Value::is_str)) {
            fault(format!("no text `{name}`"));
        }
        for name in key.keys().filter(|name| !KEY.contains(&name.as_str())) {
            fault(format!("`{name}` is no field of a key"));
        }
        let fingerprint = key.get("fingerprint").and_then(Value::as_str).unwrap_or_default();
        if !(8..=64).contains(&fingerprint.len()) || !fingerprint.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
            fault("a fingerprint is 8 to 64 lower-case hexadecimal digits".into());
        }
    }
}
