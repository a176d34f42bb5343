//! Which bytes stand where a pointer points: text, with holes for what is not known, each hole with its origin.
//!
//! Bytes are followed back in time: through copies and formats, through callees that fill a buffer and callers that pass one. Where
//! several writers are possible there are several texts.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap, HashSet},
};

use super::{
    context::{Context, StepKind, Trail},
    edges::Passing,
    extent::Reach,
    kept::Kept,
    objects::{Object, Pointee},
    resolve::{Found, Resolver, stride},
    standing::NEAR,
    text::{Origin, Piece, Shape, Text, merge},
};
use crate::{
    functions::FunctionId,
    ir::Width,
    models::BROUGHT,
    values::{Address, COUNT, Call, CallId, Expr, Leaf, Location, Node, Slot, Snapshot, bases},
};

/// How far below the function that is asked about whoever writes for it is looked for. There are as many ways down as the calls of each
/// level multiplied; what is deeper than a helper's helper's helper is found by the objects that are written to.
const DESCENT: u8 = 5;

/// A question whose answer is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Question {
    /// What was last written at a location of a function before a state of its memory.
    Written(FunctionId, Location, Expr, Context),
    /// What anybody writes to a place.
    Place(Pointee),
    /// What the pointer behind an argument of a call points to.
    Through(FunctionId, CallId, u8, Context),
    /// What stands so many bytes behind a pointer, in a state of memory.
    Pointer(FunctionId, Expr, u64, (usize, Expr), Context),
    /// Where the bits of a value come from.
    Origin(FunctionId, Expr, Context),
}

/// Puts questions about bytes.
pub struct Contents<'r, 'a> {
    /// Questions about values.
    pub resolver: &'r Resolver<'a>,
    answers: RefCell<Kept<Question, Vec<Text>>>,
    /// Questions that are being answered, one for the sake of another.
    asked: RefCell<Vec<Question>>,
    /// The first of them that an answer since then was in need of: until that one is answered, what was found is not whole.
    open: Cell<usize>,
    /// What was found meanwhile, by the question whose answer it waits for. Who asks again before that gets the same: a knot of functions
    /// that call each other would be gone through again from each of its ends otherwise, as often as there are ways through it.
    meanwhile: RefCell<HashMap<Question, Meanwhile>>,
    /// What waits for the question at each place.
    waiting: RefCell<BTreeMap<usize, Vec<Question>>>,
}

/// An answer that is not whole yet.
#[derive(Debug)]
struct Meanwhile {
    texts: Vec<Text>,
    /// The place among the questions being answered that it waits for.
    open: usize,
    /// A limit cut it.
    cut: bool,
}

/// A pointer that moves by this much or more goes from row to row, and through no text.
const ROW: u64 = 8;

impl<'r, 'a> Contents<'r, 'a> {
    /// For the program of `resolver`.
    pub fn new(resolver: &'r Resolver<'a>) -> Self {
        Self {
            resolver,
            answers: RefCell::default(),
            asked: RefCell::default(),
            open: Cell::new(usize::MAX),
            meanwhile: RefCell::default(),
            waiting: RefCell::default(),
        }
    }

    /// Answers a question once. One that is asked for its own sake (a buffer that is made from what it held) adds nothing to itself.
    pub(super) fn remembered(&self, question: Question, trail: &Trail, answer: impl FnOnce(&Trail) -> Vec<Text>) -> Vec<Text> {
        let along =
            |texts: &[Text]| texts.iter().map(|text| Text { pieces: text.pieces.clone(), trail: trail.then(&text.trail) }).collect();
        let budget = &self.resolver.budget;
        if let Some(known) = self.answers.borrow().get(&question, budget) {
            return along(known);
        }
        if let Some(found) = self.meanwhile.borrow().get(&question) {
            self.open.set(self.open.get().min(found.open));
            if found.cut {
                budget.cut();
            }
            return along(&found.texts);
        }
        let (place, standing) = (self.asked.borrow().len(), budget.standing());
        if let Some(place) = self.asked.borrow().iter().position(|asked| *asked == question) {
            self.open.set(self.open.get().min(place));
            return Vec::new();
        }
        self.asked.borrow_mut().push(question.clone());
        let (before, cuts) = (self.open.replace(usize::MAX), budget.cuts());
        let texts = answer(&Trail::default());
        self.asked.borrow_mut().pop();
        let (open, cut) = (self.open.get(), budget.cuts() > cuts);
        let whole = open >= place;
        // Whatever waited for this one would be asked anew from here on; where this one is not whole, it waits for what this one waits for.
        let mut waiting = self.waiting.borrow_mut().split_off(&place);
        for question in waiting.values().flatten() {
            if whole {
                self.meanwhile.borrow_mut().remove(question);
            } else if let Some(found) = self.meanwhile.borrow_mut().get_mut(question) {
                found.open = open;
            }
        }
        if !whole {
            self.waiting.borrow_mut().entry(open).or_default().extend(waiting.values_mut().flat_map(std::mem::take));
        }
        let answer = along(&texts);
        if whole {
            self.answers.borrow_mut().keep(question, texts, cut.then_some(standing));
        } else {
            self.waiting.borrow_mut().entry(open).or_default().push(question.clone());
            self.meanwhile.borrow_mut().insert(question, Meanwhile { texts, open, cut });
        }
        self.open.set(if whole { before } else { before.min(open) });
        answer
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

    /// What stands where the pointer at `at` points, which `function` did not store itself.
    pub fn kept(&self, function: FunctionId, at: Location, memory: &Snapshot, context: &Context) -> Vec<Text> {
        let mut texts = Vec::new();
        for (found, above, steps) in self.resolver.word(function, at, memory, context) {
            if found == Found::Number(0) {
                return Vec::new();
            }
            self.text_behind(found, 0, &above, &steps, &mut texts);
        }
        texts
    }

    /// What stands where `pointer` points in `memory`.
    pub fn at(&self, function: FunctionId, pointer: Expr, memory: &Snapshot, context: &Context) -> Vec<Text> {
        let mut texts = self.pointer(function, pointer, 0, memory, context, &Trail::default());
        if texts.is_empty() {
            texts.push(Text::hole(Origin::Unknown, Shape::Text, &Trail::default()));
        }
        texts
    }

    pub(super) fn unknown(trail: &Trail) -> Vec<Text> {
        vec![Text::hole(Origin::Unknown, Shape::Text, trail)]
    }

    pub(super) fn pointer(
        &self,
        function: FunctionId,
        pointer: Expr,
        by: u64,
        memory: &Snapshot,
        context: &Context,
        trail: &Trail,
    ) -> Vec<Text> {
        if !self.is_followed(function, pointer) {
            return self.pointer_once(function, pointer, by, memory, context, trail);
        }
        let question = Question::Pointer(function, pointer, by, memory.identity(), context.clone());
        self.remembered(question, trail, |trail| self.pointer_once(function, pointer, by, memory, context, trail))
    }

    /// Is the pointer one that was found, loaded or moved on: does what it points to hang on more than what was written there?
    fn is_followed(&self, function: FunctionId, pointer: Expr) -> bool {
        let unit = self.resolver.unit;
        unit.local(function).is_some_and(|local| {
            let (Address::At(at) | Address::Within(at)) = local.locate(pointer, unit.program, unit.machine);
            at.base.is_some_and(|base| local.entry(base).is_none())
        })
    }

    fn pointer_once(&self, function: FunctionId, pointer: Expr, by: u64, memory: &Snapshot, context: &Context, trail: &Trail) -> Vec<Text> {
        let trail = &trail.with(function, u64::from(pointer.0), StepKind::Pointed);
        let answer = self.resolver.budget.nested(|| self.pointer_here(function, pointer, by, memory, context, trail));
        let mut texts = answer.unwrap_or_else(|| Self::unknown(trail));
        if texts.iter().all(is_unknown)
            && let Some(local) = self.resolver.unit.local(function)
        {
            // Of several terms of a sum another one may be the pointer.
            let (terms, offset) = bases(&local.exprs, pointer, self.resolver.width());
            let pointers = terms.iter().filter(|term| local.exprs.unlike_pointer(**term).is_some_and(|rank| rank < COUNT));
            for term in pointers.filter(|_| terms.len() > 1) {
                let other =
                    self.resolver.budget.nested(|| self.pointer_here(function, *term, by.wrapping_add(offset), memory, context, trail));
                let other = other.unwrap_or_default();
                if !other.iter().all(is_unknown) {
                    return other;
                }
            }
        }
        // Where the way of the pointer is lost, what it can point to may be known all the same.
        if texts.iter().all(is_unknown) {
            let placed = self.resolver.budget.nested(|| self.pointed(function, pointer, by, trail)).unwrap_or_default();
            if !placed.iter().all(is_unknown) {
                texts.retain(|text| !is_unknown(text));
                merge(&mut texts, placed);
            }
        }
        texts
    }

    fn pointer_here(&self, function: FunctionId, pointer: Expr, by: u64, memory: &Snapshot, context: &Context, trail: &Trail) -> Vec<Text> {
        let unit = self.resolver.unit;
        let Some(local) = unit.local(function).filter(|_| self.resolver.budget.step()) else { return Self::unknown(trail) };
        if let Node::Select(cond, yes, no) = local.exprs.node(pointer) {
            let picked = |truth| trail.with(function, u64::from(cond.0), StepKind::Picked(truth));
            let mut texts = self.pointer(function, yes, by, memory, context, &picked(true));
            merge(&mut texts, self.pointer(function, no, by, memory, context, &picked(false)));
            return texts;
        }
        let address = local.locate(pointer, unit.program, unit.machine);
        let (Address::At(at) | Address::Within(at)) = address;
        let at = Location { base: at.base, offset: at.offset.wrapping_add(by) & self.resolver.width().mask() };
        let Some(base) = at.base else {
            // No pointer, no text: what is done with it then is not done with a text.
            if at.offset == 0 {
                return Vec::new();
            }
            let counted = matches!(address, Address::Within(_)) && stride(local, pointer).is_some_and(|step| step >= ROW);
            let row = || trail.with(function, u64::from(pointer.0), StepKind::Row);
            return self.global(at.offset, &if counted { row() } else { trail.clone() });
        };
        if local.entry(base) == Some(unit.machine.stack) {
            return self.object(function, at, memory, context, trail);
        }
        if let (Node::Select(_, yes, no), true) = (local.exprs.node(base), base != pointer) {
            let mut texts = self.pointer(function, yes, at.offset, memory, context, trail);
            merge(&mut texts, self.pointer(function, no, at.offset, memory, context, trail));
            return texts;
        }
        match local.leaf(base) {
            Some(Leaf::Entry(var)) => match unit.argument_of(*var) {
                Some(_) => self.object(function, at, memory, context, trail),
                None => Self::unknown(trail),
            },
            Some(Leaf::Result(call, var)) if Some(var) == unit.machine.results.first() => {
                self.result(function, *call, at, memory, context, trail)
            }
            Some(Leaf::Join { block, slot }) => {
                let mut texts = Vec::new();
                if let Some(ways) = self.ways_with_memory(function, *block, *slot, memory) {
                    for (way, memory, (from, edge)) in ways {
                        let fixed = local.exprs.value(way).is_some();
                        let trail = if fixed { trail.with(function, u64::from(from), StepKind::Came(edge)) } else { trail.clone() };
                        merge(&mut texts, self.pointer(function, way, at.offset, &memory, context, &trail));
                    }
                    return texts;
                }
                for (way, behind, trail) in self.beginnings(function, pointer, trail) {
                    merge(&mut texts, self.pointer(function, way, by.wrapping_add(behind), memory, context, &trail));
                }
                texts
            }
            Some(Leaf::Memory { .. }) => self.behind(function, base, at.offset, context, trail),
            Some(Leaf::Element { .. }) => self.element(function, base, context, trail),
            _ => Self::unknown(trail),
        }
    }

    /// The ways of a pointer that join where those of memory do, each with the memory of its way and the edge that it came by: what stands in
    /// a buffer on one way is nothing that a pointer to it from another way sees. None in a loop, and where memory is the same on all.
    fn ways_with_memory(
        &self,
        function: FunctionId,
        block: u32,
        slot: Slot,
        memory: &Snapshot,
    ) -> Option<Vec<(Expr, Snapshot, (u32, u32))>> {
        let local = self.resolver.unit.local(function)?;
        let joined = Leaf::Join { block, slot: Slot::State };
        if local.leaf(memory.state) != Some(&joined) || local.ways(block, slot).any(|(_, from, _)| local.shape.retreats(from, block)) {
            return None;
        }
        let ways = local.ways(block, slot).map(|(way, from, edge)| {
            let state = local.ways(block, Slot::State).find(|(_, other, index)| (*other, *index) == (from, edge))?.0;
            Some((way, memory.over(state), (from, edge)))
        });
        ways.collect()
    }

    /// Where a pointer begins that runs through a text in a loop, or is set on several ways: what the joins come from that it passes, each
    /// looked at once, and how far behind that it points. Loops within loops join each other's pointers.
    ///
    /// ```text
    /// e = list; … e = e->next;    e + 100: 100 behind `list`, and behind `e->next`
    /// p = text; … p = p + 1;      p + 1: somewhere in `text`, which is meant from its beginning on
    /// r = rows; … r = r + 40;     r + 16: 16 behind `rows`, of whose rows the first stands for all
    /// ```
    fn beginnings(&self, function: FunctionId, pointer: Expr, trail: &Trail) -> Vec<(Expr, u64, Trail)> {
        let (unit, mask) = (self.resolver.unit, self.resolver.width().mask());
        let (mut begins, mut seen, mut waiting) = (Vec::new(), HashMap::new(), vec![(pointer, 0, trail.clone())]);
        let Some(local) = unit.local(function) else { return begins };
        let (mut runs, mut by_rows) = (false, false);
        while let Some((value, behind, trail)) = waiting.pop().filter(|_| self.resolver.budget.step()) {
            if let Node::Select(cond, yes, no) = local.exprs.node(value) {
                for (side, truth) in [(yes, true), (no, false)] {
                    waiting.push((side, behind, trail.with(function, u64::from(cond.0), StepKind::Picked(truth))));
                }
                continue;
            }
            let address = local.locate(value, unit.program, unit.machine);
            let (Address::At(at) | Address::Within(at)) = address;
            // No pointer.
            if at.base.is_none() && at.offset == 0 {
                continue;
            }
            let Some((base, Leaf::Join { block, slot })) = at.base.and_then(|base| Some((base, local.leaf(base)?))) else {
                begins.push((value, behind, trail));
                continue;
            };
            let behind = at.offset.wrapping_add(behind) & mask;
            let before = seen.insert(base, behind);
            // One that comes round further on than it was runs; by a row it comes to the same place of the next one.
            let step = before.map_or(0, |before| before.abs_diff(behind));
            runs |= matches!(address, Address::Within(_)) || (1..ROW).contains(&step);
            by_rows |= step >= ROW;
            if before.is_none() {
                let trail = if value == pointer { trail } else { trail.with(function, u64::from(value.0), StepKind::Pointed) };
                for (way, from, edge) in local.ways(*block, *slot) {
                    // Which constant it is says by which way it came.
                    let fixed = local.exprs.value(way).is_some();
                    let trail = if fixed { trail.with(function, u64::from(from), StepKind::Came(edge)) } else { trail.clone() };
                    waiting.push((way, behind, trail));
                }
            }
        }
        for (_, behind, trail) in &mut begins {
            if runs {
                *behind = 0;
            } else if by_rows {
                *trail = trail.with(function, u64::from(pointer.0), StepKind::Row);
            }
        }
        begins.reverse();
        begins
    }

    /// The bytes of an object that `function` sees at `at`: what was last written there.
    pub(super) fn object(&self, function: FunctionId, at: Location, memory: &Snapshot, context: &Context, trail: &Trail) -> Vec<Text> {
        if let Some(text) = self.stored(function, at, memory, context, trail) {
            return self.lengthened(function, at, text, context, trail);
        }
        if let Some(begun) = self.begun(function, at, memory, trail) {
            return self.gone_on(function, at, &begun, context, trail);
        }
        let mut texts = self.written(function, at, memory.state, context, trail);
        merge(&mut texts, self.smeared(function, at, context, trail));
        texts
    }

    /// A text on the stack that a library function goes on with, right behind its end: `strcpy(line + strlen(line), …)`, where the compiler
    /// knew the length.
    fn lengthened(&self, function: FunctionId, at: Location, text: Text, context: &Context, trail: &Trail) -> Vec<Text> {
        let unit = self.resolver.unit;
        let Some(local) = unit.local(function) else { return vec![text] };
        let own = at.base.and_then(|base| local.entry(base)) == Some(unit.machine.stack);
        let Some(length) = text.known().map(|known| known.len() as u64).filter(|length| own && *length > 0) else { return vec![text] };
        let offset = at.offset.wrapping_add(length) & self.resolver.width().mask();
        let mut longer = Vec::new();
        for (owner, id, index) in self.resolver.objects.writes(Pointee { object: Object::Stack(function), offset }) {
            let (Some(call), Some((_, model))) = (local.call(*id).filter(|_| *owner == function), unit.model(*owner, *id)) else {
                continue;
            };
            let trail = trail.with(function, call.site, StepKind::Moved);
            let rest = self.by_model(function, *id, call, model, (*index, 0), context, &trail);
            merge(&mut longer, rest.iter().map(|rest| text.then(rest)).collect());
        }
        if longer.is_empty() { vec![text] } else { longer }
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
    pub(super) fn byte(&self, function: FunctionId, value: Expr, context: &Context, trail: &Trail) -> Vec<Text> {
        match self.value_origin(function, value, context) {
            Origin::Unknown => self.legible(function, value, context, trail),
            origin => vec![Text::hole(origin, Shape::Text, trail)],
        }
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
        // Two bytes or three are a text where somebody chooses them, and else a number.
        let length = next.wrapping_sub(at.offset);
        (length >= 4 || (length >= 2 && text.known().is_none())).then_some(text)
    }

    /// The number with which the function made the place at `at` begin, too short for a text: a frame's head. What stood there before is
    /// gone, though it be the same place of the stack, used for two things one after the other.
    fn begun(&self, function: FunctionId, at: Location, memory: &Snapshot, trail: &Trail) -> Option<Text> {
        let local = self.resolver.unit.local(function)?;
        let mut bytes: Vec<u8> = Vec::new();
        for (place, width, value) in memory.from(at) {
            let Some(number) = local.exprs.value(value).filter(|_| place.offset == at.offset.wrapping_add(bytes.len() as u64)) else {
                break;
            };
            bytes.extend_from_slice(number.to_le_bytes().get(..width.bytes() as usize)?);
        }
        // A zero there is mostly a buffer that is empty until somebody fills it.
        bytes.first().is_some_and(|first| *first != 0).then(|| Text::literal(&bytes, trail))
    }

    /// A text that begins as `begun` does and goes on with what the function stores byte by byte behind it.
    fn gone_on(&self, function: FunctionId, at: Location, begun: &Text, context: &Context, trail: &Trail) -> Vec<Text> {
        let rest = self.smeared(function, at, context, trail);
        let rest = if rest.is_empty() { Self::unknown(trail) } else { rest };
        rest.iter().map(|rest| begun.then(rest)).collect()
    }

    /// What was written at `at` before the state `state`: the last writer on each way there.
    pub(super) fn written(&self, function: FunctionId, at: Location, state: Expr, context: &Context, trail: &Trail) -> Vec<Text> {
        let question = Question::Written(function, at, state, context.clone());
        self.remembered(question, trail, |trail| self.written_before(function, at, state, context, trail))
    }

    fn written_before(&self, function: FunctionId, at: Location, state: Expr, context: &Context, trail: &Trail) -> Vec<Text> {
        let Some(local) = self.resolver.unit.local(function) else { return Vec::new() };
        let mut texts = Vec::new();
        let mut perhaps = Vec::new();
        let mut seen = HashSet::new();
        let mut waiting = vec![state];
        while let Some(state) = waiting.pop() {
            if !seen.insert(state) {
                continue;
            }
            if !self.resolver.budget.step() {
                return Self::unknown(trail);
            }
            match local.leaf(state) {
                Some(Leaf::Called { call, before }) => {
                    let found = self.written_by(function, *call, at, context, trail);
                    if let Some((found, true)) = found {
                        merge(&mut texts, found);
                        continue;
                    }
                    perhaps.extend(found.into_iter().flat_map(|(found, _)| found));
                    if let Some(text) = self.stored(function, at, before, context, trail) {
                        merge(&mut texts, self.lengthened(function, at, text, context, trail));
                    } else {
                        waiting.push(before.state);
                    }
                }
                Some(Leaf::Join { block, slot: Slot::State }) => waiting.extend(local.ways(*block, Slot::State).map(|(way, ..)| way)),
                Some(Leaf::Start) => {
                    merge(&mut texts, self.at_start(function, at, context, trail));
                }
                _ => {
                    merge(&mut texts, Self::unknown(trail));
                }
            }
        }
        // Whoever may have written so far counts where nobody else did.
        if texts.iter().all(is_unknown) {
            merge(&mut texts, perhaps);
        }
        texts
    }

    /// What a call wrote at `at`, if it wrote there; false beside it where it may as well have ended before.
    pub(super) fn written_by(
        &self,
        function: FunctionId,
        id: CallId,
        at: Location,
        context: &Context,
        trail: &Trail,
    ) -> Option<(Vec<Text>, bool)> {
        let unit = self.resolver.unit;
        let local = unit.local(function)?;
        let call = local.call(id)?;
        let count = call.arguments.len().max(unit.model(function, id).map_or(0, |_| 8));
        for index in 0..count {
            let Some(argument) = local.argument(call, index, unit.program, unit.machine) else { continue };
            let within = match local.locate(argument, unit.program, unit.machine) {
                Address::Within(start) if start.base == at.base => {
                    Some(at.offset.wrapping_sub(start.offset) & self.resolver.width().mask())
                }
                _ => self.resolver.distance(function, argument, at),
            };
            let Some(by) = within.filter(|by| *by <= 4096) else { continue };
            if let Some((_, model)) = unit.model(function, id)
                && unit.leaves_behind(function, id, model, index as u8)
            {
                let reach = self.resolver.reach(function, id, model, index as u8, by, at, context);
                if reach == Reach::No {
                    continue;
                }
                let trail = trail.with(function, call.site, StepKind::Moved);
                return Some((self.by_model(function, id, call, model, (index as u8, by), context, &trail), reach == Reach::Yes));
            }
            for edge in unit.callees(function, id) {
                if edge.passing != Passing::Own || !unit.writes_through(edge.to, index) {
                    continue;
                }
                let inner = context.down(edge).filter(|inner| inner.depth() <= DESCENT);
                let (Some(inner), Some(callee)) = (inner, unit.local(edge.to)) else { continue };
                let Some(entry) = self.resolver.entry_of(edge.to, index) else { continue };
                let place = Location { base: Some(entry), offset: by };
                let trail = trail.with(function, call.site, StepKind::Stored);
                let mut texts = Vec::new();
                for back in &callee.returns {
                    merge(&mut texts, self.object(edge.to, place, &back.memory, &inner, &trail));
                }
                return Some((texts, true));
            }
        }
        None
    }

    fn at_start(&self, function: FunctionId, at: Location, context: &Context, trail: &Trail) -> Vec<Text> {
        let unit = self.resolver.unit;
        let Some(local) = unit.local(function) else { return Vec::new() };
        let Some(base) = at.base else { return self.global(at.offset, trail) };
        let Some(index) = local.entry(base).and_then(|var| unit.argument_of(var)) else { return Vec::new() };
        let callers = self.resolver.callers(function, context);
        if callers.is_empty() {
            return vec![Text::hole(Origin::Argument(function, index), Shape::Text, trail)];
        }
        let mut texts = Vec::new();
        for (edge, above) in callers {
            if edge.brings(index) {
                merge(&mut texts, vec![Text::hole(self.resolver.brought(edge.from, edge.call, BROUGHT, &above), Shape::Text, trail)]);
            }
            let Some(passed) = edge.passed_as(index) else { continue };
            let Some((caller, value)) = unit.argument(edge.from, edge.call, passed) else { continue };
            let Some(call) = caller.call(edge.call) else { continue };
            let trail = trail.with(edge.from, call.site, StepKind::Passed);
            merge(&mut texts, self.pointer(edge.from, value, at.offset, &call.memory, &above, &trail));
        }
        texts
    }
}

/// Is nothing known of a text?
pub(super) fn is_unknown(text: &Text) -> bool {
    matches!(text.pieces.as_slice(), [] | [Piece::Hole(Origin::Unknown, _)])
}
