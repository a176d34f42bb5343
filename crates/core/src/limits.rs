//! Limits on everything an input can ask for.
//!
//! Limits count steps, bytes and items, never seconds, so that the same input meets them at the same place on every machine.
//! `assay vet --limits FILE` reads them from a TOML file with these very names; what is left out keeps its default.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What one run may use. Reaching a limit ends that branch with a gap and keeps the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of one artifact brought out of another, decompressed.
    pub artifact_bytes: u64,
    /// Bytes of all artifacts brought out, together.
    pub total_bytes: u64,
    /// Entries of all manifests, together.
    pub entries: u64,
    /// Artifacts inside artifacts.
    pub depth: u32,
    /// Bytes that come out for one byte that goes in, per artifact. Applies above `ratio_floor_bytes`.
    pub ratio: u64,
    /// An artifact may always grow to this many bytes, whatever its ratio.
    pub ratio_floor_bytes: u64,
    /// Steps (structures read, blocks followed) within one artifact.
    pub steps: u64,
    /// Steps of the questions that are put to one program: where a value comes from, what must be true.
    pub program_steps: u64,
    /// The same for all programs of an input, shared out among them by their size.
    pub code_steps: u64,
    /// Commands that are walked of one script, what it sources and calls included.
    pub script_steps: u64,
    /// Places per artifact where a format's signature is followed up.
    pub candidates: u64,
    /// Bytes of one name or link target.
    pub name_bytes: u64,
    /// Address space of the child process, in bytes.
    pub memory_bytes: u64,
    /// Processor time of the child process, in seconds: the last resort, `complete: false` when reached.
    pub cpu_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            artifact_bytes: 1 << 30,
            total_bytes: 16 << 30,
            entries: 4_000_000,
            depth: 24,
            ratio: 1_500,
            ratio_floor_bytes: 256 << 20,
            steps: 50_000_000,
            program_steps: 20_000_000,
            code_steps: 1_000_000_000,
            script_steps: 60_000,
            candidates: 200_000,
            name_bytes: 64 << 10,
            memory_bytes: 16 << 30,
            cpu_seconds: 3_600,
        }
    }
}
