//! Rule sets of nftables.
//!
//! **Source**: `nft(8)` of nftables 1.0, sections RULESET, TABLES, CHAINS, RULES, EXPRESSIONS, VERDICT STATEMENTS.
//!
//! ```text
//! table inet filter {
//!     chain input {
//!         type filter hook input priority 0; policy drop;
//!         iifname "lo" accept
//!         tcp dport { 22, 80 } accept
//!     }
//! }
//! ```
//!
//! Read by hand: the crate `nftables` reads the JSON form, which devices do not keep, and asks the running kernel for the rest.
//!
//! **Limitations**: maps other than verdict maps in place, `delete` and `replace`, and concatenated keys (`ip saddr . tcp dport`) stay as
//! matches that are not told. Included files are read where they stand.

mod rule;
mod tokens;

use std::collections::BTreeMap;

use assay_core::{
    FactId,
    facts::ImageFact,
    firewall::{Action, Family, Policy},
};

use self::tokens::{Token, braces, rest_of, statement, tokens};
use crate::{reader::Reader, text::Text};

/// Files that one rule set may include, all together.
const FILES: usize = 64;

/// What is known while a file is read.
#[derive(Default)]
struct Known {
    /// `define x = …` and sets, by `$x` and `@x`: their words.
    names: BTreeMap<String, Vec<String>>,
    files: usize,
}

/// Does it begin as a rule set does?
pub fn looks_like(text: &Text) -> bool {
    text.plain_lines().take(500).any(|(_, line)| {
        let mut words = line.split([' ', '{']).filter(|word| !word.is_empty());
        let first = words.next();
        let table = if matches!(first, Some("add" | "create")) { words.next() } else { first };
        table == Some("table") && words.next().is_some() || line.starts_with("flush ruleset")
    })
}

/// Policies and rules.
pub fn read(reader: &mut Reader, text: &Text) {
    let mut known = Known::default();
    file(reader, text, &mut known, 0);
}

fn file(reader: &mut Reader, text: &Text, known: &mut Known, depth: usize) {
    if !reader.begin(text) {
        reader.bad_line(text, 1, "a file that includes itself, directly or through others: not read once more");
        return;
    }
    let tokens = tokens(&text.all);
    let mut at = 0;
    while at < tokens.len() {
        let words = statement(&tokens, &mut at);
        let Some(first) = words.first() else {
            at += 1;
            continue;
        };
        let names: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        let opens = tokens.get(at).is_some_and(|token| token.text == "{" && !token.quoted);
        match names[..] {
            ["table", ref rest @ ..] | ["add" | "create", "table", ref rest @ ..] if opens => {
                let (family, name) = family(rest);
                at += 1;
                table(reader, text, &tokens, &mut at, (family, name), known);
            }
            ["define", name, "=", ref values @ ..] => {
                let mut values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
                if opens {
                    values = braces(&tokens, &mut at);
                }
                known.names.insert(format!("${name}"), values);
            }
            ["include", pattern, ..] => include(reader, text, first.line, pattern, known, depth),
            ["add" | "create" | "insert", "rule", ref rest @ ..] => {
                let (family, rest) = take_family(rest);
                let [table, chain, ..] = rest[..] else { continue };
                let mut words = words[words.len() - rest.len() + 2..].to_vec();
                rest_of(&tokens, &mut at, &mut words);
                rule::tell(reader, text, family, table, chain, &words, known);
            }
            ["add" | "create", "chain", ref rest @ ..] => {
                let (family, rest) = take_family(rest);
                let [table, chain, ..] = rest[..] else { continue };
                if opens {
                    at += 1;
                    let (table, chain) = (table.to_owned(), chain.to_owned());
                    self::chain(reader, text, &tokens, &mut at, (family, &table, &chain), known);
                }
            }
            _ => {
                if opens {
                    braces(&tokens, &mut at);
                }
            }
        }
        // The end of the line or the sign that ended the statement.
        if tokens.get(at).is_some_and(|token| token.text == ";" || token.text == "\n") {
            at += 1;
        }
    }
    reader.end();
}

fn include(reader: &mut Reader, text: &Text, line: u64, pattern: &str, known: &mut Known, depth: usize) {
    let directory = text.path.rsplit_once('/').map_or("", |(directory, _)| directory);
    let pattern = if pattern.starts_with('/') { pattern.to_owned() } else { format!("{directory}/{pattern}") };
    for path in reader.expand(&pattern) {
        known.files += 1;
        if known.files > FILES || depth > 16 {
            reader.bad_line(text, line, "files include one another too often; this one was not read");
            return;
        }
        if let Some(inner) = reader.text(&path) {
            file(reader, &inner, known, depth + 1);
        }
    }
}

fn table(reader: &mut Reader, text: &Text, tokens: &[Token], at: &mut usize, (family, name): (Family, String), known: &mut Known) {
    while let Some(token) = tokens.get(*at) {
        if token.text == "}" && !token.quoted {
            *at += 1;
            return;
        }
        let words = statement(tokens, at);
        let opens = tokens.get(*at).is_some_and(|token| token.text == "{" && !token.quoted);
        match words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>()[..] {
            ["chain", chain] if opens => {
                *at += 1;
                let chain = chain.to_owned();
                self::chain(reader, text, tokens, at, (family, &name, &chain), known);
            }
            ["set", set] if opens => {
                let inner = braces(tokens, at);
                let elements =
                    inner.iter().position(|word| word == "elements").map(|index| inner[index + 1..].to_vec()).unwrap_or_default();
                let elements = elements.into_iter().filter(|word| !matches!(word.as_str(), "=" | "{" | "}")).collect();
                known.names.insert(format!("@{set}"), elements);
            }
            _ if opens => {
                braces(tokens, at);
            }
            _ => *at += 1,
        }
    }
    reader.bad_line(text, text.lines as u64, "the file ends inside a table");
}

fn chain(reader: &mut Reader, text: &Text, tokens: &[Token], at: &mut usize, (family, table, chain): (Family, &str, &str), known: &Known) {
    let (mut hook, mut policy, mut head) = (None, None, None);
    while let Some(token) = tokens.get(*at) {
        if token.text == "}" && !token.quoted {
            *at += 1;
            break;
        }
        let mut words = statement(tokens, at);
        let names: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        match names[..] {
            ["type", _, "hook", place, ..] => {
                hook = Some(place.to_owned());
                head = words.first().map(|word| word.line);
            }
            ["policy", verdict] => policy = Some(Action::named(verdict)),
            [] => {}
            _ => {
                // A set or a verdict map inside the rule.
                rest_of(tokens, at, &mut words);
                rule::tell(reader, text, family, table, chain, &words, known);
                continue;
            }
        }
        let ended = tokens.get(*at).is_some_and(|token| token.text == ";" || token.text == "\n");
        // A brace where a rule should begin.
        *at += usize::from(ended || names.is_empty());
    }
    // A chain on a hook lets through what no rule fits, unless it says otherwise.
    if let (Some(_), Some(line)) = (&hook, head) {
        let body =
            Policy { family, table: table.into(), chain: chain.into(), hook, action: policy.unwrap_or(Action::Accept), covers: Vec::new() };
        reader.fact(text.at(line), "firewall", None::<FactId>, ImageFact::FirewallPolicy(body));
    }
}

fn family(words: &[&str]) -> (Family, String) {
    let (family, rest) = take_family(words);
    (family, rest.first().map_or(String::new(), |name| (*name).to_owned()))
}

fn take_family<'w>(words: &[&'w str]) -> (Family, Vec<&'w str>) {
    let family = match words.first() {
        Some(&"ip") => Some(Family::Ip4),
        Some(&"ip6") => Some(Family::Ip6),
        Some(&"inet") => Some(Family::Inet),
        Some(&("arp" | "bridge" | "netdev")) => Some(Family::Other),
        _ => None,
    };
    // Without a word it is IPv4.
    (family.unwrap_or(Family::Ip4), words[usize::from(family.is_some())..].to_vec())
}
