//! Fuzzes the lifter of A32.
#![no_main]
use assay_code::lift::arm::Arm;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| assay_fuzz::lift(&Arm, 0, data));
