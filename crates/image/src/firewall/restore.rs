//! Saved rule sets: what `iptables-save` writes and `iptables-restore` reads.
//!
//! **Source**: `iptables-save(8)`, `iptables-restore(8)` of iptables 1.8.
//!
//! ```text
//! *filter
//! :INPUT DROP [0:0]
//! -A INPUT -p tcp --dport 22 -j ACCEPT
//! COMMIT
//! ```
//!
//! **Limitations**: rules that take others away, which nobody saves, are not applied.

use assay_core::{
    FactId,
    facts::ImageFact,
    firewall::{Action, Command, Family, Policy, iptables_command},
};

use crate::{
    reader::Reader,
    text::{Text, words},
};

/// Does it have a table and its end, or its policies?
pub fn looks_like(text: &Text) -> bool {
    let (mut table, mut rest) = (false, false);
    for (_, line) in text.plain_lines() {
        table |= line.strip_prefix('*').is_some_and(is_table);
        rest |= table && (line == "COMMIT" || line.starts_with(':') || line.starts_with("-A "));
    }
    table && rest
}

fn is_table(name: &str) -> bool {
    matches!(name, "filter" | "nat" | "mangle" | "raw" | "security")
}

/// Policies and rules.
pub fn read(reader: &mut Reader, text: &Text) {
    let name = text.path.rsplit('/').next().unwrap_or_default();
    let family = if name.contains('6') && !name.contains("v4") { Family::Ip6 } else { Family::Ip4 };
    let mut table: Option<String> = None;
    for (number, line) in text.plain_lines() {
        if let Some(name) = line.strip_prefix('*') {
            table = Some(name.trim().to_owned());
            continue;
        }
        if line == "COMMIT" {
            table = None;
            continue;
        }
        let Some(table) = &table else {
            reader.bad_line(text, number, "a rule outside a table");
            continue;
        };
        if let Some(chain) = line.strip_prefix(':') {
            let mut fields = chain.split(' ');
            let (chain, policy) = (fields.next().unwrap_or_default(), fields.next().unwrap_or("-"));
            // Chains of one's own have no policy.
            if policy != "-" {
                let body = Policy {
                    family,
                    table: table.clone(),
                    chain: chain.into(),
                    hook: None,
                    action: Action::named(policy),
                    covers: Vec::new(),
                };
                reader.fact(text.at(number), "firewall", None::<FactId>, ImageFact::FirewallPolicy(body));
            }
            continue;
        }
        // Counters may stand before a rule.
        let line = line.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(line, |(_, rest)| rest);
        let words = words(line);
        let words: Vec<&str> = ["-t", table].into_iter().chain(words.iter().map(String::as_str)).collect();
        match iptables_command(family, &words) {
            Some(Command::Rule(_, rule)) => {
                reader.fact(text.at(number), "firewall", None::<FactId>, ImageFact::FirewallRule(rule));
            }
            Some(_) => {}
            None => reader.bad_line(text, number, "a rule that is not understood"),
        }
    }
    if table.is_some() {
        reader.bad_line(text, text.lines as u64, "the file ends inside a table: nothing of it would be loaded");
    }
}
