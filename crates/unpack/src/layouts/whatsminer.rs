//! Whatsminer of the M3 generation: a tgz of `upgrade.sh`, `upgrade-bin/` and `upgrade-files/`.
//!
//! **Specification**: none published; names as in public packages.
//!
//! **Limitations**: the layout has no place for a signature, so nothing is checked.

use assay_core::facts::{IdentityField, ImageFact};

use super::Members;
use crate::format::Opened;

/// The upgrade package.
pub fn m3(members: &Members) -> Option<Opened> {
    members.find("upgrade.sh")?;
    let below = |folder: &[u8]| members.entries().any(|entry| entry.path.strip_prefix(b"./").unwrap_or(&entry.path).starts_with(folder));
    if !below(b"upgrade-bin/") && !below(b"upgrade-files/") {
        return None;
    }
    let mut opened = Opened::default();
    opened.fact(0, ImageFact::Package { layout: "whatsminer-tgz".into(), signature_field: false, signed: false });
    opened.fact(0, ImageFact::Identity { field: IdentityField::Maker, value: "MicroBT".into(), weight: 60 });
    Some(opened)
}
