//! BMU: Bitmain's signed upgrade package, one machine type (S19 and S21 families).
//!
//! **Specification**: none published. Layout read from a real release (Antminer S19 Pro Hydro, 2023-03, Zynq), on which every field
//! named here was checked: sizes, bitmap, the sub-type's hash, the signatures of the files by `miner.pem`, and of `miner.pem`'s
//! text (without its padding) by the root key in the root filesystem.
//!
//! **Limitations**: what the slots hold on `CV183x` boards is told by their content alone; a `sig.bin` there is not interpreted. The
//! Amlogic `datafile` is encrypted and not opened. Bytes 0x0A and 0x0D to 0x15 of the header have no known meaning.

use assay_core::{
    Problem, Sha256, SpanKind,
    facts::{Anomaly, IdentityField, ImageFact},
    hash::hex,
};

use crate::{
    context::Context,
    format::{Format, Magic, Opened, Treat},
    input::Input,
    signatures::{Claim, Digest, Signer},
};

/// The format. Its own magic is one byte; the key's PEM text behind it is what gives it away.
pub static FORMAT: Format = Format {
    name: "bmu",
    title: "Bitmain upgrade package (BMU)",
    version: 1,
    magics: &[Magic { bytes: b"-----BEGIN PUBLIC KEY-----", at: PEM }],
    at_start: false,
    open,
};

const PEM: u64 = 24;
const PEM_SIGNATURE: u64 = 1048;
const COUNT: u64 = 1304;
const TOTAL: u64 = 1305;
const TABLE: u64 = 1309;
const DATA: u64 = 2048;
const SIGNATURE: u64 = 256;
const MAX_FILES: u64 = 16;
/// Name of the fact that carries the hash of the sub-type to where the words of the whole image are known.
pub const SUBTYPE_HASH: &str = "subtype-hash";

struct File {
    code: u8,
    start: u64,
    len: u64,
}

fn open(input: &Input, _context: &Context) -> Option<Opened> {
    if input.u8(0) != Some(0x26) || input.size() < DATA {
        return None;
    }
    let pem_len = u64::from(input.be16(22)?);
    let pem = input.get(PEM, pem_len).filter(|_| pem_len > 0 && PEM + pem_len <= PEM_SIGNATURE)?;
    let count = u64::from(input.u8(COUNT)?);
    if !pem.starts_with(b"-----BEGIN PUBLIC KEY-----") || count == 0 || count > MAX_FILES {
        return None;
    }
    let (mut files, mut at, mut codes) = (Vec::new(), DATA, 0_u16);
    for index in 0..count {
        let code = input.u8(TABLE + 5 * index)?;
        let bit = 1_u16.checked_shl(15_u32.checked_sub(u32::from(code))?)?;
        if codes & bit != 0 {
            return None;
        }
        codes |= bit;
        let len = u64::from(input.be32(TABLE + 5 * index + 1)?);
        files.push(File { code, start: at, len });
        at += len;
    }
    let end = at + (count + 1) * SIGNATURE;
    let bitmap = input.be16(11)?;
    let total = u64::from(input.be32(TOTAL)?);
    let sums = total == end || (total == 0 && input.size() == end);
    // Found inside other bytes, both must hold; at the start of a file, either tells a damaged package from something else.
    if if input.start() > 0 { bitmap != codes || !sums || input.size() < end } else { bitmap != codes && !sums } {
        return None;
    }
    let mut opened = Opened::new(end.min(input.size()));
    if bitmap != codes {
        let subject = format!("content bitmap {bitmap:#06x}, files in the table {codes:#06x}");
        opened.fact(11, ImageFact::Anomaly { kind: Anomaly::SizeMismatch, subject });
    }
    if total != end && total != 0 {
        let subject = format!("total size {total}, files and signatures take {end}");
        opened.fact(TOTAL, ImageFact::Anomaly { kind: Anomaly::SizeMismatch, subject });
    }
    if input.size() < end {
        opened.problem(Problem::truncated(input.size(), format!("BMU: {end} bytes are stated, {} are there", input.size())));
    }
    header(input, &mut opened, pem_len, count);
    let slots: Vec<String> = files.iter().map(|file| name(input, &files, file)).collect();
    for (file, name) in files.iter().zip(&slots) {
        let there = file.len.min(input.size().saturating_sub(file.start));
        let treat = if file.code == 9 {
            let what = name.clone();
            opened.fact(file.start, ImageFact::Encrypted { what, scheme: "not named; this slot holds nothing else".into() });
            Treat::Opaque("datafile of an Amlogic board".into())
        } else {
            Treat::Open
        };
        opened.member(name.as_bytes(), file.start, there, treat);
    }
    signatures(input, &mut opened, pem, &files, &slots, at);
    Some(opened)
}

fn header(input: &Input, opened: &mut Opened, pem_len: u64, count: u64) {
    opened.span(0, PEM, SpanKind::Header, "BMU header");
    opened.member("miner.pem", PEM, pem_len, Treat::Open);
    opened.span(PEM + pem_len, PEM_SIGNATURE - PEM - pem_len, SpanKind::Padding, "after miner.pem");
    opened.span(PEM_SIGNATURE, SIGNATURE, SpanKind::Signature, "signature over miner.pem");
    opened.span(COUNT, 5, SpanKind::Header, "number of files, total size");
    opened.span(TABLE, 5 * count, SpanKind::Table, "file table");
    opened.span(TABLE + 5 * count, DATA - TABLE - 5 * count, SpanKind::Padding, "after the file table");
    let hash = input.get(2, 8).unwrap_or_default();
    opened.fact(2, ImageFact::Hardware { name: SUBTYPE_HASH.into(), value: hex(hash) });
    opened.fact(0, ImageFact::Identity { field: IdentityField::Maker, value: "Bitmain".into(), weight: 90 });
}

/// Name of a slot: by its code, unless its content shows that a `CV183x` board reuses it.
fn name(input: &Input, files: &[File], file: &File) -> String {
    let starts = |file: &File, magic: &[u8]| file.len >= magic.len() as u64 && input.get(file.start, magic.len() as u64) == Some(magic);
    let signed_by_slot_1 = files.iter().any(|file| file.code == 1 && starts(file, b"-----BEGIN"));
    match file.code {
        0 if starts(file, &[0x1F, 0x8B]) => "slot 0 (rootfs)",
        0 => "BOOT.bin",
        1 if signed_by_slot_1 => "slot 1 (sig.bin)",
        1 => "devicetree.dtb",
        2 if signed_by_slot_1 => "slot 2 (eMMC boot image)",
        2 => "uImage",
        3 => "minerfs.image.gz",
        4 => "update.image.gz",
        5 => "crl.tar.gz",
        6 => "miner.btm.tar.gz",
        7 => "reserve",
        9 => "datafile",
        other => return format!("slot {other}"),
    }
    .to_owned()
}

fn signatures(input: &Input, opened: &mut Opened, pem: &[u8], files: &[File], slots: &[String], start: u64) {
    let sha256 = |start, len| input.get(start, len).map(|bytes| Sha256::of(bytes).0);
    let der = super::super::layouts::public_key(pem);
    if der.is_none() {
        opened.problem(Problem::corrupt(PEM, "BMU: miner.pem holds no public key that can be read"));
    }
    let signer = || Signer::Key(der.clone().unwrap_or_default(), "miner.pem".into());
    if let Some(signature) = input.get(PEM_SIGNATURE, SIGNATURE) {
        let digest = Digest::Sha256(Sha256::of(pem).0);
        opened.claims.push(Claim {
            over: "miner.pem".into(),
            offset: PEM_SIGNATURE,
            digest,
            signature: signature.to_vec(),
            signer: Signer::Unnamed,
        });
    }
    // The package's digest is one of digests: header, files, signatures.
    let mut parts: Option<Vec<u8>> = sha256(0, DATA).map(|digest| digest.to_vec());
    let mut digests = Vec::new();
    let mut add = |digest: Option<[u8; 32]>| match (&mut parts, digest) {
        (Some(parts), Some(digest)) => parts.extend_from_slice(&digest),
        _ => parts = None,
    };
    for file in files {
        let digest = sha256(file.start, file.len);
        add(digest);
        digests.push(digest);
    }
    for index in 0..files.len() as u64 {
        add(sha256(start + index * SIGNATURE, SIGNATURE));
    }
    let package = parts.map(|parts| Sha256::of(&parts).0);
    let names = slots.iter().map(String::as_str).chain(["package"]);
    let mut signed = false;
    for (index, (name, digest)) in names.zip(digests.into_iter().chain([package])).enumerate() {
        let at = start + index as u64 * SIGNATURE;
        let there = SIGNATURE.min(input.size().saturating_sub(at));
        opened.span(at, there, SpanKind::Signature, format!("signature over {name}"));
        let Some(signature) = input.get(at, SIGNATURE) else { continue };
        signed |= signature.iter().any(|byte| *byte != 0);
        if let Some(digest) = digest {
            let (digest, signature) = (Digest::Sha256(digest), signature.to_vec());
            opened.claims.push(Claim { over: name.to_owned(), offset: at, digest, signature, signer: signer() });
        }
    }
    opened.fact(0, ImageFact::Package { layout: "bmu".into(), signature_field: true, signed });
}
