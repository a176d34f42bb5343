//! Integration tests of the `assay` command.

mod cli;
mod code;
mod cyclonedx;
mod detectors;
mod diff;
mod drawn;
mod explain;
mod invented;
mod known;
mod named;
mod page;
mod reading;
mod remediation;
mod render;
mod sample;
mod sandbox;
mod sarif;
mod schema;
mod trees;
mod vet;
