//! Bare ARM code: a boot loader as it is copied to memory, known by the table of exception vectors at its start.
//!
//! **Specification**: ARM Architecture Reference Manual, ARMv7-A, section B1.8.1 (exception vectors); U-Boot, `arch/arm/lib/vectors.S`.
//!
//! **Limitations**: 32-bit, little-endian, at the start of an artifact alone, and only for what is no longer than a boot loader. The code
//! is taken to reach up to the first erased page (all ones) or the end; a device tree inside it (U-Boot's own) comes out.

use assay_core::{SpanKind, facts::ImageFact};

use crate::{
    context::Context,
    format::{Child, Content, Format, Opened, Treat},
    formats::dtb,
    input::Input,
};

/// The format.
pub static FORMAT: Format = Format { name: "arm-code", title: "ARM code", version: 1, magics: &[], at_start: true, open };

/// No boot loader of these machines is longer.
const LONGEST: u64 = 4 << 20;
const PAGE: usize = 4096;

fn open(input: &Input, context: &Context) -> Option<Opened> {
    if input.start() > 0 || !vectors(input) {
        return None;
    }
    let erased = input.chunks_exact(PAGE).take((LONGEST as usize / PAGE) + 1).position(|page| page.iter().all(|byte| *byte == 0xFF));
    let len = erased.map_or(input.size(), |page| (page * PAGE) as u64);
    if !(64..=LONGEST).contains(&len) {
        return None;
    }
    let mut opened = Opened::new(len);
    opened.span(0, 32, SpanKind::Table, "exception vectors");
    opened.fact(0, ImageFact::Hardware { name: "image-arch".into(), value: "ARM".into() });
    let whole = input.slice(0, len)?;
    let mut at = 32;
    for start in memchr::memmem::find_iter(&whole[..], &[0xD0, 0x0D, 0xFE, 0xED]).take(64) {
        let start = start as u64;
        if start < at || context.step(1).is_err() {
            continue;
        }
        let Some(tree) = (dtb::FORMAT.open)(&Input::new(&whole, start), context) else { continue };
        let size = tree.len.min(len - start);
        opened.span(at, start - at, SpanKind::Content, "ARM code and data");
        opened.payload(start, size, "device tree");
        let content = Content::Parsed(whole.slice(start as usize..(start + size) as usize), &dtb::FORMAT, Box::new(tree));
        let name = Some(format!("@{start:#x}").into_bytes());
        opened.children.push(Child { name, span: Some((start, size)), size, content, treat: Treat::Open });
        at = start + size;
    }
    opened.span(at, len - at, SpanKind::Content, "ARM code and data");
    Some(opened)
}

/// Eight vectors: branches ahead, or loads of the program counter from a table close by; one may be a no-operation.
fn vectors(input: &Input) -> bool {
    let mut jumps = 0;
    for index in 0..8 {
        let Some(word) = input.le32(index * 4) else { return false };
        let target = match word {
            // `b`, ahead and inside the file.
            _ if word >> 24 == 0xEA && word & 0x80_0000 == 0 => index * 4 + 8 + u64::from(word & 0x7F_FFFF) * 4,
            // `ldr pc, [pc, #n]`.
            _ if word & 0xFFFF_F000 == 0xE59F_F000 => index * 4 + 8 + u64::from(word & 0xFFF),
            0xE320_F000 | 0xE1A0_0000 if index > 0 => continue,
            _ => return false,
        };
        // The reset vector leads behind the table.
        if target + 4 > input.size() || index == 0 && target < 32 {
            return false;
        }
        jumps += 1;
    }
    jumps >= 6
}
