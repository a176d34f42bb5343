//! Fuzzes the way of a program from its file to its facts.
#![no_main]
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| assay_fuzz::program(data));
