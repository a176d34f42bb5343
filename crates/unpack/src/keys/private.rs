//! Private keys in DER: PKCS #1 (RSA), SEC 1 (elliptic curves), PKCS #8 (any, with its algorithm in front; encrypted or not).
//!
//! None of them says what it is. They are told apart by their first values: a version and then numbers, a version and then an octet
//! string, or a version and then an algorithm; an encrypted one has its algorithm first. Where the public half is in them, or can
//! be told from them, the key gets a fingerprint: only so can it be compared with the certificates beside it.

use super::{
    add, add_private,
    asn1::{expect, tlv, wrap},
    spki::{CURVES, DSA, EC, ED25519, RSA, bits, rsa_spki, spki_of},
};
use crate::format::Opened;

/// PKCS #1, SEC 1 or PKCS #8, as the content of its sequence.
pub fn private(opened: &mut Opened, at: u64, content: &[u8]) -> Option<()> {
    if let Some((algorithm, rest)) = expect(content, 0x30) {
        // EncryptedPrivateKeyInfo: PBES2 or one of PKCS #12's schemes.
        let (oid, _) = expect(algorithm, 6)?;
        expect(rest, 4)?;
        let known =
            oid.starts_with(&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 5]) || oid.starts_with(&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 12]);
        known.then(|| add_private(opened, at, "unknown", None, true))?;
        return Some(());
    }
    let (version, rest) = expect(content, 2)?;
    match tlv(rest)? {
        (0x30, algorithm, key) => {
            let (oid, _) = expect(algorithm, 6)?;
            let (key, _) = expect(key, 4)?;
            match oid {
                RSA => {
                    // PKCS #1 inside, and not PKCS #8 once more: no depth that the input decides.
                    let inner = expect(key, 0x30)?.0;
                    expect(expect(inner, 2)?.1, 2)?;
                    private(opened, at, inner)?;
                }
                EC => {
                    let inner = expect(key, 0x30)?.0;
                    let (_, after) = expect(expect(inner, 2)?.1, 4)?;
                    ec(opened, at, algorithm, after);
                }
                ED25519 => add_private(opened, at, "Ed25519", Some(256), false),
                DSA => add_private(opened, at, "DSA", None, false),
                _ => return None,
            }
        }
        (2, modulus, rest) if matches!(version, [0 | 1]) => {
            // RSAPrivateKey has nine numbers; three are enough to tell it from DSA's six.
            let (exponent, rest) = expect(rest, 2)?;
            let mut count = 3;
            let mut left = rest;
            while let Some((_, after)) = expect(left, 2) {
                (left, count) = (after, count + 1);
            }
            match count {
                9 => {
                    add(opened, at, &rsa_spki(modulus, exponent), true);
                }
                6 => add_private(opened, at, "DSA", Some(bits(modulus)), false),
                _ => return None,
            }
        }
        (4, secret, rest) if version == [1] && secret.len() >= 20 => {
            let (parameters, rest) = match tlv(rest) {
                Some((0xA0, parameters, rest)) => (parameters, rest),
                _ => (&[][..], rest),
            };
            let algorithm = [&wrap(6, &[EC]), parameters].concat();
            ec(opened, at, &algorithm, rest);
        }
        _ => return None,
    }
    Some(())
}

/// An elliptic private key; `rest` may hold the public point.
fn ec(opened: &mut Opened, at: u64, algorithm: &[u8], mut rest: &[u8]) {
    while let Some((tag, content, after)) = tlv(rest) {
        if tag == 0xA1
            && let Some(([0, point @ ..], _)) = expect(content, 3)
        {
            add(opened, at, &spki_of(algorithm, point), true);
            return;
        }
        rest = after;
    }
    let name = expect(algorithm, 6)
        .and_then(|(_, parameters)| expect(parameters, 6))
        .and_then(|(name, _)| CURVES.iter().find(|curve| curve.0 == name));
    add_private(opened, at, name.map_or("EC", |curve| curve.1), name.map(|curve| curve.2), false);
}
