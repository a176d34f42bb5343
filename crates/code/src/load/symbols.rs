//! Entries of symbol tables, read one at a time so that a lying count costs nothing.

use object::elf;

use super::{Class, Symbol, limits};

/// One entry as it stands in the table.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Offset of its name in the table of names.
    pub name: u64,
    /// `st_info`.
    pub info: u8,
    /// `st_other`: visibility.
    pub other: u8,
    /// Section it is defined in; 0 for none.
    pub section: u16,
    /// Value: mostly an address.
    pub value: u64,
    /// Size in bytes.
    pub size: u64,
}

impl Entry {
    /// The symbol, if it names a place in the program. Mapping symbols (`$a`, `$t`, `$d`) and names of sections do not.
    pub fn symbol(&self, name: String) -> Option<Symbol> {
        let kind = elf::SymbolType(self.info & 0xf);
        if !matches!(kind, elf::STT_NOTYPE | elf::STT_OBJECT | elf::STT_FUNC | elf::STT_GNU_IFUNC) {
            return None;
        }
        if name.is_empty() || name.starts_with('$') {
            return None;
        }
        let visible = matches!(elf::SymbolVisibility(self.other & 3), elf::STV_DEFAULT | elf::STV_PROTECTED);
        let exported = self.info >> 4 != elf::STB_LOCAL.0 && visible;
        let function = matches!(kind, elf::STT_FUNC | elf::STT_GNU_IFUNC);
        Some(Symbol { name, address: self.value, size: self.size, function, exported })
    }
}

/// Bytes of one entry.
pub fn entry_size(class: Class) -> usize {
    match class {
        Class::Bits32 => 16,
        Class::Bits64 => 24,
    }
}

/// The entries of `table`, up to the limit.
pub fn entries(table: &[u8], class: Class, big_endian: bool) -> impl Iterator<Item = Entry> {
    table.chunks_exact(entry_size(class)).take(limits::SYMBOLS as usize).map(move |bytes| {
        let number = |at: usize, len: usize| number(bytes, at, len, big_endian);
        match class {
            Class::Bits32 => Entry {
                name: number(0, 4),
                value: number(4, 4),
                size: number(8, 4),
                info: number(12, 1) as u8,
                other: number(13, 1) as u8,
                section: number(14, 2) as u16,
            },
            Class::Bits64 => Entry {
                name: number(0, 4),
                info: number(4, 1) as u8,
                other: number(5, 1) as u8,
                section: number(6, 2) as u16,
                value: number(8, 8),
                size: number(16, 8),
            },
        }
    })
}

/// `len` bytes at `at` as a number; 0 where they are not all there.
pub fn number(bytes: &[u8], at: usize, len: usize, big_endian: bool) -> u64 {
    let bytes = bytes.get(at..at + len).unwrap_or_default();
    let join = |value: u64, byte: &u8| (value << 8) | u64::from(*byte);
    if big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) }
}

/// The name at `at` in a table of names, as text.
pub fn name(names: &[u8], at: u64) -> String {
    let rest = usize::try_from(at).ok().and_then(|at| names.get(at..)).unwrap_or_default();
    let end = rest.iter().take(limits::NAME).position(|byte| *byte == 0).unwrap_or(0);
    String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned()
}
