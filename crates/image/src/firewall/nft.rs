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

use std::collections::BTreeMap;

use assay_core::{
    FactId,
    facts::ImageFact,
    firewall::{Action, Family, Policy},
};

use crate::{reader::Reader, text::Text};

/// Files that one rule set may include, all together.
const FILES: usize = 64;
/// Words of one rule.
const WORDS: usize = 4096;

/// A word, a sign, or the end of a line, with its line.
#[derive(Clone, Debug, PartialEq)]
struct Token {
    text: String,
    quoted: bool,
    line: u64,
}

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

/// The words up to a sign that ends a statement or opens a block.
fn statement(tokens: &[Token], at: &mut usize) -> Vec<Token> {
    let mut words = Vec::new();
    while let Some(token) = tokens.get(*at).filter(|token| token.quoted || !matches!(token.text.as_str(), ";" | "\n" | "{" | "}")) {
        if words.len() < WORDS {
            words.push(token.clone());
        }
        *at += 1;
    }
    words
}

/// The rest of a rule, with sets in braces.
fn rest_of(tokens: &[Token], at: &mut usize, words: &mut Vec<Token>) {
    let mut depth = 0_u32;
    while let Some(token) = tokens.get(*at) {
        match token.text.as_str() {
            _ if token.quoted => {}
            "{" => depth += 1,
            "}" if depth == 0 => return,
            "}" => depth -= 1,
            ";" | "\n" if depth == 0 => {
                *at += 1;
                return;
            }
            "\n" => {
                *at += 1;
                continue;
            }
            _ => {}
        }
        if words.len() < WORDS {
            words.push(token.clone());
        }
        *at += 1;
    }
}

/// The words between braces, inner braces with them.
fn braces(tokens: &[Token], at: &mut usize) -> Vec<String> {
    let (mut words, mut depth) = (Vec::new(), 0_u32);
    while let Some(token) = tokens.get(*at) {
        *at += 1;
        match token.text.as_str() {
            "{" if !token.quoted => depth += 1,
            "}" if !token.quoted => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
            }
            "\n" | "," => {}
            text if words.len() < WORDS => words.push(text.to_owned()),
            _ => {}
        }
    }
    words
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

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let mut rest = content.trim();
        let goes_on = rest.ends_with('\\');
        rest = rest.trim_end_matches('\\');
        while let Some(first) = rest.chars().next() {
            if first == '#' {
                break;
            }
            let mut push = |text: &str, quoted| tokens.push(Token { text: text.to_owned(), quoted, line });
            if first == ' ' {
                rest = &rest[1..];
            } else if first == '"' {
                let body = &rest[1..];
                let (inner, after) = body.split_once('"').unwrap_or((body, ""));
                push(inner, true);
                rest = after;
            } else if matches!(first, '{' | '}' | ';' | ',' | '=') || rest.starts_with("!=") {
                let len = if first == '!' { 2 } else { 1 };
                push(&rest[..len], false);
                rest = &rest[len..];
            } else {
                let end = rest[first.len_utf8()..]
                    .find([' ', '{', '}', ';', ',', '=', '"', '#'])
                    .map_or(rest.len(), |end| end + first.len_utf8());
                push(&rest[..end], false);
                rest = &rest[end..];
            }
        }
        if !goes_on {
            tokens.push(Token { text: "\n".into(), quoted: false, line });
        }
    }
    tokens
}
