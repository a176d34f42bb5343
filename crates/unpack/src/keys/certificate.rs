//! X.509 certificates: whose key, by whose word, for how long, and what the word was signed with.
//!
//! **Specification**: RFC 5280; for the numbers of algorithms RFC 8017 appendix C, RFC 3279, RFC 5758, RFC 8410.
//!
//! **Limitations**: signatures are not checked here. Of the extensions only the basic constraints are read.

use assay_core::{Sha256, facts::ImageFact};
use der::{Decode, Encode};
use x509_cert::{Certificate, ext::pkix::BasicConstraints, time::Time};

use super::add;
use crate::format::Opened;

/// Numbers of signature algorithms, and their names in facts.
const SIGNATURES: &[(&str, &str)] = &[
    ("1.2.840.113549.1.1.2", "RSA MD2"),
    ("1.2.840.113549.1.1.3", "RSA MD4"),
    ("1.2.840.113549.1.1.4", "RSA MD5"),
    ("1.2.840.113549.1.1.5", "RSA SHA-1"),
    ("1.3.14.3.2.29", "RSA SHA-1"),
    ("1.2.840.113549.1.1.10", "RSA PSS"),
    ("1.2.840.113549.1.1.11", "RSA SHA-256"),
    ("1.2.840.113549.1.1.12", "RSA SHA-384"),
    ("1.2.840.113549.1.1.13", "RSA SHA-512"),
    ("1.2.840.113549.1.1.14", "RSA SHA-224"),
    ("1.2.840.10040.4.3", "DSA SHA-1"),
    ("2.16.840.1.101.3.4.3.2", "DSA SHA-256"),
    ("1.2.840.10045.4.1", "ECDSA SHA-1"),
    ("1.2.840.10045.4.3.1", "ECDSA SHA-224"),
    ("1.2.840.10045.4.3.2", "ECDSA SHA-256"),
    ("1.2.840.10045.4.3.3", "ECDSA SHA-384"),
    ("1.2.840.10045.4.3.4", "ECDSA SHA-512"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
];

/// The facts of a certificate and of its key, where `bytes` are one.
pub fn certificate(opened: &mut Opened, at: u64, bytes: &[u8]) -> Option<()> {
    let certificate = Certificate::from_der(bytes).ok()?;
    let inner = certificate.tbs_certificate();
    let spki = inner.subject_public_key_info().to_der().ok()?;
    let day = |time: &Time| crate::time::date(i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX));
    let number = certificate.signature_algorithm().oid.to_string();
    let fact = ImageFact::Certificate {
        subject: inner.subject().to_string(),
        issuer: inner.issuer().to_string(),
        not_before: day(&inner.validity().not_before),
        not_after: day(&inner.validity().not_after),
        key: Sha256::of(&spki),
        signed_with: SIGNATURES.iter().find(|known| known.0 == number).map_or(number, |known| known.1.to_owned()),
        // Constraints that cannot be read, or that stand there twice, say nothing.
        authority: inner.get_extension::<BasicConstraints>().is_ok_and(|found| found.is_some_and(|(_, constraints)| constraints.ca)),
    };
    if !opened.facts.iter().any(|(offset, known)| *offset == at && *known == fact) {
        opened.fact(at, fact);
        add(opened, at, &spki, false);
    }
    Some(())
}
