//! Functions of two builds of a program, each with the one that it was or became.
//!
//! First by name, where both builds have names; then by the same shape; what is left by similarity, the nearest first, and in the order of the
//! program where two are as near. What then has no other half was removed or added. A function that calls others than it did is changed, though
//! it looks the same: one of its callees is neither the other half of the former one nor of its shape.

use std::collections::{BTreeMap, BTreeSet};

use assay_code::read::shapes::Shape;
use assay_core::Sha256;

/// Similarity below which two functions are two.
const NEAR: f64 = 0.4;
/// Functions without another half of which all pairs are looked at.
const PAIRS: usize = 2_000;

/// How the functions of a program stand to those of the other build.
#[derive(Debug, Default)]
pub struct Functions {
    /// How many are the same.
    pub same: usize,
    /// Those that changed: name, address before and after, and how much they have in common, from 0 to 1.
    pub changed: Vec<(String, u64, u64, f64)>,
    /// Names and addresses of those that only the second has.
    pub added: Vec<(String, u64)>,
    /// Names and addresses of those that only the first has.
    pub removed: Vec<(String, u64)>,
}

impl Functions {
    /// Lays two builds beside each other.
    pub fn of(old: &[Shape], new: &[Shape]) -> Self {
        let mut functions = Self::default();
        let (mut was, mut is): (BTreeSet<usize>, BTreeSet<usize>) = ((0..old.len()).collect(), (0..new.len()).collect());
        let mut pairs: BTreeMap<usize, usize> = BTreeMap::new();
        let mut pair = |was: &mut BTreeSet<usize>, is: &mut BTreeSet<usize>, a: usize, b: usize| {
            was.remove(&a);
            is.remove(&b);
            pairs.insert(a, b);
        };
        for (a, b) in by_key(old, new, &was, &is, |shape| shape.name.clone()) {
            pair(&mut was, &mut is, a, b);
        }
        for (a, b) in by_shape(old, new, &was, &is) {
            pair(&mut was, &mut is, a, b);
        }
        if was.len() <= PAIRS && is.len() <= PAIRS {
            let mut near: Vec<(usize, usize, f64)> = was
                .iter()
                .flat_map(|a| is.iter().map(move |b| (*a, *b)))
                .map(|(a, b)| (a, b, similarity(&old[a].runs, &new[b].runs)))
                .filter(|(.., similarity)| *similarity >= NEAR)
                .collect();
            near.sort_by(|x, y| y.2.total_cmp(&x.2).then((x.0.abs_diff(x.1), x.0, x.1).cmp(&(y.0.abs_diff(y.1), y.0, y.1))));
            for (a, b, _) in near {
                if was.contains(&a) && is.contains(&b) {
                    pair(&mut was, &mut is, a, b);
                }
            }
        }
        // A function too short for runs that stands between the same two is the same one, changed.
        let left: Vec<usize> = was.iter().copied().collect();
        for a in left {
            if old.len() == new.len() && is.contains(&a) && old[a].address == new[a].address {
                pair(&mut was, &mut is, a, a);
            }
        }
        let calls = Calls::of(old, new, &pairs);
        for (a, b) in pairs.iter().map(|(a, b)| (&old[*a], &new[*b])) {
            if a.digest == b.digest && calls.same(a, b) {
                functions.same += 1;
            } else {
                functions.changed.push((name(b), a.address, b.address, similarity(&a.runs, &b.runs)));
            }
        }
        functions.changed.sort_by_key(|(_, _, address, _)| *address);
        functions.removed = was.into_iter().map(|a| (name(&old[a]), old[a].address)).collect();
        functions.added = is.into_iter().map(|b| (name(&new[b]), new[b].address)).collect();
        functions
    }
}

/// Who of the one build is who of the other.
struct Calls<'a> {
    old: BTreeMap<u64, (&'a Shape, Option<u64>)>,
    new: BTreeMap<u64, &'a Shape>,
}

impl<'a> Calls<'a> {
    fn of(old: &'a [Shape], new: &'a [Shape], pairs: &BTreeMap<usize, usize>) -> Self {
        let half = |index: usize| pairs.get(&index).map(|other| new[*other].address);
        Self {
            old: old.iter().enumerate().map(|(index, shape)| (shape.address, (shape, half(index)))).collect(),
            new: new.iter().map(|shape| (shape.address, shape)).collect(),
        }
    }

    /// Do both call the same functions, one after the other? What is no function with a body is not compared.
    fn same(&self, a: &Shape, b: &Shape) -> bool {
        let same = |was: &u64, is: &u64| match (self.old.get(was), self.new.get(is)) {
            (Some((_, Some(half))), _) if half == is => true,
            (Some((old, _)), Some(new)) => old.digest == new.digest,
            (None, None) => true,
            _ => false,
        };
        a.calls.len() == b.calls.len() && a.calls.iter().zip(&b.calls).all(|(was, is)| same(was, is))
    }
}

fn name(shape: &Shape) -> String {
    shape.name.clone().unwrap_or_else(|| format!("function at {:#x}", shape.address))
}

/// Pairs of those that have the same key and are the only ones with it.
fn by_key<K: Ord>(
    old: &[Shape],
    new: &[Shape],
    was: &BTreeSet<usize>,
    is: &BTreeSet<usize>,
    key: impl Fn(&Shape) -> Option<K>,
) -> Vec<(usize, usize)> {
    let of = |shapes: &[Shape], left: &BTreeSet<usize>| {
        let mut of: BTreeMap<K, Vec<usize>> = BTreeMap::new();
        for index in left {
            if let Some(key) = key(&shapes[*index]) {
                of.entry(key).or_default().push(*index);
            }
        }
        of
    };
    let (before, after) = (of(old, was), of(new, is));
    let one = |list: &[usize]| if let [one] = list { Some(*one) } else { None };
    before.iter().filter_map(|(key, list)| Some((one(list)?, one(after.get(key)?)?))).collect()
}

/// Pairs of the same shape, in the order of the program: small functions are often alike.
fn by_shape(old: &[Shape], new: &[Shape], was: &BTreeSet<usize>, is: &BTreeSet<usize>) -> Vec<(usize, usize)> {
    let of = |shapes: &[Shape], left: &BTreeSet<usize>| {
        let mut of: BTreeMap<Sha256, Vec<usize>> = BTreeMap::new();
        left.iter().for_each(|index| of.entry(shapes[*index].digest).or_default().push(*index));
        of
    };
    let (before, after) = (of(old, was), of(new, is));
    before.into_iter().flat_map(|(digest, list)| list.into_iter().zip(after.get(&digest).cloned().unwrap_or_default())).collect()
}

/// Runs that both have, of all that either has. Two sorted lists.
fn similarity(a: &[u32], b: &[u32]) -> f64 {
    let (mut at, mut bt, mut common) = (0, 0, 0_usize);
    while let (Some(x), Some(y)) = (a.get(at), b.get(bt)) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => at += 1,
            std::cmp::Ordering::Greater => bt += 1,
            std::cmp::Ordering::Equal => (at, bt, common) = (at + 1, bt + 1, common + 1),
        }
    }
    let all = a.len() + b.len() - common;
    if all == 0 { 0.0 } else { common as f64 / all as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(address: u64, name: Option<&str>, runs: &[u32]) -> Shape {
        let text: String = runs.iter().map(u32::to_string).collect();
        Shape { address, name: name.map(str::to_owned), digest: Sha256::of(text.as_bytes()), calls: Vec::new(), runs: runs.to_vec() }
    }

    #[test]
    fn another_callee_is_a_change() {
        let caller = |address: u64, callee: u64| Shape { calls: vec![callee], ..shape(address, None, &[1, 2, 3]) };
        let rest = |at: u64| [shape(at, Some("a"), &[7]), shape(at + 0x10, Some("b"), &[8])];
        let program = |at: u64, callee: u64| [vec![caller(at, callee)], rest(at + 0x10).to_vec()].concat();
        let moved = Functions::of(&program(0x10, 0x20), &program(0x110, 0x120));
        assert_eq!((moved.same, moved.changed.len()), (3, 0));
        let other = Functions::of(&program(0x10, 0x20), &program(0x110, 0x130));
        assert_eq!((other.same, other.changed.len()), (2, 1));
    }

    #[test]
    fn moved_changed_added_and_removed() {
        let old = [shape(0x10, None, &[1, 2, 3]), shape(0x20, None, &[4, 5, 6, 7]), shape(0x30, None, &[90, 91])];
        let new = [shape(0x10, None, &[50, 51]), shape(0x24, None, &[1, 2, 3]), shape(0x34, None, &[4, 5, 6, 8])];
        let functions = Functions::of(&old, &new);
        assert_eq!(functions.same, 1);
        assert_eq!(functions.changed, [("function at 0x34".to_owned(), 0x20, 0x34, 0.6)]);
        assert_eq!(functions.added, [("function at 0x10".to_owned(), 0x10)]);
        assert_eq!(functions.removed, [("function at 0x30".to_owned(), 0x30)]);
    }

    #[test]
    fn names_stand_before_shapes() {
        let old = [shape(0x10, Some("a"), &[1]), shape(0x20, Some("b"), &[2])];
        let new = [shape(0x10, Some("b"), &[2]), shape(0x20, Some("a"), &[3])];
        let functions = Functions::of(&old, &new);
        assert_eq!((functions.same, functions.changed.len()), (1, 1));
        assert_eq!(functions.changed[0].0, "a");
    }
}
