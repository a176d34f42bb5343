//! How far a library function writes behind a pointer that it is given.
//!
//! Where a call says it (a size, a length, a width in a format), that is the end; a helper that is told the size by its caller writes as
//! far as the caller said. Where nothing says it, the write may go on for as long as nothing with an address of its own follows: two
//! buffers of one frame stand side by side, and filling the first leaves the second as it is.

use std::ops::RangeInclusive;

use super::{
    context::Context,
    edges::Passing,
    format::{Kind, Part, parts},
    resolve::Resolver,
    unit::{Unit, writes_argument},
};
use crate::{
    functions::FunctionId,
    models::Model,
    values::{Address, CallId, Expr, Local, Location},
};

/// Longest format that is read for its widths.
const FORMAT: usize = 1024;
/// Bytes of the largest number that a scan leaves behind.
const NUMBER: u64 = 8;
/// Functions through which a size or a pointer is passed on.
const PASSED: u32 = 4;
/// Callers that are asked for one size.
const CALLERS: usize = 12;

/// Does a write get to a place behind the one it was given?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// It ends before.
    No,
    /// Something with an address of its own lies between.
    Perhaps,
    /// As far as is known.
    Yes,
}

impl Resolver<'_> {
    /// Does what `model` writes behind argument `index` get to `at`, which lies `by` bytes behind it?
    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    pub fn reach(&self, function: FunctionId, call: CallId, model: &Model, index: u8, by: u64, at: Location, context: &Context) -> Reach {
        if by == 0 {
            return Reach::Yes;
        }
        match self.extent(function, call, model, index, context) {
            Some(bytes) if by < bytes => Reach::Yes,
            Some(_) => Reach::No,
            None if self.is_apart(function, at, by, context) => Reach::Perhaps,
            None => Reach::Yes,
        }
    }

    /// Is something between `at` and `by` bytes before it, or at `at` itself, that another call fills by itself? (A pointer that is merely
    /// kept or looked at, as to a field of what a call filled, begins nothing of its own.) What a caller handed on by its address is
    /// looked at there, too.
    fn is_apart(&self, function: FunctionId, at: Location, by: u64, context: &Context) -> bool {
        let Some((local, base)) = self.unit.local(function).zip(at.base) else { return false };
        let end = self.width().signed(at.offset);
        let start = end.saturating_sub(i64::try_from(by).unwrap_or(i64::MAX));
        let between = start.saturating_add(1)..=end;
        let entry = local.entry(base);
        let own = entry == Some(self.unit.machine.stack);
        if (!own || local.handed.range(between.clone()).next().is_some()) && self.is_filled_apart(function, local, base, &between) {
            return true;
        }
        let above = entry.filter(|_| !own).and_then(|var| self.unit.argument_of(var)).zip(context.up());
        above.is_some_and(|(index, (edge, up))| {
            let passed = edge.passed_as(index).and_then(|index| self.unit.argument(edge.from, edge.call, index));
            let start = passed.map(|(caller, value)| caller.locate(value, self.unit.program, self.unit.machine));
            let Some(Address::At(start)) = start else { return false };
            let place = Location { base: start.base, offset: start.offset.wrapping_add(at.offset) & self.width().mask() };
            self.is_apart(edge.from, place, by, up)
        })
    }

    /// Does a call write to an address that counts from `base`, this far? Registers that a call does not look at often hold one, too.
    fn is_filled_apart(&self, function: FunctionId, local: &Local, base: Expr, between: &RangeInclusive<i64>) -> bool {
        local.calls.iter().enumerate().take_while(|_| self.budget.step()).any(|(number, call)| {
            let id = CallId(number as u32);
            call.arguments.iter().enumerate().any(|(index, value)| {
                let (from, offset) = local.exprs.base_and_offset(*value, self.width());
                let within = from == Some(base) && between.contains(&self.width().signed(offset));
                within && self.fills(function, id, index)
            })
        })
    }

    fn fills(&self, function: FunctionId, id: CallId, index: usize) -> bool {
        let own = self.unit.callees(function, id);
        if !own.is_empty() {
            return own.iter().any(|edge| edge.passing != Passing::Own || self.unit.writes_through(edge.to, index));
        }
        self.unit.model(function, id).is_none_or(|(_, model)| writes_argument(model, index as u8))
    }

    /// A number that is constant, or that is so for the callers: the largest of them.
    fn told(&self, function: FunctionId, value: Expr, context: &Context, depth: u32) -> Option<u64> {
        let local = self.unit.local(function).filter(|_| self.budget.step())?;
        if let Some(number) = local.exprs.value(value) {
            return Some(number);
        }
        let index = local.entry(value).and_then(|var| self.unit.argument_of(var)).filter(|_| depth > 0)?;
        let callers = self.callers(function, context);
        let mut largest = None;
        for (edge, above) in Some(callers).filter(|callers| callers.len() <= CALLERS)? {
            let (_, passed) = edge.passed_as(index).and_then(|index| self.unit.argument(edge.from, edge.call, index))?;
            largest = largest.max(Some(self.told(edge.from, passed, &above, depth - 1)?));
        }
        largest
    }

    /// Bytes that are written behind argument `index` at most, where the call says so.
    pub fn extent(&self, function: FunctionId, call: CallId, model: &Model, index: u8, context: &Context) -> Option<u64> {
        let number = |argument: u8| {
            let (_, value) = self.unit.argument(function, call, usize::from(argument))?;
            self.told(function, value, context, PASSED)
        };
        if let Some(reads) = model.reads.filter(|reads| reads.to == Some(index) && !reads.indirect) {
            let bytes = number(reads.length?)?;
            return reads.times.map_or(Some(bytes), |times| bytes.checked_mul(number(times)?));
        }
        if let Some(copy) = model.copies.iter().find(|copy| copy.to == index) {
            return if copy.append || copy.encoded { None } else { number(copy.length?) };
        }
        if let Some(formats) = model.formats.filter(|formats| formats.text == Some(index)) {
            return number(formats.size?);
        }
        let scans = model.scans.filter(|scans| index >= scans.first && !scans.list)?;
        let format = self.unit.program.memory.text(number(scans.format)?, FORMAT)?;
        let values = values_of(format);
        match values.into_iter().nth(usize::from(index - scans.first))? {
            (Kind::Text, bound) => bound.map(|bound| bound.saturating_add(1)),
            (Kind::Character, _) => Some(1),
            (Kind::Number, _) => Some(NUMBER),
        }
    }
}

/// What a format of a scan leaves behind its arguments, one for each, with the bound of a text. What is skipped (`%*d`) is left nowhere.
fn values_of(format: &[u8]) -> Vec<(Kind, Option<u64>)> {
    let values = parts(format).into_iter().filter_map(|part| match part {
        Part::Value { stars: 0, kind, width, .. } => Some((kind, width)),
        _ => None,
    });
    values.collect()
}

impl Unit<'_> {
    /// Does a call with this model write to what its argument points to? A scan writes behind as many arguments as its format says: what
    /// stands above them on the stack is the caller's own.
    pub(super) fn leaves_behind(&self, function: FunctionId, call: CallId, model: &Model, index: u8) -> bool {
        let scans = model.scans.filter(|scans| index >= scans.first && !scans.list);
        let format = scans.and_then(|scans| {
            let (local, value) = self.argument(function, call, usize::from(scans.format))?;
            Some((scans, self.program.memory.text(local.exprs.value(value)?, FORMAT)?))
        });
        let beyond = format.is_some_and(|(scans, format)| usize::from(index - scans.first) >= values_of(format).len());
        writes_argument(model, index) && !beyond
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_scan_leaves() {
        assert_eq!(values_of(b"%*d [\"%63[^\"]\",%7[0-9] %d").len(), 3);
        assert_eq!(values_of(b"nothing").len(), 0);
    }
}
