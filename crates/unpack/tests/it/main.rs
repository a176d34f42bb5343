//! Tests of unpacking, in one binary.

mod diff_boot;
mod fixtures;
