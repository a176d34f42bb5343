//! A digest of a function's code that survives another build: operations, calls by name, texts and small numbers; no registers, no
//! addresses, nothing of where things stand.

use assay_core::Sha256;

use super::{edges::Target, unit::Unit};
use crate::{
    functions::FunctionId,
    ir::{Op, Src},
    values::CallId,
};

/// Numbers from here on may be addresses.
const SMALL: u64 = 1 << 12;
/// Functions of one way.
const FUNCTIONS: usize = 24;

/// The digest of the code of these functions, in their order, each once; hexadecimal.
pub fn of(unit: &Unit<'_>, functions: impl Iterator<Item = FunctionId>) -> String {
    let mut seen: Vec<FunctionId> = Vec::new();
    let mut text = Vec::new();
    for function in functions {
        if !seen.contains(&function) && seen.len() < FUNCTIONS {
            seen.push(function);
            describe(unit, function, &mut text);
        }
    }
    Sha256::of(&text).hex()
}

fn describe(unit: &Unit<'_>, function: FunctionId, text: &mut Vec<u8>) {
    let Some(code) = unit.code.function(function) else { return };
    for block in &code.blocks {
        for instruction in unit.code.block(block) {
            for op in &instruction.lifted.ops {
                operation(op, text);
            }
        }
        text.push(b'\n');
    }
    let calls = unit.local(function).map_or(0, |local| local.calls.len());
    for number in 0..calls {
        for target in unit.targets(function, CallId(number as u32)) {
            if let Target::Library(name) = target {
                text.extend_from_slice(name.as_bytes());
                text.push(b'\n');
            }
        }
    }
}

fn operation(op: &Op, text: &mut Vec<u8>) {
    let (kind, sources): (String, Vec<Src>) = match op {
        // Moves come and go with the choice of registers.
        Op::Copy { .. } | Op::Select { .. } | Op::Clobber { .. } => return,
        Op::Unary { op, width, .. } => (format!("{op:?}{}", width.bits()), Vec::new()),
        Op::Binary { op, width, a, b, .. } => (format!("{op:?}{}", width.bits()), vec![*a, *b]),
        Op::Load { width, .. } => (format!("load{}", width.bits()), Vec::new()),
        Op::Store { width, .. } => (format!("store{}", width.bits()), Vec::new()),
        Op::ClobberMemory { .. } => ("many".into(), Vec::new()),
    };
    text.extend_from_slice(kind.as_bytes());
    for source in sources {
        if let Src::Const(number) = source
            && number < SMALL
        {
            text.extend_from_slice(number.to_string().as_bytes());
        }
    }
    text.push(b' ');
}
