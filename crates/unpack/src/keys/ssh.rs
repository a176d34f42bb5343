//! Keys as SSH has them: public ones on a line, private ones of OpenSSH, host keys of dropbear.
//!
//! All three are strings with their length in front (RFC 4251 section 5): first the name of the kind, then its numbers. Only the order
//! of the numbers, and what stands around them, differs.

use assay_core::{Sha256, facts::ImageFact};

use super::{
    add, add_private,
    asn1::wrap,
    pem::base64,
    spki::{CURVES, EC, bits, describe, ed25519_spki, rsa_spki, spki_of},
};
use crate::format::Opened;

/// One length-prefixed string of SSH.
fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_be_bytes(*len) as usize)
}

pub fn openssh(opened: &mut Opened, at: u64, bytes: &[u8]) -> Option<()> {
    let rest = bytes.strip_prefix(b"openssh-key-v1\0")?;
    let (cipher, rest) = string(rest)?;
    let (_, rest) = string(rest)?;
    let (_, rest) = string(rest)?;
    let (key, _) = string(rest.get(4..)?)?;
    let fact = match ssh_spki(key).filter(|spki| describe(spki).is_some()) {
        Some(spki) => {
            let (algorithm, bits) = describe(&spki)?;
            opened.keys.push(spki.clone());
            ImageFact::Key { fingerprint: Some(Sha256::of(&spki)), algorithm, bits, private: true, encrypted: cipher != b"none" }
        }
        None => ImageFact::Key { fingerprint: None, algorithm: "unknown".into(), bits: None, private: true, encrypted: cipher != b"none" },
    };
    opened.fact(at, fact);
    Some(())
}

/// The public key in SSH's own form, as a `SubjectPublicKeyInfo`.
#[must_use]
pub fn ssh_spki(blob: &[u8]) -> Option<Vec<u8>> {
    let (kind, rest) = string(blob)?;
    match kind {
        b"ssh-rsa" => {
            let (exponent, rest) = string(rest)?;
            let (modulus, _) = string(rest)?;
            (bits(modulus) >= 512 && exponent.len() <= 8).then(|| rsa_spki(modulus, exponent))
        }
        b"ssh-ed25519" => {
            let (key, _) = string(rest)?;
            ed25519_spki(key.get(..32)?)
        }
        _ => {
            let curve = CURVES.iter().find(|curve| curve.3.as_bytes() == kind && !kind.is_empty())?;
            let (_, rest) = string(rest)?;
            let (point, _) = string(rest)?;
            Some(spki_of(&[wrap(6, &[EC]), wrap(6, &[curve.0])].concat(), point))
        }
    }
}

/// Lines of `authorized_keys` and `.pub` files: `ssh-rsa AAAA…`.
pub fn ssh_lines(opened: &mut Opened, at: u64, text: &[u8]) {
    for name in [
        &b"ssh-rsa AAAAB3"[..],
        b"ssh-ed25519 AAAAC3",
        b"ecdsa-sha2-nistp256 AAAAE2",
        b"ecdsa-sha2-nistp384 AAAAE2",
        b"ecdsa-sha2-nistp521 AAAAE2",
    ] {
        for start in memchr::memmem::find_iter(text, name).take(1024) {
            let from = start + name.len() - 6;
            let rest = &text[from..text.len().min(from + 8192)];
            let end =
                rest.iter().position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))).unwrap_or(rest.len());
            if let Some(spki) = base64(&rest[..end]).and_then(|blob| ssh_spki(&blob)) {
                add(opened, at + start as u64, &spki, false);
            }
        }
    }
}

/// A private host key as dropbear keeps it. Gives its length.
pub fn dropbear(opened: &mut Opened, bytes: &[u8]) -> Option<u64> {
    let (kind, rest) = string(bytes)?;
    let strings = match kind {
        b"ssh-rsa" | b"ssh-dss" => 5,
        b"ssh-ed25519" => 1,
        _ if CURVES.iter().any(|curve| !kind.is_empty() && curve.3.as_bytes() == kind) => 3,
        _ => return None,
    };
    let mut left = rest;
    let mut last = &[][..];
    for _ in 0..strings {
        (last, left) = string(left).filter(|(part, _)| !part.is_empty())?;
    }
    match kind {
        b"ssh-dss" => add_private(opened, 0, "DSA", None, false),
        // Dropbear keeps the secret half before the public one.
        b"ssh-ed25519" => {
            let key = last.get(32..64)?;
            add(opened, 0, &ed25519_spki(key)?, true);
        }
        _ => {
            add(opened, 0, &ssh_spki(bytes)?, true);
        }
    }
    Some((bytes.len() - left.len()) as u64)
}
