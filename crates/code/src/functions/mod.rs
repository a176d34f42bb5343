//! Functions: which bytes are code, where functions begin and end, and how control moves within each.
//!
//! ```text
//! what names a function ─┐            ┌─ calls ──────────┐
//!   entry, symbols,      ├─> queue ─> walk ─> blocks      │ until nothing is new
//!   unwind tables,       │            └─ constants that ─┘
//!   pointers in data ────┘               point at code
//! what is left between the functions ─> scan ─> queue
//! ```
//!
//! A *walk* ([`walk`]) follows control from a function's entry over its blocks; it decodes every instruction once, ever. Indirect jumps are
//! resolved by [`tables`]. A call that never comes back ends its block: names of such functions are data, others are found by
//! [`Code`]'s own rule (no block of it returns).
//!
//! **Limitations**: a function that is reached only through pointers computed at run time is found by the scan, if it begins as
//! functions do. Blocks shared by two functions belong to the one that was walked first; the other has an edge out.

mod code;
mod discover;
mod known;
mod plausible;
mod seeds;
mod tables;
mod walk;

pub use code::{Block, Code, Edge, EdgeKind, Function, FunctionId, Instruction};
pub use discover::discover;
pub use seeds::FoundBy;

/// What is done at most.
pub mod limits {
    /// Functions of one file.
    pub const FUNCTIONS: usize = 200_000;
    /// Instructions of one function.
    pub const INSTRUCTIONS: usize = 100_000;
    /// Entries of one jump table.
    pub const CASES: u64 = 1024;
}
