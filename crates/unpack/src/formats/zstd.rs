//! zstd: one compressed file, in one frame or several, with skippable frames between them.
//!
//! **Specification**: RFC 8878, section 3 ("Compression Algorithm").
//!
//! **Limitations**: frames that need a dictionary, and windows above 128 MiB, are not decoded. A skippable frame in front of the first
//! frame is not taken for part of the file (lz4 has the same ones).

use assay_core::{
    SpanKind,
    facts::{Anomaly, ImageFact},
};
use ruzstd::decoding::StreamingDecoder;

use crate::{
    codec::{Trouble, append, pour},
    context::Context,
    format::{Format, Magic, Opened},
    input::Input,
};

/// The format.
pub static FORMAT: Format =
    Format { name: "zstd", title: "Zstandard", version: 1, magics: &[Magic { bytes: &MAGIC, at: 0 }], at_start: false, open };

const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

fn open(input: &Input, context: &Context) -> Option<Opened> {
    let mut opened = Opened::default();
    let mut bytes = Vec::new();
    let mut at = 0;
    let limit = context.room(input.size());
    while context.step(1).is_ok() {
        let Some(magic) = input.le32(at) else { break };
        if at > 0
            && magic & 0xFFFF_FFF0 == 0x184D_2A50
            && let Some(len) = input.le32(at + 4).filter(|len| u64::from(*len) + 8 <= input.size() - at)
        {
            opened.span(at, 8, SpanKind::Header, "skippable frame header");
            // What it holds is the user's; it stays unknown, and formats inside it are looked for.
            at += 8 + u64::from(len);
            continue;
        }
        // Bit 3 of the descriptor is reserved and must be zero.
        if magic.to_le_bytes() != MAGIC || input.u8(at + 4).is_none_or(|flags| flags & 8 != 0) {
            break;
        }
        let mut rest = input.tail(at);
        let mut decoder = match StreamingDecoder::new(&mut rest) {
            Ok(decoder) => decoder,
            Err(error) => {
                if at == 0 && input.start() == 0 {
                    opened.problem(Trouble::Unsupported(error.to_string()).problem(0, "zstd frame"));
                    opened.span(0, 4, SpanKind::Header, "frame header");
                    opened.len = input.size();
                    return Some(opened);
                }
                break;
            }
        };
        let mut poured = pour(&mut decoder, limit - bytes.len() as u64);
        let decoder = decoder.into_frame_decoder();
        let used = input.size() - at - rest.len() as u64;
        if matches!(poured.trouble, Some(Trouble::Corrupt(_))) && rest.is_empty() {
            poured.trouble = Some(Trouble::Truncated);
        }
        if poured.trouble.is_some() && (at > 0 || input.start() > 0 && poured.bytes.len() < 512) {
            break;
        }
        let (start, len) = (bytes.len() as u64, poured.bytes.len() as u64);
        append(&mut bytes, poured.bytes);
        let header = header_len(input, at).min(used);
        opened.span(at, header, SpanKind::Header, "frame header");
        if let Some(trouble) = poured.trouble {
            opened.problem(trouble.problem(at, "zstd frame"));
            let end = if matches!(trouble, Trouble::Corrupt(_)) { at + used } else { input.size() };
            opened.payload(at + header, end - at - header, "blocks");
            at = end;
            break;
        }
        let stated = decoder.content_size();
        if stated > 0 && stated != len {
            let subject = format!("the frame says {stated} bytes, {len} came out");
            opened.fact(at, ImageFact::Anomaly { kind: Anomaly::SizeMismatch, subject });
        }
        let mut end = at + used;
        if let (Some(stated), Some(computed)) = (decoder.get_checksum_from_data(), decoder.get_calculated_checksum()) {
            end -= 4;
            opened.span(end, 4, SpanKind::Checksum, "content checksum");
            let covers = (start, len);
            opened.checksum(end, "content checksum", "XXH64, low half", covers, &stated.to_le_bytes(), &computed.to_le_bytes());
        }
        opened.payload(at + header, end - at - header, "blocks");
        at += used;
    }
    opened.stream(at, bytes)
}

/// Magic, descriptor, window, dictionary and content size.
fn header_len(input: &Input, at: u64) -> u64 {
    let flags = input.u8(at + 4).unwrap_or_default();
    let single = flags >> 5 & 1;
    let dictionary = [0, 1, 2, 4][usize::from(flags & 3)];
    let size = [u64::from(single), 2, 4, 8][usize::from(flags >> 6)];
    5 + u64::from(1 - single) + dictionary + size
}
