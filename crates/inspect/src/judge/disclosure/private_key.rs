//! # Private keys in the image
//!
//! ## What it shows
//!
//! A private key that everybody who has the image has too.
//!
//! ## Why it matters
//!
//! What it protects is protected from nobody: a TLS or SSH server's key lets others pose as every machine that runs the image; a
//! signing key lets them sign.
//!
//! ## How it works
//!
//! Takes every private key that the readers of PEM, DER, OpenSSH and dropbear keys found, and tells its use by its path and by a
//! certificate for the same key in the same image.
//!
//! | what | severity |
//! | --- | --- |
//! | an SSH host key, the key of a certificate, or any other that has no password | `high` |
//! | inside a program or library that is no known cryptographic one | `medium`, `firm` |
//! | under a password | `low` |
//! | among a container's tests, examples or documentation (one finding for all of one container) | `info`, `firm` |
//! | inside a cryptographic library or tool, which test themselves with keys of their own (one finding for each) | `info`, `firm` |
//!
//! ## False positives
//!
//! Test keys under a path that does not say so. A key inside a program need not be used by it. Keys that a program replaces at first
//! start: whether it does is not seen here.
//!
//! ## False negatives
//!
//! Keys in forms that no reader knows (PKCS #12, Java's key stores), raw keys inside programs, keys computed at run time, keys inside
//! encrypted parts. A path that says "test" is believed.
//!
//! ## References
//!
//! - RFC 7468, RFC 5958; OpenSSH, `PROTOCOL.key`
//! - <https://cwe.mitre.org/data/definitions/321.html>

use std::collections::{BTreeMap, BTreeSet};

use assay_core::{Confidence, Effect, Evidence, Fact, Question, Severity, Sha256, facts::ImageFact};

use super::super::{Case, Detector, Draft, at_fact, image_facts, samples, shown};

pub(super) const DETECTOR: Detector =
    Detector { id: "disclosure.private-key", version: 2, question: Question::Disclosure, source: include_str!("private_key.rs"), detect };

/// Places listed as evidence of one finding.
const MOST: usize = 100;

/// What a key is there for, as far as the image tells.
enum Use {
    Host,
    Certificate(String),
    Encrypted,
    Sample,
    SelfTest,
    Program(Option<String>),
    Other,
}

fn detect(case: &Case) -> Vec<Draft> {
    let programs: BTreeSet<Sha256> = case
        .subjects
        .iter()
        .flat_map(|subject| &subject.artifacts)
        .filter(|artifact| artifact.format == "elf")
        .map(|artifact| artifact.id)
        .collect();
    let certificates: BTreeMap<Sha256, &str> = image_facts(case.facts)
        .filter_map(|(_, image)| match image {
            ImageFact::Certificate { key, subject, .. } => Some((*key, subject.as_str())),
            _ => None,
        })
        .collect();
    let mut drafts = Vec::new();
    let mut harmless: BTreeMap<(String, bool), Vec<Evidence>> = BTreeMap::new();
    for (fact, image) in image_facts(case.facts) {
        let ImageFact::Key { fingerprint, algorithm, private: true, encrypted, .. } = image else { continue };
        let identity = fingerprint.map(|digest| digest.to_string()).unwrap_or_default();
        let certificate = fingerprint.and_then(|digest| certificates.get(&digest).copied());
        let kind = if algorithm == "unknown" { "A private key".to_owned() } else { format!("{algorithm} private key") };
        let usage = usage(fact, *encrypted, programs.contains(&fact.locator.artifact), certificate);
        let place = shown(&fact.locator.path);
        let (severity, confidence, title) = match usage {
            Use::Sample | Use::SelfTest => {
                let own = matches!(usage, Use::SelfTest);
                let container =
                    if own { &fact.locator.path } else { fact.locator.path.rsplit_once('!').map_or("", |(container, _)| container) };
                harmless.entry((container.to_owned(), own)).or_default().push(at_fact(&fact.locator, kind, identity));
                continue;
            }
            Use::Host => (
                Severity::High,
                Confidence::Certain,
                format!("{kind} of an SSH server in {place}: the same on every machine with this image"),
            ),
            Use::Certificate(subject) => {
                (Severity::High, Confidence::Certain, format!("{kind} in {place}, of the certificate of {subject}"))
            }
            Use::Other => (Severity::High, Confidence::Certain, format!("{kind} in {place}, without a password")),
            Use::Program(None) => (Severity::Medium, Confidence::Firm, format!("{kind} inside the program {place}")),
            Use::Program(Some(subject)) => {
                (Severity::Medium, Confidence::Firm, format!("{kind} inside the program {place}, of the certificate of {subject}"))
            }
            Use::Encrypted => (Severity::Low, Confidence::Certain, format!("{kind} under a password in {place}")),
        };
        drafts.push(Draft {
            title,
            severity,
            confidence,
            effect: Some(Effect::Disclose),
            evidence: vec![at_fact(&fact.locator, kind, identity.clone())],
            subject: (fact.locator.path.clone(), identity.into_bytes()),
            used: None,
            references: vec!["https://cwe.mitre.org/data/definitions/321.html".into()],
        });
    }
    drafts.extend(harmless.into_iter().map(|((container, own), places)| sample(container, own, places)));
    drafts
}

/// All keys of one container that are for tests or for reading, or all of one library (`own`).
fn sample(container: String, own: bool, mut evidence: Vec<Evidence>) -> Draft {
    let count = if evidence.len() == 1 { "One private key".to_owned() } else { format!("{} private keys", evidence.len()) };
    evidence.truncate(MOST);
    let title = if own {
        format!("{count} inside {}, a cryptographic library or tool: probably for its self-test", shown(&container))
    } else {
        format!("{count} in {} under paths of tests, examples or documentation", shown(&container))
    };
    Draft {
        title,
        severity: Severity::Info,
        confidence: Confidence::Firm,
        effect: Some(Effect::Disclose),
        evidence,
        subject: (container, if own { b"self-test".to_vec() } else { b"samples".to_vec() }),
        used: None,
        references: vec!["https://cwe.mitre.org/data/definitions/321.html".into()],
    }
}

fn usage(fact: &Fact, encrypted: bool, program: bool, certificate: Option<&str>) -> Use {
    let name = fact.locator.path.rsplit(['/', '!']).next().unwrap_or_default();
    if samples::for_reading(&fact.locator.path) {
        return Use::Sample;
    }
    match (program, certificate) {
        _ if encrypted => Use::Encrypted,
        (true, _) if samples::tests_itself(name) => Use::SelfTest,
        (true, subject) => Use::Program(subject.map(str::to_owned)),
        (false, Some(subject)) => Use::Certificate(subject.to_owned()),
        _ if (name.starts_with("ssh_host_") || name.starts_with("dropbear_")) && name.contains("key") => Use::Host,
        _ => Use::Other,
    }
}

#[cfg(test)]
mod tests {
    use assay_core::{At, FactBody, FactId, Locator};

    use super::*;

    fn used(path: &str, encrypted: bool, program: bool, certificate: Option<&str>) -> &'static str {
        let locator = Locator { artifact: Sha256::of(b""), path: path.into(), at: At::Offset(0) };
        let image = ImageFact::Key { fingerprint: None, algorithm: "RSA".into(), bits: None, private: true, encrypted };
        let fact = Fact {
            id: FactId(1),
            locator,
            producer: String::new(),
            producer_version: 1,
            derived_from: Vec::new(),
            body: FactBody::Image(image),
        };
        match usage(&fact, encrypted, program, certificate) {
            Use::Host => "host",
            Use::Certificate(_) => "certificate",
            Use::Encrypted => "encrypted",
            Use::Sample => "sample",
            Use::SelfTest => "self-test",
            Use::Program(_) => "program",
            Use::Other => "other",
        }
    }

    #[test]
    fn path_password_and_certificate_tell_the_use() {
        assert_eq!(used("a.tar!/etc/ssh/ssh_host_rsa_key", false, false, None), "host");
        assert_eq!(used("a.tar!/etc/ssh/ssh_host_rsa_key", true, false, None), "encrypted");
        assert_eq!(used("a.tar!/etc/x.pem", false, false, Some("CN=x")), "certificate");
        assert_eq!(used("a.tar!/etc/x.pem", false, false, None), "other");
        assert_eq!(used("a.tar!/usr/share/doc/x/x.pem", false, false, None), "sample");
        assert_eq!(used("a.tar!/usr/lib/go/x509/x509_test_import.go", false, false, None), "sample");
        assert_eq!(used("a.tar!/usr/lib/sample-keys/ca.key", false, false, None), "sample");
        // Folders count, and those of the innermost container alone; a key's own name does not excuse it.
        assert_eq!(used("a.tar!/etc/ssl/test.pem", false, false, None), "other");
        assert_eq!(used("a.tar!/etc/latest/x.pem", false, false, None), "other");
        assert_eq!(used("a.tar!/test/b.tar!/etc/x.pem", false, false, None), "other");
        assert_eq!(used("a.tar!/usr/lib/libgnutls.so.30", false, true, None), "self-test");
        assert_eq!(used("a.tar!/usr/lib/libvendor.so", false, true, None), "program");
        assert_eq!(used("a.tar!/usr/bin/server", false, true, Some("CN=x")), "program");
        // A library's name on something that is no program excuses nothing.
        assert_eq!(used("a.tar!/etc/libgnutls.pem", false, false, None), "other");
    }
}
