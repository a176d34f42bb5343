//! Byte maps, drawn and as tables.
//!
//! Most artifacts of an image are files that are understood to the last byte; a drawing of each would bury those that matter. Drawn are
//! the input, what holds other artifacts, and what has bytes that nobody understood. A drawing has at most [`CELLS`] stretches, however
//! many spans the map has; a stretch with unknown or opaque bytes is drawn as such, so that none is too small to be seen.

use assay_core::{Artifact, Span, SpanKind, dossier::Subject};

use super::super::words;

/// Stretches of a drawing.
const CELLS: u64 = 500;
/// Drawings of one subject.
const DRAWN: usize = 60;
/// Spans listed under a drawing.
const LISTED: usize = 100;

/// One artifact's map.
pub struct Drawing<'a> {
    pub artifact: &'a Artifact,
    /// Class, start and width of each stretch, in a thousandth of the whole.
    pub bars: Vec<(&'static str, u64, u64)>,
    /// Words, number of spans and bytes of each kind.
    pub sums: Vec<(&'static str, u64, u64)>,
    pub spans: &'a [Span],
}

/// The maps that are drawn, in the order of the trail.
pub fn drawings(subject: &Subject) -> Vec<Drawing<'_>> {
    subject.artifacts.iter().filter(|artifact| is_drawn(artifact)).take(DRAWN).map(drawing).collect()
}

/// How many maps are drawn if none is left out, and how many artifacts there are.
pub fn totals(subject: &Subject) -> (usize, usize) {
    (subject.artifacts.iter().filter(|artifact| is_drawn(artifact)).count(), subject.artifacts.len())
}

fn is_drawn(artifact: &Artifact) -> bool {
    let matters = |span: &Span| span.child || is_dark(span.kind);
    artifact.size > 0 && (artifact.origin.is_none() || artifact.map.0.iter().any(matters))
}

/// Bytes that count as opaque or unknown.
fn is_dark(kind: SpanKind) -> bool {
    matches!(kind, SpanKind::Opaque | SpanKind::Unknown | SpanKind::Payload)
}

/// Class of a span, and what the legend calls it.
fn class(span: &Span) -> (&'static str, &'static str) {
    match span.kind {
        SpanKind::Payload if span.child => ("k-child", "opened further"),
        SpanKind::Opaque => ("k-opaque", "opaque"),
        SpanKind::Unknown | SpanKind::Payload => ("k-unknown", "unknown"),
        SpanKind::Padding | SpanKind::Free => ("k-free", "padding or free"),
        SpanKind::Checksum | SpanKind::Signature => ("k-sign", "checksum or signature"),
        SpanKind::Header | SpanKind::Content | SpanKind::Table => ("k-known", "understood"),
    }
}

fn drawing(artifact: &Artifact) -> Drawing<'_> {
    let spans = &artifact.map.0;
    let mut sums: Vec<(&'static str, u64, u64)> = Vec::new();
    for span in spans {
        let (_, words) = class(span);
        match sums.iter_mut().find(|(known, ..)| *known == words) {
            Some((_, count, bytes)) => (*count, *bytes) = (*count + 1, bytes.saturating_add(span.len)),
            None => sums.push((words, 1, span.len)),
        }
    }
    sums.sort_by_key(|(words, _, bytes)| (std::cmp::Reverse(*bytes), *words));
    Drawing { artifact, bars: bars(artifact), sums, spans: spans.get(..LISTED).unwrap_or(spans) }
}

/// Stretches of equal class, from left to right.
fn bars(artifact: &Artifact) -> Vec<(&'static str, u64, u64)> {
    let (size, count) = (u128::from(artifact.size.max(1)), u128::from(CELLS));
    // For each cell the class with most bytes in it, and whether that is settled by bytes that must be seen.
    let mut cells: Vec<(&'static str, u64, bool)> = vec![("k-free", 0, false); CELLS as usize];
    for span in &artifact.map.0 {
        let (name, dark) = (class(span).0, is_dark(span.kind) && !span.child);
        // From the cell of the first byte to that of the last, both included.
        let first = u128::from(span.start) * count / size;
        let end = (u128::from(span.end()) * count).div_ceil(size).min(count);
        for slot in cells.iter_mut().take(end as usize).skip(first as usize) {
            if (dark, span.len) > (slot.2, slot.1) {
                *slot = (name, span.len, dark);
            }
        }
    }
    let step = 1000 / CELLS;
    let mut bars: Vec<(&'static str, u64, u64)> = Vec::new();
    for (index, (name, ..)) in cells.iter().enumerate() {
        match bars.last_mut() {
            Some((last, _, width)) if last == name => *width += step,
            _ => bars.push((name, index as u64 * step, step)),
        }
    }
    bars
}

impl Drawing<'_> {
    pub fn size(&self) -> String {
        words::size(self.artifact.size)
    }

    /// How the artifact was come by.
    pub fn origin(&self) -> String {
        match &self.artifact.origin {
            None => "The input itself.".to_owned(),
            Some(origin) => {
                let parent = words::short(&origin.parent, 16);
                let span = origin.span.map_or_else(
                    || "from several places".to_owned(),
                    |(start, len)| format!("from {} bytes at {start:#x}", words::grouped(len)),
                );
                format!("Brought out by format {} {span} of artifact {parent}…", origin.format)
            }
        }
    }

    /// The drawing in words.
    pub fn text(&self) -> String {
        let parts: Vec<String> =
            self.sums.iter().map(|(words, _, bytes)| format!("{} {words}", words::percent(*bytes, self.artifact.size))).collect();
        parts.join(", ")
    }

    pub fn share(&self, bytes: &u64) -> String {
        words::percent(*bytes, self.artifact.size)
    }

    pub fn kind(&self, span: &Span) -> String {
        words::kebab(span.kind)
    }

    pub fn note(&self, span: &Span) -> String {
        match span.entropy {
            Some(bits) if span.note.is_empty() => format!("{bits} bits a byte"),
            Some(bits) => format!("{}; {bits} bits a byte", span.note),
            None => span.note.clone(),
        }
    }
}
