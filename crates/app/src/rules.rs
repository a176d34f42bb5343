//! The digest over all rule data, which every dossier names.

use assay_core::Sha256;

/// SHA-256 over name and text of each rule file of all crates, and over each detector's id and version.
pub fn digest() -> Sha256 {
    let mut parts: Vec<String> = Vec::new();
    for (name, text) in
        [assay_code::rules::files(), assay_image::rules::files(), assay_inspect::rules::files(), assay_unpack::rules::files()].concat()
    {
        parts.extend([name, text.to_owned()]);
    }
    for detector in assay_inspect::judge::DETECTORS.iter().copied().flatten() {
        parts.push(format!("{}/{}", detector.id, detector.version));
    }
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    Sha256::of(&bytes)
}
