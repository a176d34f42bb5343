//! Signatures: collected while formats are read, checked when every key of the image is known.
//!
//! A package says "this file is signed" in one place and holds the key in another, often inside a compressed filesystem that is read
//! much later. So a format only files a [`Claim`]; after the whole tree was read, each claim is tried against the key it names or,
//! where it names none, against every public key that was found.
//!
//! Known root keys are data (`rules/unpack/keys/*.toml`): fingerprint, platform, source, date. A key is its fingerprint, the SHA-256
//! of its DER `SubjectPublicKeyInfo`; a copy that is found in the image and has a known fingerprint *is* the known key.

use std::collections::BTreeMap;

use assay_core::{
    Sha256,
    facts::{ImageFact, KeyPlace, SignatureState},
};
use rsa::{Pkcs1v15Sign, RsaPublicKey, pkcs8::DecodePublicKey, traits::PublicKeyParts};
use serde::Deserialize;

use crate::rules;

/// A signature that somebody has to check.
#[derive(Debug, Clone)]
pub struct Claim {
    /// What it covers, in the package's own words.
    pub over: String,
    /// Offset of the signature's bytes in the artifact.
    pub offset: u64,
    /// The digest that was signed.
    pub digest: Digest,
    /// The signature.
    pub signature: Vec<u8>,
    /// By which key.
    pub signer: Signer,
}

/// A digest under a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Digest {
    /// SHA-1.
    Sha1([u8; 20]),
    /// SHA-256.
    Sha256([u8; 32]),
}

/// The key that a signature names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// This one: DER of its `SubjectPublicKeyInfo`, and where it was found (name of the member).
    Key(Vec<u8>, String),
    /// A key that the package does not name: any that was found may be tried.
    Unnamed,
}

/// A public key that was found.
#[derive(Debug, Clone)]
pub struct FoundKey {
    /// DER of its `SubjectPublicKeyInfo`.
    pub der: Vec<u8>,
    /// Trail to the file that holds it.
    pub path: String,
}

/// A key known from elsewhere.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownKey {
    /// Name for people.
    pub name: String,
    /// The fingerprint, 64 hexadecimal digits.
    pub fingerprint: String,
    /// Platform that it belongs to.
    pub platform: String,
    /// Where this is published or was measured.
    pub source: String,
    /// Day of the source.
    pub date: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownKeys {
    key: Vec<KnownKey>,
}

/// The keys of `rules/unpack/keys/`.
#[must_use]
pub fn known_keys() -> Vec<KnownKey> {
    let files: Vec<KnownKeys> = rules::of_kind("keys").unwrap_or_default();
    files.into_iter().flat_map(|file| file.key).collect()
}

/// How many signatures may be tried for claims that name no key. An honest image needs a dozen; one with ten thousand keys and as many
/// signatures would take hours.
pub const TRIALS: u32 = 20_000;

/// Checks `claim`, made by the artifact at `path`. `trials` is what is left of [`TRIALS`].
#[must_use]
pub fn check(claim: &Claim, path: &str, found: &BTreeMap<Sha256, FoundKey>, rules: &[KnownKey], trials: &mut u32) -> ImageFact {
    let (state, key, key_path) = match &claim.signer {
        Signer::Key(der, name) => {
            let state = verify(der, claim)
                .map_or(SignatureState::NotChecked, |valid| if valid { SignatureState::Valid } else { SignatureState::Invalid });
            let place = if path.is_empty() { name.clone() } else { format!("{path}!{name}") };
            (state, Some(Sha256::of(der)), place)
        }
        Signer::Unnamed => {
            let mut hit = None;
            for (fingerprint, key) in found {
                if *trials == 0 || hit.is_some() {
                    break;
                }
                *trials -= 1;
                hit = (verify(&key.der, claim) == Some(true)).then_some((fingerprint, key));
            }
            match hit {
                Some((fingerprint, key)) => (SignatureState::Valid, Some(*fingerprint), key.path.clone()),
                None if *trials == 0 => (SignatureState::NotChecked, None, String::new()),
                None => (SignatureState::NoKey, None, String::new()),
            }
        }
    };
    let (place, key_path) = match key {
        None => (KeyPlace::Nowhere, key_path),
        Some(fingerprint) => match rules.iter().find(|rule| rule.fingerprint == fingerprint.hex()) {
            Some(rule) => (KeyPlace::Known, format!("{key_path} ({})", rule.name)),
            None => (KeyPlace::InImage, key_path),
        },
    };
    let hash = match claim.digest {
        Digest::Sha1(_) => "SHA-1",
        Digest::Sha256(_) => "SHA-256",
    };
    let scheme = format!("RSA-{} PKCS#1 v1.5 {hash}", claim.signature.len() * 8);
    ImageFact::Signature { over: claim.over.clone(), scheme, state, key, place, key_path }
}

/// Does the key validate the signature? `None` where the key is not one this version reads.
fn verify(der: &[u8], claim: &Claim) -> Option<bool> {
    // Keys of more than 8192 bits cost too much for what they prove; `rsa` itself refuses more than 4096 by default.
    let key = RsaPublicKey::from_public_key_der(der).ok()?;
    if key.size() != claim.signature.len() {
        return Some(false);
    }
    let result = match &claim.digest {
        Digest::Sha1(digest) => {
            key.verify(Pkcs1v15Sign { hash_len: Some(20), prefix: Box::new(SHA1_DIGEST_INFO) }, digest, &claim.signature)
        }
        Digest::Sha256(digest) => key.verify(Pkcs1v15Sign::new::<rsa::sha2::Sha256>(), digest, &claim.signature),
    };
    Some(result.is_ok())
}

/// DER of `DigestInfo` up to the digest, for SHA-1 (RFC 8017, section 9.2, note 1).
const SHA1_DIGEST_INFO: [u8; 15] = [0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_files_parse() {
        let files: Vec<KnownKeys> = rules::of_kind("keys").unwrap();
        assert!(!files.is_empty());
        for key in files.into_iter().flat_map(|file| file.key) {
            assert!(
                key.fingerprint.len() == 64 && key.fingerprint.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')),
                "{}",
                key.name
            );
        }
    }
}
