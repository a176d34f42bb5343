//! Known text in values: what is cut from it, what it counts to.

use std::rc::Rc;

use assay_core::facts::code::Choice;

use crate::script::value::{Alternative, Hole, Piece, Value};

/// Without the text that both begin or end with.
pub fn strip(a: &Alternative, b: &Alternative) -> (Vec<Piece>, Vec<Piece>) {
    let (mut a, mut b) = (a.pieces.clone(), b.pieces.clone());
    for back in [false, true] {
        let end = |pieces: &[Piece]| match if back { pieces.last() } else { pieces.first() } {
            Some(Piece::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let (Some(x), Some(y)) = (end(&a), end(&b)) else { continue };
        let shared = if back {
            let count = x.chars().rev().zip(y.chars().rev()).take_while(|(x, y)| x == y).map(|(x, _)| x.len_utf8()).sum::<usize>();
            x.len().min(y.len()).min(count)
        } else {
            x.chars().zip(y.chars()).take_while(|(x, y)| x == y).map(|(x, _)| x.len_utf8()).sum()
        };
        for (pieces, text) in [(&mut a, &x), (&mut b, &y)] {
            let rest: Rc<str> = if back { text[..text.len() - shared].into() } else { text[shared..].into() };
            let at = if back { pieces.len() - 1 } else { 0 };
            if rest.is_empty() {
                pieces.remove(at);
            } else {
                pieces[at] = Piece::Text(rest);
            }
        }
    }
    (a, b)
}

/// The text of pieces, where nothing is open.
pub fn literal(pieces: &[Piece]) -> Option<String> {
    pieces.iter().map(|piece| if let Piece::Text(text) = piece { Some(text.as_ref()) } else { None }).collect()
}

/// The status of a failure: what the value is where it is not zero.
pub fn not_zero(status: &Value) -> Value {
    let rest: Vec<Alternative> = status.alternatives().iter().filter(|one| one.literal().as_deref() != Some("0")).cloned().collect();
    if rest.is_empty() { status.clone() } else { Value::of(rest) }
}

/// Without its first bytes of known text.
pub fn without_prefix(value: &Value, count: usize) -> Value {
    let cut = value.alternatives().iter().map(|one| {
        let mut pieces = one.pieces.clone();
        if let Some(Piece::Text(text)) = pieces.first().cloned() {
            pieces[0] = Piece::Text(text.get(count..).unwrap_or_default().into());
        }
        pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
        Alternative { when: one.when.clone(), pieces }
    });
    Value::of(cut.collect())
}

/// Without the line ends at the end, as command substitution leaves it.
pub fn trimmed(value: &Value) -> Value {
    let all = value.alternatives().iter().map(|one| {
        let mut pieces = one.pieces.clone();
        while let Some(Piece::Text(text)) = pieces.last().cloned() {
            let rest = text.trim_end_matches('\n');
            pieces.pop();
            if !rest.is_empty() {
                pieces.push(Piece::Text(rest.into()));
                break;
            }
        }
        Alternative { when: one.when.clone(), pieces }
    });
    Value::of(all.collect())
}

/// `2 + 3`, `7`: what is left of arithmetic once its variables are known. Nothing for anything harder.
pub fn computed(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let at = text.char_indices().skip(1).find(|(_, sign)| matches!(sign, '+' | '-' | '*')).map(|(at, _)| at)?;
    let (left, right): (i64, i64) = (text[..at].trim().parse().ok()?, text[at + 1..].trim().parse().ok()?);
    match &text[at..=at] {
        "+" => left.checked_add(right),
        "-" => left.checked_sub(right),
        _ => left.checked_mul(right),
    }
}

/// A hole that is a digest of files.
pub fn digest(id: u32, of: Vec<Rc<str>>, origins: Vec<crate::script::value::Origin>) -> Value {
    Value::hole(Hole { id, origins, left: Choice::Only("0-9a-f".into()), digest_of: of })
}
