//! Values: what a variable or a word of memory holds, as an expression over what is not known.

mod expr;
mod simplify;

pub use expr::{Expr, Exprs, Node};
