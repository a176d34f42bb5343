//! Integration tests of the `assay` command.

mod sandbox;
mod vet;
