//! What differs between two inputs, for people and for programs.

use std::fmt::Write;

use assay_core::escape::visible_json;
use assay_inspect::compare::{Change, Difference, Said};
use serde_json::{Value, json};

use super::{Detail, Differences, Functions};

/// Name of the form that this version writes.
const SCHEMA: &str = "assay.diff/1";
/// Entries of one list that are shown to people.
const MOST: usize = 12;

/// For people.
pub fn text(all: &Differences) -> String {
    let comparison = &all.comparison;
    let mut out = String::new();
    let _ = writeln!(out, "A  {}  {}\nB  {}  {}\n", all.names[0], all.ids[0], all.names[1], all.ids[1]);
    for line in comparison.beside.iter().take(MOST) {
        let _ = writeln!(out, "{line}");
    }
    more(&mut out, "", comparison.beside.len());
    let count = comparison.differences.len();
    let _ = match count {
        0 => writeln!(out, "No name differs; {} are the same.", comparison.same),
        1 => writeln!(out, "One name differs; {} are the same.\n", comparison.same),
        _ => writeln!(out, "{count} names differ; {} are the same.\n", comparison.same),
    };
    for (difference, detail) in comparison.differences.iter().zip(&all.details) {
        one(&mut out, difference, detail.as_ref());
    }
    if !comparison.follows.is_empty() {
        out.push_str("\nWhat follows from these\n");
        for line in comparison.follows.iter().take(MOST) {
            let _ = writeln!(out, "  {line}");
        }
        more(&mut out, "  ", comparison.follows.len());
    }
    if comparison.left_out > 0 {
        let _ = writeln!(out, "\n{} names beyond the limit were not compared.", comparison.left_out);
    }
    if comparison.cut > 0 {
        let _ = writeln!(out, "\n{} differences beyond the limit are not told.", comparison.cut);
    }
    if !all.complete {
        out.push_str("\nA limit cut the work short: what is not told here was not looked at.\n");
    }
    out
}

fn one(out: &mut String, difference: &Difference, detail: Option<&Detail>) {
    let path = if difference.path.is_empty() { "(the input)" } else { &difference.path };
    let _ = writeln!(out, "{:<9} {path}", word(difference.change));
    for words in &difference.details {
        let _ = writeln!(out, "          {words}");
    }
    // New flows stand before everything else, as `Said` is ordered.
    for (sign, said) in [('+', &difference.gained), ('-', &difference.lost)] {
        for Said { kind, words, .. } in said.iter().take(MOST) {
            let _ = writeln!(out, "          {sign} {kind}: {words}");
        }
        more(out, "          ", said.len());
    }
    match detail {
        Some(Detail::Lines(lines)) => {
            for line in lines {
                let _ = writeln!(out, "          {line}");
            }
        }
        Some(Detail::Functions(functions)) => self::functions(out, functions),
        Some(Detail::Bytes(words)) => {
            let _ = writeln!(out, "          {words}");
        }
        None => {}
    }
}

fn functions(out: &mut String, functions: &Functions) {
    let Functions { same, changed, added, removed } = functions;
    let _ =
        writeln!(out, "          functions: {} changed, {} added, {} removed, {same} the same", changed.len(), added.len(), removed.len());
    for (name, was, is, similarity) in changed.iter().take(MOST) {
        let at = if was == is { format!("at {is:#x}") } else { format!("at {is:#x}, was at {was:#x}") };
        let _ = writeln!(out, "            changed {name} {at}, {:.0} % alike", (100.0 * similarity).floor());
    }
    more(out, "            ", changed.len());
    for (sign, list) in [("added", added), ("removed", removed)] {
        for (name, at) in list.iter().take(MOST) {
            let _ = writeln!(out, "            {sign} {name} at {at:#x}");
        }
        more(out, "            ", list.len());
    }
}

fn more(out: &mut String, before: &str, count: usize) {
    if count > MOST {
        let _ = writeln!(out, "{before}… and {} more", count - MOST);
    }
}

fn word(change: Change) -> &'static str {
    match change {
        Change::Added => "added",
        Change::Removed => "removed",
        Change::Moved => "moved",
        Change::Content => "changed",
        Change::Attributes => "mode",
    }
}

/// For programs.
pub fn json(all: &Differences) -> String {
    let said = |list: &[Said]| list.iter().map(|said| json!({"kind": said.kind, "words": said.words})).collect::<Vec<_>>();
    let changes: Vec<Value> = all
        .comparison
        .differences
        .iter()
        .zip(&all.details)
        .map(|(difference, detail)| {
            let detail = match detail {
                None => Value::Null,
                Some(Detail::Bytes(words)) => json!({"bytes": words}),
                Some(Detail::Lines(lines)) => json!({"lines": lines}),
                Some(Detail::Functions(functions)) => {
                    let place = |(name, at): &(String, u64)| json!({"name": name, "address": format!("{at:#x}")});
                    json!({"functions": {
                        "same": functions.same,
                        "changed": functions.changed.iter().map(|(name, was, is, similarity)| json!({"name": name,
                            "before": format!("{was:#x}"), "after": format!("{is:#x}"),
                            "similarity": (similarity * 1000.0).round() / 1000.0})).collect::<Vec<_>>(),
                        "added": functions.added.iter().map(place).collect::<Vec<_>>(),
                        "removed": functions.removed.iter().map(place).collect::<Vec<_>>()}})
                }
            };
            json!({"path": difference.path, "change": word(difference.change), "before": difference.contents.0,
                "after": difference.contents.1, "details": difference.details,
                "gained": said(&difference.gained), "lost": said(&difference.lost), "content": detail})
        })
        .collect();
    let document = json!({"schema": SCHEMA, "complete": all.complete,
        "before": {"name": all.names[0], "id": all.ids[0]}, "after": {"name": all.names[1], "id": all.ids[1]},
        "same": all.comparison.same, "beside": all.comparison.beside, "changes": changes, "follows": all.comparison.follows,
        "left_out": all.comparison.left_out, "cut": all.comparison.cut});
    let text = serde_json::to_string_pretty(&document).unwrap_or_default();
    visible_json(&text).into_owned() + "\n"
}
