//! What a system is made of: one row for each part and version, with every place that shows it.

use std::collections::BTreeMap;

use assay_core::{
    Cell, Evidence, Fact, FactBody, Question, Table,
    facts::{
        ImageFact,
        image::{Part, PartKind, PartSign},
    },
};

use super::{code::table, evidence};

/// Places of one part that a row names.
const PLACES: usize = 8;

/// A part with everything that shows it.
struct Seen<'a> {
    part: &'a Part,
    signs: Vec<PartSign>,
    files: Vec<String>,
    at: Vec<Evidence>,
}

/// The table; modules are counted in one row for each version of the kernel that they are for.
pub(super) fn parts(facts: &[Fact]) -> Table {
    let mut rows: BTreeMap<(PartKind, String, &str), Seen> = BTreeMap::new();
    for fact in facts {
        let FactBody::Image(ImageFact::Part(part)) = &fact.body else { continue };
        let name = if part.kind == PartKind::Module { part.shown.clone() } else { part.name.clone() };
        let version = if part.kind == PartKind::Module { "" } else { part.version.as_deref().unwrap_or_default() };
        let seen =
            rows.entry((part.kind, name, version)).or_insert_with(|| Seen { part, signs: Vec::new(), files: Vec::new(), at: Vec::new() });
        if !seen.signs.contains(&part.by) {
            seen.signs.push(part.by);
        }
        let file = fact.locator.path.rsplit('!').next().unwrap_or_default().to_owned();
        if !seen.files.contains(&file) {
            seen.files.push(file);
        }
        if seen.at.len() < PLACES {
            seen.at.push(evidence(&fact.locator));
        }
    }
    let rows = rows.into_values().map(|seen| (cells(&seen), seen.at)).collect();
    table(Question::Provenance, "Parts", &["Kind", "Name", "Version", "Shown by", "Text", "Licence", "Package URL", "Files"], rows)
}

fn cells(seen: &Seen) -> Vec<Cell> {
    let part = seen.part;
    let module = part.kind == PartKind::Module;
    let name = if module { format!("{} kernel modules", seen.files.len()) } else { part.name.clone() };
    let more = seen.files.len().saturating_sub(3);
    let mut files: Vec<&str> = seen.files.iter().take(3).map(String::as_str).collect();
    let more = format!("and {more} more");
    if seen.files.len() > 3 {
        files.push(&more);
    }
    let signs: Vec<&str> = seen.signs.iter().map(|sign| words(*sign)).collect();
    vec![
        kind(part.kind).into(),
        name.into(),
        if module { Cell::Empty } else { part.version.as_deref().into() },
        signs.join(", ").into(),
        part.shown.chars().take(80).collect::<String>().into(),
        part.licence.as_deref().into(),
        part.purl.as_deref().into(),
        files.join(", ").into(),
    ]
}

fn kind(kind: PartKind) -> &'static str {
    match kind {
        PartKind::Package => "package",
        PartKind::Component => "component",
        PartKind::System => "system",
        PartKind::Kernel => "kernel",
        PartKind::Module => "modules",
    }
}

fn words(sign: PartSign) -> &'static str {
    match sign {
        PartSign::Database => "database of packages",
        PartSign::Text => "text of its own",
        PartSign::ModuleInfo => "section of the module",
        PartSign::FileName => "name of the file",
    }
}
