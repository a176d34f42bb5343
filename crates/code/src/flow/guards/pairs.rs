//! Two bytes of memory that are compared with each other: one step of a comparison of texts that the program makes by itself.
//!
//! `diff |= a[i] ^ b[i]` in a loop, or `*a++ != *b++`, compares whole texts. Which ones is found at the addresses.

use super::{Asked, Atom, Guards, Test, conditions::inner, flat};
use crate::{
    flow::{
        context::Trail,
        text::{Origin, Text},
    },
    ir::{Binary, Unary, Width},
    models::How,
    values::{Expr, Leaf, Local, Node, Snapshot},
};

impl Guards<'_, '_, '_> {
    /// `a` and `b` are equal (or not), and neither is a number.
    pub(super) fn pair(&self, asked: &Asked, a: Expr, b: Expr, equal: bool, atoms: &mut Vec<Atom>) {
        let Some(local) = self.resolver().unit.local(asked.function) else { return };
        let (Some(left), Some(right)) = (byte(local, a), byte(local, b)) else { return };
        let texts = [left, right].map(|byte| self.text_of(asked, local, byte));
        for (one, other) in [(0, 1), (1, 0)] {
            let origins: Vec<Origin> = texts[one].iter().flat_map(Text::origins).flat_map(|(origin, _)| flat(origin.clone())).collect();
            for with in &texts[other] {
                let known = with.known().is_some_and(|known| !known.is_empty());
                // Of two that are both not known, the second is what it must be: a password from a file.
                if !origins.is_empty() && (known || (one == 0 && with.origins().next().is_some())) {
                    let test = Test::Text { how: How::Equals, with: with.clone() };
                    let seen = texts[one].iter().flat_map(|text| text.trail.outermost()).collect();
                    let (function, site) = (asked.function, asked.site);
                    atoms.push(Atom {
                        function,
                        site,
                        origins: origins.clone(),
                        test,
                        fits: equal,
                        seen,
                        by: Vec::new(),
                        came: Vec::new(),
                        word: None,
                    });
                }
            }
        }
    }

    /// The text that a byte is one of.
    fn text_of(&self, asked: &Asked, local: &Local, byte: Expr) -> Vec<Text> {
        let (pointer, offset, state) = match local.leaf(byte) {
            Some(Leaf::Memory { at, state, .. }) => match at.base {
                Some(base) => (base, at.offset, *state),
                None => return self.channels.contents.global(at.offset, &Trail::default()),
            },
            Some(Leaf::Element { address, state, .. }) => (*address, 0, *state),
            _ => return Vec::new(),
        };
        self.channels.contents.pointer(asked.function, pointer, offset, &Snapshot::new(state), &asked.context, &Trail::default())
    }
}

/// The byte of memory that a value is, whatever it is enciphered or folded with.
fn byte(local: &Local, value: Expr) -> Option<Expr> {
    let value = inner(local, value);
    match local.exprs.node(value) {
        Node::Binary(Binary::Xor | Binary::Or | Binary::Add | Binary::Sub, _, a, b) if local.exprs.value(b).is_some() => byte(local, a),
        Node::Unary(Unary::Not, _, a) => byte(local, a),
        Node::Leaf(_) => match local.leaf(value)? {
            Leaf::Memory { width: Width::W8, .. } | Leaf::Element { width: Width::W8, .. } => Some(value),
            _ => None,
        },
        _ => None,
    }
}
