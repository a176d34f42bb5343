//! Loading: an ELF file as the memory that a program would find, with everything that names a place in it.
//!
//! The way of a dynamic loader, not of a debugger: segments and the dynamic table come first, since they are what runs; section
//! headers and symbol tables are taken where they are present and believed where they agree. A kernel module has only sections and is
//! laid out as the kernel would ([`relocatable`]).
//!
//! **Sources**: System V ABI, chapters "Object Files" and "Program Loading and Dynamic Linking"; *ELF for the Arm Architecture*
//! (IHI 0044), sections on relocations and mapping symbols; the GNU hash table as `ld.so` reads it.

mod dynamic;
mod header;
mod memory;
mod relocatable;
mod symbols;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use assay_core::Problem;

pub use header::{Architecture, Class};
pub use memory::{Memory, Segment};

/// What is read at most; a file that says more has a problem instead.
pub mod limits {
    /// Symbols of one table.
    pub const SYMBOLS: u64 = 1 << 20;
    /// Relocations of one table.
    pub const RELOCATIONS: u64 = 1 << 21;
    /// Bytes of one name.
    pub const NAME: usize = 4096;
    /// Segments or sections laid out.
    pub const SEGMENTS: usize = 4096;
}

/// What kind of ELF file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Loaded at fixed addresses.
    Fixed,
    /// Loaded anywhere: a position-independent program or a library.
    Shared,
    /// Sections to be laid out: a kernel module or an object file.
    Relocatable,
}

impl Kind {
    /// The word for it in output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Shared => "shared",
            Self::Relocatable => "relocatable",
        }
    }
}

/// A name with a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// Name, as bytes made text.
    pub name: String,
    /// Address; for code with the mode bits that the ABI puts there.
    pub address: u64,
    /// Size in bytes; 0 where it does not say.
    pub size: u64,
    /// A function (otherwise data).
    pub function: bool,
    /// Visible to other files.
    pub exported: bool,
}

/// Places that hold what the loader put there for good, though their segment may be written.
#[derive(Debug, Default)]
pub struct Linked {
    /// Slots of the global offset table that hold addresses of the file itself.
    pub slots: BTreeSet<u64>,
    /// What is made read-only after relocation (`PT_GNU_RELRO`): start and end.
    pub sealed: Option<(u64, u64)>,
}

impl Linked {
    /// Is `address` such a place?
    pub fn contains(&self, address: u64) -> bool {
        self.slots.contains(&address) || self.sealed.is_some_and(|(start, end)| (start..end).contains(&address))
    }
}

/// A program in memory.
#[derive(Debug)]
pub struct Program<'a> {
    /// Processor.
    pub architecture: Architecture,
    /// What kind of file.
    pub kind: Kind,
    /// Its memory, relocations applied.
    pub memory: Memory<'a>,
    /// Where it starts, mode bits included.
    pub entry: Option<u64>,
    /// Defined names, by address.
    pub symbols: Vec<Symbol>,
    /// Slots that the loader fills with the address of a name from elsewhere.
    pub imports: BTreeMap<u64, String>,
    /// Places that were relocated to an address within the program: slot to address.
    pub pointers: BTreeMap<u64, u64>,
    /// Places that only the loader writes.
    pub linked: Linked,
    /// Sections of code, by address; none where headers of sections are missing or contradict what runs.
    pub code_sections: Vec<Range<u64>>,
    /// Functions that run before and after the program proper: `.init_array` and its like, `DT_INIT`, `DT_FINI`.
    pub initialisers: Vec<u64>,
    /// The unwinder's index (`PT_ARM_EXIDX`): start and length.
    pub unwind_index: Option<(u64, u64)>,
    /// `.eh_frame_hdr`: start and length.
    pub frame_index: Option<(u64, u64)>,
    /// `.eh_frame`: start and length, where a section names it.
    pub frames: Option<(u64, u64)>,
    /// Libraries that it asks for.
    pub needed: Vec<String>,
    /// The name it has as a library.
    pub soname: Option<String>,
    /// What was wrong with it.
    pub problems: Vec<Problem>,
}

impl Program<'_> {
    /// Is `address` where one would look for code? What runs is not limited to that: only guesses are.
    pub fn may_be_code(&self, address: u64) -> bool {
        (self.code_sections.is_empty() || within(&self.code_sections, address)) && self.memory.executable(address)
    }
}

/// Is `address` in one of these ranges, which are in order and apart?
fn within(ranges: &[Range<u64>], address: u64) -> bool {
    let at = ranges.partition_point(|range| range.start <= address);
    at.checked_sub(1).and_then(|at| ranges.get(at)).is_some_and(|range| range.contains(&address))
}

/// Why a file cannot be loaded at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotLoaded {
    /// Not ELF, or its header is damaged.
    Malformed(String),
    /// A processor or kind that is not read.
    Unsupported(String),
}

/// Loads `file`.
pub fn load(file: &[u8]) -> Result<Program<'_>, NotLoaded> {
    let header = header::read(file)?;
    let mut program = Program {
        architecture: header.architecture,
        kind: header.kind,
        memory: Memory::new(file, header.class, header.big_endian),
        entry: None,
        symbols: Vec::new(),
        imports: BTreeMap::new(),
        pointers: BTreeMap::new(),
        linked: Linked::default(),
        code_sections: Vec::new(),
        initialisers: Vec::new(),
        unwind_index: None,
        frame_index: None,
        frames: None,
        needed: Vec::new(),
        soname: None,
        problems: Vec::new(),
    };
    if header.kind == Kind::Relocatable {
        relocatable::lay_out(&header, &mut program);
    } else {
        header.map(&mut program);
        dynamic::read(&header, &mut program);
        header.section_symbols(&mut program);
        header.code_sections(&mut program);
    }
    program.symbols.retain(|symbol| program.memory.holds(symbol.address));
    program.symbols.sort_by(|a, b| (a.address, !a.exported, &a.name).cmp(&(b.address, !b.exported, &b.name)));
    program.symbols.dedup_by(|a, b| a.address == b.address && a.name == b.name);
    Ok(program)
}
