//! # Credentials told
//!
//! ## What it shows
//!
//! Passwords, keys, tokens, or the names under which the machine works go out.
//!
//! ## Why it matters
//!
//! A password that is told is nobody's any more. A worker's name tells whose the work is and what it is worth.
//!
//! ## How it works
//!
//! Takes what is told (`discloses`) that holds credentials or worker names, and to whom.
//!
//! | what, to whom | severity |
//! | --- | --- |
//! | credentials, to a host in the code | `critical`, or `high` where it is not known to run |
//! | credentials, to anybody on the network who asks | `high` |
//! | credentials, to somebody who could not be told | `medium` |
//! | credentials, to a host that the owner configured | `low` |
//! | worker names, to a host in the code | `high` |
//! | worker names, to anybody on the network who asks | `medium` |
//! | worker names, to somebody who could not be told: a pool, most likely | `low` |
//! | worker names, to a host that another one names: what gives the pool away is the naming | `low` |
//! | worker names, to a host that the owner configured: that is how a pool knows whom to pay | `info` |
//!
//! ## False positives
//!
//! A file whose name says that it holds secrets, and that holds none.
//!
//! ## False negatives
//!
//! Secrets in files of other names. A password that is part of a whole file of settings, where the file was not recognised.
//!
//! ## References
//!
//! - <https://cwe.mitre.org/data/definitions/522.html>

use assay_core::{
    Control, HolderKind, Question,
    facts::code::{Channel, Disclosed, Host},
};

use super::super::{Case, Detector, Draft, by_told::told};

pub(super) const DETECTOR: Detector =
    Detector { id: "disclosure.credentials", version: 4, question: Question::Disclosure, source: include_str!("credentials.rs"), detect };

fn detect(case: &Case) -> Vec<Draft> {
    let weight = |control: &Control, what: &[Disclosed]| match what.contains(&Disclosed::Credentials) {
        true => 4,
        false if is_named(&control.channel) => 1,
        false if control.holder.who == HolderKind::Undetermined => 2,
        false => 3,
    };
    told(case, &[Disclosed::Credentials, Disclosed::Worker], weight, &["https://cwe.mitre.org/data/definitions/522.html"])
}

/// Is it a host that came in from outside?
fn is_named(channel: &Channel) -> bool {
    matches!(channel, Channel::Connected { host: Host::Told(_), .. })
}
