//! The ELF header, program headers, and what section headers add.

use std::ops::Range;

use assay_core::Problem;
use object::{
    Endianness, elf,
    read::elf::{FileHeader, ProgramHeader, SectionHeader},
};

use super::{Kind, NotLoaded, Program, Segment, limits, symbols};
use crate::ir::Width;

/// Size of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// ELF32.
    Bits32,
    /// ELF64.
    Bits64,
}

impl Class {
    /// Width of a pointer.
    pub fn width(self) -> Width {
        match self {
            Self::Bits32 => Width::W32,
            Self::Bits64 => Width::W64,
        }
    }
}

/// Processors by ELF's own numbers (`e_machine`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Architecture(pub u16);

impl Architecture {
    /// 32-bit Arm.
    pub const ARM: Self = Self(elf::EM_ARM.0);

    /// Name as the field writes it; the number for others.
    pub fn name(self) -> String {
        match elf::Machine(self.0) {
            elf::EM_ARM => "Arm".into(),
            elf::EM_AARCH64 => "AArch64".into(),
            elf::EM_RISCV => "RISC-V".into(),
            elf::EM_MIPS => "MIPS".into(),
            elf::EM_386 => "x86".into(),
            elf::EM_X86_64 => "x86-64".into(),
            elf::EM_XTENSA => "Xtensa".into(),
            elf::Machine(other) => format!("machine {other}"),
        }
    }
}

/// What the file header says.
pub struct Header {
    /// Processor.
    pub architecture: Architecture,
    /// Kind of file.
    pub kind: Kind,
    /// 32 or 64 bits.
    pub class: Class,
    /// Byte order.
    pub big_endian: bool,
    /// Entry point as stated.
    pub entry: u64,
    /// Program headers.
    pub segments: Vec<ProgramHeaderEntry>,
    /// Section headers.
    pub sections: Vec<Section>,
}

/// One program header.
#[derive(Debug, Clone, Copy)]
pub struct ProgramHeaderEntry {
    /// `p_type`.
    pub kind: u32,
    /// `p_flags`.
    pub flags: u32,
    /// `p_offset`.
    pub offset: u64,
    /// `p_vaddr`.
    pub address: u64,
    /// `p_filesz`.
    pub file_size: u64,
    /// `p_memsz`.
    pub memory_size: u64,
}

/// One section header.
#[derive(Debug, Clone)]
pub struct Section {
    /// Name, where it can be read.
    pub name: String,
    /// `sh_type`.
    pub kind: u32,
    /// `sh_flags`.
    pub flags: u64,
    /// `sh_addr`.
    pub address: u64,
    /// `sh_offset`.
    pub offset: u64,
    /// `sh_size`.
    pub size: u64,
    /// `sh_link`.
    pub link: u32,
    /// `sh_info`.
    pub info: u32,
    /// `sh_addralign`.
    pub align: u64,
}

/// Reads the headers of `file`.
pub fn read(file: &[u8]) -> Result<Header, NotLoaded> {
    let damaged = |error: object::Error| NotLoaded::Malformed(error.to_string());
    match file.get(..6) {
        Some([0x7f, b'E', b'L', b'F', 1, _]) => {
            read_as(elf::FileHeader32::<Endianness>::parse(file).map_err(damaged)?, file, Class::Bits32)
        }
        Some([0x7f, b'E', b'L', b'F', 2, _]) => {
            read_as(elf::FileHeader64::<Endianness>::parse(file).map_err(damaged)?, file, Class::Bits64)
        }
        _ => Err(NotLoaded::Malformed("no ELF header".into())),
    }
}

fn read_as<H: FileHeader<Endian = Endianness>>(header: &H, file: &[u8], class: Class) -> Result<Header, NotLoaded> {
    let endian = header.endian().map_err(|error| NotLoaded::Malformed(error.to_string()))?;
    let kind = match header.e_type(endian) {
        elf::ET_EXEC => Kind::Fixed,
        elf::ET_DYN => Kind::Shared,
        elf::ET_REL => Kind::Relocatable,
        elf::FileType(other) => return Err(NotLoaded::Unsupported(format!("ELF type {other}"))),
    };
    // Headers of sections are a convenience of linkers: damaged ones are ignored, not believed and not fatal.
    let segments = header.program_headers(endian, file).unwrap_or(&[]);
    let sections = header.section_headers(endian, file).unwrap_or(&[]);
    let names = header.section_strings(endian, file, sections).unwrap_or_default();
    Ok(Header {
        architecture: Architecture(header.e_machine(endian).0),
        kind,
        class,
        big_endian: endian == Endianness::Big,
        entry: header.e_entry(endian).into(),
        segments: segments
            .iter()
            .take(limits::SEGMENTS)
            .map(|segment| ProgramHeaderEntry {
                kind: segment.p_type(endian).0,
                flags: segment.p_flags(endian).0,
                offset: segment.p_offset(endian).into(),
                address: segment.p_vaddr(endian).into(),
                file_size: segment.p_filesz(endian).into(),
                memory_size: segment.p_memsz(endian).into(),
            })
            .collect(),
        sections: sections
            .iter()
            .take(limits::SEGMENTS)
            .map(|section| Section {
                name: section.name(endian, names).map(|name| String::from_utf8_lossy(name).into_owned()).unwrap_or_default(),
                kind: section.sh_type(endian).0,
                flags: section.sh_flags(endian).0,
                address: section.sh_addr(endian).into(),
                offset: section.sh_offset(endian).into(),
                size: section.sh_size(endian).into(),
                link: section.sh_link(endian),
                info: section.sh_info(endian),
                align: section.sh_addralign(endian).into(),
            })
            .collect(),
    })
}

/// `size` bytes of `file` from `offset`, as far as they are there.
pub fn slice(file: &[u8], offset: u64, size: u64) -> &[u8] {
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(file.len());
    let end = usize::try_from(offset.saturating_add(size)).unwrap_or(usize::MAX).min(file.len());
    file.get(start..end).unwrap_or_default()
}

impl Header {
    /// Maps what `PT_LOAD` says and notes where the unwinder's tables are.
    pub fn map(&self, program: &mut Program<'_>) {
        let file = program.memory.file;
        for segment in &self.segments {
            match elf::ProgramType(segment.kind) {
                elf::PT_LOAD => {
                    let bytes = slice(file, segment.offset, segment.file_size.min(segment.memory_size));
                    if (bytes.len() as u64) < segment.file_size.min(segment.memory_size) {
                        program.problems.push(Problem::truncated(segment.offset, "a segment reaches past the end of the file"));
                    }
                    let loaded = Segment {
                        start: segment.address,
                        bytes,
                        offset: segment.offset,
                        size: segment.memory_size,
                        executable: segment.flags & elf::PF_X.0 != 0,
                        writable: segment.flags & elf::PF_W.0 != 0,
                    };
                    if segment.memory_size > 0 && !program.memory.add(loaded) {
                        let note = format!("the segment at {:#x} overlaps another or does not fit", segment.address);
                        program.problems.push(Problem::corrupt(segment.offset, note));
                    }
                }
                elf::PT_ARM_EXIDX if self.architecture == Architecture::ARM => {
                    program.unwind_index = Some((segment.address, segment.memory_size));
                }
                elf::PT_GNU_RELRO => {
                    program.linked.sealed = Some((segment.address, segment.address.saturating_add(segment.memory_size)));
                }
                elf::PT_GNU_EH_FRAME => program.frame_index = Some((segment.address, segment.memory_size)),
                _ => {}
            }
        }
        if self.entry != 0 {
            program.entry = Some(self.entry);
        }
        let frames = self.sections.iter().find(|section| section.name == ".eh_frame" && section.address != 0);
        program.frames = frames.map(|section| (section.address, section.size));
    }

    /// Sections that hold code. A header may lie: they are believed where they lie in segments that may be executed and hold whatever
    /// the loader itself would run.
    pub fn code_sections(&self, program: &mut Program<'_>) {
        let memory = &program.memory;
        let code =
            |section: &&Section| section.flags & elf::SHF_EXECINSTR.0 != 0 && section.kind == elf::SHT_PROGBITS.0 && section.size > 0;
        let mut ranges: Vec<_> =
            self.sections.iter().filter(code).map(|section| section.address..section.address.saturating_add(section.size)).collect();
        ranges.sort_by_key(|range| range.start);
        let mapped = |range: &Range<u64>| memory.segment(range.start).is_some_and(|held| held.executable && range.end <= held.end());
        let apart = ranges.windows(2).all(|pair| matches!(pair, [one, two] if one.end <= two.start));
        let symbols = program.symbols.iter().filter(|symbol| symbol.function).map(|symbol| &symbol.address);
        let mut run = program.entry.iter().chain(&program.initialisers).chain(symbols).map(|address| address & !1);
        if apart && ranges.iter().all(mapped) && run.all(|address| super::within(&ranges, address)) {
            program.code_sections = ranges;
        }
    }

    /// The symbols of `.symtab`, where the file was not stripped.
    pub fn section_symbols(&self, program: &mut Program<'_>) {
        let file = program.memory.file;
        for section in self.sections.iter().filter(|section| section.kind == elf::SHT_SYMTAB.0) {
            let names = self.sections.get(section.link as usize).map_or(&[][..], |names| slice(file, names.offset, names.size));
            let table = slice(file, section.offset, section.size);
            for entry in symbols::entries(table, self.class, self.big_endian) {
                if entry.section != elf::SHN_UNDEF.0 && entry.section < elf::SHN_LORESERVE {
                    program.symbols.extend(entry.symbol(symbols::name(names, entry.name)));
                }
            }
        }
    }
}
