//! Integration tests of the crate `code`.

mod arm_execution;
mod arm_objdump;
mod arm_trace;
mod discovery;
mod hardening;
mod hostile;
mod numbers;
mod scripts;
mod small_scripts;
mod tools;
