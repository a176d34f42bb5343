//! Files that have another name *and* another content: found by likeness.
//!
//! A file that only the first input has and one that only the second has are the same file, renamed and changed, where their contents are alike:
//! by TLSH, a digest that like contents have alike (Oliver, Cheng, Chen: “TLSH – A Locality Sensitive Hash”, CTC 2013). Distances to 30 are
//! near copies in its authors' measurements, and 100 is where chance begins; the line here is far below that, lower for files of another
//! name. The nearest find each other first.

use std::collections::{BTreeMap, BTreeSet};

use assay_core::Sha256;
use assay_inspect::compare::{Change, Comparison, Difference};
use tlsh::prelude::*;

/// Distance to which files of the same name in another folder are the same.
const SAME_NAME: u32 = 60;
/// Distance to which files of other names are.
const OTHER_NAME: u32 = 30;
/// Files on one side of which all pairs are looked at.
const MOST: usize = 1_000;
/// Bytes of a content from which the digest is taken.
const BYTES: usize = 64 << 20;

/// The digest of a content; none of one that is too short or too uniform.
pub fn digest(bytes: &[u8]) -> Option<String> {
    tlsh::hash_buf(&bytes[..bytes.len().min(BYTES)]).ok().map(|digest| digest.to_string())
}

/// Contents of what was removed and of what was added: those of which digests are wanted. Nothing where there are too many to be paired.
pub fn asked(comparison: &Comparison) -> (BTreeSet<Sha256>, BTreeSet<Sha256>) {
    let of = |change: Change, side: fn(&Difference) -> Option<Sha256>| -> BTreeSet<Sha256> {
        comparison.differences.iter().filter(|difference| difference.change == change).filter_map(side).collect()
    };
    let (gone, come) = (of(Change::Removed, |one| one.contents.0), of(Change::Added, |one| one.contents.1));
    if gone.len() > MOST || come.len() > MOST { (BTreeSet::new(), BTreeSet::new()) } else { (gone, come) }
}

/// Makes one difference of the two that belong together.
pub fn join(comparison: &mut Comparison, gone: &BTreeMap<Sha256, String>, come: &BTreeMap<Sha256, String>) {
    let parsed = |digests: &BTreeMap<Sha256, String>| -> BTreeMap<Sha256, Tlsh> {
        digests.iter().filter_map(|(id, digest)| Some((*id, digest.parse().ok()?))).collect()
    };
    let (gone, come) = (parsed(gone), parsed(come));
    let of = |change: Change| comparison.differences.iter().enumerate().filter(move |(_, difference)| difference.change == change);
    let mut near = Vec::new();
    for (a, old) in of(Change::Removed) {
        let Some(was) = old.contents.0.and_then(|id| gone.get(&id)) else { continue };
        for (b, new) in of(Change::Added) {
            let Some(is) = new.contents.1.and_then(|id| come.get(&id)) else { continue };
            let distance = was.compare(is);
            let line = if file_name(&old.path) == file_name(&new.path) { SAME_NAME } else { OTHER_NAME };
            if distance <= line {
                near.push((distance, a, b));
            }
        }
    }
    near.sort_unstable();
    let (mut taken, mut joined) = (BTreeSet::new(), BTreeSet::new());
    for (distance, a, b) in near {
        if taken.contains(&a) || taken.contains(&b) {
            continue;
        }
        taken.extend([a, b]);
        joined.insert(a);
        let old = comparison.differences[a].clone();
        comparison.differences[b].was(&old, &format!("another content, {distance} away (TLSH)"));
    }
    let mut index = 0..;
    comparison.differences.retain(|_| !index.next().is_some_and(|index| joined.contains(&index)));
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '!']).next().unwrap_or(path)
}
