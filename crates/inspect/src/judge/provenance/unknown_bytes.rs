//! # Unknown bytes above one per cent
//!
//! ## What it shows
//!
//! More than one per cent of the bytes of an input are of no format that is known, or were promised by a container and are not there.
//!
//! ## Why it matters
//!
//! What is not recognised was not looked at. Below one per cent it is mostly filler and small private tables; above, something is
//! missing.
//!
//! ## How it works
//!
//! Adds up the unknown spans of all byte maps and compares them with the bytes that were there; what the coverage counts as unknown
//! beyond them is content that a container states and does not hold. Lists the longest spans. Opaque bytes are counted apart: see
//! `provenance.opaque-payload`. The fingerprint is that of the very input: what is said about the unknown bytes of one build does not
//! carry over to another.
//!
//! ## False positives
//!
//! Proprietary data files (fonts, calibration tables), and code for small processors, which has no header.
//!
//! ## False negatives
//!
//! Something small: a hidden program of a few kilobytes in a large image stays below one per cent. The gaps list it all the same.
//!
//! ## References
//!
//! - the byte map, in ARCHITECTURE.md

use assay_core::{Artifact, At, Confidence, Evidence, Question, Severity, Span, SpanKind, dossier::Subject};

use super::super::{Case, Detector, Draft, at};

pub(super) const DETECTOR: Detector = Detector {
    id: "provenance.unknown-bytes",
    version: 2,
    question: Question::Provenance,
    source: include_str!("unknown_bytes.rs"),
    detect,
};

/// Places listed as evidence, the longest first.
const MOST_PLACES: usize = 20;

fn detect(case: &Case) -> Vec<Draft> {
    case.subjects.iter().filter_map(judge).collect()
}

fn judge(subject: &Subject) -> Option<Draft> {
    let bytes = subject.coverage.bytes;
    let spans = subject.artifacts.iter().flat_map(|artifact| artifact.map.0.iter().map(move |span| (artifact, span)));
    let mut places: Vec<_> = spans.filter(|(_, span)| span.kind == SpanKind::Unknown).collect();
    let seen = places.iter().fold(0_u64, |sum, (_, span)| sum.saturating_add(span.len)).min(bytes.unknown);
    let missing = bytes.unknown - seen;
    let there = bytes.total.saturating_sub(missing);
    if above(seen, there) {
        places.sort_by(|a, b| (b.1.len, &a.0.path, a.1.start).cmp(&(a.1.len, &b.0.path, b.1.start)));
        let share = seen as f64 * 100.0 / there.max(1) as f64;
        let place = |(artifact, span): &(&Artifact, &Span)| {
            at(artifact.id, &artifact.path, At::Offset(span.start), format!("{} unknown bytes: {}", span.len, span.note), String::new())
        };
        let evidence = places.iter().take(MOST_PLACES).map(place).collect();
        Some(draft(subject, format!("{seen} of {there} bytes ({share:.1} %) of {} are of no known format", subject.name), evidence))
    } else if above(missing, bytes.total) {
        let place = at(subject.id, "", At::Offset(0), format!("{missing} bytes are stated and not there"), String::new());
        Some(draft(subject, format!("Containers in {} promise {missing} bytes that could not be read", subject.name), vec![place]))
    } else {
        None
    }
}

/// More than one per cent?
fn above(part: u64, whole: u64) -> bool {
    u128::from(part) * 100 > u128::from(whole)
}

fn draft(subject: &Subject, title: String, evidence: Vec<Evidence>) -> Draft {
    Draft {
        title,
        severity: Severity::Low,
        confidence: Confidence::Certain,
        effect: None,
        evidence,
        subject: (String::new(), subject.id.0.to_vec()),
        used: None,
        references: Vec::new(),
    }
}
