//! A script: a text whose first line names its interpreter.
//!
//! **Specification**: Linux, `execve(2)`, section "Interpreter scripts".
//!
//! **Limitations**: a script with binary bytes appended (a self-extracting archive) is taken up to the last line before them; what
//! follows is searched like any other bytes.

use assay_core::{SpanKind, escape::escape};

use crate::{
    context::Context,
    format::{Format, Opened},
    formats::text,
    input::Input,
};

/// The format.
pub static FORMAT: Format = Format { name: "script", title: "script", version: 1, magics: &[], at_start: true, open };

/// A kernel reads no more of the first line.
const LINE: usize = 256;

fn open(input: &Input, _: &Context) -> Option<Opened> {
    if input.start() > 0 || !input.starts_with(b"#!") {
        return None;
    }
    let line = input[..input.len().min(LINE)].split(|byte| *byte == b'\n').next()?;
    let name = line[2..].trim_ascii();
    if !name.starts_with(b"/") || !name.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t')) {
        return None;
    }
    // Text up to the first NUL; a script that carries an archive ends at the line before it.
    let clean = memchr::memchr(0, input).unwrap_or(input.len());
    let len = if clean == input.len() && text::kind(input).is_some() {
        clean
    } else {
        let binary = input.iter().position(|byte| matches!(byte, 0..=6 | 0x0E..=0x1A | 0x7F..)).unwrap_or(input.len());
        memchr::memrchr(b'\n', &input[..binary]).map_or(binary, |end| end + 1)
    };
    let mut opened = Opened::new(len as u64);
    opened.span(0, len as u64, SpanKind::Content, format!("script for {}", escape(name)));
    Some(opened)
}
