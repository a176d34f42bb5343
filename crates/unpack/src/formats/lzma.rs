//! lzma: the `.lzma` form of LZMA1, as older kernels, U-Boot images and Android packages use it.
//!
//! **Specification**: LZMA SDK, `lzma-specification.txt`, section "LZMA file format".
//!
//! **Limitations**: the form has neither magic nor checksum. What is recognised has a dictionary of 2^n or 3 · 2^n bytes and a size below
//! 256 GiB or none (as `xz` demands it too), and decodes.

use assay_core::{Problem, SpanKind};

use crate::{
    codec::{LZMA_MEMORY_KIB, Trouble, pour},
    context::Context,
    format::{Child, Format, Magic, Opened},
    input::Input,
};

/// The format. Searched for with the usual properties (lc 3, lp 0, pb 2); tried at the start with any.
pub static FORMAT: Format =
    Format { name: "lzma", title: "LZMA (alone)", version: 1, magics: &[Magic { bytes: &[0x5D, 0, 0], at: 0 }], at_start: true, open };

const HEADER: u64 = 13;

fn open(input: &Input, context: &Context) -> Option<Opened> {
    let (properties, dictionary, size) = (input.u8(0)?, input.le32(1)?, input.le64(5)?);
    // The range coder's first byte is always zero.
    let regular = dictionary >= 4096 && (dictionary.is_power_of_two() || dictionary % 3 == 0 && (dictionary / 3).is_power_of_two());
    if properties >= 225 || !regular || (size != u64::MAX && (size >= 1 << 38 || size == 0)) || input.u8(HEADER)? != 0 {
        return None;
    }
    let mut rest = input.tail(0);
    let mut reader = lzma_rust2::LzmaReader::new_mem_limit(&mut rest, LZMA_MEMORY_KIB, None).ok()?;
    reader.set_defer_errors(true);
    let mut poured = pour(&mut reader, context.room(input.size()));
    let unread = reader.into_parts().1.len();
    let used = input.size().saturating_sub((rest.len() + unread) as u64);
    if matches!(poured.trouble, Some(Trouble::Corrupt(_))) && used >= input.size() {
        poured.trouble = Some(Trouble::Truncated);
    }
    // Random bytes decode for a while: only a stream that ends well, or one that gave a lot, is taken for one.
    let enough = match &poured.trouble {
        None => input.start() == 0 || poured.bytes.len() >= 256,
        Some(_) => input.start() == 0 && poured.bytes.len() >= 4096,
    };
    if !enough || poured.bytes.is_empty() {
        return None;
    }
    let mut opened = Opened::default();
    let len = if matches!(poured.trouble, Some(Trouble::OverLimit | Trouble::Truncated)) { input.size() } else { used };
    opened.len = len;
    opened.span(0, HEADER, SpanKind::Header, "properties, dictionary size, size");
    opened.payload(HEADER, len.saturating_sub(HEADER), "LZMA stream");
    if let Some(trouble) = &poured.trouble {
        opened.problem(trouble.problem(HEADER, "LZMA stream"));
    } else if size != u64::MAX && poured.bytes.len() as u64 != size {
        opened.problem(Problem::corrupt(5, format!("{size} bytes are stated, {} came out", poured.bytes.len())));
    }
    let mut child = Child::owned(None, poured.bytes);
    child.span = Some((0, len));
    opened.children.push(child);
    Some(opened)
}
