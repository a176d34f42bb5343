//! # Commands from anybody on the network
//!
//! ## What it shows
//!
//! A program waits on a port that the network can reach, asks nobody who they are, and does things on request that matter.
//!
//! ## Why it matters
//!
//! On a site with thousands of machines the local network is no border: one machine that is taken commands all of them.
//!
//! ## How it works
//!
//! Takes the controls of anybody on the network whose way in is a socket of the program itself (web programs behind a server are told by
//! what they do). Not bound to the machine itself, not closed by the packet filter, no password or token of the owner on the way; a
//! constant in the code is no login. One finding for each socket, with every word that it takes; effect and severity are those of the
//! gravest, of several that are as grave those of the one that the list of effects names first. The table "Listeners" has all sockets, these and the others.
//!
//! ## False positives
//!
//! A login in front of the machine, in the network. A filter that is put in place by something that the image does not show.
//!
//! ## False negatives
//!
//! A listener whose commands were not understood has no control, and so no finding: the table has it.
//!
//! ## References
//!
//! - <https://cwe.mitre.org/data/definitions/306.html>

use std::collections::BTreeSet;

use assay_core::{
    Control, Deed, Effect, HolderKind, Question, Severity,
    facts::code::{Channel, Choice},
};

use super::super::{Case, Detector, Draft, by_control::doors, ordinary::Ordinary};
use crate::{phrases, resolve::channel_words};

pub(super) const DETECTOR: Detector = Detector {
    id: "control.unauthenticated-listener",
    version: 2,
    question: Question::Control,
    source: include_str!("unauthenticated_listener.rs"),
    detect,
};

fn detect(case: &Case) -> Vec<Draft> {
    let ordinary = Ordinary::new(case);
    let found = doors(case, |control| commanded(control) && !ordinary.expected(control));
    found
        .iter()
        .filter(|group| group.severity() > Severity::Info)
        .filter_map(|group| {
            let first = group.first()?;
            let can: BTreeSet<&str> = group.controls().map(|control| phrases::effect(control.effect)).collect();
            let can = can.into_iter().collect::<Vec<_>>().join(", ");
            let title = format!("{} takes commands from anybody on {}: {can}", group.programs(), channel_words(&first.channel));
            group.draft(title, &["https://cwe.mitre.org/data/definitions/306.html"])
        })
        .collect()
}

/// Commands, not accidents: what is written beyond memory is told by its own rule.
fn commanded(control: &Control) -> bool {
    let bounded = matches!(&control.deed, Deed::Acts { choice: Choice::Number { min: Some(_), max: Some(_) }, .. });
    matches!(control.channel, Channel::Bound { .. })
        && control.holder.who == HolderKind::LanUnauthenticated
        && matches!(control.deed, Deed::Acts { .. })
        && !matches!(control.effect, Effect::CorruptMemory | Effect::Disclose)
        && !(bounded && control.effect == Effect::Reconfigure)
}
