//! Known behaviours: what was reported of firmware in public, looked for in every image, with what the maker said.
//!
//! Rules are data, one file for each behaviour (`rules/inspect/known`). A sign is a conjunction of patterns over facts. Where all of them
//! are proven by what code and configuration do, the behaviour is *shown*; where texts are part of it, it is *present* and no more, because
//! a text says nothing of what is done with it. A name never makes a finding graver: what another detector has proven at the same place
//! keeps its grade, and is called by its name.
//!
//! ```text
//! texts ─► the reading child looks for all of them ─► facts ─► matches ─┬─► table: every behaviour, and how far it was seen
//!                                                                       ├─► attach: findings of other detectors get the name
//!                                                                       └─► control.known-behaviour, where there is none
//! ```

mod attach;
mod matches;
mod patterns;
mod schema;
mod versions;

use std::sync::OnceLock;

pub(crate) use attach::attach;
pub(crate) use matches::{Match, State, matches, state};
pub(crate) use patterns::is_host;
pub use schema::Behaviour;
use schema::{Pattern, Text};

/// All behaviours, in order of their files. They are constants of this crate, which a test reads: none is lost in a build that passes.
#[must_use]
pub fn all() -> &'static [Behaviour] {
    static ALL: OnceLock<Vec<Behaviour>> = OnceLock::new();
    ALL.get_or_init(|| crate::rules::of_kind("known").unwrap_or_default())
}

/// A text that is to be looked for in every file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// The text.
    pub text: &'static str,
    /// May it stand inside a longer word?
    pub inside: bool,
}

/// Every text that a rule asks for, once.
#[must_use]
pub fn texts() -> Vec<Wanted> {
    let mut wanted: Vec<Wanted> = all_texts().map(|text| Wanted { text: &text.is, inside: text.inside }).collect();
    wanted.sort_unstable();
    // Who asks for it inside of words gets it alone as well.
    wanted.reverse();
    wanted.dedup_by(|one, other| one.text == other.text);
    wanted.reverse();
    wanted
}

fn all_texts() -> impl Iterator<Item = &'static Text> {
    all().iter().flat_map(|behaviour| &behaviour.sign).flat_map(|sign| &sign.all).filter_map(|pattern| match pattern {
        Pattern::Text(text) => Some(text),
        _ => None,
    })
}

/// Each text with one that looks like it and must not be found: for tests of who does the looking.
#[must_use]
pub fn controls() -> Vec<(Wanted, &'static str)> {
    all_texts().map(|text| (Wanted { text: &text.is, inside: text.inside }, text.unlike.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use assay_core::Severity;

    use super::*;

    #[test]
    fn rule_files_are_understood() {
        let read = crate::rules::of_kind::<Behaviour>("known").unwrap();
        assert!(read.len() >= 18, "{}", read.len());
        let ids: BTreeSet<&str> = read.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids.len(), read.len(), "two behaviours of one name");
        let rules: BTreeSet<&str> = crate::judge::DETECTORS.iter().copied().flatten().map(|detector| detector.id).collect();
        for one in &read {
            assert!(one.severity <= Severity::Low, "{}: a name alone is graver than low", one.id);
            assert!(!one.sign.is_empty() && one.sign.iter().all(|sign| !sign.all.is_empty()), "{}: fits everything", one.id);
            assert!(!one.source.is_empty() && !one.summary.is_empty() && !one.affects.is_empty(), "{}", one.id);
            for rule in &one.rules {
                assert!(rules.contains(rule.as_str()), "{}: there is no rule {rule}", one.id);
            }
            if let Some(said) = &one.statement {
                assert!(said.date.len() == 10 && !said.text.is_empty() && !said.source.is_empty(), "{}", one.id);
            }
        }
    }

    #[test]
    fn a_text_is_asked_for_once() {
        let texts = texts();
        let once: BTreeSet<&str> = texts.iter().map(|wanted| wanted.text).collect();
        assert_eq!(once.len(), texts.len());
        assert!(texts.iter().all(|wanted| wanted.text.len() >= 4), "a short text stands everywhere");
    }
}
