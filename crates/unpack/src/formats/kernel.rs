//! An unpacked kernel: Linux as it stands in memory, with its configuration and its first file system inside.
//!
//! **Specification**: Linux, `Documentation/arch/arm64/booting.rst` (header, "ARM\x64" at 56), `Documentation/arch/riscv/boot-image-header.rst`
//! ("RSC\x05" at 56), `arch/arm/kernel/head.S` (32-bit ARM has no header: its first instructions), `kernel/configs.c` (`IKCFG_ST`).
//!
//! **Limitations**: a 32-bit ARM kernel is known at the start of an artifact alone. Kernels of other machines without a header are not
//! recognised. The size in an arm64 header counts memory that the file does not hold, so a kernel inside other bytes is taken for as
//! long as that.

use assay_core::{SpanKind, facts::ImageFact};

use crate::{
    context::Context,
    format::{Child, Content, Format, Magic, Opened, Treat},
    formats::FORMATS,
    input::Input,
};

/// The format.
pub static FORMAT: Format = Format {
    name: "kernel",
    title: "Linux kernel",
    version: 1,
    magics: &[Magic { bytes: b"ARM\x64", at: 56 }, Magic { bytes: b"RSC\x05", at: 56 }],
    at_start: true,
    open,
};

/// Before and behind the packed configuration.
const CONFIG: (&[u8], &[u8]) = (b"IKCFG_ST", b"IKCFG_ED");

fn open(input: &Input, context: &Context) -> Option<Opened> {
    let (header, len) = match input.get(56, 4) {
        Some(b"ARM\x64" | b"RSC\x05") => {
            let stated = input.le64(16)?;
            // Text offset below 2 MiB, reserved fields empty, size in bounds.
            if input.le64(8)? > 2 << 20 || !(64..=1 << 30).contains(&stated) || input.start() > 0 && stated > input.size().saturating_mul(2)
            {
                return None;
            }
            (64, if input.start() == 0 { input.size() } else { stated.min(input.size()) })
        }
        _ if input.start() == 0 && arm(input) => (0, input.size()),
        _ => return None,
    };
    let mut opened = Opened::new(len);
    opened.span(0, header, SpanKind::Header, "image header");
    if header > 0 {
        let arch = if input.get(56, 4)? == b"ARM\x64" { "arm64" } else { "riscv" };
        opened.fact(56, ImageFact::Hardware { name: "image-arch".into(), value: arch.into() });
    }
    let whole = input.slice(0, len)?;
    let mut at = header;
    let mut inner = inside(&whole, context);
    inner.sort_by_key(|child| child.span);
    for child in inner {
        let Some((start, len)) = child.span.filter(|(start, _)| *start >= at) else { continue };
        opened.span(at, start - at, SpanKind::Content, "kernel code and data");
        opened.payload(start, len, child.name.as_deref().map(assay_core::escape::escape).unwrap_or_default());
        at = start + len;
        opened.children.push(child);
    }
    opened.span(at, len - at, SpanKind::Content, "kernel code and data");
    Some(opened)
}

/// Begins as a 32-bit ARM kernel does (reads the processor's mode, then its identity) and names its version.
fn arm(input: &Input) -> bool {
    let words = || input.chunks_exact(4).take(64).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
    words().take(8).any(|word| word == 0xE10F_9000)
        && words().any(|word| word == 0xEE10_9F10)
        && memchr::memmem::find_iter(input, b"Linux version ")
            .any(|at| input.get(at as u64 + 14, 1).is_some_and(|digit| digit[0].is_ascii_digit()))
}

/// The configuration and the initial file system.
fn inside(whole: &bytes::Bytes, context: &Context) -> Vec<Child> {
    let mut found = Vec::new();
    let mut take = |name: &str, at: usize, formats: &[&str]| {
        let at = at as u64;
        let input = Input::new(whole, at);
        let Some((format, opened)) = FORMATS
            .iter()
            .filter(|format| formats.contains(&format.name))
            .find_map(|format| Some((*format, (format.open)(&input, context)?)))
        else {
            return;
        };
        let len = opened.len.min(whole.len() as u64 - at);
        let content = Content::Parsed(whole.slice(at as usize..(at + len) as usize), format, Box::new(opened));
        found.push(Child { name: Some(name.as_bytes().to_vec()), span: Some((at, len)), size: len, content, treat: Treat::Open });
    };
    let config = memchr::memmem::find(whole, CONFIG.0)
        .map(|at| at + CONFIG.0.len())
        .filter(|at| memchr::memmem::find(&whole[*at..], CONFIG.1).is_some());
    if let Some(at) = config {
        take("config", at, &["gzip"]);
    }
    // The initial file system may be packed in any way that a kernel is.
    for (magic, formats) in [
        (&b"\x1F\x8B\x08"[..], &["gzip"][..]),
        (b"\xFD7zXZ\0", &["xz"]),
        (b"\x89LZO\0\r\n\x1A\n", &["lzop", "lzo"]),
        (b"070701", &["cpio"]),
    ] {
        for at in memchr::memmem::find_iter(&whole[..], magic).filter(|at| Some(*at) != config).take(32) {
            if context.step(1).is_ok() {
                take(&format!("@{at:#x}"), at, formats);
            }
        }
    }
    found
}
