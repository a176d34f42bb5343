//! Texts: bytes that can stand somewhere, with holes for what is not known, each hole with its origin.

use super::context::{Context, Trail};
use crate::{functions::FunctionId, values::CallId};

/// Texts that are told apart.
const TEXTS: usize = 8;
/// Pieces of one text.
const PIECES: usize = 32;
/// Origins of one hole.
const PARTS: usize = 16;

/// Where the bytes of a hole come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A library call brought them in: the call, through which of its arguments (255: its result), and the calls above it that say from
    /// where ([`super::resolve::Resolver::brought`]).
    Call(FunctionId, CallId, u8, Context),
    /// An argument of a function that nobody is known to call.
    Argument(FunctionId, usize),
    /// A word of the command line that started the program: its number, the program's own name being 0.
    Word(Option<u32>),
    /// They are made of these, by arithmetic or in another encoding.
    Made(Vec<Origin>),
    /// Nobody knows.
    Unknown,
}

impl Origin {
    /// Of something that is made of these. What those were made of counts instead of them, each once: what is put together round by round
    /// would grow with each.
    pub(super) fn made(origins: Vec<Self>) -> Self {
        let (mut parts, mut waiting) = (Vec::new(), origins);
        waiting.reverse();
        while let Some(origin) = waiting.pop() {
            match origin {
                Self::Made(inner) => waiting.extend(inner.into_iter().rev()),
                origin if parts.len() < PARTS && !parts.contains(&origin) => parts.push(origin),
                _ => {}
            }
        }
        Self::Made(parts)
    }

    /// What it is made of in the end, without what nobody knows.
    pub(super) fn parts(&self) -> Vec<Self> {
        match self {
            Self::Made(origins) => origins.iter().flat_map(Self::parts).collect(),
            Self::Unknown => Vec::new(),
            origin => vec![origin.clone()],
        }
    }
}

/// What may stand in a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Any bytes.
    Text,
    /// A number, written by a format.
    Number,
    /// One character.
    Character,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Piece {
    /// These bytes.
    Text(Vec<u8>),
    /// Bytes from elsewhere.
    Hole(Origin, Shape),
}

/// One possible text, and the steps by which its bytes came.
#[derive(Debug, Clone)]
pub struct Text {
    /// Its pieces.
    pub pieces: Vec<Piece>,
    /// How they came.
    pub trail: Trail,
}

impl PartialEq for Text {
    /// Two texts are the same where their bytes are, however they came.
    fn eq(&self, other: &Self) -> bool {
        self.pieces == other.pieces
    }
}

impl Text {
    pub(super) fn literal(bytes: &[u8], trail: &Trail) -> Self {
        Self { pieces: vec![Piece::Text(bytes.to_vec())], trail: trail.clone() }
    }

    pub(super) fn hole(origin: Origin, shape: Shape, trail: &Trail) -> Self {
        Self { pieces: vec![Piece::Hole(origin, shape)], trail: trail.clone() }
    }

    /// The whole text, where it has no hole.
    pub fn known(&self) -> Option<Vec<u8>> {
        let mut all = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(bytes) => all.extend_from_slice(bytes),
                Piece::Hole(..) => return None,
            }
        }
        Some(all)
    }

    /// The text for people: `{}` for each hole.
    pub fn show(&self) -> String {
        let mut shown = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(bytes) => shown.push_str(&String::from_utf8_lossy(bytes)),
                Piece::Hole(..) => shown.push_str("{}"),
            }
        }
        shown
    }

    /// The origins of its holes.
    pub fn origins(&self) -> impl Iterator<Item = (&Origin, Shape)> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Hole(origin, shape) => Some((origin, *shape)),
            Piece::Text(_) => None,
        })
    }

    pub(super) fn push(&mut self, piece: Piece) {
        if self.pieces.len() >= PIECES {
            return;
        }
        match (self.pieces.last_mut(), piece) {
            (Some(Piece::Text(bytes)), Piece::Text(more)) => bytes.extend(more),
            (_, piece) => self.pieces.push(piece),
        }
    }

    pub(super) fn then(&self, next: &Self) -> Self {
        let mut joined = self.clone();
        next.pieces.iter().cloned().for_each(|piece| joined.push(piece));
        if joined.trail.count() < next.trail.count() {
            joined.trail = next.trail.clone();
        }
        joined
    }
}

/// Adds texts to texts; equal ones once, and no more than are told apart.
pub(super) fn merge(into: &mut Vec<Text>, from: Vec<Text>) {
    for text in from {
        if into.len() < TEXTS && !into.iter().any(|known| known.pieces == text.pieces) {
            into.push(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_of_what_was_made() {
        let word = |number| Origin::Word(Some(number));
        let first = Origin::made(vec![word(1), word(2)]);
        let second = Origin::made(vec![first.clone(), word(3), first.clone()]);
        assert_eq!(second, Origin::Made(vec![word(1), word(2), word(3)]));
        assert_eq!(Origin::made(vec![second.clone(), first, second.clone()]), second);
    }
}
