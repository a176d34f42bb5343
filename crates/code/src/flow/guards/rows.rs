//! Which row of a table is meant: a handler runs where its own row was chosen, and what is compared with that row's word or number is what
//! calls it.
//!
//! Going up from a handler to the call that reached it through a pointer, the rows that hold the handler's address are known. Within the
//! caller, a row is one value of whatever counts through the table ([`Row`]); conditions are read with that value in the place of what is
//! not known. Where the row came from another function, as from a search that gives back the row or nothing, the question goes on there.

use super::{Asked, Atom, Guards, conditions::inner};
use crate::{
    flow::{
        edges::{Edge, Passing},
        resolve::Found,
        rows::Row,
    },
    values::{Callee, Expr, Leaf, Local, Location},
};

/// Rows of one table that have the same handler.
const SAME: usize = 8;

/// A value of a way can be the one that is wanted.
#[derive(Debug, Clone)]
pub(super) enum Fit {
    /// It is, or it is some row of a table: this one, where one is wanted.
    Always(Option<Row>),
    /// It is a field of a row of a table: of one of these rows.
    At(Vec<Row>),
    /// It has to be asked.
    Perhaps,
}

impl Guards<'_, '_, '_> {
    /// Can `value`, of the function that `asked` is about, be `number` (or something else)? None where it cannot.
    pub(super) fn fit(&self, asked: &Asked, local: &Local, value: Expr, number: u64, equal: bool) -> Option<Fit> {
        let unit = self.resolver().unit;
        if let Some(constant) = local.exprs.value(value) {
            return ((constant == number) == equal).then_some(Fit::Always(None));
        }
        let rows = unit.rows_of(local, value);
        if !rows.is_empty() {
            return match (equal, rows.contains(&number)) {
                (true, true) => Some(Fit::Always(unit.row(local, value, number))),
                (true, false) => None,
                (false, _) => Some(Fit::Always(None)),
            };
        }
        let fields = self.fields(asked, local, value);
        let mut fitting: Vec<Row> = fields.iter().filter(|(_, is)| (*is == number) == equal).map(|(row, _)| *row).collect();
        match fields.len() {
            0 => return Some(Fit::Perhaps),
            // Whichever row it is, it fits.
            all if all == fitting.len() => return Some(Fit::Always(None)),
            _ => fitting.truncate(SAME),
        }
        (!fitting.is_empty()).then_some(Fit::At(fitting))
    }

    /// The numbers that a field of a table's rows is, each with its row: `STATES[i].code`, or `found->code` where a search gave back the
    /// row. Nothing where it is no such field, or where another part of it is not known.
    fn fields(&self, asked: &Asked, local: &Local, value: Expr) -> Vec<(Row, u64)> {
        let unit = self.resolver().unit;
        let field = inner(local, value);
        let rows = match local.leaf(field) {
            Some(Leaf::Memory { at: Location { base: Some(base), .. }, .. }) => {
                let rows = unit.rows_of(local, *base);
                let known: Vec<Row> = rows.into_iter().filter_map(|address| unit.row(local, *base, address)).collect();
                if known.is_empty() { self.rows_found(asked, local, *base) } else { known }
            }
            Some(Leaf::Element { address, .. }) => unit.rows_around(local, *address),
            _ => return Vec::new(),
        };
        let numbers = rows.into_iter().map(|row| Some((row, unit.number_at(local, value, row)?)));
        numbers.collect::<Option<Vec<_>>>().unwrap_or_default()
    }

    /// The rows that a pointer can be that another function gave back: with null, where nothing was found, no field is looked at.
    fn rows_found(&self, asked: &Asked, local: &Local, pointer: Expr) -> Vec<Row> {
        if !matches!(local.leaf(pointer), Some(Leaf::Result(..) | Leaf::Entry(_) | Leaf::Join { .. })) {
            return Vec::new();
        }
        let mut rows = Vec::new();
        for (found, ..) in self.resolver().resolve(asked.function, pointer, &asked.context) {
            match found {
                // The row by which the pointer moves on in a loop is among the others.
                Found::Number(0) | Found::Operation(..) => {}
                Found::Number(is) if self.resolver().unit.program.memory.holds(is) => rows.push(Row { of: pointer, is }),
                _ => return Vec::new(),
            }
        }
        rows
    }

    /// The questions that follow where one of `rows` is meant, in the function that `asked` is about.
    pub(super) fn at_rows(&self, asked: &Asked, rows: Vec<Row>, atoms: &mut Vec<Atom>, mut then: impl FnMut(&Asked, &mut Vec<Atom>)) {
        for row in rows {
            if let Some(local) = self.resolver().unit.local(asked.function)
                && !self.resolver().unit.counts(local, row.of)
            {
                self.value(asked, row.of, row.is, true, atoms);
            }
            then(&asked.at_row(Some(row)), atoms);
        }
    }

    /// The number that `value` is at the row that is asked about.
    pub(super) fn number_at(&self, asked: &Asked, value: Expr) -> Option<u64> {
        let unit = self.resolver().unit;
        unit.number_at(unit.local(asked.function)?, value, asked.row?)
    }

    /// The rows that are meant at a call, seen from the function that it reaches; what must be true for each to be chosen is added. One that
    /// is none where nothing is known of rows. Empty where the call cannot have led there.
    pub(super) fn rows_at_call(&self, asked: &Asked, there: &Asked, edge: &Edge, holds: bool, atoms: &mut Vec<Atom>) -> Vec<Option<Row>> {
        let unit = self.resolver().unit;
        let mut chosen = self.rows_with(there, edge);
        if chosen.is_empty()
            && let Some(row) = asked.row
            && let Some(passed) = unit.local(asked.function).and_then(|local| unit.argument_of(local.entry(row.of)?))
            && let Some((_, value)) = edge.passed_as(passed).and_then(|index| unit.argument(edge.from, edge.call, index))
        {
            chosen.push((value, row.is));
        }
        if chosen.is_empty() {
            return vec![None];
        }
        let mut rows = Vec::new();
        for (pointer, address) in chosen {
            if let Some(row) = self.choose(there, pointer, address, holds, atoms) {
                rows.push(Some(row));
            }
        }
        rows
    }

    /// `pointer` is the row at `address`: what must be true for that. None where it cannot be.
    fn choose(&self, asked: &Asked, pointer: Expr, address: u64, holds: bool, atoms: &mut Vec<Atom>) -> Option<Row> {
        let unit = self.resolver().unit;
        let local = unit.local(asked.function)?;
        if local.exprs.value(pointer).is_some_and(|constant| constant != address) {
            return None;
        }
        let row = unit.row(local, pointer, address).unwrap_or(Row { of: pointer, is: address });
        // What counts in a loop gets to each row; any other number was chosen.
        if holds && !unit.counts(local, row.of) {
            self.value(asked, row.of, row.is, true, atoms);
        }
        Some(row)
    }

    /// The block where ways come together that each choose another row.
    pub(super) fn chosen_at(&self, local: &Local, row: Row) -> Option<u32> {
        match local.leaf(row.of) {
            Some(Leaf::Join { block, .. }) if !self.resolver().unit.counts(local, row.of) => Some(*block),
            _ => None,
        }
    }

    /// The rows through which a call reaches a function: the pointer to the row, or to the word in it, and the address.
    fn rows_with(&self, there: &Asked, edge: &Edge) -> Vec<(Expr, u64)> {
        let unit = self.resolver().unit;
        let Some(local) = unit.local(edge.from).filter(|_| edge.passing == Passing::Own) else { return Vec::new() };
        let Some(Callee::Value(value)) = local.call(edge.call).map(|call| call.callee) else { return Vec::new() };
        let (pointer, offset) = match local.leaf(value) {
            Some(Leaf::Memory { at: Location { base: Some(base), offset }, .. }) => (*base, *offset),
            Some(Leaf::Element { address, .. }) => (*address, 0),
            _ => return Vec::new(),
        };
        let mut rows = unit.rows_of(local, pointer);
        if rows.is_empty() {
            let found = self.resolver().resolve(edge.from, pointer, &there.context);
            rows = found.into_iter().filter_map(|(found, ..)| if let Found::Number(row) = found { Some(row) } else { None }).collect();
        }
        rows.sort_unstable();
        rows.dedup();
        let leads = |row: &u64| {
            let handler = unit.program.memory.pointer(row.wrapping_add(offset) & self.resolver().width().mask());
            handler.and_then(|handler| unit.function_at(handler)) == Some(edge.to)
        };
        rows.retain(leads);
        if rows.len() > SAME { Vec::new() } else { rows.into_iter().map(|row| (pointer, row)).collect() }
    }

    /// The row that is asked about as a callee sees it that is handed the row, or a word of it.
    pub(super) fn row_passed(&self, asked: &Asked, edge: &Edge) -> Option<Row> {
        let unit = self.resolver().unit;
        let call = unit.local(edge.from)?.call(edge.call).filter(|_| asked.row.is_some())?;
        let passed = call.arguments.iter().enumerate().find_map(|(index, value)| {
            let constant = unit.local(edge.from)?.exprs.value(*value).is_some();
            Some((index, self.number_at(asked, *value).filter(|_| !constant)?))
        });
        let (index, is) = passed?;
        Some(Row { of: self.resolver().entry_of(edge.to, index)?, is })
    }
}
