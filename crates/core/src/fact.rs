//! Facts: single typed observations, each with its place and its producer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    facts::{CodeFact, GridFact, ImageFact, SupplyFact, TrafficFact},
    locator::Locator,
};

/// Number of a fact within one dossier, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct FactId(pub u32);

/// One observation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fact {
    /// Its number.
    pub id: FactId,
    /// Where it was seen.
    pub locator: Locator,
    /// Who saw it: the analyser, or the format that read the bytes.
    pub producer: String,
    /// Version of the producer.
    pub producer_version: u32,
    /// Facts it was derived from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub derived_from: Vec<FactId>,
    /// What was seen.
    pub body: FactBody,
}

impl Fact {
    /// The same among facts of which `base` come before it.
    pub fn shift(&mut self, base: u32) {
        self.id.0 += base;
        self.derived_from.iter_mut().for_each(|id| id.0 += base);
    }
}

/// What was seen, by domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FactBody {
    /// In a package, a filesystem, a single file.
    Image(ImageFact),
    /// In a program or script.
    Code(CodeFact),
    /// On the wire.
    Traffic(TrafficFact),
    /// In papers.
    Supply(SupplyFact),
    /// In a fleet list or a network model.
    Grid(GridFact),
}
