//! How the programs of an image were compiled and linked, one row each.

use assay_core::{
    Cell, Fact, FactBody, Question, Table,
    facts::{
        ImageFact,
        image::{ElfKind, Hardening, Relro},
    },
};

use super::{code::table, evidence};

/// The table.
pub(super) fn hardening(facts: &[Fact]) -> Table {
    let rows = facts.iter().filter_map(|fact| match &fact.body {
        FactBody::Image(ImageFact::Hardening(own)) => Some((cells(fact, own), vec![evidence(&fact.locator)])),
        _ => None,
    });
    let columns = ["File", "Processor", "Kind", "RELRO", "NX", "Canary", "Fortified", "RPATH, RUNPATH", "Stripped"];
    table(Question::Provenance, "Hardening", &columns, rows.collect())
}

fn cells(fact: &Fact, own: &Hardening) -> Vec<Cell> {
    let yes = |value: bool| Cell::from(if value { "yes" } else { "no" });
    let kind = match own.kind {
        ElfKind::Fixed => "program at a fixed address",
        ElfKind::Pie => "program",
        ElfKind::Library => "library",
        ElfKind::Object => "object or module",
    };
    let relro = match own.relro {
        Relro::None => "none",
        Relro::Partial => "partial",
        Relro::Full => "full",
    };
    let nx = if own.writable_code { Cell::from("no: a segment is writable and executable") } else { yes(own.nx) };
    let (checked, could) = own.fortified;
    let folders: Vec<&str> = own.rpath.iter().chain(&own.runpath).map(String::as_str).collect();
    vec![
        fact.locator.path.rsplit('!').next().unwrap_or_default().into(),
        own.machine.as_str().into(),
        kind.into(),
        relro.into(),
        nx,
        yes(own.canary),
        format!("{checked} of {could}").into(),
        folders.join(":").into(),
        yes(own.stripped),
    ]
}
