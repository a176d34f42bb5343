//! What the user wrote: limits, statements, inputs.

use std::{fs, path::Path};

use assay_core::{Dossier, Gap, GapKind, Limits, Sha256, Statement, escape::escape};
use assay_inspect::KeyedStatement;
use assay_unpack::Unpacked;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;

use crate::{
    Exit, Failure,
    cli::Opening,
    reading::Matter,
    sandbox::{self, Done, Job, Keep, StageError},
};

/// Largest file of limits, statements or a dossier that is read.
const MOST_BYTES: u64 = 2 << 30;

/// Reads a text file of the user's own.
pub fn read_text(path: &Path) -> Result<String, Failure> {
    let failed = |words: String| Failure::new(Exit::Usage, format!("{}: {words}", path.display()));
    let size = fs::metadata(path).map_err(|error| failed(error.to_string()))?.len();
    if size > MOST_BYTES {
        return Err(failed(format!("{size} bytes are more than such a file may have")));
    }
    fs::read_to_string(path).map_err(|error| failed(error.to_string()))
}

/// The limits of a run.
pub fn limits(opening: &Opening) -> Result<Limits, Failure> {
    let Some(path) = &opening.limits else { return Ok(Limits::default()) };
    toml::from_str(&read_text(path)?).map_err(|error| Failure::new(Exit::Usage, format!("{}: {error}", path.display())))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatementFile {
    #[serde(default)]
    statement: Vec<Said>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    fingerprint: Sha256,
    by: String,
    date: String,
    text: String,
    #[serde(default)]
    source: String,
}

/// The statements of a file.
pub fn statements(path: Option<&Path>) -> Result<Vec<KeyedStatement>, Failure> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let file: StatementFile =
        toml::from_str(&read_text(path)?).map_err(|error| Failure::new(Exit::Usage, format!("{}: {error}", path.display())))?;
    let keyed = |said: Said| KeyedStatement {
        fingerprint: said.fingerprint,
        statement: Statement { by: said.by, date: said.date, text: said.text, source: said.source },
    };
    Ok(file.statement.into_iter().map(keyed).collect())
}

/// A dossier that was made with a golden image takes that image to be made again, and another takes none.
pub fn golden_given(dossier: &Dossier, golden: Option<&Path>) -> Result<(), Failure> {
    let words = match (&dossier.golden, golden) {
        (Some(one), None) => format!("the dossier was made with --golden {} ({}): give it here, too", one.name, one.id),
        (None, Some(_)) => "the dossier was made without --golden".to_owned(),
        _ => return Ok(()),
    };
    Err(Failure::new(Exit::Usage, words))
}

/// Opens one input in the child, with a progress bar where somebody watches.
pub fn open(path: &Path, opening: &Opening, limits: &Limits, keep: Keep, quiet: bool) -> Result<Done, Failure> {
    let mut progress = bar(quiet);
    let mut say = |done: u64, trail: &str| progress.say(done, trail);
    let job = Job { input: path, limits, threads: opening.threads(), sandbox: !opening.no_sandbox, keep, progress: &mut say };
    let mut done = sandbox::unpack(job).map_err(|error| failure(path, &error))?;
    let subject = &mut done.unpacked.subject;
    for (name, words) in &done.unread {
        let gap = Gap {
            id: String::new(),
            artifact: subject.id,
            path: format!("/{}", escape(name)),
            span: (0, 0),
            why: GapKind::Unreadable,
            note: words.clone(),
        };
        subject.coverage.gaps.push(gap);
    }
    Ok(done)
}

/// Opens one input, and reads what came out of it as systems and code: their facts, gaps and counts are added to those of the opening.
/// Where that stage ends without a result, the input is still what it was found to be, with a gap that says so.
pub fn examine(path: &Path, opening: &Opening, limits: &Limits, quiet: bool) -> Result<Done, Failure> {
    let mut done = open(path, opening, limits, Keep::Code, quiet)?;
    let Some(blobs) = &done.blobs else { return Ok(done) };
    let mut progress = bar(quiet);
    let mut say = |read: u64, trail: &str| progress.say(read, trail);
    let Unpacked { subject, facts, .. } = &done.unpacked;
    let read = sandbox::read(blobs, Matter::of(subject, facts), limits, opening.threads(), !opening.no_sandbox, &mut say);
    drop(progress);
    let Unpacked { subject, facts, complete } = &mut done.unpacked;
    match read {
        Ok(reading) => {
            let base = facts.len() as u32;
            facts.extend(reading.facts.into_iter().map(|mut fact| {
                fact.shift(base);
                fact
            }));
            *complete &= !reading.gaps.iter().any(|gap| gap.why == GapKind::OverLimit);
            let coverage = &mut subject.coverage;
            coverage.gaps.extend(reading.gaps);
            coverage.functions.add(reading.functions);
            coverage.calls.add(reading.calls);
        }
        Err(error @ StageError::Refused(_)) => return Err(failure(path, &error)),
        Err(error) => {
            // How a child died is not the same from run to run: the words go to whoever runs it, the gap only says that it did.
            eprintln!("assay: {}", escape(failure(path, &error).words.as_bytes()));
            let (why, note) = match error {
                StageError::Limit(what) => (GapKind::OverLimit, format!("programs and scripts were not read: {what} were not enough")),
                _ => (GapKind::Unreadable, "programs and scripts were not read: the process that reads them ended without a result".into()),
            };
            *complete = false;
            subject.coverage.gaps.push(Gap { id: String::new(), artifact: subject.id, path: String::new(), span: (0, 0), why, note });
        }
    }
    Ok(done)
}

/// What went wrong with the input at `path`.
pub fn failure(path: &Path, error: &StageError) -> Failure {
    let exit = match error.exit_code() {
        2 => Exit::Usage,
        4 => Exit::Cut,
        _ => Exit::Unreadable,
    };
    // The path that could not be read may be one below the input; it is named already.
    let named = matches!(error, StageError::Unreadable { .. });
    Failure::new(exit, if named { error.to_string() } else { format!("{}: {error}", path.display()) })
}

/// A progress bar that goes away with what it shows.
struct Bar(ProgressBar);

fn bar(quiet: bool) -> Bar {
    let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
    if let Ok(style) = ProgressStyle::with_template("{spinner} {bytes} read  {wide_msg}") {
        bar.set_style(style);
    }
    Bar(bar)
}

impl Bar {
    fn say(&mut self, done: u64, trail: &str) {
        self.0.set_position(done);
        self.0.set_message(trail.to_owned());
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
