//! Kendryte K210 flash image, as its boot ROM reads it: flag, length, code, SHA-256.
//!
//! **Specification**: Canaan, *K210 boot ROM*, as implemented by `kflash.py` (kendryte/kflash.py, function `flash_firmware`): AES flag,
//! length, data, SHA-256 over all three. Checked on payloads of real Avalon packages.
//!
//! **Limitations**: the key of an encrypted image is in the chip's fuses, so it stays opaque. By itself (not in a package) an image is
//! only known by its hash: one with a wrong hash is not recognised.

use assay_core::{
    Sha256, SpanKind,
    facts::{BootStage, ImageFact},
};

use crate::{
    context::Context,
    format::{Child, Format, Opened, Treat},
    input::Input,
};

/// The format. No magic: known by its length field and its hash.
pub static FORMAT: Format = Format { name: "k210", title: "Kendryte K210 flash image", version: 1, magics: &[], at_start: true, open };

const HEADER: u64 = 5;
const HASH: u64 = 32;
/// Where the boot ROM copies the code and jumps to.
const LOAD: u64 = 0x8000_0000;

fn open(input: &Input, _context: &Context) -> Option<Opened> {
    // A few bytes are hashed by chance alone: one in four thousand million inputs has the right length field.
    let opened = read(input)?;
    opened.problems.is_empty().then_some(opened)
}

/// Reads an image that fills `input`, whether or not its hash holds.
pub fn read(input: &Input) -> Option<Opened> {
    let encrypted = match input.u8(0)? {
        0 => false,
        1 => true,
        _ => return None,
    };
    let len = u64::from(input.le32(1)?);
    if len == 0 || input.size() != HEADER + len + HASH {
        return None;
    }
    let mut opened = Opened::new(input.size());
    let covered = HEADER + len;
    opened.span(0, HEADER, SpanKind::Header, "AES flag, length");
    opened.checksum(covered, "SHA-256", "SHA-256", (0, covered), input.get(covered, HASH)?, &Sha256::of(input.get(0, covered)?).0);
    let treat = if encrypted {
        let scheme = "AES with the key in the chip's fuses, by the header's flag";
        opened.fact(0, ImageFact::Encrypted { what: "K210 code".into(), scheme: scheme.into() });
        Treat::Opaque(format!("K210 code, {scheme}"))
    } else {
        Treat::Known("RV64 code, flat, load 0x80000000".into())
    };
    let stage = BootStage { name: "K210 code".into(), authenticated: false, encrypted, load: Some(LOAD), entry: Some(LOAD) };
    opened.fact(0, ImageFact::Boot(stage));
    opened.child(Child::slice(Some(b"code".to_vec()), HEADER, len).treat(treat));
    opened.span(covered, HASH, SpanKind::Checksum, "SHA-256");
    Some(opened)
}
