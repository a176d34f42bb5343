//! One rule of nftables: matches, then a verdict.

use assay_core::{
    FactId,
    facts::ImageFact,
    firewall::{Action, Family, FirewallRule, port},
};

use super::{Known, tokens::Token};
use crate::{reader::Reader, text::Text};

/// Rules that one verdict map may stand for.
const MAPPED: usize = 1024;

/// Says what the rule says; a verdict map makes one rule of each of its elements.
pub fn tell(reader: &mut Reader, text: &Text, family: Family, table: &str, chain: &str, words: &[Token], known: &Known) {
    let Some(line) = words.first().map(|word| word.line) else { return };
    let mut parser = Parser { words, at: 0, known, rule: FirewallRule::new(family, table, chain), mapped: Vec::new() };
    parser.read();
    let rules = if parser.mapped.is_empty() { vec![parser.rule] } else { parser.mapped };
    for rule in rules {
        reader.fact(text.at(line), "firewall", None::<FactId>, ImageFact::FirewallRule(Box::new(rule)));
    }
}

struct Parser<'a> {
    words: &'a [Token],
    at: usize,
    known: &'a Known,
    rule: FirewallRule,
    mapped: Vec<FirewallRule>,
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let word = self.words.get(self.at)?;
        self.at += 1;
        Some(&word.text)
    }

    fn peek(&self, ahead: usize) -> &'a str {
        self.words.get(self.at + ahead).map_or("", |word| word.text.as_str())
    }

    /// The values behind a key: one, several in braces, those of a name; `None` where they are negated or a map.
    fn values(&mut self) -> (bool, Vec<String>) {
        let not = matches!(self.peek(0), "!=");
        if matches!(self.peek(0), "!=" | "==" | "in" | "=") {
            self.at += 1;
        }
        let mut values = Vec::new();
        if self.peek(0) == "{" {
            self.at += 1;
            while let Some(word) = self.next().filter(|word| *word != "}") {
                if word != "," {
                    values.push(word.to_owned());
                }
            }
        } else {
            while let Some(word) = self.next() {
                values.push(word.to_owned());
                if self.peek(0) != "," {
                    break;
                }
                self.at += 1;
            }
        }
        let named = |value: String| self.known.names.get(&value).cloned().unwrap_or_else(|| vec![value]);
        (not, values.into_iter().flat_map(named).take(4096).collect())
    }

    fn text(&mut self) -> String {
        let (not, values) = self.values();
        format!("{}{}", if not { "! " } else { "" }, values.join(", "))
    }

    fn read(&mut self) {
        while let Some(word) = self.next() {
            match (word, self.peek(0)) {
                ("tcp" | "udp" | "th" | "sctp" | "dccp" | "udplite", "dport" | "sport") => self.ports(word),
                ("tcp" | "udp", "flags" | "option") => self.unread(word),
                ("iif" | "iifname" | "iifgroup", _) => self.rule.input = Some(self.text()),
                ("oif" | "oifname" | "oifgroup", _) => self.rule.output = Some(self.text()),
                ("meta", "iifname" | "iif" | "oifname" | "oif") => {}
                ("meta", "l4proto") | ("ip", "protocol") | ("ip6", "nexthdr") => {
                    self.at += 1;
                    self.rule.protocol = Some(self.text());
                }
                ("ip" | "ip6", "saddr") => {
                    self.at += 1;
                    self.rule.source = Some(self.text());
                }
                ("ip" | "ip6", "daddr") => {
                    self.at += 1;
                    self.rule.destination = Some(self.text());
                }
                ("icmp" | "icmpv6", _) => {
                    self.rule.protocol = Some(word.to_owned());
                    self.unread(word);
                }
                ("ct", "state") => self.states(),
                ("limit", _) => {
                    self.rule.more.push("limit".into());
                    while !matches!(self.peek(0), "" | "accept" | "drop" | "reject" | "log" | "counter" | "jump" | "return") {
                        self.at += 1;
                    }
                }
                ("counter", "packets") => self.at += 4,
                ("counter" | "index" | "handle" | "position", _) => {
                    self.at += usize::from(word != "counter");
                }
                ("comment", _) => self.at += 1,
                ("log", _) => {
                    while matches!(self.peek(0), "prefix" | "level" | "group" | "flags" | "queue-threshold" | "snaplen") {
                        self.at += 2;
                    }
                }
                _ => {
                    if !self.verdict(word) {
                        self.unread(word);
                    }
                }
            }
        }
    }

    /// `tcp dport 22`, `tcp dport { 22, 80 }`, `tcp dport vmap { 22 : accept }`.
    fn ports(&mut self, protocol: &str) {
        let source = self.next() == Some("sport");
        if protocol != "th" {
            self.rule.protocol = Some(protocol.to_owned());
        }
        if self.peek(0) == "vmap" {
            self.map(|rule, value| {
                let Some(range) = range(value) else { return false };
                rule.ports.push(range);
                true
            });
            return;
        }
        let (not, values) = self.values();
        let read: Option<Vec<(u16, u16)>> = values.iter().map(|value| range(value)).collect();
        match read.filter(|_| !not) {
            Some(list) if source => self.rule.source_ports.extend(list),
            Some(list) => self.rule.ports.extend(list),
            None => {
                let (not, kind) = (if not { "! " } else { "" }, if source { "sport" } else { "dport" });
                self.rule.more.push(format!("{not}{protocol} {kind} {}", values.join(", ")));
            }
        }
    }

    fn states(&mut self) {
        self.at += 1;
        if self.peek(0) == "vmap" {
            self.map(|rule, value| {
                rule.states.push(value.to_owned());
                true
            });
            return;
        }
        let (not, values) = self.values();
        if not {
            self.rule.more.push(format!("! ct state {}", values.join(", ")));
        } else {
            self.rule.states = values;
        }
    }

    /// `vmap { value : verdict, … }`.
    fn map(&mut self, put: impl Fn(&mut FirewallRule, &str) -> bool) {
        self.at += 2;
        let before = self.rule.clone();
        let mut element: Vec<&str> = Vec::new();
        while let Some(word) = self.next() {
            if !matches!(word, "," | "}") {
                // `22:accept` is one word, `22 : accept` three.
                element.extend(word.split(':').filter(|part| !part.is_empty()));
                continue;
            }
            if let [value, verdict, target @ ..] = &element[..]
                && self.mapped.len() < MAPPED
            {
                let mut rule = before.clone();
                rule.action =
                    verdict_of(verdict, target.first().copied().unwrap_or_default()).unwrap_or(Action::Other((*verdict).to_owned()));
                if !put(&mut rule, value) {
                    rule.more.push((*value).to_owned());
                }
                self.mapped.push(rule);
            }
            element.clear();
            if word == "}" {
                break;
            }
        }
    }

    fn verdict(&mut self, word: &str) -> bool {
        let Some(action) = verdict_of(word, self.peek(0)) else { return false };
        match word {
            "jump" | "goto" => self.at += 1,
            "reject" => self.at = self.words.len(),
            "dnat" | "redirect" | "snat" | "tproxy" => {
                let rest: Vec<&str> = self.words[self.at..]
                    .iter()
                    .map(|word| word.text.as_str())
                    .filter(|word| !matches!(*word, "to" | "ip" | "ip6"))
                    .collect();
                let to = rest.join(" ");
                self.at = self.words.len();
                self.rule.action = if word == "snat" { Action::Other("SNAT".into()) } else { Action::Redirect(to) };
                return true;
            }
            _ => {}
        }
        self.rule.action = action;
        true
    }

    /// Keeps a match that is not understood, up to what is.
    fn unread(&mut self, first: &str) {
        let mut text = vec![first.to_owned()];
        while let Some(word) = self.words.get(self.at) {
            let stops = [
                "accept",
                "drop",
                "reject",
                "jump",
                "goto",
                "return",
                "counter",
                "log",
                "queue",
                "continue",
                "masquerade",
                "dnat",
                "redirect",
            ];
            if !word.quoted && stops.contains(&word.text.as_str()) {
                break;
            }
            text.push(word.text.clone());
            self.at += 1;
        }
        self.rule.more.push(text.join(" "));
    }
}

fn verdict_of(word: &str, next: &str) -> Option<Action> {
    Some(match word {
        "accept" => Action::Accept,
        "drop" => Action::Drop,
        "reject" => Action::Reject,
        "return" => Action::Return,
        "continue" => Action::Continue,
        "jump" | "goto" => Action::Jump(next.to_owned()),
        "dnat" | "redirect" | "tproxy" => Action::Redirect(next.to_owned()),
        "masquerade" | "snat" | "queue" | "notrack" => Action::Other(word.to_ascii_uppercase()),
        _ => return None,
    })
}

fn range(value: &str) -> Option<(u16, u16)> {
    if let Some(one) = port(value) {
        return Some((one, one));
    }
    let (first, last) = value.split_once('-')?;
    port(first).zip(port(last))
}
