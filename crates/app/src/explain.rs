//! `assay explain`: a rule's page, or a finding's evidence shown again from the inputs themselves.

mod page;

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fmt::Write,
    io::Read,
};

use assay_core::{At, Dossier, Finding, Sha256};
use assay_inspect::judge::DETECTORS;

use crate::{
    Exit, Failure,
    cli::{self, Explain},
    inputs, pipeline,
    sandbox::{Blobs, Keep},
};

/// Bytes shown at an offset.
const SHOWN_BYTES: usize = 128;

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
    let dossier: Dossier = serde_json::from_str(&inputs::read_text(path)?)
        .map_err(|error| Failure::new(Exit::Usage, format!("{}: {error}", path.display())))?;
    let Some(finding) = dossier.findings.iter().find(|finding| finding.id == *what) else {
        return Err(Failure::new(Exit::Usage, format!("{} has no finding {what}", path.display())));
    };
    if options.inputs.is_empty() {
        return Err(Failure::new(Exit::Usage, "name the inputs of the dossier, so that the evidence can be read from them"));
    }
    let limits = inputs::limits(&options.opening)?;
    let mut stores = Vec::new();
    for input in &options.inputs {
        let done = inputs::open(input, &options.opening, &limits, Keep::All, true)?;
        stores.extend(done.blobs);
    }
    cli::print_visible(&replay(finding, &stores)?).map(|()| Exit::Done)
}

fn title(page: &str) -> &str {
    page.lines().next().unwrap_or_default().trim_start_matches("# ")
}

fn replay(finding: &Finding, stores: &[Blobs]) -> Result<String, Failure> {
    let mut text = format!("{} {} ({}, {})\n{}\n", finding.id, finding.title, finding.severity, finding.confidence, finding.rule);
    let mut cache = BTreeMap::new();
    for evidence in &finding.evidence {
        let path = if evidence.path.is_empty() { "(input)" } else { &evidence.path };
        let _ = writeln!(text, "\n{path}, {}\n  {}\n  {}", evidence.at, evidence.artifact, evidence.note);
        if !evidence.excerpt.is_empty() {
            let _ = writeln!(text, "  {}", evidence.excerpt);
        }
        let bytes = match cache.entry(evidence.artifact) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(read(evidence.artifact, stores)?),
        };
        match (bytes, &evidence.at) {
            (Some(bytes), At::Offset(offset)) => dump(bytes, *offset, &mut text),
            (Some(_), _) => {}
            (None, _) => text.push_str("  This artifact is not in the inputs given.\n"),
        }
    }
    for said in &finding.statements {
        let _ = writeln!(text, "\n{} says ({}): {}", said.by, said.date, said.text);
    }
    Ok(text)
}

fn read(id: Sha256, stores: &[Blobs]) -> Result<Option<Vec<u8>>, Failure> {
    for store in stores {
        if let Some(mut reader) = store.get(&id) {
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).map_err(|error| Failure::new(Exit::Unreadable, error.to_string()))?;
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}

/// Sixteen bytes a line, as `hexdump -C` shows them.
fn dump(bytes: &[u8], offset: u64, text: &mut String) {
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
    let end = (start + SHOWN_BYTES).min(bytes.len());
    for (line, chunk) in bytes.get(start..end).unwrap_or_default().chunks(16).enumerate() {
        let hex = chunk.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
        let shown: String = chunk.iter().map(|byte| if matches!(byte, b' '..=b'~') { char::from(*byte) } else { '.' }).collect();
        let _ = writeln!(text, "  {:08x}  {hex:<48} |{shown}|", start + line * 16);
    }
}
