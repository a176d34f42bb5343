//! A finding that another detector has proven, and that is a known behaviour, is called by its name.
//!
//! The grade stays what the evidence is worth: a name makes nothing graver. What was proven by code stands for the behaviour only where the
//! very control fits; where just texts of it stand in the same file, that is what is said.

use assay_core::{Evidence, Finding, Sha256};

use super::matches::Match;

/// Names in one finding.
const NAMES: usize = 4;
/// Pieces of evidence that a name brings with it.
const PIECES: usize = 3;

/// Gives `findings` the names, links and statements of `matches`. Returns for each match whether a finding has it now.
pub(crate) fn attach(matches: &[Match], findings: &mut [Finding]) -> Vec<bool> {
    let mut told = vec![false; matches.len()];
    for (found, told) in matches.iter().zip(&mut told) {
        for finding in findings.iter_mut().filter(|finding| is_same(found, finding)) {
            *told = true;
            name(found, finding);
        }
    }
    told
}

fn is_same(found: &Match, finding: &Finding) -> bool {
    let about = |file: Sha256| found.files.contains(&file);
    if !found.behaviour.rules.contains(&finding.rule) || !finding.evidence.iter().any(|evidence| about(evidence.artifact)) {
        return false;
    }
    if found.controls.is_empty() {
        // Texts in the program of a control say whose it may be, if it does the same.
        return !found.by_text || found.behaviour.effect.is_none() || finding.effect == found.behaviour.effect;
    }
    found.controls.iter().any(|control| {
        let words = control.trigger.iter().all(|word| finding.trigger.contains(word));
        let last = control
            .path
            .last()
            .is_some_and(|step| finding.evidence.iter().any(|evidence| (evidence.artifact, &evidence.at) == (step.artifact, &step.at)));
        words && last && finding.holder.as_ref().is_some_and(|holder| holder.who == control.holder.who)
    })
}

fn name(found: &Match, finding: &mut Finding) {
    let behaviour = found.behaviour;
    let words = if found.by_text { "signs of the known behaviour" } else { "known as" };
    if finding.title.matches("known ").count() < NAMES {
        finding.title = format!("{}; {words} “{}”", finding.title, behaviour.title);
    }
    for link in behaviour.references.iter().chain([&behaviour.source]).filter(|link| link.starts_with("http") || link.starts_with("CVE-")) {
        if !finding.references.contains(link) {
            finding.references.push(link.clone());
        }
    }
    if found.by_text {
        let new = |piece: &&Evidence| !finding.evidence.iter().any(|known| (known.artifact, &known.at) == (piece.artifact, &piece.at));
        let pieces: Vec<Evidence> = found.evidence.iter().filter(new).take(PIECES).cloned().collect();
        finding.evidence.extend(pieces);
    }
    if let Some(said) = behaviour.statement.as_ref().filter(|said| !finding.statements.contains(said)) {
        finding.statements.push(said.clone());
    }
}
