//! Detectors that bear on `disclosure`.

use super::Detector;

mod credentials;
mod embedded_secret;
mod file_upload;
mod identity_beacon;
mod private_key;

pub(super) static DETECTORS: &[Detector] =
    &[credentials::DETECTOR, embedded_secret::DETECTOR, file_upload::DETECTOR, identity_beacon::DETECTOR, private_key::DETECTOR];
