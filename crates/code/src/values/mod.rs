//! Values: what a variable or a word of memory holds, as an expression over what is not known within the function.
//!
//! One function at a time ([`Local`]): its calls with their arguments, its stores, its decisions. What it does not know itself (what a
//! caller passed, what a callee left in memory) is a [`Leaf`], a question that `flow` puts to the rest of the program when it
//! matters.

mod cfg;
mod choices;
mod counts;
mod expr;
mod leaf;
mod local;
mod memory;
mod run;
mod simplify;

pub use cfg::Shape;
pub use expr::{COUNT, Expr, Exprs, Node};
pub use leaf::{CallId, Leaf, Location, Slot};
pub use local::{Address, Branch, Call, Callee, Local, Outside, Return, Store, bases, width_of};
pub use memory::Snapshot;
