//! The rule data of this crate, built into the program: `rules/inspect/<kind>/<name>.toml`. A new file there is found by itself.

use assay_core::rules::{self, RuleFile};
use include_dir::{Dir, include_dir};
use serde::de::DeserializeOwned;

static RULES: Dir = include_dir!("$CARGO_MANIFEST_DIR/../../rules/inspect");

/// All rule files, in order of their names.
#[must_use]
pub fn files() -> Vec<RuleFile> {
    rules::files("inspect", &RULES)
}

/// Every file of one kind, in order of the names.
///
/// # Errors
/// Which file is not what its kind should be, and where.
pub fn of_kind<T: DeserializeOwned>(kind: &str) -> Result<Vec<T>, String> {
    rules::of_kind(files(), kind)
}
