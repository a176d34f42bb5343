//! Names that would lead an unpacking tool astray.
//!
//! Assay writes nothing by the names of an input; but other tools do, and a package whose names climb out of the tree, stand twice or
//! pass through a link of the same tree was not made by a well-behaved one. Called for every container, whatever its format.

use std::collections::{HashMap, HashSet};

use assay_core::{
    EntryKind,
    escape::escape,
    facts::{Anomaly, ImageFact},
};

use crate::format::Opened;

/// Facts of one kind per container; the rest is counted.
const CAP: usize = 100;
/// Bytes of a name that a fact repeats.
const SHOWN: usize = 512;

/// Adds the anomalies among the names of `opened`.
pub(crate) fn check(opened: &mut Opened) {
    if opened.entries.is_empty() {
        return;
    }
    let mut notes = Notes::default();
    let plain: Vec<Vec<u8>> = opened.entries.iter().map(|named| normal(&named.entry.path)).collect();
    let links: HashSet<&[u8]> =
        opened.entries.iter().zip(&plain).filter(|(named, _)| named.entry.kind == EntryKind::Symlink).map(|(_, path)| &**path).collect();
    let hashes: HashSet<u64> = links.iter().map(|path| path.iter().copied().fold(FNV_START, fnv)).collect();
    let mut seen: HashMap<&[u8], u32> = HashMap::with_capacity(plain.len());
    for (named, path) in opened.entries.iter().zip(&plain) {
        let entry = &named.entry;
        if escapes(&entry.path) {
            notes.add(Anomaly::NameEscapes, entry.offset, &entry.path);
        }
        if entry.kind == EntryKind::Hardlink
            && let Some(target) = entry.target.as_deref().filter(|target| escapes(target))
        {
            notes.add(Anomaly::NameEscapes, entry.offset, &[&*entry.path, b" -> ", target].concat());
        }
        // The root itself may stand twice (`.` and `./`).
        if !path.is_empty() {
            let count = seen.entry(path).or_default();
            *count += 1;
            if *count == 2 {
                notes.add(Anomaly::DuplicateName, entry.offset, &entry.path);
            }
        }
        if !links.is_empty() && through(path, &links, &hashes) {
            notes.add(Anomaly::ThroughLink, entry.offset, &entry.path);
        }
    }
    opened.facts.append(&mut notes.facts);
    for (kind, (count, offset)) in notes.counts {
        if count > CAP {
            opened.fact(offset, ImageFact::Anomaly { kind, subject: format!("and {} more", count - CAP) });
        }
    }
}

#[derive(Default)]
struct Notes {
    facts: Vec<(u64, ImageFact)>,
    /// Per kind: how many, and where the first one beyond the cap is. A list, so that the order is the order of appearance.
    counts: Vec<(Anomaly, (usize, u64))>,
}

impl Notes {
    fn add(&mut self, kind: Anomaly, offset: u64, name: &[u8]) {
        let index = self.counts.iter().position(|(known, _)| *known == kind).unwrap_or_else(|| {
            self.counts.push((kind, (0, offset)));
            self.counts.len() - 1
        });
        let (count, first) = &mut self.counts[index].1;
        *count += 1;
        if *count <= CAP {
            let subject = escape(&name[..name.len().min(SHOWN)]);
            self.facts.push((offset, ImageFact::Anomaly { kind, subject }));
        } else if *count == CAP + 1 {
            *first = offset;
        }
    }
}

/// Does the name lead out of the tree?
fn escapes(path: &[u8]) -> bool {
    path.first() == Some(&b'/') || path.split(|byte| *byte == b'/').any(|part| part == b"..")
}

/// Without empty and `.` components.
fn normal(path: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(path.len());
    for part in path.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".") {
        if !plain.is_empty() {
            plain.push(b'/');
        }
        plain.extend_from_slice(part);
    }
    plain
}

/// Is one of the directories above `path` a link? A running hash, compared in full where it meets one, keeps this linear in the length
/// of a name of many thousand components.
fn through(path: &[u8], links: &HashSet<&[u8]>, hashes: &HashSet<u64>) -> bool {
    let mut hash = FNV_START;
    for (at, byte) in path.iter().enumerate() {
        if *byte == b'/' && hashes.contains(&hash) && links.contains(&path[..at]) {
            return true;
        }
        hash = fnv(hash, *byte);
    }
    false
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

fn fnv(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

#[cfg(test)]
mod tests {
    use assay_core::Entry;

    use super::*;

    fn met(entries: &[(&str, EntryKind)]) -> Vec<(Anomaly, String)> {
        let mut opened = Opened::new(0);
        for (path, kind) in entries {
            opened.entry(Entry::new(*path, *kind, 0), None);
        }
        check(&mut opened);
        let anomaly = |(_, fact)| if let ImageFact::Anomaly { kind, subject } = fact { (kind, subject) } else { unreachable!() };
        opened.facts.into_iter().map(anomaly).collect()
    }

    #[test]
    fn plain_trees_are_quiet() {
        assert_eq!(
            met(&[("./", EntryKind::Directory), (".", EntryKind::Directory), ("./a..b", EntryKind::File), ("lib", EntryKind::Symlink)]),
            []
        );
    }

    #[test]
    fn each_kind_is_met() {
        let tree = [
            ("../x", EntryKind::File),
            ("/y", EntryKind::File),
            ("l", EntryKind::Symlink),
            ("./l//z", EntryKind::File),
            ("y", EntryKind::File),
        ];
        let kinds: Vec<_> = met(&tree).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, [Anomaly::NameEscapes, Anomaly::NameEscapes, Anomaly::ThroughLink, Anomaly::DuplicateName]);
    }

    #[test]
    fn a_thousand_are_capped() {
        let tree: Vec<_> = std::iter::repeat_n(("/a", EntryKind::File), 1000).collect();
        let met = met(&tree);
        assert_eq!(met.len(), CAP + 2);
        assert_eq!(met.last().map(|(_, subject)| subject.as_str()), Some("and 900 more"));
    }
}
