//! # Work redirected
//!
//! ## What it shows
//!
//! Somebody but the owner decides for which pool, or in whose name, the machine works: input from outside reaches the pool's
//! configuration or connection, or the code itself goes to a pool of its own.
//!
//! ## Why it matters
//!
//! The work is what the machine earns. Taken for a few per cent of the time it is a fee that nobody agreed to; taken as a whole it is
//! the machine.
//!
//! ## How it works
//!
//! Takes the controls whose effect is `redirect-work`: flows to the pool's address, worker or wallet, in a configuration file or in a
//! connection. Where the code connects to a pool whose host is fixed, that host is the holder, whatever sets it off (mostly the clock).
//! Severity as in `control.remote-stop`; a choice among pools that the owner configured is one step less.
//!
//! ## False positives
//!
//! A pool that is written into the code as a default, and is left as soon as the owner configures one. The pool's own
//! `client.reconnect`, which the protocol provides for: the holder is then the host of the owner's configuration, and the severity lower.
//!
//! ## False negatives
//!
//! Work that is handed to the boards from a share of another program's making.
//!
//! ## References
//!
//! - Stratum mining protocol, `client.reconnect`
//! - <https://www.secureworks.com/research/bgp-hijacking-for-cryptocurrency-profit>

use assay_core::{Effect, Question};

use super::super::{Case, Detector, Draft, by_control::groups, ordinary::Ordinary};

pub(super) const DETECTOR: Detector =
    Detector { id: "control.pool-override", version: 2, question: Question::Control, source: include_str!("pool_override.rs"), detect };

fn detect(case: &Case) -> Vec<Draft> {
    let ordinary = Ordinary::new(case);
    let found = groups(case, |control| control.effect == Effect::RedirectWork && !ordinary.expected(control));
    found.iter().filter_map(|group| group.draft(group.title(), &[])).collect()
}
