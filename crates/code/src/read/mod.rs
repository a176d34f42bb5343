//! One program from its bytes to its facts: the way in for whoever has a file and wants to know what it does.
//!
//! ```text
//! bytes -> load -> functions -> unit -> questions, under a budget of steps -> facts, counts, problems
//! ```
//!
//! Nothing comes out of here but a [`ProgramReport`]: what cannot be read is a problem in it, and so is a panic. The work runs on a thread
//! of its own ([`apart`]), with a stack of known size, since analyses follow chains that the file makes as long as it likes.
//!
//! **Limitations**: 32-bit Arm, little-endian. Whether a function was answered for whole is known of the function as such (its
//! instructions, its expressions); questions that ran out of steps are counted for the program, not for a function.

mod analysis;
mod apart;
mod hardening;
pub mod listing;
mod quote;
pub mod shapes;

use std::panic::{AssertUnwindSafe, catch_unwind};

use assay_core::{
    At, Limits, Problem,
    coverage::{CallCount, FunctionCount},
    facts::CodeFact,
};

use crate::load::NotLoaded;
use analysis::Analysis;
pub use apart::apart;
pub use hardening::hardening;
pub use quote::quote;

/// Facts that are kept of one program. The fullest that was met has some hundred.
const FACTS: usize = 20_000;

/// What may be used on one program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeLimits {
    /// Steps of the questions that are put to it: where a value comes from, which bytes stand there, what must be true.
    pub steps: u64,
}

impl CodeLimits {
    /// For a program of `bytes` among programs of `all` bytes: its share of the steps of a whole run, and no more than one program may have.
    #[must_use]
    pub fn share(limits: &Limits, bytes: u64, all: u64) -> Self {
        let share = u128::from(limits.code_steps) * u128::from(bytes) / u128::from(all.max(bytes).max(1));
        Self { steps: u64::try_from(share).unwrap_or(u64::MAX).min(limits.program_steps) }
    }
}

/// What a program shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProgramReport {
    /// Facts, in order of address.
    pub facts: Vec<(At, CodeFact)>,
    /// Its functions; stubs that lead to names from elsewhere are not among them.
    pub functions: FunctionCount,
    /// Its call sites.
    pub calls: CallCount,
    /// What could not be read, and why.
    pub problems: Vec<Problem>,
    /// The code around the places of the facts, in order of address.
    pub excerpts: Vec<(At, String)>,
}

/// Does the file begin as ELF does?
#[must_use]
pub fn is_program(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x7fELF")
}

/// Reads a program. Never panics and never fails: what cannot be read is among the problems.
#[must_use]
pub fn read_program(bytes: &[u8], limits: &CodeLimits) -> ProgramReport {
    match apart(|| Analysis::of(bytes, *limits, report)) {
        Ok(Ok(report)) => report,
        Ok(Err(why)) => ProgramReport { problems: vec![not_loaded(&why).over(bytes.len() as u64)], ..ProgramReport::default() },
        Err(problem) => ProgramReport { problems: vec![problem], ..ProgramReport::default() },
    }
}

fn report(analysis: &Analysis<'_>) -> ProgramReport {
    let mut facts = analysis.happening().facts.clone();
    let mut problems = analysis.problems();
    if facts.len() > FACTS {
        facts.truncate(FACTS);
        problems.push(Problem::over_limit(0, format!("more than {FACTS} facts: those at higher addresses are not told")));
    }
    let places = facts.iter().flat_map(|(at, fact)| places(at, fact)).cloned().collect();
    let (functions, calls) = (analysis.functions(), analysis.calls());
    // They are an illustration: what goes wrong in making them takes no fact with it.
    let excerpts = catch_unwind(AssertUnwindSafe(|| quote::instructions(analysis, &places))).unwrap_or_else(|_| {
        problems.push(Problem::corrupt(0, "its excerpts broke off, which is a defect of Assay"));
        Vec::new()
    });
    ProgramReport { facts, functions, calls, problems, excerpts }
}

/// The places that a fact at `at` names and that a reader may want to see: its own, and every step of its way.
pub fn places<'f>(at: &'f At, fact: &'f CodeFact) -> impl Iterator<Item = &'f At> {
    let path = match fact {
        CodeFact::Flow(flow) => &flow.path[..],
        CodeFact::Disclosure(told) => &told.path[..],
        _ => &[],
    };
    let own = !matches!(fact, CodeFact::File { .. } | CodeFact::Ordinary { .. } | CodeFact::Excerpt { .. });
    own.then_some(at).into_iter().chain(path.iter().map(|step| &step.at))
}

/// Why nothing at all was read, as a problem.
fn not_loaded(why: &NotLoaded) -> Problem {
    match why {
        NotLoaded::Malformed(what) => Problem::corrupt(0, format!("no program that could be loaded: {what}")),
        NotLoaded::Unsupported(what) => Problem::unsupported(0, format!("a program that is not read: {what}")),
    }
}
