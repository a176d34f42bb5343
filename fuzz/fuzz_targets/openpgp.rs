//! Fuzzes the reader of `openpgp` alone.
#![no_main]
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| assay_fuzz::open("openpgp", data));
