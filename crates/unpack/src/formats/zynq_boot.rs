//! Boot image of the Xilinx Zynq-7000: `BOOT.BIN`.
//!
//! **Specification**: Xilinx UG821 *Zynq-7000 All Programmable `SoC` Software Developers Guide*, chapter "Boot and Configuration" and
//! appendix "Bootgen" (boot header, image header table, partition header table); UG585, section "Boot ROM Header". Checked on a real
//! `BOOT.bin`: every header checksum, and the tables' links up to the last byte.
//!
//! **Limitations**: whether the chip's fuses demand the RSA certificates, and with which key, is not in the image. An
//! encrypted partition stays opaque. A bitstream is located only. Multi-boot images behind the first are left to the search.

use assay_core::{
    Problem, Sha256, SpanKind,
    facts::{BootStage, IdentityField, ImageFact},
};

mod certificate;

use crate::{
    context::Context,
    format::{Format, Magic, Opened, Treat},
    input::Input,
};

/// The format.
pub static FORMAT: Format = Format {
    name: "zynq-boot",
    title: "Zynq-7000 boot image",
    version: 1,
    magics: &[Magic { bytes: MAGIC, at: 0x20 }],
    at_start: false,
    open,
};

/// Width detection word and "XNLX".
const MAGIC: &[u8] = &[0x66, 0x55, 0x99, 0xAA, b'X', b'N', b'L', b'X'];
const HEADER: u64 = 0xA0;
const REGISTERS: u64 = 0x800;
const TABLE_HEADER: u64 = 20;
const IMAGE: u64 = 16;
const PARTITION: u64 = 64;
/// The boot ROM and the first stage read at most 14 partitions (UG821).
const MAX_PARTITIONS: u64 = 32;
/// Name words of an image header.
const MAX_NAME: u64 = 16;

struct Image {
    name: Vec<u8>,
    /// Offset of its header.
    at: u64,
}

struct Partition {
    at: u64,
    data: u64,
    /// Bytes of the data, packed as they are.
    len: u64,
    end: u64,
    certificate: u64,
    stage: BootStage,
    programmable_logic: bool,
}

fn open(input: &Input, context: &Context) -> Option<Opened> {
    if input.get(0x20, 8) != Some(MAGIC) {
        return None;
    }
    let sum = complement(input, 0x20, 0x48)?;
    if sum != input.le32(0x48)? && input.start() > 0 {
        return None;
    }
    let mut opened = Opened::new(HEADER);
    opened.span(0, HEADER.min(input.size()), SpanKind::Header, "boot header");
    opened.checksum(0x48, "header checksum", "complement of sum", (0x20, 0x28), &input.le32(0x48)?.to_be_bytes(), &sum.to_be_bytes());
    opened.fact(0x24, ImageFact::Identity { field: IdentityField::Platform, value: "Zynq-7000".into(), weight: 90 });
    let (images, partitions) = (u64::from(input.le32(0x98).unwrap_or(0)), u64::from(input.le32(0x9C).unwrap_or(0)));
    // 256 pairs of address and value that the boot ROM writes first (UG585, "Register Initialization Parameters").
    if images >= HEADER + REGISTERS && input.size() >= HEADER + REGISTERS {
        opened.span(HEADER, REGISTERS, SpanKind::Table, "register initialisation");
    }
    let (loader, loader_len) = (u64::from(input.le32(0x30)?), u64::from(input.le32(0x34)?));
    let names = if (HEADER..input.size()).contains(&images) { image_headers(input, images, &mut opened, context) } else { Vec::new() };
    let found = if (HEADER..input.size()).contains(&partitions) {
        partition_headers(input, partitions, &names, &mut opened, context)
    } else {
        Vec::new()
    };
    if found.is_empty() {
        // Only the first stage, as the boot ROM itself sees it.
        opened.problem(Problem::corrupt(0x9C, "Zynq boot image: no partition header table"));
        if loader >= HEADER && loader_len > 0 && loader < input.size() {
            let len = loader_len.min(input.size() - loader);
            opened.member("first stage", loader, len, Treat::Open);
            opened.len = loader + len;
        }
        return Some(opened);
    }
    let encrypted = matches!(input.le32(0x28), Some(0xA5C3_C5A3 | 0x3A5C_3C5A));
    if encrypted {
        opened.fact(0x28, ImageFact::Encrypted { what: "first stage".into(), scheme: "AES-256, by the boot header".into() });
    }
    let mut seen = Vec::new();
    let certificate = words(input.le32(images + 16));
    if images > 0 && certificate > images {
        certified(input, certificate, "header tables", &[(images, certificate - images)], &mut seen, &mut opened);
    }
    members(input, &mut opened, found, loader, &mut seen);
    let end = opened.len.min(input.size());
    if end < opened.len {
        opened.problem(Problem::truncated(end, format!("Zynq boot image: {} bytes are stated, {end} are there", opened.len)));
    }
    opened.len = end;
    Some(opened)
}

/// Complement of the sum of the little-endian words in `from..to`.
fn complement(input: &Input, from: u64, to: u64) -> Option<u32> {
    let words = input.get(from, to.checked_sub(from)?)?.chunks_exact(4);
    Some(!words.fold(0_u32, |sum, word| sum.wrapping_add(u32::from_le_bytes([word[0], word[1], word[2], word[3]]))))
}

fn words(value: Option<u32>) -> u64 {
    u64::from(value.unwrap_or(0)) * 4
}

fn image_headers(input: &Input, table: u64, opened: &mut Opened, context: &Context) -> Vec<Image> {
    let mut images: Vec<Image> = Vec::new();
    opened.span(table, TABLE_HEADER.min(input.size() - table), SpanKind::Table, "image header table");
    let mut at = words(input.le32(table + 12));
    while at >= HEADER && at < input.size() && images.len() < MAX_PARTITIONS as usize && context.step(1).is_ok() {
        if images.iter().any(|image| image.at == at) {
            opened.fact(at, ImageFact::Anomaly { kind: assay_core::facts::Anomaly::Cycle, subject: "image headers".into() });
            break;
        }
        let mut name = Vec::new();
        let mut word = 0;
        while let Some(bytes) = input.get(at + IMAGE + 4 * word, 4).filter(|bytes| *bytes != [0; 4] && word < MAX_NAME) {
            // Four letters to a word, the first in the highest byte.
            name.extend(bytes.iter().rev().filter(|byte| **byte != 0));
            word += 1;
        }
        opened.span(at, (IMAGE + 4 * (word + 1)).min(input.size() - at), SpanKind::Table, "image header");
        images.push(Image { name, at });
        at = words(input.le32(at));
    }
    images
}

fn partition_headers(input: &Input, table: u64, images: &[Image], opened: &mut Opened, context: &Context) -> Vec<Partition> {
    let mut partitions: Vec<Partition> = Vec::new();
    let mut at = table;
    while let Some(header) = input.get(at, PARTITION).filter(|_| partitions.len() < MAX_PARTITIONS as usize && context.step(1).is_ok()) {
        let Some(sum) = complement(input, at, at + 60) else { break };
        if header[..60].iter().all(|byte| *byte == 0) {
            opened.span(at, PARTITION, SpanKind::Table, "end of the partition headers");
            break;
        }
        if header.iter().all(|byte| *byte == 0xFF) {
            break;
        }
        let field = |index: u64| input.le32(at + 4 * index);
        opened.span(at, PARTITION, SpanKind::Table, "partition header");
        opened.checksum(
            at + 60,
            "partition header checksum",
            "complement of sum",
            (at, 60),
            &field(15).unwrap_or(0).to_be_bytes(),
            &sum.to_be_bytes(),
        );
        let attributes = field(6).unwrap_or(0);
        let (packed, plain) = (words(field(0)), words(field(1)));
        let data = words(field(5));
        let name = images
            .iter()
            .find(|image| image.at == words(field(9)))
            .map(|image| assay_core::escape::escape(&image.name))
            .filter(|name| !name.is_empty());
        let mut name = name.unwrap_or_else(|| format!("partition {}", partitions.len()));
        if partitions.iter().any(|earlier| earlier.stage.name == name) {
            name = format!("{name}.{}", partitions.len());
        }
        let stage = BootStage {
            name,
            authenticated: attributes & 1 << 15 != 0,
            encrypted: packed != plain && packed > 0,
            load: field(3).map(u64::from),
            entry: field(4).map(u64::from),
        };
        let end = data + words(field(2)).max(packed.max(plain));
        // Bits 4 and 5: 1 processor, 2 programmable logic.
        let programmable_logic = attributes >> 4 & 3 == 2;
        partitions.push(Partition { at, data, len: packed.max(plain), end, certificate: words(field(10)), stage, programmable_logic });
        at += PARTITION;
    }
    partitions
}

/// Spans the certificate at `at` and files its claims over `parts`.
fn certified(input: &Input, at: u64, name: &str, parts: &[(u64, u64)], seen: &mut Vec<Sha256>, opened: &mut Opened) {
    if at < HEADER || at >= input.size() {
        return;
    }
    opened.span(at, certificate::LEN.min(input.size() - at), SpanKind::Signature, format!("certificate of {name}"));
    if certificate::claim(input, at, name, parts, seen, opened).is_none() {
        opened.problem(Problem::unsupported(at, format!("the certificate of {name} is not one that is read, or is cut off")));
    }
}

fn members(input: &Input, opened: &mut Opened, partitions: Vec<Partition>, loader: u64, seen: &mut Vec<Sha256>) {
    for partition in partitions {
        opened.len = opened.len.max(partition.end);
        let name = partition.stage.name.clone();
        if partition.data < HEADER || partition.data >= input.size() {
            opened.problem(Problem::corrupt(partition.at + 20, format!("{name}: its data lies outside the image")));
            opened.len = opened.len.min(input.size());
        } else {
            let len = partition.len.min(input.size() - partition.data);
            let treat = if partition.stage.encrypted {
                opened.fact(
                    partition.at,
                    ImageFact::Encrypted { what: name.clone(), scheme: "AES-256, by the partition header's lengths".into() },
                );
                Treat::Opaque(format!("{name}, encrypted by the partition header"))
            } else if partition.programmable_logic {
                // What the bytes are is known, what the logic does is not: both are said.
                let why = "an FPGA bitstream; no public description of its content".to_owned();
                opened.problem(Problem::unsupported(partition.data, format!("{name}: {why}")).over(len));
                opened.fact(partition.data, ImageFact::NotExamined { what: name.clone(), why });
                Treat::Known("FPGA bitstream of the programmable logic".into())
            } else {
                Treat::Open
            };
            opened.member(name.as_bytes(), partition.data, len, treat);
            if partition.stage.authenticated {
                let body = (partition.data, partition.certificate.saturating_sub(partition.data));
                // The first stage is signed with the boot header that leads to it.
                let parts = if partition.data == loader { vec![(0, HEADER + REGISTERS), body] } else { vec![body] };
                certified(input, partition.certificate, &name, &parts, seen, opened);
            }
        }
        opened.fact(partition.at, ImageFact::Boot(partition.stage));
    }
}
