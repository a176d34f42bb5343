//! Which tree of the one input is which of the other.
//!
//! The same system may lie in a package, in a dump at an offset, or unpacked in a folder: its trail differs, its names do not. Trees are laid
//! beside each other first where they have the same trail and share names, then by how many names they share, then by their trail alone.

use std::collections::{BTreeMap, BTreeSet};

use assay_core::dossier::Subject;

/// A name that more trees have than this says nothing about which is which.
const COMMON: usize = 16;
/// Trees that share fewer names than this, of a tree that has more, are not the same.
const SHARED: usize = 3;

/// Trails of the first input as they are called in the second.
#[derive(Debug, Default)]
pub struct Trails {
    to: BTreeMap<String, String>,
}

impl Trails {
    /// Lays the trees of two inputs beside each other.
    pub fn of(before: &Subject, after: &Subject) -> Self {
        let (old, new) = (sizes(before), sizes(after));
        let shared = shared(before, after);
        let mut left: (BTreeSet<&str>, BTreeSet<&str>) = (old.keys().copied().collect(), new.keys().copied().collect());
        let mut to = BTreeMap::new();
        let mut pair = |left: &mut (BTreeSet<&str>, BTreeSet<&str>), a: &str, b: &str| {
            if left.0.contains(a) && left.1.contains(b) {
                left.0.remove(a);
                left.1.remove(b);
                to.insert(a.to_owned(), b.to_owned());
            }
        };
        let half = |a: &str, b: &str, count: usize| 2 * count >= old[a].min(new[b]);
        for ((a, b), count) in &shared {
            if a == b && half(a, b, *count) {
                pair(&mut left, a, b);
            }
        }
        let mut rest: Vec<(usize, &str, &str)> = shared.iter().map(|((a, b), count)| (*count, *a, *b)).collect();
        rest.sort_by(|x, y| y.0.cmp(&x.0).then((x.1, x.2).cmp(&(y.1, y.2))));
        for (count, a, b) in rest {
            if half(a, b, count) && count >= SHARED.min(old[a]) {
                pair(&mut left, a, b);
            }
        }
        for trail in old.keys() {
            pair(&mut left, trail, trail);
        }
        Self { to }
    }

    /// A trail of the first input as the second would call it.
    pub fn follow(&self, path: &str) -> String {
        let mut end = path.len();
        loop {
            let (tree, rest) = if end == 0 { ("", path) } else { (&path[..end], path.get(end + 1..).unwrap_or_default()) };
            if let Some(other) = self.to.get(tree).filter(|_| end < path.len()) {
                return if other.is_empty() { rest.to_owned() } else { format!("{other}!{rest}") };
            }
            if end == 0 {
                return path.to_owned();
            }
            end = path[..end].rfind('!').unwrap_or(0);
        }
    }

    /// What a tree of the first is called in the second.
    pub fn tree(&self, trail: &str) -> Option<&str> {
        self.to.get(trail).map(String::as_str)
    }

    /// Trees that are called otherwise in the second.
    pub fn renamed(&self) -> impl Iterator<Item = (&str, &str)> {
        self.to.iter().filter(|(a, b)| a != b).map(|(a, b)| (a.as_str(), b.as_str()))
    }
}

/// Names in each tree.
fn sizes(subject: &Subject) -> BTreeMap<&str, usize> {
    subject.manifest.iter().map(|tree| (tree.path.as_str(), tree.entries.len())).collect()
}

/// For each pair of trees: names that both have, from the root.
fn shared<'a>(before: &'a Subject, after: &'a Subject) -> BTreeMap<(&'a str, &'a str), usize> {
    let mut holders: BTreeMap<&[u8], (Vec<&str>, Vec<&str>)> = BTreeMap::new();
    for (subject, second) in [(before, false), (after, true)] {
        for tree in &subject.manifest {
            for entry in &tree.entries {
                let name = entry.path.strip_prefix(b".").unwrap_or(&entry.path);
                let name = name.strip_prefix(b"/").unwrap_or(name);
                let holders = holders.entry(name).or_default();
                let list = if second { &mut holders.1 } else { &mut holders.0 };
                if list.len() <= COMMON {
                    list.push(&tree.path);
                }
            }
        }
    }
    let mut shared = BTreeMap::new();
    for (old, new) in holders.into_values().filter(|(old, new)| old.len() <= COMMON && new.len() <= COMMON) {
        for (a, b) in old.iter().flat_map(|a| new.iter().map(move |b| (*a, *b))) {
            *shared.entry((a, b)).or_default() += 1;
        }
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trail_is_followed_from_its_innermost_tree() {
        let to = [("", ""), ("fw!/root.img", ""), ("fw", "other")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        let trails = Trails { to: to.into() };
        assert_eq!(trails.follow("fw!/root.img!/etc/passwd"), "/etc/passwd");
        assert_eq!(trails.follow("fw!/kernel"), "other!/kernel");
        assert_eq!(trails.follow("fw"), "fw");
        assert_eq!(trails.follow("/etc/passwd!inner"), "/etc/passwd!inner");
        let trails = Trails { to: [(String::new(), "fw!/root.img".to_owned())].into() };
        assert_eq!(trails.follow("/etc/passwd"), "fw!/root.img!/etc/passwd");
        assert_eq!(trails.follow(""), "");
    }
}
