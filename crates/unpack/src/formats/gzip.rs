//! gzip: one compressed file, in one member or several.
//!
//! **Specification**: RFC 1952.
//!
//! **Limitations**: none known. The CRC of the header (FHCRC) is read past, not checked.

use assay_core::{
    Problem, SpanKind,
    escape::escape,
    facts::{IdentityField, ImageFact},
};

use crate::{
    codec::{Trouble, append, pour},
    context::Context,
    format::{Format, Magic, Opened},
    input::Input,
};

/// The format.
pub static FORMAT: Format =
    Format { name: "gzip", title: "gzip", version: 1, magics: &[Magic { bytes: &[0x1F, 0x8B, 8], at: 0 }], at_start: false, open };

const FHCRC: u8 = 2;
const FEXTRA: u8 = 4;
const FNAME: u8 = 8;
const FCOMMENT: u8 = 16;

fn open(input: &Input, context: &Context) -> Option<Opened> {
    let mut opened = Opened::default();
    let mut bytes = Vec::new();
    let mut at = 0;
    let limit = context.room(input.size());
    while input.get(at, 3) == Some(&[0x1F, 0x8B, 8]) && context.step(1).is_ok() {
        let header = header_len(input, at).filter(|_| input.u8(at + 3).is_some_and(|flags| flags & 0xE0 == 0));
        let Some(header) = header else { break };
        let mut decoder = flate2::bufread::DeflateDecoder::new(input.tail(at + header));
        let poured = pour(&mut decoder, limit - bytes.len() as u64);
        let packed = decoder.total_in();
        if poured.trouble.is_some() && (at > 0 || poured.bytes.is_empty() || input.start() > 0 && poured.bytes.len() < 512) {
            // Bytes that only look like a gzip header, or trailing garbage: not ours.
            break;
        }
        opened.span(at, header, SpanKind::Header, "member header");
        opened.payload(at + header, packed, "deflate stream");
        if at == 0 {
            header_facts(input, &mut opened);
        }
        at += header + packed;
        let computed = crc32fast::hash(&poured.bytes);
        let length = poured.bytes.len() as u32;
        append(&mut bytes, poured.bytes);
        if let Some(trouble) = poured.trouble {
            opened.problem(trouble.problem(at, "deflate stream"));
            if trouble == Trouble::OverLimit || trouble == Trouble::Truncated {
                at = input.size();
            }
            break;
        }
        let Some(trailer) = input.get(at, 8) else {
            opened.problem(Problem::truncated(at, "gzip: the trailer (CRC-32, length) is cut off"));
            opened.span(at, input.size() - at, SpanKind::Checksum, "member trailer");
            at = input.size();
            break;
        };
        opened.checksum(at, "member CRC-32", "CRC-32", (0, u64::from(length)), &trailer[..4], &computed.to_le_bytes());
        opened.checksum(at + 4, "member length", "length modulo 2^32", (0, u64::from(length)), &trailer[4..], &length.to_le_bytes());
        opened.span(at, 8, SpanKind::Checksum, "member trailer");
        at += 8;
    }
    opened.stream(at, bytes)
}

/// Length of the header of the member at `at`; `None` where the bytes end in it.
fn header_len(input: &Input, at: u64) -> Option<u64> {
    let flags = input.u8(at + 3)?;
    let mut len = 10;
    if flags & FEXTRA != 0 {
        len += 2 + u64::from(input.le16(at + len)?);
    }
    for text in [FNAME, FCOMMENT] {
        if flags & text != 0 {
            let end = memchr::memchr(0, input.get(at + len, (input.size().checked_sub(at + len)?).min(4096))?)?;
            len += end as u64 + 1;
        }
    }
    if flags & FHCRC != 0 {
        len += 2;
    }
    (at + len <= input.size()).then_some(len)
}

/// The name in the header is a fact, no more: nothing is ever opened or written by it.
fn header_facts(input: &Input, opened: &mut Opened) {
    let (Some(flags), Some(mtime)) = (input.u8(3), input.le32(4)) else { return };
    if flags & FNAME != 0
        && flags & FEXTRA == 0
        && let Some(name) = input.tail(10).split(|byte| *byte == 0).next()
    {
        opened.fact(10, ImageFact::Hardware { name: "gzip-name".into(), value: escape(&name[..name.len().min(255)]) });
    }
    if mtime != 0 {
        opened.fact(4, ImageFact::Identity { field: IdentityField::Built, value: crate::time::date(i64::from(mtime)), weight: 20 });
    }
}
