//! Application or boot loader image of Espressif chips (ESP32 and later).
//!
//! **Specification**: ESP-IDF Programming Guide, "App Image Format"; `esp_app_format.h` (`esp_image_header_t`,
//! `esp_image_segment_header_t`) and `esp_app_desc.h` (`esp_app_desc_t`). Espressif, *esptool* documentation, "Firmware Image Format".
//!
//! **Limitations**: ESP8266 images (no extended header) and Secure Boot signature blocks behind the image are not read. Segments are
//! code and data at their addresses; they are named, not disassembled here.

use assay_core::{
    Problem, Sha256, SpanKind,
    escape::escape,
    facts::{BootStage, IdentityField, ImageFact},
    hash::hex,
};

use crate::{
    context::Context,
    format::{Child, Format, Opened, Treat},
    input::Input,
};

/// The format. One byte of magic is too little to follow it everywhere: only where something starts, as a partition does.
pub static FORMAT: Format = Format { name: "esp-image", title: "ESP32 application image", version: 1, magics: &[], at_start: true, open };

const HEADER: u64 = 24;
const MAX_SEGMENTS: u8 = 16;
const SEED: u8 = 0xEF;
const DESCRIPTION: u64 = 0x20;
const DESCRIPTION_MAGIC: u32 = 0xABCD_5432;

/// Chip of an id (`esp_chip_id_t`).
fn chip(id: u16) -> Option<&'static str> {
    Some(match id {
        0 => "ESP32",
        2 => "ESP32-S2",
        5 => "ESP32-C3",
        9 => "ESP32-S3",
        12 => "ESP32-C2",
        13 => "ESP32-C6",
        16 => "ESP32-H2",
        18 => "ESP32-P4",
        20 => "ESP32-C61",
        23 => "ESP32-C5",
        _ => return None,
    })
}

fn open(input: &Input, _context: &Context) -> Option<Opened> {
    let count = input.u8(1)?;
    let chip = chip(input.le16(12)?)?;
    let hashed = input.u8(23)?;
    // Flash mode 0 to 5; the reserved bytes of the extended header are zero; the hash flag is a truth value.
    if input.u8(0) != Some(0xE9) || count == 0 || count > MAX_SEGMENTS || input.u8(2)? > 5 || hashed > 1 || input.get(19, 4)? != [0; 4] {
        return None;
    }
    let mut opened = Opened::default();
    opened.span(0, HEADER, SpanKind::Header, "image header");
    let (mut at, mut sum) = (HEADER, SEED);
    for index in 0..count {
        let (Some(address), Some(len)) = (input.le32(at), input.le32(at + 4)) else {
            return cut(opened, input, at, index);
        };
        let start = at + 8;
        let there = u64::from(len).min(input.size() - start);
        if index == 0 && there < u64::from(len) && there < 64 {
            return None;
        }
        let bytes = input.get(start, there)?;
        sum = bytes.iter().fold(sum, |sum, byte| sum ^ byte);
        opened.span(at, 8, SpanKind::Header, "segment header");
        let name = format!("segment{index}@{address:#010x}");
        let treat = Treat::Known(format!("{chip} segment, load {address:#010x}"));
        opened.child(Child::slice(Some(name.into_bytes()), start, there).treat(treat));
        at = start + there;
        if there < u64::from(len) {
            return cut(opened, input, at, index);
        }
    }
    // The checksum is the last byte of a block of 16.
    let end = (at + 16) & !15;
    let Some(stated) = input.u8(end - 1) else { return cut(opened, input, at, count) };
    opened.span(at, end - 1 - at, SpanKind::Padding, "up to the checksum");
    opened.span(end - 1, 1, SpanKind::Checksum, "XOR checksum");
    let sum_ok = opened.checksum(end - 1, "checksum", "XOR, seed 0xEF", (HEADER, at - HEADER), &[stated], &[sum]);
    opened.len = end;
    let mut hash_ok = false;
    if hashed == 1 {
        match input.get(end, 32) {
            Some(hash) => {
                hash_ok = opened.checksum(end, "hash", "SHA-256", (0, end), hash, &Sha256::of(input.get(0, end)?).0);
                opened.span(end, 32, SpanKind::Checksum, "SHA-256");
                opened.len = end + 32;
            }
            None => opened.problem(Problem::truncated(end, "ESP image: the hash is cut off")),
        }
    }
    let described = input.le32(DESCRIPTION) == Some(DESCRIPTION_MAGIC);
    // Without magic worth the name, one more thing has to hold.
    if !sum_ok && !hash_ok && !described {
        return None;
    }
    facts(input, chip, described, &mut opened);
    Some(opened)
}

/// An image that ends in a segment: taken only where its description says so beyond doubt.
fn cut(mut opened: Opened, input: &Input, at: u64, index: u8) -> Option<Opened> {
    if input.le32(DESCRIPTION) != Some(DESCRIPTION_MAGIC) {
        return None;
    }
    opened.problem(Problem::truncated(at, format!("ESP image: cut off in or after segment {index}")));
    opened.len = input.size();
    facts(input, chip(input.le16(12)?)?, true, &mut opened);
    Some(opened)
}

fn facts(input: &Input, chip: &str, described: bool, opened: &mut Opened) {
    opened.fact(12, ImageFact::Identity { field: IdentityField::Platform, value: chip.into(), weight: 90 });
    let text = |at, len| input.text(at, len).filter(|text| !text.is_empty()).map(escape);
    let project = if described { text(0x50, 32) } else { None };
    let stage = BootStage {
        name: project.clone().unwrap_or_else(|| "ESP image".into()),
        authenticated: false,
        encrypted: false,
        load: None,
        entry: input.le32(4).map(u64::from),
    };
    opened.fact(0, ImageFact::Boot(stage));
    if !described {
        return;
    }
    let mut identity = |at, field, value: Option<String>, weight| {
        if let Some(value) = value {
            opened.fact(at, ImageFact::Identity { field, value, weight });
        }
    };
    identity(0x50, IdentityField::Model, project, 60);
    identity(0x30, IdentityField::Version, text(0x30, 32), 90);
    let built = [text(0x80, 16), text(0x70, 16)].into_iter().flatten().collect::<Vec<_>>().join(" ");
    identity(0x70, IdentityField::Built, Some(built).filter(|built| !built.is_empty()), 80);
    identity(0x90, IdentityField::Toolchain, text(0x90, 32).map(|version| format!("ESP-IDF {version}")), 80);
    if let Some(version) = input.le32(0x24) {
        opened.fact(0x24, ImageFact::Hardware { name: "secure-version".into(), value: version.to_string() });
    }
    if let Some(hash) = input.get(0xB0, 32).filter(|hash| hash.iter().any(|byte| *byte != 0)) {
        opened.fact(0xB0, ImageFact::Hardware { name: "elf-sha256".into(), value: hex(hash) });
    }
}
