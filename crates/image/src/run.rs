//! Programs with their arguments, as something starts them.

use assay_core::{FactId, Locator};

/// A program and its arguments, and where that was seen.
pub struct Run {
    /// As written.
    pub program: String,
    /// The file, after links.
    pub resolved: Option<String>,
    /// Arguments.
    pub arguments: Vec<String>,
    /// Account.
    pub user: Option<String>,
    /// Where.
    pub at: Locator,
    /// The step that tells it.
    pub fact: Option<FactId>,
}

impl Run {
    /// Name that the program is called by: it decides what a multi-call program does.
    pub fn name(&self) -> &str {
        self.program.rsplit('/').next().unwrap_or_default()
    }

    /// Value of the option `-x value` or `-xvalue`.
    pub fn option<'s>(&'s self, name: &'s str) -> Option<&'s str> {
        self.options(name).next()
    }

    /// All values of the option.
    pub fn options<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.arguments.iter().enumerate().filter_map(move |(index, word)| {
            let rest = word.strip_prefix(name)?;
            if rest.is_empty() { self.arguments.get(index + 1).map(String::as_str) } else { Some(rest) }
        })
    }

    /// Is the letter among the options without a value (`-fw`)?
    pub fn flag(&self, letter: char) -> bool {
        self.arguments.iter().any(|word| {
            word.strip_prefix('-').is_some_and(|letters| {
                !letters.starts_with('-') && letters.chars().take_while(char::is_ascii_alphabetic).any(|one| one == letter)
            })
        })
    }
}
