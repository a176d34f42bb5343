//! Bytes that are changed one by one before they are used: `key[i] ^ 0x5a`, `c - 3`, `~c`.
//!
//! A constant that stands in a program in such a form is there to be kept from readers: nobody disguises a word of a protocol. What it is
//! is found by doing to its bytes what the program does to them.

use super::{
    content::Contents,
    context::{Context, StepKind, Trail},
    text::{Origin, Piece, Shape, Text, merge},
};
use crate::{
    functions::FunctionId,
    ir::{Binary, Unary, Width},
    values::{Expr, Leaf, Local, Location, Node, Snapshot},
};

/// Operations on one byte.
const STEPS: usize = 8;
/// Letters of a text that was made legible.
const LEGIBLE: usize = 4;

/// What is done to a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// These bits are turned over.
    Xor(u8),
    /// So much is added.
    Add(u8),
    /// These bits are set: upper and lower case become the same.
    Or(u8),
}

impl Change {
    fn done(self, byte: u8) -> u8 {
        match self {
            Self::Xor(key) => byte ^ key,
            Self::Add(by) => byte.wrapping_add(by),
            Self::Or(bits) => byte | bits,
        }
    }

    /// What the byte was before; of bits that were set it is not known.
    fn undone(self, byte: u8) -> u8 {
        match self {
            Self::Xor(key) => byte ^ key,
            Self::Add(by) => byte.wrapping_sub(by),
            Self::Or(_) => byte,
        }
    }
}

/// A byte of memory, and what was done to it, in order.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The byte: a leaf.
    pub byte: Expr,
    changes: Vec<Change>,
}

impl Changed {
    /// The byte of memory that `value` was made of by nothing but numbers.
    pub fn of(local: &Local, value: Expr) -> Option<Self> {
        let mut changes = Vec::new();
        let byte = strip(local, value, &mut changes)?;
        changes.reverse();
        Some(Self { byte, changes })
    }

    /// With one more change.
    #[must_use]
    pub fn then(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    /// The bytes that, changed as this one is, are what `other` makes of `bytes`: what input must be to equal a constant.
    pub fn to_equal(&self, other: &Self, bytes: &[u8]) -> Vec<u8> {
        let made = |byte: &u8| other.changes.iter().fold(*byte, |byte, change| change.done(byte));
        let before = |byte: u8| self.changes.iter().rev().fold(byte, |byte, change| change.undone(byte));
        bytes.iter().map(|byte| before(made(byte))).collect()
    }

    /// Are bits turned over or numbers added, so that what stands in memory is not what is meant?
    fn is_disguise(&self) -> bool {
        self.changes.iter().any(|change| !matches!(change, Change::Or(_) | Change::Xor(0) | Change::Add(0)))
    }
}

/// The byte under operations with numbers, the last of them first.
fn strip(local: &Local, value: Expr, changes: &mut Vec<Change>) -> Option<Expr> {
    let low = |number: u64| (number & 0xff) as u8;
    if changes.len() > STEPS {
        return None;
    }
    match local.exprs.node(value) {
        Node::Unary(Unary::ZeroExtend(_) | Unary::SignExtend(_), _, inner) => strip(local, inner, changes),
        Node::Unary(Unary::Not, _, inner) => {
            changes.push(Change::Xor(0xff));
            strip(local, inner, changes)
        }
        Node::Binary(op, _, inner, by) => {
            let number = local.exprs.value(by)?;
            match op {
                Binary::And if number.wrapping_add(1).is_power_of_two() && number >= 0xff => {}
                Binary::Xor => changes.push(Change::Xor(low(number))),
                Binary::Add => changes.push(Change::Add(low(number))),
                Binary::Sub => changes.push(Change::Add(low(number).wrapping_neg())),
                Binary::Or => changes.push(Change::Or(low(number))),
                _ => return None,
            }
            strip(local, inner, changes)
        }
        Node::Leaf(_) => match local.leaf(value)? {
            Leaf::Memory { width: Width::W8, .. } | Leaf::Element { width: Width::W8, .. } => Some(value),
            _ => None,
        },
        _ => None,
    }
}

impl Contents<'_, '_> {
    /// The texts that a byte of memory is one of.
    pub fn around(&self, function: FunctionId, byte: Expr, context: &Context) -> Vec<Text> {
        let none = Trail::default();
        let Some(local) = self.resolver.unit.local(function) else { return Vec::new() };
        let (pointer, offset, state) = match local.leaf(byte) {
            Some(Leaf::Memory { at: Location { base: None, offset }, .. }) => return self.global(*offset, &none),
            Some(Leaf::Memory { at: Location { base: Some(base), offset }, state, .. }) => (*base, *offset, *state),
            Some(Leaf::Element { address, state, .. }) => (*address, 0, *state),
            _ => return Vec::new(),
        };
        self.pointer(function, pointer, offset, &Snapshot::new(state), context, &none)
    }

    /// What a character is that is handed on by itself: one of those that stand where it was loaded, by the ways that they came.
    pub(super) fn character(&self, function: FunctionId, value: Expr, context: &Context) -> Vec<Text> {
        let loaded = self.resolver.unit.local(function).and_then(|local| Changed::of(local, value));
        let around = loaded.map(|loaded| self.around(function, loaded.byte, context)).unwrap_or_default();
        let mut texts = Vec::new();
        for text in &around {
            let origins: Vec<Origin> =
                text.origins().map(|(origin, _)| origin.clone()).filter(|origin| *origin != Origin::Unknown).collect();
            let origin = match origins.as_slice() {
                [] => continue,
                [one] => one.clone(),
                _ => Origin::made(origins),
            };
            merge(&mut texts, vec![Text::hole(origin, Shape::Text, &text.trail)]);
        }
        if texts.is_empty() { self.byte(function, value, context, &Trail::default()) } else { texts }
    }

    /// The constants that a function makes byte by byte where it stores `value`: copied by hand, or made legible.
    pub(super) fn legible(&self, function: FunctionId, value: Expr, context: &Context, trail: &Trail) -> Vec<Text> {
        let Some(changed) = self.resolver.unit.local(function).and_then(|local| Changed::of(local, value)) else { return Vec::new() };
        let plain = Changed { byte: changed.byte, changes: Vec::new() };
        let texts = self.around(function, changed.byte, context);
        let known = texts.iter().filter_map(|text| Some((text, text.known()?))).filter(|(_, bytes)| !bytes.is_empty());
        known.filter_map(|(text, bytes)| unveiled(&plain, &changed, &bytes, (function, 0), &trail.then(&text.trail))).collect()
    }
}

/// The constant that input, changed as `input` is, must be to equal `bytes` as they are changed; with a step that says so where they are in
/// disguise. What is legible of it, then: where the constant ends is written down nowhere.
pub fn unveiled(input: &Changed, constant: &Changed, bytes: &[u8], at: (FunctionId, u64), trail: &Trail) -> Option<Text> {
    if !input.is_disguise() && !constant.is_disguise() {
        return Some(Text { pieces: vec![Piece::Text(input.to_equal(constant, bytes))], trail: trail.clone() });
    }
    let made = input.to_equal(constant, bytes);
    let legible = made.iter().take_while(|byte| byte.is_ascii_graphic() || **byte == b' ').count();
    let made = if legible >= LEGIBLE { made.get(..legible)?.to_vec() } else { made };
    Some(Text { pieces: vec![Piece::Text(made)], trail: trail.with(at.0, at.1, StepKind::Unveiled) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(given[i] ^ 0x5a) - 1 == ~table[i]`.
    #[test]
    fn what_input_must_be() {
        let byte = Expr(0);
        let input = Changed { byte, changes: vec![Change::Xor(0x5a), Change::Add(0xff)] };
        let constant = Changed { byte, changes: vec![Change::Xor(0xff)] };
        let stored: Vec<u8> = b"open7".iter().map(|byte| !((byte ^ 0x5a).wrapping_sub(1))).collect();
        let function = (FunctionId(0), 0);
        let text = unveiled(&input, &constant, &stored, function, &Trail::default()).unwrap();
        assert_eq!(text.known().unwrap(), b"open7");
        assert!(text.trail.steps().iter().any(|step| step.kind == StepKind::Unveiled));
        let plain = Changed { byte, changes: Vec::new() };
        let text = unveiled(&plain, &plain, b"open7", function, &Trail::default()).unwrap();
        assert!(text.trail.steps().is_empty(), "compared as it stands");
    }
}
