//! uImage: the legacy image of U-Boot, a 64-byte header before a kernel, a ramdisk, a script, or several of them.
//!
//! **Specification**: U-Boot, `include/image.h`, `struct legacy_img_hdr`; `doc/usage/cmd/bootm.rst`.
//!
//! **Limitations**: the variants of other boot loaders that use this magic with fields of their own are read only as far as they agree.

use assay_core::{
    Problem, SpanKind,
    escape::escape,
    facts::{BootStage, IdentityField, ImageFact},
};

use crate::{
    context::Context,
    format::{Child, Format, Magic, Opened, Treat},
    input::Input,
};

/// The format.
pub static FORMAT: Format = Format {
    name: "uimage",
    title: "U-Boot legacy image",
    version: 1,
    magics: &[Magic { bytes: &[0x27, 0x05, 0x19, 0x56], at: 0 }],
    at_start: false,
    open,
};

const HEADER: u64 = 64;
/// More parts than this are no multi-file image: U-Boot's own tool writes fewer than ten.
const PARTS: u64 = 64;
const SCRIPT: u8 = 6;
const MULTI: u8 = 4;

fn open(input: &Input, context: &Context) -> Option<Opened> {
    let header = input.get(0, HEADER)?;
    if header[..4] != [0x27, 0x05, 0x19, 0x56] {
        return None;
    }
    let mut zeroed = header.to_vec();
    zeroed[4..8].fill(0);
    let computed = crc32fast::hash(&zeroed);
    let stated = input.be32(4)?;
    let (os, arch, kind, packing) = (header[28], header[29], header[30], header[31]);
    // Inside other bytes four bytes prove nothing: the header's own checksum must hold. A whole file may be damaged.
    if computed != stated && (input.start() > 0 || os > 40 || arch > 40 || kind == 0 || kind > 60 || packing > 8) {
        return None;
    }
    let size = u64::from(input.be32(12)?);
    let held = size.min(input.size() - HEADER);
    let mut opened = Opened::new(HEADER + held);
    opened.span(0, HEADER, SpanKind::Header, "image header");
    opened.checksum(4, "ih_hcrc", "CRC-32", (0, HEADER), &stated.to_be_bytes(), &computed.to_be_bytes());
    if held < size {
        opened.problem(
            Problem::truncated(HEADER + held, format!("uImage: data of {size} bytes announced, {held} present")).over(size - held),
        );
    }
    let data = input.get(HEADER, held).unwrap_or_default();
    opened.checksum(24, "ih_dcrc", "CRC-32", (HEADER, size), &input.be32(24)?.to_be_bytes(), &crc32fast::hash(data).to_be_bytes());
    facts(input, &mut opened, (os, arch, kind, packing));
    match kind {
        MULTI | SCRIPT => parts(input, context, held, kind, &mut opened),
        _ if held > 0 => {
            opened.child(Child::slice(None, HEADER, held));
        }
        _ => {}
    }
    Some(opened)
}

fn facts(input: &Input, opened: &mut Opened, (os, arch, kind, packing): (u8, u8, u8, u8)) {
    let name = input.text(32, 32).map(escape).unwrap_or_default();
    let time = input.be32(8).unwrap_or(0);
    if time != 0 {
        opened.fact(8, ImageFact::Identity { field: IdentityField::Built, value: crate::time::date(i64::from(time)), weight: 30 });
    }
    if !name.is_empty() {
        opened.fact(32, ImageFact::Hardware { name: "image-name".into(), value: name.clone() });
    }
    let words = [
        ("image-os", 28, word(OSES, os)),
        ("image-arch", 29, word(ARCHES, arch)),
        ("image-type", 30, word(KINDS, kind)),
        ("image-compression", 31, word(PACKINGS, packing)),
    ];
    for (name, at, value) in words {
        opened.fact(at, ImageFact::Hardware { name: name.into(), value });
    }
    let (load, entry) = (input.be32(16).map(u64::from), input.be32(20).map(u64::from));
    let stage = if name.is_empty() { word(KINDS, kind) } else { name };
    opened.fact(16, ImageFact::Boot(BootStage { name: stage, authenticated: false, encrypted: false, load, entry }));
}

/// The list of sizes, closed by zero, and the parts, each aligned to four bytes. A script is a list of one.
fn parts(input: &Input, context: &Context, held: u64, kind: u8, opened: &mut Opened) {
    let mut sizes = Vec::new();
    let mut at = HEADER;
    loop {
        let Some(size) = input.be32(at).filter(|_| at + 4 <= HEADER + held) else {
            opened.problem(Problem::truncated(at, "uImage: the list of parts has no end"));
            return;
        };
        at += 4;
        if size == 0 {
            break;
        }
        if sizes.len() as u64 >= PARTS || context.step(1).is_err() {
            opened.problem(Problem::over_limit(at, format!("uImage: more than {PARTS} parts")));
            return;
        }
        sizes.push(u64::from(size));
    }
    opened.span(HEADER, at - HEADER, SpanKind::Table, "sizes of the parts");
    let end = HEADER + held;
    for (index, size) in sizes.iter().enumerate() {
        let present = (*size).min(end.saturating_sub(at));
        if present < *size {
            opened.problem(Problem::truncated(at, format!("uImage: part {index} has {size} bytes, {present} are left")).over(present));
        }
        if present == 0 {
            return;
        }
        if kind == SCRIPT && sizes.len() == 1 {
            opened.child(Child::slice(None, at, present));
        } else {
            opened.member(format!("{index}"), at, present, Treat::Open);
        }
        at += present;
        let padding = (4 - size % 4) % 4;
        opened.span(at, padding.min(end.saturating_sub(at)), SpanKind::Padding, "");
        at = (at + padding).min(end);
    }
}

fn word(table: &[&str], code: u8) -> String {
    table.get(usize::from(code)).filter(|word| !word.is_empty()).map_or_else(|| format!("{code}"), |word| (*word).to_owned())
}

const OSES: &[&str] = &[
    "",
    "OpenBSD",
    "NetBSD",
    "FreeBSD",
    "4.4BSD",
    "Linux",
    "SVR4",
    "Esix",
    "Solaris",
    "Irix",
    "SCO",
    "Dell",
    "NCR",
    "LynxOS",
    "VxWorks",
    "pSOS",
    "QNX",
    "U-Boot",
    "RTEMS",
    "ARTOS",
    "Unity",
    "INTEGRITY",
    "OSE",
    "Plan 9",
    "OpenRTOS",
    "ARM Trusted Firmware",
    "TEE",
    "OpenSBI",
    "EFI",
];
const ARCHES: &[&str] = &[
    "",
    "Alpha",
    "ARM",
    "x86",
    "IA64",
    "MIPS",
    "MIPS64",
    "PowerPC",
    "S390",
    "SuperH",
    "SPARC",
    "SPARC64",
    "M68K",
    "Nios",
    "MicroBlaze",
    "Nios II",
    "Blackfin",
    "AVR32",
    "ST200",
    "sandbox",
    "NDS32",
    "OpenRISC",
    "ARM64",
    "ARC",
    "x86-64",
    "Xtensa",
    "RISC-V",
];
const KINDS: &[&str] = &[
    "",
    "standalone",
    "kernel",
    "ramdisk",
    "multi-file",
    "firmware",
    "script",
    "filesystem",
    "flat device tree",
    "kwbimage",
    "imximage",
    "ublimage",
    "omapimage",
    "aisimage",
    "kernel without load address",
];
const PACKINGS: &[&str] = &["none", "gzip", "bzip2", "lzma", "lzo", "lz4", "zstd"];
