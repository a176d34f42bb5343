//! `SubjectPublicKeyInfo`: the one form that all public keys are brought to, whatever they came in.
//!
//! It is the algorithm's object identifier, its parameters (of an elliptic key the curve's name), and the key as a bit string. The
//! fingerprint of a key is the SHA-256 of this, so that the same key in a certificate, in a PEM file, in a device tree and in an
//! `authorized_keys` has one fingerprint.

use super::asn1::{expect, integer, wrap};

pub const RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1];
pub const EC: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1];
pub const ED25519: &[u8] = &[0x2B, 0x65, 0x70];
pub const DSA: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x38, 4, 1];
pub const CURVES: &[(&[u8], &str, u32, &str)] = &[
    (&[0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7], "EC P-256", 256, "ecdsa-sha2-nistp256"),
    (&[0x2B, 0x81, 4, 0, 34], "EC P-384", 384, "ecdsa-sha2-nistp384"),
    (&[0x2B, 0x81, 4, 0, 35], "EC P-521", 521, "ecdsa-sha2-nistp521"),
    (&[0x2B, 0x81, 4, 0, 10], "EC secp256k1", 256, ""),
];

/// DER of the `SubjectPublicKeyInfo` of an RSA key, from big-endian modulus and exponent.
#[must_use]
pub fn rsa_spki(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let key = wrap(0x30, &[&integer(modulus), &integer(exponent)]);
    wrap(0x30, &[&wrap(0x30, &[&wrap(6, &[RSA]), &[5, 0]]), &wrap(3, &[&[0], &key])])
}

/// The same of an Ed25519 key; none where it has not 32 bytes.
#[must_use]
pub fn ed25519_spki(key: &[u8]) -> Option<Vec<u8>> {
    (key.len() == 32).then(|| spki_of(&wrap(6, &[ED25519]), key))
}

pub fn spki_of(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    wrap(0x30, &[&wrap(0x30, &[algorithm]), &wrap(3, &[&[0], key])])
}

/// Algorithm and size, from a `SubjectPublicKeyInfo`.
#[must_use]
pub fn describe(spki: &[u8]) -> Option<(String, Option<u32>)> {
    let (content, _) = expect(spki, 0x30)?;
    let (algorithm, rest) = expect(content, 0x30)?;
    let (key, _) = expect(rest, 3)?;
    let (oid, parameters) = expect(algorithm, 6)?;
    Some(match oid {
        RSA => {
            let (modulus, exponent) = expect(expect(key.get(1..)?, 0x30)?.0, 2)?;
            expect(exponent, 2)?;
            ("RSA".into(), Some(bits(modulus)))
        }
        EC => match expect(parameters, 6).and_then(|(name, _)| CURVES.iter().find(|curve| curve.0 == name)) {
            Some(curve) => (curve.1.into(), Some(curve.2)),
            None => ("EC".into(), None),
        },
        ED25519 => ("Ed25519".into(), Some(256)),
        DSA => ("DSA".into(), None),
        [0x2B, 0x65, 0x6E] => ("X25519".into(), Some(256)),
        _ => ("unknown".into(), None),
    })
}

pub fn bits(modulus: &[u8]) -> u32 {
    let start = modulus.iter().position(|digit| *digit != 0).unwrap_or(modulus.len());
    modulus.get(start).map_or(0, |first| (modulus.len() - start) as u32 * 8 - first.leading_zeros())
}
