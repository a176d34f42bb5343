//! Merged BMU: several of Bitmain's packages in one file, one for each combination of chip, board and model.
//!
//! **Specification**: none published; layout gathered from public material (nine little-endian words, items of 172 bytes, data from
//! 16384 on, CRC-32 of the file with bytes 24 to 27 zero). No real file was at hand: checked on files made after that description.
//!
//! **Limitations**: bytes between the items' data are left to the search.

use assay_core::{
    Problem, SpanKind,
    escape::escape,
    facts::{IdentityField, ImageFact},
};

use crate::{
    context::Context,
    format::{Format, Magic, Opened, Treat},
    input::Input,
};

/// The format.
pub static FORMAT: Format = Format {
    name: "bmu-merge",
    title: "merged Bitmain packages",
    version: 1,
    magics: &[Magic { bytes: &[0xAB; 4], at: 0 }],
    at_start: false,
    open,
};

const HEADER: u64 = 36;
const ITEM: u64 = 172;
const CRC: u64 = 24;
const MAX_ITEMS: u64 = 4096;

fn open(input: &Input, context: &Context) -> Option<Opened> {
    let le32 = |at| input.le32(at).map(u64::from);
    let (header, count, item, data) = (le32(8)?, le32(12)?, le32(16)?, le32(20)?);
    let table_end = header + count * item;
    if input.le32(0) != Some(0xABAB_ABAB)
        || header != HEADER
        || item != ITEM
        || count == 0
        || count > MAX_ITEMS
        || data < table_end
        || table_end > input.size()
    {
        return None;
    }
    let mut opened = Opened::new(data.min(input.size()));
    opened.span(0, CRC, SpanKind::Header, "merge header");
    opened.span(CRC, 4, SpanKind::Checksum, "CRC-32");
    opened.span(CRC + 4, HEADER - CRC - 4, SpanKind::Header, "merge header");
    opened.span(HEADER, table_end - HEADER, SpanKind::Table, "items");
    opened.fact(0, ImageFact::Identity { field: IdentityField::Maker, value: "Bitmain".into(), weight: 90 });
    for index in 0..count {
        if let Err(over) = context.step(1) {
            opened.problem(over.problem(HEADER + index * ITEM));
            break;
        }
        read_item(input, HEADER + index * ITEM, &mut opened);
    }
    // The file's CRC covers it whole; where something follows, only the items' extent can be meant.
    let (whole, used) = (input.size(), opened.len);
    let computed = |len: u64| {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(input.get(0, CRC)?);
        hasher.update(&[0; 4]);
        hasher.update(input.get(CRC + 4, len.checked_sub(CRC + 4)?)?);
        Some(hasher.finalize())
    };
    let stated = input.le32(CRC)?;
    let (len, crc) =
        [used, whole].into_iter().map(|len| (len, computed(len))).find(|(_, crc)| *crc == Some(stated)).unwrap_or((used, computed(used)));
    if input.start() > 0 && crc != Some(stated) {
        return None;
    }
    opened.len = len;
    opened.checksum(CRC, "CRC of the file", "CRC-32", (0, len), &stated.to_be_bytes(), &crc.unwrap_or(0).to_be_bytes());
    Some(opened)
}

/// Lengths of four texts, the texts in fields of 64 and thrice 32 bytes, offset, size.
fn read_item(input: &Input, at: u64, opened: &mut Opened) {
    let text = |index: u64, start: u64, room: u64| {
        let len = u64::from(input.u8(at + index).unwrap_or(0)).min(room);
        let field = input.get(at + start, len).unwrap_or_default();
        field.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()
    };
    let (name, chip, hardware, model) = (text(0, 4, 64), text(1, 68, 32), text(2, 100, 32), text(3, 132, 32));
    let (start, len) = (u64::from(input.le32(at + 164).unwrap_or(0)), u64::from(input.le32(at + 168).unwrap_or(0)));
    for (offset, word, value) in [(68, "chip", &chip), (100, "hardware", &hardware), (132, "model", &model)] {
        if !value.is_empty() {
            opened.fact(at + offset, ImageFact::Hardware { name: format!("package-{word}"), value: escape(value) });
        }
    }
    if !model.is_empty() {
        opened.fact(at + 132, ImageFact::Identity { field: IdentityField::Model, value: escape(&model), weight: 90 });
    }
    if start < HEADER || start.saturating_add(len) > input.size() {
        opened.problem(Problem::truncated(at + 164, format!("{}: {len} bytes at {start:#x} are not all there", escape(&name))));
    }
    let there = len.min(input.size().saturating_sub(start));
    opened.member(name, start, there, Treat::Open);
    opened.len = opened.len.max(start.saturating_add(there).min(input.size()));
}
