//! Whom a command talks to, where it listens, what it sends.

use std::rc::Rc;

use assay_core::facts::code::{ActuatorKind, Channel, Disclosed, Host, Transport};

use super::{Field, Interpreter, act::Event};
use crate::script::{
    rules::{Arguments, Command, Select},
    state::State,
    value::Value,
};

/// A host as part of an address, and what is known of its port.
type Address = (Value, Option<u16>);

impl Interpreter<'_> {
    /// A channel to the host that `host` says.
    pub(super) fn connection(host: &Value, port: Option<u16>) -> Channel {
        Self::connection_over(Transport::Tcp, host, port)
    }

    fn connection_over(transport: Transport, host: &Value, port: Option<u16>) -> Channel {
        let told = host.origins();
        let host = match host.literal() {
            Some(name) if name.is_empty() => Host::Unknown,
            Some(name) => Host::Fixed(name),
            None => match told.first().map(|origin| origin.source.clone()) {
                Some(Channel::File(place) | Channel::Output(place)) => Host::Configured(place),
                Some(source) => Host::Told(Box::new(source)),
                None => Host::Unknown,
            },
        };
        Channel::Connected { transport, host, port }
    }

    pub(super) fn endpoint(&mut self, host: &Value, port: Option<u16>) {
        let channel = Self::connection(host, port);
        self.emit.endpoint(self.line, channel);
    }

    /// What a host sends.
    pub(super) fn connected_to(&mut self, host: &Value, port: Option<u16>) -> Value {
        let channel = Self::connection(host, port);
        self.emit.endpoint(self.line, channel.clone());
        self.outside(channel, &format!("received from {}", host.template()))
    }

    /// A command that talks: the endpoint, what is sent, and what comes back.
    pub(super) fn talk(&mut self, command: &Command, arguments: &Arguments, input: &Value, state: &mut State) -> Option<Value> {
        let talks = command.talks.as_ref()?;
        let asked = arguments.select(&talks.host);
        let mut answer: Option<Value> = None;
        let near = |field: &&Field| talks.behind.is_some_and(|sign| field.value.literal().is_some_and(|name| !name.contains(sign)));
        for field in asked.iter().filter(|field| !near(field)).take(8) {
            let (host, mut port) = address(&field.value);
            if let Some(select) = &talks.port
                && let Some(said) = arguments.select(select).first().and_then(|field| field.value.literal())
            {
                port = said.parse().ok();
            }
            let channel = Self::connection_over(talks.transport, &host, port.or(talks.default_port));
            self.emit.endpoint(self.line, channel.clone());
            if talks.mute {
                continue;
            }
            let mut sent: Vec<Value> = Vec::new();
            for select in talks.sends.iter().chain([&talks.host]) {
                for field in arguments.select(select) {
                    // `@file` names a file to be sent (curl).
                    let text = field.value.template();
                    if let Some(at) = text.find('@').filter(|at| *at == 0 || text[..*at].ends_with('=')).filter(|_| *select != talks.host) {
                        let path = super::texts::without_prefix(&field.value, at + 1);
                        let content = if text[at + 1..].starts_with('-') { input.clone() } else { self.read_file(&path, state) };
                        sent.push(content);
                    }
                    sent.push(field.value);
                }
            }
            for select in &talks.sends_files {
                for field in arguments.select(select) {
                    let path = field.value.clone();
                    sent.push(if path.template() == "-" { input.clone() } else { self.read_file(&path, state) });
                }
            }
            if talks.sends_input {
                sent.push(input.clone());
            }
            for value in &sent {
                self.disclose(value, &channel, state);
            }
            if !talks.tells.is_empty() {
                self.disclosure(&talks.tells, &command.name[0], &channel, &None, state);
            }
            let to = Some(channel.clone());
            let argument = field.value.template();
            let text: Vec<&Value> = sent.iter().collect();
            self.act(&Event { to, ..Event::new(ActuatorKind::Message, &command.name[0], &argument, text) }, state);
            let received = self.outside(channel, &format!("received from {}", field.value.template()));
            answer = Some(match answer {
                Some(before) => before.then(&received),
                None => received,
            });
        }
        Some(answer.unwrap_or_else(|| self.unknown()))
    }

    /// A command that listens: the socket, and what others send.
    pub(super) fn listen(&mut self, command: &Command, arguments: &Arguments) -> Option<Value> {
        let listens = command.listens.as_ref()?;
        let literal = |this: &Select| arguments.select(this).first().map(|field| field.value.template());
        let numbered = |this: &Select| {
            let all = arguments.select(this).first().map(|field| field.value.templates()).unwrap_or_default();
            all.iter().find(|text| text.bytes().any(|byte| byte.is_ascii_digit())).or(all.first()).cloned()
        };
        let said = listens.port.as_ref().and_then(numbered);
        let (mut address, said) = match said.as_deref().and_then(|text| text.rsplit_once(':')) {
            Some((host, port)) => (Some(host.trim_matches(['[', ']']).to_owned()).filter(|host| !host.is_empty()), Some(port.to_owned())),
            None => (None, said),
        };
        // `8000,reuseaddr,fork`
        let port = said.map(|text| text.split(',').next().unwrap_or_default().trim().to_owned());
        let port = port.and_then(|text| text.parse().ok()).or(listens.default_port);
        address = listens.address.as_ref().and_then(literal).or(address);
        let channel = Channel::Bound { transport: listens.transport, address, port };
        self.emit.listener(self.line, channel.clone());
        listens.receives.then(|| self.outside(channel, "received from whoever connects"))
    }

    /// Something goes to the outside: a disclosure where it tells something about the machine.
    pub(super) fn disclose(&mut self, value: &Value, to: &Channel, state: &State) {
        let mut by_source: Vec<(Rc<str>, Vec<Disclosed>, crate::script::value::Way)> = Vec::new();
        for origin in value.origins() {
            if !origin.tells.is_empty() && !by_source.iter().any(|(from, ..)| *from == origin.from) {
                by_source.push((origin.from.clone(), origin.tells.clone(), origin.way.clone()));
            }
        }
        for (from, what, way) in by_source {
            self.disclosure(&what, &from, to, &way, state);
        }
    }

    /// What a CGI script prints goes back to who asked.
    pub(super) fn print(&mut self, value: &Value, state: &mut State) {
        match &mut state.output {
            Some(output) => *output = output.then(value),
            None if self.cgi => self.disclose(&value.clone(), &Channel::Cgi("response".into()), state),
            None => {}
        }
    }
}

/// The host and port of an address: `scheme://user@host:port/path`, `host:port`, `[::1]:port`, `TCP:host:port`.
fn address(value: &Value) -> Address {
    let template = value.template();
    let (scheme, rest) = match template.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, template.as_str()),
    };
    let default = match scheme {
        Some("http") => Some(80),
        Some("https") => Some(443),
        Some("ftp") => Some(21),
        Some("tftp") => Some(69),
        _ => None,
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let host = host.strip_prefix("TCP:").or_else(|| host.strip_prefix("TCP4:")).or_else(|| host.strip_prefix("UDP:")).unwrap_or(host);
    let host = host.split(',').next().unwrap_or_default();
    let (host, port) = match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, port.parse().ok()),
        _ => (host, None),
    };
    if host.contains("{}") || host.is_empty() {
        return (value.clone(), port.or(default));
    }
    (Value::text(host.trim_matches(['[', ']'])), port.or(default))
}

/// bash's `/dev/tcp/host/port`.
pub fn pseudo(name: &str) -> Option<Address> {
    let rest = name.strip_prefix("/dev/tcp/").or_else(|| name.strip_prefix("/dev/udp/"))?;
    let (host, port) = rest.split_once('/')?;
    Some((Value::text(host), port.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, host, port) in [
            ("http://a.example/x?y=1", "a.example", Some(80)),
            ("https://u:p@a.example:8443/x", "a.example", Some(8443)),
            ("a.example:22", "a.example", Some(22)),
            ("[::1]:80", "::1", Some(80)),
            ("user@a.example:/tmp/x", "a.example", None),
            ("TCP:a.example:99", "a.example", Some(99)),
        ] {
            let (value, found) = address(&Value::text(text));
            assert_eq!((value.template().as_str(), found), (host, port), "{text}");
        }
    }
}
