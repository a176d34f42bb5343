//! # Keys that open an account
//!
//! ## What it shows
//!
//! A public key in the image whose holder is let into an account of every machine that runs it.
//!
//! ## Why it matters
//!
//! The key is a password that the owner does not know and that works on the whole fleet. Whoever made the image holds it, and whoever
//! takes it from him.
//!
//! ## How it works
//!
//! Reads every file named `authorized_keys…`; the account is told by the home that it lies in. One finding for each file, with each key's
//! fingerprint as `ssh-keygen -l` shows it.
//!
//! | what | severity |
//! | --- | --- |
//! | root's, or an account of root's number, and the image has an SSH server that listens | `high` |
//! | another account's, with such a server | `medium` |
//! | every key is held to one command (`command=`) | `low` |
//! | the image has no SSH server | `low` |
//! | a path that does not tell whose it is | `info` |
//!
//! ## False positives
//!
//! The owner's own image with the owner's own key.
//!
//! ## False negatives
//!
//! Keys that a script writes (`control.privilege-grant`), certificates (`TrustedUserCAKeys`), keys that a command fetches.
//!
//! ## References
//!
//! - sshd(8), "AUTHORIZED_KEYS FILE FORMAT"
//! - <https://cwe.mitre.org/data/definitions/798.html>

use assay_core::{
    At, Authorisation, Confidence, Effect, Fact, Holder, HolderKind, Locator, Observed, Question, Reachable, Severity, Stage,
    facts::{
        ImageFact,
        image::{AuthorizedKey, AuthorizedKeys},
    },
};

use super::super::{Case, Detector, Draft, Used, at_fact, image_facts, shown};
use crate::logins::container;

pub(super) const DETECTOR: Detector =
    Detector { id: "control.authorized-key", version: 1, question: Question::Control, source: include_str!("authorized_key.rs"), detect };

fn detect(case: &Case) -> Vec<Draft> {
    case.by_subject().flat_map(of_one).collect()
}

fn of_one(facts: &[Fact]) -> Vec<Draft> {
    image_facts(facts)
        .filter_map(|(fact, image)| match image {
            ImageFact::AuthorizedKeys(keys) => Some(draft(fact, keys, facts)),
            _ => None,
        })
        .collect()
}

fn draft(fact: &Fact, keys: &AuthorizedKeys, facts: &[Fact]) -> Draft {
    let within = container(fact);
    let here = || image_facts(facts).filter(|(other, _)| container(other) == within);
    let server = here().any(|(_, image)| matches!(image, ImageFact::SshServer(server) if server.program.is_some()));
    let root = keys.account.as_deref().is_some_and(|name| {
        name == "root"
            || here().any(|(_, image)| matches!(image, ImageFact::Account(account) if account.name == name && account.uid == Some(0)))
    });
    // Keys beyond those that are told one by one may be held to nothing.
    let held = keys.count as usize == keys.keys.len()
        && keys.keys.iter().all(|key| key.options.iter().any(|option| option.starts_with("command=")));
    let (severity, words) = match (&keys.account, server) {
        (None, _) => (Severity::Info, "which server reads it is not known"),
        (Some(_), false) => (Severity::Low, "the image has no SSH server"),
        (Some(_), true) if held => (Severity::Low, "for one command alone"),
        (Some(_), true) if root => (Severity::High, "over SSH"),
        (Some(_), true) => (Severity::Medium, "over SSH"),
    };
    let count = if keys.count == 1 { "One key opens".to_owned() } else { format!("{} keys open", keys.count) };
    let account = keys.account.as_ref().map_or_else(|| "an account".to_owned(), |name| format!("the account {name}"));
    let detail = keys.keys.first().map(|key| format!("{} {}", key.fingerprint, key.comment)).unwrap_or_default();
    let evidence = if keys.keys.is_empty() {
        vec![at_fact(&fact.locator, format!("{} keys", keys.count), keys.comments.join(", "))]
    } else {
        keys.keys
            .iter()
            .map(|key| at_fact(&Locator { at: At::Line(key.line), ..fact.locator.clone() }, note(key), key.fingerprint.clone()))
            .collect()
    };
    Draft {
        title: format!("{count} {account} of every machine with this image, {words} ({})", shown(&fact.locator.path)),
        severity,
        confidence: Confidence::Certain,
        effect: Some(Effect::GrantPrivilege),
        evidence,
        subject: (fact.locator.path.clone(), keys.keys.iter().flat_map(|key| key.fingerprint.bytes()).collect()),
        used: Some(Used {
            holder: Holder { who: HolderKind::KeyHolder, detail: detail.trim().to_owned() },
            stage: Stage {
                present: true,
                reachable: if server { Reachable::Yes } else { Reachable::Unknown },
                authorised: vec![Authorisation::KeyShipped],
                observed: Observed::NotLooked,
            },
            trigger: Vec::new(),
        }),
        references: vec!["https://cwe.mitre.org/data/definitions/798.html".into()],
    }
}

fn note(key: &AuthorizedKey) -> String {
    let options = if key.options.is_empty() { String::new() } else { format!(", held to {}", key.options.join(", ")) };
    let comment = if key.comment.is_empty() { String::new() } else { format!(" “{}”", key.comment) };
    format!("{}{comment}{options}", key.kind)
}
