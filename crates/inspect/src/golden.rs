//! The image that an input ought to be: what was compared with it, and whether the input is that release.

use std::collections::{BTreeMap, BTreeSet};

use assay_core::{
    At, Cell, Column, ColumnType, Entry, EntryKind, Evidence, Fact, Question, Role, Sha256, Table,
    dossier::{Reference, Subject},
};

use crate::compare::{Comparison, Side, compare, step};

/// An image that inputs are held against.
pub struct Golden {
    /// It, opened and read like an input.
    pub subject: Subject,
    /// Its facts.
    pub facts: Vec<Fact>,
}

impl Golden {
    /// How the dossier names it.
    #[must_use]
    pub fn reference(&self) -> Reference {
        let Subject { id, name, format, size, .. } = &self.subject;
        Reference { id: *id, name: name.clone(), format: format.clone(), size: *size }
    }

    /// Lays an input beside it.
    pub(crate) fn against(&self, subject: &Subject, facts: &[Fact]) -> Comparison {
        compare(&Side { subject: &self.subject, facts: &self.facts }, &Side { subject, facts })
    }
}

/// How much of a part of the release an input has.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// Byte for byte, there.
    Same(String),
    /// Byte for byte as it comes out of its wrapping, there.
    Unwrapped(String),
    /// Every file, in a container whose own bytes are others; of so many names, there.
    Files(usize, String),
    /// So many of its names differ, there.
    Differs(usize, String),
    /// Not in the input.
    Absent,
}

/// Of each part of the release, whether an input holds it. A flash dump is a release where it holds every part.
pub(crate) fn release(golden: &Golden, subjects: &[Subject], comparisons: &[Comparison]) -> Table {
    let text = |name| Column::new(name, ColumnType::Text);
    let mut table = Table {
        id: String::new(),
        question: Question::Provenance,
        title: "Held against the golden image".to_owned(),
        columns: vec![text("Input"), text("Part"), Column::new("Golden digest", ColumnType::Hash), text("Outcome"), text("Where")],
        rows: Vec::new(),
        evidence: Vec::new(),
    };
    for (subject, comparison) in subjects.iter().zip(comparisons) {
        let parts = parts(golden, subject, comparison);
        let whole = verdict(&parts.iter().map(|(.., state)| state).collect::<Vec<_>>());
        let whole = if subject.id == golden.subject.id { "it is the golden image, byte for byte".to_owned() } else { whole };
        let mut row = |part: String, digest: Option<Sha256>, outcome: String, place: String| {
            let digest = digest.map_or(Cell::Empty, |digest| Cell::Text(digest.to_string()));
            table.rows.push(vec![subject.name.as_str().into(), part.into(), digest, outcome.into(), place.into()]);
            table.evidence.push(vec![Evidence {
                artifact: subject.id,
                path: String::new(),
                at: At::Offset(0),
                function: None,
                role: Role::Other,
                note: String::new(),
                excerpt: String::new(),
            }]);
        };
        row("all of it".to_owned(), Some(golden.subject.id), whole, String::new());
        for (name, digest, state) in parts {
            let (outcome, place) = match state {
                State::Same(place) => ("the same bytes".to_owned(), place),
                State::Unwrapped(place) => ("the same bytes, unwrapped".to_owned(), place),
                State::Files(names, place) => (format!("the same {names} names, in a container with other bytes"), place),
                State::Differs(1, place) => ("one name differs".to_owned(), place),
                State::Differs(names, place) => (format!("{names} names differ"), place),
                State::Absent => ("not there".to_owned(), String::new()),
            };
            row(name, digest, outcome, place);
        }
    }
    table
}

/// Parts of the golden image: the members of its outermost container, or else its trees.
fn parts(golden: &Golden, subject: &Subject, comparison: &Comparison) -> Vec<(String, Option<Sha256>, State)> {
    let mut there: BTreeMap<Sha256, String> = BTreeMap::new();
    for artifact in &subject.artifacts {
        there.entry(artifact.id).or_insert_with(|| artifact.path.clone());
    }
    for (path, (_, entry)) in crate::compare::names(subject, |path| path) {
        if let Some(content) = entry.content {
            there.entry(content).or_insert(path);
        }
    }
    let shown = |path: &str| if path.is_empty() { "(input)".to_owned() } else { path.to_owned() };
    // What is wrapped under a name (compressed, signed) is looked for unwrapped, too: a dump holds it as it was written to flash.
    let mut wrapped: BTreeMap<&str, BTreeSet<Sha256>> = BTreeMap::new();
    golden.subject.artifacts.iter().for_each(|artifact| _ = wrapped.entry(&artifact.path).or_default().insert(artifact.id));
    let state = |trail: &str, content: Option<Sha256>| -> State {
        let whole = content.or(Some(golden.subject.id).filter(|_| trail.is_empty()));
        if let Some(place) = whole.and_then(|id| there.get(&id)) {
            return State::Same(shown(place));
        }
        let mut inner = wrapped.get(trail).into_iter().flatten().filter(|_| !trail.is_empty());
        if let Some(place) = inner.find_map(|id| there.get(id)) {
            return State::Unwrapped(shown(place));
        }
        let within = |path: &str| trail.is_empty() || path == trail || path.starts_with(&format!("{trail}!"));
        let trees = golden.subject.manifest.iter().filter(|tree| within(&tree.path) && !tree.entries.is_empty());
        let trees: Vec<(usize, String)> =
            trees.filter_map(|tree| Some((tree.entries.len(), comparison.tree_of(&tree.path, subject)?))).collect();
        let Some((_, place)) = trees.iter().max_by_key(|(count, _)| *count).cloned() else { return State::Absent };
        let differ = comparison
            .differences
            .iter()
            .filter(|difference| !difference.is_own_bytes())
            .filter(|difference| trees.iter().any(|(_, place)| place.is_empty() || difference.path.starts_with(&format!("{place}!"))));
        match differ.count() {
            0 => State::Files(trees.iter().map(|(count, _)| count).sum(), shown(&place)),
            differ => State::Differs(differ, shown(&place)),
        }
    };
    let outermost = golden.subject.manifest.iter().find(|tree| tree.path.is_empty());
    // An archive that holds a filesystem is a package, too.
    let holds = |entry: &Entry| golden.subject.manifest.iter().any(|tree| tree.path == step(entry));
    let package = outermost.is_some_and(|tree| tree.entries.iter().any(holds));
    let part = |entry: &&Entry| entry.size > 0 && (entry.kind == EntryKind::Member || (package && entry.kind == EntryKind::File));
    let members = outermost.into_iter().flat_map(|tree| &tree.entries).filter(part);
    let mut parts: Vec<(String, Option<Sha256>, State)> = members
        .map(|entry| {
            let name = step(entry);
            let state = state(&name, entry.content);
            (name, entry.content, state)
        })
        .collect();
    if parts.is_empty() {
        parts = golden.subject.manifest.iter().map(|tree| (shown(&tree.path), None, state(&tree.path, None))).collect();
    }
    parts
}

/// What the states of all parts come to.
fn verdict(states: &[&State]) -> String {
    let has = |state: &&&State| matches!(state, State::Same(_) | State::Unwrapped(_) | State::Files(..));
    let (good, all) = (states.iter().filter(has).count(), states.len());
    let part = |count: usize| if count == 1 { "part" } else { "parts" };
    match (good, states.iter().filter(|state| ***state == State::Absent).count()) {
        _ if all == 0 => "nothing in it can be told from the rest: no part to look for".to_owned(),
        (good, _) if good == all => format!("it is that release: all {all} {} are there", part(all)),
        (0, absent) if absent == all => "it is not that release: no part of it is there".to_owned(),
        (good, absent) => {
            let differ = all - good - absent;
            format!("it is that release but for {} of {all} {}; differing: {differ}, not there: {absent}", all - good, part(all))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_the_sum_of_its_parts() {
        let (same, differs, absent) = (State::Same(String::new()), State::Differs(2, String::new()), State::Absent);
        assert_eq!(verdict(&[&same, &State::Files(3, String::new())]), "it is that release: all 2 parts are there");
        assert_eq!(verdict(&[&same, &differs, &absent]), "it is that release but for 2 of 3 parts; differing: 1, not there: 1");
        assert_eq!(verdict(&[&absent]), "it is not that release: no part of it is there");
        assert!(verdict(&[]).starts_with("nothing"));
    }
}
