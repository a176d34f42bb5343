//! Schemes of stored passwords, and whether one fits a known default.
//!
//! **Source**: `crypt(5)`; U. Drepper, "Unix crypt using SHA-256 and SHA-512"; RFC 7616 section 3.4 (digest); Apache 2.4 password formats.
//!
//! The cost of a hash is chosen by who wrote the file: it is read before anything is tried, and all tries of one root share a budget.
//!
//! **Limitations**: yescrypt, scrypt, NTLM and the DES of BSD (`_`) are recognised at most, and not tried.

use std::collections::BTreeMap;

use assay_core::facts::image::{Password, PasswordState};
use md5::{Digest, Md5};
use sha_crypt::{Params, PasswordHashRef, PasswordVerifier, ShaCrypt};
use sha1::Sha1;

use super::{
    defaults::{self, Place},
    descrypt, md5crypt,
};

/// Rounds of SHA-crypt that one try may cost; 5,000 is what systems write.
const ROUNDS: u32 = 20_000;
/// Cost of bcrypt, a power of two; 5 is what `htpasswd` writes.
const COST: u32 = 8;
/// What all tries of one root may cost, in rounds.
const BUDGET: u64 = 30_000_000;
/// Longest stored password.
const LONGEST: usize = 512;

/// Tries against defaults, with what is left of the budget.
pub struct Tries {
    left: u64,
    known: BTreeMap<(String, String, String), Password>,
}

enum Scheme<'h> {
    Digest { realm: &'h str },
    Md5 { magic: &'h str, salt: &'h str },
    Sha2,
    Bcrypt { cost: u32, salt: [u8; 16] },
    Sha1,
    Des { salt: [u8; 2] },
    Plain,
}

impl Tries {
    pub fn new() -> Self {
        Self { left: BUDGET, known: BTreeMap::new() }
    }

    /// What the stored text says, and whether a default fits it.
    pub fn password(&mut self, user: Option<&str>, realm: Option<&str>, stored: &str, place: Place) -> Password {
        let user = user.unwrap_or_default();
        if stored.is_empty() {
            return Password { scheme: "none".into(), state: PasswordState::Empty };
        }
        // `!` before a hash locks it; the hash behind comes back with `passwd -u`.
        if place == Place::Account && (stored.starts_with(['!', '*']) || matches!(stored, "x" | "NP" | "LK")) {
            return Password { scheme: "none".into(), state: PasswordState::Locked };
        }
        let key = (user.to_owned(), realm.unwrap_or_default().to_owned(), stored.to_owned());
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let found = self.look(user, realm, stored, place);
        self.known.insert(key, found.clone());
        found
    }

    fn look(&mut self, user: &str, realm: Option<&str>, stored: &str, place: Place) -> Password {
        let not_tried = |scheme: &str, why: &str| Password { scheme: scheme.into(), state: PasswordState::NotTried(why.into()) };
        if stored.len() > LONGEST {
            return not_tried("unknown", "longer than any hash");
        }
        let (name, scheme, cost) = match scheme(realm, stored, place) {
            Ok(known) => known,
            Err((name, why)) => return not_tried(name, why),
        };
        let mut tried = 0;
        for default in defaults::all().iter().filter(|default| default.user.as_deref().is_none_or(|own| own == user)) {
            let Some(left) = self.left.checked_sub(cost) else {
                return not_tried(name, "the tries that one system may cost were used up by others");
            };
            self.left = left;
            tried += 1;
            if fits(&scheme, user, &default.password, stored) {
                let state = PasswordState::Default { password: default.password.clone(), source: default.source.clone() };
                return Password { scheme: name.into(), state };
            }
        }
        Password { scheme: name.into(), state: PasswordState::NotADefault(tried) }
    }
}

type Known<'h> = Result<(&'static str, Scheme<'h>, u64), (&'static str, &'static str)>;

fn scheme<'h>(realm: Option<&'h str>, stored: &'h str, place: Place) -> Known<'h> {
    const UNREAD: &str = "this scheme is not tried here";
    if let Some(realm) = realm {
        return Ok(("htdigest", Scheme::Digest { realm }, 1));
    }
    let fields: Vec<&str> = stored.split('$').collect();
    match fields[..] {
        ["", "1", salt, _] => Ok(("md5crypt", Scheme::Md5 { magic: "$1$", salt }, 1000)),
        ["", "apr1", salt, _] => Ok(("apr1", Scheme::Md5 { magic: "$apr1$", salt }, 1000)),
        ["", kind @ ("5" | "6"), ref rest @ ..] => {
            let name = if kind == "5" { "sha256crypt" } else { "sha512crypt" };
            let rounds: Option<u32> = match rest {
                [rounds, _, _] => rounds.strip_prefix("rounds=").and_then(|text| text.parse().ok()),
                [_, _] => Some(Params::RECOMMENDED_ROUNDS),
                _ => None,
            };
            match rounds {
                Some(rounds @ Params::ROUNDS_MIN..=ROUNDS) => Ok((name, Scheme::Sha2, u64::from(rounds))),
                Some(_) => Err((name, "its rounds are above what is spent on one, or below what the scheme allows")),
                None => Err((name, "the hash is broken")),
            }
        }
        ["", "2a" | "2b" | "2y" | "2x", cost, rest] => match (cost.parse::<u32>(), bcrypt_salt(rest)) {
            (Ok(cost @ 4..=COST), Some(salt)) => Ok(("bcrypt", Scheme::Bcrypt { cost, salt }, 1 << (cost + 4))),
            (Ok(_), Some(_)) => Err(("bcrypt", "its cost is above what is spent on one")),
            _ => Err(("bcrypt", "the hash is broken")),
        },
        ["", "y", ..] => Err(("yescrypt", UNREAD)),
        ["", "gy", ..] => Err(("gost-yescrypt", UNREAD)),
        ["", "7", ..] => Err(("scrypt", UNREAD)),
        ["", "3", ..] => Err(("ntlm", UNREAD)),
        _ if stored.starts_with("{SHA}") => Ok(("sha1", Scheme::Sha1, 1)),
        _ if place == Place::Inline => Ok(("plain", Scheme::Plain, 1)),
        _ if stored.len() == 13 && stored.bytes().all(|byte| DIGITS.contains(&byte)) => match stored.as_bytes() {
            [first, second, ..] => Ok(("des", Scheme::Des { salt: [*first, *second] }, 200)),
            _ => Err(("des", "the hash is broken")),
        },
        _ if place == Place::Web => Ok(("plain", Scheme::Plain, 1)),
        _ => Err(("unknown", "no known scheme")),
    }
}

fn fits(scheme: &Scheme, user: &str, password: &str, stored: &str) -> bool {
    let hash = || stored.rsplit('$').next().unwrap_or_default();
    match scheme {
        Scheme::Plain => stored == password,
        Scheme::Des { salt } => stored.get(2..) == Some(&descrypt::hash(password.as_bytes(), *salt)),
        Scheme::Digest { realm } => {
            let digest = Md5::digest(format!("{user}:{realm}:{password}"));
            assay_core::hash::hex(&digest).eq_ignore_ascii_case(stored)
        }
        Scheme::Md5 { magic, salt } => md5crypt::hash(password.as_bytes(), magic, salt) == hash(),
        Scheme::Sha2 => {
            PasswordHashRef::new(stored).is_ok_and(|hash| ShaCrypt::default().verify_password(password.as_bytes(), hash).is_ok())
        }
        Scheme::Bcrypt { cost, salt } => {
            let digest = bcrypt::bcrypt(*cost, *salt, &[password.as_bytes(), &[0]].concat());
            stored.ends_with(&other_base64(&digest[..23], BCRYPT))
        }
        Scheme::Sha1 => {
            stored.strip_prefix("{SHA}").is_some_and(|text| text.trim_end_matches('=') == other_base64(&Sha1::digest(password), MIME))
        }
    }
}

/// Digits of crypt.
pub const DIGITS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// crypt's own base 64: `count` digits of a number, the lowest first.
pub fn digits(mut number: u32, count: usize, text: &mut String) {
    for _ in 0..count {
        text.push(char::from(DIGITS[(number & 63) as usize]));
        number >>= 6;
    }
}

/// RFC 4648.
const MIME: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// bcrypt has the same with other digits.
const BCRYPT: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Base 64 with these digits, the highest bits first, without what fills it up.
pub fn other_base64(bytes: &[u8], digits: &[u8; 64]) -> String {
    let mut text = String::new();
    for part in bytes.chunks(3) {
        let byte = |index: usize| u32::from(part.get(index).copied().unwrap_or_default());
        let number = byte(0) << 16 | byte(1) << 8 | byte(2);
        text.extend((0..=part.len()).map(|index| char::from(digits[(number >> (18 - 6 * index) & 63) as usize])));
    }
    text
}

/// The salt at the start of the last field: 22 digits for 16 bytes, 31 more for the hash.
fn bcrypt_salt(field: &str) -> Option<[u8; 16]> {
    if field.len() != 53 {
        return None;
    }
    let (mut salt, mut bits, mut count, mut at) = ([0; 16], 0_u32, 0, 0);
    for digit in field.bytes().take(22) {
        bits = (bits << 6 | BCRYPT.iter().position(|one| *one == digit)? as u32) & 0xFFFF;
        count += 6;
        if count >= 8 && at < 16 {
            count -= 8;
            salt[at] = (bits >> count) as u8;
            at += 1;
        }
    }
    Some(salt)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(realm: Option<&str>, stored: &str, password: &str) -> bool {
        let (_, scheme, _) = scheme(realm, stored, Place::Web).unwrap_or_else(|why| panic!("{why:?}"));
        fits(&scheme, "operator", password, stored)
    }

    #[test]
    fn schemes_against_published_and_made_hashes() {
        // The examples of the SHA-crypt paper.
        assert!(holds(None, "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "Hello world!"));
        let long = "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1";
        assert!(holds(None, long, "Hello world!") && !holds(None, long, "hello world!"));
        assert!(holds(None, "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "password"));
        // From the vectors of jBCrypt.
        assert!(holds(None, "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe", "a"));
        assert!(holds(None, "ab6TRGT20sY26", "root") && !holds(None, "ab6TRGT20sY26", "toor"));
        assert!(holds(None, "plain", "plain"));
        assert!(holds(Some("rig"), &assay_core::hash::hex(&Md5::digest("operator:rig:secret")), "secret"));
    }

    #[test]
    fn costs_are_read_before_they_are_paid() {
        let mut tries = Tries::new();
        for stored in [
            "$6$rounds=999999999$a$b",
            "$2y$31$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
            "$2y$05$x",
            "$y$j9T$x$y",
            "$6$",
            "$5$rounds=x$y$z",
            "$1$",
        ] {
            let password = tries.password(Some("root"), None, stored, Place::Account);
            assert!(matches!(password.state, PasswordState::NotTried(_)), "{stored}: {password:?}");
        }
        assert_eq!(tries.left, BUDGET);
        assert_eq!(tries.password(None, None, "", Place::Account).state, PasswordState::Empty);
        assert_eq!(tries.password(None, None, "!$6$a$b", Place::Account).state, PasswordState::Locked);
        assert!(matches!(tries.password(None, None, &"x".repeat(1000), Place::Web).state, PasswordState::NotTried(_)));
        tries.left = 10;
        assert!(matches!(tries.password(Some("a"), None, "$6$a$b", Place::Account).state, PasswordState::NotTried(_)));
    }
}
