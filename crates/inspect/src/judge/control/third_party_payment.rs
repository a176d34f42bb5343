//! # Work for somebody else
//!
//! ## What it shows
//!
//! A pool that is not the owner's: settings for a fee with a pool and a worker of their own, a start of the miner with a fixed pool and
//! worker, a program that goes to a known pool whose name stands in it.
//!
//! ## Why it matters
//!
//! A share of the work is a share of the earnings. An owner who agreed to a fee wants to see that it is what was agreed to; one who did not
//! wants to know at all. And whoever has a pool of their own in every machine can see how many there are.
//!
//! ## How it works
//!
//! Settings are read for addresses of pools with what stands beside them; a name that says fee, donation or hotel makes them one for a fee.
//! The share is what is written there (`percent`, `quota`, `fee`), never computed. Programs and scripts are searched for addresses with a
//! scheme of pools; what code connects to comes from the reading of code. The table "Pools and fees" lists all of them, the owner's too.
//!
//! | what | severity |
//! | --- | --- |
//! | settings with a pool for a fee, and a worker | `medium`; `firm` where a program was seen to open that file |
//! | the same without a worker | `low` |
//! | a Stratum client that connects to a known pool whose name is fixed in it | `medium` |
//! | another program that does, or a script that names pool and worker in one command | `low` |
//!
//! That work is switched from one to the other is proven by code alone: then `control.pool-override` reports it, and nothing is said twice.
//!
//! ## False positives
//!
//! A fee that the owner agreed to. A pool that an integrator wrote in for this very owner. Pools in files at places where owners edit them
//! are theirs, and not reported unless they are for a fee.
//!
//! ## False negatives
//!
//! A pool that is put together or disguised in a program, or comes from the network. Texts of addresses in programs without anything that
//! uses them are in the table alone. Other schemes than those of pools without a name that says so.
//!
//! ## References
//!
//! - Stratum mining protocol
//! - <https://attack.mitre.org/techniques/T1496/>

use std::collections::{BTreeMap, BTreeSet};

use assay_core::{
    Confidence, Effect, Evidence, Fact, FactBody, Holder, HolderKind, Observed, Question, Reachable, Severity, Sha256, Stage,
    facts::{
        CodeFact, ImageFact,
        code::{Channel, FileAccess, Host},
        image::{Pool, PoolPlace},
    },
};

use super::super::{Case, Detector, Draft, Used, at_fact, for_reading, shown};
use crate::{
    domains::{self, Kind},
    resolve::channel_words,
};

pub(super) const DETECTOR: Detector = Detector {
    id: "control.third-party-payment",
    version: 1,
    question: Question::Control,
    source: include_str!("third_party_payment.rs"),
    detect,
};

/// Findings of one input; more pools than that are a list of pools.
const MOST: usize = 50;

fn detect(case: &Case) -> Vec<Draft> {
    let switched = switched(case);
    case.by_subject().flat_map(|facts| of_one(facts, &switched)).collect()
}

/// Hosts to which code was proven to switch the work: these are told by `control.pool-override`.
fn switched(case: &Case) -> BTreeSet<String> {
    let fixed = |control: &&assay_core::Control| control.effect == Effect::RedirectWork && control.holder.who == HolderKind::FixedRemote;
    let host = |detail: &str| detail.rsplit_once(':').map_or(detail, |(host, _)| host).to_ascii_lowercase();
    case.controls.iter().filter(fixed).map(|control| host(&control.holder.detail)).collect()
}

fn of_one(facts: &[Fact], switched: &BTreeSet<String>) -> Vec<Draft> {
    let mut drafts: BTreeMap<(String, String), Draft> = BTreeMap::new();
    for fact in facts {
        let draft = match &fact.body {
            _ if for_reading(&fact.locator.path) => None,
            FactBody::Image(ImageFact::Pool(pool)) if !switched.contains(&pool.host) => named(fact, pool, facts),
            FactBody::Code(CodeFact::Endpoint(channel)) => connected(fact, channel, facts, switched),
            _ => None,
        };
        if let Some((key, draft)) = draft
            && drafts.len() < MOST
        {
            // Several calls of one program to one host are one thing.
            drafts.entry((fact.locator.path.clone(), key)).or_insert(draft);
        }
    }
    drafts.into_values().collect()
}

/// A pool in settings, scripts or texts.
fn named(fact: &Fact, pool: &Pool, facts: &[Fact]) -> Option<(String, Draft)> {
    let user = pool.user.as_deref().filter(|user| !is_blank(user));
    let path = shown(&fact.locator.path);
    let worker = user.map(|user| format!(" in the name of {user}")).unwrap_or_default();
    let share = pool.share.as_ref().map(|share| format!(" ({share})")).unwrap_or_default();
    let (title, severity) = match (pool.place, &pool.fee) {
        (PoolPlace::Settings, Some(fee)) => {
            let severity = if user.is_some() { Severity::Medium } else { Severity::Low };
            let said = if path.ends_with(fee) { path.to_owned() } else { format!("“{fee}” in {path}") };
            (format!("Settings for a fee ({said}) name the pool {}{worker}{share}", pool.url), severity)
        }
        (PoolPlace::Script | PoolPlace::Program, _) if user.is_some() && !is_reserved(&pool.host) => {
            (format!("{path} has a fixed pool and worker: {}{worker}", pool.url), Severity::Low)
        }
        _ => return None,
    };
    let opened = facts.iter().any(|other| match &other.body {
        FactBody::Code(CodeFact::File { path: own, access: FileAccess::Read | FileAccess::Write | FileAccess::Append }) => {
            pool.place == PoolPlace::Settings && fact.locator.path.ends_with(own.as_str()) && own.len() > 4
        }
        _ => false,
    });
    let confidence = if opened { Confidence::Firm } else { Confidence::Tentative };
    let excerpt = [Some(pool.url.as_str()), user, pool.share.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let evidence = at_fact(&fact.locator, if pool.name.is_empty() { "the text" } else { &pool.name }, excerpt);
    let port = pool.port.map(|port| format!(":{port}")).unwrap_or_default();
    let key = format!("{} {}", pool.url, user.unwrap_or_default());
    Some((key.clone(), draft(title, severity, confidence, format!("{}{port}", pool.host), evidence, (fact, &key))))
}

/// A program that goes to a pool of the list.
fn connected(fact: &Fact, channel: &Channel, facts: &[Fact], switched: &BTreeSet<String>) -> Option<(String, Draft)> {
    let Channel::Connected { host: Host::Fixed(host), .. } = channel else { return None };
    let pool = domains::of(host).filter(|domain| domain.kind == Kind::Pool && !switched.contains(&host.to_ascii_lowercase()))?;
    let client = stratum_client(fact.locator.artifact, facts);
    let (severity, what) = if client { (Severity::Medium, "a Stratum client,") } else { (Severity::Low, "which was not seen to log in,") };
    let title =
        format!("{}, {what} goes to a pool that is fixed in it: {} ({})", shown(&fact.locator.path), channel_words(channel), pool.name);
    let evidence = at_fact(&fact.locator, format!("goes to {}", channel_words(channel)), "");
    Some((host.clone(), draft(title, severity, Confidence::Firm, channel_words(channel), evidence, (fact, host))))
}

fn stratum_client(program: Sha256, facts: &[Fact]) -> bool {
    facts.iter().any(|fact| {
        let says = matches!(&fact.body, FactBody::Code(CodeFact::Ordinary { what, .. }) if what.to_ascii_lowercase().contains("stratum"));
        says && fact.locator.artifact == program
    })
}

fn draft(title: String, severity: Severity, confidence: Confidence, host: String, evidence: Evidence, about: (&Fact, &str)) -> Draft {
    Draft {
        title,
        severity,
        confidence,
        effect: Some(Effect::RedirectWork),
        evidence: vec![evidence],
        subject: (about.0.locator.path.clone(), about.1.as_bytes().to_vec()),
        used: Some(Used {
            holder: Holder { who: HolderKind::FixedRemote, detail: host },
            stage: Stage { present: true, reachable: Reachable::Unknown, authorised: Vec::new(), observed: Observed::NotLooked },
            trigger: Vec::new(),
        }),
        references: vec!["https://attack.mitre.org/techniques/T1496/".into()],
    }
}

/// A word that stands for a user in manuals and in settings that nobody has filled in.
fn is_blank(user: &str) -> bool {
    let plain = user.trim_matches(['<', '>', '[', ']', '{', '}', '"', '\'']).to_ascii_lowercase();
    let word = matches!(plain.as_str(), "" | "user" | "username" | "worker" | "login" | "address" | "wallet" | "x" | "test" | "example");
    word || plain.starts_with("your") || plain.starts_with('$') || plain.starts_with('%') || plain.contains("username")
}

/// Names that are kept for examples (RFC 2606).
fn is_reserved(host: &str) -> bool {
    let last: Vec<&str> = host.rsplit('.').take(2).collect();
    matches!(last[..], ["com" | "net" | "org", "example", ..] | ["example" | "invalid" | "test" | "localhost", ..])
}
