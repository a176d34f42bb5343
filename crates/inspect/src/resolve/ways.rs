//! Ways: chains of flows from where somebody comes in to what acts, through as many processes as hand something over.
//!
//! From every flow the search goes backwards over the joins, and each chain that begins where somebody can come in is a way. A flow is
//! taken once on a way, so that two daemons that talk to each other end; length and number are bounded.

use std::collections::BTreeSet;

use assay_core::facts::code::{Channel, Choice, Manner, Transport};

use super::{
    channels::{is_loopback, outside},
    choice::{Passing, Say},
    joins::{FlowId, Join, Joins},
    system::{ProgramId, System},
};

/// Processes on one way.
const LENGTH: usize = 7;
/// Ways to one actuator, and partial ones looked at for it.
const MOST: usize = 48;
const STEPS: usize = 2_000;

/// A chain of flows.
pub struct Way {
    /// The flows, from the one that the outside comes in by.
    pub flows: Vec<FlowId>,
    /// The joins between them: one less than flows.
    pub joins: Vec<Join>,
    /// What the outside has to say at the end.
    pub say: Say,
    /// What was taken for granted.
    pub assumed: Vec<String>,
}

/// Tells where a channel of a program leads outside: the same channel mostly, a web request for the standard input of a CGI program.
pub type Entrance<'e> = dyn Fn(ProgramId, &Channel) -> Option<Channel> + 'e;

/// All ways to the actuator of `end`, shortest first.
pub fn to(system: &System, joins: &Joins, end: FlowId, entrance: &Entrance) -> Vec<Way> {
    let mut ways = Vec::new();
    let mut seen = BTreeSet::new();
    // Backwards: the flows from the end on, and the joins between them.
    let mut open: std::collections::VecDeque<(Vec<FlowId>, Vec<&Join>)> = [(vec![end], Vec::new())].into();
    let mut steps = 0;
    while let Some((flows, taken)) = open.pop_front() {
        steps += 1;
        if steps > STEPS || ways.len() >= MOST {
            break;
        }
        let Some(head) = flows.last().copied() else { continue };
        let Some(piece) = joins.pieces.get(head) else { continue };
        if entrance(piece.program, &piece.flow.source).is_some()
            && let Some((say, assumed)) = along(joins, &flows, &taken)
        {
            let flows: Vec<FlowId> = flows.iter().rev().copied().collect();
            if seen.insert(flows.clone()) {
                ways.push(Way { flows, joins: taken.iter().rev().map(|join| (*join).clone()).collect(), say, assumed });
            }
        }
        if flows.len() < LENGTH {
            for join in joins.into(system, head) {
                if !flows.contains(&join.from) {
                    let mut longer = flows.clone();
                    longer.push(join.from);
                    let mut by = taken.clone();
                    by.push(join);
                    open.push_back((longer, by));
                }
            }
        }
    }
    ways
}

/// What is left of the outside's say along `flows`, which stand in the order of the search.
fn along(joins: &Joins, flows: &[FlowId], taken: &[&Join]) -> Option<(Say, Vec<String>)> {
    let flow = |index: usize| flows.get(index).and_then(|id| joins.pieces.get(*id)).map(|piece| &*piece.flow);
    let mut say = Say::of(flow(flows.len().checked_sub(1)?)?);
    let mut assumed = Vec::new();
    for index in (0..taken.len()).rev() {
        let (join, next) = (taken.get(index)?, flow(index)?);
        // Of something narrower than any text it is not known whether the word that is waited for is among it.
        let narrow = say.manner == Manner::Data && !matches!(say.choice, Choice::Free | Choice::Without(_));
        say = say.through(&join.passing, next)?;
        if narrow && say.manner == Manner::Control && !matches!(join.passing, Passing::Constant(_)) {
            assumed.push(format!("that what the next program waits for is among what {} can hand over", join.by));
        }
    }
    Some((say, assumed))
}

/// Does somebody come in by this channel as it stands? Programs of the machine count: they hold what is bound to it alone.
pub fn entrance(channel: &Channel) -> Option<Channel> {
    let local = match channel {
        Channel::Bound { transport: Transport::Unix, .. } => true,
        Channel::Bound { address: Some(address), .. } => is_loopback(address),
        _ => false,
    };
    (local || outside(channel)).then(|| channel.clone())
}
