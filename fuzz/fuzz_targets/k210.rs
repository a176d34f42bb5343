//! Fuzzes the reader of `k210` alone.
#![no_main]
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| assay_fuzz::open("k210", data));
