//! Functions in a normal form, to be compared with those of another build of the same program.
//!
//! A function's **shape** is what it does, block by block, without registers, addresses and places: the operations with their widths and small
//! numbers, the texts that it names, the names from elsewhere that it calls. The same source compiled the same way has the same shape
//! wherever the linker puts it; a changed constant, text, call or branch is another shape. How much two shapes have in common is told by their
//! runs of three operations (Jaccard similarity of multisets, kept as hashes).
//!
//! **Limitations**: another compiler, or other options, make other shapes. Numbers from 4096 on count in programs that are linked to a fixed
//! address alone: elsewhere they may be distances, which shift with everything between.

use assay_core::{Sha256, locator::hex_number};
use serde::{Deserialize, Serialize};

use super::{CodeLimits, analysis::Analysis, apart};
use crate::{
    flow::Target,
    functions::{Function, FunctionId},
    ir::{Op, Src},
    load::Kind,
    values::CallId,
};

/// Numbers below this are no addresses.
const SMALL: u64 = 1 << 12;
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
            words.extend(instruction.lifted.ops.iter().filter_map(|op| word(analysis, op)));
        }
        words.push("end".to_owned());
    }
    let calls = analysis.unit.local(id).map_or(0, |local| local.calls.len());
    for number in 0..calls {
        for target in analysis.unit.targets(id, CallId(number as u32)) {
            if let Target::Library(name) = target {
                words.push(format!("call {name}"));
            }
        }
    }
    let mut runs: Vec<u32> = words.windows(3).map(|run| crc(run)).take(RUNS).collect();
    runs.sort_unstable();
    Shape { address: function.entry.address, name: function.name.clone(), digest: Sha256::of(words.join("\n").as_bytes()), runs }
}

/// Some of a digest is a hash as good as another.
fn crc(run: &[String]) -> u32 {
    let digest = Sha256::of(run.join("\n").as_bytes());
    u32::from_le_bytes([digest.0[0], digest.0[1], digest.0[2], digest.0[3]])
}

fn word(analysis: &Analysis<'_>, op: &Op) -> Option<String> {
    let number = |source: &Src| match source {
        Src::Var(_) => String::new(),
        Src::Const(number) => constant(analysis, *number),
    };
    Some(match op {
        // Moves come and go with the choice of registers; what is moved counts where it is a constant.
        Op::Copy { from: Src::Const(value), .. } => format!("set {}", constant(analysis, *value)),
        Op::Copy { .. } | Op::Clobber { .. } => return None,
        Op::Select { .. } => "select".to_owned(),
        Op::Unary { op, width, .. } => format!("{op:?}{}", width.bits()),
        Op::Binary { op, width, a, b, .. } => format!("{op:?}{} {} {}", width.bits(), number(a), number(b)),
        // A literal behind the code is the constant that it holds.
        Op::Load { width, at: Src::Const(at), .. } => {
            let value = analysis.program.memory.number(*at, *width);
            format!("load{} {}", width.bits(), value.map_or_else(String::new, |value| constant(analysis, value)))
        }
        Op::Load { width, .. } => format!("load{}", width.bits()),
        Op::Store { width, value, .. } => format!("store{} {}", width.bits(), number(value)),
        Op::ClobberMemory { .. } => "many".to_owned(),
    })
}

/// A number, the text that it leads to, or that it leads somewhere.
fn constant(analysis: &Analysis<'_>, value: u64) -> String {
    let memory = &analysis.program.memory;
    if value < SMALL {
        return value.to_string();
    }
    if memory.holds(value) {
        let text = if memory.executable(value) { None } else { memory.text(value, TEXT) };
        let text =
            text.filter(|text| text.len() >= 3 && text.iter().all(|byte| (b' '..=b'~').contains(byte) || byte.is_ascii_whitespace()));
        return text.map_or_else(|| "place".to_owned(), |text| format!("“{}”", String::from_utf8_lossy(text)));
    }
    if analysis.program.kind == Kind::Fixed { value.to_string() } else { "number".to_owned() }
}
