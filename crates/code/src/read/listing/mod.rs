//! What is in a program, line by line, for people and for other tools: its functions, calls, imports and texts, whom it talks to.
//!
//! The facts of [`super::read_program`] say what matters; this says what there is. In JSON addresses are text (`0x2a5c0`), without the
//! bits that name an instruction set.

pub(super) mod instructions;
mod lines;
mod page;
mod strings;

use std::fmt;

use assay_core::{
    At, Problem, ProblemKind, Sha256,
    coverage::{CallCount, FunctionCount},
    facts::{CodeFact, code::Channel},
    locator::hex_number,
};
use serde::{Deserialize, Serialize};

use super::{CodeLimits, analysis::Analysis, apart};
use crate::load::NotLoaded;

pub use instructions::InstructionLine;
pub use lines::{CallLine, FunctionLine, ImportLine, TargetLine};
pub use page::{BlockLines, EdgeLine, FunctionPage};
pub use strings::StringLine;

/// Name of the form that this version writes.
pub const SCHEMA: &str = "assay.code/1";

/// An address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(#[serde(with = "hex_number")] pub u64);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// A program.
#[derive(Debug, Serialize, Deserialize)]
pub struct Listing {
    /// [`SCHEMA`].
    pub schema: String,
    /// Digest of the file.
    pub artifact: Sha256,
    /// Its length in bytes.
    pub size: u64,
    /// Processor.
    pub processor: String,
    /// `fixed`, `shared` or `relocatable`.
    pub kind: String,
    /// Where it starts.
    pub entry: Option<Address>,
    /// The name it has as a library.
    pub soname: Option<String>,
    /// Libraries that it asks for.
    pub needed: Vec<String>,
    /// Functions with a body, by address. Stubs that lead elsewhere are with the imports.
    pub functions: Vec<FunctionLine>,
    /// Call sites, by function and address.
    pub calls: Vec<CallLine>,
    /// Names from elsewhere, sorted.
    pub imports: Vec<ImportLine>,
    /// Texts, by address.
    pub strings: Vec<StringLine>,
    /// Sockets on which it waits for others.
    pub listeners: Vec<ChannelLine>,
    /// Whom it talks to of its own accord.
    pub endpoints: Vec<ChannelLine>,
    /// Everything else that it does outside of itself.
    pub facts: Vec<PlacedFact>,
    /// What was looked at.
    pub coverage: CodeCoverage,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// The function that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<FunctionPage>,
}

impl Listing {
    /// Did no limit cut it short?
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !self.problems.iter().any(|problem| problem.kind == ProblemKind::OverLimit)
    }
}

/// A channel and where it is made.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChannelLine {
    /// The call that makes it.
    pub site: Address,
    /// The function that this is in.
    pub function: Option<Address>,
    /// The channel.
    pub channel: Channel,
}

/// A fact and where it is.
#[derive(Debug, Serialize, Deserialize)]
pub struct PlacedFact {
    /// Where.
    pub at: At,
    /// What.
    pub fact: CodeFact,
}

/// What of a program was looked at.
#[derive(Debug, Serialize, Deserialize)]
pub struct CodeCoverage {
    /// Functions.
    pub functions: FunctionCount,
    /// Call sites.
    pub calls: CallCount,
}

/// Why there is no listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListingError {
    /// It is no program, or damaged from the start.
    Malformed(String),
    /// It is a program of a kind that is not read.
    Unsupported(String),
    /// It has no such function.
    NoFunction,
    /// The reading broke off.
    Broken(String),
}

/// Lists the program in `bytes`; with `function` (a name, or an address `0x…` in it) that function instruction by instruction.
///
/// # Errors
/// Why it cannot be listed.
pub fn list(bytes: &[u8], limits: &CodeLimits, function: Option<&str>) -> Result<Listing, ListingError> {
    match apart(|| Analysis::of(bytes, *limits, |analysis| listing(analysis, bytes, function))) {
        Ok(Ok(listing)) => listing,
        Ok(Err(NotLoaded::Malformed(why))) => Err(ListingError::Malformed(why)),
        Ok(Err(NotLoaded::Unsupported(why))) => Err(ListingError::Unsupported(why)),
        Err(problem) => Err(ListingError::Broken(problem.note)),
    }
}

fn listing(analysis: &Analysis<'_>, bytes: &[u8], function: Option<&str>) -> Result<Listing, ListingError> {
    let page = function.map(|wanted| page::page(analysis, wanted).ok_or(ListingError::NoFunction)).transpose()?;
    let places = lines::Places::of(analysis);
    let (mut listeners, mut endpoints, mut facts) = (Vec::new(), Vec::new(), Vec::new());
    for (at, fact) in &analysis.happening().facts {
        let line = |channel: &Channel| {
            let At::Address(site) = at else { return None };
            Some(ChannelLine { site: Address(*site), function: places.function(*site), channel: channel.clone() })
        };
        match fact {
            CodeFact::Listener(channel) => listeners.extend(line(channel)),
            CodeFact::Endpoint(channel) => endpoints.extend(line(channel)),
            _ => facts.push(PlacedFact { at: at.clone(), fact: fact.clone() }),
        }
    }
    Ok(Listing {
        schema: SCHEMA.to_owned(),
        artifact: Sha256::of(bytes),
        size: bytes.len() as u64,
        processor: analysis.lifter.machine().name.to_owned(),
        kind: analysis.program.kind.name().to_owned(),
        entry: analysis.program.entry.map(|entry| Address(analysis.lifter.machine().place_of(entry).address)),
        soname: analysis.program.soname.clone(),
        needed: analysis.program.needed.clone(),
        functions: lines::functions(analysis),
        calls: lines::calls(analysis),
        imports: lines::imports(analysis),
        strings: strings::strings(analysis),
        listeners,
        endpoints,
        facts,
        coverage: CodeCoverage { functions: analysis.functions(), calls: analysis.calls() },
        problems: analysis.problems(),
        function: page,
    })
}
