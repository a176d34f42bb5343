//! Tests of the reader of code, in one binary.

mod arm_execution;
mod arm_objdump;
mod arm_trace;
mod tools;
