//! Integration tests of the `assay` command.

mod invented;
mod page;
mod render;
mod sandbox;
mod schema;
