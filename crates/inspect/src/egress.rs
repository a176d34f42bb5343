//! Egress: what of a machine's traffic its site needs, what it starts by itself, and which of its doors are worth a watch.
//!
//! A site lets its miners out to what they need and to nothing else. This decides what goes on such a list; the renderings of
//! `remediation/` only write it down in the languages of filters.
//!
//! - **allow**: hosts that settings name (pools, servers of time and names), and what any machine needs of its own site where a program
//!   here asks for it: an address, the time, names.
//! - **ask**: hosts in first contents and examples (`*.factory`, `*.default`): those are the maker's, not the owner's. And hosts that settings
//!   name and that are fixed in the code as well: it may have been the maker who wrote both.
//! - **deny**: hosts that are fixed in the code, pools for a fee, everybody on the local network, whoever somebody else names. All else is
//!   denied too, for the list ends there; what is on it is named so that it can be seen when it happens.
//! - **watch**: doors through which somebody on the network has a control. An owner may need them, so they are watched and not shut.
//!
//! Every line cites: a finding by its number, rule and fingerprint, a file with its line, a program with the place in it.
//!
//! **Limitations**: who is told to the machine while it runs is not here. Settings in an image are taken for the owner's, because a
//! dump of a machine has them in the same place; what a maker put there is for the owner to strike out.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use assay_core::{
    Cell, Dossier, Evidence, Fact, FactBody, Finding, HolderKind, Locator, Question, Table,
    facts::{
        CodeFact, ImageFact,
        code::{Channel, Host, Transport},
        image::{ConfiguredPeer, PeerKind, Pool, PoolPlace},
    },
};

use crate::{
    resolve::{channel_words, is_loopback, transport_name},
    tables::{evidence, rows_table},
};

/// Title of the table.
const TITLE: &str = "Egress";
/// Headings.
const COLUMNS: [&str; 8] = ["Direction", "Verdict", "Host", "Port", "Transport", "Purpose", "Words", "Because"];
/// What a pool is for that is not the owner's.
const FEE: &str = "a pool for a fee";
/// Ends of names of first contents and examples.
const COPIES: [&str; 5] = [".factory", ".default", ".example", ".sample", ".orig"];
/// Words that every visitor of a web door says, and what stands for none.
const ORDINARY: [&str; 6] = ["POST", "HEAD", "DELETE", "OPTIONS", "PATCH", "null"];
/// Citations and places of one line.
const CITED: usize = 8;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Let it through.
    Allow,
    /// The owner decides.
    Ask,
    /// Keep it in.
    Deny,
    /// Look who comes.
    Watch,
}

impl Verdict {
    const ALL: [Self; 4] = [Self::Allow, Self::Ask, Self::Deny, Self::Watch];

    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
            Self::Watch => "watch",
        }
    }
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// What is to be done.
    pub verdict: Verdict,
    /// Name or address at the other end as it was found: it may be anything. Empty for the site's own servers, and for a door.
    pub host: String,
    /// Port.
    pub port: Option<u16>,
    /// `tcp`, `udp`, or that it is not known.
    pub transport: String,
    /// What for.
    pub purpose: String,
    /// Words that set something off, for a door.
    pub words: Vec<String>,
    /// What it rests on.
    pub because: String,
}

/// The lines of a dossier, in their order.
#[must_use]
pub fn lines(dossier: &Dossier) -> Vec<Line> {
    let rows = dossier.tables.iter().filter(|table| table.title == TITLE).flat_map(|table| &table.rows);
    rows.filter_map(|cells| Line::of(cells)).collect()
}

impl Line {
    fn cells(&self) -> Vec<Cell> {
        let text = |text: &str| if text.is_empty() { Cell::Empty } else { Cell::from(text) };
        vec![
            if self.verdict == Verdict::Watch { "in" } else { "out" }.into(),
            self.verdict.name().into(),
            text(&self.host),
            self.port.map(u64::from).into(),
            text(&self.transport),
            text(&self.purpose),
            text(&self.words.join("\n")),
            text(&self.because),
        ]
    }

    fn of(cells: &[Cell]) -> Option<Self> {
        let [_, verdict, host, port, transport, purpose, words, because] = cells else { return None };
        let port = if let Cell::Integer(port) = port { u16::try_from(*port).ok() } else { None };
        Some(Self {
            verdict: Verdict::ALL.into_iter().find(|known| Cell::from(known.name()) == *verdict)?,
            host: host.to_string(),
            port,
            transport: transport.to_string(),
            purpose: purpose.to_string(),
            words: words.to_string().lines().map(str::to_owned).collect(),
            because: because.to_string(),
        })
    }
}

type Key = (Verdict, String, Option<u16>, String);

/// What a line rests on, while it is put together.
#[derive(Default)]
struct Ground {
    purpose: String,
    words: BTreeSet<String>,
    because: Vec<String>,
    places: Vec<Evidence>,
}

/// The table, without a number.
pub(crate) fn table(facts: &[Fact], findings: &[Finding]) -> Table {
    let mut list: BTreeMap<Key, Ground> = BTreeMap::new();
    for fact in facts {
        match &fact.body {
            FactBody::Image(ImageFact::ConfiguredPeer(peer)) => named(&mut list, peer, &fact.locator),
            FactBody::Image(ImageFact::Pool(pool)) => of_pool(&mut list, pool, &fact.locator, findings),
            FactBody::Code(CodeFact::Endpoint(channel)) => spoken_to(&mut list, channel, &fact.locator, findings),
            FactBody::Code(CodeFact::Disclosure(told)) => spoken_to(&mut list, &told.to, &fact.locator, findings),
            _ => {}
        }
    }
    for finding in findings {
        door(&mut list, finding);
    }
    settle(&mut list);
    let rows = list.into_iter().map(|((verdict, host, port, transport), ground)| {
        let (purpose, because) = (ground.purpose, ground.because.join(" + "));
        let line = Line { verdict, host, port, transport, purpose, words: ground.words.into_iter().collect(), because };
        (line.cells(), ground.places)
    });
    rows_table(Question::Control, TITLE, &COLUMNS, rows.collect())
}

/// A host that is both named and denied: a pool for a fee stays denied; what else is fixed in the code as well is for the owner to decide.
fn settle(list: &mut BTreeMap<Key, Ground>) {
    let denied: Vec<Key> = list.keys().filter(|key| key.0 == Verdict::Deny && !key.1.is_empty()).cloned().collect();
    for deny in denied {
        let same = |key: &Key| key.1 == deny.1 && key.3 == deny.3 && (key.2 == deny.2 || key.2.is_none() || deny.2.is_none());
        let named: Vec<Key> = list.keys().filter(|key| matches!(key.0, Verdict::Allow | Verdict::Ask) && same(key)).cloned().collect();
        let Some(ground) = list.get(&deny).filter(|_| !named.is_empty()) else { continue };
        let (fee, because, places) = (ground.purpose == FEE, ground.because.clone(), ground.places.clone());
        for key in named {
            let Some(other) = list.remove(&key) else { continue };
            let (to, purpose) =
                if fee { (deny.clone(), FEE) } else { ((Verdict::Ask, key.1, key.2, key.3), "named by settings and fixed in the code") };
            for because in because.iter().chain(&other.because) {
                add(list, to.clone(), purpose, because.clone(), other.places.iter().chain(&places).cloned());
            }
        }
        if !fee {
            list.remove(&deny);
        }
    }
}

fn add(list: &mut BTreeMap<Key, Ground>, key: Key, purpose: &str, because: String, places: impl IntoIterator<Item = Evidence>) {
    let ground = list.entry(key).or_default();
    if ground.purpose.is_empty() {
        purpose.clone_into(&mut ground.purpose);
    }
    if ground.because.len() < CITED && !ground.because.contains(&because) {
        ground.because.push(because);
        ground.places.extend(places.into_iter().take(CITED));
    }
}

/// A host of the settings.
fn named(list: &mut BTreeMap<Key, Ground>, peer: &ConfiguredPeer, at: &Locator) {
    if is_loopback(&peer.host) || is_nobody(&peer.host) {
        return;
    }
    let verdict = if peer.copy { Verdict::Ask } else { Verdict::Allow };
    let (purpose, ways): (_, &[(Transport, Option<u16>)]) = match peer.kind {
        PeerKind::Pool => ("pool", &[(Transport::Tcp, None)]),
        PeerKind::Time => ("time", &[(Transport::Udp, Some(123))]),
        PeerKind::Names => ("names", &[(Transport::Udp, Some(53)), (Transport::Tcp, Some(53))]),
    };
    for (transport, usual) in ways {
        let key = (verdict, peer.host.clone(), peer.port.or(*usual), transport_name(*transport).to_owned());
        add(list, key, purpose, place(at), [evidence(at)]);
    }
    // Whoever is called by a name has to be looked up.
    if peer.host.parse::<IpAddr>().is_err() {
        for transport in [Transport::Udp, Transport::Tcp] {
            let key = (verdict, String::new(), Some(53), transport_name(transport).to_owned());
            add(list, key, "names", place(at), [evidence(at)]);
        }
    }
}

/// A pool of the settings: one for a fee is denied, and the owner's is allowed where nothing else has told it.
fn of_pool(list: &mut BTreeMap<Key, Ground>, pool: &Pool, at: &Locator, findings: &[Finding]) {
    if pool.place != PoolPlace::Settings || is_loopback(&pool.host) || is_nobody(&pool.host) {
        return;
    }
    let key = |verdict: Verdict| (verdict, pool.host.clone(), pool.port, transport_name(Transport::Tcp).to_owned());
    if pool.fee.is_some() {
        let mut cited: Vec<String> = findings.iter().filter(|finding| rests_on(finding, at)).map(cite).take(CITED).collect();
        cited.push(place(at));
        add(list, key(Verdict::Deny), FEE, cited.join(", "), [evidence(at)]);
    } else if !list.contains_key(&key(Verdict::Ask)) {
        let copy = COPIES.iter().any(|end| at.path.ends_with(end));
        add(list, key(if copy { Verdict::Ask } else { Verdict::Allow }), "pool", place(at), [evidence(at)]);
    }
}

/// An address at which no single host is: none, all, or a group.
fn is_nobody(host: &str) -> bool {
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_unspecified() || address.is_broadcast() || address.is_multicast(),
        Ok(IpAddr::V6(address)) => address.is_unspecified() || address.is_multicast(),
        Err(_) => false,
    }
}

/// Somebody whom a program talks to.
fn spoken_to(list: &mut BTreeMap<Key, Ground>, channel: &Channel, at: &Locator, findings: &[Finding]) {
    let Channel::Connected { transport, host, port } = channel else { return };
    if matches!(transport, Transport::Unix | Transport::Netlink) {
        return;
    }
    let needed = match (transport, port, host) {
        (Transport::Udp, Some(67), Host::Unknown | Host::Everyone | Host::Configured(_)) => Some("an address (DHCP)"),
        (Transport::Udp, Some(123), Host::Unknown | Host::Configured(_)) => Some("time"),
        (Transport::Udp | Transport::Tcp, Some(53), Host::Unknown | Host::Configured(_)) => Some("names"),
        _ => None,
    };
    if let Some(purpose) = needed {
        let key = (Verdict::Allow, String::new(), *port, transport_name(*transport).to_owned());
        return add(list, key, purpose, place(at), [evidence(at)]);
    }
    let (name, purpose) = match host {
        // A name of which nothing is known, or that means the machine itself, is nobody outside.
        Host::Fixed(name) if is_loopback(name) || name.trim_matches(['{', '}', '.', ':']).is_empty() => return,
        Host::Fixed(name) => (name.clone(), "a host that is fixed in the code"),
        Host::Everyone => ("everybody on the local network".to_owned(), "a broadcast"),
        Host::Told(by) => (format!("whoever is named through {}", channel_words(by)), "a host that somebody else names"),
        Host::Configured(_) | Host::Unknown => return,
    };
    let mut cited: Vec<String> = findings.iter().filter(|finding| rests_on(finding, at)).map(cite).take(CITED).collect();
    cited.push(place(at));
    let key = (Verdict::Deny, name, *port, transport_name(*transport).to_owned());
    add(list, key, purpose, cited.join(", "), [evidence(at)]);
}

/// Is the place part of what the finding rests on?
fn rests_on(finding: &Finding, at: &Locator) -> bool {
    finding.evidence.iter().any(|one| one.artifact == at.artifact && one.path == at.path && one.at == at.at)
}

/// A control through a port that the machine opens.
fn door(list: &mut BTreeMap<Key, Ground>, finding: &Finding) {
    let Some(holder) = &finding.holder else { return };
    let outside =
        matches!(holder.who, HolderKind::LanUnauthenticated | HolderKind::LanAuthenticated | HolderKind::AnyRemote | HolderKind::KeyHolder);
    let Some((transport, port)) = port_in(&holder.detail).filter(|_| outside) else { return };
    let key = (Verdict::Watch, String::new(), Some(port), transport.to_owned());
    add(list, key.clone(), "a door to a control", cite(finding), finding.evidence.first().cloned());
    if let Some(ground) = list.get_mut(&key).filter(|ground| ground.words.len() < CITED) {
        ground.words.extend(
            finding
                .trigger
                .iter()
                .filter(|word| word.len() >= 4 && !word.contains('\n') && !ORDINARY.contains(&word.as_str()))
                .take(CITED)
                .cloned(),
        );
    }
}

/// The port of a door, in the words that [`channel_words`] has for it; none for one that this machine alone can reach.
fn port_in(detail: &str) -> Option<(&'static str, u16)> {
    ["tcp", "udp"].into_iter().find_map(|transport| {
        let (_, rest) = detail.split_once(&format!("{transport} port "))?;
        let (port, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let local = rest.strip_prefix("of ").is_some_and(is_loopback);
        Some((transport, port.parse().ok().filter(|port| *port != 0 && !local)?))
    })
}

fn cite(finding: &Finding) -> String {
    let print = finding.fingerprint.to_string();
    format!("{} {} {}", finding.id, finding.rule, print.get(..19).unwrap_or(&print))
}

fn place(at: &Locator) -> String {
    format!("{} {}", if at.path.is_empty() { "(input)" } else { &at.path }, at.at)
}

#[cfg(test)]
mod tests;
