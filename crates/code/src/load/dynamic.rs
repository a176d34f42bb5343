//! The dynamic table: what the loader at run time is told. It is there even where every section header was removed.

use std::collections::BTreeMap;

use assay_core::Problem;
use object::elf;

use super::{
    Architecture, Class, Program,
    header::Header,
    limits,
    symbols::{self, Entry},
};
use crate::ir::Width;

/// One table of relocations.
struct Relocations {
    start: u64,
    size: u64,
    with_addend: bool,
}

/// Reads the table that `PT_DYNAMIC` names, and what hangs from it.
pub fn read(header: &Header, program: &mut Program<'_>) {
    let Some(table) = header.segments.iter().find(|segment| segment.kind == elf::PT_DYNAMIC.0) else { return };
    let tags = tags(program, table.address, table.memory_size);
    let first = |tag: u64| tags.iter().find(|(found, _)| *found == tag).map(|(_, value)| *value);
    let tag = |tag: elf::DynamicTag| first(tag.0 as u64);
    let (strings, symbols) = (tag(elf::DT_STRTAB), tag(elf::DT_SYMTAB));
    let text = |program: &Program<'_>, at: u64| {
        let bytes = strings.and_then(|strings| program.memory.text(strings.checked_add(at)?, limits::NAME)).unwrap_or_default();
        String::from_utf8_lossy(bytes).into_owned()
    };
    for (tag, value) in &tags {
        if *tag == elf::DT_NEEDED.0 as u64 {
            let name = text(program, *value);
            program.needed.push(name);
        }
    }
    program.soname = tag(elf::DT_SONAME).map(|at| text(program, at));
    let names = symbols.map(|at| table_of_symbols(program, at, &tag)).unwrap_or_default();
    for entry in &names {
        if entry.section != elf::SHN_UNDEF.0 {
            let name = text(program, entry.name);
            program.symbols.extend(entry.symbol(name));
        }
    }
    let plt_with_addend = tag(elf::DT_PLTREL) == Some(elf::DT_RELA.0 as u64);
    let tables =
        [(elf::DT_REL, elf::DT_RELSZ, false), (elf::DT_RELA, elf::DT_RELASZ, true), (elf::DT_JMPREL, elf::DT_PLTRELSZ, plt_with_addend)];
    for (start, size, with_addend) in tables {
        if let (Some(start), Some(size)) = (tag(start), tag(size)) {
            let names = |index: u64| names.get(index as usize).map(|entry| (*entry, text(program, entry.name)));
            let found = relocations(program, header, &Relocations { start, size, with_addend }, &names);
            apply(program, found);
        }
    }
    initialisers(program, &tag);
    let ends =
        [(elf::DT_STRTAB, elf::DT_STRSZ), (elf::DT_REL, elf::DT_RELSZ), (elf::DT_RELA, elf::DT_RELASZ), (elf::DT_JMPREL, elf::DT_PLTRELSZ)];
    own_tables(program, header, ends.into_iter().filter_map(|(start, size)| tag(start)?.checked_add(tag(size)?)));
}

/// Notes where the tables stand that the loader alone reads: from the file's head to the end of the last of them, as linkers put them
/// in front of all code. `ends` are where they end.
fn own_tables(program: &mut Program<'_>, header: &Header, ends: impl Iterator<Item = u64>) {
    let Some(head) = header.segments.iter().find(|segment| segment.kind == elf::PT_LOAD.0 && segment.offset == 0) else { return };
    let start = head.address;
    let code = program.entry.into_iter().chain(program.initialisers.iter().copied()).filter(|code| *code > start).min();
    let within = |end: &u64| *end > start && *end <= start.saturating_add(head.file_size) && code.is_none_or(|code| *end <= code);
    if let Some(end) = ends.filter(within).max() {
        program.memory.set_tables(start, end);
    }
}

/// The pairs of the table up to `DT_NULL`.
fn tags(program: &Program<'_>, start: u64, size: u64) -> Vec<(u64, u64)> {
    let width = program.memory.class.width();
    let mut tags = Vec::new();
    let mut at = start;
    let end = start.saturating_add(size.min(1 << 16));
    while at < end {
        let (Some(tag), Some(value)) = (program.memory.number(at, width), program.memory.number(at.wrapping_add(width.bytes()), width))
        else {
            break;
        };
        if tag == 0 {
            break;
        }
        tags.push((tag, value));
        at = at.wrapping_add(2 * width.bytes());
    }
    tags
}

/// The dynamic symbols. Their number stands nowhere: the hash tables know it.
fn table_of_symbols(program: &Program<'_>, at: u64, tag: &dyn Fn(elf::DynamicTag) -> Option<u64>) -> Vec<Entry> {
    let word = |address: u64| program.memory.number(address, Width::W32);
    let by_hash = tag(elf::DT_HASH).and_then(|hash| word(hash.checked_add(4)?));
    let by_gnu = tag(elf::DT_GNU_HASH).and_then(|hash| gnu_count(program, hash));
    // A GNU table knows only what is defined; the table of names commonly follows the table of symbols.
    let size = symbols::entry_size(program.memory.class);
    let by_place = tag(elf::DT_STRTAB).filter(|strings| *strings > at).map(|strings| (strings - at) / size as u64);
    let count = by_hash.max(by_gnu).max(by_place).unwrap_or(0).min(limits::SYMBOLS) as usize;
    let raw = program.memory.raw(at).unwrap_or_default();
    let table = raw.get(..(count * size).min(raw.len())).unwrap_or_default();
    symbols::entries(table, program.memory.class, program.memory.big_endian).collect()
}

/// Number of symbols that a GNU hash table speaks of: one more than the last of its longest chain.
fn gnu_count(program: &Program<'_>, hash: u64) -> Option<u64> {
    let word = |address: u64| program.memory.number(address, Width::W32);
    let (buckets, first, filters) = (word(hash)?, word(hash.checked_add(4)?)?, word(hash.checked_add(8)?)?);
    let start = hash.checked_add(16)?.checked_add(filters.checked_mul(program.memory.class.width().bytes())?)?;
    let chains = start.checked_add(buckets.checked_mul(4)?)?;
    let mut last = (0..buckets.min(limits::SYMBOLS)).filter_map(|bucket| word(start.checked_add(bucket * 4)?)).max()?;
    if last < first {
        return Some(first);
    }
    for _ in 0..limits::SYMBOLS {
        let link = word(chains.checked_add((last - first).checked_mul(4)?)?)?;
        last += 1;
        if link & 1 == 1 {
            break;
        }
    }
    Some(last)
}

/// What relocations say: words to write, and slots that belong to names from elsewhere.
#[derive(Default)]
struct Found {
    values: Vec<(u64, u64)>,
    imports: Vec<(u64, String)>,
    slots: Vec<u64>,
    unknown: BTreeMap<u32, u64>,
    cut: bool,
}

fn relocations(program: &Program<'_>, header: &Header, table: &Relocations, name_of: &dyn Fn(u64) -> Option<(Entry, String)>) -> Found {
    let memory = &program.memory;
    let width = memory.class.width();
    let step = width.bytes() * if table.with_addend { 3 } else { 2 };
    let mut found = Found { cut: table.size / step > limits::RELOCATIONS, ..Found::default() };
    for index in 0..(table.size / step).min(limits::RELOCATIONS) {
        let at = table.start.wrapping_add(index * step);
        let (Some(slot), Some(info)) = (memory.number(at, width), memory.number(at.wrapping_add(width.bytes()), width)) else { break };
        let addend = if table.with_addend { at.wrapping_add(2 * width.bytes()) } else { slot };
        let addend = memory.number(addend, width).unwrap_or(0);
        let (symbol, kind) = match memory.class {
            Class::Bits32 => (info >> 8, (info & 0xff) as u32),
            Class::Bits64 => (info >> 32, info as u32),
        };
        match meaning(header.architecture, kind) {
            Some(Meaning::Relative) => found.values.push((slot, addend)),
            Some(meaning) => {
                let Some((entry, name)) = name_of(symbol) else { continue };
                // A slot filled by name starts out pointing into the PLT: only data words have an addend of their own.
                let addend = if meaning == Meaning::Slot && !table.with_addend { 0 } else { addend };
                if entry.section == elf::SHN_UNDEF.0 {
                    found.imports.push((slot, name));
                } else {
                    if meaning == Meaning::Slot {
                        found.slots.push(slot);
                    }
                    found.values.push((slot, entry.value.wrapping_add(addend) & width.mask()));
                }
            }
            None if kind != 0 => *found.unknown.entry(kind).or_default() += 1,
            None => {}
        }
    }
    found
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// The addend plus where the file was loaded (0 here).
    Relative,
    /// A symbol's address plus the addend.
    Word,
    /// A symbol's address.
    Slot,
}

/// What a relocation type does to a word, for processors whose code is read.
fn meaning(architecture: Architecture, kind: u32) -> Option<Meaning> {
    match architecture {
        Architecture::ARM => match elf::RelocationType(kind) {
            elf::R_ARM_RELATIVE => Some(Meaning::Relative),
            elf::R_ARM_ABS32 => Some(Meaning::Word),
            elf::R_ARM_GLOB_DAT | elf::R_ARM_JUMP_SLOT => Some(Meaning::Slot),
            _ => None,
        },
        _ => None,
    }
}

fn apply(program: &mut Program<'_>, found: Found) {
    let width = program.memory.class.width();
    for (slot, value) in found.values {
        if program.memory.holds(slot) {
            program.memory.patch(slot, width, value);
            program.pointers.insert(slot, value);
        }
    }
    program.linked.slots.extend(found.slots);
    program.imports.extend(found.imports.into_iter().filter(|(_, name)| !name.is_empty()));
    if found.cut {
        program.problems.push(Problem::over_limit(0, "more relocations than are read"));
    }
    for (kind, times) in found.unknown {
        // Copies and thread-local offsets change no address that the analysis follows.
        let quiet = matches!(
            elf::RelocationType(kind),
            elf::R_ARM_COPY | elf::R_ARM_TLS_DTPMOD32 | elf::R_ARM_TLS_DTPOFF32 | elf::R_ARM_TLS_TPOFF32 | elf::R_ARM_IRELATIVE
        );
        if !(quiet && program.architecture == Architecture::ARM) {
            program.problems.push(Problem::unsupported(0, format!("{times} relocations of type {kind} are not applied")));
        }
    }
}

/// The functions that the loader calls by itself.
fn initialisers(program: &mut Program<'_>, tag: &dyn Fn(elf::DynamicTag) -> Option<u64>) {
    program.initialisers.extend([elf::DT_INIT, elf::DT_FINI].into_iter().filter_map(tag));
    let arrays = [
        (elf::DT_PREINIT_ARRAY, elf::DT_PREINIT_ARRAYSZ),
        (elf::DT_INIT_ARRAY, elf::DT_INIT_ARRAYSZ),
        (elf::DT_FINI_ARRAY, elf::DT_FINI_ARRAYSZ),
    ];
    let bytes = program.memory.class.width().bytes();
    for (start, size) in arrays {
        let (Some(start), Some(size)) = (tag(start), tag(size)) else { continue };
        for index in 0..(size / bytes).min(limits::SEGMENTS as u64) {
            let value = start.checked_add(index * bytes).and_then(|at| program.memory.pointer(at));
            program.initialisers.extend(value.filter(|value| program.memory.executable(*value)));
        }
    }
}
