//! One closed enum per domain. A new kind of fact is a variant here; there is no open-ended "other".

pub mod code;
mod grid;
pub mod image;
mod supply;
mod traffic;

pub use code::CodeFact;
pub use grid::GridFact;
pub use image::{Anomaly, BootStage, IdentityField, ImageFact, KeyPlace, SignatureState};
pub use supply::SupplyFact;
pub use traffic::TrafficFact;
