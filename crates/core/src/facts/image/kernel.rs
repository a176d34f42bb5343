//! What a kernel was configured to be.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The configuration that a kernel was built with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KernelConfig {
    /// The kernel's version, as the configuration's head has it.
    pub version: String,
    /// Linux's name of the architecture, as the head has it (`arm`, `arm64`, `x86`, …).
    pub arch: String,
    /// Options that are set.
    pub options: Vec<KernelOption>,
}

/// An option that is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KernelOption {
    /// Its name, without `CONFIG_`.
    pub name: String,
    /// `y`, `m`, a number, a text without its quotes.
    pub value: String,
    /// Line.
    pub line: u64,
}
