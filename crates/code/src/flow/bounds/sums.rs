//! Sums that are kept in bounds by what they are made of: what was there already, and what of the rest was filled; what is left behind the
//! end of a line.

use super::{At, Search};
use crate::{
    functions::FunctionId,
    ir::{Binary, Unary, Width},
    models::Gives,
    values::{Address, CallId, Expr, Leaf, Local, Node},
};

/// Terms of one sum.
const TERMS: usize = 12;

/// A sum of values, each added or taken away, and a number.
#[derive(Debug, Default)]
struct Sum {
    terms: Vec<(Expr, bool)>,
    number: i64,
}

impl Sum {
    fn add(&mut self, local: &Local, value: Expr, plus: bool) {
        let sign = if plus { 1 } else { -1 };
        match local.exprs.node(value) {
            _ if self.terms.len() >= TERMS => self.terms.push((value, plus)),
            Node::Const(number) => self.number = self.number.wrapping_add(sign * Width::W32.signed(number)),
            Node::Binary(Binary::Add, _, a, b) => {
                self.add(local, a, plus);
                self.add(local, b, plus);
            }
            Node::Binary(Binary::Sub, _, a, b) => {
                self.add(local, a, plus);
                self.add(local, b, !plus);
            }
            Node::Unary(Unary::Neg, _, a) => self.add(local, a, !plus),
            // Not x: -x - 1.
            Node::Unary(Unary::Not, _, a) => {
                self.number = self.number.wrapping_sub(sign);
                self.add(local, a, !plus);
            }
            _ => self.terms.push((value, plus)),
        }
    }
}

impl<'e> Search<'e, '_, '_, '_> {
    /// The greatest number that a sum can be: what cancels out is left out, and so is what is taken away.
    pub(super) fn sum(&mut self, at: &At, local: &'e Local, value: Expr, depth: u32) -> Option<u64> {
        let mut sum = Sum::default();
        sum.add(local, value, true);
        self.begin(at, local, &mut sum);
        self.cancel(local, &mut sum);
        let plain = self.total(at, local, &sum, depth);
        let filled = self.filled_up(at, local, &sum).and_then(|sum| self.total(at, local, &sum, depth));
        plain.into_iter().chain(filled).min()
    }

    /// In the place of what was found within a text, and is taken away, where the text begins: it is found there at the earliest.
    fn begin(&self, at: &At, local: &Local, sum: &mut Sum) {
        for (term, _) in sum.terms.extract_if(.., |(_, plus)| !*plus).collect::<Vec<_>>() {
            let start = match local.leaf(term) {
                Some(Leaf::Result(call, _)) => self.unit.model(at.function, *call).and_then(|(_, model)| match model.gives {
                    Some(Gives::Within(index)) => self.unit.argument(at.function, *call, usize::from(index)),
                    _ => None,
                }),
                _ => None,
            };
            match start {
                Some((_, start)) => sum.add(local, start, false),
                None => sum.terms.push((term, false)),
            }
        }
    }

    /// Leaves out what is added and taken away.
    fn cancel(&self, local: &Local, sum: &mut Sum) -> bool {
        let mut cancelled = false;
        while let Some((i, j)) = self.pair(local, sum) {
            sum.terms.remove(i.max(j));
            sum.terms.remove(i.min(j));
            cancelled = true;
        }
        cancelled
    }

    fn pair(&self, local: &Local, sum: &Sum) -> Option<(usize, usize)> {
        let places = |wanted: bool| sum.terms.iter().enumerate().filter(move |(_, (_, plus))| *plus == wanted);
        places(true).find_map(|(i, (one, _))| places(false).find(|(_, (other, _))| self.same(local, *one, *other)).map(|(j, _)| (i, j)))
    }

    /// `there + came`, where `came` is no more than what was asked for and that is what is left beside `there`: all that there is.
    fn filled_up(&self, at: &At, local: &Local, sum: &Sum) -> Option<Sum> {
        (0..sum.terms.len()).find_map(|place| {
            let (term, true) = sum.terms[place] else { return None };
            let Some(Leaf::Result(call, _)) = local.leaf(term) else { return None };
            let mut all = Sum { terms: sum.terms.clone(), number: sum.number };
            all.terms.remove(place);
            all.add(local, self.asked_for(at.function, *call)?, true);
            self.cancel(local, &mut all).then_some(all)
        })
    }

    fn total(&mut self, at: &At, local: &'e Local, sum: &Sum, depth: u32) -> Option<u64> {
        // Two pointers: how far they are apart.
        if let [(end, true), (start, false)] | [(start, false), (end, true)] = sum.terms.as_slice()
            && let Some(apart) = self.between(at, local, *end, *start)
        {
            self.apart = true;
            return u64::try_from(i64::try_from(apart).ok()?.checked_add(sum.number)?).ok();
        }
        let mut most = sum.number;
        for (term, _) in sum.terms.iter().filter(|(_, plus)| *plus) {
            most = most.checked_add(i64::try_from(self.of(at, *term, depth)?).ok()?)?;
        }
        Some(u64::try_from(most).unwrap_or(0))
    }

    /// How many bytes a call was to bring that says how many it brought.
    pub(super) fn asked_for(&self, function: FunctionId, call: CallId) -> Option<Expr> {
        let (_, model) = self.unit.model(function, call)?;
        let reads = model.reads.filter(|reads| reads.to.is_some())?;
        let argument = |index: u8| self.unit.argument(function, call, usize::from(index));
        match reads.times {
            // Elements of one byte.
            Some(times) => {
                let (local, size) = argument(reads.length?)?;
                let (_, count) = argument(times)?;
                (local.exprs.value(size) == Some(1)).then_some(count)
            }
            None => argument(reads.length?).map(|(_, length)| length),
        }
    }

    /// The distance of two pointers into the same thing.
    fn between(&mut self, at: &At, local: &Local, end: Expr, start: Expr) -> Option<u64> {
        let base = |value: Expr| match local.locate(value, self.unit.program, self.unit.machine) {
            Address::At(at) | Address::Within(at) => at.base,
        };
        let is_pointer = |value: Expr| base(value).is_none_or(|base| local.exprs.unlike_pointer(base).is_some());
        if !is_pointer(end) || !is_pointer(start) {
            return None;
        }
        self.holds(at.function, start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `have - (end - line) + 7` and `~have`.
    #[test]
    fn terms_and_a_number() {
        let mut local = Local::empty();
        let (have, end, line) = (local.exprs.leaf(0), local.exprs.leaf(1), local.exprs.leaf(2));
        let used = local.exprs.binary(Binary::Sub, Width::W32, end, line);
        let rest = local.exprs.binary(Binary::Sub, Width::W32, have, used);
        let seven = local.exprs.constant(7);
        let rest = local.exprs.binary(Binary::Add, Width::W32, rest, seven);
        let mut sum = Sum::default();
        sum.add(&local, rest, true);
        assert_eq!((sum.terms, sum.number), (vec![(have, true), (end, false), (line, true)], 7));
        let not = local.exprs.unary(Unary::Not, Width::W32, have);
        let mut sum = Sum::default();
        sum.add(&local, not, true);
        assert_eq!((sum.terms, sum.number), (vec![(have, false)], -1));
    }
}
