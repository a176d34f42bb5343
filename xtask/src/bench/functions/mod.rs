//! `cargo xtask bench functions`: how many functions of stripped programs are found, and how much of their code.
//!
//! Programs of Debian are built with symbols ([`programs`]); the symbols say what there is to find ([`truth`]). The tools get the same
//! programs without symbols and without tables for unwinding, which would name the functions as well ([`finders`]); what they find is
//! compared ([`score`]) and becomes a page of the manual ([`page`]).

pub mod finders;
mod page;
mod programs;
mod score;
mod truth;

use std::{fs, path::Path};

use anyhow::{Context, bail, ensure};

use finders::{Finder, Look};
use programs::Program;
use score::{Found, Score};
use truth::Truth;

const USAGE: &str = "usage: cargo xtask bench functions [--only PROGRAM] [--no-angr] [--misses]";

/// What one tool found in one program.
pub struct Outcome {
    /// Against the truth.
    pub score: Score,
    /// Processor time for it.
    pub seconds: f64,
    /// The most memory, with what the tool itself is made of.
    pub peak_bytes: u64,
}

/// Builds, looks, compares; the full run writes the page.
pub fn run(root: &Path, work: &Path, arguments: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let options = options(arguments)?;
    let folder = work.join("functions");
    let programs = programs::all(&folder, options.only.as_deref())?;
    ensure!(!programs.is_empty(), "no such program");
    let mut finders = vec![finders::assay(root)?];
    if options.angr {
        finders.push(finders::angr(work)?);
    }
    let mut rows: Vec<(Program, Vec<Outcome>)> = Vec::new();
    for program in programs {
        let truth = Truth::read(&fs::read(&program.whole)?)?;
        let mut outcomes = Vec::new();
        for finder in &finders {
            let (found, outcome) = look(finder, &program, &truth, &folder)?;
            println!("{:<13} {:<7} {:<5} {}", program.name, program.set, finder.name, page::line(&outcome));
            if options.misses {
                misses(&found, &truth);
            }
            outcomes.push(outcome);
        }
        rows.push((program, outcomes));
    }
    println!("\n{}", page::table(&rows, &finders));
    if options.angr && options.only.is_none() {
        let path = root.join("docs/src/functions.md");
        fs::write(&path, page::page(&rows, &finders)?)?;
        println!("Written: {}", path.display());
    }
    Ok(())
}

fn look(finder: &Finder, program: &Program, truth: &Truth, folder: &Path) -> anyhow::Result<(Found, Outcome)> {
    let Look { found, peak_bytes } = finder.find(&program.stripped, &folder.join("found.json"))?;
    let outcome = Outcome { score: Score::of(&found, truth), seconds: found.seconds, peak_bytes };
    Ok((found, outcome))
}

/// Names what was missed and what was made up: where to look for a cause.
fn misses(found: &Found, truth: &Truth) {
    let entries: std::collections::BTreeMap<u64, &str> =
        found.functions.iter().map(|function| (function.address, function.found_by.as_str())).collect();
    for (address, name) in truth.functions.iter().filter(|(address, _)| !entries.contains_key(address)) {
        println!("  missed  {address:#x} {name}");
    }
    for (address, by) in entries.iter().filter(|(address, _)| !truth.leaves_out(**address)) {
        if !truth.functions.contains_key(address) {
            let within = truth.functions.range(..address).next_back().map_or("", |(_, name)| name);
            println!("  made up {address:#x} by {by}, behind {within}");
        }
    }
}

struct Options {
    only: Option<String>,
    angr: bool,
    misses: bool,
}

fn options(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Options> {
    let mut options = Options { only: None, angr: true, misses: false };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--only" => options.only = Some(arguments.next().context(USAGE)?),
            "--no-angr" => options.angr = false,
            "--misses" => options.misses = true,
            _ => bail!(USAGE),
        }
    }
    Ok(options)
}
