//! What was found, for reading: a line for each program, a table, a page of the manual.

use std::fmt::Write;

use super::{Outcome, finders::Finder, programs::Program, score::Score};
use crate::bench::shell::today;

/// One outcome in a line.
pub fn line(outcome: &Outcome) -> String {
    let Outcome { score, seconds, peak_bytes } = outcome;
    format!(
        "recall {:6.2}  precision {:6.2}  code {:6.2}  wrong {:5.2}  {seconds:7.2} s {:5.0} MB",
        score.recall() * 100.0,
        score.precision() * 100.0,
        score.coverage() * 100.0,
        score.wrong() * 100.0,
        *peak_bytes as f64 / 1e6
    )
}

/// The table, in Markdown: for each program a row for each tool; below, all of a set and all together.
pub fn table(rows: &[(Program, Vec<Outcome>)], finders: &[Finder]) -> String {
    let mut text = String::from(
        "| program | set | functions | code kB | tool | recall % | precision % | code covered % | wrongly % | s | peak MB |\n\
         |---|---|---:|---:|---|---:|---:|---:|---:|---:|---:|\n",
    );
    for (program, outcomes) in rows {
        for (outcome, finder) in outcomes.iter().zip(finders) {
            row(&mut text, program.name, program.set, finder.name, outcome);
        }
    }
    let mut sets: Vec<&str> = rows.iter().map(|(program, _)| program.set).collect();
    sets.sort_unstable();
    sets.dedup();
    for set in sets.iter().copied().map(Some).chain([None]) {
        for (index, finder) in finders.iter().enumerate() {
            let of_set = rows.iter().filter(|(program, _)| set.is_none_or(|set| program.set == set));
            let total = sum(of_set.filter_map(|(_, outcomes)| outcomes.get(index)));
            row(&mut text, "**all**", set.unwrap_or("both"), finder.name, &total);
        }
    }
    text
}

fn row(text: &mut String, program: &str, set: &str, tool: &str, outcome: &Outcome) {
    let score = &outcome.score;
    let _ = writeln!(
        text,
        "| {program} | {set} | {} | {:.0} | {tool} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.0} |",
        score.functions,
        score.bytes as f64 / 1e3,
        score.recall() * 100.0,
        score.precision() * 100.0,
        score.coverage() * 100.0,
        score.wrong() * 100.0,
        outcome.seconds,
        outcome.peak_bytes as f64 / 1e6,
    );
}

/// Counts and seconds added up; of memory the most.
fn sum<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Outcome {
    outcomes.fold(Outcome { score: Score::default(), seconds: 0.0, peak_bytes: 0 }, |mut sum, outcome| {
        sum.score.add(&outcome.score);
        sum.seconds += outcome.seconds;
        sum.peak_bytes = sum.peak_bytes.max(outcome.peak_bytes);
        sum
    })
}

/// The page `docs/src/functions.md`.
pub fn page(rows: &[(Program, Vec<Outcome>)], finders: &[Finder]) -> anyhow::Result<String> {
    let mut text = format!(
        "# Finding functions\n\nWritten by `cargo xtask bench functions` on {}. Seconds depend on the machine; the rest does not.\n\n\
         Firmware comes without symbols. How much of a program's code is found without them is measured on programs that were built with\n\
         them: sources of Debian 12, for both instruction sets of Arm, with Debian's own cross compiler at `-O2`. The tools get them\n\
         without symbols, `.eh_frame`, `.ARM.exidx` and `.ARM.extab`.\n\n{}\n",
        today()?,
        table(rows, finders)
    );
    let mut sources: Vec<String> =
        rows.iter().map(|(program, _)| format!("{} {} ({})", program.name, program.version, program.language)).collect();
    sources.dedup();
    let tools: Vec<String> = finders.iter().map(|finder| format!("{} {}", finder.name, finder.version)).collect();
    let _ = write!(
        text,
        "Tools: {} (`CFGFast`). Sources: {}; how each is built stands in `xtask/src/bench/functions/programs.rs`.\n\n\
         - **functions**: distinct addresses of function symbols: also fragments that the compiler split off, thunks, and what the\n  \
         toolchain adds. The PLT is left out on both sides.\n\
         - **recall**: of these, how many the tool says are functions. **precision**: of what it says, how much is among these.\n\
         - **code covered**: bytes of instructions within functions (not constants, tables, padding) that the tool has in a function.\n\
         - **wrongly**: bytes that the tool takes for instructions and that are none, to the bytes of instructions.\n\
         - **s**: processor time for loading the file and finding the functions, in one process; starting Python and importing angr are\n  \
         left out. **peak MB**: of the whole process.\n",
        tools.join(", "),
        sources.join(", ")
    );
    Ok(text)
}
