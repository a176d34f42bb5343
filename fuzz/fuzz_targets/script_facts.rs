//! Fuzzes the way of a shell script from its text to its facts.
#![no_main]
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| assay_fuzz::script(data));
