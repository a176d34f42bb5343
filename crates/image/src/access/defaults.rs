//! Default passwords of makers and of common parts, as data.

use std::sync::OnceLock;

use serde::Deserialize;

/// A password that something is known to be shipped with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Default {
    /// User that has it; absent: any.
    pub user: Option<String>,
    /// The password.
    pub password: String,
    /// Where it is known from.
    pub source: String,
    /// Day of that.
    #[allow(dead_code, reason = "for readers of the rule file; a test of the project reads it")]
    pub date: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    default: Vec<Default>,
}

/// Where a stored password was found. It decides what its text may mean.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// An account of the system: only hashes.
    Account,
    /// A web server's password file: hashes, or plain text.
    Web,
    /// A web server's configuration: plain text, or hashes.
    Inline,
}

/// All of them, in order of the files.
pub fn all() -> &'static [Default] {
    static ALL: OnceLock<Vec<Default>> = OnceLock::new();
    ALL.get_or_init(|| crate::rules::of_kind::<Rules>("defaults").unwrap_or_default().into_iter().flat_map(|rules| rules.default).collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_file_is_understood() {
        let files: Vec<super::Rules> = crate::rules::of_kind("defaults").unwrap();
        assert!(!files.is_empty());
        for one in files.iter().flat_map(|rules| &rules.default) {
            assert!(!one.source.is_empty() && one.date.len() == 10, "{}", one.password);
        }
    }
}
