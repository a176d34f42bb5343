//! `assay explain`: a rule's page, or a finding's evidence shown again from the inputs themselves.

mod finding;
mod page;
mod replay;

use std::path::Path;

use assay_core::{Dossier, Finding};
use assay_inspect::judge::DETECTORS;

use crate::{
    Exit, Failure,
    cli::{self, Explain},
    inputs, pipeline,
};

use replay::Replay;

/// Stands for every finding of a dossier.
const ALL: &str = "all";

/// `assay explain`.
pub fn explain_command(options: &Explain) -> Result<Exit, Failure> {
    let detectors = || DETECTORS.iter().copied().flatten();
    let Some(what) = &options.what else {
        let list: Vec<String> = detectors().map(|detector| format!("{:<36} {}\n", detector.id, title(&detector.page()))).collect();
        return cli::print(&list.concat()).map(|()| Exit::Done);
    };
    if let Some(detector) = detectors().find(|detector| detector.id == what) {
        let shown = page::page(&detector.page(), pipeline::terminal_width());
        return cli::print(&format!("{shown}\nRule {}, version {}.\n", detector.id, detector.version)).map(|()| Exit::Done);
    }
    let Some(path) = &options.dossier else {
        return Err(Failure::new(
            Exit::Usage,
            format!("there is no rule {what}; `assay explain` lists them. For a finding, add --dossier DOSSIER INPUT…"),
        ));
    };
    let dossier = dossier(path)?;
    let wanted: Vec<&Finding> = dossier.findings.iter().filter(|finding| what == ALL || finding.id == *what).collect();
    if wanted.is_empty() && what != ALL {
        let has = match dossier.findings.as_slice() {
            [] => "none at all".to_owned(),
            [only] => only.id.clone(),
            [first, .., last] => format!("{} to {}", first.id, last.id),
        };
        return Err(Failure::new(Exit::Usage, format!("{} has no finding {what}; it has {has}", path.display())));
    }
    if options.inputs.is_empty() {
        return Err(Failure::new(Exit::Usage, "name the inputs of the dossier, so that the evidence can be read from them"));
    }
    inputs::golden_given(&dossier, options.golden.as_deref())?;
    let replay = Replay::of(&dossier, &wanted, &options.inputs, options.golden.as_deref(), &options.opening)?;
    let (text, agrees) = finding::explain(&dossier, &wanted, &replay, pipeline::terminal_width())?;
    cli::print_visible(&text)?;
    Ok(if agrees { Exit::Done } else { Exit::Found })
}

/// The dossier at `path`: the file, or the folder that `assay vet --out` wrote.
fn dossier(path: &Path) -> Result<Dossier, Failure> {
    let inside = path.join("dossier.json");
    let path = if path.is_dir() { &inside } else { path };
    serde_json::from_str(&inputs::read_text(path)?).map_err(|error| Failure::new(Exit::Usage, format!("{}: {error}", path.display())))
}

fn title(page: &str) -> &str {
    page.lines().next().unwrap_or_default().trim_start_matches("# ")
}
