//! What the symbol table of an unstripped program says of its code, and the same program without it.
//!
//! - **Functions** are the addresses of defined `STT_FUNC` symbols in executable sections, whatever their size: aliases count once.
//!   Fragments that the compiler split off (`.part`, `.cold`, `.constprop`), thunks and the linker's veneers are functions, since the
//!   table says so. Entries of the PLT have no symbols: they are left out on both sides.
//! - **Code** is what lies in a function's size and behind a mapping symbol `$a` or `$t` (*ELF for the Arm Architecture*, IHI 0044,
//!   "Mapping symbols"): literals and jump tables (`$d`) are none, nor is padding between functions.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use anyhow::{Context, ensure};
use object::{
    LittleEndian, elf,
    read::elf::{FileHeader, SectionHeader, Sym},
};

type Header = elf::FileHeader32<LittleEndian>;
const LITTLE: LittleEndian = LittleEndian;

/// Removed beside the symbols: they would name the functions as well.
const UNWINDING: [&[u8]; 4] = [b".eh_frame", b".eh_frame_hdr", b".ARM.exidx", b".ARM.extab"];

/// A half-open range of addresses.
pub type Range = (u64, u64);

/// What is known of a program.
#[derive(Debug, Default)]
pub struct Truth {
    /// Addresses of functions, without the Thumb bit.
    pub functions: BTreeMap<u64, String>,
    /// Code of functions, without overlaps, by address.
    pub code: Vec<Range>,
    /// What is not judged: the PLT.
    pub left_out: Vec<Range>,
}

impl Truth {
    /// Reads the symbols of `file`.
    pub fn read(file: &[u8]) -> anyhow::Result<Self> {
        let header = Header::parse(file)?;
        ensure!(header.e_machine(LITTLE) == elf::EM_ARM, "not for Arm");
        let sections = header.sections(LITTLE, file)?;
        let symbols = sections.symbols(LITTLE, file, elf::SHT_SYMTAB)?;
        ensure!(!symbols.is_empty(), "stripped");
        let mut truth = Self::default();
        let mut bodies = Vec::new();
        for (index, section) in sections.enumerate() {
            let executable =
                u64::from(section.sh_flags(LITTLE).0) & elf::SHF_EXECINSTR.0 != 0 && section.sh_type(LITTLE) == elf::SHT_PROGBITS;
            let range = (u64::from(section.sh_addr(LITTLE)), u64::from(section.sh_addr(LITTLE)) + u64::from(section.sh_size(LITTLE)));
            if !executable {
                continue;
            }
            if matches!(sections.section_name(LITTLE, section)?, b".plt" | b".iplt") {
                truth.left_out.push(range);
                continue;
            }
            // Where the kind of content changes, and whether it is code from there on.
            let mut kinds: BTreeMap<u64, bool> = BTreeMap::new();
            for symbol in symbols.iter().filter(|symbol| usize::from(symbol.st_shndx(LITTLE).0) == index.0) {
                let (value, name) = (u64::from(symbol.st_value(LITTLE)), symbols.symbol_name(LITTLE, symbol)?);
                match name.get(..2) {
                    Some(b"$a" | b"$t") => drop(kinds.insert(value, true)),
                    Some(b"$d") => drop(kinds.insert(value, false)),
                    _ if symbol.st_type() == elf::STT_FUNC => {
                        truth.functions.insert(value & !1, String::from_utf8_lossy(name).into_owned());
                        bodies.push((value & !1, (value & !1) + u64::from(symbol.st_size(LITTLE))));
                    }
                    _ => {}
                }
            }
            let ends = kinds.keys().skip(1).copied().chain([range.1]);
            let code = kinds.iter().zip(ends).filter(|((_, code), _)| **code).map(|((start, _), end)| (*start, end));
            truth.code.extend(code);
        }
        truth.code = common(&union(truth.code), &union(bodies));
        Ok(truth)
    }

    /// Is this address not judged?
    pub fn leaves_out(&self, address: u64) -> bool {
        self.left_out.iter().any(|(start, end)| (*start..*end).contains(&address))
    }
}

/// The ranges in order, those that touch made one.
pub fn union(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.retain(|(start, end)| start < end);
    ranges.sort_unstable();
    let mut joined: Vec<Range> = Vec::new();
    for (start, end) in ranges {
        match joined.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => joined.push((start, end)),
        }
    }
    joined
}

/// What two ordered lists of ranges have in common.
pub fn common(a: &[Range], b: &[Range]) -> Vec<Range> {
    let (mut a, mut b) = (a.iter().copied().peekable(), b.iter().copied().peekable());
    let mut both = Vec::new();
    while let (Some(one), Some(two)) = (a.peek().copied(), b.peek().copied()) {
        let range = (one.0.max(two.0), one.1.min(two.1));
        if range.0 < range.1 {
            both.push(range);
        }
        if one.1 < two.1 {
            a.next()
        } else {
            b.next()
        };
    }
    both
}

/// Bytes in a list of ranges.
pub fn length(ranges: &[Range]) -> u64 {
    ranges.iter().map(|(start, end)| end - start).sum()
}

/// Writes `from` to `to` without symbols and without tables for unwinding: their bytes become zeros, their headers say nothing.
pub fn strip(strip: &str, from: &Path, to: &Path) -> anyhow::Result<()> {
    let status = Command::new(strip).args(["--strip-all", "-o"]).arg(to).arg(from).status().with_context(|| strip.to_owned())?;
    ensure!(status.success(), "{strip} does not strip {}", from.display());
    let mut file = std::fs::read(to)?;
    let (contents, headers) = unwinding(&file)?;
    for (start, end) in contents {
        file.get_mut(start as usize..end as usize).context("a section outside the file")?.fill(0);
    }
    for at in headers {
        let kind = file.get_mut(at..at + 4).context("a header outside the file")?;
        kind.fill(0);
    }
    std::fs::write(to, file)?;
    Ok(())
}

/// Where tables for unwinding stand in the file, and where the types in their headers do.
fn unwinding(file: &[u8]) -> anyhow::Result<(Vec<Range>, BTreeSet<usize>)> {
    let header = Header::parse(file)?;
    let sections = header.sections(LITTLE, file)?;
    let (mut contents, mut headers) = (Vec::new(), BTreeSet::new());
    for (index, section) in sections.enumerate() {
        if UNWINDING.contains(&sections.section_name(LITTLE, section)?) {
            let start = u64::from(section.sh_offset(LITTLE));
            contents.push((start, start + u64::from(section.sh_size(LITTLE))));
            let at = header.e_shoff(LITTLE) as usize + index.0 * usize::from(header.e_shentsize(LITTLE));
            headers.insert(at + 4);
        }
    }
    for (index, segment) in header.program_headers(LITTLE, file)?.iter().enumerate() {
        if matches!(segment.p_type.get(LITTLE), elf::PT_ARM_EXIDX | elf::PT_GNU_EH_FRAME) {
            headers.insert(header.e_phoff(LITTLE) as usize + index * usize::from(header.e_phentsize(LITTLE)));
        }
    }
    Ok((contents, headers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_joined_and_cut() {
        let one = union(vec![(8, 12), (0, 4), (4, 6), (20, 20)]);
        assert_eq!(one, [(0, 6), (8, 12)]);
        assert_eq!(common(&one, &[(2, 9), (11, 30)]), [(2, 6), (8, 9), (11, 12)]);
        assert_eq!(length(&one), 10);
    }
}
