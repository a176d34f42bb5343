//! Keys inside texts, scripts and programs.
//!
//! **Limitations**: PEM blocks and the public keys of SSH in their text forms; raw keys inside programs are not looked for.

use assay_core::SpanKind;
use bytes::Bytes;

use crate::{format::Opened, keys};

/// The look. What the format itself reported already is not said twice.
pub fn look(bytes: &Bytes, opened: &mut Opened) {
    let own: Vec<(u64, u64)> = opened
        .spans
        .iter()
        .filter(|span| !span.child && matches!(span.kind, SpanKind::Content | SpanKind::Unknown))
        .map(|span| (span.start, span.end()))
        .collect();
    for (start, end) in own {
        let Some(part) = bytes.get(start as usize..end as usize) else { continue };
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
