//! # Default passwords
//!
//! ## What it shows
//!
//! A password that is stored in the image and is a known default, or none at all: which, of whom, and what it opens.
//!
//! ## Why it matters
//!
//! Everybody who has read the manual has it. Where it opens a shell or a web page on the network, everybody there is the owner until the
//! owner changes it; where it stands in a copy that a reset puts back, it returns after he did.
//!
//! ## How it works
//!
//! Tries the stored hashes of accounts, web servers' password files and configurations against `rules/image/defaults`, at a capped cost.
//! Which servers ask for it is told by the same image's SSH, telnet and web configuration. One finding for each name and password.
//!
//! | what | severity |
//! | --- | --- |
//! | an account of root's number that SSH or telnet lets in over the network | `high` |
//! | another account that they let in; a web server's password with programs behind it | `medium` |
//! | a web server's password with nothing but pages behind it; a password at the console | `low` |
//! | a copy that something may put back (`shadow.factory`), of an account that gives a session | `low` |
//! | a password that nothing in the image asks for | `info` |
//!
//! ## False positives
//!
//! A system that asks for another password at its first start. A server that the packet filter closes to the network: the table of
//! listeners has what it does.
//!
//! ## False negatives
//!
//! A default that no rule knows; hashes whose cost is above what is spent on one, or of schemes that are not tried (they are in the table
//! of accounts as not tried). A password that a script sets at the first start.
//!
//! ## References
//!
//! - crypt(5), RFC 7616
//! - <https://cwe.mitre.org/data/definitions/1392.html>

use std::collections::{BTreeMap, BTreeSet};

use assay_core::{
    Authorisation, Confidence, Effect, Fact, FactId, Holder, HolderKind, Observed, Question, Reachable, Severity, Stage,
    facts::{
        CodeFact, ImageFact,
        image::{Account, Credential, PasswordState},
    },
};

use super::super::{Case, Detector, Draft, Used, at_fact, image_facts};
use crate::logins::{self, Door, container};

pub(super) const DETECTOR: Detector = Detector {
    id: "control.default-password",
    version: 1,
    question: Question::Control,
    source: include_str!("default_password.rs"),
    detect,
};

/// What one password is, and what it opens.
struct Judged {
    severity: Severity,
    title: String,
    holder: HolderKind,
    reachable: Reachable,
}

fn detect(case: &Case) -> Vec<Draft> {
    case.by_subject().flat_map(of_one).collect()
}

fn of_one(facts: &[Fact]) -> Vec<Draft> {
    let mut found: BTreeMap<(String, String, bool), Draft> = BTreeMap::new();
    for (fact, image) in image_facts(facts) {
        let (name, stored, copy) = match image {
            ImageFact::Account(account) => (&account.name, &account.password, account.copy),
            ImageFact::Credential(credential) => (&credential.user, &credential.password, false),
            _ => continue,
        };
        let (password, note) = match &stored.state {
            PasswordState::Default { password, source } => {
                (password.as_str(), format!("{} of {name}; known from: {source}", stored.scheme))
            }
            PasswordState::Empty => ("", format!("{name} has no password")),
            _ => continue,
        };
        let judged = match image {
            ImageFact::Account(account) => of_account(account, container(fact), facts, password),
            ImageFact::Credential(credential) => of_credential(credential, fact, facts, password),
            _ => continue,
        };
        let evidence = at_fact(&fact.locator, note, format!("{name}: {}", shown(password)));
        let key = (name.clone(), format!("{} {}", container(fact), shown(password)), copy);
        match found.get_mut(&key) {
            Some(draft) if draft.severity >= judged.severity => draft.evidence.push(evidence),
            slot => {
                let mut draft = draft(judged, fact, name, password);
                draft.evidence.push(evidence);
                if let Some(before) = slot {
                    draft.evidence.append(&mut before.evidence);
                    *before = draft;
                } else {
                    found.insert(key, draft);
                }
            }
        }
    }
    found.into_values().collect()
}

fn shown(password: &str) -> String {
    if password.is_empty() { "no password".to_owned() } else { format!("“{password}”") }
}

fn draft(judged: Judged, fact: &Fact, name: &str, password: &str) -> Draft {
    let detail = fact.locator.path.rsplit('!').next().unwrap_or_default().to_owned();
    Draft {
        title: judged.title,
        severity: judged.severity,
        confidence: Confidence::Certain,
        effect: Some(Effect::GrantPrivilege),
        evidence: Vec::new(),
        subject: (fact.locator.path.clone(), format!("{name} {password}").into_bytes()),
        used: Some(Used {
            holder: Holder { who: judged.holder, detail },
            stage: Stage {
                present: true,
                reachable: judged.reachable,
                authorised: vec![Authorisation::DefaultPassword],
                observed: Observed::NotLooked,
            },
            trigger: Vec::new(),
        }),
        references: vec!["https://cwe.mitre.org/data/definitions/1392.html".into()],
    }
}

fn of_account(account: &Account, within: &str, facts: &[Fact], password: &str) -> Judged {
    let what = format!(
        "The account {} has {}",
        account.name,
        if password.is_empty() { "no password".into() } else { format!("the default password “{password}”") }
    );
    let doors = logins::doors(account, within, facts);
    if account.copy {
        let by = restored(facts, within);
        let words = by.map_or_else(
            || "in a copy that something may put in place".to_owned(),
            |by| format!("in a copy that {by} puts in place: it comes back at a reset"),
        );
        let severity = if account.session == Some(false) { Severity::Info } else { Severity::Low };
        return Judged { severity, title: format!("{what} {words}"), holder: HolderKind::Undetermined, reachable: Reachable::Unknown };
    }
    let network = doors.iter().any(|door| matches!(door, Door::Network(_)));
    let opens = logins::words(&doors);
    let (severity, holder, reachable) = match doors.first() {
        Some(_) if network && account.uid == Some(0) => (Severity::High, HolderKind::LanAuthenticated, Reachable::Yes),
        Some(_) if network => (Severity::Medium, HolderKind::LanAuthenticated, Reachable::Yes),
        Some(_) => (Severity::Low, HolderKind::Physical, Reachable::Yes),
        None => (Severity::Info, HolderKind::Undetermined, Reachable::Unknown),
    };
    let words = if doors.is_empty() { "nothing in the image asks for it".to_owned() } else { format!("it opens {opens}") };
    Judged { severity, title: format!("{what}; {words}"), holder, reachable }
}

/// The program or script that has to do with a copy of the accounts.
fn restored(facts: &[Fact], within: &str) -> Option<String> {
    facts.iter().filter(|fact| container(fact) == within).find_map(|fact| {
        let assay_core::FactBody::Code(CodeFact::File { path, .. }) = &fact.body else { return None };
        let name = path.rsplit('/').next().unwrap_or_default();
        let copy = name.strip_prefix("shadow").or_else(|| name.strip_prefix("passwd")).is_some_and(|rest| rest.starts_with('.'));
        copy.then(|| fact.locator.path.rsplit('!').next().unwrap_or_default().to_owned())
    })
}

fn of_credential(credential: &Credential, fact: &Fact, facts: &[Fact], password: &str) -> Judged {
    let doors: BTreeSet<FactId> = fact.derived_from.iter().copied().collect();
    let servers: BTreeSet<FactId> = image_facts(facts)
        .filter(|(other, _)| doors.contains(&other.id))
        .flat_map(|(other, _)| other.derived_from.iter().copied())
        .collect();
    let programs = image_facts(facts)
        .filter(|(other, image)| {
            matches!(image, ImageFact::CgiProgram(_))
                && other.derived_from.iter().any(|from| servers.contains(from) || doors.contains(from))
        })
        .count();
    let realm = credential.realm.as_ref().map_or_else(String::new, |realm| format!(" (realm “{realm}”)"));
    let word = if password.is_empty() { "no password".into() } else { format!("the default password “{password}”") };
    let (severity, words) = match (doors.is_empty(), programs) {
        (true, _) => (Severity::Info, "no web server of the image was seen to ask for it".to_owned()),
        (false, 0) => (Severity::Low, "pages lie behind it".to_owned()),
        (false, 1) => (Severity::Medium, "one program lies behind it".to_owned()),
        (false, count) => (Severity::Medium, format!("{count} programs lie behind it")),
    };
    Judged {
        severity,
        title: format!("The web login {}{realm} has {word}; {words}", credential.user),
        holder: HolderKind::LanAuthenticated,
        reachable: if doors.is_empty() { Reachable::Unknown } else { Reachable::Yes },
    }
}
