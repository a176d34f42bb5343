//! Detectors that bear on `provenance`.

use super::Detector;

mod checksum_mismatch;
mod deviates_from_golden;
mod kernel_hardening;
mod key_inside_image;
mod link_escape;
mod missing_hardening;
mod opaque_payload;
mod signature_invalid;
mod unknown_bytes;
mod unsigned_package;
mod unsigned_stage;
mod weak_certificate;

pub(super) static DETECTORS: &[Detector] = &[
    checksum_mismatch::DETECTOR,
    deviates_from_golden::DETECTOR,
    kernel_hardening::DETECTOR,
    key_inside_image::DETECTOR,
    link_escape::DETECTOR,
    missing_hardening::DETECTOR,
    opaque_payload::DETECTOR,
    signature_invalid::DETECTOR,
    unknown_bytes::DETECTOR,
    unsigned_package::DETECTOR,
    unsigned_stage::DETECTOR,
    weak_certificate::DETECTOR,
];
