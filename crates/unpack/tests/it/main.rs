//! Tests of unpacking, in one binary.

mod archives;
mod diff_archives;
mod diff_boot;
mod diff_disks;
mod diff_esp;
mod diff_filesystems;
mod diff_flash;
mod diff_images;
mod diff_squashfs;
mod fixtures;
mod hostile;
mod mutations;
mod tools;
