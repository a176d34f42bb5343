//! How much room there is at a place, as far as a program shows it.
//!
//! That is seldom written down. A place on the stack ends at the latest where the function uses something else, or where its frame ends;
//! one on the heap where its allocation does, if that has a fixed size; a variable where the next one begins that anybody uses. What a
//! library function is told to fill there is meant to be there, so there is at least as much as that: the parts of a structure that the
//! program looks at one by one are no ends of it, and neither are the zeros, word behind word, with which an array begins. Memory that
//! `realloc` may have made larger has no size that is known.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    events::Events,
    format::{Kind, Part, parts},
    objects::{Object, Pointee},
    text::Text,
    unit::{Unit, writes_argument},
};
use crate::{
    functions::FunctionId,
    models::{Allocation, Formats, Gives},
    values::{Address, Call, CallId, Expr, Location},
};

/// Characters of a number that is printed, at most.
const NUMBER: u64 = 24;

impl Events<'_, '_, '_> {
    /// Bytes from a place to the end of what it is in, at most; none where nobody can say.
    pub(super) fn room(&self, place: Pointee) -> Option<u64> {
        let unit = self.resolver().unit;
        let room = match place.object {
            Object::Stack(owner) => self.frame_room(owner, place.offset)?,
            Object::Heap(..) if self.regrown().contains(&place.object) => return None,
            Object::Heap(owner, call) => {
                let (_, model) = unit.model(owner, call)?;
                let size = match model.gives? {
                    Gives::New(Allocation::Bytes(index)) => self.number(owner, call, index)?,
                    Gives::New(Allocation::Product(a, b)) => self.number(owner, call, a)?.checked_mul(self.number(owner, call, b)?)?,
                    _ => return None,
                };
                size.checked_sub(place.offset)?
            }
            Object::Fixed => next_variable(unit, place.offset)?.checked_sub(place.offset)?,
            _ => return None,
        };
        Some(room.max(self.filled(place)))
    }

    /// The same for what was compared with a number, which is more than `room`: on a stack several things stand at the same place, one
    /// after the other, and who compares knows how large his own is. It ends with the frame at the latest.
    pub(super) fn room_checked(&self, place: Pointee, room: u64) -> u64 {
        match place.object {
            Object::Stack(_) => room.max(self.resolver().width().signed(place.offset).min(0).unsigned_abs()),
            _ => room,
        }
    }

    /// Bytes from where `pointer` points to the end of what it is in, at most, wherever it points.
    pub(super) fn holds(&self, function: FunctionId, pointer: Expr) -> Option<u64> {
        let places = self.resolver().objects.pointees(function, pointer);
        let rooms = places.into_iter().map(|place| self.room(place));
        rooms.collect::<Option<Vec<u64>>>()?.into_iter().max()
    }

    /// The same, of what an argument of a call points to: a text there is no longer, with its end. One that is longer wrote beyond memory
    /// before, and that is told where it came to stand there.
    pub(super) fn held_by(&self, function: FunctionId, call: &Call, index: u8) -> Option<u64> {
        let unit = self.resolver().unit;
        let pointer = unit.local(function)?.argument(call, usize::from(index), unit.program, unit.machine)?;
        self.holds(function, pointer)
    }

    /// How many bytes a format leaves behind at most, with their end, where all its texts stand somewhere that has an end.
    pub(super) fn printed(&self, function: FunctionId, call: &Call, formats: Formats, known: &[Text]) -> Option<u64> {
        let mut most = None;
        for format in known {
            let (mut place, mut bytes) = (formats.first, 1_u64);
            for part in parts(&format.known()?) {
                match part {
                    Part::Text(text) => bytes = bytes.checked_add(text.len() as u64)?,
                    Part::Value { stars: 0, kind, width, precision } => {
                        let value = match (kind, precision) {
                            (Kind::Text, None) => self.held_by(function, call, place)?.checked_sub(1)?,
                            (Kind::Character, _) => 1,
                            (Kind::Text, Some(most)) => most,
                            (Kind::Number, digits) => NUMBER.checked_add(digits.unwrap_or(0))?,
                        };
                        bytes = bytes.checked_add(value.max(width.unwrap_or(0)))?;
                        place = place.checked_add(1)?;
                    }
                    Part::Value { .. } => return None,
                }
            }
            most = most.max(Some(bytes));
        }
        most
    }

    /// The frame's saved registers stand above everything else; below them the next thing that has an address of its own.
    fn frame_room(&self, owner: FunctionId, offset: u64) -> Option<u64> {
        let unit = self.resolver().unit;
        let local = unit.local(owner)?;
        let width = self.resolver().width();
        let here = width.signed(offset);
        let stores: BTreeMap<i64, (u64, bool)> = local
            .stores
            .iter()
            .filter_map(|store| match store.at {
                Address::At(Location { base: Some(base), offset }) if local.entry(base) == Some(unit.machine.stack) => {
                    Some((width.signed(offset), (store.width.bytes(), local.exprs.value(store.value) == Some(0))))
                }
                _ => None,
            })
            .collect();
        let mut cleared = here;
        while let Some((bytes, true)) = stores.get(&cleared) {
            cleared += i64::try_from(*bytes).ok()?;
        }
        let looked_at = self.looked_at(owner);
        let escaped = local.escaped.iter().filter(|other| **other > here && !looked_at.contains(*other));
        let used = escaped.chain(stores.keys().filter(|other| **other >= cleared.max(here + 1)));
        let next = used.min().copied().unwrap_or(0).min(0);
        u64::try_from(next - here).ok().filter(|room| *room > 0)
    }

    /// Places of a frame whose address only goes to library functions that read there: what stands behind a header is still part of the
    /// message.
    fn looked_at(&self, owner: FunctionId) -> BTreeSet<i64> {
        let unit = self.resolver().unit;
        let (mut read, mut other) = (BTreeSet::new(), BTreeSet::new());
        let Some(local) = unit.local(owner) else { return read };
        for (index, call) in local.calls.iter().enumerate() {
            let model = unit.model(owner, CallId(index as u32)).map(|(_, model)| model);
            for (argument, value) in call.arguments.iter().enumerate() {
                let Address::At(Location { base: Some(base), offset }) = local.locate(*value, unit.program, unit.machine) else { continue };
                if local.entry(base) == Some(unit.machine.stack) {
                    let reads = model.is_some_and(|model| !writes_argument(model, argument as u8));
                    let places = if reads { &mut read } else { &mut other };
                    places.insert(self.resolver().width().signed(offset));
                }
            }
        }
        read.retain(|place| !other.contains(place));
        read
    }

    /// Allocations that are handed to what allocates anew with their contents.
    fn regrown(&self) -> &BTreeSet<Object> {
        self.regrown.get_or_init(|| {
            let unit = self.resolver().unit;
            let mut objects = BTreeSet::new();
            for (number, local) in unit.locals.iter().enumerate() {
                let function = FunctionId(number as u32);
                for index in 0..local.calls.len() {
                    let call = CallId(index as u32);
                    let Some((_, model)) = unit.model(function, call) else { continue };
                    if let Some(old) = model.regrows
                        && let Some((_, value)) = unit.argument(function, call, usize::from(old))
                    {
                        objects.extend(self.resolver().objects.pointees(function, value).iter().map(|place| place.object));
                    }
                }
            }
            objects
        })
    }

    /// The most bytes that a library function is told to write there, where the program fixes the number.
    fn filled(&self, place: Pointee) -> u64 {
        let writes = self.resolver().objects.writes(place).iter();
        writes.filter_map(|(function, call, index)| self.ordered(*function, *call, *index)).max().unwrap_or(0)
    }

    fn ordered(&self, function: FunctionId, call: CallId, index: u8) -> Option<u64> {
        let (_, model) = self.resolver().unit.model(function, call)?;
        let read = model.reads.filter(|reads| reads.to == Some(index) && reads.times.is_none() && !reads.indirect);
        let copied = model.copies.iter().find(|copy| copy.to == index && !copy.append && !copy.encoded);
        let formatted = model.formats.filter(|formats| formats.text == Some(index));
        let length =
            read.and_then(|reads| reads.length).or(copied.and_then(|copy| copy.length)).or(formatted.and_then(|formats| formats.size));
        self.number(function, call, length?)
    }
}

/// Where the next variable begins that the program names: at the latest there ends the one at `address`.
fn next_variable(unit: &Unit<'_>, address: u64) -> Option<u64> {
    let from = address.checked_add(1)?;
    let stored = unit.global_stores.range(from..).next().map(|(next, _)| *next);
    let counted = unit.global_smears.range(from..).next().map(|(next, _)| *next);
    let next = [stored, counted, unit.next_passed(from)].into_iter().flatten().min()?;
    unit.program.memory.holds(next).then_some(next)
}
