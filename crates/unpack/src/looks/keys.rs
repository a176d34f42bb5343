//! Keys inside texts, scripts and programs.
//!
//! **Limitations**: PEM blocks and the public keys of SSH in their text forms; raw keys inside programs are not looked for.

use super::Looked;
use crate::{format::Opened, keys};

/// The look. What the format itself reported already is not said twice.
pub fn look(file: &Looked, opened: &mut Opened) {
    for (start, end) in super::own(opened) {
        let Some(part) = file.bytes.get(start as usize..end as usize) else { continue };
        for block in keys::blocks(part) {
            let at = start + block.start as u64;
            // The readers of PEM files have been here.
            let known = opened.facts.iter().any(|(offset, fact)| {
                *offset == at && matches!(fact, assay_core::facts::ImageFact::Key { .. } | assay_core::facts::ImageFact::Certificate { .. })
            });
            if !known && !block.bytes.is_empty() {
                keys::pem(opened, at, &block);
            }
        }
        keys::ssh_lines(opened, start, part);
    }
}
