//! What was measured, for reading: a table by size, a page of the manual.

use std::fmt::Write;

use super::{ANGR_MOST, Row, Vetted};
use crate::bench::{functions::finders::Finder, shell::today};

const HEADER: &str = "| program | file kB | code kB | functions | discovery s | all s | wall s | peak MB | discovery s per MB | all s per MB | \
                      whole | angr s | angr peak MB | angr s per MB |\n\
                      |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|---:|---:|---:|\n";

/// One program in a line of the table.
pub fn row(row: &Row) -> String {
    let megabytes = row.code as f64 / 1e6;
    let angr = row.angr.map_or_else(
        || "| | |".to_owned(),
        |(seconds, peak)| format!("{seconds:.1} | {:.0} | {:.1} |", peak as f64 / 1e6, seconds / megabytes),
    );
    format!(
        "| {} | {:.0} | {:.0} | {} | {:.2} | {:.2} | {:.2} | {:.0} | {:.2} | {:.1} | {} | {angr}",
        row.name,
        row.bytes as f64 / 1e3,
        row.code as f64 / 1e3,
        row.functions,
        row.discovery,
        row.usage.cpu_seconds,
        row.usage.wall_seconds,
        row.usage.peak_bytes as f64 / 1e6,
        row.discovery / megabytes,
        row.usage.cpu_seconds / megabytes,
        if row.usage.success() { "yes" } else { "no" },
    )
}

/// All programs, in Markdown.
pub fn table(rows: &[Row]) -> String {
    rows.iter().fold(HEADER.to_owned(), |mut text, one| {
        let _ = writeln!(text, "{}", row(one));
        text
    })
}

/// The packages, in Markdown; nothing where there are none.
pub fn packages(vetted: &[Vetted]) -> String {
    let mut text = String::new();
    if !vetted.is_empty() {
        text.push_str("| package | MB | wall s | CPU s | peak MB |\n|---|---:|---:|---:|---:|\n");
    }
    for Vetted { name, bytes, usage } in vetted {
        let (megabytes, peak) = (*bytes as f64 / 1e6, usage.peak_bytes as f64 / 1e6);
        let _ = writeln!(text, "| {name} | {megabytes:.1} | {:.1} | {:.1} | {peak:.0} |", usage.wall_seconds, usage.cpu_seconds);
    }
    text
}

/// The page `docs/src/speed.md`.
pub fn page(rows: &[Row], vetted: &[Vetted], angr: &Finder) -> anyhow::Result<String> {
    let mut text = format!(
        "# Time and memory\n\nWritten by `cargo xtask bench code` on {}. Seconds depend on the machine and on what else it does.\n\n\
         Programs of Debian 12 for armhf, by bytes of code. What grows faster than the code shows in the columns *per MB*.\n\n{}\n\
         - **code**: sections that may be executed. **discovery**: loading the file and finding its functions, processor time.\n\
         - **all**: `assay code`, with its sandboxed child: functions, values, flows, texts; processor time. **wall**, **peak**: of the same.\n\
         - **whole**: no limit ended a question. Limits bound the cost of a program: what they left unanswered is said in its listing.\n\
         - **angr** {} (`CFGFast`): to be held against *discovery*; without starting Python; not run above {:.1} MB of code.\n",
        today()?,
        table(rows),
        angr.version,
        ANGR_MOST as f64 / 1e6
    );
    if !vetted.is_empty() {
        let _ = write!(
            text,
            "\n## Whole packages\n\n`assay vet`: opening, configuration, every program and script of the root filesystems, answers.\n\n{}",
            packages(vetted)
        );
    }
    Ok(text)
}
