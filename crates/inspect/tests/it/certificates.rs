//! Chains of certificates: those that end, those that go in a circle, and how far today is from the days that they name.

use assay_core::{Fact, Finding, Sha256, facts::ImageFact};

use crate::{fact, inspect, subject};

/// A certificate of `name` at `offset` of `path`, until the end of `until`.
fn certificate(path: &str, offset: u64, (name, issuer): (&str, &str), until: u32) -> Fact {
    let body = ImageFact::Certificate {
        subject: format!("CN={name}"),
        issuer: format!("CN={issuer}"),
        not_before: "2020-01-01".into(),
        not_after: format!("{until}-12-31"),
        key: Sha256::of(format!("{name} {issuer}").as_bytes()),
        signed_with: "RSA SHA-256".into(),
        authority: true,
    };
    fact("a", path, offset, body)
}

fn weak(facts: Vec<Fact>) -> Vec<Finding> {
    let found = inspect(vec![subject("a", Vec::new())], facts).findings.into_iter();
    found.filter(|finding| finding.rule == "provenance.weak-certificate").collect()
}

/// Each in a file of its own: a file of many is a store.
fn chain(links: &[(&str, &str)]) -> Vec<Fact> {
    (0..).zip(links).map(|(number, link)| certificate(&format!("/etc/{number}.crt"), 0, *link, 2090)).collect()
}

#[test]
fn a_circle_is_told_of_all_who_lead_into_it() {
    let found = weak(chain(&[("a", "b"), ("b", "c"), ("c", "b"), ("apart", "apart"), ("under", "apart"), ("outside", "elsewhere")]));
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(found.iter().all(|finding| finding.title.ends_with("following its issuers never ends")));
    // Authorities that were signed for one another, one of which is its own issuer too.
    assert!(weak(chain(&[("a", "b"), ("b", "a"), ("b", "b")])).is_empty());
}

#[test]
fn a_chain_without_end_is_followed_once() {
    let names: Vec<String> = (0..=20_000).map(|number| format!("n{number}")).collect();
    let mut links: Vec<(&str, &str)> = names.windows(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
    assert!(weak(chain(&links)).is_empty());
    links.push(("n20000", "n0"));
    assert_eq!(weak(chain(&links)).len(), links.len());
}

#[test]
fn today_is_the_day_that_was_given() {
    // The tests' day is in 2026.
    let found = weak(vec![certificate("/etc/a.crt", 0, ("a", "a"), 2025), certificate("/etc/b.crt", 0, ("b", "b"), 2026)]);
    assert_eq!(found.len(), 1);
    assert!(found[0].title.ends_with("its time was over on 2025-12-31"), "{}", found[0].title);
}

#[test]
fn a_store_of_authorities_is_left_alone_and_copies_are_one_finding() {
    let store = |count| (0..count).map(|number| certificate("/etc/roots.pem", number, ("old", "old"), 2021)).collect();
    assert_eq!(weak(store(8)).len(), 0);
    let few = weak(store(7));
    assert_eq!((few.len(), few[0].evidence.len()), (1, 7));
}
