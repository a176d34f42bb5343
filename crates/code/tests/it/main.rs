//! Integration tests of the crate `code`.

mod scripts;
