//! From the text of a script to a small tree of our own.
//!
//! `tree-sitter-bash` reads the text; `lower` turns its concrete tree into the few kinds of `tree`, so that the quirks of the grammar
//! (a here-document holds the pipeline that follows it, `[` has a syntax of its own) end here and nothing behind needs to know them.

mod lower;
mod parse;
mod plain;
pub mod tree;
mod words;

pub use parse::parse;
