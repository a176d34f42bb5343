//! `assay verify`: the same inputs, the same version, the same rules: does the same dossier come out, byte for byte?

use std::fmt::Write;

use assay_core::Dossier;

use crate::{
    Exit, Failure,
    cli::{self, Verify},
    inputs,
    pipeline::{make, to_json},
};

/// `assay verify`.
pub fn verify_command(options: &Verify) -> Result<Exit, Failure> {
    let text = inputs::read_text(&options.dossier)?;
    let old: Dossier =
        serde_json::from_str(&text).map_err(|error| Failure::new(Exit::Usage, format!("{}: {error}", options.dossier.display())))?;
    let limits = inputs::limits(&options.opening)?;
    let statements = inputs::statements(options.statements.as_deref())?;
    inputs::golden_given(&old, options.golden.as_deref())?;
    let mut made = make(&options.inputs, options.golden.as_deref(), &options.opening, &limits, old.tool.as_of.clone(), &statements, true)?;
    if let Some(failure) = made.failures.pop() {
        return Err(failure);
    }
    if old.facts.is_none() {
        made.dossier.facts = None;
    }
    if to_json(&made.dossier)? == text {
        cli::print("The same dossier comes out.\n")?;
        return Ok(Exit::Done);
    }
    cli::print_visible(&format!("Another dossier comes out:\n{}", differences(&old, &made.dossier)))?;
    Ok(Exit::Found)
}

/// Where two dossiers differ, in a few lines.
fn differences(old: &Dossier, new: &Dossier) -> String {
    let mut lines = String::new();
    let mut line = |what: &str, old: &dyn std::fmt::Display, new: &dyn std::fmt::Display| {
        let _ = writeln!(lines, "  {what}: {old} in the dossier, {new} now");
    };
    if old.tool.version != new.tool.version {
        line("version of assay", &old.tool.version, &new.tool.version);
    }
    if old.tool.rules != new.tool.rules {
        line("rules", &old.tool.rules, &new.tool.rules);
    }
    for (old, new) in old.subjects.iter().zip(&new.subjects) {
        if old.id != new.id {
            line("input", &format!("{} {}", old.name, old.id), &format!("{} {}", new.name, new.id));
        } else if old != new {
            line("what was found in", &old.name, &"something else");
        }
    }
    match (&old.golden, &new.golden) {
        (Some(old), Some(new)) if old.id != new.id => {
            line("golden image", &format!("{} {}", old.name, old.id), &format!("{} {}", new.name, new.id));
        }
        _ => {}
    }
    if old.subjects.len() != new.subjects.len() {
        line("number of inputs", &old.subjects.len(), &new.subjects.len());
    }
    for finding in &old.findings {
        if !new.findings.iter().any(|other| other == finding) {
            line(&finding.rule, &finding.id, &"not so");
        }
    }
    for finding in &new.findings {
        if !old.findings.iter().any(|other| other == finding) {
            line(&finding.rule, &"not so", &finding.id);
        }
    }
    if lines.is_empty() {
        lines.push_str("  the same content, written differently\n");
    }
    lines
}
