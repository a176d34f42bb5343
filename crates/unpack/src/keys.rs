//! Keys and certificates, wherever they stand: in PEM and DER files, in texts, in programs, as SSH has them.
//!
//! **Specification**: RFC 7468 and RFC 1421 (PEM), RFC 5280 (X.509, SPKI), RFC 8017 (RSA), RFC 5915 (EC), RFC 5958 (PKCS #8), RFC 4253
//! section 6.6 (SSH), OpenSSH `PROTOCOL.key`.
//!
//! **Limitations**: DSA and elliptic curves given by their parameters rather than by name are reported without a size. No password is
//! tried on an encrypted key.

mod asn1;
mod certificate;
mod pem;
mod private;
mod spki;
mod ssh;

use assay_core::{Sha256, facts::ImageFact};
use der::Decode;

use crate::format::Opened;
use asn1::expect;
pub use asn1::tlv;
use certificate::certificate;
pub use pem::{Block, blocks, pem};
use private::private;
use spki::bits;
pub use spki::{describe, ed25519_spki, rsa_spki};
pub use ssh::{dropbear, ssh_lines, ssh_spki};

/// Keys of more bytes than this are none.
const LONGEST: usize = 64 << 10;

/// Records the key of `spki`.
pub fn add(opened: &mut Opened, at: u64, spki: &[u8], private: bool) -> bool {
    let Some((algorithm, bits)) = describe(spki) else { return false };
    let fingerprint = Some(Sha256::of(spki));
    let fact = ImageFact::Key { fingerprint, algorithm, bits, private, encrypted: false };
    if !opened.facts.iter().any(|(offset, known)| *offset == at && *known == fact) {
        opened.fact(at, fact);
        opened.keys.push(spki.to_vec());
    }
    true
}

/// Records a private key whose public half cannot be told.
pub fn add_private(opened: &mut Opened, at: u64, algorithm: &str, bits: Option<u32>, encrypted: bool) {
    opened.fact(at, ImageFact::Key { fingerprint: None, algorithm: algorithm.into(), bits, private: true, encrypted });
}

/// What a DER value is, and its facts. Gives the name of the structure, `None` where it is none of those known.
pub fn der(opened: &mut Opened, at: u64, bytes: &[u8]) -> Option<&'static str> {
    let (content, rest) = expect(bytes, 0x30)?;
    if bytes.len() > LONGEST {
        return None;
    }
    let whole = &bytes[..bytes.len() - rest.len()];
    if certificate(opened, at, whole).is_some() {
        return Some("X.509 certificate");
    }
    if describe(whole).is_some_and(|(algorithm, _)| algorithm != "unknown") && add(opened, at, whole, false) {
        return Some("public key");
    }
    if private(opened, at, content).is_some() {
        return Some("private key");
    }
    if let Some((modulus, exponent, [])) = rsa_numbers(content).filter(|(modulus, ..)| bits(modulus) >= 512) {
        add(opened, at, &rsa_spki(modulus, exponent), false);
        return Some("RSA public key");
    }
    x509_cert::crl::CertificateList::<x509_cert::certificate::Rfc5280>::from_der(whole).ok()?;
    Some("certificate revocation list")
}

fn rsa_numbers(content: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (modulus, rest) = expect(content, 2)?;
    let (exponent, rest) = expect(rest, 2)?;
    (exponent.len() <= 8).then_some((modulus, exponent, rest))
}
