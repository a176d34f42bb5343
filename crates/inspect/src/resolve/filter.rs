//! The packet filter: does a packet from the local network get through to a port?
//!
//! The rules are gone through as a kernel would for the first packet of a new connection that comes in by a network interface. A rule
//! that depends on more than protocol, port, state and interface is not decided here, and what follows from it is *not known*.
//!
//! **Limitations**: rules are taken in the order in which the image states them, whatever puts them at another place; what one script
//! adds and another takes away is not followed; of zones, the one that lets most through counts, since which network is behind which
//! interface is decided by cables.

use std::collections::BTreeSet;

use assay_core::{
    Locator,
    facts::{
        CodeFact, ImageFact,
        code::{ActuatorKind, Transport},
    },
    firewall::{Action, Family, FirewallRule, Policy},
};

use super::{channels::outside, system::System};

/// Rules asked for one port, jumps included.
const STEPS: u32 = 20_000;
/// Table of a firewall that is written in zones.
const ZONES: &str = "fw";
/// Jumps within jumps.
const DEPTH: u32 = 8;

/// What the filter does with the packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passage {
    /// The image has no filter for incoming packets.
    NoFilter,
    /// It is let through.
    Open,
    /// It is let through from these addresses only.
    From(String),
    /// It is not let through.
    Closed,
    /// It depends on what is not known.
    Unknown,
}

impl Passage {
    /// In words, for a table.
    pub fn words(&self) -> String {
        match self {
            Self::NoFilter => "no filter in the image".into(),
            Self::Open => "open".into(),
            Self::From(source) => format!("open to {source}"),
            Self::Closed => "closed".into(),
            Self::Unknown => "not known".into(),
        }
    }
}

/// The filter of a system.
pub struct Filter<'a> {
    rules: Vec<&'a FirewallRule>,
    policies: Vec<&'a Policy>,
}

struct Packet<'p> {
    protocol: &'p str,
    port: Option<u16>,
}

/// What one rule says of the packet.
enum Fit {
    No,
    Yes,
    From(String),
    Perhaps,
}

impl<'a> Filter<'a> {
    /// Everything that the system's configuration and scripts say of incoming packets.
    pub fn new(system: &System<'a>) -> Self {
        // A rule that is put in place only when the outside asks for it is no state of the filter.
        let asked: BTreeSet<&Locator> = system
            .programs
            .iter()
            .flat_map(|program| &program.facts)
            .filter(
                |(_, body)| matches!(body, CodeFact::Flow(flow) if flow.actuator.kind == ActuatorKind::Firewall && outside(&flow.source)),
            )
            .map(|(fact, _)| &fact.locator)
            .collect();
        let mut filter = Self { rules: Vec::new(), policies: Vec::new() };
        for (fact, body) in &system.image {
            match body {
                ImageFact::FirewallRule(rule) if !asked.contains(&fact.locator) && concerns(rule.family) => filter.rules.push(rule),
                ImageFact::FirewallPolicy(policy) if !asked.contains(&fact.locator) && concerns(policy.family) => {
                    filter.policies.push(policy);
                }
                _ => {}
            }
        }
        filter
    }

    /// Is a packet to `port` let through? Without a port, what holds for every port.
    pub fn passage(&self, transport: Transport, port: Option<u16>) -> Passage {
        let chains = self.entrances();
        if chains.is_empty() {
            return Passage::NoFilter;
        }
        let protocol = match transport {
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
            _ => return Passage::Unknown,
        };
        let packet = Packet { protocol, port };
        let mut steps = 0;
        if chains.iter().any(|(table, _)| *table == ZONES) {
            // Rules are for every zone; what they leave, the zone decides.
            let by_rule = self.chain(ZONES, "input", &packet, 0, &mut steps);
            let by_zone = || chains.iter().map(|(table, zone)| self.policy(table, zone)).max_by_key(rank);
            return by_rule.or_else(by_zone).unwrap_or(Passage::Unknown);
        }
        let each = chains.iter().map(|(table, chain)| {
            let by_rule = self.chain(table, chain, &packet, 0, &mut steps);
            by_rule.unwrap_or_else(|| self.policy(table, chain))
        });
        // Every table must let a packet through.
        each.min_by_key(rank).unwrap_or(Passage::NoFilter)
    }

    /// The chains that an incoming packet begins in: table and name.
    fn entrances(&self) -> BTreeSet<(&'a str, &'a str)> {
        let mut chains = BTreeSet::new();
        for policy in &self.policies {
            let incoming = policy.hook.as_deref() == Some("input") || (policy.hook.is_none() && policy.chain == "INPUT");
            if incoming && policy.table != "nat" && policy.table != "mangle" && policy.table != "raw" {
                chains.insert((policy.table.as_str(), policy.chain.as_str()));
            }
        }
        let plain = self.rules.iter().filter(|rule| rule.chain == "INPUT" && rule.table == "filter");
        chains.extend(plain.map(|rule| (rule.table.as_str(), rule.chain.as_str())));
        chains
    }

    fn policy(&self, table: &str, chain: &str) -> Passage {
        let own = self
            .policies
            .iter()
            .filter(|policy| policy.table == table && policy.chain == chain && policy.hook.as_deref().is_none_or(|hook| hook == "input"));
        // Of several the one that closes counts: scripts that put a filter in place also say how it is taken away.
        let each = own.map(|policy| match policy.action {
            Action::Accept => Passage::Open,
            Action::Drop | Action::Reject => Passage::Closed,
            _ => Passage::Unknown,
        });
        each.min_by_key(rank).unwrap_or(Passage::Open)
    }

    /// `None`: the packet comes out at the end of the chain.
    fn chain(&self, table: &str, chain: &str, packet: &Packet, depth: u32, steps: &mut u32) -> Option<Passage> {
        let mut perhaps = false;
        for rule in self.rules.iter().filter(|rule| rule.table == table && rule.chain == chain) {
            *steps += 1;
            if *steps > STEPS || depth > DEPTH {
                return Some(Passage::Unknown);
            }
            let fit = fit(rule, packet);
            if matches!(fit, Fit::No) {
                continue;
            }
            let decided = match &rule.action {
                Action::Accept => Some(Passage::Open),
                Action::Drop | Action::Reject => Some(Passage::Closed),
                Action::Jump(target) => self.chain(table, target, packet, depth + 1, steps),
                Action::Return if perhaps => break,
                Action::Return if matches!(fit, Fit::Yes) => return None,
                Action::Return => Some(Passage::Unknown),
                Action::Redirect(_) | Action::Continue | Action::Other(_) => None,
            };
            match (fit, decided) {
                (_, None) => {}
                (Fit::Yes, Some(passage)) if !perhaps => return Some(passage),
                (Fit::From(source), Some(Passage::Open)) if !perhaps => return Some(Passage::From(source)),
                (_, Some(_)) => perhaps = true,
            }
        }
        perhaps.then_some(Passage::Unknown)
    }
}

fn concerns(family: Family) -> bool {
    matches!(family, Family::Ip4 | Family::Inet)
}

fn fit(rule: &FirewallRule, packet: &Packet) -> Fit {
    let other_protocol = rule.protocol.as_deref().is_some_and(|protocol| match protocol.strip_prefix('!') {
        Some(not) => not.trim() == packet.protocol,
        None => !protocol.split(", ").any(|one| one == packet.protocol || one == "tcpudp" || one == "all"),
    });
    let later = !rule.states.is_empty() && !rule.states.iter().any(|state| state.eq_ignore_ascii_case("new") || state.starts_with('!'));
    let local = rule.input.as_deref() == Some("lo") || rule.source.as_deref().is_some_and(|source| source.starts_with("127."));
    if other_protocol || later || local {
        return Fit::No;
    }
    if !rule.ports.is_empty() {
        match packet.port {
            Some(port) if !rule.ports.iter().any(|(first, last)| (*first..=*last).contains(&port)) => return Fit::No,
            None => return Fit::Perhaps,
            Some(_) => {}
        }
    }
    if !rule.more.is_empty() || !rule.source_ports.is_empty() || rule.destination.is_some() {
        return Fit::Perhaps;
    }
    match rule.source.as_deref() {
        None | Some("0.0.0.0/0" | "0/0") => Fit::Yes,
        Some(source) => Fit::From(source.to_owned()),
    }
}

fn rank(passage: &Passage) -> u8 {
    match passage {
        Passage::Closed => 0,
        Passage::From(_) => 1,
        Passage::Unknown => 2,
        Passage::Open | Passage::NoFilter => 3,
    }
}
