//! Trees of text under `fixtures/image`, hostile trees made here, and both again with programs that a script starts.

mod fixtures;
mod hostile;
mod pools;
mod tree;
