//! `assay diff`: two inputs, file by file and function by function.
//!
//! Both are opened and read as for `assay vet`, each in its own children. What differs is found from what came out (`assay_inspect::compare`);
//! the contents that changed are then brought into comparable form in a child, and laid beside each other here: programs by the shapes of
//! their functions, texts by their lines.

mod functions;
mod likeness;
mod lines;
mod shown;

use std::collections::BTreeSet;

use assay_code::read::{is_program, shapes::shapes};
use assay_core::{
    Limits, Sha256,
    escape::{escape, visible},
};
use assay_inspect::compare::{Comparison, Difference, Side, compare};

pub use functions::Functions;
pub use likeness::digest;

use crate::{
    Exit, Failure,
    cli::{self, Diff, Format, Opening},
    inputs,
    sandbox::{
        self, Done,
        protocol::{Form, Shape, Shaped},
    },
};

/// Lines of a text that are compared.
const LINES: usize = 20_000;
/// Differences whose contents are in hand at the same time.
const BATCH: usize = 64;
/// Bytes of one line.
const LINE_BYTES: usize = 400;

/// A content in comparable form. Never panics.
pub fn form(bytes: &[u8]) -> Form {
    if is_program(bytes) {
        return Form::Program(shapes(bytes));
    }
    if bytes[..bytes.len().min(4096)].contains(&0) {
        return Form::Other(bytes.len() as u64);
    }
    let lines = bytes.split(|byte| *byte == b'\n').take(LINES);
    Form::Text(lines.map(|line| visible(&escape(&line[..line.len().min(LINE_BYTES)])).into_owned()).collect())
}

/// What a changed content shows, beside the facts.
pub enum Detail {
    /// Functions of a program.
    Functions(Functions),
    /// Lines of a text: `-` and `+` before those that only one of the two has.
    Lines(Vec<String>),
    /// Nothing more than that it differs; why.
    Bytes(String),
}

/// Everything that differs.
pub struct Differences {
    /// Names of the two.
    pub names: [String; 2],
    /// Digests of the two.
    pub ids: [Sha256; 2],
    /// Files and facts.
    pub comparison: Comparison,
    /// Beside each difference: what its content shows.
    pub details: Vec<Option<Detail>>,
    /// Was everything read?
    pub complete: bool,
}

/// `assay diff`.
pub fn diff_command(options: &Diff) -> Result<Exit, Failure> {
    let limits = inputs::limits(&options.opening)?;
    let before = inputs::examine(&options.before, &options.opening, &limits, true)?;
    let after = inputs::examine(&options.after, &options.opening, &limits, true)?;
    let differences = between(&before, &after, &options.opening, &limits)?;
    match options.format {
        Format::Json => cli::print(&shown::json(&differences))?,
        Format::Text => cli::print_visible(&shown::text(&differences))?,
    }
    Ok(match (differences.complete, differences.comparison.differences.is_empty()) {
        (false, _) => Exit::Cut,
        (true, false) => Exit::Found,
        (true, true) => Exit::Done,
    })
}

/// Lays two inputs beside each other.
fn between(before: &Done, after: &Done, opening: &Opening, limits: &Limits) -> Result<Differences, Failure> {
    let (old, new) = (&before.unpacked, &after.unpacked);
    let mut comparison = compare(&Side { subject: &old.subject, facts: &old.facts }, &Side { subject: &new.subject, facts: &new.facts });
    let ask = |done: &Done, contents: BTreeSet<Sha256>, digests: BTreeSet<Sha256>| shaped(done, contents, digests, opening, limits);
    let (gone, come) = likeness::asked(&comparison);
    if !gone.is_empty() && !come.is_empty() {
        let (gone, come) = (ask(before, BTreeSet::new(), gone)?, ask(after, BTreeSet::new(), come)?);
        likeness::join(&mut comparison, &gone.digests, &come.digests);
    }
    let mut details = Vec::with_capacity(comparison.differences.len());
    for batch in comparison.differences.chunks(BATCH) {
        let pairs = || batch.iter().filter_map(changed);
        let old = ask(before, pairs().map(|pair| pair.0).collect(), BTreeSet::new())?.forms;
        let new = ask(after, pairs().map(|pair| pair.1).collect(), BTreeSet::new())?.forms;
        details.extend(batch.iter().map(|difference| changed(difference).map(|(was, is)| detail(old.get(&was), new.get(&is)))));
    }
    Ok(Differences {
        names: [old.subject.name.clone(), new.subject.name.clone()],
        ids: [old.subject.id, new.subject.id],
        // Where not one byte differs, what a limit left unread cannot differ.
        complete: old.subject.id == new.subject.id || (old.complete && new.complete && comparison.left_out == 0 && comparison.cut == 0),
        comparison,
        details,
    })
}

/// Both contents of what has another one.
fn changed(difference: &Difference) -> Option<(Sha256, Sha256)> {
    let (was, is) = (difference.contents.0?, difference.contents.1?);
    (was != is).then_some((was, is))
}

fn shaped(
    done: &Done,
    contents: BTreeSet<Sha256>,
    digests: BTreeSet<Sha256>,
    opening: &Opening,
    limits: &Limits,
) -> Result<Shaped, Failure> {
    let Some(blobs) = &done.blobs else { return Ok(Shaped::default()) };
    let kept = |wanted: BTreeSet<Sha256>| -> BTreeSet<Sha256> { wanted.into_iter().filter(|id| blobs.get(id).is_some()).collect() };
    let (contents, digests) = (kept(contents), kept(digests));
    if contents.is_empty() && digests.is_empty() {
        return Ok(Shaped::default());
    }
    let request = Shape { limits: *limits, threads: opening.threads(), contents, digests };
    sandbox::shape(blobs, &request, !opening.no_sandbox)
        .map_err(|error| Failure::new(Exit::Unreadable, format!("the contents that changed could not be compared: {error}")))
}

fn detail(old: Option<&Form>, new: Option<&Form>) -> Detail {
    match (old, new) {
        (Some(Form::Program(Some(old))), Some(Form::Program(Some(new)))) => Detail::Functions(Functions::of(old, new)),
        (Some(Form::Program(_)), Some(Form::Program(_))) => {
            Detail::Bytes("a program for a processor whose code is not read: that it differs is all that is told".to_owned())
        }
        (Some(Form::Text(old)), Some(Form::Text(new))) => Detail::Lines(lines::between(old, new)),
        (Some(Form::Other(old)), Some(Form::Other(new))) => Detail::Bytes(format!("{old} bytes became {new}")),
        (None, _) | (_, None) => Detail::Bytes("too large to be kept for comparison".to_owned()),
        _ => Detail::Bytes("another kind of content".to_owned()),
    }
}
