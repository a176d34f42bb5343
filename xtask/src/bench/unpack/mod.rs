//! `cargo xtask bench unpack`: Assay beside the tools people use today, on one package, in turn.
//!
//! The package is built from Debian's armhf packages and cached under `target/bench`; so are the peers. Each tool opens the same file
//! into an empty folder, all tools once before any of them a second time, so that what else the machine does hits all alike. What is
//! judged is processor time per byte *correctly recovered*: speed that loses files is no speed.

mod package;
mod peers;
mod recovered;
mod table;

use std::{fs, path::Path};

use anyhow::{Context, bail, ensure};

use super::{
    build,
    measure::{self, Usage},
};
use recovered::Score;

/// One run of one tool.
pub struct Run {
    /// What it used.
    pub usage: Usage,
    /// What came of it.
    pub score: Score,
}

/// Builds, measures, prints; the full run writes the page.
pub fn run(root: &Path, work: &Path, arguments: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let options = options(arguments)?;
    let package = package::build(work, options.quick)?;
    let assay = build(root, &["--package", "assay"])?.join("assay");
    let tools: Vec<_> = peers::all(work, assay, &package.path())?
        .into_iter()
        .filter(|tool| options.only.as_deref().is_none_or(|name| tool.name == name))
        .collect();
    ensure!(!tools.is_empty(), "no such tool");
    let expected = package.expected()?;
    println!(
        "{}: {} files, {} links, {:.1} MB of contents",
        package.path().display(),
        expected.files(),
        expected.links(),
        expected.bytes() as f64 / 1e6
    );

    // Each run has a folder of its own, and all go at the end: file systems are slow to make names where many were just deleted.
    let out = work.join("out");
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    let mut runs: Vec<Vec<Run>> = tools.iter().map(|_| Vec::new()).collect();
    for round in 1..=options.runs {
        for (tool, runs) in tools.iter().zip(&mut runs) {
            let run = once(&out.join(format!("{}-{round}", tool.name)), tool, &expected)?;
            println!("{round}: {:<8} {}", tool.name, table::line(&run, &expected));
            runs.push(run);
        }
    }
    fs::remove_dir_all(&out)?;
    let results: Vec<_> = tools.iter().zip(&runs).map(|(tool, runs)| table::summary(&tool.name, runs, &expected)).collect();
    println!("\n{}", table::table(&results));
    let whole = !options.quick && options.only.is_none();
    if whole {
        let page = table::page(&results, &tools, &package, &expected, options.runs)?;
        let path = root.join("docs/src/benchmarks.md");
        fs::write(&path, page)?;
        println!("Written: {}", path.display());
    }
    Ok(())
}

struct Options {
    quick: bool,
    runs: u32,
    only: Option<String>,
}

fn options(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Options> {
    const USAGE: &str = "usage: cargo xtask bench unpack [--quick] [--runs N] [--only assay|binwalk|unblob]";
    let (mut quick, mut runs, mut only) = (false, None, None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => quick = true,
            "--runs" => runs = Some(arguments.next().context(USAGE)?.parse()?),
            "--only" => only = Some(arguments.next().context(USAGE)?),
            _ => bail!(USAGE),
        }
    }
    Ok(Options { quick, runs: runs.unwrap_or(if quick { 1 } else { 3 }), only })
}

fn once(out: &Path, tool: &peers::Tool, expected: &recovered::Expected) -> anyhow::Result<Run> {
    fs::create_dir_all(out)?;
    let usage = measure::measure(tool.command(out)).with_context(|| format!("{} could not be run", tool.name))?;
    let score = expected.score(out)?;
    Ok(Run { usage, score })
}
