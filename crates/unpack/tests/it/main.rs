//! Tests of unpacking, in one binary.

mod diff_squashfs;
mod fixtures;
