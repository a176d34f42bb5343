//! One function, read as expressions: what it passes to its calls, what it stores, on what it branches, what it gives back.
//!
//! Blocks are run until nothing changes. Where ways come together and bring different values, the value becomes a [`Leaf::Join`] of its
//! own; the ways' values can be asked for afterwards ([`Local::ways`]). A value that became a join once stays one, so the work ends
//! after few rounds.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{
    COUNT, Expr, Exprs, Node,
    cfg::Shape,
    leaf::{CallId, Leaf, Location, Slot},
    memory::Snapshot,
    run::Runner,
};
use crate::{
    functions::{Code, Function},
    ir::{Machine, Place, Var, Width},
    load::Program,
};

/// Joins between a value and what it is more than.
const JOINS: usize = 16;
/// Terms of this rank may be counts as well as pointers ([`Exprs::unlike_pointer`]).
const UNSURE: u8 = 5;
/// Terms of lower rank are pointers: the stack, names from elsewhere, what an allocator gave.
const COUNTABLE: u8 = 3;
/// No structure is as large as this.
const FAR: u64 = 0x10000;
/// Structures are not larger than this, mostly.
const FIELDS: u64 = 0x1000;
/// Where a file's headers end, and something can stand that a program points to.
const HEADERS: u64 = 0x100;

/// Whom a call calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callee {
    /// A function at a fixed place.
    At(Place),
    /// Whatever this value is the address of.
    Value(Expr),
}

/// A call, or a jump that leaves the function for another one.
#[derive(Debug, Clone)]
pub struct Call {
    /// Address of the instruction.
    pub site: u64,
    /// Block it ends or stands in.
    pub block: u32,
    /// Whom.
    pub callee: Callee,
    /// What the argument registers hold.
    pub arguments: Vec<Expr>,
    /// The stack pointer: further arguments stand above it.
    pub stack: Expr,
    /// Memory before it.
    pub memory: Snapshot,
    /// It happens only where this is 1.
    pub cond: Option<Expr>,
    /// It does not come back here.
    pub tail: bool,
}

/// Where a store goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    /// To a place.
    At(Location),
    /// Somewhere within what begins at a place.
    Within(Location),
}

/// A store.
#[derive(Debug, Clone, Copy)]
pub struct Store {
    /// Address of the instruction.
    pub site: u64,
    /// Block.
    pub block: u32,
    /// Where.
    pub at: Address,
    /// The same as it was computed, where it is a place that is counted.
    pub address: Option<Expr>,
    /// How much.
    pub width: Width,
    /// What.
    pub value: Expr,
    /// It happens only where this is 1.
    pub cond: Option<Expr>,
}

/// On what a block's last instruction decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Branch {
    /// A condition: [`crate::functions::EdgeKind::Next`] where it is 0, the other edge where it is 1.
    If(Expr),
    /// A jump table's target; the cases are on the edges.
    Switch(Expr),
}

/// An end of the function that comes back to the caller.
#[derive(Debug, Clone)]
pub struct Return {
    /// Block.
    pub block: u32,
    /// Result registers.
    pub values: Vec<Expr>,
    /// Memory as it is left.
    pub memory: Snapshot,
}

/// A function as expressions.
#[derive(Debug)]
pub struct Local {
    /// Its expressions.
    pub exprs: Exprs,
    /// Meaning of its leaves.
    pub leaves: Vec<Leaf>,
    /// Its shape.
    pub shape: Shape,
    /// Calls, by address.
    pub calls: Vec<Call>,
    /// Stores, by address.
    pub stores: Vec<Store>,
    /// Decisions, by block.
    pub branches: BTreeMap<u32, (u64, Branch)>,
    /// Ends.
    pub returns: Vec<Return>,
    /// What comes together in joins: one value for each edge of [`Shape::before`].
    ways: HashMap<(u32, Slot), Vec<Option<Expr>>>,
    /// Offsets from the stack pointer at entry whose address leaves the function's own hands.
    pub escaped: BTreeSet<i64>,
    /// Those among them that are handed to a call, each the beginning of something of its own.
    pub handed: BTreeSet<i64>,
    /// It was too large to be read whole.
    pub cut: bool,
}

/// What the analysis of one function must know of the rest.
pub struct Outside<'a> {
    /// The program.
    pub program: &'a Program<'a>,
    /// Its code.
    pub code: &'a Code,
    /// Its processor.
    pub machine: &'static Machine,
    /// Does a call of this leave memory as it is?
    pub quiet: &'a (dyn Fn(&Callee) -> bool + Sync),
    /// Does a call of this wait for somebody?
    pub waits: &'a (dyn Fn(&Place) -> bool + Sync),
    /// Does a call of this give back a pointer (true), or a number that is none (false)? None where that is not known.
    pub gives: &'a (dyn Fn(&Callee) -> Option<bool> + Sync),
}

impl Local {
    /// Reads `function`.
    pub fn of(function: &Function, outside: &Outside<'_>) -> Self {
        Runner::new(function, outside).run()
    }

    /// A function of which nothing is read.
    pub fn empty() -> Self {
        Self::new(Exprs::default(), Vec::new(), Shape::default())
    }

    pub(super) fn new(exprs: Exprs, leaves: Vec<Leaf>, shape: Shape) -> Self {
        Self {
            exprs,
            leaves,
            shape,
            calls: Vec::new(),
            stores: Vec::new(),
            branches: BTreeMap::new(),
            returns: Vec::new(),
            ways: HashMap::new(),
            escaped: BTreeSet::new(),
            handed: BTreeSet::new(),
            cut: false,
        }
    }

    pub(super) fn set_ways(&mut self, block: u32, slot: Slot, values: Vec<Option<Expr>>) {
        self.ways.insert((block, slot), values);
    }

    /// The leaf that `expr` is.
    pub fn leaf(&self, expr: Expr) -> Option<&Leaf> {
        match self.exprs.node(expr) {
            Node::Leaf(number) => self.leaves.get(number as usize),
            _ => None,
        }
    }

    /// The values that come together in a join, with the block that each comes from and the index of its edge there.
    pub fn ways(&self, block: u32, slot: Slot) -> impl Iterator<Item = (Expr, u32, u32)> + '_ {
        let values = self.ways.get(&(block, slot)).map(Vec::as_slice).unwrap_or_default();
        let before = self.shape.before.get(block as usize).map(Vec::as_slice).unwrap_or_default();
        values.iter().zip(before).filter_map(|(value, (from, edge))| Some(((*value)?, *from, *edge)))
    }

    /// What `expr` is the one or the other of: the values that come together in it, or that a condition chooses between.
    pub fn sides(&self, expr: Expr) -> Option<Vec<Expr>> {
        match (self.exprs.node(expr), self.leaf(expr)) {
            (Node::Select(_, yes, no), _) => Some(vec![yes, no]),
            (_, Some(Leaf::Join { block, slot })) => Some(self.ways(*block, *slot).map(|(way, ..)| way).collect()),
            _ => None,
        }
    }

    /// Numbers that the function passes, stores, compares, gives back or counts from.
    pub fn constants(&self) -> BTreeSet<u64> {
        let decided = self.branches.values().map(|(_, branch)| match branch {
            Branch::If(value) | Branch::Switch(value) => *value,
        });
        let called = self.calls.iter().flat_map(|call| call.arguments.iter().copied());
        let stored = self.stores.iter().flat_map(|store| [Some(store.value), store.address].into_iter().flatten());
        let given = self.returns.iter().flat_map(|back| back.values.iter().copied());
        let joined = self.ways.values().flatten().flatten().copied();
        let mut waiting: Vec<Expr> = decided.chain(called).chain(stored).chain(given).chain(joined).collect();
        let (mut seen, mut found) = (HashSet::new(), BTreeSet::new());
        while let Some(expr) = waiting.pop() {
            if !seen.insert(expr) {
                continue;
            }
            match self.exprs.node(expr) {
                Node::Const(value) => _ = found.insert(value),
                Node::Unary(_, _, a) => waiting.push(a),
                Node::Binary(_, _, a, b) => waiting.extend([a, b]),
                Node::Select(a, b, c) => waiting.extend([a, b, c]),
                Node::Leaf(_) => match self.leaf(expr) {
                    Some(Leaf::Element { address, .. }) => waiting.push(*address),
                    Some(Leaf::Memory { at: Location { base: None, offset }, .. }) => _ = found.insert(*offset),
                    _ => {}
                },
            }
        }
        found
    }

    /// The call with this number.
    pub fn call(&self, id: CallId) -> Option<&Call> {
        self.calls.get(id.0 as usize)
    }

    /// The address `expr` as a place or as something within one.
    pub fn locate(&self, expr: Expr, program: &Program<'_>, machine: &Machine) -> Address {
        locate(&self.exprs, expr, program, width_of(machine))
    }

    /// Argument `index` of `call`: a register, or what stands on the stack.
    pub fn argument(&self, call: &Call, index: usize, program: &Program<'_>, machine: &Machine) -> Option<Expr> {
        if let Some(value) = call.arguments.get(index) {
            return Some(*value);
        }
        let width = width_of(machine);
        let Address::At(at) = locate(&self.exprs, call.stack, program, width) else { return None };
        let above = (index - machine.arguments.len()) as u64 * width.bytes();
        let at = Location { base: at.base, offset: at.offset.wrapping_add(above) & width.mask() };
        call.memory.get(at).map(|(_, value)| value)
    }

    /// What a pointer began as that moves on through what it points into, where that is one thing.
    pub fn began(&self, pointer: Expr, width: Width) -> Option<Expr> {
        let Some(Leaf::Join { block, slot }) = self.leaf(pointer) else { return Some(pointer) };
        let mut first = self.ways(*block, *slot).filter(|(way, from, _)| {
            let (base, _) = self.exprs.base_and_offset(*way, width);
            base != Some(pointer) && !self.shape.goes_back(*from, *block)
        });
        let (start, ..) = first.next()?;
        let (base, _) = self.exprs.base_and_offset(start, width);
        base.filter(|_| first.next().is_none())
    }

    /// By how much `value` is more than `expr`, where it is `expr` and a number on whatever way it came: through joins that turned out to
    /// join nothing else, as where it was put aside on one side of a branch.
    pub fn beyond(&self, value: Expr, expr: Expr, width: Width) -> Option<u64> {
        let (base, by) = self.exprs.base_and_offset(value, width);
        let base = base?;
        let (mut seen, mut waiting) = (vec![base], vec![base]);
        while let Some(base) = waiting.pop() {
            if base == expr {
                continue;
            }
            let Leaf::Join { block, slot } = self.leaf(base)? else { return None };
            for (way, ..) in self.ways(*block, *slot) {
                if !seen.contains(&way) {
                    seen.push(way);
                    waiting.push(way);
                }
            }
            if seen.len() > JOINS {
                return None;
            }
        }
        seen.contains(&expr).then_some(by)
    }

    /// A variable at the entry, if `expr` is one.
    pub fn entry(&self, expr: Expr) -> Option<Var> {
        match self.leaf(expr)? {
            Leaf::Entry(var) => Some(*var),
            _ => None,
        }
    }
}

/// Width of a pointer.
pub fn width_of(machine: &Machine) -> Width {
    if machine.pointer == 8 { Width::W64 } else { Width::W32 }
}

/// The terms of an address that can be what it counts from, each with the number that is added to it.
pub fn bases(exprs: &Exprs, expr: Expr, width: Width) -> (Vec<Expr>, u64) {
    let (base, offset) = exprs.base_and_offset(expr, width);
    let (mut terms, mut rest) = (Vec::new(), Vec::from_iter(base));
    while let Some(term) = rest.pop() {
        match exprs.node(term) {
            Node::Binary(crate::ir::Binary::Add, on, a, b) if on == width && terms.len() < 8 => rest.extend([b, a]),
            _ => terms.push(term),
        }
    }
    (terms, offset)
}

/// See [`Local::locate`].
pub fn locate(exprs: &Exprs, expr: Expr, program: &Program<'_>, width: Width) -> Address {
    // Most addresses are a leaf and a number: nothing is gathered for them.
    let (base, offset) = exprs.base_and_offset(expr, width);
    match base {
        None => return Address::At(Location { base: None, offset }),
        Some(base) if matches!(exprs.node(base), Node::Leaf(_)) => {
            // `line[have]`, where the count stands in memory itself, is the address of `line` and one leaf, as a field of what a pointer
            // points to is.
            let counts = exprs.unlike_pointer(base).is_some_and(|rank| rank >= COUNTABLE);
            let named = exprs.is_place(offset) || offset >= FAR;
            let within = counts && named && program.memory.segment(offset).is_some_and(|segment| segment.writable);
            return match within {
                true => Address::Within(Location { base: None, offset }),
                false => Address::At(Location { base: Some(base), offset }),
            };
        }
        Some(_) => {}
    }
    let (terms, offset) = bases(exprs, expr, width);
    let ranked = |term: &Expr| exprs.unlike_pointer(*term).map(|rank| (rank, term.0, *term));
    let pointer = terms.iter().filter_map(ranked).min();
    // In a file that may be loaded anywhere, offsets in structures are numbers at which something is mapped, too.
    let is_fixed = program.memory.holds(offset)
        && match pointer {
            Some((rank, ..)) if rank < UNSURE => offset >= FIELDS,
            Some((rank, ..)) if rank < COUNT => offset >= HEADERS,
            _ => true,
        };
    match (terms.as_slice(), pointer) {
        _ if is_fixed => Address::Within(Location { base: None, offset }),
        ([base], _) => Address::At(Location { base: Some(*base), offset }),
        (_, Some((_, _, pointer))) => Address::Within(Location { base: Some(pointer), offset }),
        (_, None) => Address::At(Location { base: exprs.base_and_offset(expr, width).0, offset }),
    }
}
