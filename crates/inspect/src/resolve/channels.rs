//! What channels mean: which lead outside, which stay on the machine, and how they are called.

use std::fmt::Write as _;

use assay_core::facts::code::{Channel, Host, Transport};

/// Does somebody beyond the machine stand at the other end, or a hand at the machine, or the clock? What is not known counts as no.
pub fn outside(channel: &Channel) -> bool {
    match channel {
        Channel::Bound { transport, address, .. } => {
            !matches!(transport, Transport::Unix | Transport::Netlink) && !address.as_deref().is_some_and(is_loopback)
        }
        Channel::Connected { transport, host, .. } => {
            let local = matches!(host, Host::Fixed(name) if is_loopback(name));
            !local && !matches!(transport, Transport::Unix | Transport::Netlink)
        }
        Channel::Cgi(_) | Channel::Serial(_) | Channel::Removable(_) | Channel::Clock => true,
        _ => false,
    }
}

/// Is it an address or name of the machine itself?
pub fn is_loopback(host: &str) -> bool {
    host.starts_with("127.") || matches!(host, "::1" | "localhost" | "localhost.localdomain" | "ip6-localhost")
}

/// The address and the port of a socket, as `address:port`; what is not known is left out.
pub fn address(host: &str, port: Option<u16>) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    port.map_or(host.clone(), |port| format!("{host}:{port}"))
}

/// The same channel for everything that is asked through it: the variables of one request are one way in.
pub fn way_in(channel: &Channel) -> Channel {
    match channel {
        Channel::Cgi(_) => Channel::Cgi("request".into()),
        Channel::Removable(path) => Channel::Removable(path.rsplit_once('/').map_or(path.as_str(), |(folder, _)| folder).to_owned()),
        other => other.clone(),
    }
}

/// A channel in words.
pub fn words(channel: &Channel) -> String {
    match channel {
        Channel::Bound { transport: Transport::Unix, address, .. } => {
            format!("the local socket {}", address.as_deref().unwrap_or("(name not known)"))
        }
        Channel::Bound { transport, address, port } => {
            let mut words = format!("{} port {}", transport_name(*transport), port.map_or("(not known)".into(), |port| port.to_string()));
            match address.as_deref() {
                None => {}
                Some("0.0.0.0" | "::") => words.push_str(" of every address"),
                Some(address) => drop(write!(words, " of {address}")),
            }
            words
        }
        Channel::Connected { host, port, transport } => match host {
            Host::Fixed(name) if *transport == Transport::Unix => format!("the local socket {name}"),
            Host::Fixed(name) => address(name, *port),
            Host::Configured(file) if file.is_empty() => "a host of the configuration".into(),
            Host::Configured(file) => format!("the host that {file} names"),
            Host::Told(by) => format!("a host that is told by {}", words(by)),
            Host::Everyone => "everybody on the local network".into(),
            Host::Unknown => "a host that is not known".into(),
        },
        Channel::Cgi(name) => match name.as_str() {
            "body" => "the body of a web request".into(),
            "request" => "a web request".into(),
            "response" => "the answer to a web request".into(),
            variable => format!("{variable} of a web request"),
        },
        Channel::File(path) => format!("the file {path}"),
        Channel::Output(command) => format!("the output of {command}"),
        Channel::StandardInput => "standard input".into(),
        Channel::Argument(number) => number.map_or("an argument".into(), |number| format!("argument {number}")),
        Channel::Environment(name) => format!("the variable {name}"),
        Channel::Serial(path) => format!("the serial line {path}"),
        Channel::Removable(path) => format!("a medium at {path}"),
        Channel::Clock => "the clock".into(),
        Channel::Unknown => "something that is not known".into(),
    }
}

/// Name of a transport.
pub fn transport_name(transport: Transport) -> &'static str {
    match transport {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
        Transport::Unix => "unix",
        Transport::Raw => "raw",
        Transport::Netlink => "netlink",
        Transport::Unknown => "(protocol not known)",
    }
}
