//! Tests of unpacking, in one binary.

mod diff_flash;
mod fixtures;
