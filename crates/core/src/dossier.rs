//! The dossier: everything Assay says about some inputs, in one JSON document.
//!
//! Two runs of the same version with the same rules over the same inputs write the same bytes. Nothing in here depends on time, host,
//! number of processors or sandbox: that goes to `run.json` beside it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    answer::Answer,
    artifact::Artifact,
    control::Control,
    coverage::Coverage,
    fact::Fact,
    finding::Finding,
    hash::Sha256,
    manifest::Tree,
    measure::{Assumption, Table},
};

/// Name of the schema that this version writes.
pub const SCHEMA: &str = "assay.dossier/1";

/// The dossier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dossier {
    /// [`SCHEMA`].
    pub schema: String,
    /// What wrote it.
    pub tool: Tool,
    /// False where a limit cut the work short.
    pub complete: bool,
    /// The inputs.
    pub subjects: Vec<Subject>,
    /// One per question, in the order of [`crate::Question::ALL`].
    pub answers: Vec<Answer>,
    /// Worst first.
    pub findings: Vec<Finding>,
    /// What the machine can be made to do.
    pub controls: Vec<Control>,
    /// Numbers and lists.
    pub tables: Vec<Table>,
    /// Numbers that were not in the inputs.
    pub assumptions: Vec<Assumption>,
    /// The image that the inputs were held against, with `--golden`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub golden: Option<Reference>,
    /// All facts, with `--facts`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<Vec<Fact>>,
}

/// What wrote a dossier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `assay`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Digest over all rule data.
    pub rules: Sha256,
    /// What "today" means, `YYYY-MM-DD`.
    pub as_of: String,
}

/// An image that is named and not examined for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reference {
    /// Digest of its bytes; of its manifest for a directory.
    pub id: Sha256,
    /// Last component of its name, escaped.
    pub name: String,
    /// Format of the outermost layer.
    pub format: String,
    /// Length in bytes; of all files together for a directory.
    pub size: u64,
}

/// Kind of an input, recognised by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectKind {
    /// A package, a flash dump, a disk image, an archive.
    Firmware,
    /// A directory.
    Tree,
    /// One program or script.
    Executable,
    /// A packet capture.
    Capture,
    /// A bill of materials.
    Bill,
    /// An import entry.
    Entry,
    /// A fleet list.
    Fleet,
    /// A network model.
    Network,
    /// Recognised as none of these.
    Data,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// Digest of its bytes; of its manifest for a directory.
    pub id: Sha256,
    /// Last component of its name, escaped; never used to recognise it.
    pub name: String,
    /// Kind.
    pub kind: SubjectKind,
    /// Format of the outermost layer.
    pub format: String,
    /// Length in bytes; of all files together for a directory.
    pub size: u64,
    /// What it says it is. The evidence is in the table "Identity".
    pub identity: Identity,
    /// What was looked at.
    pub coverage: Coverage,
    /// Everything that was brought out of it, in the order of the trail.
    pub artifacts: Vec<Artifact>,
    /// The manifest: one tree per container.
    pub manifest: Vec<Tree>,
}

/// What an image says it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Maker.
    pub maker: Option<String>,
    /// Line or model.
    pub model: Option<String>,
    /// Control board.
    pub platform: Option<String>,
    /// Version of the firmware.
    pub version: Option<String>,
    /// When it was built.
    pub built: Option<String>,
    /// Distribution or build system that the rest of it comes from; its version is not the firmware's.
    pub system: Option<String>,
    /// Version of the kernel.
    pub kernel: Option<String>,
    /// Compiler.
    pub toolchain: Option<String>,
}
