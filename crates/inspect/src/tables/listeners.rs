//! Who waits for others: each socket with its port, its address, what the packet filter does with it, and what is asked there.

use std::collections::{BTreeMap, BTreeSet};

use assay_core::{
    At, Cell, Evidence, Fact, Locator,
    facts::{
        CodeFact, ImageFact,
        code::{Channel, CheckKind, Enforcement, Transport},
        image::{PasswordState, RootLogin, SshServer, WebAuth},
    },
};

use super::{code::Row, evidence};
use crate::resolve::{Scene, is_loopback, transport_name};

/// Headings.
pub(super) const COLUMNS: [&str; 7] = ["Program", "Transport", "Port", "Address", "Packet filter", "Login", "Runs"];

/// One row per program and socket.
pub(super) fn rows(scene: &Scene) -> Vec<Row> {
    let mut list = List { scene, rows: BTreeMap::new(), told: BTreeSet::new() };
    for (fact, body) in &scene.system.image {
        match body {
            ImageFact::WebServer(server) => {
                let runs = scene.starts.server(fact.id).then(|| "yes".to_owned());
                let name = server.program.as_deref().unwrap_or(&server.kind);
                for listen in &server.listen {
                    let login = format!("{}{}", web_login(scene, fact), if listen.tls { ", over TLS" } else { "" });
                    list.add(name, &listen.channel, &login, runs.clone(), fact);
                }
            }
            ImageFact::SshServer(server) => {
                let name = server.program.as_deref().unwrap_or(&server.kind);
                for channel in &server.listen {
                    list.add(name, channel, &ssh_login(server), list.started(name), fact);
                }
            }
            ImageFact::Service(service) => {
                let login = service.login.as_ref().map_or_else(|| "not known".to_owned(), |login| format!("none: {login} for everybody"));
                list.add(&service.program, &service.channel, &login, list.started(&service.program), fact);
            }
            _ => {}
        }
    }
    for program in &scene.system.programs {
        for (fact, body) in &program.facts {
            if let CodeFact::Listener(channel) = body {
                let runs = scene.starts.of(&program.content).map(|start| start.how.clone());
                list.add(program.path(), channel, &own_login(program.facts.iter().map(|(_, body)| *body), channel), runs, fact);
            }
        }
    }
    list.finish()
}

struct List<'s, 'a> {
    scene: &'s Scene<'a>,
    /// Cells, places, and whether configuration tells it.
    rows: BTreeMap<(String, Channel), (Vec<Cell>, Vec<Evidence>, bool)>,
    /// Commands that configuration already explains: a script that starts a server is not the server.
    told: BTreeSet<&'s Locator>,
}

impl<'s> List<'s, '_> {
    /// Rows of what was seen less well beside what was seen better are left out: a port that was not found where the same program has
    /// another or its protocol was not, the command that starts a server where the server's own configuration is told, a library without a
    /// port.
    fn finish(self) -> Vec<Row> {
        let port = |channel: &Channel| match channel {
            Channel::Bound { port, transport, .. } if *transport != Transport::Unix => port.filter(|port| *port != 0),
            _ => None,
        };
        let known: BTreeSet<(&str, Option<u16>)> = self.rows.keys().map(|(program, channel)| (program.as_str(), port(channel))).collect();
        let clear: BTreeSet<(&str, Option<u16>)> = self
            .rows
            .keys()
            .filter(|(_, channel)| has_transport(channel))
            .map(|(program, channel)| (program.as_str(), port(channel)))
            .collect();
        let served: BTreeSet<Option<u16>> = self.rows.iter().filter(|(_, row)| row.2).map(|((_, channel), _)| port(channel)).collect();
        let mut unknown: BTreeMap<&str, &Channel> = BTreeMap::new();
        let mut kept = BTreeSet::new();
        // From the back: a known address stands behind an unknown one.
        for (key, row) in self.rows.iter().rev() {
            let (program, channel) = (key.0.as_str(), &key.1);
            let local = matches!(channel, Channel::Bound { transport: Transport::Unix | Transport::Netlink, .. });
            let script = row.1.iter().all(|place| matches!(place.at, At::Line(_)));
            let keep = match port(channel) {
                Some(own) if !has_transport(channel) && clear.contains(&(program, Some(own))) => false,
                Some(own) => row.2 || !(script && served.contains(&Some(own))),
                None if local => !matches!(channel, Channel::Bound { address: None, .. }),
                None => {
                    let other = known.iter().any(|(name, port)| *name == program && port.is_some());
                    !other && !program.contains(".so") && unknown.insert(program, channel).is_none()
                }
            };
            if keep {
                kept.insert(key.clone());
            }
        }
        self.rows.into_iter().filter(|(key, _)| kept.contains(key)).map(|(_, (cells, places, _))| (cells, places)).collect()
    }

    fn started(&self, program: &str) -> Option<String> {
        let content = self.scene.system.started_by(program)?;
        self.scene.starts.of(&content).map(|start| start.how.clone())
    }

    fn add(&mut self, program: &str, channel: &Channel, login: &str, runs: Option<String>, fact: &'s Fact) {
        let Channel::Bound { transport, address, port } = channel else { return };
        let image = matches!(fact.body, assay_core::FactBody::Image(_));
        if !image && self.told.contains(&fact.locator) {
            return;
        }
        if image {
            self.told.insert(&fact.locator);
        }
        let local = *transport == Transport::Unix || address.as_deref().is_some_and(is_loopback);
        let filter = if local { "this machine only".to_owned() } else { self.scene.filter.passage(*transport, *port).words() };
        let cells = vec![
            program.into(),
            transport_name(*transport).into(),
            port.map_or(Cell::Empty, |port| Cell::from(u64::from(port))),
            address.as_deref().unwrap_or("not known").into(),
            filter.into(),
            login.into(),
            runs.unwrap_or_else(|| "not known".into()).into(),
        ];
        let row = self.rows.entry((program.to_owned(), channel.clone())).or_insert_with(|| (cells, Vec::new(), image));
        if row.1.len() < 8 {
            row.1.push(evidence(&fact.locator));
        }
    }
}

/// Is the protocol of a socket known?
fn has_transport(channel: &Channel) -> bool {
    !matches!(channel, Channel::Bound { transport: Transport::Unknown, .. })
}

/// What a web server asks, from the loosest of its doors to the strictest, and whether a default password opens one.
fn web_login(scene: &Scene, server: &Fact) -> String {
    let mut asked = BTreeSet::new();
    let mut doors = BTreeSet::new();
    for (fact, body) in &scene.system.image {
        match body {
            ImageFact::WebDoor(door) if fact.derived_from.contains(&server.id) => {
                doors.insert(fact.id);
                asked.insert(door.method);
            }
            ImageFact::CgiProgram(cgi) if fact.derived_from.contains(&server.id) => drop(asked.insert(cgi.method)),
            _ => {}
        }
    }
    let opened = scene.system.image.iter().any(|(fact, body)| {
        matches!(body, ImageFact::Credential(credential)
            if fact.derived_from.iter().any(|door| doors.contains(door))
                && matches!(credential.password.state, PasswordState::Default { .. } | PasswordState::Empty))
    });
    let method = |method: &WebAuth| match method {
        WebAuth::None => "none",
        WebAuth::Basic => "basic",
        WebAuth::Digest => "digest",
        WebAuth::Certificate => "certificate",
        WebAuth::Denied => "denied",
        WebAuth::Other => "other",
    };
    let words = if asked.is_empty() { "none".to_owned() } else { asked.iter().map(method).collect::<Vec<_>>().join(", ") };
    if opened { format!("{words} (default password)") } else { words }
}

fn ssh_login(server: &SshServer) -> String {
    let root = match server.root {
        RootLogin::No => "not as root",
        RootLogin::KeysOnly => "as root with keys only",
        RootLogin::Yes => "as root too",
    };
    format!("{}, {root}", if server.password { "password or key" } else { "key" })
}

/// What the program itself asks on the ways from that socket.
fn own_login<'f>(facts: impl Iterator<Item = &'f CodeFact>, channel: &Channel) -> String {
    let (mut ways, mut asked) = (0, BTreeSet::new());
    for fact in facts {
        let (source, checks) = match fact {
            CodeFact::Flow(flow) => (&flow.source, &flow.checks),
            CodeFact::Disclosure(told) => (&told.to, &told.checks),
            _ => continue,
        };
        if source != channel {
            continue;
        }
        ways += 1;
        for check in checks.iter().filter(|check| check.enforced == Enforcement::Enforced) {
            match check.kind {
                CheckKind::Password => drop(asked.insert("password")),
                CheckKind::FixedPassword => drop(asked.insert("password in the code")),
                CheckKind::Token => drop(asked.insert("token")),
                CheckKind::Signature => drop(asked.insert("signature")),
                _ => {}
            }
        }
    }
    match (ways, asked.is_empty()) {
        (0, _) => "not known".into(),
        (_, true) => "none seen".into(),
        (_, false) => asked.into_iter().collect::<Vec<_>>().join(", "),
    }
}
