//! Expressions: each written once, so that equal ones have equal numbers.
//!
//! A *leaf* is something that is not known: a register at the entry of a function, what a call gave back, a word of memory. What a leaf
//! stands for is the business of whoever made it. Everything else is an operation over expressions; what can be computed is computed
//! when the expression is made ([`super::simplify`]).

use std::collections::{HashMap, HashSet};

use crate::ir::{Binary, Unary, Width, binary, unary};

/// An expression: its number in [`Exprs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Expr(pub u32);

/// What an expression is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Node {
    /// A number.
    Const(u64),
    /// Something that is not known.
    Leaf(u32),
    /// An operation on one.
    Unary(Unary, Width, Expr),
    /// An operation on two.
    Binary(Binary, Width, Expr, Expr),
    /// cond, yes, no.
    Select(Expr, Expr, Expr),
}

/// The expressions of one function.
#[derive(Debug, Default)]
pub struct Exprs {
    nodes: Vec<Node>,
    sizes: Vec<u16>,
    numbers: HashMap<Node, Expr>,
    /// How unlike a pointer each leaf is, by its number.
    ranks: Vec<u8>,
    /// Numbers that were computed as addresses.
    places: HashSet<u64>,
}

/// From this rank on a term is a count and no pointer ([`Exprs::unlike_pointer`]).
pub const COUNT: u8 = 9;

/// An expression of more operations than this becomes unknown to those that make it.
pub const SIZE: u16 = 64;

impl Exprs {
    /// What `expr` is made of.
    pub fn node(&self, expr: Expr) -> Node {
        self.nodes.get(expr.0 as usize).copied().unwrap_or(Node::Const(0))
    }

    /// Operations in `expr`.
    pub fn size(&self, expr: Expr) -> u16 {
        self.sizes.get(expr.0 as usize).copied().unwrap_or(0)
    }

    /// Number of expressions made so far.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// None made yet?
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The expression for `node` as it is.
    pub(crate) fn intern(&mut self, node: Node) -> Expr {
        if let Some(expr) = self.numbers.get(&node) {
            return *expr;
        }
        let size = match node {
            Node::Const(_) | Node::Leaf(_) => 1,
            Node::Unary(_, _, a) => self.size(a).saturating_add(1),
            Node::Binary(_, _, a, b) => self.size(a).saturating_add(self.size(b)).saturating_add(1),
            Node::Select(a, b, c) => self.size(a).saturating_add(self.size(b)).saturating_add(self.size(c)).saturating_add(1),
        };
        let expr = Expr(self.nodes.len() as u32);
        self.nodes.push(node);
        self.sizes.push(size);
        self.numbers.insert(node, expr);
        expr
    }

    /// A number.
    pub fn constant(&mut self, value: u64) -> Expr {
        self.intern(Node::Const(value))
    }

    /// A leaf.
    pub fn leaf(&mut self, leaf: u32) -> Expr {
        self.intern(Node::Leaf(leaf))
    }

    /// Says how unlike a pointer a leaf is: of the terms of an address, the least unlike one is taken for what it counts from.
    pub(super) fn set_rank(&mut self, leaf: u32, rank: u8) {
        let at = leaf as usize;
        if at >= self.ranks.len() {
            self.ranks.resize(at + 1, u8::MAX);
        }
        self.ranks[at] = rank;
    }

    /// Notes that a number is an address of the program: it was counted from where an instruction stands, or the loader filled it in.
    pub(super) fn set_place(&mut self, number: u64) {
        self.places.insert(number);
    }

    /// Was this number computed as an address? In a file that may be loaded anywhere, sizes and offsets are numbers of the same kind.
    pub fn is_place(&self, number: u64) -> bool {
        self.places.contains(&number)
    }

    /// How unlike a pointer a term of an address is; none where it is none.
    pub fn unlike_pointer(&self, term: Expr) -> Option<u8> {
        match self.node(term) {
            Node::Leaf(leaf) => self.ranks.get(leaf as usize).copied(),
            // One of two pointers, mostly one of them a little further on.
            Node::Select(_, yes, no) => {
                let sides = [yes, no].into_iter().filter_map(|side| self.unlike_pointer(self.base_and_offset(side, Width::W32).0?));
                sides.min()
            }
            _ => None,
        }
    }

    /// The expression that is this leaf.
    pub fn leaf_expr(&self, leaf: u32) -> Option<Expr> {
        self.numbers.get(&Node::Leaf(leaf)).copied()
    }

    /// `expr` plus a number, if that expression was ever made.
    pub fn sum(&self, expr: Expr, by: u64) -> Option<Expr> {
        for width in [Width::W32, Width::W64] {
            let (base, offset) = self.base_and_offset(expr, width);
            let sum = offset.wrapping_add(by) & width.mask();
            let number = self.numbers.get(&Node::Const(sum));
            let found = match (base, number) {
                (None, Some(number)) => Some(*number),
                (Some(base), Some(number)) => self.numbers.get(&Node::Binary(Binary::Add, width, base, *number)).copied(),
                _ => None,
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// The number that `expr` is.
    pub fn value(&self, expr: Expr) -> Option<u64> {
        match self.node(expr) {
            Node::Const(value) => Some(value),
            _ => None,
        }
    }

    /// `expr` as something plus a number, on `width` bits.
    pub fn base_and_offset(&self, expr: Expr, width: Width) -> (Option<Expr>, u64) {
        match self.node(expr) {
            Node::Const(value) => (None, value),
            Node::Binary(Binary::Add, on, base, offset) if on == width => match self.node(offset) {
                Node::Const(offset) => (Some(base), offset),
                _ => (Some(expr), 0),
            },
            _ => (Some(expr), 0),
        }
    }

    /// Leaves of `expr`, each once, in order of first sight.
    pub fn leaves(&self, expr: Expr, found: &mut Vec<u32>) {
        match self.node(expr) {
            Node::Const(_) => {}
            Node::Leaf(leaf) => {
                if !found.contains(&leaf) {
                    found.push(leaf);
                }
            }
            Node::Unary(_, _, a) => self.leaves(a, found),
            Node::Binary(_, _, a, b) => {
                self.leaves(a, found);
                self.leaves(b, found);
            }
            Node::Select(a, b, c) => {
                self.leaves(a, found);
                self.leaves(b, found);
                self.leaves(c, found);
            }
        }
    }

    /// The number that `expr` is where leaves have the values that `leaf` gives.
    pub fn evaluate(&self, expr: Expr, leaf: &mut dyn FnMut(u32) -> Option<u64>) -> Option<u64> {
        Some(match self.node(expr) {
            Node::Const(value) => value,
            Node::Leaf(number) => leaf(number)?,
            Node::Unary(op, width, a) => unary(op, width, self.evaluate(a, leaf)?),
            Node::Binary(op, width, a, b) => binary(op, width, self.evaluate(a, leaf)?, self.evaluate(b, leaf)?),
            Node::Select(cond, yes, no) => {
                let chosen = if self.evaluate(cond, leaf)? == 1 { yes } else { no };
                self.evaluate(chosen, leaf)?
            }
        })
    }
}
