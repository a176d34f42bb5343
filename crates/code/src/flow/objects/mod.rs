//! Objects: what can a pointer point to, anywhere in the program?
//!
//! Inclusion constraints in the manner of Andersen (*Program Analysis and Specialization for the C Programming Language*, chapter 4),
//! told apart by field offset, not by call or by order in time. A *node* is an expression of a function, or a word of an object (a
//! *cell*); each holds a set of *places*: an object and an offset in it. Assignments are edges with a shift; loads and stores become
//! edges as soon as it is known what their addresses point to.
//!
//! Rows of a table that is filled from the start are told apart, where they are few. Which element of another array is meant is not told
//! apart: `a[i].field` is the field of the first. A node that would hold more places than
//! [`PLACES`] is *lost*: nothing is said of it, rather than everything.

mod graph;
mod read;

use std::{cell::RefCell, collections::BTreeMap};

use graph::Graph;

use super::{resolve::stride, unit::Unit};
use crate::{
    functions::FunctionId,
    ir::Width,
    values::{Address, CallId, Expr, Leaf, Local, Location, Store},
};

/// Places that one pointer can have.
const PLACES: usize = 24;
/// Functions among them, beside the others.
const FUNCTIONS: usize = 256;
/// Rows of one table that are told apart.
const APART: usize = 16;
/// Nodes of a program's graph.
const NODES: usize = 3_000_000;
/// Places handed along edges.
const STEPS: u64 = 60_000_000;

/// Something that pointers point into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Object {
    /// Memory at fixed addresses; the offset is the address.
    Fixed,
    /// The stack frame of a function; offsets count from its stack pointer at entry.
    Stack(FunctionId),
    /// Memory that this call allocated.
    Heap(FunctionId, CallId),
    /// Something of a library's own that this call gave back.
    Result(FunctionId, CallId),
    /// What a library function left behind this argument of its call.
    Written(FunctionId, CallId, u8),
    /// What is passed in this argument of a function that nobody is known to call.
    Argument(FunctionId, u8),
    /// A name from elsewhere, by the slot that the loader fills.
    Import(u64),
    /// What a word of an object points to that this program did not fill: see [`Objects::holder`].
    Behind(u32),
}

/// A place: an object and an offset in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pointee {
    /// The object.
    pub object: Object,
    /// The offset; of [`Object::Fixed`] the address.
    pub offset: u64,
}

/// Answers of a program about its objects.
pub struct Objects<'a> {
    graph: RefCell<Graph<'a>>,
    stores: BTreeMap<Pointee, Vec<(FunctionId, usize)>>,
    /// Those that go to one place after the other.
    counted: BTreeMap<Pointee, Vec<(FunctionId, usize)>>,
    writes: BTreeMap<Pointee, Vec<(FunctionId, CallId, u8)>>,
}

impl<'a> Objects<'a> {
    /// Reads all stores of `unit`.
    pub fn of(unit: &'a Unit<'a>) -> Self {
        let mut graph = Graph::new(unit);
        let (mut bases, mut writers) = (Vec::new(), Vec::new());
        for (number, local) in unit.locals.iter().enumerate() {
            let function = FunctionId(number as u32);
            for (index, store) in local.stores.iter().enumerate() {
                let (Address::At(Location { base, offset }) | Address::Within(Location { base, offset })) = store.at;
                if let Some(node) = base.and_then(|base| graph.expr(function, base)) {
                    bases.push((node, (function, index), offset, is_counted(local, store)));
                }
                graph.store(function, store, base, offset);
            }
            writers.extend(graph.library_writes(function, local));
            graph.registered(function, local);
        }
        graph.solve();
        let (mut stores, mut counted): (BTreeMap<Pointee, Vec<_>>, BTreeMap<Pointee, Vec<_>>) = (BTreeMap::new(), BTreeMap::new());
        for (node, store, offset, is_counted) in bases {
            for place in graph.places(node).iter().map(|place| graph.shifted(*place, offset)) {
                stores.entry(place).or_default().push(store);
                if is_counted {
                    counted.entry(place).or_default().push(store);
                }
            }
        }
        let mut writes: BTreeMap<Pointee, Vec<(FunctionId, CallId, u8)>> = BTreeMap::new();
        for (node, writer) in writers {
            for place in graph.places(node) {
                writes.entry(*place).or_default().push(writer);
            }
        }
        Self { graph: RefCell::new(graph), stores, counted, writes }
    }

    /// The places that `pointer` can have; nothing where that is not known.
    pub fn pointees(&self, function: FunctionId, pointer: Expr) -> Vec<Pointee> {
        let mut graph = self.graph.borrow_mut();
        let Some(node) = graph.expr(function, pointer) else { return Vec::new() };
        graph.solve();
        graph.places(node).to_vec()
    }

    /// What the word at `place` can point to.
    pub fn held(&self, place: Pointee) -> Vec<Pointee> {
        let mut graph = self.graph.borrow_mut();
        let Some(node) = graph.cell(place) else { return Vec::new() };
        graph.solve();
        graph.places(node).to_vec()
    }

    /// The table whose first row stands for all of them, and has something at `address`: how far into the row, and where the rows stand.
    pub fn table(&self, address: u64) -> Option<(u64, Vec<u64>)> {
        let graph = self.graph.borrow();
        let (start, (step, rows)) = graph.tables.range(..=address).next_back()?;
        (address - start < *step).then(|| (address - start, rows.clone()))
    }

    /// Stores of the program to this place, through pointers.
    pub fn stores(&self, place: Pointee) -> &[(FunctionId, usize)] {
        self.stores.get(&place).map(Vec::as_slice).unwrap_or_default()
    }

    /// Stores of the program, through pointers, to one place after the other, that begin in the `len` bytes from `place` on.
    pub fn counted_near(&self, place: Pointee, len: u64) -> impl Iterator<Item = (FunctionId, usize)> + '_ {
        let end = Pointee { object: place.object, offset: place.offset.saturating_add(len) };
        self.counted.range(place..end).flat_map(|(_, stores)| stores.iter().copied())
    }

    /// Calls of library functions that write to this place: function, call, number of the argument.
    pub fn writes(&self, place: Pointee) -> &[(FunctionId, CallId, u8)] {
        self.writes.get(&place).map(Vec::as_slice).unwrap_or_default()
    }

    /// Those that write there, or else at the nearest place in the `len` bytes in front of it; and the offset of that place.
    pub fn last_writes(&self, place: Pointee, len: u64) -> (u64, &[(FunctionId, CallId, u8)]) {
        let start = Pointee { object: place.object, offset: place.offset.saturating_sub(len) };
        let last = self.writes.range(start..=place).next_back();
        last.map(|(place, writes)| (place.offset, writes.as_slice())).unwrap_or_default()
    }

    /// Those that begin still further in front, in the `len` bytes before `place`, with the offset at which they do.
    pub fn writes_around(&self, place: Pointee, len: u64) -> impl Iterator<Item = (u64, &(FunctionId, CallId, u8))> {
        let start = Pointee { object: place.object, offset: place.offset.saturating_sub(len) };
        let (last, _) = self.last_writes(place, len);
        let end = Pointee { object: place.object, offset: last.max(start.offset) };
        self.writes.range(start..end).flat_map(|(at, writes)| writes.iter().map(move |write| (at.offset, write)))
    }

    /// The word that holds the pointer to a [`Object::Behind`].
    pub fn holder(&self, number: u32) -> Option<Pointee> {
        self.graph.borrow().behinds.get(number as usize).copied()
    }

    /// The object that was there first: `h->addr_list[0]` began with what `gethostbyname` gave.
    pub fn origin(&self, object: Object) -> Object {
        let mut at = object;
        while let Object::Behind(number) = at {
            match self.holder(number) {
                Some(holder) => at = holder.object,
                None => break,
            }
        }
        at
    }

    /// Did a limit end the work?
    pub fn cut(&self) -> bool {
        self.graph.borrow().cut
    }
}

/// Does a store go to one place after the other? Through a pointer that runs it does where bytes are stored, or whole words one after the
/// other that were loaded so: pointers in a row are no text.
fn is_counted(local: &Local, store: &Store) -> bool {
    let runs = |at: &Location| at.base.and_then(|base| stride(local, base)) == Some(store.width.bytes());
    let copied = || {
        let mut leaves = Vec::new();
        local.exprs.leaves(store.value, &mut leaves);
        let leaf = leaves.first().filter(|_| leaves.len() == 1).and_then(|leaf| local.leaves.get(*leaf as usize));
        matches!(leaf, Some(Leaf::Memory { at, width, .. }) if *width == store.width && runs(at))
    };
    match &store.at {
        Address::Within(_) => true,
        Address::At(at) => runs(at) && (store.width == Width::W8 || copied()),
    }
}
