//! The two ends of a socket: where it was bound or connected, and whom the address names.
//!
//! An address is read from the `sockaddr` as it stands in memory before the call (Linux `ip(7)`, `unix(7)`), from the text that a name was
//! looked up by, or from a URL.

use std::collections::HashMap;

use assay_core::facts::code::{Channel, Host, Transport};

use super::{
    addresses::{exchanges, is_address},
    channel::{Channels, Opener},
    context::{Context, Trail},
    objects::Object,
    resolve::Found,
    text::{Origin, Shape, Text},
};
use crate::{
    functions::FunctionId,
    models::{Ends, Gives, Model},
    values::{Address, CallId, Expr, Location, Snapshot},
};

/// Hosts that one call can go to, by name.
const HOSTS: usize = 4;
/// Longest name of a host (RFC 1035, 2.3.4).
const NAME: usize = 255;
/// Families of addresses that have ports, as a `sockaddr` begins with them (Linux `socket.h`).
const AF_INET: u64 = 2;
const AF_INET6: u64 = 10;

/// A bind or a connect, or a message that says itself to whom it goes (`sendto`).
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    function: FunctionId,
    call: CallId,
    ends: Ends,
    bound: bool,
    /// For one message alone: where the socket itself is bound, answers go by such, and whoever asks may be anybody.
    pub message: bool,
}

impl Channels<'_, '_> {
    /// Binds and connects of each socket.
    pub(super) fn ends(&self) -> &HashMap<Opener, Vec<End>> {
        let resolver = self.contents.resolver;
        let all = || {
            let mut all: HashMap<Opener, Vec<End>> = HashMap::new();
            for (number, local) in resolver.unit.locals.iter().enumerate() {
                let function = FunctionId(number as u32);
                for index in 0..local.calls.len() {
                    let call = CallId(index as u32);
                    let Some((_, model)) = resolver.unit.model(function, call) else { continue };
                    let ways = [(model.binds, true, false), (model.connects, false, false), (message(model), false, true)];
                    for (ends, bound, message) in ways.into_iter().filter_map(|(ends, bound, message)| Some((ends?, bound, message))) {
                        if ends.on == u8::MAX {
                            all.entry((function, call)).or_default().push(End { function, call, ends, bound, message });
                            continue;
                        }
                        let Some((_, handle)) = resolver.unit.argument(function, call, usize::from(ends.on)) else { continue };
                        for (found, ..) in resolver.resolve(function, handle, &Context::default()) {
                            if let Found::Result(owner, opener) = found {
                                all.entry((owner, opener)).or_default().push(End { function, call, ends, bound, message });
                            }
                        }
                    }
                }
            }
            all
        };
        self.ends.get_or_init(|| resolver.budget.aside(all))
    }

    /// To whom a message goes that says it itself; nothing where it answers somebody, or where nothing is known of whom it names.
    pub fn addressed(&self, function: FunctionId, call: CallId) -> Vec<Channel> {
        let Some(ends) = self.contents.resolver.unit.model(function, call).and_then(|(_, model)| message(model)) else { return Vec::new() };
        let socket = self.argument(function, call, ends.on, &Context::default());
        let transport = socket.iter().find_map(|channel| match channel {
            Channel::Connected { transport, .. } | Channel::Bound { transport, .. } => Some(*transport),
            _ => None,
        });
        let mut channels = Vec::new();
        self.address(
            &End { function, call, ends, bound: false, message: true },
            transport.unwrap_or(Transport::Unknown),
            &Context::default(),
            &mut channels,
        );
        channels.retain(|channel| !matches!(channel, Channel::Connected { host: Host::Unknown, .. }));
        channels.sort();
        channels.dedup();
        channels
    }

    /// What an address says: the channel for each possible one. `context`: the calls that led to whoever opened the socket. A helper that
    /// connects for all of a program has another end for each of its callers.
    pub(super) fn address(&self, end: &End, transport: Transport, context: &Context, channels: &mut Vec<Channel>) {
        let context = &context.within(end.function);
        let unit = self.contents.resolver.unit;
        let Some((local, pointer)) = unit.argument(end.function, end.call, usize::from(end.ends.address)) else { return };
        let Some(call) = local.call(end.call) else { return };
        if let Some(port) = end.ends.port {
            let hosts = names(self.texts(end.function, end.call, end.ends.address, context));
            let ports = self.contents.argument(end.function, call, usize::from(port), context);
            let written = ports.first().and_then(Text::known).and_then(|text| String::from_utf8(text).ok()?.parse().ok());
            let port = written.or_else(|| u16::try_from(self.number(end.function, end.call, port)?).ok());
            channels.extend(hosts.iter().map(|host| Self::end(end.bound, transport, self.host(host), port)));
            return;
        }
        if transport == Transport::Unix {
            let texts = self.contents.at(end.function, shifted(local, pointer, 2), &call.memory, context);
            for text in texts {
                let shown = text.show();
                // Bytes that are no text are the start of something else, as of a structure that a library filled; a word that is no path
                // is one, too (`unix(7)`: a path, or a name that begins with a zero).
                let path = shown.starts_with(['/', '@', '.', '{']) || shown.contains("sock");
                let host = if shown.chars().any(char::is_control) || !path { Host::Unknown } else { Host::Fixed(shown) };
                channels.push(Self::end(end.bound, transport, host, None));
            }
            return;
        }
        let Address::At(at) = local.locate(pointer, unit.program, unit.machine) else { return };
        let ports = self.port(end.function, at, &call.memory, pointer, context);
        let hosts = self.hosts(end.function, at, &call.memory, pointer, end.bound, context);
        for host in &hosts {
            for port in if ports.is_empty() { &[None][..] } else { &ports[..] } {
                channels.push(Self::end(end.bound, transport, host.clone(), *port));
            }
        }
    }

    fn end(bound: bool, transport: Transport, host: Host, port: Option<u16>) -> Channel {
        if !bound {
            return Channel::Connected { transport, host, port };
        }
        let address = match host {
            Host::Fixed(address) => Some(address),
            Host::Everyone => Some("0.0.0.0".into()),
            _ => None,
        };
        Channel::Bound { transport, address, port }
    }

    /// The port at offset 2 of a `sockaddr_in`, in network order.
    fn port(&self, function: FunctionId, at: Location, memory: &Snapshot, pointer: Expr, context: &Context) -> Vec<Option<u16>> {
        let here = |offset: u64| Location { base: at.base, offset: at.offset.wrapping_add(offset) & self.contents.resolver.width().mask() };
        let mut ports: Vec<Option<u16>> = Vec::new();
        // Family and port are often stored as one word. A family alone, with zeros behind it, is no port.
        for (found, ..) in self.contents.resolver.word(function, here(0), memory, context) {
            if let Found::Number(number) = found
                && number >> 16 != 0
                && matches!(number & 0xffff, AF_INET | AF_INET6)
            {
                ports.push(Some(((number >> 16) as u16).swap_bytes()));
            }
        }
        if !ports.is_empty() {
            ports.sort_unstable();
            ports.dedup();
            return ports;
        }
        for (found, above, _) in self.contents.resolver.word(function, here(2), memory, context) {
            match found {
                Found::Number(number) => ports.push(Some((number as u16).swap_bytes())),
                Found::Result(owner, call) => {
                    // htons of something.
                    let swapped = self.contents.resolver.unit.model(owner, call).and_then(|(_, model)| match model.gives {
                        Some(Gives::Swapped(index)) => Some(index),
                        _ => None,
                    });
                    let value = swapped.and_then(|index| self.contents.resolver.unit.argument(owner, call, usize::from(index)));
                    let numbers = value.and_then(|(_, value)| self.contents.resolver.numbers(owner, value, &above));
                    ports.extend(numbers.into_iter().flatten().map(|number| Some(number as u16)));
                }
                Found::Operation(owner, expr) => ports.extend(self.swapped(owner, expr, &above).into_iter().map(Some)),
                _ => {}
            }
        }
        if ports.is_empty()
            && let Some(call) = self.lookup(function, pointer)
        {
            let texts = self.texts(call.0, call.1, 1, &self.into_callee(function, call.0, context));
            ports.extend(texts.iter().filter_map(|text| String::from_utf8(text.known()?).ok()?.parse().ok()).map(Some));
        }
        ports.sort_unstable();
        ports.dedup();
        ports
    }

    /// The numbers whose two bytes an operation exchanges: `htons` where the compiler knows it, as one instruction or as shifts.
    fn swapped(&self, function: FunctionId, expr: Expr, context: &Context) -> Vec<u16> {
        let Some(local) = self.contents.resolver.unit.local(function) else { return Vec::new() };
        let mut leaves = Vec::new();
        local.exprs.leaves(expr, &mut leaves);
        let [leaf] = leaves[..] else { return Vec::new() };
        let value = local.exprs.leaf_expr(leaf).filter(|_| exchanges(local, expr));
        let numbers = value.and_then(|value| self.contents.resolver.numbers(function, value, context));
        numbers.into_iter().flatten().map(|number| number as u16).collect()
    }

    /// The host at offset 4 of a `sockaddr_in`.
    fn hosts(&self, function: FunctionId, at: Location, memory: &Snapshot, pointer: Expr, bound: bool, context: &Context) -> Vec<Host> {
        let resolver = self.contents.resolver;
        let at = Location { base: at.base, offset: at.offset.wrapping_add(4) & resolver.width().mask() };
        let mut hosts = Vec::new();
        for (found, above, _) in resolver.word(function, at, memory, context) {
            match found {
                Found::Number(number) if is_address(number as u32, bound) => hosts.push(numeric(number as u32, bound)),
                Found::Result(owner, call) | Found::Written(owner, call, _) => self.looked_up(owner, call, bound, &above, &mut hosts),
                Found::Filled(owner, call, _) | Found::Behind(Object::Result(owner, call) | Object::Written(owner, call, _), ..) => {
                    self.looked_up(owner, call, bound, &above, &mut hosts);
                }
                _ => {}
            }
        }
        if hosts.is_empty()
            && let Some((owner, call)) = self.lookup(function, pointer)
        {
            self.looked_up(owner, call, bound, &self.into_callee(function, owner, context), &mut hosts);
        }
        if hosts.is_empty() {
            hosts.push(Host::Unknown);
        }
        hosts.sort();
        hosts.dedup();
        // Where a variable begins as zero and is set later, the zero is no address of anybody.
        if hosts.len() > 1 && !bound {
            hosts.retain(|host| *host != Host::Fixed("0.0.0.0".into()));
        }
        hosts
    }

    /// The calls that led to `callee`, seen from one that `context` leads to: where a look-up stands in a helper of the helper.
    fn into_callee(&self, function: FunctionId, callee: FunctionId, context: &Context) -> Context {
        if callee == function {
            return context.clone();
        }
        let mut edges = self.contents.resolver.unit.callers(callee).iter().filter(|edge| edge.from == function);
        match (edges.next(), edges.next()) {
            (Some(edge), None) => context.down(edge).unwrap_or_default(),
            _ => Context::default(),
        }
    }

    /// The look-up of a name from whose result `pointer` was taken.
    fn lookup(&self, function: FunctionId, pointer: Expr) -> Option<Opener> {
        let unit = self.contents.resolver.unit;
        let objects = &self.contents.resolver.objects;
        for pointee in objects.pointees(function, pointer) {
            match objects.origin(pointee.object) {
                Object::Heap(owner, call) | Object::Result(owner, call) | Object::Written(owner, call, _)
                    if unit.model(owner, call).is_some_and(|(_, model)| matches!(model.gives, Some(Gives::Host(_)))) =>
                {
                    return Some((owner, call));
                }
                _ => {}
            }
        }
        None
    }

    /// The host that a look-up, or the making of an address from text, speaks of.
    fn looked_up(&self, function: FunctionId, id: CallId, bound: bool, context: &Context, hosts: &mut Vec<Host>) {
        let unit = self.contents.resolver.unit;
        let Some((_, model)) = unit.model(function, id) else { return };
        // htonl of something.
        if let Some(Gives::Swapped(index)) = model.gives {
            let value = unit.argument(function, id, usize::from(index));
            let numbers = value.and_then(|(_, value)| self.contents.resolver.numbers(function, value, context)).unwrap_or_default();
            let addresses = numbers.into_iter().map(|number| (number as u32).swap_bytes());
            hosts.extend(addresses.filter(|address| is_address(*address, bound)).map(|address| numeric(address, bound)));
            return;
        }
        let text = match (model.gives, model.copies.first()) {
            (Some(Gives::Host(index)), _) => Some(index),
            (_, Some(copy)) if copy.encoded => Some(copy.from),
            (_, Some(copy)) => {
                // The address was copied from a looked-up one.
                let value = unit.argument(function, id, usize::from(copy.from)).map(|(_, value)| value);
                if let Some((owner, call)) = value.and_then(|value| self.lookup(function, value)) {
                    self.looked_up(owner, call, bound, &self.into_callee(function, owner, context), hosts);
                }
                None
            }
            _ => None,
        };
        if let Some(index) = text {
            let texts = names(self.texts(function, id, index, context));
            let named: Vec<Host> = texts.iter().map(|text| self.host(text)).collect();
            // What a variable begins with is a default, where the owner's configuration fills it.
            let chosen = named.iter().any(|host| matches!(host, Host::Configured(_)));
            let first = if chosen { self.first_values(function, id, index, context) } else { Vec::new() };
            let kept = texts.iter().zip(named).filter(|(text, _)| text.known().is_none_or(|text| !first.contains(&text)));
            hosts.extend(kept.map(|(_, host)| host));
        }
    }

    /// The texts that the variables begin with which an argument of a call can point to.
    fn first_values(&self, function: FunctionId, call: CallId, index: u8, context: &Context) -> Vec<Vec<u8>> {
        let resolver = self.contents.resolver;
        let Some((_, value)) = resolver.unit.argument(function, call, usize::from(index)) else { return Vec::new() };
        let memory = &resolver.unit.program.memory;
        let places = resolver.resolve(function, value, context).into_iter().filter_map(|(found, ..)| match found {
            Found::Number(address) if !memory.constant(address) => memory.text(address, NAME),
            _ => None,
        });
        places.map(<[u8]>::to_vec).collect()
    }

    /// The names or addresses, as text, of the host that a call connects to, come to by `context`.
    pub(super) fn named_by(&self, function: FunctionId, call: CallId, ends: Ends, context: &Context) -> Vec<Text> {
        let unit = self.contents.resolver.unit;
        if ends.port.is_some() {
            return self.texts(function, call, ends.address, context);
        }
        let pointer = unit.argument(function, call, usize::from(ends.address)).map(|(_, pointer)| pointer);
        let Some((owner, lookup)) = pointer.and_then(|pointer| self.lookup(function, pointer)) else { return Vec::new() };
        match unit.model(owner, lookup).and_then(|(_, model)| model.gives) {
            Some(Gives::Host(index)) => self.texts(owner, lookup, index, &self.into_callee(function, owner, context)),
            _ => Vec::new(),
        }
    }

    /// Whom a text names.
    pub(super) fn host(&self, text: &Text) -> Host {
        if let Some(known) = text.known() {
            return named(&String::from_utf8_lossy(&known));
        }
        let mut told = None;
        for (origin, _) in text.origins() {
            for channel in self.origin(origin) {
                match channel {
                    Channel::File(path) => return Host::Configured(path),
                    Channel::Argument(_) | Channel::Environment(_) | Channel::StandardInput => return Host::Configured(String::new()),
                    Channel::Unknown => {}
                    channel => told = Some(channel),
                }
            }
        }
        told.map_or(Host::Unknown, |channel| Host::Told(Box::new(channel)))
    }

    pub(super) fn url(&self, text: &Text) -> Channel {
        let shown = text.show();
        let rest = shown.split_once("://").map_or(shown.as_str(), |(_, rest)| rest);
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (name, port) = match rest[..end].rsplit_once(':') {
            Some((name, port)) => (name, port.parse().ok()),
            None => (&rest[..end], None),
        };
        let secure = shown.starts_with("https");
        let port = port.or(Some(if secure { 443 } else { 80 }));
        let host = if name.is_empty() || name.contains("{}") { self.host(text) } else { named(name) };
        Channel::Connected { transport: Transport::Tcp, host, port }
    }
}

/// Texts that name a host. Where there are many of them they are the words of a table, and of those only what is written as a host of the
/// internet is: one part and a dot (RFC 1123, section 2.1).
fn names(mut texts: Vec<Text>) -> Vec<Text> {
    if texts.len() > HOSTS {
        let is_name = |text: &Text| text.known().is_none_or(|name| name.contains(&b'.'));
        texts.retain(is_name);
        if texts.is_empty() {
            texts.push(Text::hole(Origin::Unknown, Shape::Text, &Trail::default()));
        }
    }
    texts
}

/// `pointer + by`, if that expression exists already; the pointer itself otherwise.
fn shifted(local: &crate::values::Local, pointer: Expr, by: u64) -> Expr {
    local.exprs.sum(pointer, by).unwrap_or(pointer)
}

/// The address that a message carries with it.
fn message(model: &Model) -> Option<Ends> {
    let sends = model.sends?;
    Some(Ends { on: sends.channel?, address: sends.address?, port: None })
}

/// An address as it stands in memory of a little-endian machine.
fn numeric(address: u32, bound: bool) -> Host {
    let [a, b, c, d] = address.to_le_bytes();
    match (a, address) {
        (_, 0) if bound => Host::Fixed("0.0.0.0".into()),
        (224..=239, _) | (_, u32::MAX) => Host::Everyone,
        _ => Host::Fixed(format!("{a}.{b}.{c}.{d}")),
    }
}

fn named(name: &str) -> Host {
    // A path or a sentence is the name of something else that went through the same place (RFC 1123, section 2.1; `%` for zones).
    if !name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_' | ':' | '%' | '[' | ']' | '{' | '}')) {
        return Host::Unknown;
    }
    match name.parse::<std::net::Ipv4Addr>() {
        Ok(address) => numeric(u32::from_le_bytes(address.octets()), true),
        Err(_) => Host::Fixed(name.to_owned()),
    }
}
