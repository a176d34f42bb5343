//! Tables at fixed addresses: arrays of structures that are filled when the program begins, as commands with their handlers are.
//!
//! `&table[i]`, and a pointer that runs through the table in a loop, can be each of its *rows*. How many there are is written down
//! nowhere. They end where a row no longer looks like the first one, or where something begins that the program names by itself: the next
//! table, or the end that a loop stops at.

use std::collections::BTreeSet;

use super::unit::Unit;
use crate::{
    ir::{Binary, Width, binary, unary},
    values::{Branch, Expr, Exprs, Leaf, Local, Location, Node, width_of},
};

/// Rows of one table that are looked at.
pub(super) const ROWS: u64 = 64;
/// Bytes of a row that are looked at.
const ROW: u64 = 512;
/// Parts of one value that are put together.
const PARTS: u32 = 128;
/// Choices between choices.
const CHOICES: u32 = 4;
/// Longest row.
const STEP: u64 = 4096;
/// Numbers below this are no addresses, unless the loader says so.
const LOW: u64 = 0x1000;

/// An address that counts through a table: `start + index * step`, or a pointer that begins at `start` and moves on by `step`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// Address of the first row.
    pub(super) start: u64,
    /// From row to row.
    pub(super) step: u64,
    /// What counts: of a pointer that moves on, itself.
    pub(super) index: Expr,
}

/// One row of a table, as a function sees it: the value of whatever counts through the table, or points to the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Row {
    /// What counts or points.
    pub(super) of: Expr,
    /// The number that it is.
    pub(super) is: u64,
}

impl Unit<'_> {
    /// The row at `address`, where `expr` counts through its table.
    pub(super) fn row(&self, local: &Local, expr: Expr, address: u64) -> Option<Row> {
        let run = self.run(local, expr).filter(|_| self.rows_of(local, expr).contains(&address))?;
        let is = if run.index == expr { address } else { address.checked_sub(run.start)?.checked_div(run.step)? };
        Some(Row { of: run.index, is })
    }

    /// The rows of the table of which `address` is a field of some row. The table may begin before the field does: counted from there its
    /// last row is seen, too.
    pub(super) fn rows_around(&self, local: &Local, address: Expr) -> Vec<Row> {
        let Some(run) = self.run(local, address) else { return Vec::new() };
        let word = width_of(self.machine).bytes();
        if !(word..=STEP).contains(&run.step) {
            return Vec::new();
        }
        let before = (0..run.step.min(ROW) / word).map(|index| run.start.wrapping_sub(index * word));
        let seen = before.map(|start| self.rows(start, run.step).len()).max().unwrap_or(0) as u64;
        let pointer = run.index == address;
        let rows = self.rounds(local, run, pointer).filter(|_| seen > 0).unwrap_or(seen);
        (0..rows).map(|row| Row { of: run.index, is: if pointer { run.start.wrapping_add(row * run.step) } else { row } }).collect()
    }

    /// Is it a number that counts up in a loop?
    pub(super) fn counts(&self, local: &Local, expr: Expr) -> bool {
        steps(local, expr, width_of(self.machine)).is_some()
    }

    /// The number that `expr` is at `row`, where nothing else has a part in it.
    pub(super) fn number_at(&self, local: &Local, expr: Expr, row: Row) -> Option<u64> {
        self.evaluate_at(local, expr, row, &mut { PARTS })
    }

    fn evaluate_at(&self, local: &Local, expr: Expr, row: Row, left: &mut u32) -> Option<u64> {
        *left = left.checked_sub(1)?;
        if expr == row.of {
            return Some(row.is);
        }
        let mut part = |part: Expr| self.evaluate_at(local, part, row, left);
        match local.exprs.node(expr) {
            Node::Const(number) => Some(number),
            Node::Unary(op, width, a) => Some(unary(op, width, part(a)?)),
            Node::Binary(op, width, a, b) => Some(binary(op, width, part(a)?, part(b)?)),
            Node::Select(cond, yes, no) => {
                let chosen = if part(cond)? == 1 { yes } else { no };
                part(chosen)
            }
            Node::Leaf(_) => match local.leaf(expr)? {
                Leaf::Memory { at: Location { base: Some(base), offset }, width, .. } => {
                    self.constant_at(part(*base)?.wrapping_add(*offset), *width)
                }
                Leaf::Element { address, width, .. } => self.constant_at(part(*address)?, *width),
                Leaf::Join { block, .. } => self.beside(local, expr, *block, row),
                _ => None,
            },
        }
    }

    /// What comes together where the row does: what moves on in the same loop is known after as many rounds, and what is chosen on the same
    /// way is known with it.
    fn beside(&self, local: &Local, expr: Expr, block: u32, row: Row) -> Option<u64> {
        let width = width_of(self.machine);
        let (Some(Leaf::Join { block: of, slot }), Some(Leaf::Join { slot: other, .. })) = (local.leaf(row.of), local.leaf(expr)) else {
            return None;
        };
        if *of != block {
            return None;
        }
        if let (Some((first, by)), Some((start, step))) = (steps(local, row.of, width), steps(local, expr, width)) {
            let rounds = row.is.checked_sub(local.exprs.value(first)?)? / by;
            return Some(local.exprs.value(start)?.wrapping_add(rounds.wrapping_mul(step)) & width.mask());
        }
        let mut found = None;
        for (way, from, edge) in local.ways(block, *slot) {
            if local.exprs.value(way)? == row.is {
                let (here, ..) = local.ways(block, *other).find(|(_, before, index)| (*before, *index) == (from, edge))?;
                let number = local.exprs.value(here)?;
                if found.replace(number).is_some_and(|known| known != number) {
                    return None;
                }
            }
        }
        found
    }

    /// What stands at an address that nobody writes to.
    fn constant_at(&self, address: u64, width: Width) -> Option<u64> {
        let address = address & width_of(self.machine).mask();
        self.is_unwritten(address, width.bytes()).then(|| self.program.memory.number(address, width)).flatten()
    }

    /// `expr` as an address that counts through what begins at a fixed address.
    pub(super) fn run(&self, local: &Local, expr: Expr) -> Option<Run> {
        let width = width_of(self.machine);
        let (start, step, index) = match local.exprs.node(expr) {
            Node::Leaf(_) => {
                let (start, step) = steps(local, expr, width)?;
                (local.exprs.value(start)?, step, expr)
            }
            Node::Binary(..) => {
                let sum = linear(&local.exprs, expr, width)?;
                (sum.constant, sum.factor, sum.of?)
            }
            _ => return None,
        };
        self.program.memory.holds(start).then_some(Run { start, step, index })
    }

    /// The rows of the table through which `expr` counts: their addresses. None where it is no such address, or where no row is known.
    pub(super) fn rows_of(&self, local: &Local, expr: Expr) -> Vec<u64> {
        let Some(run) = self.run(local, expr) else { return Vec::new() };
        let width = width_of(self.machine);
        // Where an index is one of a few numbers, those are the rows.
        let mut indices = BTreeSet::new();
        if run.index != expr && choices(local, run.index, CHOICES, &mut indices) {
            let rows = indices.into_iter().map(|index| index.wrapping_mul(run.step).wrapping_add(run.start) & width.mask());
            return rows.filter(|row| self.program.memory.holds(*row)).collect();
        }
        if !(width.bytes()..=STEP).contains(&run.step) {
            return Vec::new();
        }
        let rows = self.rows(run.start, run.step);
        match self.rounds(local, run, run.index == expr) {
            Some(rounds) if !rows.is_empty() => {
                let all = (0..rounds).map(|row| run.start.wrapping_add(row * run.step) & width.mask());
                all.take_while(|row| self.program.memory.holds(*row)).collect()
            }
            _ => rows,
        }
    }

    /// How many rows a loop goes through that ends at a number: `p != TABLE + 3`, `i < 3`. None where it is not known to.
    fn rounds(&self, local: &Local, run: Run, is_pointer: bool) -> Option<u64> {
        let width = width_of(self.machine);
        let (first, step) = steps(local, run.index, width)?;
        let first = local.exprs.value(first)?;
        // A table that is counted through from its middle on has rows before.
        if !is_pointer && first != 0 {
            return None;
        }
        let mut rounds: Vec<u64> = local
            .branches
            .values()
            .filter_map(|(_, branch)| {
                let Branch::If(cond) = branch else { return None };
                let Node::Binary(op, on, a, b) = local.exprs.node(*cond) else { return None };
                let limit = local.exprs.value(b).filter(|_| on == width)?;
                let by = local.beyond(a, run.index, width)?;
                let last = match op {
                    Binary::Eq | Binary::Ne | Binary::LtS | Binary::LtU => limit,
                    Binary::LeS | Binary::LeU => limit.wrapping_add(1),
                    _ => return None,
                };
                let far = last.checked_sub(first).filter(|far| far % step == 0 && (by == 0 || by == step))?;
                Some(far / step).filter(|rounds| (1..=ROWS).contains(rounds))
            })
            .collect();
        rounds.dedup();
        rounds.pop().filter(|_| rounds.is_empty())
    }

    /// Rows that begin at `start`, `step` bytes apart: as many as have pointers, or nothing, where the first one has pointers. None where
    /// it has no pointer: such rows look like anything.
    pub(super) fn rows(&self, start: u64, step: u64) -> Vec<u64> {
        let word = width_of(self.machine).bytes();
        let columns: Vec<u64> =
            (0..step.min(ROW) / word).map(|index| index * word).filter(|by| self.is_pointer(start.wrapping_add(*by))).collect();
        let (Some(first), end) = (columns.first(), self.end(start, step)) else { return Vec::new() };
        let mut rows = Vec::new();
        for at in (0..ROWS).map(|row| start.wrapping_add(row * step)).take_while(|at| *at < end || *at == start) {
            let pointer = |by: &u64| self.is_pointer(at.wrapping_add(*by));
            let empty = |by: &u64| self.program.memory.number(at.wrapping_add(*by), width_of(self.machine)) == Some(0);
            let whole = columns.iter().all(|by| pointer(by) || empty(by)) && columns.iter().any(pointer);
            // What is counted may begin within a row: then the last one ends early.
            if whole || pointer(first) {
                rows.push(at);
            }
            if !whole {
                break;
            }
        }
        rows
    }

    /// Where the rows from `start` on end at the latest: at a place between two rows that the program names.
    fn end(&self, start: u64, step: u64) -> u64 {
        let last = start.saturating_add(step.saturating_mul(ROWS));
        let named = self.named.range(start.saturating_add(step)..last);
        named.copied().find(|address| (address - start) % step == 0).unwrap_or(last)
    }

    fn is_pointer(&self, at: u64) -> bool {
        let program = self.program;
        program.pointers.contains_key(&at) || program.memory.pointer(at).is_some_and(|to| program.memory.holds(to) && to >= LOW)
    }
}

/// What a pointer, or a count, that moves on in a loop begins with, and by how much it moves.
pub(super) fn steps(local: &Local, expr: Expr, width: Width) -> Option<(Expr, u64)> {
    let Leaf::Join { block, slot } = local.leaf(expr)? else { return None };
    let (mut start, mut step) = (None, None);
    for (way, ..) in local.ways(*block, *slot) {
        let same = match local.beyond(way, expr, width) {
            Some(by) => step.replace(by).is_none_or(|known| known == by),
            None => start.replace(way).is_none_or(|known| known == way),
        };
        if !same {
            return None;
        }
    }
    Some((start?, step.filter(|step| *step > 0)?))
}

/// The numbers that `expr` can be, where it is one of a few: false where it can be something else.
fn choices(local: &Local, expr: Expr, depth: u32, found: &mut BTreeSet<u64>) -> bool {
    if depth == 0 || found.len() as u64 > ROWS {
        return false;
    }
    match local.exprs.node(expr) {
        Node::Const(number) => {
            found.insert(number);
            true
        }
        Node::Select(_, yes, no) => choices(local, yes, depth - 1, found) && choices(local, no, depth - 1, found),
        Node::Leaf(_) => match local.leaf(expr) {
            Some(Leaf::Join { block, slot }) => local.ways(*block, *slot).all(|(way, ..)| choices(local, way, depth - 1, found)),
            _ => false,
        },
        _ => false,
    }
}

/// `factor * of + constant`.
#[derive(Debug, Clone, Copy)]
struct Linear {
    constant: u64,
    factor: u64,
    of: Option<Expr>,
}

/// `expr` as a sum over one thing that is not known.
fn linear(exprs: &Exprs, expr: Expr, width: Width) -> Option<Linear> {
    let scaled = |sum: Linear, by: u64| Linear {
        constant: sum.constant.wrapping_mul(by) & width.mask(),
        factor: sum.factor.wrapping_mul(by) & width.mask(),
        ..sum
    };
    match exprs.node(expr) {
        Node::Const(constant) => Some(Linear { constant, factor: 0, of: None }),
        Node::Binary(Binary::Add, on, a, b) if on == width => {
            let (a, b) = (linear(exprs, a, width)?, linear(exprs, b, width)?);
            if a.of.is_some() && b.of.is_some() && a.of != b.of {
                return None;
            }
            Some(Linear {
                constant: a.constant.wrapping_add(b.constant) & width.mask(),
                factor: a.factor.wrapping_add(b.factor) & width.mask(),
                of: a.of.or(b.of),
            })
        }
        Node::Binary(Binary::Mul, on, a, by) if on == width && exprs.value(by).is_some() => {
            Some(scaled(linear(exprs, a, width)?, exprs.value(by)?))
        }
        Node::Binary(Binary::Shl, on, a, by) if on == width => match exprs.value(by) {
            Some(by) if by < 32 => Some(scaled(linear(exprs, a, width)?, 1 << by)),
            _ => Some(Linear { constant: 0, factor: 1, of: Some(expr) }),
        },
        _ => Some(Linear { constant: 0, factor: 1, of: Some(expr) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const W: Width = Width::W32;

    /// `table + i * 12`, as it is computed by shifts and sums: `((i + (i << 1)) << 2) + table`, and with fields before and behind.
    #[test]
    fn a_count_by_shifts_and_sums() {
        let mut all = Exprs::default();
        let (index, one, two, four, table) = (all.leaf(0), all.constant(1), all.constant(2), all.constant(4), all.constant(0x2000));
        let twice = all.intern(Node::Binary(Binary::Shl, W, index, one));
        let thrice = all.intern(Node::Binary(Binary::Add, W, index, twice));
        let by = all.intern(Node::Binary(Binary::Shl, W, thrice, two));
        let row = all.intern(Node::Binary(Binary::Add, W, by, table));
        let field = all.intern(Node::Binary(Binary::Add, W, row, four));
        let sum = linear(&all, field, W).expect("a sum");
        assert_eq!((sum.constant, sum.factor, sum.of), (0x2004, 12, Some(index)));
    }

    #[test]
    fn a_sum_of_two_things() {
        let mut all = Exprs::default();
        let (a, b) = (all.leaf(0), all.leaf(1));
        let sum = all.binary(Binary::Add, W, a, b);
        assert!(linear(&all, sum, W).is_none());
    }
}
