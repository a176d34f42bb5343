//! How a program was compiled and linked: what it brings along against its own faults. Of any processor.
//!
//! **Source**: System V ABI, chapters "Program Header" and "Dynamic Section"; *Linux Standard Base Core 5.0*, section 11.2 (`PT_GNU_STACK`,
//! `PT_GNU_RELRO`); GCC manual, `-fstack-protector`, `_FORTIFY_SOURCE`. The words, and where one ends and the next begins, are those of
//! `checksec`, which a test compares with.
//!
//! **Limitations**: a statically linked program has no names of its guards once it is stripped: what cannot be seen is said to be absent.

use assay_core::{
    escape::escape,
    facts::image::{ElfKind, Hardening, Relro},
};
use object::{
    Endianness, elf,
    read::elf::{Dyn, ElfFile, FileHeader, ProgramHeader, SectionHeader, Sym},
};

/// Names looked at of one file.
const NAMES: usize = 200_000;

/// Functions of the C library that have a form which checks lengths (glibc, `debug/`).
const FORTIFIABLE: [&str; 33] = [
    "asprintf",
    "confstr",
    "dprintf",
    "fdelt",
    "fgets",
    "fprintf",
    "fread",
    "getcwd",
    "getgroups",
    "gethostname",
    "longjmp",
    "mbstowcs",
    "memcpy",
    "memmove",
    "mempcpy",
    "memset",
    "poll",
    "printf",
    "read",
    "readlink",
    "realpath",
    "recv",
    "recvfrom",
    "snprintf",
    "sprintf",
    "stpcpy",
    "strcat",
    "strcpy",
    "strncat",
    "strncpy",
    "syslog",
    "vfprintf",
    "vsnprintf",
];

/// The protections of the ELF file `bytes`; none where it is no ELF file that can be read. Never panics.
#[must_use]
pub fn hardening(bytes: &[u8]) -> Option<Hardening> {
    let read = || match bytes.get(4)? {
        1 => of::<elf::FileHeader32<Endianness>>(bytes),
        2 => of::<elf::FileHeader64<Endianness>>(bytes),
        _ => None,
    };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).ok().flatten()
}

fn of<Elf: FileHeader<Endian = Endianness>>(bytes: &[u8]) -> Option<Hardening> {
    let file: ElfFile<'_, Elf> = ElfFile::parse(bytes).ok()?;
    let endian = file.endian();
    let header = file.elf_header();
    let (mut relro, mut stack, mut writable_code) = (false, None, false);
    let writes_and_runs = elf::PF_W.0 | elf::PF_X.0;
    for segment in file.elf_program_headers() {
        let flags = segment.p_flags(endian);
        match segment.p_type(endian) {
            elf::PT_GNU_RELRO => relro = true,
            elf::PT_GNU_STACK => stack = Some(flags.0 & elf::PF_X.0 == 0),
            elf::PT_LOAD => writable_code |= flags.0 & writes_and_runs == writes_and_runs,
            _ => {}
        }
    }
    let (mut now, mut debug, mut rpath, mut runpath) = (false, false, Vec::new(), Vec::new());
    let sections = file.elf_section_table();
    if let Ok(Some((entries, link))) = sections.dynamic(endian, bytes) {
        let strings = sections.strings(endian, bytes, link).unwrap_or_default();
        for entry in entries {
            let text = || entry.string(endian, strings).map(folders).unwrap_or_default();
            match entry.d_tag(endian) {
                elf::DT_BIND_NOW => now = true,
                elf::DT_FLAGS => now |= entry.d_val(endian).into() & elf::DF_BIND_NOW.0 != 0,
                elf::DT_FLAGS_1 => now |= entry.d_val(endian).into() & elf::DF_1_NOW.0 != 0,
                elf::DT_DEBUG => debug = true,
                elf::DT_RPATH => rpath = text(),
                elf::DT_RUNPATH => runpath = text(),
                _ => {}
            }
        }
    }
    let (mut canary, mut checked, mut could) = (false, 0, 0);
    for table in [elf::SHT_DYNSYM, elf::SHT_SYMTAB] {
        let Ok(symbols) = sections.symbols(endian, bytes, table) else { continue };
        for symbol in symbols.iter().take(NAMES) {
            let name = symbols.symbol_name(endian, symbol).unwrap_or_default();
            canary |= matches!(name, b"__stack_chk_fail" | b"__stack_chk_guard" | b"__stack_chk_fail_local" | b"__intel_security_cookie");
            if table == elf::SHT_DYNSYM && symbol.is_undefined(endian) {
                let name = std::str::from_utf8(name).unwrap_or_default();
                checked += u32::from(name.starts_with("__") && name.ends_with("_chk") && name != "__stack_chk_fail");
                could += u32::from(FORTIFIABLE.contains(&name));
            }
        }
    }
    let kind = match header.e_type(endian) {
        elf::ET_EXEC => ElfKind::Fixed,
        // The linker leaves that entry for debuggers in programs alone: a library that can be started has none.
        elf::ET_DYN if debug => ElfKind::Pie,
        elf::ET_DYN => ElfKind::Library,
        _ => ElfKind::Object,
    };
    Some(Hardening {
        machine: machine(header.e_machine(endian)),
        kind,
        relro: match (relro, now) {
            (false, _) => Relro::None,
            (true, false) => Relro::Partial,
            (true, true) => Relro::Full,
        },
        nx: stack.unwrap_or(false),
        writable_code,
        canary,
        fortified: (checked, checked + could),
        rpath,
        runpath,
        stripped: !sections.iter().any(|section| section.sh_type(endian) == elf::SHT_SYMTAB),
    })
}

/// Folders between colons; an empty one is the folder that the program is started in. A text that is empty as a whole, as tools leave it
/// that take folders of the build away, is passed over by the loader (glibc, `elf/dl-load.c`, `decompose_rpath`).
fn folders(text: &[u8]) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    text.split(|byte| *byte == b':').take(64).map(escape).collect()
}

fn machine(number: elf::Machine) -> String {
    let name = match number {
        elf::EM_ARM => "ARM",
        elf::EM_AARCH64 => "AArch64",
        elf::EM_386 => "Intel 80386",
        elf::EM_X86_64 => "X86-64",
        elf::EM_MIPS => "MIPS",
        elf::EM_RISCV => "RISC-V",
        elf::EM_PPC => "PowerPC",
        elf::EM_PPC64 => "PowerPC64",
        elf::EM_XTENSA => "Xtensa",
        _ => return format!("machine {}", number.0),
    };
    name.to_owned()
}
