//! Tests of unpacking, in one binary.

mod fixtures;
mod mutations;
