//! ARM zImage: a kernel that unpacks itself.
//!
//! **Specification**: Linux, `arch/arm/boot/compressed/head.S` (magic 0x016F2818 at 0x24, start and end after it) and
//! `Documentation/arch/arm/booting.rst`.
//!
//! **Limitations**: little-endian kernels. The packed kernel is found by its own signature within the image; a kernel packed in a way
//! that no registered format reads stays opaque.

use assay_core::{Problem, SpanKind, facts::ImageFact};

use crate::{
    context::Context,
    format::{Child, Content, Format, Magic, Opened, Treat},
    formats::FORMATS,
    input::Input,
};

/// The format.
pub static FORMAT: Format = Format {
    name: "zimage",
    title: "ARM zImage",
    version: 1,
    magics: &[Magic { bytes: &[0x18, 0x28, 0x6F, 0x01], at: 0x24 }],
    at_start: false,
    open,
};

/// How a kernel may be packed: the first bytes, and the format that reads them.
const PACKED: &[(&[u8], &[&str])] = &[
    (&[0x1F, 0x8B, 8], &["gzip"]),
    (&[0xFD, b'7', b'z', b'X', b'Z', 0], &["xz"]),
    (&[0x89, b'L', b'Z', b'O', 0, 0x0D, 0x0A, 0x1A, 0x0A], &["lzop", "lzo"]),
    (&[0x02, 0x21, 0x4C, 0x18], &["lz4"]),
    (&[0x28, 0xB5, 0x2F, 0xFD], &["zstd"]),
    (&[0x5D, 0, 0], &["lzma"]),
];

fn open(input: &Input, context: &Context) -> Option<Opened> {
    if input.le32(0x24)? != 0x016F_2818 {
        return None;
    }
    let (start, end) = (u64::from(input.le32(0x28)?), u64::from(input.le32(0x2C)?));
    let len = end.checked_sub(start).filter(|len| *len >= 0x200)?;
    // The header begins with the same instruction eight or seven times over, a no-operation.
    let first = input.le32(0)?;
    let sound = (1..7).all(|index| input.le32(index * 4) == Some(first));
    if !sound || input.start() > 0 && len > input.size() {
        return None;
    }
    let held = len.min(input.size());
    let mut opened = Opened::new(held);
    opened.span(0, 0x30, SpanKind::Header, "zImage header");
    opened.fact(0x28, ImageFact::Hardware { name: "zimage-start".into(), value: format!("{start:#x}") });
    if held < len {
        opened.problem(Problem::truncated(held, format!("zImage: {len} bytes announced, {held} present")).over(len - held));
    }
    match packed(input, held, context) {
        Some((at, child)) => {
            let end = at + child.size;
            opened.span(0x30, at - 0x30, SpanKind::Content, "unpacking code");
            opened.payload(at, child.size, "packed kernel");
            opened.children.push(child);
            opened.span(end, held - end, SpanKind::Content, "unpacking code and its tables");
        }
        None => opened.problem(Problem::unsupported(0x30, "zImage: no packed kernel was found in it").over(held - 0x30)),
    }
    Some(opened)
}

/// The largest thing inside that one of the kernel's packers made.
fn packed(input: &Input, held: u64, context: &Context) -> Option<(u64, Child)> {
    let whole = input.slice(0, held)?;
    let mut best: Option<(u64, Child)> = None;
    for (magic, names) in PACKED {
        for at in memchr::memmem::find_iter(&whole[0x30..], magic).take(32) {
            let at = at as u64 + 0x30;
            if context.step(1).is_err() {
                return best;
            }
            if best.as_ref().is_some_and(|(from, child)| at >= *from && at < from + child.size) {
                continue;
            }
            let Some(format) = FORMATS.iter().find(|format| names.contains(&format.name)) else { break };
            let Some(opened) = (format.open)(&Input::new(&whole, at), context) else { continue };
            let len = opened.len.min(held - at);
            if len > best.as_ref().map_or(256, |(_, child)| child.size) {
                let content = Content::Parsed(whole.slice(at as usize..(at + len) as usize), format, Box::new(opened));
                best = Some((at, Child { name: None, span: Some((at, len)), size: len, content, treat: Treat::Open }));
            }
        }
        if best.is_some() {
            break;
        }
    }
    best
}
