//! The code around every place that a fact of code names, as facts: what stands there, for whoever reads the evidence.
//!
//! It is stated here, where the bytes are, because nobody behind this stage sees them.

use std::collections::{BTreeMap, BTreeSet};

use assay_code::read::{places, quote};
use assay_core::{At, FactBody, Locator, Sha256, facts::CodeFact};

use super::{
    Contents,
    collect::{Collector, Producer},
    programs::Programs,
};

/// Adds the excerpts for the facts since number `since`.
pub fn add(since: usize, contents: Contents<'_>, programs: &Programs, out: &mut Collector) {
    let mut wanted: BTreeMap<Sha256, (String, BTreeSet<At>)> = BTreeMap::new();
    for fact in &out.facts[since..] {
        let FactBody::Code(body) = &fact.body else { continue };
        let own = wanted.entry(fact.locator.artifact).or_insert_with(|| (fact.locator.path.clone(), BTreeSet::new()));
        own.1.extend(places(&fact.locator.at, body).cloned());
    }
    for (artifact, (path, places)) in wanted {
        let (producer, excerpts) = match programs.get(&artifact) {
            Some(report) => (Producer::Program, report.excerpts.clone()),
            None => (Producer::Script, quote(&contents(&artifact).unwrap_or_default(), &places)),
        };
        for (at, text) in excerpts.into_iter().filter(|(at, _)| places.contains(at)) {
            out.code(producer, Locator { artifact, path: path.clone(), at }, &[], CodeFact::Excerpt { text });
        }
    }
}
