//! What starts, and when: the boot graph of each system, one row for each program that its configuration starts.

use assay_core::{
    Cell, Fact, FactBody, Question, Table,
    facts::{
        ImageFact,
        image::{BootStep, Phase, Starter},
    },
};

use super::{code::table, evidence};

/// Rows of the table.
const MOST: usize = 5_000;

/// The table.
pub(super) fn start(facts: &[Fact]) -> Table {
    let steps = facts.iter().filter_map(|fact| match &fact.body {
        FactBody::Image(ImageFact::BootStep(step)) => Some((fact, step)),
        _ => None,
    });
    let rows = steps.take(MOST).map(|(fact, step)| (cells(fact, step), vec![evidence(&fact.locator)]));
    let columns = ["System", "When", "Started by", "Name", "Program", "Is there", "As", "If", "Written in"];
    table(Question::Control, "What starts", &columns, rows.collect())
}

fn cells(fact: &Fact, step: &BootStep) -> Vec<Cell> {
    let (system, file) = fact.locator.path.rsplit_once('!').unwrap_or(("", &fact.locator.path));
    let command = step.command.clone().unwrap_or_else(|| [&[step.program.clone()], step.arguments.as_slice()].concat().join(" "));
    let there = match (&step.resolved, step.runnable) {
        (None, _) => "no file of that name",
        (Some(_), false) => "yes, and may not be run",
        (Some(_), true) => "yes",
    };
    vec![
        if system.is_empty() { "(input)" } else { system }.into(),
        when(step.phase).into(),
        by(step.by).into(),
        step.name.as_str().into(),
        command.into(),
        there.into(),
        step.user.as_deref().unwrap_or("root").into(),
        step.condition.as_deref().unwrap_or_default().into(),
        file.into(),
    ]
}

fn when(phase: Phase) -> &'static str {
    match phase {
        Phase::Boot => "at boot",
        Phase::Respawn => "at boot, and again when it ends",
        Phase::Timer => "at a time",
        Phase::Event => "when something happens",
        Phase::Request => "when somebody connects",
        Phase::Login => "when somebody logs in",
        Phase::Shutdown => "at shutdown",
    }
}

fn by(starter: Starter) -> String {
    match starter {
        Starter::Kernel => "the kernel".to_owned(),
        Starter::RcLocal => "rc.local".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}
