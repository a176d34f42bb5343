//! Tests of unpacking, in one binary.

mod archives;
mod diff_disks;
mod fixtures;
mod mutations;
