//! Integration tests of the `assay` command.

mod detectors;
mod sandbox;
