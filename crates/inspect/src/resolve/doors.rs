//! What stands before a program: the web server that runs it for visitors, the login, the password, and whether that is a default one.

use std::collections::BTreeSet;

use assay_core::{
    Authorisation, FactId,
    facts::{
        ImageFact,
        code::{Channel, Check, CheckKind, Enforcement, Transport},
        image::{PasswordState, UrlPattern, WebAuth, WebServer},
    },
};

use super::{
    channels::is_loopback,
    system::{Program, System},
};

/// One way through a web server to a program.
#[derive(Debug, Clone)]
pub struct Door {
    /// URL, or what is known of it.
    pub url: String,
    /// What is asked.
    pub method: WebAuth,
    /// Passwords that open it.
    pub authorised: BTreeSet<Authorisation>,
    /// Sockets of the server.
    pub listen: Vec<Channel>,
    /// The server's fact, and the others that this was made of.
    pub facts: Vec<FactId>,
}

/// The doors to a program that web servers run.
pub fn of_cgi(system: &System, program: &Program) -> Vec<Door> {
    let mut doors = Vec::new();
    for (fact, body) in &system.image {
        let ImageFact::CgiProgram(cgi) = body else { continue };
        if !program.names.contains(&cgi.file) {
            continue;
        }
        let mut door =
            Door { url: cgi.url.clone(), method: cgi.method, authorised: BTreeSet::new(), listen: Vec::new(), facts: vec![fact.id] };
        for from in &fact.derived_from {
            match system.image_fact(*from) {
                Some((server, ImageFact::WebServer(own))) => door.serve(server.id, own),
                Some((own, ImageFact::WebDoor(_))) => door.ask(system, own.id),
                _ => {}
            }
        }
        door.finish();
        doors.push(door);
    }
    doors
}

/// The doors to a program that a web server hands requests to over a local socket.
pub fn of_socket(system: &System, channel: &Channel) -> Vec<Door> {
    let mut doors = Vec::new();
    for (fact, body) in &system.image {
        let ImageFact::WebServer(server) = body else { continue };
        for rule in server.cgi.iter().filter(|rule| rule.handler.as_deref().is_some_and(|handler| same_socket(handler, channel))) {
            let url = pattern(&rule.url);
            let mut door =
                Door { url: url.to_owned(), method: WebAuth::None, authorised: BTreeSet::new(), listen: Vec::new(), facts: Vec::new() };
            door.serve(fact.id, server);
            // The innermost door that covers the whole rule stands before it.
            let covering = system.image.iter().filter_map(|(own, body)| match body {
                ImageFact::WebDoor(asked) if own.derived_from.contains(&fact.id) => match &asked.url {
                    UrlPattern::Prefix(prefix) if url.starts_with(prefix.as_str()) => Some((prefix.len(), own.id, asked.method)),
                    _ => None,
                },
                _ => None,
            });
            if let Some((_, own, method)) = covering.max_by_key(|(length, _, _)| *length) {
                door.method = method;
                door.ask(system, own);
            }
            if rule.way == "ubus" && door.method == WebAuth::Other {
                door.sessions(system);
            }
            door.finish();
            doors.push(door);
        }
    }
    doors
}

impl Door {
    fn serve(&mut self, fact: FactId, server: &WebServer) {
        self.facts.push(fact);
        self.listen.extend(server.listen.iter().map(|listen| listen.channel.clone()));
    }

    fn ask(&mut self, system: &System, door: FactId) {
        self.facts.push(door);
        for (fact, body) in &system.image {
            if let ImageFact::Credential(credential) = body
                && fact.derived_from.contains(&door)
            {
                self.facts.push(fact.id);
                self.authorised.extend(opens(&credential.password.state));
            }
        }
    }

    /// A session of the bus is given for the password of an account that may log in (rpcd, `config login`).
    fn sessions(&mut self, system: &System) {
        for (fact, body) in &system.image {
            if let ImageFact::Account(account) = body
                && !account.copy
                && account.session != Some(false)
                && let Some(way) = opens(&account.password.state)
            {
                self.facts.push(fact.id);
                self.authorised.insert(way);
            }
        }
        if self.authorised.is_empty() {
            self.authorised.insert(Authorisation::Password);
        }
    }

    fn finish(&mut self) {
        match self.method {
            WebAuth::None => self.authorised = BTreeSet::from([Authorisation::None]),
            WebAuth::Basic | WebAuth::Digest if self.authorised.is_empty() => {
                self.authorised.insert(Authorisation::Password);
            }
            _ => {}
        }
        self.facts.sort_unstable();
        self.facts.dedup();
    }
}

/// How a stored password lets somebody in.
fn opens(state: &PasswordState) -> Option<Authorisation> {
    match state {
        PasswordState::Empty | PasswordState::Default { .. } => Some(Authorisation::DefaultPassword),
        PasswordState::NotADefault(_) | PasswordState::NotTried(_) => Some(Authorisation::Password),
        PasswordState::Locked | PasswordState::Missing => None,
    }
}

/// A login that the program itself asks for: how it is passed, and by what.
pub fn login(system: &System, check: &Check) -> Option<Authorisation> {
    if check.enforced != Enforcement::Enforced {
        return None;
    }
    match check.kind {
        // Every machine of the kind has it.
        CheckKind::FixedPassword => Some(Authorisation::DefaultPassword),
        CheckKind::Token => Some(Authorisation::Token),
        CheckKind::Password => {
            let accounts = check.detail.contains("shadow") || check.detail.contains("passwd");
            let default = system.image.iter().any(|(_, body)| {
                matches!(body, ImageFact::Account(account)
                    if !account.copy && account.session != Some(false) && opens(&account.password.state) == Some(Authorisation::DefaultPassword))
            });
            Some(if accounts && default { Authorisation::DefaultPassword } else { Authorisation::Password })
        }
        _ => None,
    }
}

fn pattern(url: &UrlPattern) -> &str {
    match url {
        UrlPattern::Prefix(text) | UrlPattern::Suffix(text) | UrlPattern::Exact(text) | UrlPattern::Expression(text) => text,
    }
}

/// Does `handler` of a web server's configuration (`host:port`, a path) name the socket that a program is bound to?
fn same_socket(handler: &str, channel: &Channel) -> bool {
    let Channel::Bound { transport, address, port } = channel else { return false };
    let handler = handler.trim_start_matches("http://").trim_start_matches("unix:").trim_end_matches('/');
    if *transport == Transport::Unix {
        return address.as_deref().is_some_and(|path| path == handler);
    }
    let Some((host, number)) = handler.rsplit_once(':') else { return false };
    let local = is_loopback(host) || matches!(host, "" | "0.0.0.0");
    let ours = address.as_deref().is_none_or(|own| own == host || is_loopback(own) || matches!(own, "0.0.0.0" | "::"));
    local && ours && port.is_some_and(|port| number == port.to_string())
}
