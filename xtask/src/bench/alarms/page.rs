//! The manual's page about false alarms on ordinary network programs.

use std::fmt::Write;

use super::{
    expected::{List, Standing},
    outcome::Outcome,
};
use crate::bench::measure::cell;

/// One line about all packages.
pub fn totals(outcomes: &[Outcome]) -> String {
    let grave: usize = outcomes.iter().map(|outcome| outcome.findings.len()).sum();
    let alarms: usize = outcomes.iter().map(|outcome| outcome.alarms().count()).sum();
    let quiet = outcomes.iter().filter(|outcome| outcome.alarms().next().is_none()).count();
    let functions: u64 = outcomes.iter().map(|outcome| outcome.functions).sum();
    let seconds: f64 = outcomes.iter().map(|outcome| outcome.seconds).sum();
    format!(
        "{} packages, {functions} functions, {seconds:.0} s: {grave} findings that are `critical` or `high`, {alarms} of them in no list; \
         {quiet} packages have none of those.",
        outcomes.len()
    )
}

/// The page.
pub fn page(list: &List, outcomes: &[Outcome]) -> String {
    let mut page = String::from(
        "# Ordinary network programs\n\n\
         Written by `cargo xtask bench alarms`. Thirty network programs of Debian 12 for armhf, each as the `.deb` that the archive serves, \
         unpacked into a tree whose start script starts it. What is rightly `critical` or `high` in them was written down from their \
         manuals before the first run, in `xtask/src/bench/alarms/true.toml`; the order is in the history of the repository. What is \
         in no list is a false alarm.\n\n",
    );
    let _ = writeln!(page, "**{}**\n", totals(outcomes));
    page.push_str("| package | version | functions | given up | s | findings | critical, high | in no list |\n");
    page.push_str("|---|---|---:|---:|---:|---:|---:|---:|\n");
    for outcome in outcomes {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} | {:.0} | {} | {} | {} |",
            outcome.name,
            outcome.version,
            outcome.functions,
            outcome.given_up,
            outcome.seconds,
            outcome.all,
            outcome.findings.len(),
            outcome.alarms().count()
        );
    }
    page.push_str(
        "\n*given up*: functions of which a limit left some question without an answer; they are not among the others. *findings*: of any severity, \
         about control and disclosure.\n\n## What is critical or high\n\n",
    );
    let listed: usize = list.packages.iter().map(|package| package.rightly.len()).sum();
    let shown = outcomes.iter().flat_map(|outcome| &outcome.findings).filter(|finding| matches!(finding.standing, Standing::Foreseen(_)));
    let _ = writeln!(
        page,
        "{} findings are of the {listed} capabilities of the list. The list says what may rightly be said, not what must be: a shell behind a \
         login, or a script that the owner configured, is less than `high` by the detectors' own tables.\n",
        shown.count()
    );
    page.push_str("| package | severity | rule | what is said | listed |\n|---|---|---|---|---|\n");
    for outcome in outcomes {
        for finding in &outcome.findings {
            let listed = match &finding.standing {
                Standing::Foreseen(why) => format!("yes: {why}"),
                Standing::Unforeseen(why) => format!("true, not foreseen: {why}"),
                Standing::Alarm => "**no**".into(),
            };
            let title = cell(&finding.title);
            let _ = writeln!(page, "| `{}` | {} | `{}` | {title} | {} |", outcome.name, finding.severity, finding.rule, cell(&listed));
        }
    }
    page.push_str("\n## The list of before\n\n| package | program | effects | why |\n|---|---|---|---|\n");
    for package in &list.packages {
        for one in &package.rightly {
            let _ = writeln!(page, "| `{}` | `{}` | {} | {} |", package.name, one.program, one.effects.join(", "), cell(&one.why));
        }
    }
    let quiet: Vec<String> =
        list.packages.iter().filter(|package| package.rightly.is_empty()).map(|package| format!("`{}`", package.name)).collect();
    let _ = writeln!(page, "\nNothing was expected of {}.", quiet.join(", "));
    page
}
