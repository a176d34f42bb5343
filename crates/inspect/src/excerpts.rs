//! The code around the places of evidence, where a fact has it.
//!
//! Whoever reads code states the lines around every place that a fact of it names ([`CodeFact::Excerpt`]); here they are put beside the
//! evidence at the same place. Findings come first, then controls, until a dossier has as much of it as anybody reads.

use std::collections::BTreeMap;

use assay_core::{At, Evidence, Fact, FactBody, Sha256, facts::CodeFact};

/// Bytes of excerpts in one dossier.
const MOST_BYTES: usize = 6 << 20;

/// Excerpts by artifact and place.
pub(crate) struct Excerpts<'f> {
    known: BTreeMap<(Sha256, &'f At), &'f str>,
    left: usize,
}

impl<'f> Excerpts<'f> {
    /// Those among `facts`.
    pub fn of(facts: &'f [Fact]) -> Self {
        let excerpt = |fact: &'f Fact| match &fact.body {
            FactBody::Code(CodeFact::Excerpt { text }) => Some(((fact.locator.artifact, &fact.locator.at), text.as_str())),
            _ => None,
        };
        Self { known: facts.iter().filter_map(excerpt).collect(), left: MOST_BYTES }
    }

    /// Puts them beside `evidence` that has none.
    pub fn fill(&mut self, evidence: &mut [Evidence]) {
        for one in evidence.iter_mut().filter(|one| one.excerpt.is_empty()) {
            let Some(text) = self.known.get(&(one.artifact, &one.at)) else { continue };
            let Some(left) = self.left.checked_sub(text.len()) else { continue };
            self.left = left;
            one.excerpt = (*text).to_owned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_core::{FactId, Locator, Role};

    #[test]
    fn beside_the_evidence_at_the_same_place_until_there_is_enough() {
        let (artifact, other) = (Sha256::of(b"a"), Sha256::of(b"b"));
        let long = "x".repeat(MOST_BYTES / 2 + 1);
        let fact = |at: At, text: &str| Fact {
            id: FactId(1),
            locator: Locator { artifact, path: "/a".into(), at },
            producer: "code.program".into(),
            producer_version: 1,
            derived_from: Vec::new(),
            body: FactBody::Code(CodeFact::Excerpt { text: text.into() }),
        };
        let evidence = |artifact, at, excerpt: &str| Evidence {
            artifact,
            path: "/a".into(),
            at,
            function: None,
            role: Role::Step,
            note: String::new(),
            excerpt: excerpt.into(),
        };
        let facts = [fact(At::Address(4), "> 0x4 nop"), fact(At::Line(4), &long)];
        let mut shown = [
            evidence(artifact, At::Address(4), ""),
            evidence(artifact, At::Address(4), "its own"),
            evidence(artifact, At::Address(8), ""),
            evidence(other, At::Address(4), ""),
            evidence(artifact, At::Line(4), ""),
            evidence(artifact, At::Line(4), ""),
            evidence(artifact, At::Address(4), ""),
        ];
        Excerpts::of(&facts).fill(&mut shown);
        let texts: Vec<&str> = shown.iter().map(|one| one.excerpt.as_str()).collect();
        assert_eq!(texts, ["> 0x4 nop", "its own", "", "", long.as_str(), "", "> 0x4 nop"]);
    }
}
