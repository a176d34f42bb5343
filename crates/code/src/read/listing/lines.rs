//! Functions, calls and imports of a program, one line each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{super::analysis::Analysis, Address};
use crate::{
    flow::Target,
    functions::{Function, FunctionId},
    values::CallId,
};

/// A function.
#[derive(Debug, Serialize, Deserialize)]
pub struct FunctionLine {
    /// Where it begins.
    pub address: Address,
    /// Bytes from there to its end: its instructions in one piece, with what is between them and the literals behind them.
    pub size: u64,
    /// Bytes of its instructions, wherever they stand.
    pub code: u64,
    /// Name, where the file has one.
    pub name: Option<String>,
    /// What led to it.
    pub found_by: String,
    /// How its instructions are read.
    pub mode: String,
    /// Does it come back to its caller?
    pub returns: bool,
}

/// A call site.
#[derive(Debug, Serialize, Deserialize)]
pub struct CallLine {
    /// The instruction.
    pub site: Address,
    /// The function that this is in.
    pub function: Address,
    /// Whom it reaches; empty where that is not known.
    pub targets: Vec<TargetLine>,
    /// It does not come back here.
    pub tail: bool,
}

/// Whom a call reaches: one of the program's own functions has an address, one from elsewhere a name.
#[derive(Debug, Serialize, Deserialize)]
pub struct TargetLine {
    /// Where it begins.
    pub address: Option<Address>,
    /// Its name.
    pub name: Option<String>,
}

/// A name from elsewhere.
#[derive(Debug, Serialize, Deserialize)]
pub struct ImportLine {
    /// The name.
    pub name: String,
    /// Where the loader puts its address.
    pub slots: Vec<Address>,
    /// Functions that do nothing but jump there.
    pub stubs: Vec<Address>,
}

/// All functions with a body, by address.
pub fn functions(analysis: &Analysis<'_>) -> Vec<FunctionLine> {
    let mut lines: Vec<FunctionLine> = analysis.bodies().map(|(_, function)| line(analysis, function)).collect();
    lines.sort_by_key(|line| line.address);
    lines
}

/// The line of one function.
pub fn line(analysis: &Analysis<'_>, function: &Function) -> FunctionLine {
    let start = function.entry.address;
    FunctionLine {
        address: Address(start),
        size: end(analysis, function) - start,
        code: function.blocks.iter().map(|block| block.end - block.place.address).sum(),
        name: function.name.clone(),
        found_by: function.found_by.word().to_owned(),
        mode: analysis.lifter.mode_name(function.entry.mode).to_owned(),
        returns: function.returns,
    }
}

/// Where a function ends: its last block in front of the next function, and the literals right behind that.
pub fn end(analysis: &Analysis<'_>, function: &Function) -> u64 {
    let start = function.entry.address;
    let next = analysis.code.by_entry.range(start + 1..).next().map_or(u64::MAX, |(address, _)| *address);
    let blocks = function.blocks.iter().filter(|block| (start..next).contains(&block.place.address));
    let mut end = blocks.map(|block| block.end.min(next)).max().unwrap_or(start);
    let align = analysis.program.memory.class.width().bytes();
    while let Some((data, behind)) = analysis.code.data.range(end..=end.next_multiple_of(align)).next()
        && *data < next
        && *behind > end
    {
        end = (*behind).min(next);
    }
    end
}

/// All call sites.
pub fn calls(analysis: &Analysis<'_>) -> Vec<CallLine> {
    let mut lines: Vec<CallLine> = analysis
        .call_sites()
        .filter_map(|(function, call, site)| {
            let entry = analysis.code.function(function)?.entry.address;
            let targets = targets(analysis, function, call);
            Some(CallLine { site: Address(site.site), function: Address(entry), targets, tail: site.tail })
        })
        .collect();
    lines.sort_by_key(|line| (line.function, line.site));
    lines
}

/// Whom a call reaches.
pub fn targets(analysis: &Analysis<'_>, function: FunctionId, call: CallId) -> Vec<TargetLine> {
    let target = |target: &Target| match target {
        Target::Function(id) => {
            let function = analysis.code.function(*id);
            TargetLine { address: function.map(|to| Address(to.entry.address)), name: function.and_then(|to| to.name.clone()) }
        }
        Target::Library(name) => TargetLine { address: None, name: Some(name.clone()) },
    };
    analysis.unit.targets(function, call).iter().map(target).collect()
}

/// Names from elsewhere, sorted.
pub fn imports(analysis: &Analysis<'_>) -> Vec<ImportLine> {
    let mut names: BTreeMap<&str, (Vec<Address>, Vec<Address>)> = BTreeMap::new();
    for (slot, name) in &analysis.program.imports {
        names.entry(name).or_default().0.push(Address(*slot));
    }
    for function in &analysis.code.functions {
        if let Some(name) = &function.import {
            names.entry(name).or_default().1.push(Address(function.entry.address));
        }
    }
    names.into_iter().map(|(name, (slots, stubs))| ImportLine { name: name.to_owned(), slots, stubs }).collect()
}

/// Which function an instruction belongs to.
pub struct Places(BTreeMap<u64, (u64, u64)>);

impl Places {
    /// Of all blocks.
    pub fn of(analysis: &Analysis<'_>) -> Self {
        let functions = analysis.code.functions.iter();
        let blocks = functions.flat_map(|function| function.blocks.iter().map(move |block| (function.entry.address, block)));
        Self(blocks.map(|(entry, block)| (block.place.address, (block.end, entry))).collect())
    }

    /// Where the function begins that holds the instruction at `address`.
    pub fn function(&self, address: u64) -> Option<Address> {
        let (_, (end, entry)) = self.0.range(..=address).next_back()?;
        (address < *end).then_some(Address(*entry))
    }
}
