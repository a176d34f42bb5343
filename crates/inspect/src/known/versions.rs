//! Versions in their order: numbers by their value, the rest by letters.

use std::cmp::Ordering;

/// Is `version` at or below `most`, and at or above `least`? A version without a number lies in no range.
pub fn within(version: &str, least: Option<&str>, most: &str) -> bool {
    let own = pieces(version);
    let numbered = matches!(own.first(), Some(Piece::Number(_)));
    numbered
        && compare(&own, &pieces(most)) != Ordering::Greater
        && least.is_none_or(|least| compare(&own, &pieces(least)) != Ordering::Less)
}

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Number(u64),
    Word(String),
}

/// Numbers and words of a version, without what a distribution puts before (`1:`) and behind (`-2`, `+dfsg`).
fn pieces(version: &str) -> Vec<Piece> {
    let version = version.trim_start_matches('v');
    let upstream = version.split_once(':').map_or(version, |(_, rest)| rest);
    let upstream = upstream.split(['-', '+', '~']).next().unwrap_or_default();
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut rest, most) = (upstream, 32);
    while !rest.is_empty() && pieces.len() < most {
        let digit = rest.starts_with(|sign: char| sign.is_ascii_digit());
        let end = rest.find(|sign: char| sign.is_ascii_digit() != digit).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        if digit {
            pieces.push(Piece::Number(piece.parse().unwrap_or(u64::MAX)));
        } else if piece != "." {
            pieces.push(Piece::Word(piece.trim_matches('.').to_owned()));
        }
        rest = after;
    }
    pieces
}

fn compare(one: &[Piece], other: &[Piece]) -> Ordering {
    for index in 0..one.len().max(other.len()) {
        let order = match (one.get(index), other.get(index)) {
            (Some(Piece::Number(a)), Some(Piece::Number(b))) => a.cmp(b),
            (Some(Piece::Word(a)), Some(Piece::Word(b))) => a.cmp(b),
            (Some(Piece::Number(_)), Some(Piece::Word(_))) | (Some(Piece::Word(_)), None) => Ordering::Greater,
            (Some(Piece::Word(_)), Some(Piece::Number(_))) | (None, Some(Piece::Word(_))) => Ordering::Less,
            // `4.10` is `4.10.0`; `4.10b` comes after it.
            (Some(Piece::Number(a)), None) => a.cmp(&0),
            (None, Some(Piece::Number(b))) => 0.cmp(b),
            (None, None) => Ordering::Equal,
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_numbers() {
        assert!(within("4.9.2", None, "4.10.0") && within("4.10", None, "4.10.0") && within("1:4.10.0-2+b1", None, "4.10.0"));
        assert!(!within("4.10.1", None, "4.10.0") && !within("4.11.1", None, "4.10.0") && !within("4.10.0b", None, "4.10.0"));
        assert!(within("2.1.9", Some("2.1"), "2.1.99") && !within("2.0.9", Some("2.1"), "2.1.99"));
        assert!(!within("git", None, "4.10.0") && !within("", None, "4.10.0"));
    }
}
