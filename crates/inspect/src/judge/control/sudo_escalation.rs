//! # Rights through sudo that amount to more
//!
//! ## What it shows
//!
//! An account that is not root may run commands as root, and what that comes to: any command, firmware erased, settings reset.
//!
//! ## Why it matters
//!
//! A web server's account is where an intruder stands after the first fault in a web page. If that account may run `tar` or `vi` as root,
//! the second step is no fault any more but a right that the image gives. A short list of fixed commands is a good design; a list with one
//! wrong program in it is the same as no list.
//!
//! ## How it works
//!
//! Reads every rule of `sudoers`, aliases put in. What each command amounts to is told by `rules/inspect/sudo`, by whether its arguments
//! are fixed, by wildcards, by `SETENV`, and by the modes in the manifest: a script that its caller may change is any command. One finding
//! for each account, by the gravest of its rights.
//!
//! | what | severity |
//! | --- | --- |
//! | any command as root, without a password, for the account of a service | `high` |
//! | the same for an account that somebody logs in as | `medium` |
//! | erasing or writing firmware, without a password, for the account of a service | `medium` |
//! | restart, network, reset, services, without a password, for the account of a service; anything grave that asks for a password | `low` |
//! | the owner's group (`%sudo`, `%wheel`, `%admin`) with its own password; programs of which no rule says anything | `info` |
//!
//! The account of a service is one whose shell gives no session, or that a web server or a start step of the image runs as.
//!
//! ## False positives
//!
//! A program of a known name that is another one, or that was built without what makes it dangerous. A right for a host that is not this one.
//!
//! ## False negatives
//!
//! What a script of the image does with its arguments and its environment is the reading of scripts' to say (`control.remote-exec` has it
//! where input from outside gets there). Programs that no rule names. `polkit`, `doas`, file capabilities.
//!
//! ## References
//!
//! - sudoers(5)
//! - <https://gtfobins.github.io/>
//! - <https://cwe.mitre.org/data/definitions/250.html>

use std::collections::BTreeMap;

use assay_core::{Confidence, Effect, Question, Severity};

use super::super::{Case, Detector, Draft, at_fact};
use crate::rights::{self, Right};

pub(super) const DETECTOR: Detector =
    Detector { id: "control.sudo-escalation", version: 1, question: Question::Control, source: include_str!("sudo_escalation.rs"), detect };

/// Rights listed as evidence of one finding.
const MOST: usize = 50;

fn detect(case: &Case) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (subject, facts) in case.subjects.iter().zip(case.by_subject()) {
        let mut by_user: BTreeMap<(&str, &str), Vec<Right>> = BTreeMap::new();
        for right in rights::rights(subject, facts) {
            let container = right.fact.locator.path.rsplit_once('!').map_or("", |(container, _)| container);
            by_user.entry((container, right.user)).or_default().push(right);
        }
        drafts.extend(by_user.into_iter().filter_map(|((_, user), rights)| draft(user, rights)));
    }
    drafts
}

fn draft(user: &str, mut all: Vec<Right>) -> Option<Draft> {
    // The sort keeps the order of the lines among equals.
    all.sort_by_key(|right| (std::cmp::Reverse(right.severity), right.amount));
    let worst = all.first()?;
    let who = if user == "ALL" { "Every account" } else { user };
    let password = if worst.privilege.no_password { "without a password" } else { "with its own password" };
    let title = match all.len() {
        1 => format!("{who} may run {} as root {password}: {}", worst.command, rights::words(worst.amount)),
        count => {
            format!("{who} may run {count} commands as root {password}; the gravest, {}: {}", worst.command, rights::words(worst.amount))
        }
    };
    let sure = worst.severity <= Severity::Low || worst.command == "ALL";
    Some(Draft {
        title,
        severity: worst.severity,
        confidence: if sure { Confidence::Certain } else { Confidence::Firm },
        effect: Some(Effect::GrantPrivilege),
        evidence: all
            .iter()
            .take(MOST)
            .map(|right| at_fact(&right.fact.locator, format!("{}: {}", rights::words(right.amount), right.why), right.command.to_owned()))
            .collect(),
        subject: (worst.fact.locator.path.clone(), user.as_bytes().to_vec()),
        used: None,
        references: vec!["https://gtfobins.github.io/".into(), "https://cwe.mitre.org/data/definitions/250.html".into()],
    })
}
