//! Integration tests of the `assay` command.

mod cli;
mod sandbox;
mod vet;
