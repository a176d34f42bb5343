//! The manual's page about ordinary systems.

use std::{collections::BTreeMap, fmt::Write};

use super::{
    Outcome,
    expected::{List, Standing},
};
use crate::bench::measure::cell;

/// The page.
pub fn page(list: &List, outcomes: &[Outcome<'_>]) -> String {
    let mut page = String::from(
        "# Ordinary systems\n\n\
         Written by `cargo xtask bench roots`. Four root filesystems of Debian 12, installed package by package as on a machine, and one \
         of BusyBox built from its source, vetted whole. What is rightly above `medium` in them was written down before the first run, in \
         `xtask/src/bench/roots/true.toml`; the order is in the history of the repository. What is in no list is a false alarm.\n\n",
    );
    for root in &list.roots {
        let packages = if root.packages.is_empty() { String::new() } else { format!(" (`{}`)", root.packages.join("`, `")) };
        let _ = writeln!(page, "- **{}**: {}{packages}", root.name, root.about);
    }
    page.push_str("\n| root | processor | functions | s | critical | high | medium | low | info | above `medium` in no list |\n");
    page.push_str("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|\n");
    for outcome in outcomes {
        let counts = outcome.by_severity().map(|count| count.to_string()).join(" | ");
        let (name, arch, vetted) = (&outcome.root.name, &outcome.root.arch, &outcome.vetted);
        let _ = writeln!(page, "| {name} | {arch} | {} | {:.0} | {counts} | {} |", vetted.functions, vetted.seconds, outcome.alarms());
    }
    page.push_str("\n*functions*: those of 32-bit Arm; programs for other processors are not followed yet, and are gaps.\n");
    page.push_str("\n## Above `medium`\n\n| root | severity | rule | what is said | listed |\n|---|---|---|---|---|\n");
    for outcome in outcomes {
        for (index, standing) in &outcome.grave {
            let Some(finding) = outcome.vetted.findings.get(*index) else { continue };
            let listed = match standing {
                Standing::Foreseen(why) => format!("yes: {why}"),
                Standing::Unforeseen(why) => format!("true, not foreseen: {why}"),
                Standing::Alarm => "**no**".into(),
            };
            let (severity, rule) = (&finding.severity, &finding.rule);
            let _ = writeln!(page, "| {} | {severity} | `{rule}` | {} | {} |", outcome.root.name, cell(&finding.title), cell(&listed));
        }
    }
    page.push_str("\n## Medium and below, by rule\n\n| root | rule | findings |\n|---|---|---:|\n");
    for outcome in outcomes {
        let mut rules: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for finding in outcome.vetted.findings.iter().filter(|finding| !finding.grave()) {
            *rules.entry((&finding.rule, &finding.severity)).or_default() += 1;
        }
        for ((rule, severity), count) in rules {
            let _ = writeln!(page, "| {} | `{rule}` ({severity}) | {count} |", outcome.root.name);
        }
    }
    page.push_str("\n## The list of before\n\n| root | path | effects | why |\n|---|---|---|---|\n");
    for root in &list.roots {
        for one in &root.rightly {
            let effects = if one.effects.is_empty() { "any".to_owned() } else { one.effects.join(", ") };
            let _ = writeln!(page, "| {} | `{}` | {effects} | {} |", root.name, one.path, cell(&one.why));
        }
    }
    page
}
