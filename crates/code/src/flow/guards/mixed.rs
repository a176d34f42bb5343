//! Numbers that a loop makes of a text: a hash, by which a word is looked up that stands nowhere, or digits that are read by hand.
//!
//! ```text
//! h = (h ^ *s++) * 16777619;      FNV        h = h * 33 + *s++;      djb2        n = n * 10 + (*s++ - '0');
//! ```
//!
//! Each round multiplies or shifts what there was, and mixes the next byte in. A compiler that knows what the result is compared with may
//! compare an earlier value of the last round, with a number that it has taken through the rest of the round backwards. The number that
//! the loop itself comes to is the one that is told.

use crate::{
    ir::{Binary, Width, binary, unary},
    values::{Expr, Leaf, Local, Node},
};

/// Operations of one round.
const OPERATIONS: u32 = 48;

/// The number that a loop makes of a text where `value` is `number`: none where `value` is no such number.
pub(super) fn mixed(local: &Local, value: Expr, number: u64) -> Option<u64> {
    let mut leaves = Vec::new();
    local.exprs.leaves(value, &mut leaves);
    let rounds = leaves.into_iter().filter_map(|leaf| local.exprs.leaf_expr(leaf)).filter_map(|join| Some((join, round(local, join)?)));
    rounds
        .filter_map(|(join, round)| if value == join { Some(number) } else { made_of(local, round, value, number, &mut { OPERATIONS }) })
        .next()
}

/// What one round of a loop makes of `join`, where it mixes a byte into it.
fn round(local: &Local, join: Expr) -> Option<Expr> {
    let Some(Leaf::Join { block, slot }) = local.leaf(join) else { return None };
    let is_round = |way: &Expr| {
        let mut leaves = Vec::new();
        local.exprs.leaves(*way, &mut leaves);
        let mut leaves = leaves.into_iter().filter_map(|leaf| local.exprs.leaf_expr(leaf));
        let is_byte =
            |leaf: Expr| matches!(local.leaf(leaf), Some(Leaf::Memory { width: Width::W8, .. } | Leaf::Element { width: Width::W8, .. }));
        leaves.any(is_byte) && moves_up(local, *way, join, false, &mut { OPERATIONS })
    };
    local.ways(*block, *slot).map(|(way, ..)| way).find(is_round)
}

/// Is `join` multiplied or shifted up in `expr`?
fn moves_up(local: &Local, expr: Expr, join: Expr, moved: bool, left: &mut u32) -> bool {
    let Some(fewer) = left.checked_sub(1) else { return false };
    *left = fewer;
    match local.exprs.node(expr) {
        _ if expr == join => moved,
        Node::Unary(_, _, a) => moves_up(local, a, join, moved, left),
        Node::Binary(op, _, a, b) => {
            let moved = moved || matches!(op, Binary::Mul | Binary::Shl);
            moves_up(local, a, join, moved, left) || moves_up(local, b, join, moved, left)
        }
        _ => false,
    }
}

/// What `expr` is where `value`, the only thing in it that is not known, is `number`.
fn made_of(local: &Local, expr: Expr, value: Expr, number: u64, left: &mut u32) -> Option<u64> {
    *left = left.checked_sub(1)?;
    match local.exprs.node(expr) {
        _ if expr == value => Some(number),
        Node::Const(constant) => Some(constant),
        Node::Unary(op, width, a) => Some(unary(op, width, made_of(local, a, value, number, left)?)),
        Node::Binary(op, width, a, b) => {
            Some(binary(op, width, made_of(local, a, value, number, left)?, made_of(local, b, value, number, left)?))
        }
        _ => None,
    }
}
