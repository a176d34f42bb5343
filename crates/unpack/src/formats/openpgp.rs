//! OpenPGP: keys as packets, such as the keyrings of package managers and the keys that updates are checked with.
//!
//! **Specification**: RFC 9580, sections 4.2 (packet headers), 5.5 (key material), 9.1 (algorithms); RFC 4880 for version 4 before it.
//!
//! **Limitations**: signatures are not checked, so nothing says which name or subkey belongs to which key. Keys that are not RSA or
//! Ed25519 are counted without a fingerprint. Keys in armour (`-----BEGIN PGP …`) are text here.

use assay_core::{Problem, SpanKind};

use crate::{
    context::Context,
    format::{Format, Opened},
    input::Input,
    keys,
};

/// The format.
pub static FORMAT: Format = Format { name: "openpgp", title: "OpenPGP keys", version: 1, magics: &[], at_start: true, open };

/// Packets of one file. The largest keyring of a distribution has some thousand.
const PACKETS: usize = 100_000;

const SIGNATURE: u8 = 2;
const SECRET_KEY: u8 = 5;
const PUBLIC_KEY: u8 = 6;
const SECRET_SUBKEY: u8 = 7;
const TRUST: u8 = 12;
const USER_ID: u8 = 13;
const PUBLIC_SUBKEY: u8 = 14;
const USER_ATTRIBUTE: u8 = 17;
const PADDING: u8 = 21;

/// One packet: its kind, its header's length, and its body.
struct Packet<'a> {
    kind: u8,
    header: usize,
    body: &'a [u8],
}

fn open(input: &Input, _: &Context) -> Option<Opened> {
    if input.start() > 0 {
        return None;
    }
    let first = packet(input).filter(|first| matches!(first.kind, PUBLIC_KEY | SECRET_KEY))?;
    public(first.body)?;
    let mut opened = Opened::default();
    let (mut at, mut count) = (0, 0);
    while let Some(packet) = packet(&input[at..]).filter(|packet| belongs(packet.kind)) {
        if count == PACKETS {
            opened.problem(Problem::over_limit(at as u64, format!("OpenPGP: more than {PACKETS} packets")));
            break;
        }
        count += 1;
        let len = packet.header + packet.body.len();
        opened.span(at as u64, len as u64, SpanKind::Content, name(packet.kind));
        if let PUBLIC_KEY | PUBLIC_SUBKEY | SECRET_KEY | SECRET_SUBKEY = packet.kind {
            key(&mut opened, at as u64, &packet);
        }
        at += len;
    }
    // A key alone, with nothing that names it, could be any bytes that begin alike.
    if count < 2 && at != input.len() {
        return None;
    }
    opened.len = at as u64;
    if at < input.len() {
        opened.problem(Problem::truncated(at as u64, "OpenPGP: what follows is no packet of a key, or is cut off"));
    }
    Some(opened)
}

/// Is it a packet that keys consist of?
fn belongs(kind: u8) -> bool {
    matches!(kind, SIGNATURE | SECRET_KEY | PUBLIC_KEY | SECRET_SUBKEY | TRUST | USER_ID | PUBLIC_SUBKEY | USER_ATTRIBUTE | PADDING)
}

fn name(kind: u8) -> &'static str {
    match kind {
        SIGNATURE => "signature",
        SECRET_KEY | SECRET_SUBKEY => "secret key",
        PUBLIC_KEY | PUBLIC_SUBKEY => "public key",
        TRUST => "trust",
        USER_ID => "user id",
        USER_ATTRIBUTE => "user attribute",
        _ => "padding",
    }
}

/// The packet at the start of `bytes`. Bodies in pieces or without a length (sections 4.2.1.4, 4.2.2.4) are for data, not for keys.
fn packet(bytes: &[u8]) -> Option<Packet<'_>> {
    let (tag, rest) = bytes.split_first().filter(|(tag, _)| **tag & 0x80 != 0)?;
    let (kind, digits, len) = if tag & 0x40 == 0 {
        let digits = *[1_usize, 2, 4].get(usize::from(tag & 3))?;
        (tag >> 2 & 15, digits, number(rest.get(..digits)?))
    } else {
        match *rest.first()? {
            first @ ..192 => (tag & 63, 1, usize::from(first)),
            first @ 192..224 => (tag & 63, 2, ((usize::from(first) - 192) << 8) + usize::from(*rest.get(1)?) + 192),
            255 => (tag & 63, 5, number(rest.get(1..5)?)),
            224..255 => return None,
        }
    };
    let body = rest.get(digits..)?.get(..len)?;
    Some(Packet { kind, header: 1 + digits, body })
}

fn number(digits: &[u8]) -> usize {
    digits.iter().fold(0, |number, digit| number << 8 | usize::from(*digit))
}

/// Algorithm and numbers of a key; none where the bytes are no key. Of version 3 the days of validity stand before the algorithm, of
/// version 6 the length of the numbers behind it.
fn public(body: &[u8]) -> Option<(u8, &[u8])> {
    let (version, rest) = body.split_first()?;
    let (created, rest) = rest.split_first_chunk::<4>()?;
    let rest = if *version == 3 { rest.get(2..)? } else { rest };
    let (algorithm, rest) = rest.split_first()?;
    let rest = if *version == 6 { rest.get(4..)? } else { rest };
    let known = matches!(algorithm, 1..=3 | 16..=19 | 22 | 25..=28);
    (matches!(version, 3..=6) && *created != [0; 4] && known).then_some((*algorithm, rest))
}

/// The key of a packet, as a fact.
fn key(opened: &mut Opened, at: u64, packet: &Packet<'_>) {
    let private = matches!(packet.kind, SECRET_KEY | SECRET_SUBKEY);
    let known = public(packet.body).and_then(|(algorithm, numbers)| spki(algorithm, numbers));
    if let Some(spki) = known {
        keys::add(opened, at, &spki, private);
    } else if private {
        keys::add_private(opened, at, "unknown", None, false);
    }
}

/// The public key in the one form that all keys are brought to.
fn spki(algorithm: u8, numbers: &[u8]) -> Option<Vec<u8>> {
    match algorithm {
        1..=3 => {
            let (modulus, rest) = integer(numbers)?;
            let (exponent, _) = integer(rest)?;
            (modulus.len() >= 64 && exponent.len() <= 8).then(|| keys::rsa_spki(modulus, exponent))
        }
        // The curve's name, then the point behind the octet 0x40 (section 11.2).
        22 => {
            let (len, rest) = numbers.split_first()?;
            let (curve, rest) = rest.split_at_checked(usize::from(*len))?;
            let (point, _) = integer(rest)?;
            (curve == [0x2B, 6, 1, 4, 1, 0xDA, 0x47, 0x0F, 1]).then_some(())?;
            keys::ed25519_spki(point.strip_prefix(&[0x40])?)
        }
        27 => keys::ed25519_spki(numbers.get(..32)?),
        _ => None,
    }
}

/// A multiprecision integer: its length in bits, and its bytes (section 3.2).
fn integer(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (bits, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*bits)).div_ceil(8))
}
