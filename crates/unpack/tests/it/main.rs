//! Tests of unpacking, in one binary.

mod archives;
mod diff_boot;
mod diff_disks;
mod diff_flash;
mod diff_squashfs;
mod fixtures;
mod mutations;
