//! Functions in a normal form, to be compared with those of another build of the same program.
//!
//! A function's **shape** is what it does, block by block, without registers, addresses and places: the operations with their widths and small
//! numbers; and what it passes to its calls, stores, decides on and gives back, as expressions (`values`) in which constants that the code puts
//! together from halves, or counts from where it stands, are whole. A text counts by its words, a name from elsewhere by the name. The same source
//! compiled the same way has the same shape wherever the linker puts it; a changed constant, text, call or branch is another shape. Whom of the
//! same program it calls stands beside the shape ([`Shape::calls`]): whether that is the same function is known when all have their other half.
//! How much two shapes have in common is told by their runs of three operations (Jaccard similarity of multisets, kept as hashes).
//!
//! **Limitations**: another compiler, or other options, make other shapes. In a program that is linked to a fixed address, a number that could be
//! an address of its own is taken for one.

use std::collections::BTreeSet;

use assay_core::{Sha256, locator::hex_number};
use serde::{Deserialize, Serialize};

use super::{CodeLimits, analysis::Analysis, apart};
use crate::{
    flow::Target,
    functions::{Function, FunctionId},
    ir::{Binary, Op, Src},
    load::Kind,
    values::{Branch, CallId, Expr, Exprs, Node},
};

/// Numbers below this are no addresses.
const SMALL: u64 = 1 << 12;
/// As far ahead of an instruction can the place be that it takes for its own.
const AHEAD: u64 = 8;
/// Bytes of a text that count.
const TEXT: usize = 256;
/// Runs that are kept of one function.
const RUNS: usize = 1024;
/// Functions of one program.
const FUNCTIONS: usize = 100_000;

/// One function in its normal form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Where it begins.
    #[serde(with = "hex_number")]
    pub address: u64,
    /// Its name, where the file has one.
    pub name: Option<String>,
    /// Digest of its normal form.
    pub digest: Sha256,
    /// Functions of the same program that it calls, call by call.
    pub calls: Vec<u64>,
    /// Hashes of its runs of three operations, sorted; a run that stands twice is there twice.
    pub runs: Vec<u32>,
}

/// The functions of a program, by address; none where it cannot be read. Never panics.
#[must_use]
pub fn shapes(bytes: &[u8]) -> Option<Vec<Shape>> {
    let all = |analysis: &Analysis<'_>| {
        let mut all: Vec<Shape> = analysis.bodies().take(FUNCTIONS).map(|(id, function)| shape(analysis, id, function)).collect();
        all.sort_by_key(|shape| shape.address);
        all
    };
    apart(|| Analysis::of(bytes, CodeLimits { steps: 1 }, all)).ok().and_then(Result::ok)
}

fn shape(analysis: &Analysis<'_>, id: FunctionId, function: &Function) -> Shape {
    let mut words: Vec<String> = Vec::new();
    for block in &function.blocks {
        for instruction in analysis.code.block(block) {
            words.extend(instruction.lifted.ops.iter().filter_map(|op| word(op, instruction.address)));
        }
        words.push("end".to_owned());
    }
    let mut calls = Vec::new();
    if let Some(local) = analysis.unit.local(id) {
        let number = |value: u64| constant(analysis, &local.exprs, value);
        let say = |expr: Expr| expression(&local.exprs, expr, &number);
        for (index, call) in local.calls.iter().enumerate() {
            let mut names = Vec::new();
            for target in analysis.unit.targets(id, CallId(index as u32)) {
                match target {
                    Target::Library(name) => names.push(name.as_str()),
                    Target::Function(callee) => calls.extend(analysis.code.functions.get(callee.0 as usize).map(|one| one.entry.address)),
                }
            }
            let arguments: Vec<String> = call.arguments.iter().map(|argument| say(*argument)).collect();
            words.push(format!("call {}({})", names.join("|"), arguments.join(",")));
        }
        words.extend(local.stores.iter().map(|store| format!("store {}", say(store.value))));
        words.extend(local.branches.values().map(|(_, branch)| match branch {
            Branch::If(value) | Branch::Switch(value) => format!("on {}", say(*value)),
        }));
        words.extend(local.returns.iter().flat_map(|back| &back.values).map(|value| format!("back {}", say(*value))));
        words.extend(local.constants().into_iter().map(number).collect::<BTreeSet<_>>());
    }
    let mut runs: Vec<u32> = words.windows(3).map(crc).take(RUNS).collect();
    runs.sort_unstable();
    Shape { address: function.entry.address, name: function.name.clone(), digest: Sha256::of(words.join("\n").as_bytes()), calls, runs }
}

/// An expression without what its leaves stand for.
fn expression(exprs: &Exprs, expr: Expr, number: &dyn Fn(u64) -> String) -> String {
    let say = |part: Expr| expression(exprs, part, number);
    match exprs.node(expr) {
        Node::Const(value) => number(value),
        Node::Leaf(_) => "_".to_owned(),
        Node::Unary(op, width, a) => format!("{op:?}{} {}", width.bits(), say(a)),
        Node::Binary(op, width, a, b) => {
            // Which stands first may hang on the order in which they were met.
            let mut sides = [say(a), say(b)];
            if matches!(op, Binary::Add | Binary::And | Binary::Or | Binary::Xor | Binary::Mul | Binary::Eq | Binary::Ne) {
                sides.sort();
            }
            format!("{op:?}{}({})", width.bits(), sides.join(","))
        }
        Node::Select(cond, yes, no) => format!("select({},{},{})", say(cond), say(yes), say(no)),
    }
}

/// Some of a digest is a hash as good as another.
fn crc(run: &[String]) -> u32 {
    let digest = Sha256::of(run.join("\n").as_bytes());
    u32::from_le_bytes([digest.0[0], digest.0[1], digest.0[2], digest.0[3]])
}

fn word(op: &Op, address: u64) -> Option<String> {
    // A large number in an operation is half of one, or a distance, and one near the instruction's address is where it stands: what comes of
    // them is among the expressions.
    let number = |source: &Src| match source {
        Src::Const(number) if *number < SMALL && number.abs_diff(address) > AHEAD => number.to_string(),
        _ => String::new(),
    };
    Some(match op {
        // Moves come and go with the choice of registers.
        Op::Copy { .. } | Op::Clobber { .. } => return None,
        Op::Select { .. } => "select".to_owned(),
        Op::Unary { op, width, .. } => format!("{op:?}{}", width.bits()),
        Op::Binary { op, width, a, b, .. } => format!("{op:?}{} {} {}", width.bits(), number(a), number(b)),
        Op::Load { width, .. } => format!("load{}", width.bits()),
        Op::Store { width, .. } => format!("store{}", width.bits()),
        Op::ClobberMemory { .. } => "many".to_owned(),
    })
}

/// A number, the text that it leads to, or that it leads somewhere.
fn constant(analysis: &Analysis<'_>, exprs: &Exprs, value: u64) -> String {
    let memory = &analysis.program.memory;
    // In a file that may be loaded anywhere its own addresses are small numbers, too: there it counts how they were computed.
    let place = exprs.is_place(value) || (analysis.program.kind == Kind::Fixed && memory.holds(value));
    if !place {
        return value.to_string();
    }
    let text = if memory.executable(value) { None } else { memory.text(value, TEXT) };
    let text = text.filter(|text| text.len() >= 3 && text.iter().all(|byte| (b' '..=b'~').contains(byte) || byte.is_ascii_whitespace()));
    text.map_or_else(|| "place".to_owned(), |text| format!("“{}”", String::from_utf8_lossy(text)))
}
