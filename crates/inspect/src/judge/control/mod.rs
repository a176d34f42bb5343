//! Detectors that bear on `control`.

use super::Detector;

mod setuid_file;
mod world_writable_executable;

pub(super) static DETECTORS: &[Detector] = &[setuid_file::DETECTOR, world_writable_executable::DETECTOR];
