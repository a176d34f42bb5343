//! Loose ends: what goes to a port or socket of the machine where nobody of the image is seen to listen.

use std::collections::BTreeSet;

use assay_core::{
    Gap, GapKind,
    facts::{
        CodeFact,
        code::{ActuatorKind, Channel, Host, Transport},
    },
};

use super::{
    channels::{is_loopback, outside, words},
    holders::Scene,
    joins::Joins,
};

/// Gaps of this kind in one system.
const MOST: usize = 50;

/// The loose ends of a system.
pub fn of(scene: &Scene, joins: &Joins, cut: bool) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let listeners: Vec<&Channel> = scene
        .system
        .programs
        .iter()
        .flat_map(|program| &program.facts)
        .filter_map(|(_, body)| match body {
            CodeFact::Listener(channel) => Some(channel),
            _ => None,
        })
        .collect();
    let mut told = BTreeSet::new();
    for piece in &joins.pieces {
        let Some(to) = piece.flow.actuator.to.as_ref().filter(|_| piece.flow.actuator.kind == ActuatorKind::Message) else { continue };
        if !outside(&piece.flow.source) || !is_local(to) || listeners.iter().any(|channel| same(channel, to)) {
            continue;
        }
        if told.insert((piece.program, to)) && gaps.len() < MOST {
            gaps.push(Gap {
                id: String::new(),
                artifact: piece.fact.locator.artifact,
                path: piece.fact.locator.path.clone(),
                span: (0, 0),
                why: GapKind::Unknown,
                note: format!("what comes in goes on to {}, and no program of the image is seen to listen there", words(to)),
            });
        }
    }
    if cut && let Some(piece) = joins.pieces.first() {
        gaps.push(Gap {
            id: String::new(),
            artifact: piece.fact.locator.artifact,
            path: piece.fact.locator.path.clone(),
            span: (0, 0),
            why: GapKind::OverLimit,
            note: "more controls than one system can have: the rest is not told".into(),
        });
    }
    gaps
}

fn is_local(channel: &Channel) -> bool {
    match channel {
        Channel::Connected { transport: Transport::Unix, host: Host::Fixed(_), .. } => true,
        Channel::Connected { host: Host::Fixed(host), port: Some(_), .. } => is_loopback(host),
        _ => false,
    }
}

/// Could `listener` be the other end of `to`? Here a doubt counts as yes: no gap is claimed where one may not be.
fn same(listener: &Channel, to: &Channel) -> bool {
    match (listener, to) {
        (
            Channel::Bound { transport: Transport::Unix, address, .. },
            Channel::Connected { transport: Transport::Unix, host: Host::Fixed(path), .. },
        ) => address.as_ref().is_none_or(|own| own == path),
        (Channel::Bound { transport, port, .. }, Channel::Connected { port: wanted, transport: by, .. }) => {
            *transport != Transport::Unix && *by != Transport::Unix && (port.is_none() || port == wanted)
        }
        _ => false,
    }
}
