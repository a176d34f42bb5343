//! # Names re-pointed
//!
//! ## What it shows
//!
//! Settings of the image answer for a name of the Internet before any name server is asked: the hosts file, or dnsmasq's `address=` and
//! `server=`. And which fixed servers every name is asked of.
//!
//! ## Why it matters
//!
//! Who answers for the name of a pool has the work; who answers for the name of an update server has the machine. A line of a text file is
//! all that it takes, and the pool's settings look untouched.
//!
//! ## How it works
//!
//! Left out are the machine's own names, names without a dot, names of local networks, and everything that is ordinary in such files. What
//! a name is worth is told by who uses it: a pool's (by the settings for pools, or `rules/inspect/domains`), a maker's, or that of a host
//! that a program of the image goes to.
//!
//! | what | severity |
//! | --- | --- |
//! | a pool's, a maker's or a used name has a fixed address beyond the machine | `medium` |
//! | the same is asked of a server of its own | `low` |
//! | a pool's name leads to the machine itself, where a program may stand in for it | `low` |
//! | every name has one address | `low` |
//! | a maker's or a used name leads nowhere: it is blocked | `info` |
//! | other names of the Internet have a fixed address, or are blocked | `info` |
//! | every name is asked of fixed servers beyond the local network | `info` |
//!
//! Lines of one file that say the same kind of thing are one finding.
//!
//! ## False positives
//!
//! An integrator's own pool or proxy that is named like the public one. A list that blocks advertisements blocks a maker's name too.
//!
//! ## False negatives
//!
//! Answers of a DHCP server or of a name server beyond the machine; lines that a script writes (`control.pool-override` and
//! `control.remote-reconfigure` follow what comes from outside).
//!
//! ## References
//!
//! - hosts(5), dnsmasq(8)
//! - <https://attack.mitre.org/techniques/T1565/002/>

use std::collections::{BTreeMap, BTreeSet};

use assay_core::{
    Confidence, Effect, Evidence, Fact, FactBody, Holder, HolderKind, Observed, Question, Reachable, Severity, Stage,
    facts::{
        CodeFact, ImageFact,
        code::{Channel, Host},
        image::{NameKind, NameSetting},
    },
};

use super::super::{Case, Detector, Draft, Used, at_fact, for_reading, image_facts, shown};
use crate::domains::{self, Kind, Reach, is_public, reach};

pub(super) const DETECTOR: Detector =
    Detector { id: "control.name-override", version: 1, question: Question::Control, source: include_str!("name_override.rs"), detect };

/// Lines that one finding shows.
const EVIDENCE: usize = 50;
/// Names in a title.
const NAMED: usize = 3;

/// What the lines of one finding have in common, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Says {
    PoolMoved,
    UsedMoved,
    PoolHere,
    OwnServer,
    Everything,
    UsedBlocked,
    OtherMoved,
    OtherBlocked,
    Resolver,
}

impl Says {
    fn severity(self) -> Severity {
        match self {
            Self::PoolMoved | Self::UsedMoved => Severity::Medium,
            Self::PoolHere | Self::OwnServer | Self::Everything => Severity::Low,
            Self::UsedBlocked | Self::OtherMoved | Self::OtherBlocked | Self::Resolver => Severity::Info,
        }
    }

    fn effect(self) -> Effect {
        match self {
            Self::PoolMoved | Self::PoolHere => Effect::RedirectWork,
            _ => Effect::Reconfigure,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::PoolMoved => "gives the name of a pool a fixed address",
            Self::UsedMoved => "gives a name that the machine goes to a fixed address",
            Self::PoolHere => "leads the name of a pool to the machine itself",
            Self::OwnServer => "has a name that the machine goes to asked of a server of its own",
            Self::Everything => "answers for every name",
            Self::UsedBlocked => "blocks a name that the machine or its maker uses",
            Self::OtherMoved => "gives other names of the Internet a fixed address",
            Self::OtherBlocked => "blocks names of the Internet",
            Self::Resolver => "has every name asked of fixed servers beyond the local network",
        }
    }
}

/// A line, and those of its names that it is about.
type Line<'a> = (&'a Fact, &'a NameSetting, Vec<&'a str>);

/// What of the Internet an image uses.
struct Uses {
    pools: BTreeSet<String>,
    hosts: BTreeSet<String>,
}

impl Uses {
    fn of(facts: &[Fact]) -> Self {
        let (mut pools, mut hosts) = (BTreeSet::new(), BTreeSet::new());
        for fact in facts.iter().filter(|fact| !for_reading(&fact.locator.path)) {
            match &fact.body {
                FactBody::Image(ImageFact::Pool(pool)) => drop(pools.insert(pool.host.clone())),
                FactBody::Code(CodeFact::Endpoint(Channel::Connected { host: Host::Fixed(host), .. })) => {
                    hosts.insert(host.to_ascii_lowercase());
                }
                _ => {}
            }
        }
        Self { pools, hosts }
    }

    fn pool(&self, name: &str) -> bool {
        domains::of(name).is_some_and(|domain| domain.kind == Kind::Pool) || Self::among(&self.pools, name)
    }

    fn used(&self, name: &str) -> bool {
        domains::of(name).is_some() || Self::among(&self.hosts, name)
    }

    /// Is it one of them, or what one of them is below?
    fn among(all: &BTreeSet<String>, name: &str) -> bool {
        all.contains(name) || all.iter().any(|one| one.strip_suffix(name).is_some_and(|rest| rest.ends_with('.')))
    }
}

fn detect(case: &Case) -> Vec<Draft> {
    case.by_subject().flat_map(of_one).collect()
}

fn of_one(facts: &[Fact]) -> Vec<Draft> {
    let uses = Uses::of(facts);
    let mut found: BTreeMap<(&str, Says), Vec<Line>> = BTreeMap::new();
    for (fact, image) in image_facts(facts) {
        let ImageFact::NameSetting(setting) = image else { continue };
        let mut by_kind: BTreeMap<Says, Vec<&str>> = BTreeMap::new();
        if setting.kind == NameKind::Resolver && reach(&setting.value) == Reach::Public {
            by_kind.entry(Says::Resolver).or_default();
        }
        for name in &setting.names {
            if let Some(says) = says(setting, name, &uses) {
                by_kind.entry(says).or_default().push(name);
            }
        }
        for (says, names) in by_kind {
            found.entry((&fact.locator.path, says)).or_default().push((fact, setting, names));
        }
    }
    found.into_iter().map(|((path, says), lines)| draft(path, says, &lines)).collect()
}

/// What a setting says of one name; none for what is ordinary.
fn says(setting: &NameSetting, name: &str, uses: &Uses) -> Option<Says> {
    let to = reach(&setting.value);
    if name == "#" {
        return (setting.kind == NameKind::Answer && to != Reach::Nowhere).then_some(Says::Everything);
    }
    if !is_public(name) {
        return None;
    }
    let (pool, used) = (uses.pool(name), uses.used(name));
    // A machine that is called like a pool is no excuse.
    if setting.own.iter().any(|own| own == name) && !pool && !used {
        return None;
    }
    match (setting.kind, to) {
        (NameKind::Server, _) => (pool || used).then_some(Says::OwnServer),
        (NameKind::Hosts | NameKind::Answer, Reach::Nowhere) if pool => Some(Says::PoolHere),
        (NameKind::Hosts | NameKind::Answer, Reach::Nowhere) if used => Some(Says::UsedBlocked),
        (NameKind::Hosts | NameKind::Answer, Reach::Nowhere) => Some(Says::OtherBlocked),
        (NameKind::Hosts | NameKind::Answer, _) if pool => Some(Says::PoolMoved),
        (NameKind::Hosts | NameKind::Answer, _) if used => Some(Says::UsedMoved),
        (NameKind::Hosts | NameKind::Answer, _) => Some(Says::OtherMoved),
        (NameKind::Resolver | NameKind::Order, _) => None,
    }
}

fn draft(path: &str, says: Says, lines: &[Line]) -> Draft {
    let words = |names: &[&str], value: &str| match (names.is_empty(), value.is_empty()) {
        (true, _) => value.to_owned(),
        (false, true) => format!("{} (not known)", names.join(" ")),
        (false, false) => format!("{} → {value}", names.join(" ")),
    };
    let few = |names: &[&'_ str], value: &str| {
        let more = names.len().saturating_sub(NAMED);
        let first = words(&names[..names.len().min(NAMED)], value);
        if more > 0 { format!("{first} (and {more} more)") } else { first }
    };
    let mut shown_first: Vec<String> = lines.iter().take(NAMED).map(|(_, setting, names)| few(names, &setting.value)).collect();
    if lines.len() > NAMED {
        shown_first.push(format!("and {} more", lines.len() - NAMED));
    }
    let note = |kind: NameKind| match kind {
        NameKind::Hosts => "an address for these names",
        NameKind::Answer => "an address for these names and all below them",
        NameKind::Server => "a server for these names and all below them",
        NameKind::Resolver | NameKind::Order => "a server for every name",
    };
    let evidence: Vec<Evidence> = lines
        .iter()
        .take(EVIDENCE)
        .map(|(fact, setting, names)| at_fact(&fact.locator, note(setting.kind), words(names, &setting.value)))
        .collect();
    let values: BTreeSet<&str> = lines.iter().map(|(_, setting, _)| setting.value.as_str()).collect();
    let detail = values.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let nowhere = values.iter().all(|value| reach(value) == Reach::Nowhere);
    let who = if nowhere { HolderKind::Loopback } else { HolderKind::FixedRemote };
    Draft {
        title: format!("{} {}: {}", shown(path), says.words(), shown_first.join("; ")),
        severity: says.severity(),
        confidence: Confidence::Firm,
        effect: Some(says.effect()),
        subject: (
            path.to_owned(),
            format!("{says:?} {}", evidence.iter().map(|one| one.excerpt.as_str()).collect::<Vec<_>>().join("; ")).into_bytes(),
        ),
        evidence,
        used: Some(Used {
            holder: Holder { who, detail },
            stage: Stage { present: true, reachable: Reachable::Unknown, authorised: Vec::new(), observed: Observed::NotLooked },
            trigger: Vec::new(),
        }),
        references: vec!["https://attack.mitre.org/techniques/T1565/002/".into()],
    }
}
