//! Who is at the other end of a descriptor, a stream or a handle.
//!
//! A channel is found where it was opened; a socket also where it was bound or connected ([`super::ends`]).

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    rc::Rc,
};

use assay_core::facts::code::{Channel, Host, Transport};

use super::{
    content::Contents,
    context::Context,
    ends::End,
    handles::Settings,
    kept::Kept,
    objects::Object,
    resolve::{Found, Resolver},
    text::{Origin, Text},
};
use crate::{
    functions::FunctionId,
    models::{BROUGHT, Gives, Means, Model, Opens},
    script::rules::{Read, Rules},
    values::{CallId, Expr},
};

/// Channels that one value can be.
const CHANNELS: usize = 16;

/// Kinds of channels that are told apart for one value.
const KINDS: usize = 3;
/// Sockets that are told apart for one value.
const ENDS: usize = 3;

/// How files without names are called.
const TEMPORARY: &str = "(temporary file)";

/// A call that opened a channel.
pub(super) type Opener = (FunctionId, CallId);

/// Puts questions about channels.
pub struct Channels<'r, 'a> {
    /// Questions about bytes.
    pub contents: Contents<'r, 'a>,
    pub(super) ends: OnceCell<HashMap<Opener, Vec<End>>>,
    pub(super) settings: OnceCell<Settings>,
    /// What the program keeps in files without names.
    temporary: RefCell<Temporary>,
    known: RefCell<HashMap<(FunctionId, Expr), Vec<Channel>>>,
    /// By which channels the bytes of an origin came in.
    origins: RefCell<Kept<Origin, Vec<Channel>>>,
    /// Handles that are being asked about, one for the sake of another.
    asked: RefCell<HashSet<(FunctionId, Expr)>>,
    /// How often an answer had to do without one that was being asked about.
    circles: Cell<u64>,
}

/// What the program keeps in files without names, as far as that was asked.
#[derive(Debug, Default, Clone)]
enum Temporary {
    #[default]
    Unasked,
    /// It is being found out: who asks now gets nothing.
    Asked,
    Known(Rc<BTreeMap<Channel, Vec<Origin>>>),
}

impl<'r, 'a> Channels<'r, 'a> {
    /// For the program of `resolver`.
    pub fn new(resolver: &'r Resolver<'a>) -> Self {
        Self {
            contents: Contents::new(resolver),
            ends: OnceCell::new(),
            settings: OnceCell::new(),
            temporary: RefCell::default(),
            known: RefCell::default(),
            origins: RefCell::default(),
            asked: RefCell::default(),
            circles: Cell::new(0),
        }
    }

    /// The channels that the value `handle` can stand for.
    pub fn of(&self, function: FunctionId, handle: Expr, context: &Context) -> Vec<Channel> {
        if let Some(known) = self.known.borrow().get(&(function, handle)).filter(|_| context.up().is_none()) {
            return known.clone();
        }
        // A socket that was accepted from one of the sockets of a table which it was put into is that of the others.
        if !self.asked.borrow_mut().insert((function, handle)) {
            self.circles.set(self.circles.get() + 1);
            return Vec::new();
        }
        let mut channels = Vec::new();
        let resolver = self.contents.resolver;
        let (cuts, circles) = (resolver.budget.cuts(), self.circles.get());
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
        self.asked.borrow_mut().remove(&(function, handle));
        // What holds for one caller, or is not whole, is no answer for others. The outermost of a circle has it whole.
        let outermost = self.asked.borrow().is_empty();
        if context.up().is_none() && resolver.budget.cuts() == cuts && (outermost || self.circles.get() == circles) {
            self.known.borrow_mut().insert((function, handle), channels.clone());
        }
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
            // What a library passes to a function that it calls back stands for the channel that it came by.
            Found::Filled(function, call, BROUGHT) => {
                let model = self.contents.resolver.unit.model(*function, *call).map(|(_, model)| model);
                channels.extend(model.and_then(|model| self.handed(*function, *call, BROUGHT, model, context)).unwrap_or_default());
            }
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

    pub(super) fn opened(&self, function: FunctionId, call: CallId, context: &Context, channels: &mut Vec<Channel>) {
        let unit = self.contents.resolver.unit;
        let Some((_, model)) = unit.model(function, call) else { return };
        if let Some(Gives::Accepted(index)) = model.gives {
            channels.extend(self.argument(function, call, index, context));
            return;
        }
        match &model.opens {
            Some(Opens::File(index)) => channels.extend(self.texts(function, call, *index, context).iter().map(|text| file(&text.show()))),
            Some(Opens::Directory(index)) => {
                channels.extend(self.texts(function, call, *index, context).iter().map(|text| Channel::File(text.show())));
            }
            Some(Opens::Output(index)) => {
                channels.extend(self.texts(function, call, *index, context).iter().map(|text| Channel::Output(text.show())));
            }
            Some(Opens::Same(index)) => channels.extend(self.argument(function, call, *index, context)),
            Some(Opens::Socket(domain, kind)) => self.socket(function, call, *domain, *kind, context, channels),
            Some(Opens::Url(index)) => {
                let texts = self.texts(function, call, *index, context);
                channels.extend(texts.iter().map(|text| self.url(text)));
            }
            Some(Opens::Transfer) => self.transfer((function, call), channels),
            Some(Opens::Temporary) => {
                let site = unit.local(function).and_then(|local| local.call(call)).map_or(0, |call| call.site);
                channels.push(Channel::File(format!("{TEMPORARY} of {site:#x}")));
            }
            Some(Opens::Stream) => self.ended(function, call, Transport::Tcp, context, channels),
            Some(Opens::Door(port)) => {
                let port = self.number(function, call, *port).and_then(|port| u16::try_from(port).ok());
                channels.push(Channel::Bound { transport: Transport::Tcp, address: Some("0.0.0.0".into()), port });
            }
            Some(Opens::Packets) => channels.push(packets()),
            Some(Opens::Bus(bus)) => channels.extend(self.bus(function, call, bus, context)),
            Some(Opens::Service(service)) => channels.extend(self.service(function, call, *service, context)),
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

    pub(super) fn texts(&self, function: FunctionId, call: CallId, index: u8, context: &Context) -> Vec<Text> {
        let made = self.contents.resolver.unit.local(function).and_then(|local| local.call(call));
        made.map_or_else(Vec::new, |made| self.contents.argument(function, made, usize::from(index), context))
    }

    /// The number in an argument of a call; the smallest, where it can be several.
    pub(super) fn number(&self, function: FunctionId, call: CallId, index: u8) -> Option<u64> {
        let (_, value) = self.contents.resolver.unit.argument(function, call, usize::from(index))?;
        self.contents.resolver.numbers(function, value, &Context::default()).and_then(|numbers| numbers.first().copied())
    }

    fn socket(&self, function: FunctionId, call: CallId, domain: u8, kind: u8, context: &Context, channels: &mut Vec<Channel>) {
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
        self.ended(function, call, transport, context, channels);
    }

    /// A socket, by where it is bound and connected.
    fn ended(&self, function: FunctionId, call: CallId, transport: Transport, context: &Context, channels: &mut Vec<Channel>) {
        let ends = self.ends();
        let Some(ends) = ends.get(&(function, call)) else {
            channels.push(match transport {
                Transport::Raw => packets(),
                _ => Channel::Connected { transport, host: Host::Unknown, port: None },
            });
            return;
        };
        let own = ends.iter().any(|end| !end.message);
        let known = channels.len();
        for end in ends.iter().filter(|end| !own || !end.message) {
            self.address(end, transport, context, channels);
        }
        // Of what each message says where it goes, one that is not known says nothing beside others.
        if !own && channels.iter().skip(known).any(|channel| !is_unknown_end(channel)) {
            let mut place = 0;
            channels.retain(|channel| {
                place += 1;
                place <= known || !is_unknown_end(channel)
            });
        }
    }

    /// The channels by which bytes of this origin came in.
    pub fn origin(&self, origin: &Origin) -> Vec<Channel> {
        let budget = &self.contents.resolver.budget;
        if let Some(known) = self.origins.borrow().get(origin, budget) {
            return known.clone();
        }
        let (standing, cuts, circles) = (budget.standing(), budget.cuts(), self.circles.get());
        let channels = budget.nested(|| self.origin_here(origin)).unwrap_or_default();
        if self.asked.borrow().is_empty() || self.circles.get() == circles {
            self.origins.borrow_mut().keep(origin.clone(), channels.clone(), (budget.cuts() > cuts).then_some(standing));
        }
        channels
    }

    /// The channels by which bytes of one of these origins came in. What may be of the network as well as of a file, of the environment as
    /// of the command line, or of any of many sockets, went through places that everything goes through: it is told of none of them. And what may be the clock as well
    /// as something else is no clock; nor is an end that nobody knows, of a socket that nothing is known of, told beside others.
    pub(super) fn sources<'o>(&self, origins: impl IntoIterator<Item = &'o Origin>) -> BTreeSet<Channel> {
        let mut channels: BTreeSet<Channel> = origins.into_iter().flat_map(|origin| self.origin(origin)).collect();
        channels.remove(&Channel::Unknown);
        if channels.len() > 1 {
            channels.remove(&Channel::Clock);
        }
        let known = channels.iter().any(|channel| !is_unknown_end(channel));
        channels.retain(|channel| !(known && is_unknown_end(channel)));
        let kinds: HashSet<_> = channels.iter().map(std::mem::discriminant).collect();
        let ends = channels.iter().filter(|channel| matches!(channel, Channel::Bound { .. } | Channel::Connected { .. })).count();
        if kinds.len() > KINDS || ends > ENDS { BTreeSet::new() } else { channels }
    }

    fn origin_here(&self, origin: &Origin) -> Vec<Channel> {
        let unit = self.contents.resolver.unit;
        match origin {
            Origin::Made(origins) => origins.iter().flat_map(|origin| self.origin(origin)).collect(),
            Origin::Word(number) => vec![Channel::Argument(*number)],
            Origin::Argument(..) | Origin::Unknown => Vec::new(),
            Origin::Call(function, call, index, context) => {
                let Some((_, model)) = unit.model(*function, *call) else { return vec![Channel::Unknown] };
                if self.contents.resolver.is_everybodys(*function, *call, *index, context) {
                    return vec![Channel::Unknown];
                }
                if let Some(found) = self.handed(*function, *call, *index, model, context) {
                    return found;
                }
                if let Some(reads) = model.reads {
                    if reads.channel == 255 {
                        return vec![Channel::StandardInput];
                    }
                    let channels = self.argument(*function, *call, reads.channel, context);
                    let channels = self.put_there(channels);
                    return if channels.is_empty() { vec![Channel::Unknown] } else { channels };
                }
                match model.gives {
                    Some(Gives::Environment(index)) => {
                        let names = self.texts(*function, *call, index, context);
                        names.iter().map(|name| variable(&name.show())).collect()
                    }
                    Some(Gives::Clock | Gives::Calendar) => vec![Channel::Clock],
                    _ => vec![Channel::Unknown],
                }
            }
        }
    }

    /// Where the content of a file without a name comes from: whatever the program itself wrote there.
    fn put_there(&self, channels: Vec<Channel>) -> Vec<Channel> {
        if !channels.iter().any(is_temporary) {
            return channels;
        }
        let Some(written) = self.temporary() else { return channels };
        let mut all = Vec::new();
        for channel in channels {
            let own = written.get(&channel);
            let put: Vec<Channel> =
                own.into_iter().flatten().flat_map(|origin| self.origin(origin)).filter(|put| !is_temporary(put)).collect();
            if put.is_empty() { all.push(channel) } else { all.extend(put) }
        }
        all.sort();
        all.dedup();
        all
    }

    /// What is written to files without names; nothing while that is being found out, since a name in one may be what it is found out by.
    fn temporary(&self) -> Option<Rc<BTreeMap<Channel, Vec<Origin>>>> {
        match self.temporary.replace(Temporary::Asked) {
            Temporary::Asked => {
                self.circles.set(self.circles.get() + 1);
                None
            }
            Temporary::Known(written) => {
                *self.temporary.borrow_mut() = Temporary::Known(written.clone());
                Some(written)
            }
            Temporary::Unasked => {
                let cuts = self.contents.resolver.budget.cuts();
                let written = Rc::new(self.written_to_temporary());
                let whole = self.contents.resolver.budget.cuts() == cuts;
                *self.temporary.borrow_mut() = if whole { Temporary::Known(written.clone()) } else { Temporary::Unasked };
                Some(written)
            }
        }
    }

    /// What is written to files without names.
    fn written_to_temporary(&self) -> BTreeMap<Channel, Vec<Origin>> {
        let (unit, none) = (self.contents.resolver.unit, Context::default());
        let mut all: BTreeMap<Channel, Vec<Origin>> = BTreeMap::new();
        for (number, local) in unit.locals.iter().enumerate() {
            let function = FunctionId(number as u32);
            for index in 0..local.calls.len() {
                let call = CallId(index as u32);
                let Some(sends) = unit.model(function, call).and_then(|(_, model)| model.sends) else { continue };
                let (Some(channel), Some(from)) = (sends.channel, sends.from) else { continue };
                for to in self.argument(function, call, channel, &none) {
                    if is_temporary(&to) {
                        let texts = self.texts(function, call, from, &none);
                        all.entry(to).or_default().extend(texts.iter().flat_map(Text::origins).map(|(origin, _)| origin.clone()));
                    }
                }
            }
        }
        all
    }

    /// Bytes that a call brings by other ways than reading: what a handle's channel brought, a file that it reads by itself, a stream whose
    /// content it was given.
    fn handed(&self, function: FunctionId, call: CallId, index: u8, model: &Model, context: &Context) -> Option<Vec<Channel>> {
        if index == BROUGHT {
            let set = model.options.as_ref().map(|options| options.on);
            let Some(handle) = model.performs.or(set).or_else(|| model.calls.iter().find_map(|back| back.on)) else {
                let mut opened = Vec::new();
                self.opened(function, call, context, &mut opened);
                return Some(opened);
            };
            return Some(self.argument(function, call, handle, context));
        }
        if let Some(holds) = &model.holds {
            let name = holds.argument.map(|index| self.texts(function, call, index, context));
            let names = name.unwrap_or_default().iter().map(Text::show).collect::<Vec<_>>();
            let whole = |name: &str| Channel::File(format!("{}{name}", holds.path));
            return Some(if names.is_empty() { vec![whole("")] } else { names.iter().map(|name| whole(name)).collect() });
        }
        if model.copies.iter().any(|copy| copy.file && copy.from == index) {
            return Some(self.texts(function, call, index, context).iter().map(|text| file(&text.show())).collect());
        }
        model.options.as_ref().filter(|options| options.value == index).map(|_| self.argument(function, call, index, context))
    }
}

/// A socket without an address that gets the packets that anybody sends: raw(7), packet(7).
fn packets() -> Channel {
    Channel::Bound { transport: Transport::Raw, address: Some("0.0.0.0".into()), port: None }
}

/// Is it the other end of a connection, or a door, of which nothing is known?
pub(super) fn is_unknown_end(channel: &Channel) -> bool {
    matches!(
        channel,
        Channel::Connected { host: Host::Unknown, .. } | Channel::Bound { transport: Transport::Unknown, address: None, port: None }
    )
}

/// Is it a file without a name, which nobody else can see?
pub(super) fn is_temporary(channel: &Channel) -> bool {
    matches!(channel, Channel::File(path) if path.starts_with(TEMPORARY))
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
