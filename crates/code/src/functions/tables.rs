//! Jump tables: where an indirect jump of a `switch` leads.
//!
//! Compilers write them in a dozen ways (`ldrls pc, [pc, r3, lsl #2]`, `addls pc, pc, r3, lsl #2`, `tbb`, `tbh`, a table of distances in
//! position-independent code), and tools that know the ways miss the next one. Here the meaning is used instead: the instructions before
//! the jump are read as expressions, one unknown in the jump's target is taken for the index, and the jump is *computed* for one value
//! of the index after the other. How many values there are is said by, in this order:
//!
//! 1. the conditions on the way, of as few blocks as possible: a way is one of many, and what holds on it need not hold on the others;
//! 2. the index itself, where it is a byte or masked;
//! 3. the table, where it stands right behind the jump: it ends where the code of the first case begins.
//!
//! There may also be no table: jumps or pieces of code of one length stand behind the jump, and the target is computed from the index.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use super::{
    known::{Known, State},
    limits,
    trace::{Leaf, Step, Trace},
};
use crate::{
    ir::{Binary, Flow, Machine, Mode, Op, Place, Target, Var, Width},
    lift::{Cursor, Lifter},
    load::Program,
    values::{Expr, Node},
};

/// Entries that a table without any bound in the code may have.
const MASKED: usize = 256;
/// How far behind a jump the place may be that it counts from.
const NEAR: u64 = 64;
/// Bytes of a piece of code, of which a jump leaves out some: from one instruction of A32 on.
const PIECE: Range<u64> = 4..65;

/// A jump to a computed address, and what is known about it.
pub struct Jump<'a> {
    /// Blocks on one way to it; the last one is the jump's own.
    pub way: &'a [Vec<Step<'a>>],
    /// What variables hold at the jump.
    pub state: &'a State,
    /// How its cases are read.
    pub mode: Mode,
    /// The function that it stands in: from its entry to the first that is surely another's.
    pub bounds: Range<u64>,
}

/// A jump table.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Index and where it leads.
    pub cases: Vec<(u32, Place)>,
    /// Addresses of the entries that were read, and their bytes.
    pub reads: BTreeSet<(u64, u64)>,
}

/// Where `jump` leads; none where it may leave the function. A table without cases is one that could not be read.
pub fn resolve(program: &Program<'_>, lifter: &dyn Lifter, jump: &Jump<'_>) -> Option<Table> {
    let machine = lifter.machine();
    let behind = jump.way.last()?.last().map(|step| step.instruction.address + u64::from(step.instruction.lifted.len))?;
    let ways = (0..jump.way.len()).rev().filter_map(|first| jump.way.get(first..));
    // What registers hold at the jump is known of this one way only: an index may hold a number there. It comes second.
    let traces = ways.flat_map(|way| {
        [BTreeMap::new(), fixed(way, jump.state, machine)].map(|fixed| Trace::of(program, machine, way.iter().flatten(), &fixed))
    });
    let mut unbounded = Vec::new();
    for trace in traces {
        let target = trace.target?;
        // From the target inwards: the first part that is bounded is what the code compares.
        for index in trace.parts(target).into_iter().rev() {
            if let Some(found) = bounded(&trace, program, lifter, jump.mode, target, index) {
                return Some(by_leaf(&trace, program, lifter, jump.mode, target, index, found));
            }
        }
        unbounded.push(trace);
    }
    let inline = unbounded.iter().find_map(|trace| {
        let target = trace.target?;
        let inline = Inline { trace, program, lifter, bounds: &jump.bounds, behind };
        trace
            .parts(target)
            .into_iter()
            .find_map(|index| inline.table(target, index).or_else(|| inline.jumps(target, index)).or_else(|| inline.pieces(target, index)))
    });
    inline.or_else(|| unbounded.first().filter(|trace| is_near(trace, &jump.bounds, behind)).map(|_| Table::default()))
}

/// The same table by the value that the index was computed from, where that is as good: others know that one.
fn by_leaf(trace: &Trace<'_>, program: &Program<'_>, lifter: &dyn Lifter, mode: Mode, target: Expr, index: Expr, found: Table) -> Table {
    let mut leaves = Vec::new();
    trace.exprs().leaves(index, &mut leaves);
    let [leaf] = leaves[..] else { return found };
    let leaf = trace.exprs().leaf_expr(leaf).filter(|leaf| *leaf != index);
    let inner = leaf.and_then(|leaf| bounded(trace, program, lifter, mode, target, leaf));
    inner.filter(|inner| inner.cases.len() == found.cases.len()).unwrap_or(found)
}

/// Is the target computed from a place close behind the jump?
fn is_near(trace: &Trace<'_>, bounds: &Range<u64>, behind: u64) -> bool {
    let near = behind..bounds.end.min(behind + NEAR);
    let mut rest: Vec<Expr> = trace.target.into_iter().collect();
    while let Some(expr) = rest.pop() {
        match trace.exprs().node(expr) {
            Node::Const(value) if near.contains(&value) => return true,
            Node::Const(_) => {}
            Node::Binary(_, _, a, b) => rest.extend([a, b]),
            Node::Unary(_, _, a) => rest.push(a),
            Node::Select(a, b, c) => rest.extend([a, b, c]),
            Node::Leaf(leaf) => {
                // An entry of a table: its index is scaled.
                if let Some(Leaf::Load(address, _)) = trace.leaf(leaf)
                    && let Node::Binary(Binary::Add, _, index, _) = trace.exprs().node(address)
                    && matches!(trace.exprs().node(index), Node::Binary(Binary::Shl, ..))
                {
                    rest.push(address);
                }
            }
        }
    }
    false
}

/// Numbers that variables hold all along `way`: what they are at its end, where nothing on it writes them.
fn fixed(way: &[Vec<Step<'_>>], state: &State, machine: &Machine) -> BTreeMap<Var, u64> {
    let mut fixed: BTreeMap<Var, u64> = BTreeMap::new();
    for var in (0..machine.first_temporary()).map(Var) {
        if let Some(Known::Number(value)) = state.get(var.into()) {
            fixed.insert(var, value);
        }
    }
    for op in way.iter().flatten().flat_map(|step| &step.instruction.lifted.ops) {
        match op {
            Op::Copy { to, .. }
            | Op::Unary { to, .. }
            | Op::Binary { to, .. }
            | Op::Select { to, .. }
            | Op::Load { to, .. }
            | Op::Clobber { to } => drop(fixed.remove(to)),
            Op::Store { .. } | Op::ClobberMemory { .. } => {}
        }
    }
    fixed
}

/// The table for the values of `index` that the conditions on the way, or the index itself, let through.
fn bounded(trace: &Trace<'_>, program: &Program<'_>, lifter: &dyn Lifter, mode: Mode, target: Expr, index: Expr) -> Option<Table> {
    let machine = lifter.machine();
    let guards: Vec<_> = trace.guards.iter().copied().filter(|(guard, _)| trace.parts(*guard).contains(&index)).collect();
    let byte = match trace.exprs().node(index) {
        Node::Leaf(leaf) => matches!(trace.leaf(leaf), Some(Leaf::Load(_, Width::W8))),
        _ => false,
    };
    let mut best = None;
    for start in starts(trace, index, &guards) {
        let count = if byte && start == 0 { 256 } else { limits::CASES };
        let mut table = Table::default();
        let mut cut = false;
        for number in 0..count {
            let value = start.wrapping_add(number) & mask(machine);
            let held = |(guard, held): &(Expr, bool)| {
                trace.evaluate(*guard, index, value, &mut BTreeSet::new()).is_none_or(|cond| (cond == 1) == *held)
            };
            // A bound keeps out the last of them; another condition only some.
            cut = !guards.iter().all(held);
            if cut {
                continue;
            }
            let place = machine.place_of(trace.evaluate(target, index, value, &mut table.reads)?);
            let aligned = place.address.is_multiple_of(lifter.alignment(mode));
            if place.mode != mode || !aligned || !program.memory.executable(place.address) {
                // Entries of a table are all good or it is none.
                return best;
            }
            table.cases.push((value as u32, place));
        }
        let masked = !table.reads.is_empty() && table.reads.len() <= MASKED;
        if !cut && masked {
            // The same entries again and again: one round of them.
            table.cases.truncate(table.reads.len());
        }
        if (cut || masked) && table.cases.len() > best.as_ref().map_or(1, |best: &Table| best.cases.len()) {
            best = Some(table);
        }
    }
    best
}

/// The numbers that are added to the index on its way: an index that starts at 100 is scanned from 100 on.
fn starts(trace: &Trace<'_>, index: Expr, guards: &[(Expr, bool)]) -> BTreeSet<u64> {
    let mut starts = BTreeSet::from([0]);
    for part in guards.iter().flat_map(|(guard, _)| trace.parts(*guard)) {
        if let Node::Binary(Binary::Add, width, a, b) = trace.exprs().node(part)
            && let (true, Some(offset)) = (a == index, trace.exprs().value(b))
        {
            starts.insert(offset.wrapping_neg() & width.mask());
        }
    }
    starts
}

/// What stands right behind a jump without a bound.
struct Inline<'a> {
    trace: &'a Trace<'a>,
    program: &'a Program<'a>,
    lifter: &'a dyn Lifter,
    bounds: &'a Range<u64>,
    behind: u64,
}

impl Inline<'_> {
    /// Entries, one behind the other, up to where the first of them leads.
    fn table(&self, target: Expr, index: Expr) -> Option<Table> {
        let mut table = Table::default();
        let mut end = self.bounds.end;
        let mut next = None;
        for number in 0..limits::CASES {
            let mut reads = BTreeSet::new();
            let value = self.trace.evaluate(target, index, number, &mut reads)?;
            let place = self.lifter.machine().place_of(value);
            let (at, len) = reads.last().copied()?;
            let follows = match next {
                Some(next) => at == next,
                None => (self.behind..self.behind + 8).contains(&at),
            };
            let aligned = place.address.is_multiple_of(self.lifter.alignment(place.mode));
            let own = self.bounds.contains(&place.address) && self.program.memory.executable(place.address);
            if !follows || at + len > end || !aligned || !own {
                break;
            }
            if place.address > at {
                end = end.min(place.address);
            }
            next = Some(at + len);
            table.reads.insert((at, len));
            table.cases.push((number as u32, place));
        }
        (table.cases.len() > 1 && end < self.bounds.end).then_some(table)
    }

    /// Jumps, one behind the other.
    fn jumps(&self, target: Expr, index: Expr) -> Option<Table> {
        let mut table = Table::default();
        let mut last = None;
        for number in 0..limits::CASES {
            let mut reads = BTreeSet::new();
            let value = self.trace.evaluate(target, index, number, &mut reads)?;
            let place = self.lifter.machine().place_of(value);
            let follows = match last {
                Some(end) => place.address == end,
                None => (self.behind..self.behind + 8).contains(&place.address),
            };
            let bytes = self.program.memory.raw(place.address).unwrap_or_default();
            let lifted = self.lifter.lift(bytes, &mut Cursor::at(place)).ok();
            let jump = lifted.filter(|lifted| matches!(lifted.flow, Flow::Jump { to: Target::At(_), cond: None }));
            let Some(jump) = jump.filter(|_| follows && reads.is_empty() && self.bounds.contains(&place.address)) else { break };
            last = Some(place.address + u64::from(jump.len));
            table.cases.push((number as u32, place));
        }
        (table.cases.len() > 1).then_some(table)
    }

    /// Pieces of code, equally long, one behind the other and without a jump in them: a loop written out, as division in software is.
    /// Control comes in at any of them and goes through all that follow, so that too many do no harm.
    fn pieces(&self, target: Expr, index: Expr) -> Option<Table> {
        let piece = |number: u64| {
            let mut reads = BTreeSet::new();
            let value = self.trace.evaluate(target, index, number, &mut reads)?;
            let place = self.lifter.machine().place_of(value);
            (reads.is_empty() && self.bounds.contains(&place.address)).then_some(place)
        };
        let first = piece(0).filter(|first| (self.behind..self.behind + NEAR).contains(&first.address))?;
        let len = piece(1)?.address.checked_sub(first.address).filter(|len| PIECE.contains(len))?;
        let mut table = Table::default();
        for number in 0..limits::CASES {
            let Some(place) = piece(number).filter(|place| place.address == first.address + number * len) else { break };
            table.cases.push((number as u32, place));
            if !self.is_straight(place, len) {
                break;
            }
        }
        (table.cases.len() > 2).then_some(table)
    }

    /// Are the `len` bytes at `place` whole instructions that go on to the next one?
    fn is_straight(&self, place: Place, len: u64) -> bool {
        let mut cursor = Cursor::at(place);
        let end = place.address + len;
        while cursor.place.address < end {
            let lifted = self.program.memory.raw(cursor.place.address).and_then(|bytes| self.lifter.lift(bytes, &mut cursor).ok());
            if lifted.is_none_or(|lifted| lifted.flow != Flow::Next) {
                return false;
            }
        }
        cursor.place.address == end && cursor.state == 0
    }
}

fn mask(machine: &Machine) -> u64 {
    u64::MAX >> (64 - 8 * u32::from(machine.pointer))
}
