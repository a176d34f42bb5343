//! Integration tests of the crate `code`.

mod scripts;
mod small_scripts;
