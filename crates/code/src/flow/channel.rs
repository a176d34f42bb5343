//! Who is at the other end of a descriptor, a stream or a handle.
//!
//! A channel is found where it was opened; a socket also where it was bound or connected. Addresses are read from the `sockaddr` as it
//! stands in memory before the call (Linux `ip(7)`, `unix(7)`), or from the text that a name was looked up by.

use std::{
    cell::{OnceCell, RefCell},
    collections::HashMap,
};

use assay_core::facts::code::{Channel, Host, Transport};

use super::{
    addresses::{exchanges, is_address},
    content::Contents,
    context::Context,
    handles::Settings,
    objects::Object,
    resolve::{Found, Resolver},
    text::{Origin, Text},
    unit::Target,
};
use crate::{
    functions::FunctionId,
    models::{BROUGHT, Ends, Gives, Means, Model, Opens},
    script::rules::{Read, Rules},
    values::{Address, CallId, Expr, Location, Snapshot},
};

/// Longest name of a host (RFC 1035, 2.3.4).
const NAME: usize = 255;
/// Families of addresses that have ports, as a `sockaddr` begins with them (Linux `socket.h`).
const AF_INET: u64 = 2;
const AF_INET6: u64 = 10;
/// Channels that one value can be.
const CHANNELS: usize = 16;

/// A bind or a connect.
#[derive(Debug, Clone, Copy)]
struct End {
    function: FunctionId,
    call: CallId,
    ends: Ends,
    bound: bool,
}

/// A call that opened a channel.
pub(super) type Opener = (FunctionId, CallId);

/// Puts questions about channels.
pub struct Channels<'r, 'a> {
    /// Questions about bytes.
    pub contents: Contents<'r, 'a>,
    ends: OnceCell<HashMap<Opener, Vec<End>>>,
    pub(super) settings: OnceCell<Settings>,
    known: RefCell<HashMap<(FunctionId, Expr), Vec<Channel>>>,
}

impl<'r, 'a> Channels<'r, 'a> {
    /// For the program of `resolver`.
    pub fn new(resolver: &'r Resolver<'a>) -> Self {
        Self { contents: Contents::new(resolver), ends: OnceCell::new(), settings: OnceCell::new(), known: RefCell::new(HashMap::new()) }
    }

    /// The channels that the value `handle` can stand for.
    pub fn of(&self, function: FunctionId, handle: Expr, context: &Context) -> Vec<Channel> {
        if let Some(known) = self.known.borrow().get(&(function, handle)).filter(|_| context.up().is_none()) {
            return known.clone();
        }
        self.known.borrow_mut().insert((function, handle), Vec::new());
        let mut channels = Vec::new();
        let resolver = self.contents.resolver;
        resolver.budget.nested(|| {
            let answers = resolver.resolve(function, handle, context);
            // A handle that can also be something else is no descriptor where it is 0: nothing is open yet.
            let closed = |found: &Found| *found == Found::Number(0) && answers.len() > 1;
            for (found, above, _) in answers.iter().filter(|(found, ..)| !closed(found)) {
                self.found(found, above, &mut channels);
            }
            if channels.is_empty() {
                self.left(function, handle, context, &mut channels);
            }
        });
        channels.sort();
        channels.dedup();
        channels.truncate(CHANNELS);
        self.known.borrow_mut().insert((function, handle), channels.clone());
        channels
    }

    /// The channel in argument `index` of a call.
    pub fn argument(&self, function: FunctionId, call: CallId, index: u8, context: &Context) -> Vec<Channel> {
        let argument = self.contents.resolver.unit.argument(function, call, usize::from(index));
        argument.map_or_else(Vec::new, |(_, value)| self.of(function, value, context))
    }

    /// A handle is also what was left in it: a descriptor in a table, a socket that a library's object was given.
    fn left(&self, function: FunctionId, handle: Expr, context: &Context, channels: &mut Vec<Channel>) {
        let resolver = self.contents.resolver;
        for pointee in resolver.objects.pointees(function, handle) {
            if let Object::Result(owner, call) = pointee.object {
                self.opened(owner, call, context, channels);
            }
            for (owner, call, _) in resolver.objects.writes(pointee) {
                self.opened(*owner, *call, context, channels);
            }
        }
    }

    fn found(&self, found: &Found, context: &Context, channels: &mut Vec<Channel>) {
        match found {
            Found::Number(0) => channels.push(Channel::StandardInput),
            Found::Result(function, call) | Found::Written(function, call, _) | Found::Filled(function, call, _) => {
                self.opened(*function, *call, context, channels)
            }
            Found::Behind(Object::Import(slot), ..) => {
                if self.contents.resolver.unit.program.imports.get(slot).is_some_and(|name| name == "stdin") {
                    channels.push(Channel::StandardInput);
                }
            }
            // A library's own structure around a channel: the channel is where the structure came from.
            Found::Behind(Object::Result(function, call), ..) => self.opened(*function, *call, context, channels),
            Found::Import(name) if name == "stdin" => channels.push(Channel::StandardInput),
            _ => {}
        }
    }

    fn opened(&self, function: FunctionId, call: CallId, context: &Context, channels: &mut Vec<Channel>) {
        let unit = self.contents.resolver.unit;
        let Some((_, model)) = unit.model(function, call) else { return };
        if let Some(Gives::Accepted(index)) = model.gives {
            channels.extend(self.argument(function, call, index, context));
            return;
        }
        match model.opens {
            Some(Opens::File(index)) => channels.extend(self.texts(function, call, index, context).iter().map(|text| file(&text.show()))),
            Some(Opens::Directory(index)) => {
                channels.extend(self.texts(function, call, index, context).iter().map(|text| Channel::File(text.show())));
            }
            Some(Opens::Output(index)) => {
                channels.extend(self.texts(function, call, index, context).iter().map(|text| Channel::Output(text.show())));
            }
            Some(Opens::Same(index)) => channels.extend(self.argument(function, call, index, context)),
            Some(Opens::Socket(domain, kind)) => self.socket(function, call, domain, kind, channels),
            Some(Opens::Url(index)) => {
                let texts = self.texts(function, call, index, context);
                channels.extend(texts.iter().map(|text| self.url(text)));
            }
            Some(Opens::Transfer) => self.transfer((function, call), channels),
            None => {}
        }
    }

    /// A transfer goes wherever its address was set to.
    fn transfer(&self, opener: Opener, channels: &mut Vec<Channel>) {
        let mut told = false;
        for setting in self.set_by(opener).iter().filter(|setting| setting.means == Means::Address) {
            let texts = self.texts(setting.function, setting.call, setting.value, &Context::default());
            told |= !texts.is_empty();
            let Some(port) = setting.port else {
                channels.extend(texts.iter().map(|text| self.url(text)));
                continue;
            };
            let port = self.number(setting.function, setting.call, port).and_then(|port| u16::try_from(port).ok());
            let end = |text| Channel::Connected { transport: Transport::Tcp, host: self.host(text), port };
            channels.extend(texts.iter().map(end));
        }
        if !told {
            channels.push(Channel::Connected { transport: Transport::Tcp, host: Host::Unknown, port: None });
        }
    }

    fn texts(&self, function: FunctionId, call: CallId, index: u8, context: &Context) -> Vec<Text> {
        let made = self.contents.resolver.unit.local(function).and_then(|local| local.call(call));
        made.map_or_else(Vec::new, |made| self.contents.argument(function, made, usize::from(index), context))
    }

    /// The number in an argument of a call; the smallest, where it can be several.
    fn number(&self, function: FunctionId, call: CallId, index: u8) -> Option<u64> {
        let (_, value) = self.contents.resolver.unit.argument(function, call, usize::from(index))?;
        self.contents.resolver.numbers(function, value, &Context::default()).and_then(|numbers| numbers.first().copied())
    }

    fn socket(&self, function: FunctionId, call: CallId, domain: u8, kind: u8, channels: &mut Vec<Channel>) {
        let number = |index: u8| self.number(function, call, index);
        // Numbers of Linux: socket(2), and `bits/socket_type.h`.
        let transport = match (number(domain), number(kind).map(|kind| kind & 0xf)) {
            (Some(1), _) => Transport::Unix,
            (Some(16), _) => Transport::Netlink,
            (Some(17), _) | (_, Some(3)) => Transport::Raw,
            (_, Some(1)) => Transport::Tcp,
            (_, Some(2)) => Transport::Udp,
            _ => Transport::Unknown,
        };
        let ends = self.ends();
        let Some(ends) = ends.get(&(function, call)) else {
            channels.push(match transport {
                // Without an address, such a socket gets the packets that anybody sends: raw(7), packet(7).
                Transport::Raw => Channel::Bound { transport, address: Some("0.0.0.0".into()), port: None },
                _ => Channel::Connected { transport, host: Host::Unknown, port: None },
            });
            return;
        };
        for end in ends {
            self.address(end, transport, channels);
        }
    }

    /// Binds and connects of each socket.
    fn ends(&self) -> &HashMap<Opener, Vec<End>> {
        self.ends.get_or_init(|| {
            let mut all: HashMap<Opener, Vec<End>> = HashMap::new();
            let resolver = self.contents.resolver;
            for (number, local) in resolver.unit.locals.iter().enumerate() {
                let function = FunctionId(number as u32);
                for index in 0..local.calls.len() {
                    let call = CallId(index as u32);
                    let Some((_, model)) = resolver.unit.model(function, call) else { continue };
                    let both = [(model.binds, true), (model.connects, false)];
                    for (ends, bound) in both.into_iter().filter_map(|(ends, bound)| Some((ends?, bound))) {
                        let Some((_, handle)) = resolver.unit.argument(function, call, usize::from(ends.on)) else { continue };
                        for (found, ..) in resolver.resolve(function, handle, &Context::default()) {
                            if let Found::Result(owner, opener) = found {
                                all.entry((owner, opener)).or_default().push(End { function, call, ends, bound });
                            }
                        }
                    }
                }
            }
            all
        })
    }

    /// What an address says: the channel for each possible one.
    fn address(&self, end: &End, transport: Transport, channels: &mut Vec<Channel>) {
        let unit = self.contents.resolver.unit;
        let Some((local, pointer)) = unit.argument(end.function, end.call, usize::from(end.ends.address)) else { return };
        let Some(call) = local.call(end.call) else { return };
        if let Some(port) = end.ends.port {
            let hosts = self.texts(end.function, end.call, end.ends.address, &Context::default());
            let ports = self.contents.argument(end.function, call, usize::from(port), &Context::default());
            let port = ports.first().and_then(Text::known).and_then(|text| String::from_utf8(text).ok()?.parse().ok());
            channels.extend(hosts.iter().map(|host| Self::end(end.bound, transport, self.host(host), port)));
            return;
        }
        if transport == Transport::Unix {
            let texts = self.contents.at(end.function, shifted(local, pointer, 2), &call.memory, &Context::default());
            for text in texts {
                let shown = text.show();
                // Bytes that are no text are the start of something else, as of a structure that a library filled.
                let host = if shown.chars().any(char::is_control) { Host::Unknown } else { Host::Fixed(shown) };
                channels.push(Self::end(end.bound, transport, host, None));
            }
            return;
        }
        let Address::At(at) = local.locate(pointer, unit.program, unit.machine) else { return };
        let ports = self.port(end.function, at, &call.memory, pointer);
        let hosts = self.hosts(end.function, at, &call.memory, pointer, end.bound);
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
    fn port(&self, function: FunctionId, at: Location, memory: &Snapshot, pointer: Expr) -> Vec<Option<u16>> {
        let here = |offset: u64| Location { base: at.base, offset: at.offset.wrapping_add(offset) & self.contents.resolver.width().mask() };
        let mut ports: Vec<Option<u16>> = Vec::new();
        // Family and port are often stored as one word. A family alone, with zeros behind it, is no port.
        for (found, ..) in self.contents.resolver.word(function, here(0), memory, &Context::default()) {
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
        for (found, above, _) in self.contents.resolver.word(function, here(2), memory, &Context::default()) {
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
            let texts = self.texts(call.0, call.1, 1, &Context::default());
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
    fn hosts(&self, function: FunctionId, at: Location, memory: &Snapshot, pointer: Expr, bound: bool) -> Vec<Host> {
        let resolver = self.contents.resolver;
        let at = Location { base: at.base, offset: at.offset.wrapping_add(4) & resolver.width().mask() };
        let mut hosts = Vec::new();
        for (found, above, _) in resolver.word(function, at, memory, &Context::default()) {
            match found {
                Found::Number(number) if is_address(number as u32, bound) => hosts.push(numeric(number as u32, bound)),
                Found::Result(owner, call) | Found::Written(owner, call, _) => self.looked_up(owner, call, &above, &mut hosts),
                Found::Filled(owner, call, _) | Found::Behind(Object::Result(owner, call) | Object::Written(owner, call, _), ..) => {
                    self.looked_up(owner, call, &above, &mut hosts);
                }
                _ => {}
            }
        }
        if hosts.is_empty()
            && let Some((owner, call)) = self.lookup(function, pointer)
        {
            self.looked_up(owner, call, &Context::default(), &mut hosts);
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
    fn looked_up(&self, function: FunctionId, id: CallId, context: &Context, hosts: &mut Vec<Host>) {
        let unit = self.contents.resolver.unit;
        let Some((_, model)) = unit.model(function, id) else {
            // Not a function that is known; what it gave cannot be said.
            let _ = unit.targets(function, id).iter().any(|target| matches!(target, Target::Library(_)));
            return;
        };
        let text = match (model.gives, model.copies.first()) {
            (Some(Gives::Host(index)), _) => Some(index),
            (_, Some(copy)) if copy.encoded => Some(copy.from),
            (_, Some(copy)) => {
                // The address was copied from a looked-up one.
                let value = unit.argument(function, id, usize::from(copy.from)).map(|(_, value)| value);
                if let Some((owner, call)) = value.and_then(|value| self.lookup(function, value)) {
                    self.looked_up(owner, call, context, hosts);
                }
                None
            }
            _ => None,
        };
        if let Some(index) = text {
            let texts = self.texts(function, id, index, context);
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

    /// Whom a text names.
    fn host(&self, text: &Text) -> Host {
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

    fn url(&self, text: &Text) -> Channel {
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

    /// The channels by which bytes of this origin came in.
    pub fn origin(&self, origin: &Origin) -> Vec<Channel> {
        self.contents.resolver.budget.nested(|| self.origin_here(origin)).unwrap_or_default()
    }

    fn origin_here(&self, origin: &Origin) -> Vec<Channel> {
        let unit = self.contents.resolver.unit;
        match origin {
            Origin::Made(origins) => origins.iter().flat_map(|origin| self.origin(origin)).collect(),
            Origin::Word(number) => vec![Channel::Argument(*number)],
            Origin::Argument(..) | Origin::Unknown => Vec::new(),
            Origin::Call(function, call, index) => {
                let Some((_, model)) = unit.model(*function, *call) else { return vec![Channel::Unknown] };
                if let Some(found) = self.handed(*function, *call, *index, model) {
                    return found;
                }
                if let Some(reads) = model.reads {
                    if reads.channel == 255 {
                        return vec![Channel::StandardInput];
                    }
                    let channels = self.argument(*function, *call, reads.channel, &Context::default());
                    return if channels.is_empty() { vec![Channel::Unknown] } else { channels };
                }
                match model.gives {
                    Some(Gives::Environment(index)) => {
                        let names = self.texts(*function, *call, index, &Context::default());
                        names.iter().map(|name| variable(&name.show())).collect()
                    }
                    Some(Gives::Clock) => vec![Channel::Clock],
                    _ => vec![Channel::Unknown],
                }
            }
        }
    }

    /// Bytes that a call brings by other ways than reading: what a handle's channel brought, a file that it reads by itself, a stream whose
    /// content it was given.
    fn handed(&self, function: FunctionId, call: CallId, index: u8, model: &Model) -> Option<Vec<Channel>> {
        let none = Context::default();
        if index == BROUGHT {
            let handle = model.performs.or(model.options.as_ref().map(|options| options.on))?;
            return Some(self.argument(function, call, handle, &none));
        }
        if let Some(holds) = &model.holds {
            let name = holds.argument.map(|index| self.texts(function, call, index, &none));
            let names = name.unwrap_or_default().iter().map(Text::show).collect::<Vec<_>>();
            let whole = |name: &str| Channel::File(format!("{}{name}", holds.path));
            return Some(if names.is_empty() { vec![whole("")] } else { names.iter().map(|name| whole(name)).collect() });
        }
        if model.copies.iter().any(|copy| copy.file && copy.from == index) {
            return Some(self.texts(function, call, index, &none).iter().map(|text| file(&text.show())).collect());
        }
        model.options.as_ref().filter(|options| options.value == index).map(|_| self.argument(function, call, index, &none))
    }
}

/// `pointer + by`, if that expression exists already; the pointer itself otherwise.
fn shifted(local: &crate::values::Local, pointer: Expr, by: u64) -> Expr {
    local.exprs.sum(pointer, by).unwrap_or(pointer)
}

/// The channel that a file's path stands for.
fn file(path: &str) -> Channel {
    match Rules::get().path(path, |rule| rule.read) {
        Some(Read::Serial) => Channel::Serial(path.to_owned()),
        Some(Read::Removable) => Channel::Removable(path.to_owned()),
        _ => Channel::File(path.to_owned()),
    }
}

fn variable(name: &str) -> Channel {
    if Rules::get().is_cgi(name) { Channel::Cgi(name.to_owned()) } else { Channel::Environment(name.to_owned()) }
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
    match name.parse::<std::net::Ipv4Addr>() {
        Ok(address) => numeric(u32::from_le_bytes(address.octets()), true),
        Err(_) => Host::Fixed(name.to_owned()),
    }
}
