//! Integration tests of the `assay` command.

mod cli;
mod detectors;
mod sandbox;
mod vet;
