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
//! A *walk* ([`walk`], [`leave`]) follows control from a function's entry over its blocks. Indirect jumps are resolved by [`tables`]. A
//! call that never comes back ends its block: names of such functions are data, others are found by [`Code`]'s own rule (no block of it
//! returns), and by what stands behind the call: constants, or another function.
//!
//! [`discover`] orders the work by how sure its signs are: what the file states and what is called; addresses in data and code
//! ([`held`]); jumps that may be tail calls ([`jumps`]); what lies between the functions ([`gaps`]). What one step learns can make an
//! earlier walk wrong ([`correct`]). All that is guessed must look like a function ([`plausible`]).
//!
//! **Limitations**: a function that is reached only through pointers computed at run time is found by the scan, if it stands right
//! behind another one or begins as functions do. Blocks shared by two functions belong to the one that was walked first; the other has
//! an edge out. Code that decrypts or moves itself is not found.

mod claims;
mod code;
mod correct;
mod discover;
mod gaps;
mod held;
mod jumps;
mod known;
mod leave;
mod plausible;
mod seeds;
mod tables;
mod trace;
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
    /// Instructions of a function that is only guessed.
    pub const GUESSED: usize = 5_000;
    /// Instructions that are decoded for guesses, for each byte that may be executed.
    pub const GUESSED_PER_BYTE: u64 = 16;
    /// Entries of one jump table.
    pub const CASES: u64 = 1024;
    /// Times that one function is walked again as soon as something is learnt about it.
    pub const AGAIN: u32 = 16;
    /// Rounds of walking again; what is not settled then stays as it is.
    pub const ROUNDS: usize = 8;
}
