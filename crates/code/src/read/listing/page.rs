//! One function, instruction by instruction, with what is known of the arguments of its calls.

use serde::{Deserialize, Serialize};

use super::{
    super::analysis::Analysis,
    Address,
    lines::{self, FunctionLine, TargetLine},
};
use crate::{
    flow::{Context, Guards, Origin, Piece, Text, condition},
    functions::{EdgeKind, Function, FunctionId},
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

/// A function.
#[derive(Debug, Serialize, Deserialize)]
pub struct FunctionPage {
    /// What the listing says of it.
    pub line: FunctionLine,
    /// The name from elsewhere that it leads to, where it is a stub.
    pub import: Option<String>,
    /// Calls that reach it: the instruction, and the function that this is in.
    pub callers: Vec<(Address, Address)>,
    /// Its blocks; the first is the entry.
    pub blocks: Vec<BlockLines>,
}

/// Instructions that run one after the other.
#[derive(Debug, Serialize, Deserialize)]
pub struct BlockLines {
    /// Where it begins.
    pub address: Address,
    /// What must be true to get here, as far as the outside has a part in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Its instructions.
    pub instructions: Vec<InstructionLine>,
    /// Where control goes on within the function.
    pub edges: Vec<EdgeLine>,
    /// Functions that its last instruction jumps to.
    pub tail_calls: Vec<Address>,
    /// Its last instruction comes back to the caller.
    pub returns: bool,
    /// Its last instruction jumps where nobody knows.
    pub lost: bool,
}

/// An edge.
#[derive(Debug, Serialize, Deserialize)]
pub struct EdgeLine {
    /// To the block there.
    pub to: Address,
    /// `next`, `jump` or `case N`.
    pub by: String,
}

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
    /// What it passes, one text for each argument: `?` for what is not known, `{}` for a part that is not, `{recv 0x844}` for one that this
    /// call brings, `|` between several values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
}

/// The page of the function with this name, or that holds this address (`0x…`).
pub fn page(analysis: &Analysis<'_>, wanted: &str) -> Option<FunctionPage> {
    let address = wanted.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok());
    let fits = |function: &Function| match address {
        Some(address) => {
            let address = analysis.lifter.machine().place_of(address).address;
            function.blocks.iter().any(|block| (block.place.address..block.end).contains(&address))
        }
        None => function.name.as_deref() == Some(wanted) || function.import.as_deref() == Some(wanted),
    };
    let number = analysis.code.functions.iter().position(fits)?;
    let (id, function) = (FunctionId(number as u32), analysis.code.functions.get(number)?);
    let mut callers: Vec<(Address, Address)> = analysis
        .unit
        .callers(id)
        .iter()
        .filter_map(|edge| {
            let site = analysis.unit.local(edge.from)?.call(edge.call)?.site;
            Some((Address(site), Address(analysis.code.function(edge.from)?.entry.address)))
        })
        .collect();
    callers.sort_unstable();
    callers.dedup();
    Some(FunctionPage {
        line: lines::line(analysis, function),
        import: function.import.clone(),
        callers,
        blocks: function.blocks.iter().enumerate().map(|(number, _)| lines_of(analysis, id, function, number)).collect(),
    })
}

fn lines_of(analysis: &Analysis<'_>, id: FunctionId, function: &Function, number: usize) -> BlockLines {
    let block = &function.blocks[number];
    let budget = &analysis.channels.contents.resolver.budget;
    let (atoms, _) = budget.question(STEPS, || Guards::new(analysis.channels).within(id, number as u32));
    let mut needs: Vec<String> = atoms.iter().map(condition).collect();
    needs.dedup();
    let mut cursor = Cursor::at(block.place);
    let instructions = analysis.code.block(block).iter().map(|instruction| {
        let bytes = analysis.program.memory.bytes(instruction.address, usize::from(instruction.lifted.len)).unwrap_or_default();
        cursor.place.address = instruction.address;
        let text = analysis.lifter.show(&bytes, cursor);
        // Only for what the instruction prescribes for the next ones.
        let _ = analysis.lifter.lift(&bytes, &mut cursor);
        let call = analysis.unit.local(id).and_then(|local| local.calls.iter().position(|call| call.site == instruction.address));
        let call = call.map(|number| CallId(number as u32));
        InstructionLine {
            address: Address(instruction.address),
            bytes: assay_core::hash::hex(&bytes),
            text,
            targets: call.map(|call| lines::targets(analysis, id, call)).unwrap_or_default(),
            arguments: call.map(|call| arguments(analysis, id, call)).unwrap_or_default(),
        }
    });
    let instructions = instructions.collect();
    let edges = block.edges.iter().filter_map(|edge| {
        let by = match edge.kind {
            EdgeKind::Next => "next".to_owned(),
            EdgeKind::Jump => "jump".to_owned(),
            EdgeKind::Case(number) => format!("case {number}"),
        };
        Some(EdgeLine { to: Address(function.blocks.get(edge.to as usize)?.place.address), by })
    });
    BlockLines {
        address: Address(block.place.address),
        needs,
        instructions,
        edges: edges.collect(),
        tail_calls: block.tail_calls.iter().map(|place| Address(place.address)).collect(),
        returns: block.gives_back,
        lost: block.lost,
    }
}

/// What a call passes in the registers for arguments, without what is not known at the end.
fn arguments(analysis: &Analysis<'_>, function: FunctionId, id: CallId) -> Vec<String> {
    let Some(call) = analysis.unit.local(function).and_then(|local| local.call(id)) else { return Vec::new() };
    let resolver = analysis.channels.contents.resolver;
    let count = analysis.unit.machine.arguments.len();
    let values = || (0..count).map(|index| argument(analysis, function, id, call, index).unwrap_or_else(|| UNKNOWN.into())).collect();
    let (mut shown, _): (Vec<String>, bool) = resolver.budget.question(STEPS, values);
    while shown.last().is_some_and(|last| last == UNKNOWN) {
        shown.pop();
    }
    shown
}

fn argument(analysis: &Analysis<'_>, function: FunctionId, id: CallId, call: &Call, index: usize) -> Option<String> {
    let (_, value) = analysis.unit.argument(function, id, index)?;
    let shown = numbers(analysis, function, value).or_else(|| {
        let texts = analysis.channels.contents.argument(function, call, index, &Context::default());
        let known: Vec<String> = texts.iter().filter(|text| has_words(text)).map(|text| shown(analysis, text)).collect();
        (!known.is_empty()).then_some(known)
    })?;
    let more = if shown.len() > VALUES { " | …" } else { "" };
    Some(shown[..shown.len().min(VALUES)].join(" | ") + more)
}

/// Is anything of a text known that reads as text, or where it is from? A structure is bytes as well.
fn has_words(text: &Text) -> bool {
    let reads = |bytes: &[u8]| !bytes.is_empty() && bytes.iter().all(|byte| is_printable(*byte));
    text.pieces.iter().any(|piece| match piece {
        Piece::Text(bytes) => reads(bytes),
        Piece::Hole(origin, _) => *origin != Origin::Unknown,
    })
}

/// A text, with the call that brings it in place of what is not known.
fn shown(analysis: &Analysis<'_>, text: &Text) -> String {
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
        Origin::Call(function, id, _) => {
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
fn numbers(analysis: &Analysis<'_>, function: FunctionId, value: Expr) -> Option<Vec<String>> {
    let numbers = analysis.channels.contents.resolver.numbers(function, value, &Context::default())?;
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
