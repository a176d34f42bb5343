//! Fuzzes the reader of `jffs2` alone.
#![no_main]
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| assay_fuzz::open("jffs2", data));
