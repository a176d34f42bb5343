//! Programs started when somebody connects.
//!
//! **Source**: `inetd.conf(5)` of BusyBox and of OpenBSD inetd; `xinetd.conf(5)`; the numbers of names from the image's `/etc/services`.
//!
//! **Limitations**: RPC services and TCPMUX are told without a port.

use std::collections::BTreeMap;

use assay_core::{
    Locator,
    facts::{
        ImageFact,
        code::{Channel, Transport},
        image::{Phase, Service, Starter},
    },
    firewall,
};

use super::step::plain_step;
use crate::{
    reader::Reader,
    text::{Text, words},
};

/// Files that one xinetd configuration may include.
const FILES: usize = 512;

/// All of them.
pub fn read(reader: &mut Reader) {
    let ports = services(reader);
    if let Some(text) = reader.text("/etc/inetd.conf") {
        for (number, line) in text.plain_lines() {
            inetd(reader, &text, number, line, &ports);
        }
    }
    xinetd(reader, &ports);
}

type Ports = BTreeMap<(String, bool), u16>;

/// Ports of `/etc/services` by name and whether it is UDP.
fn services(reader: &mut Reader) -> Ports {
    let mut ports = Ports::new();
    let Some(text) = reader.text("/etc/services") else { return ports };
    for (_, line) in text.plain_lines() {
        let mut fields = line.split('#').next().unwrap_or_default().split_ascii_whitespace();
        let Some(name) = fields.next() else { continue };
        let Some((Ok(port), protocol)) =
            fields.next().and_then(|field| field.split_once('/')).map(|(port, protocol)| (port.parse(), protocol))
        else {
            continue;
        };
        for name in std::iter::once(name).chain(fields) {
            ports.entry((name.to_owned(), protocol == "udp")).or_insert(port);
        }
    }
    ports
}

fn number(ports: &Ports, name: &str, udp: bool) -> Option<u16> {
    name.parse().ok().or_else(|| ports.get(&(name.to_owned(), udp)).copied()).or_else(|| firewall::port(name))
}

/// `[address:]service type protocol wait user program arguments…`, where the arguments begin with the program's own name.
fn inetd(reader: &mut Reader, text: &Text, line: u64, content: &str, ports: &Ports) {
    let fields = words(content);
    let [service, _, protocol, _, user, program, arguments @ ..] = &fields[..] else {
        reader.bad_line(text, line, "a line of inetd.conf has seven fields");
        return;
    };
    let (address, service) = service.rsplit_once(':').map_or((None, service.as_str()), |(address, name)| (Some(address.to_owned()), name));
    let udp = protocol.starts_with("udp");
    let user = user.split(['.', ':']).next().unwrap_or_default();
    let visit = Visit {
        name: service,
        program,
        arguments: arguments.get(1..).unwrap_or_default().to_vec(),
        channel: bound(udp, address, number(ports, service, udp)),
        user: Some(user.to_owned()),
    };
    if program != "internal" {
        visit.tell(reader, text.at(line));
    }
}

fn bound(udp: bool, address: Option<String>, port: Option<u16>) -> Channel {
    let transport = if udp { Transport::Udp } else { Transport::Tcp };
    let address = address.filter(|address| address != "*").unwrap_or_else(|| "0.0.0.0".into());
    Channel::Bound { transport, address: Some(address), port }
}

struct Visit<'s> {
    name: &'s str,
    program: &'s str,
    arguments: Vec<String>,
    channel: Channel,
    user: Option<String>,
}

impl Visit<'_> {
    fn tell(self, reader: &mut Reader, at: Locator) {
        let mut step = plain_step(Phase::Request, Starter::Inetd, self.name, self.program, self.arguments);
        step.user.clone_from(&self.user);
        step.condition = Some(format!("somebody connects to {}", self.name));
        let login = step.arguments.iter().position(|word| word == "-l").and_then(|index| step.arguments.get(index + 1)).cloned();
        let program = reader.root.find_program(self.program.as_bytes()).map_or_else(|_| self.program.to_owned(), |place| place.shown());
        let fact = reader.step(at.clone(), None, step);
        let service = Service { name: self.name.to_owned(), program, channel: self.channel, user: self.user, login };
        reader.fact(at, "boot", fact, ImageFact::Service(Box::new(service)));
    }
}

#[derive(Default)]
struct Block {
    line: u64,
    name: String,
    values: BTreeMap<String, String>,
}

fn xinetd(reader: &mut Reader, ports: &Ports) {
    let mut open = vec!["/etc/xinetd.conf".to_owned()];
    let mut seen = Vec::new();
    let mut defaults = BTreeMap::new();
    while let Some(path) = open.pop() {
        if seen.contains(&path) || seen.len() >= FILES {
            continue;
        }
        let Some(text) = reader.text(&path) else { continue };
        seen.push(path);
        let mut block: Option<Block> = None;
        let mut includes = Vec::new();
        for (number, line) in text.plain_lines() {
            if let Some(directory) = line.strip_prefix("includedir ") {
                let directory = directory.trim();
                includes.extend(reader.list(directory).iter().filter(|name| !name.contains('.')).map(|name| format!("{directory}/{name}")));
            } else if let Some(file) = line.strip_prefix("include ") {
                includes.push(file.trim().to_owned());
            } else if let Some(name) = line.strip_prefix("service ") {
                block = Some(Block { line: number, name: name.trim_end_matches('{').trim().to_owned(), ..Block::default() });
            } else if line.starts_with("defaults") {
                block = Some(Block { line: number, ..Block::default() });
            } else if line == "}" {
                match block.take() {
                    Some(block) if block.name.is_empty() => defaults = block.values,
                    Some(block) => service(reader, &text, &block, &defaults, ports),
                    None => reader.bad_line(&text, number, "a brace that nothing opened"),
                }
            } else if let (Some(block), Some((name, value))) = (&mut block, line.split_once('=')) {
                block.values.insert(name.trim_end_matches(['+', '-', ' ']).to_owned(), value.trim().to_owned());
            }
        }
        if let Some(block) = block {
            reader.bad_line(&text, block.line, "a service without its closing brace");
        }
        // Included files keep their order.
        open.extend(includes.into_iter().rev());
    }
}

fn service(reader: &mut Reader, text: &Text, block: &Block, defaults: &BTreeMap<String, String>, ports: &Ports) {
    let value = |name: &str| block.values.get(name).or_else(|| defaults.get(name)).map(String::as_str);
    if value("disable") == Some("yes") || value("type").is_some_and(|kind| kind.contains("INTERNAL")) {
        return;
    }
    let Some(program) = value("server") else { return };
    let udp = value("protocol") == Some("udp") || value("socket_type") == Some("dgram");
    let port = value("port").and_then(|port| port.parse().ok()).or_else(|| number(ports, &block.name, udp));
    let visit = Visit {
        name: &block.name,
        program,
        arguments: words(value("server_args").unwrap_or_default()),
        channel: bound(udp, value("bind").or_else(|| value("interface")).map(str::to_owned), port),
        user: value("user").map(str::to_owned),
    };
    visit.tell(reader, text.at(block.line));
}
