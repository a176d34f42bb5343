//! Texts that calls make: copied, formatted, taken apart, given back.

use super::{
    content::{Contents, is_unknown},
    context::{Context, StepKind, Trail},
    edges::Passing,
    format::{Kind, Part, packed_parts, parts},
    text::{Origin, Piece, Shape, Text, merge},
    unit::writes_argument,
};
use crate::{
    functions::FunctionId,
    models::{Copies, Formats, Gives, Model},
    values::{Call, CallId, Location, Snapshot},
};

/// Callers above one another in which a text may have been begun that is gone on with.
const ABOVE: usize = 3;
/// And beside one another.
const CALLERS: usize = 8;

impl Contents<'_, '_> {
    /// What a library function leaves `by` bytes behind its argument `index`.
    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    pub(super) fn by_model(
        &self,
        function: FunctionId,
        id: CallId,
        call: &Call,
        model: &Model,
        (index, by): (u8, u64),
        context: &Context,
        trail: &Trail,
    ) -> Vec<Text> {
        if let Some(copy) = model.copies.iter().find(|copy| copy.to == index) {
            // A structure is copied as it is, so many bytes as it has: each field comes from the same field. Of a text as long as somebody
            // says, what is meant is the text.
            let whole = by > 0 && copy.is_plain() && self.resolver.extent(function, id, model, index, context).is_some();
            let by = if whole { by } else { 0 };
            return self.copied(function, id, call, (*copy, by), context, trail);
        }
        if let Some(formats) = model.formats.filter(|formats| formats.text == Some(index)) {
            let texts = self.formatted(function, call, formats, context, trail);
            if !formats.append {
                return texts;
            }
        }
        if let Some(scans) = model.scans.or(model.unpacks).filter(|scans| index >= scans.first) {
            return self.scanned(function, id, call, scans, context, trail);
        }
        vec![Text::hole(self.resolver.brought(function, id, index, context), Shape::Text, trail)]
    }

    pub(super) fn inner(&self, function: FunctionId, call: &Call, index: u8, context: &Context, trail: &Trail) -> Vec<Text> {
        self.further(function, call, (index, 0), context, trail)
    }

    /// What stands `by` bytes behind an argument.
    fn further(&self, function: FunctionId, call: &Call, (index, by): (u8, u64), context: &Context, trail: &Trail) -> Vec<Text> {
        let unit = self.resolver.unit;
        let value = unit.local(function).and_then(|local| local.argument(call, usize::from(index), unit.program, unit.machine));
        value.map_or_else(|| Self::unknown(trail), |value| self.pointer(function, value, by, &call.memory, context, trail))
    }

    fn copied(
        &self,
        function: FunctionId,
        id: CallId,
        call: &Call,
        (copy, by): (Copies, u64),
        context: &Context,
        trail: &Trail,
    ) -> Vec<Text> {
        // Where a field is not known, it is of the whole.
        let field = if by > 0 { self.further(function, call, (copy.from, by), context, trail) } else { Vec::new() };
        let mut moved = match copy.file {
            true => vec![Text::hole(self.resolver.brought(function, id, copy.from, context), Shape::Text, trail)],
            false if !field.iter().all(is_unknown) => field,
            false => self.inner(function, call, copy.from, context, trail),
        };
        if copy.encoded {
            for text in &mut moved {
                let origins: Vec<Origin> = text.origins().map(|(origin, _)| origin.clone()).collect();
                if !origins.is_empty() {
                    text.pieces = vec![Piece::Hole(Origin::made(origins), Shape::Text)];
                }
            }
        }
        if let Some(name) = copy.name {
            moved = self.named(function, call, name, moved, context, trail);
        }
        if !copy.append {
            return moved;
        }
        self.joined(self.inner(function, call, copy.to, context, trail), &moved)
    }

    /// Each text of the one, with each of the other behind it.
    fn joined(&self, before: Vec<Text>, behind: &[Text]) -> Vec<Text> {
        let mut texts = Vec::new();
        for first in &before {
            for second in behind {
                merge(&mut texts, vec![first.then(second)]);
            }
        }
        if texts.is_empty() { behind.to_vec() } else { texts }
    }

    /// Members of a structure: `"name":"` in front of each, as they are written.
    fn named(&self, function: FunctionId, call: &Call, name: u8, members: Vec<Text>, context: &Context, trail: &Trail) -> Vec<Text> {
        let names = self.inner(function, call, name, context, trail);
        let Some(name) = names.first().and_then(Text::known) else { return members };
        let begins = Text::literal(&[b"\"", name.as_slice(), b"\":\""].concat(), trail);
        members.iter().map(|member| begins.then(member).then(&Text::literal(b"\",", trail))).collect()
    }

    /// Text made by a format (C 7.21.6.1): its constant parts, and each value in its place.
    pub fn formatted(&self, function: FunctionId, call: &Call, formats: Formats, context: &Context, trail: &Trail) -> Vec<Text> {
        self.by_format(function, call, formats, false, context, trail)
    }

    /// The same; `packed`: by a format of names and values.
    fn by_format(&self, function: FunctionId, call: &Call, formats: Formats, packed: bool, context: &Context, trail: &Trail) -> Vec<Text> {
        let mut texts = Vec::new();
        for format in self.inner(function, call, formats.format, context, trail) {
            let Some(bytes) = format.known() else {
                // The format itself comes from elsewhere.
                merge(&mut texts, vec![format]);
                continue;
            };
            let mut made = vec![Text { pieces: Vec::new(), trail: trail.clone() }];
            let mut value = usize::from(formats.first);
            for part in if packed { packed_parts(&bytes) } else { parts(&bytes) } {
                let options = match part {
                    Part::Text(bytes) => vec![Text::literal(&bytes, trail)],
                    Part::Value { stars, kind, .. } => {
                        value += stars;
                        let options = self.value(function, call, value, kind, formats.list, context, trail);
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
        kind: Kind,
        list: bool,
        context: &Context,
        trail: &Trail,
    ) -> Vec<Text> {
        if list {
            return self.of_list(function, call, kind, context, trail);
        }
        match kind {
            Kind::Text => self.inner(function, call, index as u8, context, trail),
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
    fn of_list(&self, function: FunctionId, _call: &Call, kind: Kind, context: &Context, trail: &Trail) -> Vec<Text> {
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
                    Kind::Text => self.pointer(edge.from, value, 0, &made.memory, &above, trail),
                    _ => vec![Text::hole(self.value_origin(edge.from, value, &above), shape, trail)],
                };
                origins.extend(texts.iter().flat_map(Text::origins).map(|(origin, _)| origin.clone()));
            }
        }
        origins.retain(|origin| *origin != Origin::Unknown);
        origins.dedup();
        let origin = if origins.is_empty() { Origin::Unknown } else { Origin::made(origins) };
        vec![Text::hole(origin, shape, trail)]
    }

    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    fn scanned(&self, function: FunctionId, id: CallId, call: &Call, scans: Formats, context: &Context, trail: &Trail) -> Vec<Text> {
        let Some(text) = scans.text else { return vec![Text::hole(self.resolver.brought(function, id, 0, context), Shape::Text, trail)] };
        part_of(self.inner(function, call, text, context, trail))
    }

    /// What a function gave back as a pointer.
    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    pub(super) fn result(
        &self,
        function: FunctionId,
        id: CallId,
        at: Location,
        memory: &Snapshot,
        context: &Context,
        trail: &Trail,
    ) -> Vec<Text> {
        let unit = self.resolver.unit;
        let Some(call) = unit.local(function).and_then(|local| local.call(id)) else { return Vec::new() };
        if let Some((_, model)) = unit.model(function, id) {
            let trail = trail.with(function, call.site, StepKind::Moved);
            return match model.gives {
                Some(Gives::Argument(index)) if writes_argument(model, index) => {
                    self.by_model(function, id, call, model, (index, at.offset), context, &trail)
                }
                Some(Gives::Argument(index) | Gives::Within(index) | Gives::Copy(index)) => {
                    let own = self.written(function, at, memory.state, context, &trail);
                    let own: Vec<Text> = own.into_iter().filter(|text| text.known().is_none_or(|text| !text.is_empty())).collect();
                    let mut moved = self.inner(function, call, index, context, &trail);
                    if moved.iter().all(|text| text.known().is_some_and(|text| text.is_empty())) {
                        moved = self.continued(function, id, index, context, &trail);
                    }
                    if model.gives == Some(Gives::Copy(index)) && !own.is_empty() { own } else { moved }
                }
                Some(Gives::Through(index)) => self.through(function, id, call, index, context, &trail),
                Some(Gives::New(_)) => self.object(function, at, memory, context, &trail),
                Some(Gives::Member(index, _)) => part_of(self.inner(function, call, index, context, &trail)),
                Some(Gives::Joined(first, second)) => {
                    let behind = self.inner(function, call, second, context, &trail);
                    self.joined(self.inner(function, call, first, context, &trail), &behind)
                }
                Some(Gives::Shown(index)) => self.value(function, call, usize::from(index), Kind::Number, false, context, &trail),
                Some(Gives::Formatted(format, first) | Gives::Packed(format, first)) => {
                    let packed = matches!(model.gives, Some(Gives::Packed(..)));
                    self.by_format(function, call, Formats::of(format, first), packed, context, &trail)
                }
                // The structure itself: pointers and numbers.
                _ if self.file_word(function, id).is_some() => Self::unknown(&trail),
                _ => vec![Text::hole(self.resolver.brought(function, id, u8::MAX, context), Shape::Text, &trail)],
            };
        }
        let edges: Vec<_> = unit.callees(function, id).iter().filter(|edge| edge.passing == Passing::Own).collect();
        if edges.is_empty() {
            return vec![Text::hole(self.resolver.brought(function, id, u8::MAX, context), Shape::Text, trail)];
        }
        let mut texts = Vec::new();
        for edge in edges {
            let (Some(inner), Some(callee)) = (context.down(edge), unit.local(edge.to)) else { continue };
            let trail = trail.with(function, call.site, StepKind::GivenBack);
            for back in &callee.returns {
                if let Some(value) = back.values.first()
                    && callee.exprs.value(*value) != Some(0)
                {
                    merge(&mut texts, self.pointer(edge.to, *value, at.offset, &back.memory, &inner, &trail));
                }
            }
        }
        texts
    }

    /// A call with no text goes on with the text of an earlier call of the same function, as `strtok` does: of one in this function, or else
    /// in those that call it, which took off the first word and hand on where the rest stands.
    fn continued(&self, function: FunctionId, id: CallId, index: u8, context: &Context, trail: &Trail) -> Vec<Text> {
        let unit = self.resolver.unit;
        let targets = unit.targets(function, id);
        let (mut texts, mut here) = (Vec::new(), vec![(function, context.clone())]);
        for _ in 0..=ABOVE {
            let mut above = Vec::new();
            for (place, context) in &here {
                let Some(local) = unit.local(*place) else { continue };
                for (number, call) in local.calls.iter().enumerate() {
                    let other = CallId(number as u32);
                    if (*place, other) != (function, id) && unit.targets(*place, other) == targets && self.resolver.budget.step() {
                        let found = self.inner(*place, call, index, context, trail);
                        merge(&mut texts, found.into_iter().filter(|text| text.known().is_none()).collect());
                    }
                }
                let callers = self.resolver.callers(*place, context).into_iter().take(CALLERS);
                above.extend(callers.map(|(edge, context)| (edge.from, context)).filter(|from| !here.contains(from)));
            }
            if !texts.is_empty() {
                break;
            }
            above.truncate(CALLERS);
            above.dedup();
            here = above;
        }
        texts
    }
}

/// Some part of texts: of each, whatever is not fixed in it.
fn part_of(texts: Vec<Text>) -> Vec<Text> {
    let mut parts = Vec::new();
    for text in texts {
        let mut origins: Vec<Origin> = text.origins().map(|(origin, _)| origin.clone()).collect();
        let origin = match origins.len() {
            0 => Origin::Unknown,
            1 => origins.swap_remove(0),
            _ => Origin::made(origins),
        };
        merge(&mut parts, vec![Text { pieces: vec![Piece::Hole(origin, Shape::Text)], trail: text.trail }]);
    }
    parts
}
