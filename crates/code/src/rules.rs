//! The rule data of this crate, built into the program: `rules/code/<kind>/<name>.toml`. A new file there is found by itself.

use include_dir::{Dir, include_dir};
use serde::de::DeserializeOwned;

static RULES: Dir = include_dir!("$CARGO_MANIFEST_DIR/../../rules/code");

/// All rule files with their names (`code/commands/network.toml`), in order of the names.
#[must_use]
pub fn files() -> Vec<(String, &'static str)> {
    let mut files: Vec<_> = RULES
        .dirs()
        .flat_map(Dir::files)
        .filter_map(|file| Some((format!("code/{}", file.path().to_str()?.replace('\\', "/")), file.contents_utf8()?)))
        .collect();
    files.sort_unstable();
    files
}

/// Every file of one kind, in order of the names. A malformed file is a defect of the build; the tests of each kind read all of them.
///
/// # Errors
/// Which file is not what its kind should be, and where.
pub fn of_kind<T: DeserializeOwned>(kind: &str) -> Result<Vec<T>, String> {
    let folder = format!("code/{kind}/");
    files()
        .into_iter()
        .filter(|(name, _)| name.starts_with(&folder))
        .map(|(name, text)| toml::from_str(text).map_err(|error| format!("{name}: {error}")))
        .collect()
}
