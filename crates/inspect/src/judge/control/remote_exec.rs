//! # Commands or code of the outside run
//!
//! ## What it shows
//!
//! Text or bytes from outside are run: as a command of a shell, as a program, as a library or module, as a file that the system runs at
//! its next start.
//!
//! ## Why it matters
//!
//! It is the whole machine: whatever else is checked somewhere, who runs commands of their own gets round it.
//!
//! ## How it works
//!
//! Takes the controls whose effect is `execute`: a data flow, through as many processes as hand the input on, to a command in which the
//! outside can still put a special character of the shell, to a program whose name it chooses, to a library or module, or to a file of
//! the next start (a crontab, a start-up script). A number, one of a few words, or letters that mean nothing to a shell are no
//! finding, whatever the command, nor is the time of day. Nor is a program that is *given* the path of an upload: it is one where the
//! content is run.
//!
//! | who holds it | severity |
//! | --- | --- |
//! | a host in the code, anybody on the network, and the program is known to run | `critical` |
//! | the same, and whether it runs is not known; a host of the owner's configuration | `high` |
//! | could not be told who; somebody who knows the default password, the holder of a key | `medium` |
//! | an owner who has logged in, a program of the machine itself, somebody at the machine | `low` |
//!
//! ## False positives
//!
//! A check of characters in a form that was not understood leaves the choice wider than it is. A login in another place than the
//! program's own way.
//!
//! ## False negatives
//!
//! Input that is stored in a database and read from there. Interpreters other than the shell.
//!
//! ## References
//!
//! - <https://cwe.mitre.org/data/definitions/78.html>
//! - <https://cwe.mitre.org/data/definitions/829.html>

use assay_core::{Effect, Question};

use super::super::{Case, Detector, Draft, by_control::groups, ordinary::Ordinary};

pub(super) const DETECTOR: Detector =
    Detector { id: "control.remote-exec", version: 3, question: Question::Control, source: include_str!("remote_exec.rs"), detect };

fn detect(case: &Case) -> Vec<Draft> {
    let ordinary = Ordinary::new(case);
    let found = groups(case, |control| control.effect == Effect::Execute && !ordinary.expected(control));
    found.iter().filter_map(|group| group.draft(group.title(), &["https://cwe.mitre.org/data/definitions/78.html"])).collect()
}
