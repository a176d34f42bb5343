//! Whom do calls through pointers reach?

use super::{
    objects::{Object, Objects},
    unit::{Target, Unit},
};
use crate::{
    functions::FunctionId,
    values::{CallId, Callee},
};

/// Rounds: what is learnt may lead to more.
const ROUNDS: usize = 3;

/// Finds out whom calls through pointers reach, and connects them, until nothing is new.
pub fn connect_indirect(unit: &mut Unit<'_>) {
    for _ in 0..ROUNDS {
        let mut learnt = Vec::new();
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
        }
        let mut new = false;
        for (function, call, targets) in learnt {
            new |= unit.learn(function, call, targets);
        }
        if !new {
            break;
        }
        unit.connect();
    }
}
