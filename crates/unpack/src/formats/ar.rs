//! ar: static libraries, Debian packages (`.deb`) and the older opkg packages (`.ipk`).
//!
//! **Specification**: System V and BSD `ar(5)`; GNU binutils, "ar"; `deb(5)`.
//!
//! **Limitations**: symbol tables are members like any other; thin archives are not opened.

use std::collections::HashMap;

use assay_core::{Entry, EntryKind, Problem, SpanKind};

use crate::{
    context::Context,
    format::{Child, Format, Magic, Opened},
    input::Input,
};

/// The format.
pub static FORMAT: Format =
    Format { name: "ar", title: "ar archive", version: 1, magics: &[Magic { bytes: b"!<arch>\n", at: 0 }], at_start: false, open };

const HEADER: u64 = 60;

fn open(input: &Input, context: &Context) -> Option<Opened> {
    if input.get(0, 8)? != b"!<arch>\n" || (input.size() > 8 && size(input, 8).is_none()) {
        return None;
    }
    let mut opened = Opened::default();
    opened.span(0, 8, SpanKind::Header, "magic");
    let mut long: &[u8] = &[];
    let mut symbols = HashMap::new();
    let mut at = 8;
    while at < input.size() {
        if context.step(1).map_err(|over| opened.problem(over.problem(at))).is_err() {
            break;
        }
        let Some(stated) = size(input, at) else {
            // Behind the last member of an archive inside other bytes, something else begins.
            if input.start() == 0 {
                opened.problem(Problem::corrupt(at, "not a member's header"));
            }
            break;
        };
        opened.span(at, HEADER, SpanKind::Header, "member header");
        let mut data = at + HEADER;
        let mut len = stated.min(input.size() - data);
        let mut name = input.get(at, 16).unwrap_or_default().trim_ascii_end();
        if len < stated {
            opened.problem(Problem::truncated(data, format!("{stated} bytes are stated, {len} are left")).over(len));
        }
        let next = (data + len).next_multiple_of(2).min(input.size());
        if name == b"//" {
            long = input.get(data, len).unwrap_or_default();
            opened.span(data, len, SpanKind::Table, "long names");
            at = filler(input, data + len, next, &mut opened);
            continue;
        }
        if let Some(digits) = name.strip_prefix(b"#1/").and_then(decimal) {
            // BSD: the name stands in front of the content and is counted with it.
            let name_len = digits.min(len);
            let text = input.get(data, name_len).unwrap_or_default();
            opened.span(data, name_len, SpanKind::Header, "long name");
            name = text.split(|byte| *byte == 0).next().unwrap_or_default();
            (data, len) = (data + name_len, len - name_len);
        } else if let Some(offset) = name.strip_prefix(b"/").and_then(decimal) {
            let found = usize::try_from(offset).ok().and_then(|offset| long.get(offset..)).filter(|rest| !rest.is_empty());
            if found.is_none() {
                opened.problem(Problem::corrupt(at, "the name lies outside the table of long names"));
            }
            let most = usize::try_from(context.limits.name_bytes).unwrap_or(usize::MAX);
            let line =
                found.and_then(|rest| rest[..rest.len().min(most)].split(|byte| *byte == b'\n' || *byte == 0).next()).unwrap_or(name);
            name = line.strip_suffix(b"/").unwrap_or(line);
        } else if !matches!(name, b"/" | b"/SYM64/") {
            name = name.strip_suffix(b"/").unwrap_or(name);
        }
        let mut entry = Entry::new(name, EntryKind::File, stated.saturating_sub(data - at - HEADER));
        entry.offset = at;
        let number = |start: u64, len: u64, radix: u32| {
            input.get(at + start, len).and_then(|text| u64::from_str_radix(std::str::from_utf8(text.trim_ascii()).ok()?, radix).ok())
        };
        entry.mtime = number(16, 12, 10).and_then(|mtime| i64::try_from(mtime).ok());
        entry.uid = number(28, 6, 10).map(|uid| uid as u32);
        entry.gid = number(34, 6, 10).map(|gid| gid as u32);
        entry.mode = number(40, 8, 8).map(|mode| (mode & 0o7777) as u32);
        // Symbol tables repeat their name by design (two of them in Windows libraries): they are the archive's own.
        if matches!(name, b"/" | b"/SYM64/" | b"__.SYMDEF" | b"__.SYMDEF SORTED") && !symbols.contains_key(name) {
            symbols.insert(name, at);
            opened.span(data, len, SpanKind::Table, "symbol table");
        } else {
            let child = (entry.size > 0).then(|| {
                let mut child = Child::slice(Some([b"/", name].concat()), data, len);
                child.size = entry.size;
                opened.child(child)
            });
            opened.entry(entry, child);
        }
        at = filler(input, data + len, next, &mut opened);
    }
    opened.len = at.min(input.size());
    Some(opened)
}

/// A member's size, where a header stands at `at`.
fn size(input: &Input, at: u64) -> Option<u64> {
    let end = input.get(at + 58, 2)?;
    if end == b"`\n" { decimal(input.get(at + 48, 10)?.trim_ascii()) } else { None }
}

fn decimal(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok().filter(|text| !text.starts_with('+'))?.parse().ok()
}

fn filler(input: &Input, from: u64, to: u64, opened: &mut Opened) -> u64 {
    if from < to && matches!(input.u8(from), Some(b'\n' | 0)) {
        opened.span(from, to - from, SpanKind::Padding, "filler");
    }
    to
}
