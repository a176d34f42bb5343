//! One difference between two inputs: a name, what became of it, and what its file says anew.

use assay_core::Sha256;

use super::Said;

/// What is said of a container that differs though nothing inside it does.
pub(super) const OWN_BYTES: &str = "nothing that it holds differs: its own bytes do (headers, order, padding, compression)";

/// What became of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Only the second has it.
    Added,
    /// Only the first has it.
    Removed,
    /// The same content under another name: the former one.
    Moved,
    /// Another content.
    Content,
    /// The same content with another mode, owner, target or type.
    Attributes,
}

/// One difference.
#[derive(Debug, Clone)]
pub struct Difference {
    /// Trail to it, in the second where that has it.
    pub path: String,
    /// The former trail, as the second would call it, where it was moved.
    pub former: Option<String>,
    /// What became of it.
    pub change: Change,
    /// Content before and after.
    pub contents: (Option<Sha256>, Option<Sha256>),
    /// In words: another mode, the former name.
    pub details: Vec<String>,
    /// What the file said before and does not say now.
    pub lost: Vec<Said>,
    /// What it says now and did not say before; flows first.
    pub gained: Vec<Said>,
}

impl Difference {
    /// Is it a container that differs though nothing that it holds does?
    #[must_use]
    pub fn is_own_bytes(&self) -> bool {
        self.details.iter().any(|words| words == OWN_BYTES)
    }

    /// What was added is what was removed as `old`, under another name and with another content.
    pub fn was(&mut self, old: &Self, how: &str) {
        self.change = Change::Moved;
        self.former = Some(old.path.clone());
        self.contents.0 = old.contents.0;
        self.details = vec![format!("was {}", old.path), how.to_owned()];
        self.lost = old.lost.iter().filter(|said| !self.gained.contains(said)).cloned().collect();
        self.gained.retain(|said| !old.lost.contains(said));
    }
}
