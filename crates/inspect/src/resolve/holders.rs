//! Who holds a way in: by the host, the socket, the packet filter, the web server's door, and the checks behind them.
//!
//! Never wider than the image allows. What the image does not show is said beside it: a port that was not found, a start that is not
//! in the boot graph.

use std::collections::BTreeSet;

use assay_core::{
    Authorisation, FactId, HolderKind, Reachable, Sha256,
    facts::{
        ImageFact,
        code::{Channel, Check, CheckKind, Enforcement, Host, Transport},
        image::WebAuth,
    },
};

use super::{
    channels::{address, is_loopback, words},
    doors::{self, Door},
    filter::{Filter, Passage},
    keys,
    starts::Starts,
    system::{Program, ProgramId, System},
};

/// A system with what was worked out of it once.
pub struct Scene<'a> {
    /// Its programs and its configuration.
    pub system: System<'a>,
    /// What runs.
    pub starts: Starts,
    /// The packet filter.
    pub filter: Filter<'a>,
}

/// Who holds a way in.
#[derive(Debug, Clone)]
pub struct Bearing {
    /// Kind of holder.
    pub who: HolderKind,
    /// What identifies them.
    pub detail: String,
    /// Can they reach it?
    pub reachable: Reachable,
    /// What lets them in.
    pub authorised: BTreeSet<Authorisation>,
    /// What was taken for granted.
    pub assumed: Vec<String>,
    /// What was taken from the system's configuration.
    pub facts: Vec<FactId>,
}

/// Hosts that tell hosts.
const DEPTH: u32 = 4;

impl<'a> Scene<'a> {
    /// Works out what runs and what is let through.
    pub fn new(system: System<'a>) -> Self {
        let (starts, filter) = (Starts::new(&system), Filter::new(&system));
        Self { system, starts, filter }
    }

    /// The channel by which a program is reached, where what the program itself sees says less: the standard input, the environment and
    /// the arguments of a program that a web server or a super-server starts.
    pub fn entrance(&self, id: ProgramId, channel: &Channel) -> Option<Channel> {
        let program = self.system.program(id)?;
        match channel {
            Channel::StandardInput if self.is_cgi(program) => Some(Channel::Cgi("body".into())),
            Channel::StandardInput => self.served(program),
            Channel::Environment(name) if is_meta_variable(name) && self.is_cgi(program) => Some(Channel::Cgi(name.clone())),
            _ => super::ways::entrance(channel),
        }
    }

    fn is_cgi(&self, program: &Program) -> bool {
        self.system.image.iter().any(|(_, body)| matches!(body, ImageFact::CgiProgram(cgi) if program.names.contains(&cgi.file)))
    }

    fn served(&self, program: &Program) -> Option<Channel> {
        self.system.image.iter().find_map(|(_, body)| match body {
            ImageFact::Service(service) if program.names.contains(&service.program) => Some(service.channel.clone()),
            _ => None,
        })
    }

    /// Does the program run, as far as is known?
    pub fn runs(&self, content: &Sha256) -> Reachable {
        if self.starts.of(content).is_some() { Reachable::Yes } else { Reachable::Unknown }
    }

    /// Who can use `channel` of the program, before its own checks.
    pub fn bearing(&self, id: ProgramId, channel: &Channel) -> Bearing {
        self.bearing_at(id, channel, 0)
    }

    fn bearing_at(&self, id: ProgramId, channel: &Channel, depth: u32) -> Bearing {
        let Some(program) = self.system.program(id) else { return Bearing::new(HolderKind::Undetermined, String::new()) };
        let runs = self.runs(&program.content);
        let mut bearing = match channel {
            Channel::Cgi(_) => return self.through_web(&doors::of_cgi(&self.system, program), channel),
            Channel::Bound { transport, address, port } => return self.bound(program, channel, *transport, address.as_deref(), *port),
            Channel::Connected { transport: Transport::Unix, .. } => Bearing::new(HolderKind::Loopback, words(channel)),
            Channel::Connected { transport, host, port } => match host {
                Host::Fixed(name) if is_loopback(name) => Bearing::new(HolderKind::Loopback, words(channel)),
                Host::Fixed(name) if name.is_empty() || name.contains("{}") => Bearing::new(HolderKind::Undetermined, words(channel)),
                Host::Fixed(name) if is_many(name) => Bearing::new(HolderKind::LanUnauthenticated, address(name, *port)),
                Host::Fixed(name) => Bearing::new(HolderKind::FixedRemote, address(name, *port)),
                Host::Configured(file) => Bearing::new(HolderKind::SiteManagement, file.clone()),
                Host::Told(by) if depth < DEPTH => {
                    // Whoever names the host chooses what it says.
                    let by = self.entrance(id, by).unwrap_or_else(|| (**by).clone());
                    return self.bearing_at(id, &by, depth + 1);
                }
                Host::Everyone => Bearing::new(HolderKind::LanUnauthenticated, words(channel)),
                _ if *transport == Transport::Netlink => Bearing::new(HolderKind::Undetermined, "the kernel".into()),
                _ => Bearing::new(HolderKind::Undetermined, words(channel)),
            },
            Channel::Serial(_) | Channel::Removable(_) => Bearing::new(HolderKind::Physical, words(channel)),
            Channel::Clock => Bearing::new(HolderKind::Undetermined, words(channel)),
            _ => Bearing::new(HolderKind::Undetermined, words(channel)),
        };
        bearing.reachable = runs;
        bearing.facts.extend(self.starts.of(&program.content).map(|start| start.facts.clone()).unwrap_or_default());
        bearing
    }

    fn bound(&self, program: &Program, channel: &Channel, transport: Transport, at: Option<&str>, port: Option<u16>) -> Bearing {
        let runs = self.runs(&program.content);
        let local = transport == Transport::Unix || at.is_some_and(is_loopback);
        let served = doors::of_socket(&self.system, channel);
        if local && !served.is_empty() {
            return self.through_web(&served, channel);
        }
        let mut bearing = Bearing::new(HolderKind::LanUnauthenticated, words(channel));
        bearing.reachable = runs;
        bearing.facts.extend(self.starts.of(&program.content).map(|start| start.facts.clone()).unwrap_or_default());
        if local {
            (bearing.who, bearing.reachable) = (HolderKind::Loopback, Reachable::No);
            return bearing;
        }
        if transport == Transport::Netlink {
            bearing.who = HolderKind::Undetermined;
            return bearing;
        }
        if at.is_none() {
            bearing.assumed.push("that the socket is bound to every address".into());
        }
        if port.is_none() && matches!(transport, Transport::Tcp | Transport::Udp) {
            bearing.assumed.push("the port, which was not found".into());
        }
        match self.filter.passage(transport, port) {
            Passage::Open | Passage::NoFilter => {}
            Passage::From(source) if is_loopback(&source) => {
                (bearing.who, bearing.reachable) = (HolderKind::Loopback, Reachable::No);
            }
            Passage::From(source) => bearing.detail = format!("{}, from {source}", bearing.detail),
            Passage::Closed => {
                (bearing.who, bearing.reachable) = (HolderKind::Loopback, Reachable::No);
                bearing.detail = format!("{}, which the packet filter closes", bearing.detail);
            }
            Passage::Unknown => {
                bearing.reachable = Reachable::Unknown;
                bearing.assumed.push("that the packet filter lets it through".into());
            }
        }
        bearing
    }

    /// The widest of the doors through web servers.
    fn through_web(&self, doors: &[Door], channel: &Channel) -> Bearing {
        let each = doors.iter().map(|door| self.door(door));
        each.max_by_key(|bearing| (bearing.reachable != Reachable::No, width(bearing.who), bearing.reachable == Reachable::Yes))
            .unwrap_or_else(|| {
                let mut bearing = Bearing::new(HolderKind::Undetermined, words(channel));
                bearing.authorised.clear();
                bearing.assumed.push("that a web server runs the program".into());
                bearing
            })
    }

    fn door(&self, door: &Door) -> Bearing {
        let sockets: Vec<(bool, Passage, String)> = door
            .listen
            .iter()
            .map(|channel| match channel {
                Channel::Bound { transport, address, port } => {
                    let local = *transport == Transport::Unix || address.as_deref().is_some_and(is_loopback);
                    (local, self.filter.passage(*transport, *port), words(channel))
                }
                other => (false, Passage::Unknown, words(other)),
            })
            .collect();
        let open = sockets.iter().find(|(local, passage, _)| !local && *passage != Passage::Closed);
        let detail = match open.or(sockets.first()) {
            Some((_, _, socket)) => format!("{} on {socket}", door.url),
            None => door.url.clone(),
        };
        let who = match door.method {
            WebAuth::None => HolderKind::LanUnauthenticated,
            WebAuth::Certificate => HolderKind::KeyHolder,
            WebAuth::Basic | WebAuth::Digest | WebAuth::Denied | WebAuth::Other => HolderKind::LanAuthenticated,
        };
        let mut bearing = Bearing::new(who, detail);
        bearing.authorised.clone_from(&door.authorised);
        bearing.facts.clone_from(&door.facts);
        let runs = door.facts.iter().any(|fact| self.starts.server(*fact));
        bearing.reachable = match (open, runs) {
            _ if door.method == WebAuth::Denied => Reachable::No,
            (None, _) if !sockets.is_empty() => Reachable::No,
            (Some((_, Passage::Unknown, _)), _) | (_, false) | (None, _) => Reachable::Unknown,
            (Some(_), true) => Reachable::Yes,
        };
        if bearing.reachable == Reachable::No && who != HolderKind::KeyHolder && door.method != WebAuth::Denied {
            bearing.who = HolderKind::Loopback;
        }
        bearing
    }

    /// The same after the program's own checks: a login, a signature.
    pub fn checked(&self, mut bearing: Bearing, checks: &[Check]) -> Bearing {
        for check in checks.iter().filter(|check| check.enforced == Enforcement::Enforced) {
            if check.kind == CheckKind::PeerAddress && is_loopback(&check.detail) && bearing.who != HolderKind::FixedRemote {
                (bearing.who, bearing.reachable) = (HolderKind::Loopback, Reachable::No);
            }
            if let Some(how) = doors::login(&self.system, check) {
                bearing.authorised.remove(&Authorisation::None);
                bearing.authorised.insert(how);
                // What stands in the code keeps nobody out who has the code.
                if check.kind != CheckKind::FixedPassword && bearing.who == HolderKind::LanUnauthenticated {
                    bearing.who = HolderKind::LanAuthenticated;
                }
            }
        }
        for check in checks.iter().filter(|check| check.kind == CheckKind::Signature) {
            let key = keys::behind(&self.system, check);
            // Left out where the key is missing: it is there, as long as nobody takes it away.
            let there = check.enforced == Enforcement::SkippedWhenMissing && key.authorised == Some(Authorisation::KeyShipped);
            if !there && check.enforced != Enforcement::Enforced {
                continue;
            }
            bearing.authorised.remove(&Authorisation::None);
            bearing.authorised.extend(key.authorised);
            if !key.private {
                bearing.who = HolderKind::KeyHolder;
                bearing.detail = match (key.detail.is_empty(), bearing.detail.is_empty()) {
                    (true, _) => bearing.detail,
                    (false, true) => key.detail,
                    (false, false) => format!("{}, through {}", key.detail, bearing.detail),
                };
            }
        }
        bearing
    }
}

impl Bearing {
    fn new(who: HolderKind, detail: String) -> Self {
        Self {
            who,
            detail,
            reachable: Reachable::Unknown,
            authorised: BTreeSet::from([Authorisation::None]),
            assumed: Vec::new(),
            facts: Vec::new(),
        }
    }
}

/// How many people a kind of holder stands for: greater is wider.
pub fn width(who: HolderKind) -> u8 {
    match who {
        HolderKind::AnyRemote => 9,
        HolderKind::LanUnauthenticated => 8,
        HolderKind::FixedRemote => 7,
        HolderKind::Undetermined => 6,
        HolderKind::LanAuthenticated => 5,
        HolderKind::SiteManagement => 4,
        HolderKind::KeyHolder => 3,
        HolderKind::Physical => 2,
        HolderKind::Loopback => 1,
        HolderKind::Owner => 0,
    }
}

/// A group or broadcast address: whoever is there answers.
fn is_many(host: &str) -> bool {
    let first = host.split('.').next().and_then(|part| part.parse::<u8>().ok());
    let four = host.split('.').count() == 4;
    four && (first.is_some_and(|first| (224..240).contains(&first)) || host.ends_with(".255") || host == "255.255.255.255")
        || host.to_ascii_lowercase().starts_with("ff02:")
}

/// Variables that a web server sets for a program (RFC 3875, 4.1); `{}` is one whose name is not known.
fn is_meta_variable(name: &str) -> bool {
    let exact = ["AUTH_TYPE", "CONTENT_LENGTH", "CONTENT_TYPE", "PATH_INFO", "PATH_TRANSLATED", "QUERY_STRING", "SCRIPT_NAME", "{}"];
    exact.contains(&name) || ["HTTP_", "REMOTE_", "REQUEST_"].iter().any(|begin| name.starts_with(begin))
}
