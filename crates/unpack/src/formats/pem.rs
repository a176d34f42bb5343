//! PEM: keys and certificates as text.
//!
//! **Specification**: RFC 7468, RFC 1421.
//!
//! **Limitations**: as `keys` says. A PEM block inside another text or a program is found by `looks`.

use assay_core::{Problem, SpanKind};

use crate::{
    context::Context,
    format::{Format, Magic, Opened},
    formats::text,
    input::Input,
    keys,
};

/// The format.
pub static FORMAT: Format =
    Format { name: "pem", title: "PEM", version: 1, magics: &[Magic { bytes: b"-----BEGIN ", at: 0 }], at_start: false, open };

fn open(input: &Input, _: &Context) -> Option<Opened> {
    let blocks = keys::blocks(input);
    let first = blocks.first().filter(|first| first.start == 0)?;
    if input.start() > 0 && first.bytes.is_empty() {
        return None;
    }
    let mut opened = Opened::default();
    let mut at = 0;
    for block in &blocks {
        // Between blocks there may be text, as in a bundle of certificates; anything else ends the file.
        let between = &input[at..block.start];
        if !between.is_empty() && (input.start() > 0 && !between.trim_ascii().is_empty() || text::kind(between).is_none()) {
            break;
        }
        opened.span(at as u64, between.len() as u64, SpanKind::Content, "text");
        opened.span(block.start as u64, (block.end - block.start) as u64, SpanKind::Content, block.label);
        if !keys::pem(&mut opened, block.start as u64, block) {
            let note = format!("PEM: a block {} that is not read", block.label);
            opened.problem(Problem::unsupported(block.start as u64, note).over((block.end - block.start) as u64));
        }
        at = block.end;
    }
    let tail = &input[at..];
    let line = tail.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let rest = if input.start() == 0 && text::kind(tail).is_some() { tail.len() } else { line };
    opened.span(at as u64, rest as u64, SpanKind::Content, "text");
    opened.len = (at + rest) as u64;
    Some(opened)
}
