//! Instructions, with whom they call and what is known of the arguments.

use serde::{Deserialize, Serialize};

use super::{
    super::analysis::Analysis,
    Address,
    lines::{self, TargetLine},
};
use crate::{
    flow::{Contents, Context, Origin, Piece, Text},
    functions::{Block, FunctionId},
    lift::Cursor,
    values::{Call, CallId, Expr},
};

/// Steps for the arguments of one call.
const STEPS: u64 = 200_000;
/// Values of one argument that are shown.
const VALUES: usize = 4;
/// Characters of one value.
const CHARACTERS: usize = 160;
/// Numbers below this are rather counts and flags than addresses.
const SMALL: u64 = 0x1_0000;
/// Numbers below this are no addresses.
const PAGE: u64 = 0x1000;
/// Where headers stand and no text.
const HEADERS: u64 = 0x100;
/// What stands for a value that is not known.
const UNKNOWN: &str = "?";

/// An instruction.
#[derive(Debug, Serialize, Deserialize)]
pub struct InstructionLine {
    /// Where it stands.
    pub address: Address,
    /// Its bytes, hexadecimal, in the order of memory.
    pub bytes: String,
    /// As an assembler would write it.
    pub text: String,
    /// Whom it calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetLine>,
    /// What it passes, one text for each argument: `?` for what is not known, `{}` for a part that is not,
    /// `{recv 0x844}` for one that this call brings, `|` between several values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
}

impl InstructionLine {
    /// Whom it calls, and with what, as a remark behind it; empty where it calls nobody.
    #[must_use]
    pub fn call(&self) -> String {
        if self.targets.is_empty() && self.arguments.is_empty() {
            return String::new();
        }
        let name = |target: &TargetLine| target.name.clone().or_else(|| target.address.map(|to| to.to_string()));
        let names: Vec<String> = self.targets.iter().filter_map(name).collect();
        let whom = if names.is_empty() { UNKNOWN.to_owned() } else { names.join(" or ") };
        // Nothing known of what it passes is not the same as passing nothing.
        let passed = if self.arguments.is_empty() { "…".to_owned() } else { self.arguments.join(", ") };
        format!("; {whom}({passed})")
    }
}

/// The instructions of `block` that are `wanted`, by their addresses.
pub fn lines(
    analysis: &Analysis<'_>,
    contents: &Contents<'_, '_>,
    id: FunctionId,
    block: &Block,
    wanted: &dyn Fn(u64) -> bool,
) -> Vec<InstructionLine> {
    let mut cursor = Cursor::at(block.place);
    let mut lines = Vec::new();
    for instruction in analysis.code.block(block) {
        let bytes = analysis.program.memory.bytes(instruction.address, usize::from(instruction.lifted.len)).unwrap_or_default();
        cursor.place.address = instruction.address;
        let here = cursor;
        // Only for what the instruction prescribes for the next ones.
        let _ = analysis.lifter.lift(&bytes, &mut cursor);
        if !wanted(instruction.address) {
            continue;
        }
        let call = analysis.unit.local(id).and_then(|local| local.calls.iter().position(|call| call.site == instruction.address));
        let call = call.map(|number| CallId(number as u32));
        lines.push(InstructionLine {
            address: Address(instruction.address),
            bytes: assay_core::hash::hex(&bytes),
            text: analysis.lifter.show(&bytes, here),
            targets: call.map(|call| lines::targets(analysis, id, call)).unwrap_or_default(),
            arguments: call.map(|call| arguments(analysis, contents, id, call)).unwrap_or_default(),
        });
    }
    lines
}

/// What a call passes in the registers for arguments, without what is not known at the end.
fn arguments(analysis: &Analysis<'_>, contents: &Contents<'_, '_>, function: FunctionId, id: CallId) -> Vec<String> {
    let Some(call) = analysis.unit.local(function).and_then(|local| local.call(id)) else { return Vec::new() };
    let count = analysis.unit.machine.arguments.len();
    let values =
        || (0..count).map(|index| argument(analysis, contents, function, id, call, index).unwrap_or_else(|| UNKNOWN.into())).collect();
    let (mut shown, _): (Vec<String>, bool) = contents.resolver.budget.question(STEPS, values);
    while shown.last().is_some_and(|last| last == UNKNOWN) {
        shown.pop();
    }
    shown
}

fn argument(
    analysis: &Analysis<'_>,
    contents: &Contents<'_, '_>,
    function: FunctionId,
    id: CallId,
    call: &Call,
    index: usize,
) -> Option<String> {
    let (_, value) = analysis.unit.argument(function, id, index)?;
    let mut shown = numbers(analysis, contents, function, value).or_else(|| {
        let texts = contents.argument(function, call, index, &Context::default());
        let known: Vec<String> = texts.iter().filter(|text| has_words(text)).map(|text| in_words(analysis, text)).collect();
        (!known.is_empty()).then_some(known)
    })?;
    // In an order that does not hang on what was asked before.
    shown.sort();
    shown.dedup();
    let more = if shown.len() > VALUES { " | …" } else { "" };
    Some(shown[..shown.len().min(VALUES)].join(" | ") + more)
}

/// Is anything of a text known that reads as text, or where it is from? A structure is bytes as well.
fn has_words(text: &Text) -> bool {
    let reads = |bytes: &[u8]| !bytes.is_empty() && bytes.iter().all(|byte| is_printable(*byte));
    text.pieces.iter().any(|piece| match piece {
        Piece::Text(bytes) => reads(bytes),
        // What nobody is known to pass is no more than a register.
        Piece::Hole(origin, _) => !matches!(origin, Origin::Unknown | Origin::Argument(..)),
    })
}

/// A text, with the call that brings it in place of what is not known.
fn in_words(analysis: &Analysis<'_>, text: &Text) -> String {
    let mut all = String::new();
    for piece in &text.pieces {
        match piece {
            Piece::Text(bytes) => all.push_str(&String::from_utf8_lossy(bytes)),
            Piece::Hole(origin, _) => all.push_str(&format!("{{{}}}", brought(analysis, origin))),
        }
    }
    quoted(&all)
}

/// The call that brings bytes of this origin, in words.
fn brought(analysis: &Analysis<'_>, origin: &Origin) -> String {
    match origin {
        Origin::Call(function, id, ..) => {
            let site = analysis.unit.local(*function).and_then(|local| local.call(*id)).map_or(0, |call| call.site);
            let name = analysis.unit.model(*function, *id).map_or("call", |(name, _)| name);
            format!("{name} {site:#x}")
        }
        Origin::Argument(function, index) => {
            let entry = analysis.code.function(*function).map_or(0, |function| function.entry.address);
            format!("argument {index} of {entry:#x}")
        }
        Origin::Word(number) => number.map_or("word".into(), |number| format!("word {number}")),
        Origin::Made(origins) => origins.iter().map(|origin| brought(analysis, origin)).collect::<Vec<_>>().join(" and "),
        Origin::Unknown => String::new(),
    }
}

fn is_printable(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\n' | b'\t' | b'\r')
}

/// The numbers that a value can be, as what they are: a text's address as the text, a function's as its name.
fn numbers(analysis: &Analysis<'_>, contents: &Contents<'_, '_>, function: FunctionId, value: Expr) -> Option<Vec<String>> {
    let numbers = contents.resolver.numbers(function, value, &Context::default())?;
    let memory = &analysis.program.memory;
    let show = |number: u64| {
        // A small number is an address only where a text begins; in libraries, which begin at 0, every small number is mapped.
        let small = number < SMALL;
        let begins = !small || (number >= HEADERS && memory.byte(number - 1) == Some(0));
        let printable = |text: &&[u8]| !text.is_empty() && text.iter().all(|byte| is_printable(*byte));
        if let Some(text) = memory.text(number, CHARACTERS).filter(|_| begins).filter(printable) {
            return quoted(&String::from_utf8_lossy(text));
        }
        match analysis.unit.function_at(number).and_then(|id| analysis.code.function(id)) {
            Some(function) => function.name.clone().unwrap_or_else(|| format!("{:#x}", function.entry.address)),
            None if number < PAGE || (small && !memory.holds(number)) => number.to_string(),
            None => format!("{number:#x}"),
        }
    };
    Some(numbers.into_iter().map(show).collect())
}

fn quoted(text: &str) -> String {
    let end = text.floor_char_boundary(CHARACTERS);
    let more = if end < text.len() { "…" } else { "" };
    format!("{:?}{more}", &text[..end])
}
