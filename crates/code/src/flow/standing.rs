//! Texts that stand somewhere for all of the program: at fixed addresses, in objects, behind pointers kept in memory, in tables.
//!
//! Order in time is not followed here: a place holds whatever anybody ever wrote to it.

use super::{
    content::{Contents, Question},
    context::{Context, StepKind, Trail},
    edges::Passing,
    objects::{Object, Pointee},
    resolve::{Found, stride},
    text::{Origin, Shape, Text, merge},
};
use crate::{
    functions::FunctionId,
    models::Gives,
    values::{Address, Call, CallId, Expr, Leaf, Location},
};

/// Bytes of a constant text.
const LITERAL: usize = 4096;
/// How far from the start of a buffer bytes are taken to be in it.
pub(super) const NEAR: u64 = 256;
/// Entries of a table of texts.
const TABLE: u64 = 64;
/// Callers that are told apart for one writer.
const CALLERS: usize = 16;

impl Contents<'_, '_> {
    /// The text at a place, by whoever writes there.
    pub(super) fn anywhere(&self, place: Pointee, trail: &Trail) -> Vec<Text> {
        let unit = self.resolver.unit;
        if place.object == Object::Fixed {
            let memory = &unit.program.memory;
            if !memory.holds(place.offset) {
                return Self::unknown(trail);
            }
            if memory.constant(place.offset) || unit.program.linked.contains(place.offset) {
                let text = memory.text(place.offset, LITERAL);
                return text.map_or_else(|| Self::unknown(trail), |text| vec![Text::literal(text, trail)]);
            }
        }
        self.remembered(Question::Place(place), trail, |trail| self.by_all(place, trail))
    }

    fn by_all(&self, place: Pointee, trail: &Trail) -> Vec<Text> {
        let unit = self.resolver.unit;
        let mut texts = Vec::new();
        if place.object == Object::Fixed {
            let initial = unit.program.memory.text(place.offset, LITERAL).filter(|text| !text.is_empty());
            // A variable of no function's own: the place stands for the step.
            let began = trail.with(FunctionId(u32::MAX), place.offset, StepKind::Began);
            texts.extend(initial.map(|text| Text::literal(text, &began)));
            let end = place.offset.saturating_add(NEAR);
            // Bytes of another variable are none of this one.
            let own = |start: &u64| *start == place.offset || !unit.is_variable(*start);
            for (_, stores) in unit.global_smears.range(place.offset..end).take_while(|(start, _)| own(start)) {
                for (function, index) in stores {
                    self.smeared_by(*function, *index, place, trail, &mut texts);
                }
            }
        }
        for (function, index) in self.resolver.objects.counted_near(place, NEAR) {
            self.smeared_by(function, index, place, trail, &mut texts);
        }
        let (nearest_start, writes) = self.resolver.objects.last_writes(place, NEAR);
        let nearest = writes.iter().map(|write| (nearest_start, write));
        for (start, (function, id, index)) in nearest.chain(self.resolver.objects.writes_around(place, NEAR)) {
            if !self.resolver.budget.step() {
                break;
            }
            let by = place.offset.wrapping_sub(start);
            let Some((local, pointer)) = unit.argument(*function, *id, usize::from(*index)) else { continue };
            let (Some(call), Some((_, model))) = (local.call(*id), unit.model(*function, *id)) else { continue };
            // What begins further in front gets here where it is a structure that is copied whole.
            let whole = || model.copies.iter().any(|copy| copy.to == *index && copy.is_plain());
            let extent = || self.resolver.extent(*function, *id, model, *index, &Context::default());
            if start != nearest_start && !(whole() && extent().is_some_and(|bytes| by < bytes)) {
                continue;
            }
            if !self.resolver.is_reached(*function, *id, model, *index, start, place) {
                continue;
            }
            let trail = trail.with(*function, call.site, StepKind::Moved);
            for context in self.leading_to(*function, pointer, place) {
                merge(&mut texts, self.by_model(*function, *id, call, model, (*index, by), &context, &trail));
            }
        }
        texts
    }

    /// A byte that somebody stores at a place that is counted, into what begins at `place`.
    fn smeared_by(&self, function: FunctionId, index: usize, place: Pointee, trail: &Trail, texts: &mut Vec<Text>) {
        let Some(store) = self.resolver.unit.local(function).and_then(|local| local.stores.get(index)) else { return };
        let (Address::At(start) | Address::Within(start)) = store.at;
        let contexts = start.base.map_or_else(|| vec![Context::default()], |base| self.leading_to(function, base, place));
        for context in contexts {
            if self.resolver.budget.step() {
                let trail = trail.with(function, store.site, StepKind::Stored);
                merge(texts, self.byte(function, store.value, &context, &trail));
            }
        }
    }

    /// The calls of `function` in which `pointer`, passed to it, is the address of `place`: a helper that fills many buffers fills each
    /// with what it was called with.
    fn leading_to(&self, function: FunctionId, pointer: Expr, place: Pointee) -> Vec<Context> {
        let (unit, none) = (self.resolver.unit, Context::default());
        let Some(local) = unit.local(function) else { return vec![none] };
        let (Address::At(at) | Address::Within(at)) = local.locate(pointer, unit.program, unit.machine);
        let Some(index) = at.base.and_then(|base| local.entry(base)).and_then(|var| unit.argument_of(var)) else { return vec![none] };
        let mut leading: Vec<(u64, Context)> = Vec::new();
        for edge in unit.callers(function) {
            let passed = edge.passed_as(index).and_then(|index| unit.argument(edge.from, edge.call, index));
            let Some((_, value)) = passed else { continue };
            let starts = self.resolver.objects.pointees(edge.from, value);
            let starts = starts.iter().filter(|start| start.object == place.object);
            let by = |start: &Pointee| place.offset.wrapping_sub(start.offset).wrapping_sub(at.offset) & self.resolver.width().mask();
            let nearest = starts.map(by).filter(|by| *by < NEAR).min();
            leading.extend(nearest.zip(none.down(edge)));
        }
        // What begins nearer to the place is what the place is in: its neighbours are others' buffers.
        let nearest = leading.iter().map(|(by, _)| *by).min();
        let leading = leading.into_iter().filter(|(by, _)| Some(*by) == nearest).map(|(_, context)| context);
        let contexts: Vec<Context> = leading.take(CALLERS).collect();
        if contexts.is_empty() { vec![none] } else { contexts }
    }

    /// A text behind a pointer that stands in memory.
    pub(super) fn behind(&self, function: FunctionId, pointer: Expr, by: u64, context: &Context, trail: &Trail) -> Vec<Text> {
        let mut texts = Vec::new();
        for (found, above, steps) in self.resolver.resolve(function, pointer, context) {
            self.text_behind(found, by, &above, &trail.then(&steps), &mut texts);
        }
        texts
    }

    /// A text `by` bytes behind a pointer that was found out.
    pub(super) fn text_behind(&self, found: Found, by: u64, above: &Context, trail: &Trail, texts: &mut Vec<Text>) {
        match found {
            Found::Number(0) => {}
            Found::Number(address) => {
                let place = Pointee { object: Object::Fixed, offset: address.wrapping_add(by) & self.resolver.width().mask() };
                merge(texts, self.anywhere(place, trail));
            }
            Found::Result(owner, call) => {
                let Some(local) = self.resolver.unit.local(owner) else { return };
                let Some(made) = local.call(call) else { return };
                let result = local.leaves.iter().position(|leaf| matches!(leaf, Leaf::Result(id, _) if *id == call));
                let base = result.and_then(|number| local.exprs.leaf_expr(number as u32));
                let at = Location { base, offset: by };
                let heap = Pointee { object: Object::Heap(owner, call), offset: by };
                let filled = self.anywhere(heap, trail);
                if filled.is_empty() {
                    merge(texts, self.result(owner, call, at, &made.memory, above, trail));
                }
                merge(texts, filled);
            }
            Found::Stack(owner, offset) => {
                // Another function's own buffer, at an unknown time.
                let offset = (offset as u64).wrapping_add(by) & self.resolver.width().mask();
                merge(texts, self.anywhere(Pointee { object: Object::Stack(owner), offset }, trail));
            }
            Found::Written(owner, call, _) => merge(texts, self.left_behind(owner, call, None, above, trail)),
            Found::Filled(owner, call, index) => merge(texts, self.left_behind(owner, call, Some(index), above, trail)),
            Found::Argument(owner, index) => {
                merge(texts, vec![Text::hole(Origin::Argument(owner, index), Shape::Text, trail)]);
            }
            Found::Behind(Object::Argument(owner, index), offset, _) => {
                merge(texts, vec![Text::hole(self.word(owner, usize::from(index), Some(offset)), Shape::Text, trail)]);
            }
            // A field of a library's own structure is of what it was made of.
            Found::Behind(Object::Result(owner, call), offset, _) if self.file_word(owner, call).is_some() => {
                let origin = if self.is_beside_file(owner, call, offset) {
                    Origin::Unknown
                } else {
                    self.resolver.brought(owner, call, u8::MAX, above)
                };
                merge(texts, vec![Text::hole(origin, Shape::Text, trail)]);
            }
            Found::Behind(Object::Result(owner, call), ..) => {
                if let Some(made) = self.resolver.unit.local(owner).and_then(|local| local.call(call)) {
                    let at = Location { base: None, offset: 0 };
                    merge(texts, self.result(owner, call, at, &made.memory, above, trail));
                }
            }
            Found::Behind(..) => {}
            Found::Element(owner, expr) => merge(texts, self.element(owner, expr, above, trail)),
            Found::Operation(owner, expr) => merge(texts, self.pointed(owner, expr, by, trail)),
            Found::Import(_) | Found::Unknown => merge(texts, Self::unknown(trail)),
        }
    }

    /// Where the word stands in a structure, made by a library function of a row of a file, that makes the file what it is.
    pub(super) fn file_word(&self, owner: FunctionId, call: CallId) -> Option<u64> {
        let word = self.resolver.unit.model(owner, call)?.1.holds.as_ref()?.word?;
        Some(u64::from(word) * self.resolver.width().bytes())
    }

    /// Is it another word of such a structure?
    pub(super) fn is_beside_file(&self, owner: FunctionId, call: CallId, offset: u64) -> bool {
        self.file_word(owner, call).is_some_and(|word| word != offset)
    }

    /// A text behind a pointer that a library function left behind its argument.
    fn left_behind(&self, owner: FunctionId, call: CallId, index: Option<u8>, above: &Context, trail: &Trail) -> Vec<Text> {
        let unknown = || vec![Text::hole(self.resolver.brought(owner, call, index.unwrap_or(u8::MAX), above), Shape::Text, trail)];
        let unit = self.resolver.unit;
        let made = unit.local(owner).and_then(|local| local.call(call));
        let (Some(made), Some((_, model))) = (made, unit.model(owner, call)) else { return unknown() };
        if let Some(formats) = model.formats.filter(|formats| formats.allocates) {
            return self.formatted(owner, made, formats, above, trail);
        }
        if let Some(Gives::Through(argument)) = model.gives
            && index.is_none_or(|index| index == argument)
        {
            return self.through(owner, call, made, argument, above, trail);
        }
        let copied = model.copies.iter().find(|copy| copy.indirect && index.is_none_or(|index| index == copy.to));
        match (copied, model.unpacks.and_then(|unpacks| unpacks.text)) {
            (Some(copy), _) => self.inner(owner, made, copy.from, above, trail),
            (None, Some(text)) => self.inner(owner, made, text, above, trail),
            _ => unknown(),
        }
    }

    /// The text behind the pointer that stands behind argument `index` just before a call.
    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    pub(super) fn through(&self, function: FunctionId, id: CallId, call: &Call, index: u8, context: &Context, trail: &Trail) -> Vec<Text> {
        let unit = self.resolver.unit;
        let Some(local) = unit.local(function) else { return Self::unknown(trail) };
        let Some(value) = local.argument(call, usize::from(index), unit.program, unit.machine) else { return Self::unknown(trail) };
        let (Address::At(at) | Address::Within(at)) = local.locate(value, unit.program, unit.machine);
        if let Some((_, pointer)) = call.memory.get(at) {
            return self.pointer(function, pointer, 0, &call.memory, context, trail);
        }
        // In a loop the pointer is the one that the same call left there, which leads to the same text.
        self.remembered(Question::Through(function, id, index, context.clone()), trail, |trail| {
            let mut texts = Vec::new();
            for (found, above, steps) in self.resolver.word(function, at, &call.memory, context) {
                self.text_behind(found, 0, &above, &trail.then(&steps), &mut texts);
            }
            texts
        })
    }

    /// A text behind a pointer that was computed.
    pub(super) fn pointed(&self, function: FunctionId, pointer: Expr, by: u64, trail: &Trail) -> Vec<Text> {
        let mut texts = Vec::new();
        for pointee in self.resolver.objects.pointees(function, pointer) {
            if !self.resolver.budget.step() {
                break;
            }
            let place = Pointee { object: pointee.object, offset: pointee.offset.wrapping_add(by) & self.resolver.width().mask() };
            merge(&mut texts, self.anywhere(place, trail));
        }
        if texts.is_empty() { Self::unknown(trail) } else { texts }
    }

    /// What stands at `offset` behind an argument that nobody is known to pass: of the main function's second one, a word of the command
    /// line that started the program (C 5.1.2.2.1).
    pub(super) fn word(&self, function: FunctionId, index: usize, offset: Option<u64>) -> Origin {
        if index == 1 && self.resolver.unit.mains.contains(&function) {
            let number = offset.and_then(|offset| u32::try_from(offset / self.resolver.width().bytes()).ok());
            return Origin::Word(number);
        }
        Origin::Argument(function, index)
    }

    /// Texts behind some element of a table of pointers.
    pub(super) fn element(&self, function: FunctionId, element: Expr, context: &Context, trail: &Trail) -> Vec<Text> {
        let unit = self.resolver.unit;
        let Some(local) = unit.local(function) else { return Vec::new() };
        let Some(Leaf::Element { address, .. }) = local.leaf(element) else { return Self::unknown(trail) };
        let (Address::At(at) | Address::Within(at)) = local.locate(*address, unit.program, unit.machine);
        if at.base.is_some() {
            let argument = at.base.and_then(|base| local.entry(base)).and_then(|var| unit.argument_of(var));
            let origin = match argument.map(|index| self.word(function, index, None)) {
                Some(word @ Origin::Word(_)) => word,
                _ => self.value_origin(function, *address, context),
            };
            return vec![Text::hole(origin, Shape::Text, trail)];
        }
        let step = stride(local, *address).filter(|step| *step > 0).unwrap_or(self.resolver.width().bytes());
        let mut texts = Vec::new();
        for index in 0..TABLE {
            let Some(pointer) = unit.program.memory.pointer(at.offset.wrapping_add(index * step)) else { break };
            if !unit.program.memory.holds(pointer) {
                break;
            }
            if let Some(text) = unit.program.memory.text(pointer, LITERAL).filter(|text| !text.is_empty()) {
                merge(&mut texts, vec![Text::literal(text, trail)]);
            }
        }
        texts
    }

    /// A text at a fixed address: a constant, or a variable with all who write to it. What a callee leaves there that it was handed the
    /// address of is seen in the call's own context.
    pub(super) fn global(&self, address: u64, trail: &Trail) -> Vec<Text> {
        let unit = self.resolver.unit;
        let mut texts = self.anywhere(Pointee { object: Object::Fixed, offset: address }, trail);
        if unit.program.memory.constant(address) {
            return texts;
        }
        let none = Context::default();
        for (function, id, index, start) in unit.global_arguments(address) {
            let Some(call) = unit.local(function).and_then(|local| local.call(id)).filter(|_| start == address) else { continue };
            for edge in unit.callees(function, id).iter().filter(|edge| edge.passing == Passing::Own) {
                if !unit.writes_through(edge.to, index) {
                    continue;
                }
                let (Some(inner), Some(callee)) = (none.down(edge), unit.local(edge.to)) else { continue };
                let Some(entry) = self.resolver.entry_of(edge.to, index) else { continue };
                let place = Location { base: Some(entry), offset: 0 };
                for back in &callee.returns {
                    let trail = trail.with(function, call.site, StepKind::Stored);
                    let found = self.written(edge.to, place, back.memory.state, &inner, &trail);
                    // What merely comes back from the caller is the variable itself again.
                    merge(&mut texts, found.into_iter().filter(|text| text.known().is_none()).collect());
                }
            }
        }
        texts
    }
}
