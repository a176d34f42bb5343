//! `assay vet`: inputs to a dossier and its renderings.

use std::{
    fs,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
};

use assay_core::{
    Dossier, Fact, Limits, Severity,
    dossier::Tool,
    escape::{visible, visible_json},
};
use assay_inspect::{Golden, KeyedStatement, inspect};
use serde_json::json;

use crate::{
    Exit, Failure,
    cli::{self, Format, Opening, Vet},
    inputs, render, rules,
    sandbox::Level,
};

/// A dossier and what the run itself was like.
pub struct Made {
    /// The dossier, with all facts.
    pub dossier: Dossier,
    /// Sandbox level reached for each input.
    pub levels: Vec<Level>,
    /// Inputs that could not be read at all.
    pub failures: Vec<Failure>,
}

/// Opens, judges, answers. `golden`: what the inputs are held against, opened and read as they are.
pub fn make(
    paths: &[PathBuf],
    golden: Option<&Path>,
    opening: &Opening,
    limits: &Limits,
    as_of: String,
    statements: &[KeyedStatement],
    quiet: bool,
) -> Result<Made, Failure> {
    let (mut subjects, mut facts, mut levels, mut failures) = (Vec::new(), Vec::<Vec<Fact>>::new(), Vec::new(), Vec::new());
    let (mut complete, mut base) = (true, 0_u32);
    for path in paths {
        let done = match inputs::examine(path, opening, limits, quiet) {
            Ok(done) => done,
            Err(failure) if failure.exit == Exit::Usage => return Err(failure),
            Err(failure) => {
                failures.push(failure);
                continue;
            }
        };
        levels.push(done.level);
        complete &= done.unpacked.complete;
        subjects.push(done.unpacked.subject);
        let mut own = done.unpacked.facts;
        for fact in &mut own {
            fact.shift(base);
        }
        base += own.len() as u32;
        facts.push(own);
    }
    let golden = match golden {
        Some(path) => {
            let done = inputs::examine(path, opening, limits, quiet)?;
            complete &= done.unpacked.complete;
            Some(Golden { subject: done.unpacked.subject, facts: done.unpacked.facts })
        }
        None => None,
    };
    let tool = Tool { name: "assay".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned(), rules: rules::digest(), as_of };
    Ok(Made { dossier: inspect(tool, subjects, facts, golden.as_ref(), statements, complete), levels, failures })
}

/// The dossier as JSON, with a line's end; what a terminal would obey is written as `\uNNNN`.
pub fn to_json(dossier: &Dossier) -> Result<String, Failure> {
    serde_json::to_string_pretty(dossier)
        .map(|text| visible_json(&text).into_owned() + "\n")
        .map_err(|error| Failure::new(Exit::Unreadable, format!("the dossier cannot be written: {error}")))
}

/// `assay vet`.
pub fn vet_command(options: &Vet) -> Result<Exit, Failure> {
    let limits = inputs::limits(&options.opening)?;
    let statements = inputs::statements(options.statements.as_deref())?;
    let as_of = options.as_of.clone().unwrap_or_else(|| jiff::Zoned::now().date().to_string());
    let quiet = options.format == Format::Json || !io::stderr().is_terminal();
    let Made { mut dossier, levels, failures } =
        make(&options.inputs, options.golden.as_deref(), &options.opening, &limits, as_of, &statements, quiet)?;
    for failure in &failures {
        eprintln!("assay: {}", visible(&failure.words));
    }
    let facts = if options.facts { dossier.facts.clone() } else { dossier.facts.take() }.unwrap_or_default();
    if dossier.subjects.is_empty() {
        return Ok(failures.iter().map(|failure| failure.exit).max().unwrap_or(Exit::Unreadable));
    }
    let json = to_json(&dossier)?;
    if let Some(folder) = &options.out {
        write_all(folder, &dossier, &facts, &json, &levels, options)?;
    }
    match options.format {
        Format::Json => cli::print(&json)?,
        Format::Text => {
            let mut shown = dossier.clone();
            if let Some(question) = options.question {
                shown.findings.retain(|finding| finding.question == question);
                shown.answers.retain(|answer| answer.question == question);
            }
            cli::print(&render::terminal::render(&shown, terminal_width(), use_color()))?;
            if let Some(folder) = &options.out {
                eprintln!(
                    "Written: dossier.json, run.json, dossier.html, findings.sarif, sbom.cdx.json and remediation/ in {}",
                    folder.display()
                );
            }
        }
    }
    let found = options.fail_on.is_some_and(|level| dossier.findings.iter().any(|finding| finding.severity >= Severity::from(level)));
    let exits = [if found { Exit::Found } else { Exit::Done }, if dossier.complete { Exit::Done } else { Exit::Cut }];
    Ok(exits.into_iter().chain(failures.iter().map(|failure| failure.exit)).max().unwrap_or(Exit::Done))
}

fn write_all(folder: &Path, dossier: &Dossier, facts: &[Fact], json: &str, levels: &[Level], options: &Vet) -> Result<(), Failure> {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| Failure::new(Exit::Usage, format!("{}: {error}", path.display())))
    };
    fs::create_dir_all(folder).map_err(|error| Failure::new(Exit::Usage, format!("{}: {error}", folder.display())))?;
    let run = json!({
        "schema": "assay.run/1",
        "finished": jiff::Timestamp::now().to_string(),
        "sandbox": levels,
        "threads": options.opening.threads(),
        "inputs": options.inputs.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
    });
    write("dossier.json", json)?;
    write("run.json", &(serde_json::to_string_pretty(&run).unwrap_or_default() + "\n"))?;
    write("dossier.html", &render::html::render(dossier))?;
    write("findings.sarif", &render::sarif::render(dossier))?;
    write("sbom.cdx.json", &render::cyclonedx::render(dossier, facts))?;
    let inner = folder.join("remediation");
    fs::create_dir_all(&inner).map_err(|error| Failure::new(Exit::Usage, format!("{}: {error}", inner.display())))?;
    write("remediation/egress.nft", &render::remediation::nft::render(dossier))?;
    write("remediation/suricata.rules", &render::remediation::suricata::render(dossier))?;
    write("remediation/mud.json", &render::remediation::mud::render(dossier))
}

/// Columns of the terminal; 100 where there is none.
pub fn terminal_width() -> usize {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0);
    size.or_else(|| std::env::var("COLUMNS").ok()?.parse().ok()).unwrap_or(100)
}

fn use_color() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
