//! Two inputs, name by name: what was added, removed, moved or changed, and what that says.
//!
//! A file is what a tree calls by one name; which tree is which is told by the names that they share ([`Trails`]), so that a package can be laid
//! beside a dump or a folder. A container that differs only because something inside it does (an archive, a filesystem) is no change of its own:
//! it *follows* from those inside; where nothing inside does, its own bytes are the difference. Facts are compared within the files that changed, by
//! what they say and not by where they stand, so that a line moved down is no news; facts elsewhere follow too.

use std::collections::{BTreeMap, BTreeSet};

use assay_core::{
    EntryKind, Fact, FactBody, Sha256,
    dossier::Subject,
    escape::escape,
    facts::{CodeFact, ImageFact},
    manifest::{Entry, Tree},
};

mod difference;
mod said;
mod trees;

use difference::OWN_BYTES;
pub use difference::{Change, Difference};
pub use said::{Said, said};
use trees::Trails;

/// Everything that differs.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Changes of files, by path.
    pub differences: Vec<Difference>,
    /// Trees that are laid beside each other though their trails differ: in words.
    pub beside: Vec<String>,
    /// Containers that differ only by what is inside them, and facts elsewhere that differ with them: in words.
    pub follows: Vec<String>,
    /// Names that both have alike.
    pub same: usize,
    /// Names beyond the limit that were not compared.
    pub left_out: usize,
    /// Differences beyond the limit that are not told.
    pub cut: usize,
    /// How the trees of the first are called in the second.
    trails: Trails,
}

/// Names compared.
const MOST: usize = 2_000_000;
/// Differences kept.
const DIFFERENCES: usize = 50_000;

/// One of the two.
pub struct Side<'a> {
    /// The input.
    pub subject: &'a Subject,
    /// Its facts.
    pub facts: &'a [Fact],
}

/// Entries by their trail, each with its tree.
pub(crate) type Names<'a> = BTreeMap<String, (&'a Tree, &'a Entry)>;

/// Compares.
#[must_use]
pub fn compare(before: &Side, after: &Side) -> Comparison {
    let mut comparison = Comparison::default();
    let trails = Trails::of(before.subject, after.subject);
    let named = |trail: &str| if trail.is_empty() { "the input".to_owned() } else { trail.to_owned() };
    let renamed = trails.renamed().map(|(a, b)| format!("the tree of A in {} is laid beside that of B in {}", named(a), named(b)));
    comparison.beside.extend(renamed);
    let (old, new) = (names(before.subject, |path| trails.follow(&path)), names(after.subject, |path| path));
    comparison.left_out = old.len().saturating_sub(MOST) + new.len().saturating_sub(MOST);
    let mut containers: BTreeSet<String> = BTreeSet::new();
    for trail in before
        .subject
        .manifest
        .iter()
        .map(|tree| trails.follow(&tree.path))
        .chain(after.subject.manifest.iter().map(|tree| tree.path.clone()))
    {
        containers.extend(trail.match_indices('!').map(|(at, _)| trail[..at].to_owned()));
        containers.insert(trail);
    }
    let mut held: Vec<(&String, Option<Sha256>, Option<Sha256>)> = Vec::new();
    let (mut added, mut removed) = (Vec::new(), Vec::new());
    for (path, (_, entry)) in new.iter().take(MOST) {
        match old.get(path) {
            None => added.push((path, *entry)),
            Some((_, former)) => {
                let details = attributes(former, entry);
                if former.content != entry.content && containers.contains(path) {
                    held.push((path, former.content, entry.content));
                } else if former.content != entry.content {
                    comparison.differences.push(difference(path, Change::Content, (former.content, entry.content), details));
                    continue;
                }
                if details.is_empty() {
                    comparison.same += usize::from(former.content == entry.content);
                } else {
                    comparison.differences.push(difference(path, Change::Attributes, (former.content, entry.content), details));
                }
            }
        }
    }
    removed.extend(old.iter().take(MOST).filter(|(path, _)| !new.contains_key(*path)).map(|(path, (_, entry))| (path, *entry)));
    moves(&mut comparison, added, removed);
    own_bytes(&mut comparison, held);
    // The input itself: one file and no container, or a container of which nothing that it holds differs.
    let ids = (before.subject.id, after.subject.id);
    if comparison.differences.is_empty() && ids.0 != ids.1 && comparison.left_out == 0 {
        let whole = before.subject.manifest.is_empty() && after.subject.manifest.is_empty();
        let details = if whole { Vec::new() } else { vec![OWN_BYTES.to_owned()] };
        comparison.differences.push(difference("", Change::Content, (Some(ids.0), Some(ids.1)), details));
    }
    comparison.differences.sort_by(|a, b| a.path.cmp(&b.path));
    comparison.cut = comparison.differences.len().saturating_sub(DIFFERENCES);
    comparison.differences.truncate(DIFFERENCES);
    facts(&mut comparison, before.facts, after.facts, &trails);
    comparison.trails = trails;
    comparison
}

impl Comparison {
    /// The trail in `second` of a tree of the first; none where it has no such tree.
    pub(crate) fn tree_of(&self, trail: &str, second: &Subject) -> Option<String> {
        let other = self.trails.tree(trail)?;
        second.manifest.iter().any(|tree| tree.path == other).then(|| other.to_owned())
    }

    /// What the second would call a trail of the first.
    pub(crate) fn follow(&self, path: &str) -> String {
        self.trails.follow(path)
    }
}

/// Containers that differ: because of what is inside, or of themselves. The innermost are asked first.
fn own_bytes(comparison: &mut Comparison, mut held: Vec<(&String, Option<Sha256>, Option<Sha256>)>) {
    let mut inside: BTreeSet<String> = BTreeSet::new();
    let note = |path: &str, inside: &mut BTreeSet<String>| inside.extend(path.match_indices('!').map(|(at, _)| path[..at].to_owned()));
    comparison.differences.iter().for_each(|difference| note(&difference.path, &mut inside));
    held.sort_by_key(|(path, ..)| std::cmp::Reverse(path.matches('!').count()));
    for (path, was, is) in held {
        if inside.contains(path) {
            comparison.follows.push(format!("{path}: it holds what changed"));
        } else {
            comparison.differences.push(difference(path, Change::Content, (was, is), vec![OWN_BYTES.to_owned()]));
        }
        note(path, &mut inside);
    }
}

/// All names of an input; `call` may call them otherwise.
pub(crate) fn names(subject: &Subject, call: impl Fn(String) -> String) -> Names<'_> {
    let mut names = Names::new();
    for tree in &subject.manifest {
        for entry in &tree.entries {
            let step = step(entry);
            let path = if tree.path.is_empty() { step } else { format!("{}!{step}", tree.path) };
            names.insert(call(path), (tree, entry));
        }
    }
    names
}

/// How a trail names an entry: a member by its name, a file of a filesystem from its root.
pub(crate) fn step(entry: &Entry) -> String {
    let path = escape(&entry.path);
    let path = path.strip_prefix("./").unwrap_or(&path);
    if path.starts_with('/') || entry.kind == EntryKind::Member { path.to_owned() } else { format!("/{path}") }
}

fn difference(path: &str, change: Change, contents: (Option<Sha256>, Option<Sha256>), details: Vec<String>) -> Difference {
    Difference { path: path.to_owned(), former: None, change, contents, details, lost: Vec::new(), gained: Vec::new() }
}

/// Mode, owner, type and target, where they differ.
fn attributes(former: &Entry, entry: &Entry) -> Vec<String> {
    let mut details = Vec::new();
    if former.kind != entry.kind {
        details.push(format!("type {:?} became {:?}", former.kind, entry.kind));
    }
    if let (Some(old), Some(new)) = (former.mode, entry.mode)
        && old != new
    {
        details.push(format!("mode {old:04o} became {new:04o}"));
    }
    if (former.uid, former.gid) != (entry.uid, entry.gid) {
        let owner = |entry: &Entry| {
            format!("{}:{}", entry.uid.map_or("?".into(), |id| id.to_string()), entry.gid.map_or("?".into(), |id| id.to_string()))
        };
        details.push(format!("owner {} became {}", owner(former), owner(entry)));
    }
    if former.target != entry.target {
        let target = |entry: &Entry| entry.target.as_deref().map(escape).unwrap_or_default();
        details.push(format!("target {} became {}", target(former), target(entry)));
    }
    if former.device != entry.device || former.xattrs != entry.xattrs {
        details.push("device number or extended attributes differ".to_owned());
    }
    details
}

/// What is gone under one name and new under another with the same content was moved.
fn moves(comparison: &mut Comparison, added: Vec<(&String, &Entry)>, removed: Vec<(&String, &Entry)>) {
    let mut gone: BTreeMap<Sha256, Vec<(&String, &Entry)>> = BTreeMap::new();
    let mut rest = Vec::new();
    for (path, entry) in removed {
        match entry.content.filter(|_| entry.size > 0) {
            Some(content) => gone.entry(content).or_default().push((path, entry)),
            None => rest.push((path, entry)),
        }
    }
    for (path, entry) in added {
        let former = entry
            .content
            .and_then(|content| gone.get_mut(&content))
            .and_then(|list| if list.is_empty() { None } else { Some(list.remove(0)) });
        match former {
            Some((name, former)) => {
                let mut details = vec![format!("was {name}")];
                details.extend(attributes(former, entry));
                let moved = difference(path, Change::Moved, (former.content, entry.content), details);
                comparison.differences.push(Difference { former: Some(name.clone()), ..moved });
            }
            None => comparison.differences.push(difference(path, Change::Added, (None, entry.content), Vec::new())),
        }
    }
    for (path, entry) in gone.into_values().flatten().chain(rest) {
        comparison.differences.push(difference(path, Change::Removed, (entry.content, None), Vec::new()));
    }
}

/// What the files that changed say, and how much elsewhere follows from them.
fn facts(comparison: &mut Comparison, before: &[Fact], after: &[Fact], trails: &Trails) {
    let by_file = |facts: &[Fact], call: &dyn Fn(&str) -> String| {
        let mut by_file: BTreeMap<String, BTreeMap<Said, usize>> = BTreeMap::new();
        for fact in facts {
            if let Some(said) = said(fact) {
                *by_file.entry(call(&fact.locator.path)).or_default().entry(said).or_default() += 1;
            }
        }
        by_file
    };
    let (old, new) = (by_file(before, &|path| trails.follow(path)), by_file(after, &str::to_owned));
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let nothing = BTreeMap::new();
    for difference in &mut comparison.differences {
        let former = difference.former.as_ref().unwrap_or(&difference.path);
        let (was, is) = (old.get(former).unwrap_or(&nothing), new.get(&difference.path).unwrap_or(&nothing));
        let only = |one: &BTreeMap<Said, usize>, other: &BTreeMap<Said, usize>| -> Vec<Said> {
            one.iter().filter(|(said, count)| other.get(said).is_none_or(|others| others < count)).map(|(said, _)| said.clone()).collect()
        };
        difference.lost = only(was, is);
        difference.gained = only(is, was);
        seen.insert(difference.path.clone());
    }
    let mut elsewhere = 0;
    for (path, said) in &new {
        if !seen.contains(path.as_str()) && old.get(path) != Some(said) {
            elsewhere += 1;
        }
    }
    if elsewhere > 0 {
        let word = if elsewhere == 1 { "file or container" } else { "files or containers" };
        comparison.follows.push(format!(
            "{elsewhere} {word} with unchanged content of their own say something else, because of what changed around them"
        ));
    }
}

/// Is the fact one that says what code can do with outside input? Those come first.
fn is_flow(fact: &Fact) -> bool {
    matches!(fact.body, FactBody::Code(CodeFact::Flow(_) | CodeFact::Disclosure(_)))
}

/// Is the fact one that other facts are only about?
fn is_about(fact: &Fact) -> bool {
    matches!(
        &fact.body,
        FactBody::Code(CodeFact::Excerpt { .. } | CodeFact::File { .. } | CodeFact::Word { .. })
            | FactBody::Image(ImageFact::ManyNames { .. } | ImageFact::Checksum { .. } | ImageFact::Identity { .. })
    )
}
