//! # Mining stopped from outside
//!
//! ## What it shows
//!
//! Input from outside decides whether the machine goes on working: mining stops, the machine restarts or halts, the power of the hash
//! boards is switched.
//!
//! ## Why it matters
//!
//! Whoever holds such a switch on a whole fleet holds the load of a power station. The best-known case of this field asked a fixed host
//! every few minutes, and a word in the answer ended the work.
//!
//! ## How it works
//!
//! Takes the controls whose effect is `stop-mining`, `reboot` or `power`. Behind each is a flow: input compared with a constant, the
//! outcome, directly or through a stored flag, a file or another process, before what acts. The constants are the finding's `trigger`.
//! Where a process is ended, it counts if it is a miner's (by its name, or that of the file its number is read from), every one there is,
//! or whichever the outside names: what a program does with its own children is nobody's stop.
//!
//! | who holds it | severity |
//! | --- | --- |
//! | a host in the code, anybody on the network | `high` |
//! | could not be told | `low` |
//! | a host of the owner's configuration; somebody who knows the default password | `low` |
//! | an owner who has logged in, a program of the machine itself, the holder of a key | `info` or `low` |
//! | a step of something greater: the miner is stopped so that the firmware can be replaced | `info` |
//!
//! What was recognised as a Stratum client may stop for want of work from the owner's pool: not reported.
//!
//! ## False positives
//!
//! A line of the board (GPIO) whose number says nothing of what hangs on it. A process that is ended and was no miner, where the outside
//! names it.
//!
//! ## False negatives
//!
//! Work that is made worse and not stopped. A decision that is taken in a coprocessor or in the hash boards' own firmware. A condition
//! that is met by arithmetic alone.
//!
//! ## References
//!
//! - <https://www.antbleed.com>
//! - <https://attack.mitre.org/techniques/T0816/>

use assay_core::{Deed, Effect, Question};

use super::super::{Case, Detector, Draft, by_control::groups, ordinary::Ordinary};

pub(super) const DETECTOR: Detector =
    Detector { id: "control.remote-stop", version: 2, question: Question::Control, source: include_str!("remote_stop.rs"), detect };

fn detect(case: &Case) -> Vec<Draft> {
    let ordinary = Ordinary::new(case);
    let found = groups(case, |control| {
        matches!(control.effect, Effect::StopMining | Effect::Reboot | Effect::Power)
            && matches!(control.deed, Deed::Acts { .. })
            && !ordinary.expected(control)
    });
    found.iter().filter_map(|group| group.draft(group.title(), &["https://attack.mitre.org/techniques/T0816/"])).collect()
}
