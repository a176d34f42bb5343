//! Words that a compiler, or a programmer, compares piece by piece.
//!
//! `memcmp(p, "HOLD", 5) == 0` becomes a comparison of a word and one of a byte behind it; `p[0] == 'o' && p[1] == 'n'` is two of bytes.
//! Numbers that stand side by side in memory, and that must all fit on one way, are put together again: into a text where they are one.

use std::collections::BTreeMap;

use super::{Atom, Test, Word};
use crate::{
    flow::{context::Trail, text::Text, unit::Unit},
    functions::FunctionId,
    models::How,
    values::Expr,
};

/// Pieces of one word.
const PIECES: usize = 64;

/// Puts together what belongs together. The first piece becomes the whole, the others go.
pub(super) fn words(unit: &Unit<'_>, atoms: &mut Vec<Atom>) {
    let mut all: BTreeMap<(FunctionId, Option<Expr>), Vec<usize>> = BTreeMap::new();
    for (index, atom) in atoms.iter().enumerate() {
        if let Some(word) = atom.word.filter(|_| number(atom).is_some()) {
            all.entry((atom.function, word.base)).or_default().push(index);
        }
    }
    let mut gone = vec![false; atoms.len()];
    for places in all.values() {
        let mut first: Vec<usize> = places.clone();
        first.sort_by_key(|index| atoms[*index].word.map(|word| (word.offset, word.bytes)));
        for index in &first {
            if gone[*index] {
                continue;
            }
            let chain = chain(unit, atoms, &first, *index);
            let Some(test) = text(atoms, &chain) else { continue };
            chain.iter().for_each(|part| gone[*part] = true);
            gone[*index] = false;
            atoms[*index].test = test;
            atoms[*index].word = None;
        }
    }
    let mut gone = gone.into_iter();
    atoms.retain(|_| !gone.next().unwrap_or(false));
}

/// The number that a piece must be.
fn number(atom: &Atom) -> Option<u64> {
    match atom.test {
        Test::Equal(number) | Test::Walked(number) if atom.fits => Some(number as u64),
        _ => None,
    }
}

/// The pieces from `start` on, each right behind the one before it in memory, and decided on the same way.
fn chain(unit: &Unit<'_>, atoms: &[Atom], places: &[usize], start: usize) -> Vec<usize> {
    let mut chain = vec![start];
    let end = |word: Word| word.offset.wrapping_add(word.bytes);
    while chain.len() < PIECES {
        let last = &atoms[chain[chain.len() - 1]];
        let Some(next) = last.word.map(end) else { break };
        let follows = |index: &&usize| atoms[**index].word.is_some_and(|word| word.offset == next) && one_way(unit, last, &atoms[**index]);
        match places.iter().find(follows) {
            Some(index) => chain.push(*index),
            None => break,
        }
    }
    chain
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
