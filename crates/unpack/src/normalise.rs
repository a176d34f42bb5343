//! From what a format says about its bytes to a map in which each byte stands once.

use assay_core::{Span, SpanKind};

use crate::entropy::{OPAQUE_BITS, entropy, guess, uniform};

/// Granularity at which free space is tested: the page of most filesystems.
const PAGE: usize = 4096;
/// Stretches below this length say too little for an entropy of 7.9 bits to mean anything.
const OPAQUE_MIN: usize = 256;

/// Sorts `spans`, cuts overlaps (the earlier wins), clips to `data`, and lists the holes between them.
#[must_use]
pub fn sorted(mut spans: Vec<Span>, size: u64) -> (Vec<Span>, Vec<(u64, u64)>) {
    spans.sort_by_key(|span| span.start);
    let mut kept: Vec<Span> = Vec::with_capacity(spans.len());
    let mut holes = Vec::new();
    let mut at = 0;
    for mut span in spans {
        let end = span.start.saturating_add(span.len).min(size);
        span.start = span.start.max(at);
        if span.start >= end {
            continue;
        }
        span.len = end - span.start;
        if span.start > at {
            holes.push((at, span.start));
        }
        at = end;
        match kept.last_mut() {
            Some(last) if last.end() == span.start && last.kind == span.kind && last.child == span.child && last.note == span.note => {
                last.len += span.len;
            }
            _ => kept.push(span),
        }
    }
    if at < size {
        holes.push((at, size));
    }
    (kept, holes)
}

/// Spans for the bytes `start..end` of `data` that nothing claims: padding where uniform, unknown or opaque elsewhere.
pub fn unclaimed(data: &[u8], start: u64, end: u64, spans: &mut Vec<Span>) {
    let bytes = &data[start as usize..end as usize];
    if uniform(bytes).is_some() {
        spans.push(Span::new(start, end - start, SpanKind::Padding));
        return;
    }
    // Uniform pages at either end are padding; what is between them is one thing.
    let head = bytes.chunks(PAGE).take_while(|page| uniform(page).is_some()).map(<[u8]>::len).sum::<usize>();
    let tail = bytes.rchunks(PAGE).take_while(|page| uniform(page).is_some()).map(<[u8]>::len).sum::<usize>();
    let (head, tail) = (head as u64, tail as u64);
    if head > 0 {
        spans.push(Span::new(start, head, SpanKind::Padding));
    }
    let middle = &bytes[head as usize..bytes.len() - tail as usize];
    let bits = entropy(middle);
    let kind = if bits > OPAQUE_BITS && middle.len() >= OPAQUE_MIN { SpanKind::Opaque } else { SpanKind::Unknown };
    let mut span = Span::new(start + head, middle.len() as u64, kind).note(guess(middle, bits));
    span.entropy = Some(bits);
    spans.push(span);
    if tail > 0 {
        spans.push(Span::new(end - tail, tail, SpanKind::Padding));
    }
}

/// Splits the stretch `start..end`, said to be free, into runs of pages that are uniform (free indeed) and runs that are not; the
/// latter are given to `rest`.
pub fn free(data: &[u8], span: &Span, spans: &mut Vec<Span>, rest: &mut Vec<(u64, u64)>) {
    let bytes = &data[span.start as usize..span.end() as usize];
    let mut at = span.start;
    let mut pages = bytes.chunks(PAGE).peekable();
    while let Some(page) = pages.next() {
        let clean = uniform(page).is_some();
        let mut len = page.len() as u64;
        while let Some(next) = pages.next_if(|next| uniform(next).is_some() == clean) {
            len += next.len() as u64;
        }
        if clean {
            spans.push(Span::new(at, len, SpanKind::Free).note(span.note.clone()));
        } else {
            rest.push((at, at + len));
        }
        at += len;
    }
}
