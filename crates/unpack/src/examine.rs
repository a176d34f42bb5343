//! Finds out what an artifact is: one format that reads all of it, or several at offsets of their own.
//!
//! First the formats that fit the artifact's start are tried, in the order of their registration. What no format claims, before,
//! between or behind, is then searched in one pass for the signatures of all formats together (Aho-Corasick); each candidate is
//! followed up by the format itself, from left to right, and what one claims is not searched again.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::LazyLock,
};

use aho_corasick::{AhoCorasick, MatchKind};
use assay_core::{Problem, Span, SpanKind};
use bytes::Bytes;

use crate::{
    context::Context,
    format::{Child, Content, Format, Opened, Treat},
    formats::FORMATS,
    input::Input,
    normalise,
};

/// What an artifact turned out to be. All offsets are the artifact's own.
pub struct Examined {
    /// The format at its start, or `data`.
    pub format: &'static str,
    /// Version of that format's reader.
    pub version: u32,
    /// What it gave, with every byte mapped.
    pub opened: Opened,
}

static PATTERNS: LazyLock<(AhoCorasick, Vec<(&'static Format, u64)>)> = LazyLock::new(|| {
    let magics = || FORMATS.iter().flat_map(|format| format.magics.iter().map(move |magic| (*format, magic)));
    let automaton = AhoCorasick::builder().match_kind(MatchKind::Standard).build(magics().map(|(_, magic)| magic.bytes));
    // The patterns are constants of this crate: building their automaton fails in every test or in none.
    (automaton.expect("the signatures fit an automaton"), magics().map(|(format, magic)| (format, magic.at)).collect())
});

/// Examines `data`. `given`: what is already known of it.
pub fn examine(data: &Bytes, given: Option<(&'static Format, Opened)>, context: &Context) -> Examined {
    let first = given.or_else(|| at_start(data, context));
    let (format, version, mut opened) = match first {
        Some((format, opened)) => (format.name, format.version, opened),
        None => ("data", 0, Opened::default()),
    };
    let size = data.len() as u64;
    let (kept, holes) = normalise::sorted(std::mem::take(&mut opened.spans), opened.len.min(size));
    let mut spans = Vec::with_capacity(kept.len());
    let mut open = holes;
    for span in kept {
        match span.kind {
            SpanKind::Free => normalise::free(data, &span, &mut spans, &mut open),
            SpanKind::Unknown | SpanKind::Opaque if span.entropy.is_none() && span.note.is_empty() => open.push((span.start, span.end())),
            SpanKind::Opaque if span.entropy.is_none() => {
                let bits = crate::entropy::entropy(&data[span.start as usize..span.end() as usize]);
                spans.push(Span { entropy: Some(bits), ..span });
            }
            _ => spans.push(span),
        }
    }
    if opened.len < size {
        open.push((opened.len, size));
    }
    open.sort_unstable();
    for (start, end) in open {
        search(data, start, end, context, &mut opened, &mut spans);
    }
    spans.sort_by_key(|span| span.start);
    opened.spans = spans;
    opened.len = size;
    Examined { format, version, opened }
}

/// Examines `data`, of which its parent says that it is `what` and of no format of its own: only what lies inside is searched for.
pub fn examine_known(data: &Bytes, what: &str, context: &Context) -> Opened {
    let size = data.len() as u64;
    let (mut opened, mut spans) = (Opened::new(size), Vec::new());
    search(data, 0, size, context, &mut opened, &mut spans);
    for span in &mut spans {
        if matches!(span.kind, SpanKind::Unknown | SpanKind::Opaque) {
            *span = Span::new(span.start, span.len, SpanKind::Content).note(what);
        }
    }
    opened.spans = spans;
    opened
}

fn at_start(data: &Bytes, context: &Context) -> Option<(&'static Format, Opened)> {
    let input = Input::new(data, 0);
    let fits = |format: &&&'static Format| {
        format.at_start || format.magics.iter().any(|magic| input.get(magic.at, magic.bytes.len() as u64) == Some(magic.bytes))
    };
    FORMATS.iter().filter(fits).find_map(|format| Some((*format, try_open(format, &input, context)?)))
}

/// Follows up the signatures in `start..end`; what stays unclaimed is mapped as padding, unknown or opaque.
fn search(data: &Bytes, start: u64, end: u64, context: &Context, into: &mut Opened, spans: &mut Vec<Span>) {
    let (automaton, owners) = &*PATTERNS;
    let window = data.slice(..end as usize);
    let mut hits: Vec<(u64, usize)> = Vec::new();
    if crate::entropy::uniform(&window[start as usize..]).is_none() {
        for hit in automaton.find_overlapping_iter(&window[start as usize..]) {
            let (_, at) = owners[hit.pattern().as_usize()];
            if let Some(begin) = (start + hit.start() as u64).checked_sub(at).filter(|begin| *begin >= start && *begin > 0) {
                hits.push((begin, hit.pattern().as_usize()));
            }
            if hits.len() as u64 > context.limits.candidates {
                into.problem(Problem::over_limit(
                    start + hit.start() as u64,
                    "too many places look like the start of a format; the rest was not searched",
                ));
                break;
            }
        }
    }
    // At one offset, formats are tried in the order of their registration, which is the order of their patterns.
    hits.sort_unstable();
    let mut at = start;
    for (begin, pattern) in hits {
        if begin < at {
            continue;
        }
        let format = owners[pattern].0;
        if let Err(over) = context.step(1) {
            into.problem(over.problem(begin));
            break;
        }
        let input = Input::new(&window, begin);
        if let Some(opened) = try_open(format, &input, context) {
            let len = opened.len.min(end - begin);
            if len == 0 {
                continue;
            }
            if begin > at {
                normalise::unclaimed(data, at, begin, spans);
            }
            let mut span = Span::new(begin, len, SpanKind::Payload).note(format.title);
            span.child = true;
            spans.push(span);
            let bytes = data.slice(begin as usize..(begin + len) as usize);
            into.children.push(Child {
                name: Some(format!("@{begin:#x}").into_bytes()),
                span: Some((begin, len)),
                size: len,
                content: Content::Parsed(bytes, format, Box::new(opened)),
                treat: Treat::Open,
            });
            at = begin + len;
        }
    }
    if at < end {
        normalise::unclaimed(data, at, end, spans);
    }
}

/// A panic in a parser, ours or a library's, must cost no more than that parser's own result.
fn try_open(format: &'static Format, input: &Input, context: &Context) -> Option<Opened> {
    catch_unwind(AssertUnwindSafe(|| (format.open)(input, context))).unwrap_or_else(|_| {
        let mut opened = Opened::new(input.size());
        opened.problem(Problem::corrupt(0, format!("the reader of {} gave up on these bytes", format.title)));
        Some(opened)
    })
}
