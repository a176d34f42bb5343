//! Authentication certificate of Zynq-7000 boot images: two keys and two signatures.
//!
//! **Specification**: Xilinx UG821, appendix "Bootgen", "Authentication Certificate". What each signature covers was found on a real
//! image, on which all of them hold: the secondary key's block by the primary key; then, with the certificate up to its last
//! signature behind it, the header tables, a partition with its padding, and for the first stage the boot header before that.
//!
//! **Limitations**: 2048-bit RSA with SHA-256 alone, as the chip has no other.

use assay_core::{Sha256, facts::ImageFact, hash::hex};
use rsa::{BigUint, RsaPublicKey, pkcs8::EncodePublicKey};

use crate::{
    format::Opened,
    input::Input,
    signatures::{Claim, Digest, Signer},
};

/// Length of a certificate.
pub const LEN: u64 = 0x6C0;
const WORD: u32 = 0x101;
/// Primary key: modulus, its extension, exponent.
const PRIMARY: u64 = 0x40;
/// Secondary key, laid out alike.
const SECONDARY: u64 = 0x280;
const KEY: u64 = 0x240;
const MODULUS: u64 = 0x100;
const EXPONENT: u64 = 0x200;
const SECONDARY_SIGNATURE: u64 = 0x4C0;
const SIGNATURE: u64 = 0x5C0;

fn key(input: &Input, at: u64) -> Option<Vec<u8>> {
    let modulus = BigUint::from_bytes_le(input.get(at, MODULUS)?);
    let exponent = BigUint::from(input.le32(at + EXPONENT)?);
    let key = RsaPublicKey::new(modulus, exponent).ok()?;
    Some(key.to_public_key_der().ok()?.into_vec())
}

/// Files the claims of the certificate at `at` over `parts` (start and length), which are called `name`. `seen` holds the keys' blocks
/// that were met, so that one key is told of once.
pub fn claim(input: &Input, at: u64, name: &str, parts: &[(u64, u64)], seen: &mut Vec<Sha256>, opened: &mut Opened) -> Option<()> {
    if input.le32(at)? != WORD || u64::from(input.le32(at + 4)?) != LEN {
        return None;
    }
    let signature = |offset| input.get(at + offset, MODULUS).map(|bytes| bytes.iter().rev().copied().collect::<Vec<u8>>());
    let (primary, secondary) = (key(input, at + PRIMARY)?, key(input, at + SECONDARY)?);
    let block = Sha256::of(input.get(at + PRIMARY, SIGNATURE - PRIMARY)?);
    if !seen.contains(&block) {
        seen.push(block);
        // What is burnt into the chip's fuses, where they are.
        let burnt = Sha256::of(input.get(at + PRIMARY, KEY)?);
        opened.fact(at + PRIMARY, ImageFact::Hardware { name: "primary-key-hash".into(), value: hex(&burnt.0) });
        for (offset, der) in [(PRIMARY, &primary), (SECONDARY, &secondary)] {
            let fingerprint = Some(Sha256::of(der));
            opened.fact(
                at + offset,
                ImageFact::Key { fingerprint, algorithm: "RSA".into(), bits: Some(2048), private: false, encrypted: false },
            );
        }
        opened.claims.push(Claim {
            over: "secondary key".into(),
            offset: at + SECONDARY_SIGNATURE,
            digest: Digest::Sha256(Sha256::of(input.get(at + SECONDARY, KEY)?).0),
            signature: signature(SECONDARY_SIGNATURE)?,
            signer: Signer::Key(primary, "primary key of the certificate".into()),
        });
    }
    let mut covered = Vec::new();
    for (start, len) in parts {
        covered.push(input.get(*start, *len)?);
    }
    covered.push(input.get(at, SIGNATURE)?);
    opened.claims.push(Claim {
        over: name.to_owned(),
        offset: at + SIGNATURE,
        digest: Digest::Sha256(Sha256::of_parts(covered).0),
        signature: signature(SIGNATURE)?,
        signer: Signer::Key(secondary, "secondary key of the certificate".into()),
    });
    Some(())
}
