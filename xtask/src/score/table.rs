//! The figures of a set of behaviours at one level, as text and as the page of the manual.

use std::fmt::Write;

use super::Outcome;
use crate::fixtures::expect::Set;

/// One line of the table.
#[derive(Debug)]
pub struct Row {
    /// Who wrote them.
    pub set: Set,
    /// Instruction set and optimisation, or `sh`.
    pub level: String,
    shown: usize,
    noticed: usize,
    told: usize,
    harmless: usize,
    flagged: usize,
    false_alarms: usize,
}

impl Row {
    /// Counts.
    pub fn new(set: Set, level: &str, outcomes: &[Outcome]) -> Self {
        let count = |what: &dyn Fn(&super::judge::Verdict) -> bool| outcomes.iter().filter(|outcome| what(&outcome.verdict)).count();
        Self {
            set,
            level: level.to_owned(),
            shown: count(&|verdict| verdict.shown),
            noticed: count(&|verdict| verdict.shown && verdict.noticed),
            told: count(&|verdict| verdict.shown && verdict.told),
            harmless: count(&|verdict| !verdict.shown),
            flagged: count(&|verdict| !verdict.shown && verdict.flagged),
            false_alarms: count(&|verdict| verdict.shown && verdict.flagged),
        }
    }

    /// Part of the behaviours that was told.
    pub fn recall(&self) -> f64 {
        part(self.told, self.shown)
    }

    /// Part of the harmless that was flagged.
    pub fn flagged(&self) -> f64 {
        if self.harmless == 0 { 0.0 } else { part(self.flagged, self.harmless) }
    }
}

fn part(some: usize, all: usize) -> f64 {
    if all == 0 { f64::from(u8::from(some == 0)) } else { some as f64 / all as f64 }
}

/// The table, as Markdown, which a terminal shows well enough.
pub fn text(rows: &[Row]) -> String {
    let mut out = String::from(
        "| behaviours | level | shown | noticed | told | recall | harmless | flagged | flagged % | shown, with a false alarm beside |\n\
         |---|---|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for row in rows.iter().filter(|row| row.shown + row.harmless > 0) {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {:.1} % | {} | {} | {:.1} % | {} |",
            row.set.name(),
            row.level,
            row.shown,
            row.noticed,
            row.told,
            100.0 * row.recall(),
            row.harmless,
            row.flagged,
            if row.harmless == 0 { 0.0 } else { 100.0 * row.flagged() },
            row.false_alarms
        );
    }
    out
}

/// The page of the manual.
pub fn page(rows: &[Row]) -> String {
    format!(
        "# Accuracy\n\n\
         Written by `cargo xtask score`. Each behaviour of `fixtures/code` is a program or script that has it, and a twin that differs in \
         the one thing that\nmatters. Programs are built for A32 and Thumb-2 at -O0, -O2 and -Os, and stripped; what is compared is what \
         `assay vet` says of the tree that a\nbehaviour stands in.\n\n{}\n\
         - *authors*: behaviours written beside the analysis, and those of the first blind set, which was worked through. *opened*: the \
         second and third\n  blind sets, looked at since and not worked through. *blind*: the fourth, as it was judged first. All were \
         written by somebody who saw\n  the pages of the rules and none of the code; the first verdicts stand in \
         `fixtures/code/README.md`.\n\
         - *noticed*: a finding of the expected rule is there. *told*: it also agrees in effect, holder, host and every trigger. *recall* \
         counts what was told.\n\
         - *harmless*: twins and ordinary programs. *flagged*: the rule of the behaviour fires there at any severity, or another rule of \
         code at `medium` or\n  above, and the behaviour's file does not say why that is right.\n\
         - *with a false alarm beside*: a rule at `medium` or above that is none of those that may fire on what has the behaviour.\n",
        text(rows)
    )
}
