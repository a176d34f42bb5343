//! What one format may use while it reads one artifact.

use std::cell::Cell;

use assay_core::{Limits, Problem};

/// Limits and counters of one task. Every task gets its own, so that what it may use does not depend on what others do at the same
/// time: the same input meets the same limit at the same place, on one thread or on many.
pub struct Context<'a> {
    /// The limits of the run.
    pub limits: &'a Limits,
    steps: Cell<u64>,
}

impl<'a> Context<'a> {
    /// A fresh context.
    #[must_use]
    pub fn new(limits: &'a Limits) -> Self {
        Self { limits, steps: Cell::new(0) }
    }

    /// Counts `count` steps: structures read, blocks followed. Call it in every loop whose length the input decides.
    pub fn step(&self, count: u64) -> Result<(), OverSteps> {
        let steps = self.steps.get().saturating_add(count);
        self.steps.set(steps);
        if steps > self.limits.steps { Err(OverSteps) } else { Ok(()) }
    }

    /// How many bytes may come out of `packed` bytes. A decompressor stops there and reports [`OverSteps::problem`]-like trouble.
    #[must_use]
    pub fn room(&self, packed: u64) -> u64 {
        let by_ratio = packed.saturating_mul(self.limits.ratio).max(self.limits.ratio_floor_bytes);
        by_ratio.min(self.limits.artifact_bytes)
    }
}

/// The step limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverSteps;

impl OverSteps {
    /// As a problem at `offset`.
    #[must_use]
    pub fn problem(self, offset: u64) -> Problem {
        Problem::over_limit(offset, "the limit on steps was reached; what follows was not read")
    }
}
