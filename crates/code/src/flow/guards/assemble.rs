//! Words that a compiler, or a programmer, compares piece by piece.
//!
//! `memcmp(p, "HOLD", 5) == 0` becomes a comparison of a word and one of a byte behind it; `p[0] == 'o' && p[1] == 'n'` is two of bytes.
//! Numbers that stand side by side in memory, and that must all fit on one way, are put together again: into a text where they are one.
//! A byte that is compared with several numbers may be a field of its own behind a mark that is always the same, `'S' 'V' op`: then both
//! are told by themselves, too.

use std::collections::BTreeMap;

use super::{Atom, Test};
use crate::{
    flow::{context::Trail, text::Text, unit::Unit},
    functions::FunctionId,
    models::How,
    values::Expr,
};

/// Pieces of one word.
const PIECES: usize = 64;
/// Words with one beginning.
const WORDS: usize = 16;

/// Puts together what belongs together.
pub(super) fn words(unit: &Unit<'_>, atoms: &mut Vec<Atom>) {
    let mut all: BTreeMap<(FunctionId, Option<Expr>), Vec<usize>> = BTreeMap::new();
    for (index, atom) in atoms.iter().enumerate() {
        if let Some(word) = atom.word.filter(|_| number(atom).is_some()) {
            all.entry((atom.function, word.base)).or_default().push(index);
        }
    }
    let (mut gone, mut kept) = (vec![false; atoms.len()], vec![false; atoms.len()]);
    let mut whole: Vec<(usize, Atom)> = Vec::new();
    for places in all.values() {
        let mut sorted: Vec<usize> = places.clone();
        sorted.sort_by_key(|index| atoms[*index].word.map(|word| (word.offset, word.bytes)));
        for first in &sorted {
            if gone[*first] {
                continue;
            }
            for chain in chains(unit, atoms, &sorted, *first) {
                let Some(test) = text(atoms, &chain) else { continue };
                for part in &chain {
                    gone[*part] = true;
                }
                let field = chain.iter().position(|part| is_field(atoms, *part)).filter(|field| *field > 0);
                let mark = field.and_then(|field| text(atoms, &chain[..field]));
                if let Some(field) = field {
                    kept[chain[field]] = true;
                }
                for test in mark.into_iter().chain([test]) {
                    let word = (*first, Atom { test, seen: seen(unit, &atoms[*first]), word: None, ..atoms[*first].clone() });
                    if !whole.contains(&word) {
                        whole.push(word);
                    }
                }
            }
        }
    }
    // What became part of a word goes; the words stand where their first pieces stood.
    let old = std::mem::take(atoms);
    for (index, atom) in old.into_iter().enumerate() {
        atoms.extend(whole.iter().filter(|(first, _)| *first == index).map(|(_, word)| word.clone()));
        if !gone[index] || kept[index] {
            atoms.push(atom);
        }
    }
}

/// Is it a byte that is compared with other numbers as well?
fn is_field(atoms: &[Atom], part: usize) -> bool {
    let one = &atoms[part];
    let other = |atom: &Atom| {
        atom.function == one.function && atom.word == one.word && matches!(atom.test, Test::Equal(_)) && atom.test != one.test
    };
    matches!(one.test, Test::Equal(_)) && one.word.is_some_and(|word| word.bytes == 1) && atoms.iter().any(other)
}

/// A pointer to the word that begins with this piece, if the program has one; where it has none, nothing else is looked at through it.
fn seen(unit: &Unit<'_>, first: &Atom) -> Vec<(FunctionId, u64)> {
    let pointer = first.word.and_then(|word| match (unit.local(first.function), word.base) {
        (Some(_), Some(base)) if word.offset == 0 => Some(base),
        (Some(local), Some(base)) => local.exprs.sum(base, word.offset),
        _ => None,
    });
    vec![(first.function, pointer.map_or(u64::MAX, |pointer| u64::from(pointer.0)))]
}

/// The number that a piece must be.
fn number(atom: &Atom) -> Option<u64> {
    match atom.test {
        Test::Equal(number) | Test::Walked(number) if atom.fits => Some(number as u64),
        _ => None,
    }
}

/// The words that begin with `start`: each piece right behind the one before it in memory, and decided on the same way. Several words
/// can share their beginning.
fn chains(unit: &Unit<'_>, atoms: &[Atom], places: &[usize], start: usize) -> Vec<Vec<usize>> {
    let (mut done, mut open) = (Vec::new(), vec![vec![start]]);
    while let Some(chain) = open.pop() {
        let last = &atoms[chain[chain.len() - 1]];
        let next = last.word.map(|word| word.offset.wrapping_add(word.bytes));
        let follows = |index: &&usize| {
            let word = atoms[**index].word;
            word.map(|word| word.offset) == next && word.is_some() && one_way(unit, last, &atoms[**index])
        };
        let longer: Vec<usize> = places.iter().filter(follows).copied().collect();
        if longer.is_empty() || chain.len() >= PIECES || open.len() + done.len() >= WORDS {
            done.push(chain);
            continue;
        }
        open.extend(longer.into_iter().rev().map(|index| chain.iter().copied().chain([index]).collect()));
    }
    done
}

/// Does one decision stand on every way to the other?
fn one_way(unit: &Unit<'_>, a: &Atom, b: &Atom) -> bool {
    let Some((code, local)) = unit.code.function(a.function).zip(unit.local(a.function)) else { return false };
    match (code.block_at(a.site), code.block_at(b.site)) {
        (Some(first), Some(second)) => local.shape.dominates(first, second) || local.shape.dominates(second, first),
        _ => false,
    }
}

/// The pieces as one test; none where they are a single number.
fn text(atoms: &[Atom], chain: &[usize]) -> Option<Test> {
    let mut bytes = Vec::new();
    for index in chain {
        let (value, word) = (number(&atoms[*index])?, atoms[*index].word?);
        bytes.extend_from_slice(value.to_le_bytes().get(..word.bytes as usize)?);
    }
    let ends = bytes.last() == Some(&0);
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let printable = |bytes: &[u8]| bytes.iter().all(|byte| (0x20..0x7f).contains(byte) || matches!(byte, b'\r' | b'\n' | b'\t'));
    let is_text = end + usize::from(ends) == bytes.len() && end > 1 && printable(&bytes[..end]);
    if !is_text && (chain.len() < 2 || bytes.len() < 4) {
        return None;
    }
    let how = if is_text && !ends { How::Begins } else { How::Equals };
    let with = Text::literal(if is_text { &bytes[..end] } else { &bytes }, &Trail::default());
    Some(Test::Text { how, with })
}
