//! # Rights given from outside
//!
//! ## What it shows
//!
//! Input from outside makes a password, a key, a sudo rule, a shell on a port or an opening in the packet filter.
//!
//! ## Why it matters
//!
//! It outlasts the request: who has it comes back through a door of their own, and an owner who changes the password does not close it.
//!
//! ## How it works
//!
//! Takes the controls whose effect is `grant-privilege`. That an account, a key file or `sudoers` is written, or that a service with a
//! shell is started, is enough: what is written may be fixed. A shell that is given a command or a script is none that anybody types
//! into. A packet filter counts where the rule lets something through.
//!
//! | what | severity, for a host in the code or anybody on the network |
//! | --- | --- |
//! | a password, a key, a sudo rule, a shell | `critical`, or `high` where it is not known to run |
//! | an opening in the packet filter | `high` |
//!
//! Other holders as in `control.remote-exec`; an owner who has logged in and changes the own password is `info` or `low`.
//!
//! ## False positives
//!
//! A login that gives a shell to whoever has an account, in a program that was not recognised as a login.
//!
//! ## False negatives
//!
//! Rights given by writing into a database or a program's own file.
//!
//! ## References
//!
//! - <https://attack.mitre.org/techniques/T1098/>
//! - <https://cwe.mitre.org/data/definitions/269.html>

use assay_core::{Effect, Question};

use super::super::{Case, Detector, Draft, by_control::groups, ordinary::Ordinary};

pub(super) const DETECTOR: Detector =
    Detector { id: "control.privilege-grant", version: 2, question: Question::Control, source: include_str!("privilege_grant.rs"), detect };

fn detect(case: &Case) -> Vec<Draft> {
    let ordinary = Ordinary::new(case);
    let found = groups(case, |control| control.effect == Effect::GrantPrivilege && !ordinary.expected(control));
    found.iter().filter_map(|group| group.draft(group.title(), &["https://cwe.mitre.org/data/definitions/269.html"])).collect()
}
