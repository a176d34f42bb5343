//! Which bytes stand where a pointer points: text, with holes for what is not known, each hole with its origin.
//!
//! Bytes are followed back in time: through copies and formats, through callees that fill a buffer and callers that pass one. Where
//! several writers are possible there are several texts.

use std::{cell::Cell, collections::HashSet};

use super::{
    context::{Context, StepKind, Trail},
    resolve::{Found, Resolver},
    unit::{Passing, writes_argument},
};
use crate::{
    functions::FunctionId,
    ir::Width,
    models::{Copies, Formats, Gives, Model},
    values::{Address, Call, CallId, Expr, Leaf, Location, Slot, Snapshot},
};

/// Texts that are told apart.
const TEXTS: usize = 8;
/// Pieces of one text.
const PIECES: usize = 32;
/// Bytes of a constant text.
const LITERAL: usize = 4096;
/// How far from the start of a buffer bytes are taken to be in it.
const NEAR: u64 = 256;
/// How far one question goes.
const DEPTH: u32 = 40;
/// Questions that are answered for the sake of one another.
const NESTING: u32 = 48;

/// Where the bytes of a hole come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A library call brought them in: the call, and through which of its arguments (255: its result).
    Call(FunctionId, CallId, u8),
    /// An argument of a function that nobody is known to call; of `main`, the program's own arguments.
    Argument(FunctionId, usize),
    /// They are made of these, by arithmetic or in another encoding.
    Made(Vec<Origin>),
    /// Nobody knows.
    Unknown,
}

/// What may stand in a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Any bytes.
    Text,
    /// A number, written by a format.
    Number,
    /// One character.
    Character,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Piece {
    /// These bytes.
    Text(Vec<u8>),
    /// Bytes from elsewhere.
    Hole(Origin, Shape),
}

/// One possible text, and the steps by which its bytes came.
#[derive(Debug, Clone)]
pub struct Text {
    /// Its pieces.
    pub pieces: Vec<Piece>,
    /// How they came.
    pub trail: Trail,
}

impl PartialEq for Text {
    /// Two texts are the same where their bytes are, however they came.
    fn eq(&self, other: &Self) -> bool {
        self.pieces == other.pieces
    }
}

impl Text {
    fn literal(bytes: &[u8], trail: &Trail) -> Self {
        Self { pieces: vec![Piece::Text(bytes.to_vec())], trail: trail.clone() }
    }

    fn hole(origin: Origin, shape: Shape, trail: &Trail) -> Self {
        Self { pieces: vec![Piece::Hole(origin, shape)], trail: trail.clone() }
    }

    /// The whole text, where it has no hole.
    pub fn known(&self) -> Option<Vec<u8>> {
        let mut all = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(bytes) => all.extend_from_slice(bytes),
                Piece::Hole(..) => return None,
            }
        }
        Some(all)
    }

    /// The text for people: `{}` for each hole.
    pub fn show(&self) -> String {
        let mut shown = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(bytes) => shown.push_str(&String::from_utf8_lossy(bytes)),
                Piece::Hole(..) => shown.push_str("{}"),
            }
        }
        shown
    }

    /// The origins of its holes.
    pub fn origins(&self) -> impl Iterator<Item = (&Origin, Shape)> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Hole(origin, shape) => Some((origin, *shape)),
            Piece::Text(_) => None,
        })
    }

    fn push(&mut self, piece: Piece) {
        if self.pieces.len() >= PIECES {
            return;
        }
        match (self.pieces.last_mut(), piece) {
            (Some(Piece::Text(bytes)), Piece::Text(more)) => bytes.extend(more),
            (_, piece) => self.pieces.push(piece),
        }
    }

    fn then(&self, next: &Self) -> Self {
        let mut joined = self.clone();
        next.pieces.iter().cloned().for_each(|piece| joined.push(piece));
        if joined.trail.steps().len() < next.trail.steps().len() {
            joined.trail = next.trail.clone();
        }
        joined
    }
}

/// Puts questions about bytes.
pub struct Contents<'r, 'a> {
    /// Questions about values.
    pub resolver: &'r Resolver<'a>,
    /// Questions that are being answered, one for the sake of another.
    nesting: Cell<u32>,
}

impl<'r, 'a> Contents<'r, 'a> {
    /// For the program of `resolver`.
    pub fn new(resolver: &'r Resolver<'a>) -> Self {
        Self { resolver, nesting: Cell::new(0) }
    }

    /// Answers a question for the sake of another; none where they are too many.
    fn nested<T>(&self, answer: impl FnOnce() -> T) -> Option<T> {
        if self.nesting.get() >= NESTING {
            return None;
        }
        self.nesting.set(self.nesting.get() + 1);
        let answer = answer();
        self.nesting.set(self.nesting.get() - 1);
        Some(answer)
    }
}

impl Contents<'_, '_> {
    /// What stands where `pointer` points, just before `call`.
    pub fn argument(&self, function: FunctionId, call: &Call, index: usize, context: &Context) -> Vec<Text> {
        let unit = self.resolver.unit;
        let value = unit.local(function).and_then(|local| local.argument(call, index, unit.program, unit.machine));
        match value {
            Some(value) => self.at(function, value, &call.memory, context),
            None => vec![Text::hole(Origin::Unknown, Shape::Text, &Trail::default())],
        }
    }

    /// What stands where `pointer` points in `memory`.
    pub fn at(&self, function: FunctionId, pointer: Expr, memory: &Snapshot, context: &Context) -> Vec<Text> {
        let mut texts = self.pointer(function, pointer, 0, memory, context, &Trail::default(), DEPTH);
        if texts.is_empty() {
            texts.push(Text::hole(Origin::Unknown, Shape::Text, &Trail::default()));
        }
        texts
    }

    fn unknown(trail: &Trail) -> Vec<Text> {
        vec![Text::hole(Origin::Unknown, Shape::Text, trail)]
    }

    fn pointer(
        &self,
        function: FunctionId,
        pointer: Expr,
        by: u64,
        memory: &Snapshot,
        context: &Context,
        trail: &Trail,
        depth: u32,
    ) -> Vec<Text> {
        let answer = self.nested(|| self.pointer_here(function, pointer, by, memory, context, trail, depth));
        answer.unwrap_or_else(|| Self::unknown(trail))
    }

    fn pointer_here(
        &self,
        function: FunctionId,
        pointer: Expr,
        by: u64,
        memory: &Snapshot,
        context: &Context,
        trail: &Trail,
        depth: u32,
    ) -> Vec<Text> {
        let unit = self.resolver.unit;
        let Some(local) = unit.local(function).filter(|_| depth > 0 && self.resolver.budget.step()) else { return Self::unknown(trail) };
        if let crate::values::Node::Select(_, yes, no) = local.exprs.node(pointer) {
            let mut texts = self.pointer(function, yes, by, memory, context, trail, depth - 1);
            return merge(&mut texts, self.pointer(function, no, by, memory, context, trail, depth - 1));
        }
        let (Address::At(at) | Address::Within(at)) = local.locate(pointer, unit.program, unit.machine);
        let at = Location { base: at.base, offset: at.offset.wrapping_add(by) & self.resolver.width().mask() };
        let Some(base) = at.base else {
            if at.offset == 0 {
                return vec![Text::literal(b"", trail)];
            }
            return self.global(at.offset, context, trail, depth);
        };
        if local.entry(base) == Some(unit.machine.stack) {
            return self.object(function, at, memory, context, trail, depth);
        }
        match local.leaf(base) {
            Some(Leaf::Entry(var)) => match unit.argument_of(*var) {
                Some(_) => self.object(function, at, memory, context, trail, depth),
                None => Self::unknown(trail),
            },
            Some(Leaf::Result(call, _)) => self.result(function, *call, at, memory, context, trail, depth),
            Some(Leaf::Join { block, slot }) => {
                // A pointer that runs through a text in a loop begins at the text.
                let mut texts = Vec::new();
                for (value, from, _) in local.ways(*block, *slot) {
                    let (Address::At(way) | Address::Within(way)) = local.locate(value, unit.program, unit.machine);
                    if local.shape.goes_back(from, *block) && way.base == Some(base) {
                        continue;
                    }
                    merge(&mut texts, self.pointer(function, value, by, memory, context, trail, depth - 1));
                }
                texts
            }
            Some(Leaf::Memory { .. }) => self.behind(function, base, at.offset, context, trail, depth),
            Some(Leaf::Element { .. }) => self.element(function, base, context, trail, depth),
            _ => Self::unknown(trail),
        }
    }

    /// The bytes of an object that `function` sees at `at`: what was last written there.
    fn object(&self, function: FunctionId, at: Location, memory: &Snapshot, context: &Context, trail: &Trail, depth: u32) -> Vec<Text> {
        if let Some(text) = self.stored(function, at, memory, context, trail) {
            return vec![text];
        }
        let mut texts = self.written(function, at, memory.state, context, trail, depth);
        merge(&mut texts, self.smeared(function, at, context, trail));
        texts
    }

    /// What a function stores byte by byte, at places that it counts, into what begins at `at`.
    fn smeared(&self, function: FunctionId, at: Location, context: &Context, trail: &Trail) -> Vec<Text> {
        let Some(local) = self.resolver.unit.local(function) else { return Vec::new() };
        let mut texts = Vec::new();
        for store in &local.stores {
            let Address::Within(start) = store.at else { continue };
            let by = start.offset.wrapping_sub(at.offset) & self.resolver.width().mask();
            if start.base == at.base && at.base.is_some() && by < NEAR {
                let trail = trail.with(function, store.site, StepKind::Stored);
                merge(&mut texts, self.byte(function, store.value, context, &trail));
            }
        }
        texts
    }

    /// A byte that is stored, as a text of bytes like it.
    fn byte(&self, function: FunctionId, value: Expr, context: &Context, trail: &Trail) -> Vec<Text> {
        match self.value_origin(function, value, context) {
            Origin::Unknown => Vec::new(),
            origin => vec![Text::hole(origin, Shape::Text, trail)],
        }
    }

    /// The same for what begins at a fixed address, by any function, also through pointers.
    fn smeared_global(&self, address: u64, trail: &Trail) -> Vec<Text> {
        let unit = self.resolver.unit;
        let none = Context::default();
        let mut texts = Vec::new();
        let direct = unit.global_smears.range(address..address.saturating_add(NEAR)).flat_map(|(_, stores)| stores);
        let loose = unit.loose_smears.iter().filter(|(function, index)| {
            let Some(store) = unit.local(*function).and_then(|local| local.stores.get(*index)) else { return false };
            let Address::Within(Location { base: Some(base), offset }) = store.at else { return false };
            let objects = self.resolver.objects(*function, base);
            objects.iter().any(|object| matches!(object, Found::Number(start) if start.wrapping_add(offset).wrapping_sub(address) < NEAR))
        });
        for (function, index) in direct.chain(loose) {
            let Some(store) = unit.local(*function).and_then(|local| local.stores.get(*index)) else { continue };
            let trail = trail.with(*function, store.site, StepKind::Stored);
            merge(&mut texts, self.byte(*function, store.value, &none, &trail));
        }
        texts
    }

    /// Bytes that the function stored itself, word by word, from `at` up to a zero.
    fn stored(&self, function: FunctionId, at: Location, memory: &Snapshot, context: &Context, trail: &Trail) -> Option<Text> {
        let local = self.resolver.unit.local(function)?;
        let mut text = Text { pieces: Vec::new(), trail: trail.clone() };
        let mut next = at.offset;
        for (place, width, value) in memory.from(at) {
            if place.offset != next {
                break;
            }
            match local.exprs.value(value) {
                Some(number) => {
                    let bytes = number.to_le_bytes();
                    let bytes = bytes.get(..width.bytes() as usize)?;
                    if let Some(end) = bytes.iter().position(|byte| *byte == 0) {
                        text.push(Piece::Text(bytes.get(..end)?.to_vec()));
                        // A buffer whose first byte is cleared is filled by somebody else later, or is empty.
                        return (next > at.offset || end > 0).then_some(text);
                    }
                    text.push(Piece::Text(bytes.to_vec()));
                }
                None if width == Width::W8 => {
                    let origin = self.value_origin(function, value, context);
                    text.push(Piece::Hole(origin, Shape::Character));
                }
                None => return None,
            }
            next = next.wrapping_add(width.bytes());
        }
        (next.wrapping_sub(at.offset) >= 4).then_some(text)
    }

    /// What was written at `at` before the state `state`: the last writer on each way there.
    fn written(&self, function: FunctionId, at: Location, state: Expr, context: &Context, trail: &Trail, depth: u32) -> Vec<Text> {
        let Some(local) = self.resolver.unit.local(function) else { return Vec::new() };
        let mut texts = Vec::new();
        let mut seen = HashSet::new();
        let mut waiting = vec![state];
        while let Some(state) = waiting.pop() {
            if !seen.insert(state) {
                continue;
            }
            if !self.resolver.budget.step() || depth == 0 {
                return Self::unknown(trail);
            }
            match local.leaf(state) {
                Some(Leaf::Called { call, before }) => {
                    if let Some(found) = self.written_by(function, *call, at, context, trail, depth) {
                        merge(&mut texts, found);
                    } else if let Some(text) = self.stored(function, at, before, context, trail) {
                        merge(&mut texts, vec![text]);
                    } else {
                        waiting.push(before.state);
                    }
                }
                Some(Leaf::Join { block, slot: Slot::State }) => waiting.extend(local.ways(*block, Slot::State).map(|(way, ..)| way)),
                Some(Leaf::Start) => {
                    merge(&mut texts, self.at_start(function, at, context, trail, depth));
                }
                _ => {
                    merge(&mut texts, Self::unknown(trail));
                }
            }
        }
        texts
    }

    /// What a call wrote at `at`, if it wrote there.
    fn written_by(
        &self,
        function: FunctionId,
        id: CallId,
        at: Location,
        context: &Context,
        trail: &Trail,
        depth: u32,
    ) -> Option<Vec<Text>> {
        let unit = self.resolver.unit;
        let local = unit.local(function)?;
        let call = local.call(id)?;
        let count = call.arguments.len().max(unit.model(function, id).map_or(0, |_| 8));
        for index in 0..count {
            let Some(argument) = local.argument(call, index, unit.program, unit.machine) else { continue };
            let (Address::At(start) | Address::Within(start)) = local.locate(argument, unit.program, unit.machine);
            let by = at.offset.wrapping_sub(start.offset) & self.resolver.width().mask();
            if start.base != at.base || by > 4096 {
                continue;
            }
            if let Some((_, model)) = unit.model(function, id)
                && writes_argument(model, index as u8)
            {
                let trail = trail.with(function, call.site, StepKind::Moved);
                return Some(self.by_model(function, id, call, model, index as u8, context, &trail, depth - 1));
            }
            for edge in unit.callees(function, id) {
                if edge.passing != Passing::Own || !unit.writes_through(edge.to, index) {
                    continue;
                }
                let (Some(inner), Some(callee)) = (context.down(edge), unit.local(edge.to)) else { continue };
                let Some(entry) = self.resolver.entry_of(edge.to, index) else { continue };
                let place = Location { base: Some(entry), offset: by };
                let trail = trail.with(function, call.site, StepKind::Stored);
                let mut texts = Vec::new();
                for back in &callee.returns {
                    merge(&mut texts, self.object(edge.to, place, &back.memory, &inner, &trail, depth - 1));
                }
                return Some(texts);
            }
        }
        None
    }

    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    fn by_model(
        &self,
        function: FunctionId,
        id: CallId,
        call: &Call,
        model: &Model,
        index: u8,
        context: &Context,
        trail: &Trail,
        depth: u32,
    ) -> Vec<Text> {
        if let Some(copy) = model.copies.iter().find(|copy| copy.to == index) {
            return self.copied(function, call, *copy, context, trail, depth);
        }
        if let Some(formats) = model.formats.filter(|formats| formats.text == Some(index)) {
            let texts = self.formatted(function, call, formats, context, trail, depth);
            if !formats.append {
                return texts;
            }
        }
        if let Some(scans) = model.scans.filter(|scans| index >= scans.first) {
            return self.scanned(function, id, call, scans, context, trail, depth);
        }
        vec![Text::hole(Origin::Call(function, id, index), Shape::Text, trail)]
    }

    fn inner(&self, function: FunctionId, call: &Call, index: u8, context: &Context, trail: &Trail, depth: u32) -> Vec<Text> {
        let unit = self.resolver.unit;
        let value = unit.local(function).and_then(|local| local.argument(call, usize::from(index), unit.program, unit.machine));
        value.map_or_else(|| Self::unknown(trail), |value| self.pointer(function, value, 0, &call.memory, context, trail, depth))
    }

    fn copied(&self, function: FunctionId, call: &Call, copy: Copies, context: &Context, trail: &Trail, depth: u32) -> Vec<Text> {
        let mut moved = self.inner(function, call, copy.from, context, trail, depth);
        if copy.encoded {
            for text in &mut moved {
                let origins: Vec<Origin> = text.origins().map(|(origin, _)| origin.clone()).collect();
                if !origins.is_empty() {
                    text.pieces = vec![Piece::Hole(Origin::Made(origins), Shape::Text)];
                }
            }
        }
        if !copy.append {
            return moved;
        }
        let before = self.inner(function, call, copy.to, context, trail, depth);
        let mut texts = Vec::new();
        for first in &before {
            for second in &moved {
                merge(&mut texts, vec![first.then(second)]);
            }
        }
        texts
    }

    /// Text made by a format (C 7.21.6.1): its constant parts, and each value in its place.
    pub fn formatted(
        &self,
        function: FunctionId,
        call: &Call,
        formats: Formats,
        context: &Context,
        trail: &Trail,
        depth: u32,
    ) -> Vec<Text> {
        let mut texts = Vec::new();
        for format in self.inner(function, call, formats.format, context, trail, depth.saturating_sub(1)) {
            let Some(bytes) = format.known() else {
                // The format itself comes from elsewhere.
                merge(&mut texts, vec![format]);
                continue;
            };
            let mut made = vec![Text { pieces: Vec::new(), trail: trail.clone() }];
            let mut value = usize::from(formats.first);
            for part in super::format::parts(&bytes) {
                let options = match part {
                    super::format::Part::Text(bytes) => vec![Text::literal(&bytes, trail)],
                    super::format::Part::Value { stars, kind } => {
                        value += stars;
                        let options = self.value(function, call, value, kind, formats.list, context, trail, depth);
                        value += 1;
                        options
                    }
                };
                let mut next = Vec::new();
                for first in &made {
                    for second in &options {
                        merge(&mut next, vec![first.then(second)]);
                    }
                }
                made = next;
            }
            merge(&mut texts, made);
        }
        texts
    }

    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    fn value(
        &self,
        function: FunctionId,
        call: &Call,
        index: usize,
        kind: super::format::Kind,
        list: bool,
        context: &Context,
        trail: &Trail,
        depth: u32,
    ) -> Vec<Text> {
        use super::format::Kind;
        if list {
            return self.of_list(function, call, kind, context, trail);
        }
        match kind {
            Kind::Text => self.inner(function, call, index as u8, context, trail, depth.saturating_sub(1)),
            Kind::Number | Kind::Character => {
                let unit = self.resolver.unit;
                let value = unit.local(function).and_then(|local| local.argument(call, index, unit.program, unit.machine));
                let Some(value) = value else { return vec![Text::hole(Origin::Unknown, Shape::Number, trail)] };
                if let Some(numbers) = self.resolver.numbers(function, value, context).filter(|numbers| numbers.len() == 1) {
                    let number = numbers[0];
                    let shown = if kind == Kind::Character { vec![number as u8] } else { (number as i32).to_string().into_bytes() };
                    return vec![Text::literal(&shown, trail)];
                }
                let shape = if kind == Kind::Character { Shape::Character } else { Shape::Number };
                vec![Text::hole(self.value_origin(function, value, context), shape, trail)]
            }
        }
    }

    /// Values of a `va_list`: those of the caller that passes them on. Which one it is is not told apart.
    fn of_list(&self, function: FunctionId, _call: &Call, kind: super::format::Kind, context: &Context, trail: &Trail) -> Vec<Text> {
        use super::format::Kind;
        let shape = match kind {
            Kind::Text => Shape::Text,
            Kind::Number => Shape::Number,
            Kind::Character => Shape::Character,
        };
        let unit = self.resolver.unit;
        let mut origins = Vec::new();
        for (edge, above) in self.resolver.callers(function, context) {
            let (Some(caller), Some(made)) = (unit.local(edge.from), unit.local(edge.from).and_then(|local| local.call(edge.call))) else {
                continue;
            };
            for index in 1..6 {
                let Some(value) = caller.argument(made, index, unit.program, unit.machine) else { break };
                let texts = match kind {
                    Kind::Text => self.pointer(edge.from, value, 0, &made.memory, &above, trail, DEPTH / 4),
                    _ => vec![Text::hole(self.value_origin(edge.from, value, &above), shape, trail)],
                };
                origins.extend(texts.iter().flat_map(Text::origins).map(|(origin, _)| origin.clone()));
            }
        }
        origins.retain(|origin| *origin != Origin::Unknown);
        origins.dedup();
        let origin = if origins.is_empty() { Origin::Unknown } else { Origin::Made(origins) };
        vec![Text::hole(origin, shape, trail)]
    }

    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    fn scanned(
        &self,
        function: FunctionId,
        id: CallId,
        call: &Call,
        scans: Formats,
        context: &Context,
        trail: &Trail,
        depth: u32,
    ) -> Vec<Text> {
        let Some(text) = scans.text else { return vec![Text::hole(Origin::Call(function, id, 0), Shape::Text, trail)] };
        let inner = self.inner(function, call, text, context, trail, depth);
        let mut texts = Vec::new();
        for text in inner {
            let origins: Vec<Origin> = text.origins().map(|(origin, _)| origin.clone()).collect();
            let piece = match origins.len() {
                0 => Piece::Hole(Origin::Unknown, Shape::Text),
                1 => Piece::Hole(origins[0].clone(), Shape::Text),
                _ => Piece::Hole(Origin::Made(origins), Shape::Text),
            };
            merge(&mut texts, vec![Text { pieces: vec![piece], trail: text.trail }]);
        }
        texts
    }

    fn at_start(&self, function: FunctionId, at: Location, context: &Context, trail: &Trail, depth: u32) -> Vec<Text> {
        let unit = self.resolver.unit;
        let Some(local) = unit.local(function) else { return Vec::new() };
        let Some(base) = at.base else { return self.global(at.offset, context, trail, depth) };
        let Some(index) = local.entry(base).and_then(|var| unit.argument_of(var)) else { return Vec::new() };
        let callers = self.resolver.callers(function, context);
        if callers.is_empty() {
            return vec![Text::hole(Origin::Argument(function, index), Shape::Text, trail)];
        }
        let mut texts = Vec::new();
        for (edge, above) in callers {
            let Some(passed) = Resolver::passed_as(&edge, index) else { continue };
            let Some((caller, value)) = unit.argument(edge.from, edge.call, passed) else { continue };
            let Some(call) = caller.call(edge.call) else { continue };
            let trail = trail.with(edge.from, call.site, StepKind::Passed);
            merge(&mut texts, self.pointer(edge.from, value, at.offset, &call.memory, &above, &trail, depth - 1));
        }
        texts
    }

    /// What a function gave back as a pointer.
    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    fn result(
        &self,
        function: FunctionId,
        id: CallId,
        at: Location,
        memory: &Snapshot,
        context: &Context,
        trail: &Trail,
        depth: u32,
    ) -> Vec<Text> {
        let unit = self.resolver.unit;
        let Some(call) = unit.local(function).and_then(|local| local.call(id)) else { return Vec::new() };
        if let Some((_, model)) = unit.model(function, id) {
            let trail = trail.with(function, call.site, StepKind::Moved);
            return match model.gives {
                Some(Gives::Argument(index)) if writes_argument(model, index) => {
                    self.by_model(function, id, call, model, index, context, &trail, depth - 1)
                }
                Some(Gives::Argument(index) | Gives::Within(index) | Gives::Copy(index)) => {
                    let own = self.written(function, at, memory.state, context, &trail, depth / 2);
                    let own: Vec<Text> = own.into_iter().filter(|text| text.known().is_none_or(|text| !text.is_empty())).collect();
                    let mut moved = self.inner(function, call, index, context, &trail, depth - 1);
                    if moved.iter().all(|text| text.known().is_some_and(|text| text.is_empty())) {
                        moved = self.continued(function, id, index, context, &trail, depth - 1);
                    }
                    if model.gives == Some(Gives::Copy(index)) && !own.is_empty() { own } else { moved }
                }
                Some(Gives::New(_)) => self.object(function, at, memory, context, &trail, depth - 1),
                _ => vec![Text::hole(Origin::Call(function, id, 255), Shape::Text, &trail)],
            };
        }
        let edges: Vec<_> = unit.callees(function, id).iter().filter(|edge| edge.passing == Passing::Own).collect();
        if edges.is_empty() {
            return vec![Text::hole(Origin::Call(function, id, 255), Shape::Text, trail)];
        }
        let mut texts = Vec::new();
        for edge in edges {
            let (Some(inner), Some(callee)) = (context.down(edge), unit.local(edge.to)) else { continue };
            let trail = trail.with(function, call.site, StepKind::GivenBack);
            for back in &callee.returns {
                if let Some(value) = back.values.first()
                    && callee.exprs.value(*value) != Some(0)
                {
                    merge(&mut texts, self.pointer(edge.to, *value, at.offset, &back.memory, &inner, &trail, depth - 1));
                }
            }
        }
        texts
    }

    /// A call with no text goes on with the text of an earlier call of the same function, as `strtok` does.
    fn continued(&self, function: FunctionId, id: CallId, index: u8, context: &Context, trail: &Trail, depth: u32) -> Vec<Text> {
        let unit = self.resolver.unit;
        let Some(local) = unit.local(function) else { return Vec::new() };
        let mut texts = Vec::new();
        for (number, call) in local.calls.iter().enumerate() {
            let other = CallId(number as u32);
            if other != id && unit.targets(function, other) == unit.targets(function, id) {
                let found = self.inner(function, call, index, context, trail, depth / 2);
                merge(&mut texts, found.into_iter().filter(|text| text.known().is_none()).collect());
            }
        }
        texts
    }

    /// A text at a fixed address: a constant, or a variable with all who write to it.
    fn global(&self, address: u64, context: &Context, trail: &Trail, depth: u32) -> Vec<Text> {
        let unit = self.resolver.unit;
        let memory = &unit.program.memory;
        if !memory.holds(address) {
            return Self::unknown(trail);
        }
        let initial = memory.text(address, LITERAL);
        if memory.constant(address) || unit.program.linked.contains(address) {
            return initial.map_or_else(|| Self::unknown(trail), |text| vec![Text::literal(text, trail)]);
        }
        let mut texts = self.smeared_global(address, trail);
        texts.extend(initial.filter(|text| !text.is_empty()).map(|text| Text::literal(text, trail)));
        for (function, id, index) in &unit.loose_writes {
            let Some(call) = unit.local(*function).and_then(|local| local.call(*id)) else { continue };
            let Some((local, value)) = unit.argument(*function, *id, usize::from(*index)) else { continue };
            let (Address::At(at) | Address::Within(at)) = local.locate(value, unit.program, unit.machine);
            let Some(base) = at.base else { continue };
            let objects = self.resolver.objects(*function, base);
            if !objects.iter().any(|object| matches!(object, Found::Number(start) if start.wrapping_add(at.offset) == address)) {
                continue;
            }
            if let Some((_, model)) = unit.model(*function, *id) {
                let trail = trail.with(*function, call.site, StepKind::Moved);
                merge(&mut texts, self.by_model(*function, *id, call, model, *index, &Context::default(), &trail, depth / 2));
            }
        }
        for (function, id, index, start) in unit.global_arguments(address) {
            let Some(call) = unit.local(function).and_then(|local| local.call(id)) else { continue };
            if start != address {
                continue;
            }
            let _ = context;
            let none = Context::default();
            if let Some((_, model)) = unit.model(function, id)
                && writes_argument(model, index as u8)
            {
                let trail = trail.with(function, call.site, StepKind::Moved);
                merge(&mut texts, self.by_model(function, id, call, model, index as u8, &none, &trail, depth / 2));
            }
            for edge in unit.callees(function, id) {
                let Some(passed) = (0..8).find(|passed| Resolver::passed_as(edge, *passed) == Some(index)) else { continue };
                if !unit.writes_through(edge.to, passed) || depth < 4 {
                    continue;
                }
                let (Some(inner), Some(callee)) = (none.down(edge), unit.local(edge.to)) else { continue };
                let Some(entry) = self.resolver.entry_of(edge.to, passed) else { continue };
                let place = Location { base: Some(entry), offset: 0 };
                for back in &callee.returns {
                    let trail = trail.with(function, call.site, StepKind::Stored);
                    let found = self.written(edge.to, place, back.memory.state, &inner, &trail, depth / 2);
                    // What merely comes back from the caller is the variable itself again.
                    merge(&mut texts, found.into_iter().filter(|text| text.known().is_none()).collect());
                }
            }
        }
        texts
    }

    /// A text behind a pointer that stands in memory.
    fn behind(&self, function: FunctionId, pointer: Expr, by: u64, context: &Context, trail: &Trail, depth: u32) -> Vec<Text> {
        let mut texts = Vec::new();
        for (found, above, steps) in self.resolver.resolve(function, pointer, context) {
            let trail = steps.steps().iter().rev().fold(trail.clone(), |trail, step| trail.with(step.function, step.site, step.kind));
            match found {
                Found::Number(0) => {}
                Found::Number(address) => {
                    merge(&mut texts, self.global(address.wrapping_add(by), &above, &trail, depth / 2));
                }
                Found::Result(owner, call) => {
                    let Some(local) = self.resolver.unit.local(owner) else { continue };
                    let Some(made) = local.call(call) else { continue };
                    let result = local.leaves.iter().position(|leaf| matches!(leaf, Leaf::Result(id, _) if *id == call));
                    let base = result.and_then(|number| local.exprs.leaf_expr(number as u32));
                    let at = Location { base, offset: by };
                    merge(&mut texts, self.result(owner, call, at, &made.memory, &above, &trail, depth / 2));
                }
                Found::Stack(owner, offset) => {
                    // Some other function's own buffer, at an unknown time: whatever it holds at its end.
                    let Some(local) = self.resolver.unit.local(owner) else { continue };
                    let base = self.resolver.unit.machine.stack;
                    let entry = local
                        .leaves
                        .iter()
                        .position(|leaf| *leaf == Leaf::Entry(base))
                        .and_then(|number| local.exprs.leaf_expr(number as u32));
                    let at = Location { base: entry, offset: offset as u64 & self.resolver.width().mask() };
                    if let Some(memory) = local.calls.last().map(|call| call.memory.clone()) {
                        merge(&mut texts, self.object(owner, at, &memory, &above, &trail, depth / 2));
                    }
                }
                Found::Written(owner, call, _) => {
                    let made = self.resolver.unit.local(owner).and_then(|local| local.call(call));
                    let formats = self.resolver.unit.model(owner, call).and_then(|(_, model)| model.formats);
                    let found = match (made, formats.filter(|formats| formats.allocates)) {
                        (Some(made), Some(formats)) => self.formatted(owner, made, formats, &above, &trail, depth / 2),
                        _ => vec![Text::hole(Origin::Call(owner, call, 255), Shape::Text, &trail)],
                    };
                    merge(&mut texts, found);
                }
                Found::Argument(owner, index) => {
                    merge(&mut texts, vec![Text::hole(Origin::Argument(owner, index), Shape::Text, &trail)]);
                }
                Found::Behind(inner, ..) => {
                    if let Found::Argument(owner, index) = *inner {
                        merge(&mut texts, vec![Text::hole(Origin::Argument(owner, index), Shape::Text, &trail)]);
                    }
                }
                Found::Element(owner, expr) => {
                    merge(&mut texts, self.element(owner, expr, &above, &trail, depth / 2));
                }
                Found::Operation(..) | Found::Import(_) | Found::Unknown => merge(&mut texts, Self::unknown(&trail)).truncate(TEXTS),
            }
        }
        texts
    }

    /// Texts behind some element of a table of pointers.
    fn element(&self, function: FunctionId, element: Expr, context: &Context, trail: &Trail, depth: u32) -> Vec<Text> {
        let unit = self.resolver.unit;
        let Some(local) = unit.local(function) else { return Vec::new() };
        let Some(Leaf::Element { address, .. }) = local.leaf(element) else { return Self::unknown(trail) };
        let (Address::At(at) | Address::Within(at)) = local.locate(*address, unit.program, unit.machine);
        if at.base.is_some() || depth < 2 {
            let origins = self.value_origin(function, *address, context);
            return vec![Text::hole(origins, Shape::Text, trail)];
        }
        let step = self.resolver.width().bytes();
        let mut texts = Vec::new();
        for index in 0..64 {
            let Some(pointer) = unit.program.memory.pointer(at.offset + index * step) else { break };
            if let Some(text) = unit.program.memory.text(pointer, LITERAL).filter(|text| !text.is_empty()) {
                merge(&mut texts, vec![Text::literal(text, trail)]);
            }
        }
        texts
    }

    /// Where the bits of a value come from.
    pub fn value_origin(&self, function: FunctionId, value: Expr, context: &Context) -> Origin {
        let mut origins = Vec::new();
        self.nested(|| self.collect(function, value, context, &mut origins, 6));
        origins.retain(|origin| *origin != Origin::Unknown);
        origins.dedup();
        match origins.len() {
            0 => Origin::Unknown,
            1 => origins.swap_remove(0),
            _ => Origin::Made(origins),
        }
    }

    fn collect(&self, function: FunctionId, value: Expr, context: &Context, origins: &mut Vec<Origin>, depth: u32) {
        if depth == 0 || origins.len() > 16 {
            return;
        }
        let unit = self.resolver.unit;
        if let Some(local) = unit.local(function)
            && let Some(Leaf::Memory { at: Location { base: Some(base), offset }, state, .. }) = local.leaf(value)
            && local.entry(*base) != Some(unit.machine.stack)
        {
            // A byte or a field of what a pointer points to: of the bytes that stand there.
            let texts = self.pointer(function, *base, *offset, &Snapshot::new(*state), context, &Trail::default(), DEPTH / 3);
            let found: Vec<Origin> = texts.iter().flat_map(Text::origins).map(|(origin, _)| origin.clone()).collect();
            if found.iter().any(|origin| *origin != Origin::Unknown) {
                origins.extend(found);
                return;
            }
        }
        for (found, above, _) in self.resolver.resolve(function, value, context) {
            match found {
                Found::Operation(owner, expr) => {
                    let Some(local) = unit.local(owner) else { continue };
                    let mut leaves = Vec::new();
                    local.exprs.leaves(expr, &mut leaves);
                    for leaf in leaves.into_iter().take(6) {
                        if let Some(expr) = local.exprs.leaf_expr(leaf) {
                            self.collect(owner, expr, &above, origins, depth - 1);
                        }
                    }
                }
                Found::Result(owner, call) => self.collect_result(owner, call, &above, origins),
                Found::Written(owner, call, at) => self.collect_written(owner, call, at, &above, origins),
                Found::Element(owner, expr) => {
                    // An element of a buffer: its bytes.
                    let Some(local) = unit.local(owner) else { continue };
                    let Some(Leaf::Element { address, state, .. }) = local.leaf(expr) else { continue };
                    let texts = self.pointer(owner, *address, 0, &Snapshot::new(*state), &above, &Trail::default(), DEPTH / 3);
                    origins.extend(texts.iter().flat_map(Text::origins).map(|(origin, _)| origin.clone()));
                }
                Found::Argument(owner, index) => origins.push(Origin::Argument(owner, index)),
                Found::Behind(inner, ..) => match *inner {
                    Found::Argument(owner, index) => origins.push(Origin::Argument(owner, index)),
                    Found::Result(owner, call) => self.collect_result(owner, call, &above, origins),
                    _ => {}
                },
                Found::Number(_) | Found::Stack(..) | Found::Import(_) | Found::Unknown => {}
            }
        }
    }

    fn collect_result(&self, owner: FunctionId, id: CallId, context: &Context, origins: &mut Vec<Origin>) {
        let unit = self.resolver.unit;
        let Some(call) = unit.local(owner).and_then(|local| local.call(id)) else { return };
        let of = unit.model(owner, id).and_then(|(_, model)| model.gives);
        match of {
            Some(Gives::Number(index) | Gives::Length(index) | Gives::Within(index) | Gives::Copy(index) | Gives::Argument(index)) => {
                let texts = self.inner(owner, call, index, context, &Trail::default(), DEPTH / 3);
                origins.extend(texts.iter().flat_map(Text::origins).map(|(origin, _)| origin.clone()));
            }
            Some(Gives::Swapped(index)) => {
                if let Some((_, value)) = unit.argument(owner, id, usize::from(index)) {
                    self.collect(owner, value, context, origins, 3);
                }
            }
            _ => origins.push(Origin::Call(owner, id, 255)),
        }
    }

    fn collect_written(&self, owner: FunctionId, id: CallId, at: Location, context: &Context, origins: &mut Vec<Origin>) {
        match self.written_by(owner, id, at, context, &Trail::default(), DEPTH / 3) {
            Some(texts) => origins.extend(texts.iter().flat_map(Text::origins).map(|(origin, _)| origin.clone())),
            None => origins.push(Origin::Call(owner, id, 255)),
        }
    }
}

fn merge(into: &mut Vec<Text>, from: Vec<Text>) -> Vec<Text> {
    for text in from {
        if into.len() < TEXTS && !into.iter().any(|known| known.pieces == text.pieces) {
            into.push(text);
        }
    }
    into.clone()
}
