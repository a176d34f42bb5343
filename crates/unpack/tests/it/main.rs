//! Tests of unpacking, in one binary.

mod archives;
mod fixtures;
mod mutations;
