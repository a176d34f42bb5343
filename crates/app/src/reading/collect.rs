//! Facts and gaps as they come together, with one numbering.

use std::collections::{BTreeMap, HashMap};

use assay_core::{
    At, Fact, FactBody, FactId, Gap, Locator, Problem, Sha256,
    facts::{CodeFact, ImageFact},
};

/// Version of what the readers of programs and scripts say of the same input.
const VERSION: u32 = 1;
/// Facts that one fact is said to be derived from: a program that is started in more ways has enough of them.
const SOURCES: usize = 16;

/// Everything so far.
#[derive(Debug, Default)]
pub struct Collector {
    /// Facts, numbered from 1.
    pub facts: Vec<Fact>,
    /// Gaps.
    pub gaps: Vec<Gap>,
}

/// Who says it.
#[derive(Debug, Clone, Copy)]
pub enum Producer {
    /// The reading of machine code.
    Program,
    /// The reading of scripts.
    Script,
    /// The search for texts.
    Search,
}

impl Producer {
    fn name(self) -> &'static str {
        match self {
            Self::Program => "code.program",
            Self::Script => "code.script",
            Self::Search => "app.texts",
        }
    }
}

impl Collector {
    /// Adds facts that have a numbering of their own, from 1. What was said already of the same place, since fact number `since`, is not
    /// said again: who is told twice that a server starts has one server.
    pub fn merge(&mut self, facts: Vec<Fact>, gaps: Vec<Gap>, since: usize) {
        let mut known: HashMap<String, FactId> =
            self.facts.iter().skip(since).map(|fact| (said(&fact.locator, &fact.body), fact.id)).collect();
        let mut numbers: BTreeMap<FactId, FactId> = BTreeMap::new();
        for mut fact in facts {
            let key = said(&fact.locator, &fact.body);
            if let Some(same) = known.get(&key) {
                numbers.insert(fact.id, *same);
                continue;
            }
            let id = FactId(self.facts.len() as u32 + 1);
            numbers.insert(fact.id, id);
            known.insert(key, id);
            fact.id = id;
            fact.derived_from = fact.derived_from.iter().filter_map(|from| numbers.get(from).copied()).collect();
            self.facts.push(fact);
        }
        for gap in gaps {
            if !self.gaps.contains(&gap) {
                self.gaps.push(gap);
            }
        }
    }

    /// Adds what a program or script shows.
    pub fn code(&mut self, producer: Producer, at: Locator, from: &[FactId], fact: CodeFact) {
        self.push(producer, at, from, FactBody::Code(fact));
    }

    /// Adds what a program or script shows of the system.
    pub fn image(&mut self, producer: Producer, at: Locator, from: &[FactId], fact: ImageFact) {
        self.push(producer, at, from, FactBody::Image(fact));
    }

    fn push(&mut self, producer: Producer, locator: Locator, from: &[FactId], body: FactBody) {
        self.facts.push(Fact {
            id: FactId(self.facts.len() as u32 + 1),
            locator,
            producer: producer.name().to_owned(),
            producer_version: VERSION,
            derived_from: from.iter().take(SOURCES).copied().collect(),
            body,
        });
    }

    /// Adds a problem as a gap.
    pub fn problem(&mut self, artifact: Sha256, trail: &str, problem: &Problem) {
        self.gaps.push(Gap::of(problem, artifact, trail));
    }
}

/// A locator at another position in the same file.
pub fn moved(base: &Locator, at: &At) -> Locator {
    Locator { at: at.clone(), ..base.clone() }
}

fn said(at: &Locator, body: &FactBody) -> String {
    format!("{at:?} {body:?}")
}
