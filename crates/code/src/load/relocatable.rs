//! Kernel modules and object files: sections without addresses, laid out one behind the other, then linked to each other.
//!
//! Names from elsewhere (the kernel's functions) get addresses of their own above everything, one slot each, so that a call to one is a
//! call to a known name. **Source**: *ELF for the Arm Architecture* (IHI 0044), "Static Arm and Thumb relocations"; the kernel's own
//! loader reads the same subset.

use std::collections::BTreeMap;

use assay_core::Problem;
use object::elf;

use super::{
    Architecture, Program, Segment,
    header::{Header, Section, slice},
    limits,
    symbols::{self, Entry},
};
use crate::ir::Width;

/// Where the first section is put: away from zero, which means "no address" to everyone.
const BASE: u64 = 0x10000;
/// Distance between the slots of names from elsewhere.
const SLOT: u64 = 8;

/// Lays out `header`'s sections and applies their relocations.
pub fn lay_out(header: &Header, program: &mut Program<'_>) {
    let file = program.memory.file;
    let mut starts: BTreeMap<usize, u64> = BTreeMap::new();
    let mut next = BASE;
    for (index, section) in header.sections.iter().enumerate() {
        if section.flags & elf::SHF_ALLOC.0 == 0 || section.size == 0 {
            continue;
        }
        let align = section.align.clamp(4, 0x1000).next_power_of_two();
        next = next.next_multiple_of(align);
        let bytes = if section.kind == elf::SHT_NOBITS.0 { &[][..] } else { slice(file, section.offset, section.size) };
        let segment = Segment {
            start: next,
            bytes,
            offset: section.offset,
            size: section.size.min(1 << 30),
            executable: section.flags & elf::SHF_EXECINSTR.0 != 0,
            writable: section.flags & elf::SHF_WRITE.0 != 0,
        };
        let end = segment.end();
        if program.memory.add(segment) {
            starts.insert(index, next);
            next = end;
            note_tables(program, section, next - section.size);
        } else {
            program.problems.push(Problem::corrupt(section.offset, format!("section {} cannot be laid out", section.name)));
        }
    }
    let Some(table) = header.sections.iter().find(|section| section.kind == elf::SHT_SYMTAB.0) else { return };
    let names = header.sections.get(table.link as usize).map_or(&[][..], |names| slice(file, names.offset, names.size));
    let bytes = slice(file, table.offset, table.size);
    let entries: Vec<Entry> = symbols::entries(bytes, header.class, header.big_endian).collect();
    let places = places(program, &entries, names, &starts, next.next_multiple_of(0x1000));
    for section in header.sections.iter().filter(|section| matches!(elf::SectionType(section.kind), elf::SHT_REL | elf::SHT_RELA)) {
        if let Some(start) = starts.get(&(section.info as usize)) {
            relocate(program, header, section, *start, &places);
        }
    }
}

fn note_tables(program: &mut Program<'_>, section: &Section, start: u64) {
    if section.kind == elf::SHT_ARM_EXIDX.0 && program.architecture == Architecture::ARM && section.name == ".ARM.exidx" {
        program.unwind_index = Some((start, section.size));
    }
}

/// The address of every symbol, by its number; names from elsewhere get slots from `outside` on.
fn places(program: &mut Program<'_>, entries: &[Entry], names: &[u8], starts: &BTreeMap<usize, u64>, outside: u64) -> Vec<Option<u64>> {
    let mut next = outside;
    let mut places = Vec::with_capacity(entries.len());
    for entry in entries {
        let name = symbols::name(names, entry.name);
        let place = if entry.section == elf::SHN_UNDEF.0 {
            (!name.is_empty()).then(|| {
                next += SLOT;
                program.imports.insert(next - SLOT, name.clone());
                next - SLOT
            })
        } else {
            starts.get(&usize::from(entry.section)).map(|start| start.wrapping_add(entry.value))
        };
        if let Some(address) = place
            && entry.section != elf::SHN_UNDEF.0
        {
            program.symbols.extend(Entry { value: address, ..*entry }.symbol(name));
        }
        places.push(place);
    }
    places
}

fn relocate(program: &mut Program<'_>, header: &Header, table: &Section, start: u64, places: &[Option<u64>]) {
    let width = header.class.width().bytes() as usize;
    let step = width * if table.kind == elf::SHT_RELA.0 { 3 } else { 2 };
    let bytes = slice(program.memory.file, table.offset, table.size);
    let mut unknown: BTreeMap<u32, u64> = BTreeMap::new();
    for entry in bytes.chunks_exact(step).take(limits::RELOCATIONS as usize) {
        let number = |at: usize| symbols::number(entry, at, width, header.big_endian);
        let (slot, info) = (start.wrapping_add(number(0)), number(width));
        if header.architecture != Architecture::ARM {
            continue;
        }
        let (symbol, kind) = (info >> 8, (info & 0xff) as u32);
        let Some(target) = places.get(symbol as usize).copied().flatten() else { continue };
        if !arm(program, slot, elf::RelocationType(kind), target) {
            *unknown.entry(kind).or_default() += 1;
        }
    }
    for (kind, times) in unknown {
        let note = format!("{times} relocations of type {kind} are not applied");
        program.problems.push(Problem::unsupported(table.offset, note));
    }
}

/// Applies one relocation of 32-bit Arm; false where its type is not known.
fn arm(program: &mut Program<'_>, slot: u64, kind: elf::RelocationType, target: u64) -> bool {
    let Some(word) = program.memory.number(slot, Width::W32) else { return true };
    let halves = || {
        let first = program.memory.number(slot, Width::W16).unwrap_or(0);
        (first, program.memory.number(slot.wrapping_add(2), Width::W16).unwrap_or(0))
    };
    match kind {
        elf::R_ARM_NONE | elf::R_ARM_V4BX => {}
        elf::R_ARM_ABS32 | elf::R_ARM_TARGET1 => {
            let value = target.wrapping_add(word) & 0xffff_ffff;
            program.memory.patch(slot, Width::W32, value);
            program.pointers.insert(slot, value);
        }
        elf::R_ARM_REL32 => program.memory.patch(slot, Width::W32, target.wrapping_add(word).wrapping_sub(slot) & 0xffff_ffff),
        elf::R_ARM_PREL31 => {
            let addend = Width::W32.signed(word << 1) >> 1;
            let value = target.wrapping_add(addend as u64).wrapping_sub(slot) & 0x7fff_ffff;
            program.memory.patch(slot, Width::W32, value | (word & 0x8000_0000));
        }
        elf::R_ARM_CALL | elf::R_ARM_JUMP24 | elf::R_ARM_PC24 => {
            let addend = Width::W32.signed(word << 8) >> 6;
            let distance = (target & !1).wrapping_add(addend as u64).wrapping_sub(slot);
            let to_thumb = target & 1 == 1 && kind == elf::R_ARM_CALL;
            let head = if to_thumb { 0xfa00_0000 | ((distance >> 1) & 1) << 24 } else { word & 0xff00_0000 };
            program.memory.patch(slot, Width::W32, head | ((distance >> 2) & 0x00ff_ffff));
        }
        elf::R_ARM_MOVW_ABS_NC | elf::R_ARM_MOVT_ABS => {
            let addend = Width::W16.signed(((word >> 4) & 0xf000) | (word & 0xfff)) as u64;
            let value = target.wrapping_add(addend) >> if kind == elf::R_ARM_MOVT_ABS { 16 } else { 0 };
            program.memory.patch(slot, Width::W32, (word & 0xfff0_f000) | ((value & 0xf000) << 4) | (value & 0xfff));
        }
        elf::R_ARM_THM_PC22 | elf::R_ARM_THM_JUMP24 => {
            let (first, second) = halves();
            let distance = target.wrapping_add(thumb_branch(first, second)).wrapping_sub(slot);
            let (first, second) = with_thumb_branch(first, second, distance, target & 1 == 0 && kind == elf::R_ARM_THM_PC22);
            program.memory.patch(slot, Width::W16, first);
            program.memory.patch(slot.wrapping_add(2), Width::W16, second);
        }
        elf::R_ARM_THM_MOVW_ABS_NC | elf::R_ARM_THM_MOVT_ABS => {
            let (first, second) = halves();
            let addend = ((first & 0xf) << 12) | ((first & 0x400) << 1) | ((second & 0x7000) >> 4) | (second & 0xff);
            let value = target.wrapping_add(Width::W16.signed(addend) as u64);
            let value = if kind == elf::R_ARM_THM_MOVT_ABS { value >> 16 } else { value } & 0xffff;
            program.memory.patch(slot, Width::W16, (first & 0xfbf0) | (value >> 12) | ((value >> 1) & 0x400));
            program.memory.patch(slot.wrapping_add(2), Width::W16, (second & 0x8f00) | ((value << 4) & 0x7000) | (value & 0xff));
        }
        _ => return false,
    }
    true
}

/// The distance in a Thumb-2 BL, BLX or B.W: S:I1:I2:imm10:imm11:0 with I = not(J eor S) (DDI 0406C, A8.8.25).
fn thumb_branch(first: u64, second: u64) -> u64 {
    let sign = (first >> 10) & 1;
    let i1 = !(((second >> 13) & 1) ^ sign) & 1;
    let i2 = !(((second >> 11) & 1) ^ sign) & 1;
    let distance = (sign << 24) | (i1 << 23) | (i2 << 22) | ((first & 0x3ff) << 12) | ((second & 0x7ff) << 1);
    (Width::W32.signed(distance << 7) >> 7) as u64
}

/// The same instruction with another distance; a BL to A32 code becomes BLX.
fn with_thumb_branch(first: u64, second: u64, distance: u64, exchange: bool) -> (u64, u64) {
    let sign = (distance >> 24) & 1;
    let j1 = !(((distance >> 23) & 1) ^ sign) & 1;
    let j2 = !(((distance >> 22) & 1) ^ sign) & 1;
    let link = if exchange { second & !0x1000 } else { second };
    ((first & 0xf800) | (sign << 10) | ((distance >> 12) & 0x3ff), (link & 0xd000) | (j1 << 13) | (j2 << 11) | ((distance >> 1) & 0x7ff))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumb_branch_keeps_its_distance() {
        for distance in [4_i64, -4, 0x1000, -0x12_3456, 0xff_fffe, -0x100_0000] {
            let (first, second) = with_thumb_branch(0xf000, 0xf800, distance as u64, false);
            assert_eq!(thumb_branch(first, second) as i64, distance);
        }
    }
}
