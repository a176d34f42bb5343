//! Tests of unpacking, in one binary.

mod diff_disks;
mod fixtures;
