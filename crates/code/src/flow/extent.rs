//! How far a library function writes behind a pointer that it is given.
//!
//! Where a call says it (a size, a length, a width in a format), that is the end. Where nothing says it, the write may go on for as long
//! as nothing with an address of its own follows: two buffers of one frame stand side by side, and filling the first leaves the second as
//! it is.

use super::{
    format::{Kind, Part, parts},
    resolve::Resolver,
};
use crate::{
    functions::FunctionId,
    models::Model,
    values::{CallId, Location},
};

/// Longest format that is read for its widths.
const FORMAT: usize = 1024;
/// Bytes of the largest number that a scan leaves behind.
const NUMBER: u64 = 8;

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
    pub fn reach(&self, function: FunctionId, call: CallId, model: &Model, index: u8, by: u64, at: Location) -> Reach {
        if by == 0 {
            return Reach::Yes;
        }
        match self.extent(function, call, model, index) {
            Some(bytes) if by < bytes => Reach::Yes,
            Some(_) => Reach::No,
            None if self.is_apart(function, at, by) => Reach::Perhaps,
            None => Reach::Yes,
        }
    }

    /// Is something on the stack between `at` and `by` bytes before it, or at `at` itself, whose address is used by itself?
    fn is_apart(&self, function: FunctionId, at: Location, by: u64) -> bool {
        let Some(local) = self.unit.local(function) else { return false };
        if at.base.and_then(|base| local.entry(base)) != Some(self.unit.machine.stack) {
            return false;
        }
        let end = self.width().signed(at.offset);
        let start = end.saturating_sub(i64::try_from(by).unwrap_or(i64::MAX));
        local.escaped.range(start.saturating_add(1)..=end).next().is_some()
    }

    /// Bytes that are written behind argument `index` at most, where the call says so.
    pub fn extent(&self, function: FunctionId, call: CallId, model: &Model, index: u8) -> Option<u64> {
        let number = |argument: u8| {
            let (local, value) = self.unit.argument(function, call, usize::from(argument))?;
            local.exprs.value(value)
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
        let values = parts(format).into_iter().filter_map(|part| match part {
            // What is skipped (`%*d`) is left nowhere.
            Part::Value { stars: 0, kind, bound } => Some((kind, bound)),
            _ => None,
        });
        match values.into_iter().nth(usize::from(index - scans.first))? {
            (Kind::Text, bound) => bound.map(|bound| bound.saturating_add(1)),
            (Kind::Character, _) => Some(1),
            (Kind::Number, _) => Some(NUMBER),
        }
    }
}
