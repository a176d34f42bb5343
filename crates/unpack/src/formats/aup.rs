//! AUP: Canaan's upgrade package for Avalon miners, versions 0, 1 and 2.
//!
//! **Specification**: none published. Layout read from real packages of all three versions; on five of them every checksum named here
//! was recomputed (payload CRC-32; version 2 also the header's). The format has no place for a signature.
//!
//! **Limitations**: where a payload is not a K210 flash image, it is searched like any other bytes.

use assay_core::{
    Problem, SpanKind,
    escape::escape,
    facts::{IdentityField, ImageFact},
};

use super::k210;
use crate::{
    context::Context,
    format::{Child, Content, Format, Magic, Opened, Treat},
    input::Input,
};

/// The format.
pub static FORMAT: Format = Format {
    name: "aup",
    title: "Canaan upgrade package (AUP)",
    version: 1,
    magics: &[Magic { bytes: MAGIC, at: 0 }],
    at_start: false,
    open,
};

const MAGIC: &[u8] = b"AUP format\0\0\0\0\0\0";
/// Strings of version 2: more than a handful of boards in one package was never met.
const MAX_STRINGS: u64 = 256;

/// Where a version keeps its fields.
struct Layout {
    header: u64,
    payload: u64,
    version: u64,
    crc: u64,
    hardware: Vec<(u64, u64)>,
    software: Vec<(u64, u64)>,
}

fn layout(input: &Input) -> Option<Layout> {
    let le32 = |at| input.le32(at).map(u64::from);
    let layout = match input.le32(16)? {
        0 => Layout { header: 92, payload: le32(20)?, version: 24, crc: 88, hardware: Vec::new(), software: Vec::new() },
        1 => {
            let header = le32(20).filter(|header| (224..=4096).contains(header))?;
            Layout { header, payload: le32(152)?, version: 156, crc: header - 4, hardware: vec![(24, 128)], software: Vec::new() }
        }
        2 => {
            let (hardware, software) = (le32(92)?, le32(96)?);
            if hardware > MAX_STRINGS || software > MAX_STRINGS {
                return None;
            }
            let strings = |from: u64, count: u64| (0..count).map(|index| (100 + 32 * (from + index), 32)).collect();
            let header = 100 + 32 * (hardware + software) + 4;
            Layout {
                header,
                payload: le32(20)?,
                version: 24,
                crc: 88,
                hardware: strings(0, hardware),
                software: strings(hardware, software),
            }
        }
        _ => return None,
    };
    (layout.header <= input.size()).then_some(layout)
}

fn open(input: &Input, _context: &Context) -> Option<Opened> {
    if input.get(0, 16) != Some(MAGIC) {
        return None;
    }
    let layout = layout(input)?;
    let end = layout.header + layout.payload;
    let there = layout.payload.min(input.size() - layout.header);
    let mut opened = Opened::new(layout.header + there);
    let crc = |start, len| input.get(start, len).map(|bytes| crc32fast::hash(bytes).to_le_bytes());
    let stated = input.get(layout.crc, 4)?;
    if there < layout.payload {
        opened.problem(Problem::truncated(input.size(), format!("AUP: {end} bytes are stated, {} are there", input.size())));
    } else {
        let holds = opened.checksum(layout.crc, "payload CRC", "CRC-32", (layout.header, there), stated, &crc(layout.header, there)?);
        if !holds && input.start() > 0 {
            return None;
        }
    }
    if input.le32(16) == Some(2) {
        let at = layout.header - 4;
        opened.checksum(at, "header CRC", "CRC-32", (0, at), input.get(at, 4)?, &crc(0, at)?);
        opened.span(at, 4, SpanKind::Checksum, "header CRC-32");
    }
    opened.span(layout.crc, 4, SpanKind::Checksum, "payload CRC-32");
    let mut at = 0;
    let mut fields: Vec<u64> = opened.spans.iter().map(|span| span.start).collect();
    fields.sort_unstable();
    for field in fields {
        opened.span(at, field - at, SpanKind::Header, "AUP header");
        at = field + 4;
    }
    facts(input, &layout, &mut opened);
    payload(input, &layout, there, &mut opened);
    Some(opened)
}

/// The day in a version such as `20080702_a590d24_3dbc55b`: year, month and day in two digits each, then the build of that day.
fn day(version: &str) -> Option<String> {
    let digits = version.get(..8).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?;
    let (year, month, day) = (&digits[..2], &digits[2..4], &digits[4..6]);
    (("01"..="12").contains(&month) && ("01"..="31").contains(&day)).then(|| format!("20{year}-{month}-{day}"))
}

fn facts(input: &Input, layout: &Layout, opened: &mut Opened) {
    opened.fact(0, ImageFact::Package { layout: "aup".into(), signature_field: false, signed: false });
    opened.fact(0, ImageFact::Identity { field: IdentityField::Maker, value: "Canaan".into(), weight: 90 });
    let text = |(at, len): (u64, u64)| {
        let text = input.text(at, len)?.trim_ascii();
        let text = text.strip_suffix(b",").unwrap_or(text);
        (!text.is_empty()).then(|| escape(text))
    };
    if let Some(value) = text((layout.version, 64)) {
        if let Some(built) = day(&value) {
            opened.fact(layout.version, ImageFact::Identity { field: IdentityField::Built, value: built, weight: 40 });
        }
        opened.fact(layout.version, ImageFact::Identity { field: IdentityField::Version, value, weight: 100 });
    }
    for (name, places) in [("board", &layout.hardware), ("software", &layout.software)] {
        for (index, place) in places.iter().enumerate() {
            let Some(value) = text(*place) else { continue };
            if name == "board" && index == 0 {
                opened.fact(place.0, ImageFact::Identity { field: IdentityField::Platform, value: value.clone(), weight: 80 });
            }
            opened.fact(place.0, ImageFact::Hardware { name: name.into(), value });
        }
    }
}

/// The package says nothing about its payload; a K210 flash image is told by its length field, and read as such even where its hash
/// does not hold.
fn payload(input: &Input, layout: &Layout, len: u64, opened: &mut Opened) {
    let Some(bytes) = input.slice(layout.header, len) else { return };
    let inner = Input::new(&bytes, 0);
    let mut child = Child::slice(None, layout.header, len);
    if let Some(image) = k210::read(&inner) {
        opened.fact(layout.header, ImageFact::Identity { field: IdentityField::Platform, value: "Kendryte K210".into(), weight: 70 });
        child.content = Content::Parsed(bytes, &k210::FORMAT, Box::new(image));
    } else {
        child.treat = Treat::Open;
    }
    opened.payload(layout.header, len, "payload");
    // The span is named above: `Opened::child` would add it again for a slice.
    opened.children.push(child);
}
