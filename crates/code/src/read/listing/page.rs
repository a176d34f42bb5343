//! One function, block by block.

use serde::{Deserialize, Serialize};

use super::{
    super::analysis::Analysis,
    Address,
    instructions::{self, InstructionLine},
    lines::{self, FunctionLine},
};
use crate::{
    flow::{Guards, condition},
    functions::{EdgeKind, Function, FunctionId},
};

/// Steps for what must be true to get to one block.
const STEPS: u64 = 200_000;

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
        blocks: (0..function.blocks.len()).map(|number| lines_of(analysis, id, function, number)).collect(),
    })
}

fn lines_of(analysis: &Analysis<'_>, id: FunctionId, function: &Function, number: usize) -> BlockLines {
    let block = &function.blocks[number];
    let budget = &analysis.channels.contents.resolver.budget;
    let (atoms, _) = budget.question(STEPS, || Guards::new(analysis.channels).within(id, number as u32));
    let mut needs: Vec<String> = atoms.iter().map(condition).collect();
    needs.dedup();
    let instructions = instructions::lines(analysis, &analysis.channels.contents, id, block, &|_| true);
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
