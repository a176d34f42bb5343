//! The result of discovery: instructions, blocks, functions.

use std::{collections::BTreeMap, ops::Range};

use super::{seeds::FoundBy, walk::Walked};
use crate::ir::{Lifted, Place};

/// Number of a function in [`Code::functions`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionId(pub u32);

/// One decoded instruction.
#[derive(Debug, Clone)]
pub struct Instruction {
    /// Where it stands.
    pub address: u64,
    /// What it does.
    pub lifted: Lifted,
}

/// How control comes to the next block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeKind {
    /// By going on: the condition of the last instruction, if it has one, does not hold.
    Next,
    /// By a jump: the condition, if there is one, holds.
    Jump,
    /// By an entry of a jump table: its number.
    Case(u32),
}

/// An edge to another block of the same function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edge {
    /// Index in the function's blocks.
    pub to: u32,
    /// How.
    pub kind: EdgeKind,
}

/// Instructions that run one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Where it starts.
    pub place: Place,
    /// Address behind its last instruction.
    pub end: u64,
    /// Its instructions in [`Code::instructions`].
    pub instructions: Range<u32>,
    /// Where control goes on within the function.
    pub edges: Vec<Edge>,
    /// Functions that its last instruction jumps to: tail calls.
    pub tail_calls: Vec<Place>,
    /// Its last instruction comes back to the caller, perhaps under a condition.
    pub gives_back: bool,
    /// Its last instruction is a jump to a computed address of which nothing is known.
    pub lost: bool,
}

/// A function.
#[derive(Debug, Clone)]
pub struct Function {
    /// Entry.
    pub entry: Place,
    /// Name, where the file has one.
    pub name: Option<String>,
    /// What led to it.
    pub found_by: FoundBy,
    /// Its blocks; the first is the entry.
    pub blocks: Vec<Block>,
    /// Does any way through it come back to the caller?
    pub returns: bool,
    /// It is a stub that jumps to this name from elsewhere.
    pub import: Option<String>,
    /// The walk was ended by a limit.
    pub cut: bool,
}

impl Function {
    /// The number of the block that holds the instruction at `address`.
    pub fn block_at(&self, address: u64) -> Option<u32> {
        let block = self.blocks.iter().position(|block| (block.place.address..block.end).contains(&address))?;
        u32::try_from(block).ok()
    }

    /// Address behind its last byte, as far as blocks stand in one piece behind the entry.
    pub fn end(&self) -> u64 {
        self.blocks.iter().map(|block| block.end).max().unwrap_or(self.entry.address)
    }
}

/// All code of a file.
#[derive(Debug, Default)]
pub struct Code {
    /// Instructions, in the order in which they were decoded; a block's stand together.
    pub instructions: Vec<Instruction>,
    /// Functions by entry address.
    pub functions: Vec<Function>,
    /// Number of the function that has its entry at an address.
    pub by_entry: BTreeMap<u64, FunctionId>,
    /// Bytes among the code that are data: literals and jump tables, start to end.
    pub data: BTreeMap<u64, u64>,
    /// Places that could not be decoded, and why control came there.
    pub undecoded: Vec<u64>,
    /// A limit ended the search for functions that nothing leads to.
    pub cut: bool,
}

impl Code {
    /// The function with this number.
    pub fn function(&self, id: FunctionId) -> Option<&Function> {
        self.functions.get(id.0 as usize)
    }

    /// The function that begins at `address`.
    pub fn at(&self, address: u64) -> Option<(FunctionId, &Function)> {
        let id = *self.by_entry.get(&address)?;
        Some((id, self.function(id)?))
    }

    /// The instructions of `block`.
    pub fn block(&self, block: &Block) -> &[Instruction] {
        self.instructions.get(block.instructions.start as usize..block.instructions.end as usize).unwrap_or_default()
    }

    /// Adds what a walk found as a function, its instructions in the order of its blocks.
    pub(super) fn push(
        &mut self,
        entry: Place,
        name: Option<String>,
        found_by: FoundBy,
        import: Option<String>,
        returns: bool,
        mut walked: Walked,
    ) {
        let mut numbers = BTreeMap::new();
        let starts = std::iter::once(entry).chain(walked.leaders.values().copied().filter(|place| *place != entry));
        let starts: Vec<Place> = starts.filter(|place| walked.instructions.contains_key(&place.address)).collect();
        for (number, place) in starts.iter().enumerate() {
            numbers.insert(place.address, number as u32);
        }
        let mut blocks = Vec::new();
        for place in &starts {
            let first = self.instructions.len() as u32;
            let mut at = place.address;
            let mut block = Block {
                place: *place,
                end: at,
                instructions: first..first,
                edges: Vec::new(),
                tail_calls: Vec::new(),
                lost: false,
                gives_back: false,
            };
            while let Some(instruction) = walked.instructions.remove(&at) {
                block.end = at + u64::from(instruction.lifted.len);
                self.instructions.push(instruction);
                if let Some(exit) = walked.exits.remove(&at) {
                    let edge = |(to, kind): (Place, EdgeKind)| Some(Edge { to: *numbers.get(&to.address)?, kind });
                    block.edges = exit.to.into_iter().filter_map(edge).collect();
                    block.tail_calls = exit.tail_calls;
                    block.lost = exit.lost;
                    block.gives_back = exit.returns;
                    break;
                }
                at = block.end;
                if let Some(next) = numbers.get(&at) {
                    block.edges.push(Edge { to: *next, kind: EdgeKind::Next });
                    break;
                }
            }
            block.instructions.end = self.instructions.len() as u32;
            blocks.push(block);
        }
        self.data.extend(walked.data.iter().map(|(start, (len, _))| (*start, start + len)));
        self.undecoded.extend(walked.undecoded);
        self.by_entry.insert(entry.address, FunctionId(self.functions.len() as u32));
        self.functions.push(Function { entry, name, found_by, blocks, returns, import, cut: walked.cut });
    }

    /// Bytes of code in functions.
    pub fn bytes(&self) -> u64 {
        self.functions.iter().flat_map(|function| &function.blocks).map(|block| block.end - block.place.address).sum()
    }
}
