//! What names a function before any code was read, and how much each kind of name is worth.

use std::collections::BTreeMap;

use crate::{
    ir::{Machine, Mode, Place, Width},
    load::Program,
};

/// What led to a function, from the surest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FoundBy {
    /// The file's entry point.
    Entry,
    /// A symbol of the file.
    Symbol,
    /// The loader calls it before or after the program.
    Initialiser,
    /// The unwinder's tables.
    Unwind,
    /// A call.
    Call,
    /// A jump out of another function.
    TailCall,
    /// Its address was computed by code.
    Address,
    /// Its address stands in data.
    Pointer,
    /// It begins as functions do, where no other code is.
    Scan,
}

impl FoundBy {
    /// The word for it in output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Symbol => "symbol",
            Self::Initialiser => "initialiser",
            Self::Unwind => "unwind",
            Self::Call => "call",
            Self::TailCall => "tail-call",
            Self::Address => "address",
            Self::Pointer => "pointer",
            Self::Scan => "scan",
        }
    }
}

/// A place where a function may begin. Without a mode (unwind tables give none) it is to be found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed {
    /// Address, mode bits removed.
    pub address: u64,
    /// How its instructions are read, if that is known.
    pub mode: Option<Mode>,
    /// Why.
    pub found_by: FoundBy,
}

/// Seeds that the file itself states.
pub fn stated(program: &Program<'_>, machine: &Machine) -> Vec<Seed> {
    let mut seeds = Vec::new();
    let mut add = |value: u64, found_by| {
        let Place { address, mode } = machine.place_of(value);
        if program.memory.executable(address) {
            seeds.push(Seed { address, mode: Some(mode), found_by });
        }
    };
    program.entry.into_iter().for_each(|entry| add(entry, FoundBy::Entry));
    for symbol in program.symbols.iter().filter(|symbol| symbol.function) {
        add(symbol.address, FoundBy::Symbol);
    }
    program.initialisers.iter().for_each(|value| add(*value, FoundBy::Initialiser));
    seeds.extend(unwind(program));
    seeds
}

/// Function starts of `.ARM.exidx`: pairs of words, the first a 31-bit distance to a function (EHABI, IHI 0038, section 5).
fn unwind(program: &Program<'_>) -> Vec<Seed> {
    let Some((start, size)) = program.unwind_index else { return Vec::new() };
    (0..(size / 8).min(super::limits::FUNCTIONS as u64))
        .filter_map(|index| {
            let at = start.checked_add(index * 8)?;
            let word = program.memory.number(at, Width::W32)?;
            let address = at.wrapping_add((Width::W32.signed(word << 1) >> 1) as u64) & 0xffff_fffe;
            program.memory.executable(address).then_some(Seed { address, mode: None, found_by: FoundBy::Unwind })
        })
        .collect()
}

/// Words of data that could be addresses of code: relocated ones, and, where nothing is relocated, all that are aligned.
pub fn pointers(program: &Program<'_>, machine: &Machine) -> BTreeMap<u64, u64> {
    let mut found = BTreeMap::new();
    let mut add = |slot: u64, value: u64| {
        let place = machine.place_of(value);
        if program.may_be_code(place.address) {
            found.insert(slot, value);
        }
    };
    for (slot, value) in &program.pointers {
        add(*slot, *value);
    }
    if program.kind == crate::load::Kind::Fixed {
        let width = program.memory.class.width();
        for segment in program.memory.segments() {
            let mut at = segment.start.next_multiple_of(width.bytes());
            let end = segment.start + segment.bytes.len() as u64;
            while at + width.bytes() <= end {
                // Constants among code are found where code reads them.
                let among_code = !program.code_sections.is_empty() && program.may_be_code(at);
                if let Some(value) = program.memory.number(at, width).filter(|_| !among_code) {
                    add(at, value);
                }
                at += width.bytes();
            }
        }
    }
    found
}
