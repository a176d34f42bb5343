//! Keys and certificates, wherever they stand: in PEM and DER files, in texts, in programs, as SSH has them.
//!
//! **Specification**: RFC 7468 and RFC 1421 (PEM), RFC 5280 (X.509, SPKI), RFC 8017 (RSA), RFC 5915 (EC), RFC 5958 (PKCS #8), RFC 4253
//! section 6.6 (SSH), OpenSSH `PROTOCOL.key`.
//!
//! **Limitations**: DSA and elliptic curves given by their parameters rather than by name are reported without a size. No password is
//! tried on an encrypted key.

use assay_core::{Sha256, facts::ImageFact};
use der::Decode;

use crate::format::Opened;

/// Keys of more bytes than this are none.
const LONGEST: usize = 64 << 10;
/// PEM blocks followed up in one stretch; the largest bundles of certificates have a few hundred.
const MOST: usize = 2048;

/// One DER value: its tag, its content, and what follows.
pub fn tlv(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut len = usize::from(first);
    if first >= 0x80 {
        let count = usize::from(first & 0x7F);
        if !(1..=4).contains(&count) {
            return None;
        }
        let (digits, after) = rest.split_at_checked(count)?;
        len = digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit));
        rest = after;
    }
    let (content, after) = rest.split_at_checked(len)?;
    Some((tag, content, after))
}

fn expect(bytes: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    let (tag, content, rest) = tlv(bytes)?;
    (tag == wanted).then_some((content, rest))
}

/// A DER value of `tag` around `parts`.
fn wrap(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut bytes = vec![tag];
    let digits = content.len().to_be_bytes();
    if content.len() < 0x80 {
        bytes.push(content.len() as u8);
    } else {
        let skip = digits.iter().take_while(|digit| **digit == 0).count();
        bytes.push(0x80 | (digits.len() - skip) as u8);
        bytes.extend_from_slice(&digits[skip..]);
    }
    bytes.extend_from_slice(&content);
    bytes
}

/// An INTEGER from big-endian digits without sign.
fn integer(digits: &[u8]) -> Vec<u8> {
    let start = digits.iter().position(|digit| *digit != 0).unwrap_or(digits.len());
    let digits = &digits[start..];
    if digits.first().is_none_or(|first| *first >= 0x80) { wrap(2, &[&[0], digits]) } else { wrap(2, &[digits]) }
}

const RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1];
const EC: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1];
const ED25519: &[u8] = &[0x2B, 0x65, 0x70];
const DSA: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x38, 4, 1];
const CURVES: &[(&[u8], &str, u32, &str)] = &[
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

fn spki_of(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
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

fn bits(modulus: &[u8]) -> u32 {
    let start = modulus.iter().position(|digit| *digit != 0).unwrap_or(modulus.len());
    modulus.get(start).map_or(0, |first| (modulus.len() - start) as u32 * 8 - first.leading_zeros())
}

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
fn add_private(opened: &mut Opened, at: u64, algorithm: &str, bits: Option<u32>, encrypted: bool) {
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

/// PKCS #1, SEC 1 or PKCS #8, as the content of its sequence.
fn private(opened: &mut Opened, at: u64, content: &[u8]) -> Option<()> {
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

fn certificate(opened: &mut Opened, at: u64, bytes: &[u8]) -> Option<()> {
    let certificate = x509_cert::Certificate::from_der(bytes).ok()?;
    let inner = certificate.tbs_certificate();
    let spki = der::Encode::to_der(inner.subject_public_key_info()).ok()?;
    let day = |time: &x509_cert::time::Time| crate::time::date(i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX));
    let fact = ImageFact::Certificate {
        subject: inner.subject().to_string(),
        issuer: inner.issuer().to_string(),
        not_before: day(&inner.validity().not_before),
        not_after: day(&inner.validity().not_after),
        key: Sha256::of(&spki),
    };
    if !opened.facts.iter().any(|(offset, known)| *offset == at && *known == fact) {
        opened.fact(at, fact);
        add(opened, at, &spki, false);
    }
    Some(())
}

/// A block of PEM text: where it is, its label and what it decodes to.
pub struct Block<'a> {
    /// Offset of `-----BEGIN`.
    pub start: usize,
    /// Offset behind the closing dashes.
    pub end: usize,
    /// The label: `PUBLIC KEY`.
    pub label: &'a str,
    /// The bytes; empty where the text is not base 64.
    pub bytes: Vec<u8>,
    /// Is it encrypted, by the headers of RFC 1421?
    pub encrypted: bool,
}

/// All PEM blocks of `text`.
#[must_use]
pub fn blocks(text: &[u8]) -> Vec<Block<'_>> {
    let mut found: Vec<Block> = Vec::new();
    for start in memchr::memmem::find_iter(text, b"-----BEGIN ").take(MOST) {
        if found.last().is_some_and(|last| start < last.end) {
            continue;
        }
        let after = &text[start + 11..text.len().min(start + LONGEST * 2)];
        let Some(end) = memchr::memmem::find(&after[..after.len().min(64)], b"-----") else { continue };
        let Ok(label) = std::str::from_utf8(&after[..end]) else { continue };
        if !label.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' ') {
            continue;
        }
        let body = &after[end + 5..];
        let closing = format!("-----END {label}-----");
        let Some(stop) = memchr::memmem::find(body, closing.as_bytes()) else { continue };
        let mut body_text = &body[..stop];
        let encrypted = memchr::memmem::find(body_text, b"ENCRYPTED").is_some();
        // The headers end at an empty line.
        if memchr::memchr(b':', body_text).is_some() {
            let gap = memchr::memmem::find(body_text, b"\n\n")
                .map(|at| at + 2)
                .or_else(|| memchr::memmem::find(body_text, b"\r\n\r\n").map(|at| at + 4));
            body_text = &body_text[gap.unwrap_or(body_text.len())..];
        }
        let end = start + 11 + end + 5 + stop + closing.len();
        found.push(Block { start, end, label, bytes: base64(body_text).unwrap_or_default(), encrypted });
    }
    found
}

/// RFC 4648 base 64; white space, and the `\n` that a C or shell string has, are passed over.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    let mut text = text.iter();
    while let Some(byte) = text.next() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'\\' => {
                text.next()?;
                continue;
            }
            b'=' | b'"' | b' ' | b'\t' | b'\r' | b'\n' | 0 => continue,
            _ => return None,
        };
        (bits, count) = ((bits << 6 | u32::from(value)) & 0xFFF_FFFF, count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}

/// Facts of one PEM block that starts at `at` of the artifact. Says whether it is understood.
pub fn pem(opened: &mut Opened, at: u64, block: &Block) -> bool {
    let family = block.label.strip_suffix(" PRIVATE KEY");
    match (block.label, family) {
        ("ENCRYPTED PRIVATE KEY", _) => add_private(opened, at, "unknown", None, true),
        ("OPENSSH PRIVATE KEY", _) => return openssh(opened, at, &block.bytes).is_some(),
        (_, Some(algorithm)) if block.encrypted => add_private(opened, at, algorithm, None, true),
        // PEM variants of one structure have labels of their own; the bytes tell which it is.
        _ if !block.bytes.is_empty() => {
            if let Some(algorithm) = family.filter(|_| der(opened, at, &block.bytes).is_none()) {
                add_private(opened, at, algorithm, None, false);
            } else if family.is_none() {
                return der(opened, at, &block.bytes).is_some();
            }
        }
        _ => return false,
    }
    true
}

/// One length-prefixed string of SSH.
fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_be_bytes(*len) as usize)
}

fn openssh(opened: &mut Opened, at: u64, bytes: &[u8]) -> Option<()> {
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
            Some(spki_of(&wrap(6, &[ED25519]), key.get(..32)?))
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
            add(opened, 0, &spki_of(&wrap(6, &[ED25519]), key), true);
        }
        _ => {
            add(opened, 0, &ssh_spki(bytes)?, true);
        }
    }
    Some((bytes.len() - left.len()) as u64)
}
