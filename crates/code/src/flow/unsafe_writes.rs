//! Memory written past its end: outside bytes, as many as the outside likes, into a place of a fixed size.
//!
//! How much room there is at a place is the matter of [`super::room`]; where nobody can say, nothing is said here either: memory that was
//! allocated for the very length that is written is the common case. A length counts as checked that was compared with an upper bound on
//! the way, or is made small wherever it goes ([`super::bounds`]), unless that bound is more than there is room for.

use assay_core::{
    At,
    facts::{
        CodeFact,
        code::{Actuator, ActuatorKind, Channel, Choice, Manner},
    },
};

use super::{
    bounds::Bound,
    context::Context,
    edges::Edge,
    events::{Acting, Events},
    format::{Kind, Part, parts},
    guards::{Atom, Test},
    objects::{Object, Pointee},
    text::{Origin, Piece, Shape, Text},
};
use crate::{
    functions::FunctionId,
    models::{Gives, Model},
    values::{Address, Branch, Call, CallId, Expr, Leaf},
};

/// Callers that are told apart.
const CALLERS: usize = 12;
/// Helpers, one behind the other, that hand on a pointer.
const HELPERS: usize = 3;
/// Places to which one pointer may point.
const PLACES: usize = 64;

/// A write of a library function.
struct Write {
    /// Where to.
    to: u8,
    /// What, and how much of it at most.
    texts: Vec<(Text, Option<u64>)>,
    /// The argument that says how much.
    length: Option<u8>,
    /// The argument that says from where, where the two may overlap.
    within: Option<u8>,
    /// What is written at most, with its end, by where it stands.
    span: Option<u64>,
}

impl Events<'_, '_, '_> {
    /// A call that writes to memory: can the outside make it write too much?
    pub(super) fn overflows(&mut self, function: FunctionId, id: CallId, name: &str, model: &Model) {
        // The compiler's checked forms (LSB 5.0, `__*_chk`) end the program before they write too much.
        if name.ends_with("_chk") {
            return;
        }
        let unit = self.resolver().unit;
        let Some((local, call)) = unit.local(function).and_then(|local| Some((local, local.call(id)?))) else { return };
        for write in self.writes_of(function, call, model) {
            let Some(to) = local.argument(call, usize::from(write.to), unit.program, unit.machine) else { continue };
            let length = write.length.and_then(|index| local.argument(call, usize::from(index), unit.program, unit.machine));
            // Most writes have nothing of the outside in them; that is found out first.
            let none = Context::default();
            let origins = self.origins_of(function, length, &write, &none);
            if self.sources(&origins).is_empty() {
                continue;
            }
            // Who writes at a place that moves compares where that is together with how much comes.
            let moves = match local.locate(to, unit.program, unit.machine) {
                Address::At(at) => at.base.is_some_and(|base| matches!(local.leaf(base), Some(Leaf::Join { .. }))),
                Address::Within(_) => true,
            };
            for (context, place) in self.places(function, to) {
                let Some(room) = self.room(place).filter(|room| write.span.is_none_or(|span| span > *room)) else { continue };
                // What is left in a buffer is moved to its front, and fits there.
                if write.within.is_some_and(|from| self.is_within(function, call, from, place, room)) {
                    continue;
                }
                if let Some(length) = length {
                    let most = match self.greatest(function, call.block, length, &context) {
                        Bound::Number(most) if most > self.room_checked(place, room) => Some(most),
                        Bound::Apart(most) if most > room => Some(most),
                        Bound::Unknown => None,
                        Bound::Number(_) | Bound::Apart(_) | Bound::Mixed(_) | Bound::Unasked => continue,
                    };
                    let origins = if context == none { origins.clone() } else { self.origins_of(function, Some(length), &write, &context) };
                    let room = (room, if moves { self.room_checked(place, room) } else { room });
                    self.by_length(function, id, name, (length, most), room, &context, &origins);
                } else {
                    let atoms = self.guards.here_from(function, call.block, &context);
                    for (text, most) in &write.texts {
                        self.by_text(function, id, name, text, *most, room, &atoms);
                    }
                }
            }
        }
    }

    /// Does a copy come out of the very place that it goes to, which is so large?
    fn is_within(&self, function: FunctionId, call: &Call, from: u8, to: Pointee, room: u64) -> bool {
        let unit = self.resolver().unit;
        let from = unit.local(function).and_then(|local| local.argument(call, usize::from(from), unit.program, unit.machine));
        let from = from.map(|from| self.resolver().objects.pointees(function, from)).unwrap_or_default();
        !from.is_empty() && from.iter().all(|from| from.object == to.object && from.offset.wrapping_sub(to.offset) < room)
    }

    /// What decides how much is written: the length, or else the text.
    fn origins_of(&self, function: FunctionId, length: Option<Expr>, write: &Write, context: &Context) -> Vec<Origin> {
        match length {
            Some(length) if self.resolver().unit.local(function).is_some_and(|local| local.exprs.value(length).is_some()) => Vec::new(),
            Some(length) => self.channels.contents.value_origin(function, length, context).parts(),
            None => write.texts.iter().flat_map(|(text, _)| text.origins()).flat_map(|(origin, _)| origin.parts()).collect(),
        }
    }

    /// A write of as many bytes as `length` says, and that is `own` at most. There is `room` for them, or for as many as were compared.
    #[allow(clippy::too_many_arguments, reason = "the parts of one write")]
    fn by_length(
        &mut self,
        function: FunctionId,
        id: CallId,
        name: &str,
        (length, own): (Expr, Option<u64>),
        (room, room_checked): (u64, u64),
        context: &Context,
        origins: &[Origin],
    ) {
        let Some(block) = self.resolver().unit.local(function).and_then(|local| local.call(id)).map(|call| call.block) else { return };
        let own = own.and_then(|most| i64::try_from(most).ok());
        let bytes: Vec<Origin> = origins.iter().filter(|origin| !matches!(origin, Origin::Call(_, _, u8::MAX, _))).cloned().collect();
        let sources = self.sources(&bytes);
        let atoms = if sources.is_empty() { Vec::new() } else { self.guards.here_from(function, block, context) };
        for source in sources {
            let asked = upper(&atoms, |atom| self.from(atom, &source));
            let most = asked.into_iter().chain(own).min();
            let within = |most: Option<i64>, room| most.is_some_and(|most| u64::try_from(most).is_ok_and(|most| most <= room));
            let fits = within(most, room) || within(asked, room_checked);
            let limited = own.is_none() && self.is_limited(function, block, length, context);
            if !fits && !limited {
                let text = Text {
                    pieces: bytes.iter().map(|origin| Piece::Hole(origin.clone(), Shape::Number)).collect(),
                    trail: Default::default(),
                };
                self.overflow(function, id, name, source, Choice::Number { min: None, max: most }, &text, &atoms);
            }
        }
    }

    /// A write of a text, however long it is.
    #[allow(clippy::too_many_arguments, reason = "the parts of one write")]
    fn by_text(&mut self, function: FunctionId, id: CallId, name: &str, text: &Text, most: Option<u64>, room: u64, atoms: &[Atom]) {
        for (origin, shape) in text.origins() {
            // How much came in at most, and how much of it is used at most.
            let longest = [self.longest(origin), self.taken(&text.trail), most].into_iter().flatten().min();
            let fits = longest.is_some_and(|longest| longest <= room || most.is_some());
            if shape != Shape::Text || fits {
                continue;
            }
            for source in self.sources(&origin.parts()) {
                if upper(atoms, |atom| self.from(atom, &source) && !self.is_number_read(atom)).is_none() {
                    self.overflow(function, id, name, source, Choice::Free, text, atoms);
                }
            }
        }
    }

    /// Is it about a number that was read out of a text? How large that is says nothing of how long the text is, or another one beside it.
    fn is_number_read(&self, atom: &Atom) -> bool {
        let unit = self.resolver().unit;
        let Some((local, code)) = unit.local(atom.function).zip(unit.code.function(atom.function)) else { return false };
        let branch = code.block_at(atom.site).and_then(|block| local.branches.get(&block));
        let Some((_, Branch::If(cond))) = branch else { return false };
        let mut leaves = Vec::new();
        local.exprs.leaves(*cond, &mut leaves);
        leaves.into_iter().filter_map(|leaf| local.exprs.leaf_expr(leaf)).any(|value| match local.leaf(value) {
            Some(Leaf::Result(call, _)) => {
                let gives = unit.model(atom.function, *call).and_then(|(_, model)| model.gives);
                matches!(gives, Some(Gives::Number(_)))
            }
            _ => false,
        })
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one write")]
    fn overflow(&mut self, function: FunctionId, id: CallId, name: &str, source: Channel, choice: Choice, text: &Text, atoms: &[Atom]) {
        let Some(call) = self.resolver().unit.local(function).and_then(|local| local.call(id)) else { return };
        let actuator = Actuator { kind: ActuatorKind::Memory, name: name.to_owned(), argument: String::new(), to: None, says: None };
        let texts = [text.clone()];
        let acting = Acting { actuator, texts: &texts };
        let flow = self.flow(function, call.site, &acting, source, Manner::Data, choice, atoms, &text.trail);
        self.facts.push((At::Address(call.site), CodeFact::Flow(Box::new(flow))));
    }

    /// Channels of the outside proper: what the machine's owner or the machine itself says is no attack.
    pub(super) fn sources(&self, origins: &[Origin]) -> Vec<Channel> {
        let proper = |channel: &Channel| {
            matches!(
                channel,
                Channel::Bound { .. } | Channel::Connected { .. } | Channel::Cgi(_) | Channel::Serial(_) | Channel::Removable(_)
            )
        };
        self.channels.sources(origins).into_iter().filter(proper).collect()
    }

    fn writes_of(&self, function: FunctionId, call: &Call, model: &Model) -> Vec<Write> {
        let contents = &self.channels.contents;
        let none = Context::default();
        let mut writes = Vec::new();
        if let Some(reads) = model.reads
            && let (Some(to), Some(length)) = (reads.to, reads.length)
            && reads.times.is_none()
            && !reads.indirect
        {
            writes.push(Write { to, texts: Vec::new(), length: Some(length), within: None, span: None });
        }
        // What is left there as a pointer takes a word, however much it points to.
        for copy in model.copies.iter().filter(|copy| !copy.encoded && !copy.indirect) {
            let texts = if copy.length.is_some() { Vec::new() } else { contents.argument(function, call, usize::from(copy.from), &none) };
            let whole = copy.length.is_none() && !copy.append;
            let span = if whole { self.held_by(function, call, copy.from) } else { None };
            let within = copy.length.map(|_| copy.from);
            let texts = texts.into_iter().map(|text| (text, None)).collect();
            writes.push(Write { to: copy.to, texts, length: copy.length, within, span });
        }
        if let Some(formats) = model.formats.filter(|formats| formats.size.is_none() && !formats.allocates && !formats.list)
            && let Some(to) = formats.text
        {
            let format = contents.argument(function, call, usize::from(formats.format), &none);
            let bounded =
                format.iter().filter_map(Text::known).all(|format| printed_texts(&format).iter().all(|(_, bound)| bound.is_some()));
            if !bounded {
                let texts = contents.formatted(function, call, formats, &none, &Default::default());
                let span = if formats.append { None } else { self.printed(function, call, formats, &format) };
                writes.push(Write { to, texts: texts.into_iter().map(|text| (text, None)).collect(), length: None, within: None, span });
            }
        }
        if let Some(scans) = model.scans
            && let Some(text) = scans.text
        {
            let from = contents.argument(function, call, usize::from(text), &none);
            let format = contents.argument(function, call, usize::from(scans.format), &none).first().and_then(Text::known);
            for (place, bound) in format.map(|format| scanned_texts(&format)).unwrap_or_default() {
                let texts = from.iter().map(|text| (text.clone(), bound)).collect();
                writes.push(Write { to: scans.first.saturating_add(place), texts, length: None, within: None, span: None });
            }
        }
        writes
    }

    /// Where `to` can point, each place with the call that passed it.
    fn places(&self, function: FunctionId, to: Expr) -> Vec<(Context, Pointee)> {
        let (unit, none) = (self.resolver().unit, Context::default());
        let objects = &self.resolver().objects;
        let Some(local) = unit.local(function) else { return Vec::new() };
        let own = objects.pointees(function, to);
        let (Address::At(at) | Address::Within(at)) = local.locate(to, unit.program, unit.machine);
        let first = at.base.and_then(|base| self.resolver().began(function, base));
        // A buffer, or more memory where that is too small: which of the two is decided by how much comes.
        if own.iter().any(|place| matches!(place.object, Object::Heap(..)))
            && own.iter().any(|place| !matches!(place.object, Object::Heap(..)))
        {
            return Vec::new();
        }
        let Some(index) = first.and_then(|base| local.entry(base)).and_then(|var| unit.argument_of(var)) else {
            return own.into_iter().map(|place| (none.clone(), place)).collect();
        };
        let mut places = Vec::new();
        self.places_passed(function, index, &mut Vec::new(), at.offset, &mut places);
        places
    }

    /// Where argument `index` of `function` points, by way of the calls `below`, the outermost last: who is handed a buffer is handed its
    /// size beside it, and a helper between the two hands on both.
    fn places_passed(&self, function: FunctionId, index: usize, below: &mut Vec<Edge>, offset: u64, places: &mut Vec<(Context, Pointee)>) {
        let (unit, width) = (self.resolver().unit, self.resolver().width());
        for edge in unit.callers(function).iter().take(CALLERS) {
            let passed = edge.passed_as(index).and_then(|index| unit.argument(edge.from, edge.call, index));
            let Some((local, value)) = passed.filter(|_| places.len() < PLACES && !below.contains(edge)) else { continue };
            below.push(edge.clone());
            let (Address::At(at) | Address::Within(at)) = local.locate(value, unit.program, unit.machine);
            let first = at.base.and_then(|base| local.entry(self.resolver().began(edge.from, base)?)).and_then(|var| unit.argument_of(var));
            match first.filter(|_| below.len() < HELPERS && !unit.callers(edge.from).is_empty()) {
                Some(index) => self.places_passed(edge.from, index, below, offset.wrapping_add(at.offset) & width.mask(), places),
                None => {
                    let context = below.iter().rev().try_fold(Context::default(), |context, edge| context.down(edge));
                    for place in context.iter().flat_map(|_| self.resolver().objects.pointees(edge.from, value)) {
                        let offset = place.offset.wrapping_add(offset) & width.mask();
                        places.extend(context.clone().map(|context| (context, Pointee { object: place.object, offset })));
                    }
                }
            }
            below.pop();
        }
    }

    /// How many bytes can have come in by this origin.
    fn longest(&self, origin: &Origin) -> Option<u64> {
        let Origin::Call(function, call, ..) = origin else { return None };
        let (_, model) = self.resolver().unit.model(*function, *call)?;
        let reads = model.reads?;
        let bytes = self.number(*function, *call, reads.length?)?;
        match reads.times {
            Some(times) => bytes.checked_mul(self.number(*function, *call, times)?),
            None => Some(bytes),
        }
    }
}

/// The texts that a scan takes out of another one: place among the values, and the width that bounds it.
pub(super) fn scanned_texts(format: &[u8]) -> Vec<(u8, Option<u64>)> {
    texts_of(format, |stars, width, _| if stars > 0 { Some(0) } else { width })
}

/// The texts that are put into another one: place among the values, and the precision that bounds it.
fn printed_texts(format: &[u8]) -> Vec<(u8, Option<u64>)> {
    texts_of(format, |_, _, precision| precision)
}

fn texts_of(format: &[u8], bound: impl Fn(usize, Option<u64>, Option<u64>) -> Option<u64>) -> Vec<(u8, Option<u64>)> {
    let (mut place, mut found) = (0_u8, Vec::new());
    for part in parts(format) {
        if let Part::Value { stars, kind, width, precision } = part {
            place = place.saturating_add(stars as u8);
            if kind == Kind::Text {
                found.push((place, bound(stars, width, precision)));
            }
            place = place.saturating_add(1);
        }
    }
    found
}

/// The least upper bound that the input was compared with on the way.
fn upper(atoms: &[Atom], of_input: impl Fn(&Atom) -> bool) -> Option<i64> {
    let bounds = atoms.iter().filter(|atom| of_input(atom)).filter_map(|atom| match (&atom.test, atom.fits) {
        (Test::Below(limit), true) => Some(limit - 1),
        (Test::Above(limit), false) => Some(*limit),
        _ => None,
    });
    bounds.filter(|bound| *bound > 0).min()
}
