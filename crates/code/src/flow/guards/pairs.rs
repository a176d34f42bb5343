//! Two bytes of memory that are compared with each other: one step of a comparison of texts that the program makes by itself.
//!
//! `diff |= a[i] ^ b[i]` in a loop, or `*a++ != *b++`, compares whole texts. Which ones is found at the addresses. `strspn(text, letters)`
//! that is `strlen(text)`, or at which the text ends, says of all of it that it consists of those letters.

use super::{Asked, Atom, Guards, Test};
use crate::{
    flow::{
        disguise::{Change, Changed, unveiled},
        text::{Origin, Text},
    },
    models::{Gives, How},
    values::{CallId, Expr, Leaf, Local},
};

impl Guards<'_, '_, '_> {
    /// `a` is what `change` makes of `b` (or not), and neither is a number.
    pub(super) fn pair(&self, asked: &Asked, a: Expr, b: Expr, change: Option<Change>, equal: bool, atoms: &mut Vec<Atom>) {
        let Some(local) = self.resolver().unit.local(asked.function) else { return };
        let same = matches!(change, None | Some(Change::Xor(0) | Change::Add(0)));
        for (one, other) in [(a, b), (b, a)] {
            if let (Some(span), true, true) = (self.spanned(asked, local, one), self.is_length(asked, local, other), same) {
                return self.result(asked, span, 0, !equal, atoms);
            }
        }
        let (Some(left), Some(right)) = (Changed::of(local, a), Changed::of(local, b)) else { return };
        let right = change.into_iter().fold(right, Changed::then);
        let sides = [left, right];
        let texts = [0, 1].map(|side: usize| self.channels.contents.around(asked.function, sides[side].byte, &asked.context));
        for (one, other) in [(0, 1), (1, 0)] {
            let origins: Vec<Origin> = texts[one].iter().flat_map(Text::origins).flat_map(|(origin, _)| origin.parts()).collect();
            for with in &texts[other] {
                let known = with.known().filter(|known| !known.is_empty());
                // Of two that are both not known, either can be what the other must be: a password from a file.
                if origins.is_empty() || (known.is_none() && with.origins().next().is_none()) {
                    continue;
                }
                let at = (asked.function, asked.site);
                let with = match known {
                    Some(known) => unveiled(&sides[one], &sides[other], &known, at, &with.trail),
                    None => Some(with.clone()),
                };
                let Some(with) = with else { continue };
                let test = Test::Text { how: How::Equals, with };
                let seen = texts[one].iter().flat_map(|text| text.trail.outermost()).collect();
                let ((function, site), origins) = (at, origins.clone());
                let (by, came) = (Vec::new(), Vec::new());
                atoms.push(Atom { function, site, origins, test, fits: equal, seen, by, came, word: None });
            }
        }
    }

    /// The call that counted for how many letters a text consists of certain ones.
    pub(super) fn spanned(&self, asked: &Asked, local: &Local, value: Expr) -> Option<CallId> {
        let Some(Leaf::Result(call, _)) = local.leaf(value) else { return None };
        let (_, model) = self.resolver().unit.model(asked.function, *call)?;
        model.compares.is_some_and(|compares| compares.how == How::Span).then_some(*call)
    }

    fn is_length(&self, asked: &Asked, local: &Local, value: Expr) -> bool {
        let Some(Leaf::Result(call, _)) = local.leaf(value) else { return false };
        let model = self.resolver().unit.model(asked.function, *call).map(|(_, model)| model);
        matches!(model.and_then(|model| model.gives), Some(Gives::Length(_)))
    }
}
