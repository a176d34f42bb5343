//! ELF: programs, libraries, kernel modules. What is in them is left to `assay-inspect`; here only their bytes are accounted for.
//!
//! **Specification**: System V Application Binary Interface, edition 4.1, chapters 4 and 5; extended numbering as in `elf(5)`.
//!
//! **Limitations**: nothing inside is searched. Bytes that no header, section or segment covers, and bytes behind the end, are left to
//! the search for other formats.

use std::collections::BTreeMap;

use assay_core::{Problem, SpanKind, escape::escape};

use crate::{
    context::Context,
    format::{Format, Magic, Opened},
    input::Input,
};

/// The format.
pub static FORMAT: Format =
    Format { name: "elf", title: "ELF", version: 1, magics: &[Magic { bytes: &[0x7F, b'E', b'L', b'F'], at: 0 }], at_start: false, open };

/// Reads fields in the file's byte order and class.
struct Fields<'a> {
    input: &'a Input,
    wide: bool,
    little: bool,
}

impl Fields<'_> {
    fn half(&self, at: u64) -> Option<u64> {
        if self.little { self.input.le16(at) } else { self.input.be16(at) }.map(u64::from)
    }
    fn word(&self, at: u64) -> Option<u64> {
        if self.little { self.input.le32(at) } else { self.input.be32(at) }.map(u64::from)
    }
    /// An address or offset: 4 or 8 bytes at `narrow` or `wide`.
    fn long(&self, base: u64, narrow: u64, wide: u64) -> Option<u64> {
        if !self.wide {
            return self.word(base.checked_add(narrow)?);
        }
        let at = base.checked_add(wide)?;
        if self.little { self.input.le64(at) } else { self.input.be64(at) }
    }
}

/// Spans that do not overlap: the first to claim a byte keeps it.
#[derive(Default)]
struct Painted(BTreeMap<u64, (u64, SpanKind, String)>);

impl Painted {
    fn add(&mut self, start: u64, len: u64, kind: SpanKind, note: &str) {
        let end = start.saturating_add(len);
        let mut at = start;
        let mut free = Vec::new();
        if let Some((_, (before, ..))) = self.0.range(..=start).next_back() {
            at = at.max(*before);
        }
        for (from, (to, ..)) in self.0.range(start..end) {
            if *from > at {
                free.push((at, *from));
            }
            at = at.max(*to);
        }
        if at < end {
            free.push((at, end));
        }
        for (from, to) in free {
            self.0.insert(from, (to, kind, note.to_owned()));
        }
    }
}

fn open(input: &Input, context: &Context) -> Option<Opened> {
    let ident = input.get(0, 16)?;
    if !ident.starts_with(b"\x7FELF") || !matches!(ident[4], 1 | 2) || !matches!(ident[5], 1 | 2) || ident[6] != 1 {
        return None;
    }
    let fields = Fields { input, wide: ident[4] == 2, little: ident[5] == 1 };
    let header = if fields.wide { 64 } else { 52 };
    let (at_sizes, entry_p, entry_s) = if fields.wide { (52, 56, 64) } else { (40, 32, 40) };
    let (phoff, shoff) = (fields.long(0, 28, 32)?, fields.long(0, 32, 40)?);
    let (phentsize, mut phnum) = (fields.half(at_sizes + 2)?, fields.half(at_sizes + 4)?);
    let (shentsize, mut shnum, mut shstrndx) = (fields.half(at_sizes + 6)?, fields.half(at_sizes + 8)?, fields.half(at_sizes + 10)?);
    let odd_sections = shnum > 0 && shentsize != entry_s;
    let size = input.size();
    let fits = |start: u64, len: u64| start.checked_add(len).is_some_and(|end| end <= size);
    // Only headers that are all there: what stands in one can be added to its offset without a further thought.
    let section = |index: u64| shoff.checked_add(index.checked_mul(entry_s)?).filter(|at| fits(*at, entry_s));
    // Numbers that do not fit 16 bits stand in the first section header.
    if shoff == 0 || shentsize != entry_s {
        shnum = 0;
    } else if let Some(first) = section(0) {
        shnum = if shnum == 0 { fields.long(first, 20, 32).unwrap_or(0) } else { shnum };
        phnum = if phnum == 0xFFFF { fields.word(first + if fields.wide { 44 } else { 28 }).unwrap_or(0) } else { phnum };
        shstrndx = if shstrndx == 0xFFFF { fields.word(first + if fields.wide { 40 } else { 24 }).unwrap_or(0) } else { shstrndx };
    }
    let sound = fields.word(20) == Some(1)
        && fields.half(at_sizes) == Some(header)
        && matches!(fields.half(16)?, 1..=4)
        && fields.half(18)? != 0
        && (phnum > 0 || shnum > 0)
        && !odd_sections
        && (phnum == 0 || phentsize == entry_p && phnum.checked_mul(entry_p).is_some_and(|len| fits(phoff, len)))
        && (shnum == 0 || shnum.checked_mul(entry_s).is_some_and(|len| fits(shoff, len)));
    if !sound && (input.start() > 0 || size < header) {
        return None;
    }
    let mut opened = Opened::default();
    let mut painted = Painted::default();
    painted.add(0, header.min(size), SpanKind::Header, "ELF header");
    if !sound {
        opened.problem(Problem::corrupt(16, "ELF: the header's sizes and numbers do not fit the file"));
    }
    let mut cut = 0_u64;
    let mut clip = |start: u64, len: u64| {
        let end = start.saturating_add(len);
        cut = cut.max(end.saturating_sub(size));
        (start.min(size), end.min(size) - start.min(size))
    };
    for (at, number, entry, note) in [(phoff, phnum, entry_p, "program headers"), (shoff, shnum, entry_s, "section headers")] {
        if number > 0 {
            let (start, len) = clip(at, number.saturating_mul(entry));
            painted.add(start, len, SpanKind::Table, note);
        }
    }
    let names = section(shstrndx).filter(|_| shstrndx < shnum).and_then(|at| Some((fields.long(at, 16, 24)?, fields.long(at, 20, 32)?)));
    for index in 0..shnum {
        let (Some(at), Ok(())) = (section(index), context.step(1)) else { break };
        let Some(kind) = fields.word(at + 4) else { break };
        let (Some(start), Some(len)) = (fields.long(at, 16, 24), fields.long(at, 20, 32)) else { break };
        // SHT_NULL and SHT_NOBITS have no bytes in the file.
        if kind == 0 || kind == 8 || len == 0 {
            continue;
        }
        let name = names.zip(fields.word(at)).and_then(|((table, _), name)| {
            let bytes = input.tail(table.checked_add(name)?);
            Some(escape(bytes[..bytes.len().min(64)].split(|byte| *byte == 0).next()?))
        });
        let (start, len) = clip(start, len);
        if len > 0 {
            painted.add(start, len, SpanKind::Content, &name.unwrap_or_default());
        }
    }
    for index in 0..phnum {
        let Some(at) = phoff.checked_add(index.saturating_mul(entry_p)).filter(|_| context.step(1).is_ok()) else { break };
        let (Some(start), Some(len)) = (fields.long(at, 4, 8), fields.long(at, 16, 32)) else { break };
        let (start, len) = clip(start, len);
        if len > 0 {
            painted.add(start, len, SpanKind::Content, "segment");
        }
    }
    if cut > 0 {
        // A truncated file inside other bytes cannot be told from a chance match.
        if input.start() > 0 {
            return None;
        }
        opened.problem(Problem::truncated(size, format!("ELF: sections or segments reach {cut} bytes beyond the end")).over(cut));
    }
    opened.len = painted.0.values().map(|(end, ..)| *end).max().unwrap_or(header);
    for (start, (end, kind, note)) in painted.0 {
        opened.span(start, end - start, kind, note);
    }
    Some(opened)
}
