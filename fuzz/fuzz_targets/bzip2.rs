//! Fuzzes the reader of `bzip2` alone.
#![no_main]
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| assay_fuzz::open("bzip2", data));
