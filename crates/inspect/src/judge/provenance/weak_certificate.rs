//! # Weak or expired certificates
//!
//! ## What it shows
//!
//! A certificate in the image that others can forge or compute the key of, whose time is over, or whose issuers go in a circle.
//!
//! ## Why it matters
//!
//! A certificate says whose key it is. Where the key is short, or the issuer signed with a hash for which two texts of one value can be
//! made, somebody else can say so too. Where its time is over, whoever checks refuses the connection, or has been told not to check.
//!
//! ## How it works
//!
//! Takes every certificate that the readers of PEM and DER found, in files and in programs, with the key inside it. Today is the day of
//! `--as-of`. One finding for each certificate, with all places that it stands at, by the worst of:
//!
//! | what | severity |
//! | --- | --- |
//! | an authority's key that is weak, or another issuer's signature under it with MD5 or older | `medium` |
//! | any certificate's RSA key of less than 1024 bits | `medium` |
//! | any other weak key (RSA of less than 2048 bits, DSA), or a signature with SHA-1, MD5 or older | `low` |
//! | its time is over, or has not begun | `info` |
//! | its issuers are all in the image, and following them never ends | `info` |
//!
//! A certificate that is its own issuer is believed because it is there: what it is signed with counts for nothing. Stores of public
//! authorities are left alone: their places in distributions, and any file with eight certificates or more.
//!
//! ## False positives
//!
//! Certificates that nothing uses. Authorities that were signed for one another and of which none is its own issuer.
//!
//! ## False negatives
//!
//! A weak authority that was added to a store of public ones. Keys on curves that are given by parameters. Signatures are not checked,
//! issuers are followed by their names alone. Test certificates are known by the paths that say so.
//!
//! ## References
//!
//! - RFC 5280; RFC 6151 (MD5); NIST SP 800-131A Rev. 2 (lengths of keys, SHA-1)
//! - <https://cwe.mitre.org/data/definitions/326.html>, <https://cwe.mitre.org/data/definitions/328.html>

use std::collections::{BTreeMap, BTreeSet};

use assay_core::{At, Confidence, Evidence, Fact, Question, Severity, Sha256, facts::ImageFact};

use super::super::{Case, Detector, Draft, at_fact, image_facts, samples, shown};

pub(super) const DETECTOR: Detector = Detector {
    id: "provenance.weak-certificate",
    version: 1,
    question: Question::Provenance,
    source: include_str!("weak_certificate.rs"),
    detect,
};

/// Certificates in one file from which on it is a store of authorities.
const STORE: usize = 8;
/// Where distributions keep the authorities that they believe.
const STORES: &[&str] = &["/etc/ssl/certs/", "/etc/pki/", "/etc/ca-certificates/", "/usr/share/ca-certificates/", "/usr/share/pki/"];
/// Places listed as evidence of one finding.
const MOST: usize = 100;
/// Characters of a name that are repeated.
const NAME: usize = 120;

/// A certificate at its place.
struct Held<'a> {
    fact: &'a Fact,
    subject: &'a str,
    issuer: &'a str,
    not_before: &'a str,
    not_after: &'a str,
    key: Sha256,
    signed_with: &'a str,
    authority: bool,
}

fn detect(case: &Case) -> Vec<Draft> {
    let programs: BTreeSet<Sha256> = case
        .subjects
        .iter()
        .flat_map(|subject| &subject.artifacts)
        .filter(|artifact| artifact.format == "elf")
        .map(|artifact| artifact.id)
        .collect();
    // Input by input: whoever signed a certificate is looked for where it lies.
    case.by_subject().flat_map(|facts| of_one(facts, case.as_of, &programs)).collect()
}

fn of_one(facts: &[Fact], today: &str, programs: &BTreeSet<Sha256>) -> Vec<Draft> {
    let all: Vec<Held> = image_facts(facts).filter_map(held).collect();
    // A certificate tells its key's kind and length at its own place.
    let mut keys: BTreeMap<(Sha256, &str, &At), (&str, Option<u32>)> = BTreeMap::new();
    for (fact, image) in image_facts(facts) {
        if let ImageFact::Key { fingerprint: Some(key), algorithm, bits, private: false, .. } = image {
            keys.insert((*key, &fact.locator.path, &fact.locator.at), (algorithm, *bits));
        }
    }
    let mut by_file: BTreeMap<&str, usize> = BTreeMap::new();
    for held in &all {
        *by_file.entry(&held.fact.locator.path).or_default() += 1;
    }
    let circling = circling(&all);
    let mut drafts: BTreeMap<(Sha256, &str, &str, &str), Draft> = BTreeMap::new();
    for held in &all {
        let path = held.fact.locator.path.as_str();
        let own = path.rsplit('!').next().unwrap_or_default();
        let store = by_file.get(path).is_some_and(|count| *count >= STORE) || STORES.iter().any(|place| own.starts_with(place));
        let itself = programs.contains(&held.fact.locator.artifact) && samples::tests_itself(own.rsplit('/').next().unwrap_or_default());
        if store || itself || samples::for_reading(path) {
            continue;
        }
        let size = keys.get(&(held.key, path, &held.fact.locator.at)).copied().unwrap_or(("", None));
        let Some((severity, why)) = worst(held, size, today, circling.contains(held.subject)) else { continue };
        let evidence = at_fact(&held.fact.locator, format!("issued by {}", short(held.issuer)), held.key.to_string());
        if let Some(draft) = drafts.get_mut(&(held.key, held.subject, held.issuer, held.not_after)) {
            more(&mut draft.evidence, evidence);
        } else {
            let title = format!("The certificate of {} in {}: {why}", short(held.subject), shown(path));
            drafts.insert((held.key, held.subject, held.issuer, held.not_after), draft(held, title, severity, evidence));
        }
    }
    drafts.into_values().collect()
}

fn held<'a>((fact, image): (&'a Fact, &'a ImageFact)) -> Option<Held<'a>> {
    let ImageFact::Certificate { subject, issuer, not_before, not_after, key, signed_with, authority } = image else { return None };
    Some(Held { fact, subject, issuer, not_before, not_after, key: *key, signed_with, authority: *authority })
}

/// A name for a sentence: whoever makes a certificate may write thousands of characters.
fn short(name: &str) -> String {
    match name.char_indices().nth(NAME) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

fn more(evidence: &mut Vec<Evidence>, one: Evidence) {
    if evidence.len() < MOST {
        evidence.push(one);
    }
}

fn draft(held: &Held, title: String, severity: Severity, evidence: Evidence) -> Draft {
    Draft {
        title,
        severity,
        confidence: Confidence::Certain,
        effect: None,
        evidence: vec![evidence],
        // A renewed certificate of the same weak key is another one; the place says nothing of it.
        subject: (held.subject.to_owned(), format!("{}\n{}\n{}", held.key, held.issuer, held.not_after).into_bytes()),
        used: None,
        references: vec!["https://cwe.mitre.org/data/definitions/326.html".into()],
    }
}

/// The worst that is to be said of a certificate, with everything else that is, and `None` where there is nothing.
fn worst(held: &Held, (algorithm, bits): (&str, Option<u32>), today: &str, circling: bool) -> Option<(Severity, String)> {
    let mut said: Vec<(Severity, String)> = Vec::new();
    let graver = if held.authority { Severity::Medium } else { Severity::Low };
    match (algorithm, bits) {
        ("RSA", Some(bits @ ..1024)) => said.push((Severity::Medium, format!("an RSA key of {bits} bits can be computed"))),
        ("RSA", Some(bits @ ..2048)) => said.push((graver, format!("an RSA key of {bits} bits"))),
        ("DSA", _) => said.push((graver, "a DSA key".to_owned())),
        _ => {}
    }
    // Whoever believes a certificate that is its own issuer does so because it is there.
    if held.subject != held.issuer {
        match held.signed_with.rsplit(' ').next() {
            Some("MD2" | "MD4" | "MD5") => said.push((graver, format!("signed with {}, which can be forged", held.signed_with))),
            Some("SHA-1") => said.push((Severity::Low, format!("signed with {}", held.signed_with))),
            _ => {}
        }
    }
    if held.not_after < today {
        said.push((Severity::Info, format!("its time was over on {}", held.not_after)));
    } else if held.not_before > today {
        said.push((Severity::Info, format!("its time begins on {}", held.not_before)));
    }
    if circling {
        said.push((Severity::Info, "following its issuers never ends".to_owned()));
    }
    let severity = said.iter().map(|one| one.0).max()?;
    Some((severity, said.into_iter().map(|one| one.1).collect::<Vec<_>>().join("; ")))
}

/// The names from which no way along the issuers leads to one that is its own issuer, or that is not in the image.
fn circling<'a>(all: &[Held<'a>]) -> BTreeSet<&'a str> {
    let mut left: BTreeSet<&str> = all.iter().map(|held| held.subject).collect();
    let mut issued: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut ends: Vec<&str> = Vec::new();
    for held in all {
        if held.subject == held.issuer || !left.contains(held.issuer) {
            ends.push(held.subject);
        } else {
            issued.entry(held.issuer).or_default().push(held.subject);
        }
    }
    // Backwards from the ends, each name once.
    while let Some(name) = ends.pop() {
        if left.remove(name) {
            ends.extend(issued.get(name).into_iter().flatten());
        }
    }
    left
}
