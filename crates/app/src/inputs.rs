//! What the user wrote: limits, statements, inputs.

use std::{fs, path::Path};

use assay_core::{Gap, GapKind, Limits, Sha256, Statement, escape::escape};
use assay_inspect::KeyedStatement;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;

use crate::{
    Exit, Failure,
    cli::Opening,
    sandbox::{self, Done, Job, Keep},
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

/// Opens one input in the child, with a progress bar where somebody watches.
pub fn open(path: &Path, opening: &Opening, limits: &Limits, keep: Keep, quiet: bool) -> Result<Done, Failure> {
    let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
    if let Ok(style) = ProgressStyle::with_template("{spinner} {bytes} read  {wide_msg}") {
        bar.set_style(style);
    }
    let mut progress = |done: u64, trail: &str| {
        bar.set_position(done);
        bar.set_message(trail.to_owned());
    };
    let job = Job { input: path, limits, threads: opening.threads(), sandbox: !opening.no_sandbox, keep, progress: &mut progress };
    let done = sandbox::unpack(job);
    bar.finish_and_clear();
    let mut done = done.map_err(|error| {
        let exit = match error.exit_code() {
            2 => Exit::Usage,
            4 => Exit::Cut,
            _ => Exit::Unreadable,
        };
        // The path that could not be read may be one below the input; it is named already.
        let named = matches!(error, sandbox::StageError::Unreadable { .. });
        Failure::new(exit, if named { error.to_string() } else { format!("{}: {error}", path.display()) })
    })?;
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
