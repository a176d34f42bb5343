//! bzip2: one compressed file, in one stream or several.
//!
//! **Specification**: "BZIP2 Format Specification" (J. Tsai, 2016), sections 2.2.1 to 2.2.4; the bzip2 1.0 sources are the authority.
//!
//! **Limitations**: a file that holds nothing (no block) is not recognised.

use assay_core::SpanKind;

use crate::{
    codec::{Trouble, append, pour},
    context::Context,
    format::{Format, Magic, Opened},
    input::Input,
};

/// The format.
pub static FORMAT: Format =
    Format { name: "bzip2", title: "bzip2", version: 1, magics: &[Magic { bytes: b"1AY&SY", at: 4 }], at_start: false, open };

const END: u128 = 0x1772_4538_5090;

fn open(input: &Input, context: &Context) -> Option<Opened> {
    let mut opened = Opened::default();
    let mut bytes = Vec::new();
    let mut at = 0;
    let limit = context.room(input.size());
    while input.get(at, 3) == Some(b"BZh") && input.u8(at + 3).is_some_and(|level| level.is_ascii_digit()) && context.step(1).is_ok() {
        let mut decoder = bzip2::bufread::BzDecoder::new(input.tail(at));
        let mut poured = pour(&mut decoder, limit - bytes.len() as u64);
        let packed = decoder.total_in();
        if matches!(poured.trouble, Some(Trouble::Corrupt(_))) && at + packed >= input.size() {
            poured.trouble = Some(Trouble::Truncated);
        }
        if poured.trouble.is_some() && (at > 0 || input.start() > 0 && poured.bytes.len() < 512) {
            break;
        }
        append(&mut bytes, poured.bytes);
        if let Some(trouble) = poured.trouble {
            // How much of a broken stream is its own cannot be told: it claims what is left.
            opened.problem(trouble.problem(at, "bzip2 stream"));
            opened.payload(at, input.size() - at, "bzip2 stream");
            at = input.size();
            break;
        }
        opened.span(at, 4, SpanKind::Header, "stream header");
        opened.payload(at + 4, packed.saturating_sub(4), "blocks");
        at += packed;
        // The stream's checksum stands behind its end mark, on no byte's boundary. The decoder has compared it and those of the blocks.
        if let Some(tail) = at.checked_sub(11).and_then(|tail| input.get(tail, 11)) {
            let bits = tail.iter().fold(0u128, |bits, byte| bits << 8 | u128::from(*byte));
            if let Some(stated) =
                (0..8).map(|shift| bits >> shift).find(|bits| bits >> 32 & 0xFFFF_FFFF_FFFF == END).map(|bits| (bits as u32).to_be_bytes())
            {
                opened.checksum(at - 5, "StreamCRC", "CRC-32/BZIP2 of blocks", (0, at), &stated, &stated);
            }
        }
    }
    opened.stream(at, bytes)
}
