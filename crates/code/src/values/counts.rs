//! Telling counters from pointers.
//!
//! In `to[n++] = c` both terms of the address grow in a loop, and both are joins there. What is nothing but counted is no pointer: it
//! begins with a small number, and becomes nothing but itself, or another like it, with a number added.

use std::collections::{BTreeMap, BTreeSet};

use super::expr::{COUNT, Expr, Exprs};
use crate::ir::Width;

/// Numbers from here on may be addresses.
const SMALL: u64 = 0x100;
/// Counters that hang on each other, one behind the other.
const ROUNDS: usize = 16;

/// The joins among `joins`, each with what comes together in it, that are nothing but counted.
pub(super) fn counts(exprs: &Exprs, width: Width, mut joins: BTreeMap<Expr, Vec<Expr>>) -> BTreeSet<Expr> {
    for _ in 0..ROUNDS {
        let is_count = |value: &Expr| match exprs.base_and_offset(*value, width) {
            (None, number) => number < SMALL && !exprs.is_place(number),
            (Some(base), by) => {
                let known = joins.contains_key(&base) || exprs.unlike_pointer(base) == Some(COUNT);
                known && width.signed(by).unsigned_abs() < SMALL
            }
        };
        let others: Vec<Expr> = joins.iter().filter(|(_, ways)| !ways.iter().all(is_count)).map(|(join, _)| *join).collect();
        if others.is_empty() {
            return joins.into_keys().collect();
        }
        for join in others {
            joins.remove(&join);
        }
    }
    BTreeSet::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Binary;

    #[test]
    fn a_pointer_and_its_index() {
        let mut exprs = Exprs::default();
        let (pointer, index, behind, buffer) = (exprs.leaf(0), exprs.leaf(1), exprs.leaf(2), exprs.leaf(3));
        let (zero, one) = (exprs.constant(0), exprs.constant(1));
        let mut more = |of| exprs.binary(Binary::Add, Width::W32, of, one);
        let (pointer_more, index_more, behind_more) = (more(pointer), more(index), more(behind));
        let joins = BTreeMap::from([
            (pointer, vec![buffer, pointer_more]),
            (index, vec![zero, index_more]),
            (behind, vec![index_more, behind_more]),
        ]);
        assert_eq!(counts(&exprs, Width::W32, joins), BTreeSet::from([index, behind]));
    }
}
