//! Execution of a function whose arguments are all known: what a home-made `atoi("4028")` gives back is found by running it.
//!
//! Only what is the same in every run counts: memory that nobody writes, the function's own stack, the arguments. Anything else (a load from
//! a variable, a call of somebody who is not known, an instruction that is not modelled) ends the attempt.

use std::collections::{BTreeMap, HashMap};

use super::{edges::Target, unit::Unit};
use crate::{
    functions::{FunctionId, Instruction},
    ir::{Flow, Memory, Outcome, Width, evaluate},
    models::Gives,
    values::CallId,
};

/// Instructions that are run.
const STEPS: u32 = 4000;
/// Where the stack is taken to be; no program has anything there.
const STACK: u64 = 0xfff0_0000;
/// Bytes of it.
const ROOM: u64 = 1 << 16;
/// Longest text.
const TEXT: usize = 4096;

struct Run<'u, 'a> {
    unit: &'u Unit<'a>,
    own: BTreeMap<u64, u8>,
}

impl Memory for Run<'_, '_> {
    fn load(&mut self, address: u64, width: Width) -> Option<u64> {
        if (STACK - ROOM..STACK).contains(&address) {
            let mut value = 0;
            for index in (0..width.bytes()).rev() {
                value = value << 8 | u64::from(*self.own.get(&address.wrapping_add(index))?);
            }
            return Some(value);
        }
        let memory = &self.unit.program.memory;
        memory.number(address, width).filter(|_| memory.constant(address))
    }

    fn store(&mut self, address: u64, width: Width, value: u64) -> bool {
        let here = (STACK - ROOM..STACK).contains(&address);
        if here {
            for index in 0..width.bytes() {
                self.own.insert(address.wrapping_add(index), (value >> (8 * index)) as u8);
            }
        }
        here
    }
}

/// What `function` gives back for these arguments, if it can be run and needs no others: with whatever stands in the registers that
/// nobody knows, it is the same.
pub fn result(unit: &Unit<'_>, function: FunctionId, arguments: &[Option<u64>]) -> Option<u64> {
    let with = |unknown: u64| {
        let arguments: Vec<u64> = arguments.iter().map(|argument| argument.unwrap_or(unknown)).collect();
        run(unit, function, &arguments, unknown)
    };
    let one = with(0)?;
    (with(0x5a5a_5a5a) == Some(one)).then_some(one)
}

fn run(unit: &Unit<'_>, function: FunctionId, arguments: &[u64], unknown: u64) -> Option<u64> {
    let code = unit.code.function(function)?;
    let instructions: HashMap<u64, &Instruction> =
        code.blocks.iter().flat_map(|block| unit.code.block(block)).map(|instruction| (instruction.address, instruction)).collect();
    let machine = unit.machine;
    let mut vars = vec![unknown; usize::from(machine.first_temporary()) + 256];
    for (var, value) in machine.arguments.iter().zip(arguments) {
        *vars.get_mut(usize::from(var.0))? = *value;
    }
    *vars.get_mut(usize::from(machine.stack.0))? = STACK - ROOM / 2;
    let mut run = Run { unit, own: BTreeMap::new() };
    let mut at = code.entry.address;
    for _ in 0..STEPS {
        let instruction = instructions.get(&at)?;
        let lifted = &instruction.lifted;
        let mut lost = false;
        if let Flow::Call { cond: None, .. } = lifted.flow {
            let call = unit.local(function)?.calls.iter().position(|call| call.site == at)?;
            let value = called(unit, function, CallId(call as u32), &vars)?;
            *vars.get_mut(usize::from(machine.results.first()?.0))? = value;
            at += u64::from(lifted.len);
            continue;
        }
        let outcome = evaluate(lifted, &mut vars, &mut run, &mut |_| lost = true).ok()?;
        if lost {
            return None;
        }
        at = match (outcome, lifted.flow) {
            (Outcome::Next, _) => at + u64::from(lifted.len),
            (Outcome::To(_), Flow::Return { .. }) => return vars.get(usize::from(machine.results.first()?.0)).copied(),
            (Outcome::To(crate::ir::Target::At(place)), Flow::Jump { .. }) => place.address,
            _ => return None,
        };
    }
    None
}

/// What a library function gives back that does nothing but look at a text.
fn called(unit: &Unit<'_>, function: FunctionId, call: CallId, vars: &[u64]) -> Option<u64> {
    let [Target::Library(name)] = unit.targets(function, call) else { return None };
    let Some(Gives::Length(index)) = unit.models.get(name)?.gives else { return None };
    let var = unit.machine.arguments.get(usize::from(index))?;
    let address = *vars.get(usize::from(var.0))?;
    let memory = &unit.program.memory;
    memory.text(address, TEXT).filter(|_| memory.constant(address)).map(|text| text.len() as u64)
}
