//! Whom do calls through pointers reach?

use super::{
    edges::{Back, Target},
    objects::{Object, Objects, Pointee},
    unit::Unit,
};
use crate::{
    functions::FunctionId,
    ir::Width,
    models::Callback,
    values::{CallId, Callee, width_of},
};

/// Rounds: what is learnt may lead to more.
const ROUNDS: usize = 3;
/// Rows of a table of functions that a library is handed.
const ROWS: u64 = 128;
/// Longest name of a row.
const NAME: usize = 256;

/// Finds out whom calls through pointers reach, and connects them, until nothing is new.
pub fn connect_indirect(unit: &mut Unit<'_>) {
    for _ in 0..ROUNDS {
        let (mut learnt, mut backs) = (Vec::new(), Vec::new());
        let objects = Objects::of(unit);
        for (number, local) in unit.locals.iter().enumerate() {
            let function = FunctionId(number as u32);
            for (index, call) in local.calls.iter().enumerate() {
                let id = CallId(index as u32);
                let Callee::Value(value) = call.callee else { continue };
                let mut targets = Vec::new();
                for pointee in objects.pointees(function, value) {
                    match pointee.object {
                        Object::Fixed => targets.extend(unit.function_at(pointee.offset).map(Target::Function)),
                        Object::Import(slot) => targets.extend(unit.program.imports.get(&slot).cloned().map(Target::Library)),
                        _ => {}
                    }
                }
                learnt.push((function, id, targets));
            }
            for index in 0..local.calls.len() {
                let id = CallId(index as u32);
                let found = called_back(unit, &objects, function, id);
                if !found.is_empty() {
                    backs.push((function, id, found));
                }
            }
        }
        let mut new = false;
        for (function, call, found) in backs {
            new |= unit.learn_backs(function, call, found);
        }
        for (function, call, targets) in learnt {
            new |= unit.learn(function, call, targets);
        }
        if !new {
            break;
        }
        unit.connect();
    }
}

/// The functions that a library calls back which it finds behind an argument: `uloop_fd_add(&fd, …)`, `ubus_add_object(bus, &object)`.
fn called_back(unit: &Unit<'_>, objects: &Objects<'_>, function: FunctionId, call: CallId) -> Vec<Back> {
    let Some((_, model)) = unit.model(function, call) else { return Vec::new() };
    let mut found = Vec::new();
    for back in &model.calls {
        let (Some(field), Some((_, structure))) = (back.field, unit.argument(function, call, usize::from(back.function))) else { continue };
        for structure in objects.pointees(function, structure) {
            for (holder, said) in holders(unit, objects, structure, back) {
                let word = behind(unit, holder, u64::from(field));
                let functions = objects.held(word).into_iter().filter(|held| held.object == Object::Fixed);
                let functions = functions.filter_map(|held| unit.function_at(held.offset));
                found.extend(functions.map(|to| Back { to, arguments: back.arguments.clone(), said }));
            }
        }
    }
    found
}

/// Where the functions stand: the structure itself, or the rows that it points to, each with the address of its name.
fn holders(unit: &Unit<'_>, objects: &Objects<'_>, structure: Pointee, back: &Callback) -> Vec<(Pointee, Option<u64>)> {
    let (Some(rows), Some(field)) = (&back.rows, back.field) else { return vec![(structure, None)] };
    let count = behind(unit, structure, u64::from(rows.count));
    let known = (count.object == Object::Fixed && unit.is_unwritten(count.offset, 4))
        .then(|| unit.program.memory.number(count.offset, Width::W32))
        .flatten()
        .map(|count| count.min(ROWS));
    let mut all = Vec::new();
    for first in objects.held(behind(unit, structure, u64::from(rows.at))) {
        let each = rows.step.iter().map(|step| {
            let row = |index| behind(unit, first, index * u64::from(*step));
            let filled = (0..known.unwrap_or(ROWS)).map(row).map_while(|row| {
                let names = objects.held(behind(unit, row, u64::from(rows.name)));
                let name =
                    names.iter().find(|name| name.object == Object::Fixed && unit.program.memory.text(name.offset, NAME).is_some())?;
                let functions = objects.held(behind(unit, row, u64::from(field)));
                functions.iter().any(|held| unit.function_at(held.offset).is_some()).then_some((row, Some(name.offset)))
            });
            filled.collect::<Vec<_>>()
        });
        // The first of those with the most rows: the library's newest layout that fits.
        all.extend(each.rev().max_by_key(Vec::len).unwrap_or_default());
    }
    all
}

/// So many words of the processor farther on.
fn behind(unit: &Unit<'_>, place: Pointee, words: u64) -> Pointee {
    let width = width_of(unit.machine);
    Pointee { object: place.object, offset: place.offset.wrapping_add(words * width.bytes()) & width.mask() }
}
