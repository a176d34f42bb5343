//! Detectors that bear on `disclosure`.

use super::Detector;

mod private_key;

pub(super) static DETECTORS: &[Detector] = &[private_key::DETECTOR];
