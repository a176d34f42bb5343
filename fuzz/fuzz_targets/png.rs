//! Fuzzes the reader of `png` alone.
#![no_main]
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| assay_fuzz::open("png", data));
