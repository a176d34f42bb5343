//! Tests of unpacking, in one binary.

mod archives;
mod diff_disks;
mod diff_squashfs;
mod fixtures;
mod mutations;
