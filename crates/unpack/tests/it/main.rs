//! Tests of unpacking, in one binary.

mod archives;
mod diff_disks;
mod diff_squashfs;
mod diff_flash;
mod diff_boot;
mod fixtures;
mod mutations;
