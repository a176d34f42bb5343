//! Tests of unpacking, in one binary.

mod archives;
mod diff_disks;
mod diff_squashfs;
mod diff_flash;
mod fixtures;
mod mutations;
