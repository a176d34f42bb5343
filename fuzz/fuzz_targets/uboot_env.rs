//! Fuzzes the reader of `uboot-env` alone.
#![no_main]
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| assay_fuzz::open("uboot-env", data));
