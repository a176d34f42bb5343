//! # Unknown bytes above one per cent
//!
//! ## What it shows
//!
//! More than one per cent of the bytes of an input are of no format that is known.
//!
//! ## Why it matters
//!
//! What is not recognised was not looked at. Below one per cent it is mostly filler and small private tables; above, something is
//! missing.
//!
//! ## How it works
//!
//! Compares the sums of the coverage. Opaque bytes are counted apart: see `provenance.opaque-payload`.
//!
//! ## False positives
//!
//! Proprietary data files (fonts, calibration tables).
//!
//! ## False negatives
//!
//! Something small: a hidden program of a few kilobytes in a large image stays below one per cent. The gaps list it all the same.
//!
//! ## References
//!
//! - the byte map, in ARCHITECTURE.md

use assay_core::{At, Confidence, Question, Severity, SpanKind};

use super::super::{Case, Detector, Draft, at};

pub(super) const DETECTOR: Detector = Detector {
    id: "provenance.unknown-bytes",
    version: 1,
    question: Question::Provenance,
    source: include_str!("unknown_bytes.rs"),
    detect,
};

/// Places listed as evidence, the longest first.
const MOST_PLACES: usize = 20;

fn detect(case: &Case) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for subject in case.subjects {
        let bytes = subject.coverage.bytes;
        if bytes.total == 0 || bytes.unknown * 100 <= bytes.total {
            continue;
        }
        let spans = subject.artifacts.iter().flat_map(|artifact| artifact.map.0.iter().map(move |span| (artifact, span)));
        let mut places: Vec<_> = spans.filter(|(_, span)| span.kind == SpanKind::Unknown).collect();
        places.sort_by_key(|(artifact, span)| (std::cmp::Reverse(span.len), artifact.path.clone(), span.start));
        let place = |(artifact, span): &(&assay_core::Artifact, &assay_core::Span)| {
            at(artifact.id, &artifact.path, At::Offset(span.start), format!("{} unknown bytes: {}", span.len, span.note), String::new())
        };
        let mut evidence: Vec<_> = places.iter().take(MOST_PLACES).map(place).collect();
        if evidence.is_empty() {
            evidence.push(at(subject.id, "", At::Offset(0), "content that was promised and could not be read", String::new()));
        }
        let share = bytes.unknown as f64 * 100.0 / bytes.total as f64;
        drafts.push(Draft {
            title: format!("{} of {} bytes ({share:.1} %) are of no known format", bytes.unknown, bytes.total),
            severity: Severity::Low,
            confidence: Confidence::Certain,
            effect: None,
            evidence,
            subject: (String::new(), subject.id.0.to_vec()),
            references: Vec::new(),
        });
    }
    drafts
}
