//! Rule data: TOML files below `rules/<crate>/<kind>/`, built into the crate that owns them.
//!
//! A crate embeds its own folder with `include_dir!` and asks for the files here, so that a new rule file needs no registration and all
//! crates name theirs in one way: `unpack/keys/bitmain.toml`.

use include_dir::Dir;
use serde::de::DeserializeOwned;

/// A rule file: its name, and its text.
pub type RuleFile = (String, &'static str);

/// All files of the folder that `owner` embeds, in order of the names.
#[must_use]
pub fn files(owner: &str, folder: &'static Dir<'static>) -> Vec<RuleFile> {
    let mut files: Vec<RuleFile> = folder
        .dirs()
        .flat_map(Dir::files)
        .filter_map(|file| Some((format!("{owner}/{}", file.path().to_str()?.replace('\\', "/")), file.contents_utf8()?)))
        .collect();
    files.sort_unstable();
    files
}

/// Those of `files` that are of one kind (the folder they are in), read. A malformed file is a defect of the build: the tests of each
/// kind read all of them.
///
/// # Errors
/// Which file is not what its kind should be, and where.
pub fn of_kind<T: DeserializeOwned>(files: Vec<RuleFile>, kind: &str) -> Result<Vec<T>, String> {
    files
        .into_iter()
        .filter(|(name, _)| name.split('/').nth(1) == Some(kind))
        .map(|(name, text)| toml::from_str(text).map_err(|error| format!("{name}: {error}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_a_folder() {
        let files = || vec![("x/a/one.toml".to_owned(), "n = 1"), ("x/ab/two.toml".to_owned(), "n = 2"), ("x/b/bad.toml".to_owned(), "n")];
        let read: Vec<toml::Table> = of_kind(files(), "a").unwrap();
        assert_eq!(read.len(), 1);
        assert!(of_kind::<toml::Table>(files(), "b").unwrap_err().starts_with("x/b/bad.toml: "));
    }
}
