//! What is not known within a function, by where it came from.
//!
//! Each is a question that can be put to the rest of the program: what did the callers pass, what did the callee give back, what did
//! it leave in memory. The questions are asked on demand (see `flow`), never in advance.

use super::{Expr, memory::Snapshot};
use crate::ir::{Var, Width};

/// Number of a call in [`super::Local::calls`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u32);

/// A place in memory: an address that is `base + offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// What the address counts from; none for addresses that are numbers.
    pub base: Option<Expr>,
    /// Offset from it, or the address.
    pub offset: u64,
}

/// A leaf of an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Leaf {
    /// A register as the function found it: an argument, the stack pointer, something of a caller's.
    Entry(Var),
    /// What a call gave back in a register.
    Result(CallId, Var),
    /// What stood in memory, at a state of memory.
    Memory {
        /// Where.
        at: Location,
        /// How much.
        width: Width,
        /// When: a leaf of kind [`Leaf::Start`], [`Leaf::Called`] or [`Leaf::Join`].
        state: Expr,
    },
    /// Some element of what stands at an address whose offset is not known.
    Element {
        /// The address.
        address: Expr,
        /// How much.
        width: Width,
        /// When.
        state: Expr,
    },
    /// Different values come together at the start of a block: one for each edge that leads there, in the order of
    /// [`super::cfg::Shape::before`].
    Join {
        /// The block.
        block: u32,
        /// What joins.
        slot: Slot,
    },
    /// Memory at the start of the function.
    Start,
    /// Memory behind a call.
    Called {
        /// The call.
        call: CallId,
        /// Memory before it.
        before: Snapshot,
    },
    /// The address of a name from elsewhere: the slot that the loader fills with it.
    Import(u64),
    /// Nobody knows.
    Unknown,
}

/// What can differ between the ways to a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// A variable.
    Var(Var),
    /// A word of memory.
    Memory(Location, Width),
    /// The state of all other memory.
    State,
}
