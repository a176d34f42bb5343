//! A program as a whole: its functions as expressions, and who calls whom.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use rayon::prelude::*;

use super::{
    edges::{Back, Edge, Passing, Target},
    resolve::stride,
};
use crate::{
    functions::{Code, FunctionId},
    ir::{Flow, Machine, Place, Var},
    load::Program,
    models::{Formats, Gives, Model, Models},
    values::{Address, CallId, Callee, Expr, Leaf, Local, Location, Outside, width_of},
};

/// Allocators around allocators.
const WRAPPED: usize = 3;
/// How far behind the start of an array a store at a counted place may go.
const SMEAR: u64 = 1024;

/// A program.
pub struct Unit<'a> {
    /// Its memory.
    pub program: &'a Program<'a>,
    /// Its code.
    pub code: &'a Code,
    /// Its processor.
    pub machine: &'static Machine,
    /// What library functions do.
    pub models: &'a Models,
    /// Functions as expressions, by their number.
    pub locals: Vec<Local>,
    /// Functions that a program begins with: their arguments are the command line's.
    pub mains: BTreeSet<FunctionId>,
    pub(super) targets: HashMap<(FunctionId, CallId), Vec<Target>>,
    /// Functions that are called back, as they are found behind arguments.
    pub(super) backs: HashMap<(FunctionId, CallId), Vec<Back>>,
    pub(super) callers: Vec<Vec<Edge>>,
    pub(super) callees: HashMap<(FunctionId, CallId), Vec<Edge>>,
    /// Functions that write through this argument (a bit for each), themselves or by what they call.
    writes_through: Vec<u8>,
    /// Fixed addresses of variables that are passed to calls: address to function, call and number of the argument.
    passed: BTreeMap<u64, Vec<(FunctionId, CallId, usize)>>,
    /// Stores to fixed addresses: address to function and store.
    pub global_stores: BTreeMap<u64, Vec<(FunctionId, usize)>>,
    /// Addresses of the program that stand in its code: something begins or ends there.
    pub(super) named: BTreeSet<u64>,
    /// Stores within what begins at a fixed address.
    pub global_smears: BTreeMap<u64, Vec<(FunctionId, usize)>>,
}

impl<'a> Unit<'a> {
    /// Reads all functions of `code`.
    pub fn new(program: &'a Program<'a>, code: &'a Code, machine: &'static Machine, models: &'a Models) -> Self {
        let name_at = |place: &Place| -> Option<String> {
            code.at(place.address)
                .and_then(|(_, function)| function.import.clone())
                .or_else(|| program.imports.get(&place.address).cloned())
        };
        let quiet = |callee: &Callee| match callee {
            Callee::At(place) => name_at(place).is_some_and(|name| models.get(&name).is_some_and(is_quiet)),
            Callee::Value(_) => false,
        };
        let gives = |callee: &Callee| match callee {
            Callee::At(place) => models.get(&name_at(place)?).and_then(gives_pointer),
            Callee::Value(_) => None,
        };
        let waiting = waiting(code, &|place| name_at(place).is_some_and(|name| models.get(&name).is_some_and(waits)));
        let waits = |place: &Place| waiting.contains(&place.address);
        let outside = Outside { program, code, machine, quiet: &quiet, waits: &waits, gives: &gives };
        let locals: Vec<Local> = code
            .functions
            .par_iter()
            .map(|function| {
                if function.import.is_some() {
                    // A stub's way through the tables of the loader says nothing.
                    return Local::empty();
                }
                Local::of(function, &outside)
            })
            .collect();
        let mut unit = Self {
            program,
            code,
            machine,
            models,
            locals,
            mains: BTreeSet::new(),
            targets: HashMap::new(),
            backs: HashMap::new(),
            callers: Vec::new(),
            callees: HashMap::new(),
            writes_through: Vec::new(),
            passed: BTreeMap::new(),
            global_stores: BTreeMap::new(),
            named: BTreeSet::new(),
            global_smears: BTreeMap::new(),
        };
        unit.index_stores();
        unit.index_passed();
        unit.named = unit.locals.iter().flat_map(Local::constants).filter(|value| program.memory.holds(*value)).collect();
        for (number, local) in unit.locals.iter().enumerate() {
            for (index, call) in local.calls.iter().enumerate() {
                let target = match call.callee {
                    Callee::At(place) => match name_at(&place) {
                        Some(name) => Some(Target::Library(name)),
                        None => code.at(place.address).map(|(id, _)| Target::Function(id)),
                    },
                    Callee::Value(value) => match local.leaf(value) {
                        Some(Leaf::Import(slot)) => program.imports.get(slot).cloned().map(Target::Library),
                        _ => None,
                    },
                };
                if let Some(target) = target {
                    unit.targets.insert((FunctionId(number as u32), CallId(index as u32)), vec![target]);
                }
            }
        }
        unit.know_allocators();
        unit.connect();
        unit
    }

    /// Calls of a function that only allocates are calls of the allocator; one may stand for another.
    fn know_allocators(&mut self) {
        for _ in 0..WRAPPED {
            let functions = (0..self.locals.len()).map(|number| FunctionId(number as u32));
            let known: HashMap<FunctionId, String> = functions.filter_map(|id| Some((id, self.allocator(id)?))).collect();
            let mut new = false;
            for target in self.targets.values_mut().flatten() {
                if let Target::Function(to) = target
                    && let Some(name) = known.get(to)
                {
                    *target = Target::Library(name.clone());
                    new = true;
                }
            }
            if !new {
                break;
            }
        }
    }

    fn index_stores(&mut self) {
        for (number, local) in self.locals.iter().enumerate() {
            for (index, store) in local.stores.iter().enumerate() {
                let place = (FunctionId(number as u32), index);
                match store.at {
                    Address::At(Location { base: None, offset }) => self.global_stores.entry(offset).or_default().push(place),
                    Address::Within(Location { base: None, offset }) => self.global_smears.entry(offset).or_default().push(place),
                    _ => {}
                }
            }
        }
    }

    fn index_passed(&mut self) {
        for (number, local) in self.locals.iter().enumerate() {
            for (index, call) in local.calls.iter().enumerate() {
                for (argument, value) in call.arguments.iter().enumerate() {
                    let variable = local
                        .exprs
                        .value(*value)
                        .filter(|address| self.program.memory.holds(*address) && !self.program.memory.constant(*address));
                    if let Some(address) = variable {
                        let place = (FunctionId(number as u32), CallId(index as u32), argument);
                        self.passed.entry(address).or_default().push(place);
                    }
                }
            }
        }
    }

    /// Calls that are passed the address of the variable that holds `address`: function, call, argument, address passed. Where a variable
    /// ends nobody knows; the nearest address below counts, within a page.
    pub fn global_arguments(&self, address: u64) -> Vec<(FunctionId, CallId, usize, u64)> {
        let near = self.passed.range(address.saturating_sub(4096)..=address).rev().take(2);
        near.flat_map(|(start, places)| places.iter().map(|(function, call, index)| (*function, *call, *index, *start))).collect()
    }

    /// The first variable from `address` on whose address is passed to a call. What a library function does not look at is no address, and
    /// neither is what stands in a register that it has no argument in: a number of seconds, a length that was computed before.
    pub fn next_passed(&self, address: u64) -> Option<u64> {
        let is_address = |(from, call, index): &(FunctionId, CallId, usize)| {
            self.model(*from, *call).is_none_or(|(_, model)| looks_at(model, *index as u8))
        };
        self.passed.range(address..).find(|(_, places)| places.iter().any(is_address)).map(|(start, _)| *start)
    }

    /// Is something of its own at this address, by how the program uses it?
    pub fn is_variable(&self, address: u64) -> bool {
        self.global_stores.contains_key(&address) || self.passed.contains_key(&address)
    }

    /// Stores of `bytes` bytes at counted places of an array whose elements stand at `address` and so many bytes further on.
    pub fn smears_to(&self, address: u64, bytes: u64) -> Vec<(FunctionId, usize)> {
        let near = self.global_smears.range(address.saturating_sub(SMEAR)..=address);
        let mut found = Vec::new();
        for (start, places) in near {
            for (function, index) in places {
                let Some((local, store)) = self.local(*function).and_then(|local| Some((local, local.stores.get(*index)?))) else {
                    continue;
                };
                let step = store.address.and_then(|address| stride(local, address)).unwrap_or(bytes).max(1);
                if (address - start) % step == 0 && store.width.bytes() == bytes {
                    found.push((*function, *index));
                }
            }
        }
        found
    }

    /// Does nobody in the program write to the `len` bytes from `start` on, so that what stands in the file stands there?
    pub fn is_unwritten(&self, start: u64, len: u64) -> bool {
        let memory = &self.program.memory;
        if memory.constant(start) || self.program.linked.contains(start) {
            return true;
        }
        let end = start.saturating_add(len.max(1));
        memory.file_offset(start).is_some()
            && self.global_stores.range(start..end).next().is_none()
            && self.global_smears.range(start.saturating_sub(SMEAR)..end).next().is_none()
            && self.passed.range(start..end).next().is_none()
    }

    /// The number that `value` is, or that stands from the start in the variable that it is, which nobody sets.
    pub(super) fn first_value(&self, local: &Local, value: Expr) -> Option<u64> {
        local.exprs.value(value).or_else(|| match local.leaf(value)? {
            Leaf::Memory { at: Location { base: None, offset }, .. } if !self.global_stores.contains_key(offset) => {
                self.program.memory.pointer(*offset)
            }
            _ => None,
        })
    }

    /// The function whose address `value` is.
    pub fn function_at(&self, value: u64) -> Option<FunctionId> {
        self.code.at(self.machine.place_of(value).address).map(|(id, _)| id)
    }

    /// Argument `index` of a call.
    pub fn argument(&self, from: FunctionId, call: CallId, index: usize) -> Option<(&Local, Expr)> {
        let local = self.local(from)?;
        let value = local.argument(local.call(call)?, index, self.program, self.machine)?;
        Some((local, value))
    }

    /// A function as expressions.
    pub fn local(&self, id: FunctionId) -> Option<&Local> {
        self.locals.get(id.0 as usize)
    }

    /// Whom a call reaches, as far as is known.
    pub fn targets(&self, from: FunctionId, call: CallId) -> &[Target] {
        self.targets.get(&(from, call)).map(Vec::as_slice).unwrap_or_default()
    }

    /// The model of the library function that a call reaches.
    pub fn model(&self, from: FunctionId, call: CallId) -> Option<(&str, &'a Model)> {
        self.targets(from, call).iter().find_map(|target| match target {
            Target::Library(name) => self.models.get(name).map(|model| (name.as_str(), model)),
            Target::Function(_) => None,
        })
    }

    /// Calls of a function.
    pub fn callers(&self, of: FunctionId) -> &[Edge] {
        self.callers.get(of.0 as usize).map(Vec::as_slice).unwrap_or_default()
    }

    /// Functions of the program that a call reaches.
    pub fn callees(&self, from: FunctionId, call: CallId) -> &[Edge] {
        self.callees.get(&(from, call)).map(Vec::as_slice).unwrap_or_default()
    }

    /// The number of the argument that arrives in `var`.
    pub fn argument_of(&self, var: Var) -> Option<usize> {
        self.machine.arguments.iter().position(|argument| *argument == var)
    }

    /// May `function` write through its argument `index`?
    pub fn writes_through(&self, function: FunctionId, index: usize) -> bool {
        index >= 8 || self.writes_through.get(function.0 as usize).is_none_or(|bits| bits & (1 << index) != 0)
    }

    pub(super) fn sum_writes(&mut self) {
        let mut sums = vec![0_u8; self.locals.len()];
        for (number, local) in self.locals.iter().enumerate() {
            for store in &local.stores {
                let (Address::At(at) | Address::Within(at)) = store.at;
                if let Some(index) = at.base.and_then(|base| self.argument_root(local, base)) {
                    sums[number] |= 1 << index.min(7);
                }
            }
        }
        loop {
            let mut changed = false;
            for (number, local) in self.locals.iter().enumerate() {
                let before = sums[number];
                for (index, call) in local.calls.iter().enumerate() {
                    let id = (FunctionId(number as u32), CallId(index as u32));
                    for (argument, value) in call.arguments.iter().enumerate() {
                        let Some(root) = self.argument_root(local, *value) else { continue };
                        let model = self.model(id.0, id.1).is_some_and(|(_, model)| writes_argument(model, argument as u8));
                        let inner = self
                            .callees(id.0, id.1)
                            .iter()
                            .any(|edge| edge.passing == Passing::Own && sums[edge.to.0 as usize] & (1 << argument.min(7)) != 0);
                        if model || inner {
                            sums[number] |= 1 << root.min(7);
                        }
                    }
                }
                changed |= sums[number] != before;
            }
            if !changed {
                break;
            }
        }
        self.writes_through = sums;
    }

    /// The argument from which an address is reached, directly or through memory.
    fn argument_root(&self, local: &Local, value: Expr) -> Option<usize> {
        let mut at = value;
        for _ in 0..6 {
            let (Address::At(place) | Address::Within(place)) = local.locate(at, self.program, self.machine);
            match local.leaf(place.base?)? {
                Leaf::Entry(var) => return self.argument_of(*var),
                Leaf::Memory { at: inner, .. } => at = inner.base?,
                Leaf::Join { .. } => at = local.began(place.base?, width_of(self.machine)).filter(|start| Some(*start) != place.base)?,
                _ => return None,
            }
        }
        None
    }
}

/// Does a function with this model leave memory as it is?
fn is_quiet(model: &Model) -> bool {
    model.copies.is_empty()
        && model.reads.is_none()
        && model.scans.is_none()
        && model.writes.is_empty()
        && model.calls.is_empty()
        && model.options.is_none()
        && model.performs.is_none()
        && model.outcome.is_none()
        && model.peer.is_none()
        && model.unpacks.is_none()
        && model.formats.is_none_or(|formats| formats.text.is_none())
}

/// Does a function with this model look at what this argument points to, as far as its row says?
pub(super) fn looks_at(model: &Model, argument: u8) -> bool {
    let text = |formats: &Option<Formats>| formats.is_some_and(|formats| formats.format == argument || argument >= formats.first);
    let given = match model.gives {
        Some(Gives::Argument(of) | Gives::Within(of) | Gives::Copy(of) | Gives::Number(of) | Gives::Length(of) | Gives::Member(of, _)) => {
            of == argument
        }
        _ => false,
    };
    given
        || writes_argument(model, argument)
        || model.copies.iter().any(|copy| copy.from == argument)
        || model.compares.is_some_and(|compares| compares.a == argument || compares.b == argument)
        || model.sends.is_some_and(|sends| sends.from == Some(argument) || sends.address == Some(argument))
        || text(&model.formats)
        || text(&model.scans)
        || text(&model.unpacks)
        || model.calls.iter().any(|back| back.arguments.contains(&argument))
        || model.binds.or(model.connects).is_some_and(|ends| ends.address == argument)
}

/// Does a function with this model wait for somebody to send something?
fn waits(model: &Model) -> bool {
    model.waits || model.reads.is_some() || matches!(model.gives, Some(Gives::Accepted(_)))
}

/// Addresses of functions that wait for somebody, themselves or in what they call.
fn waiting(code: &Code, waits: &dyn Fn(&Place) -> bool) -> HashSet<u64> {
    let mut callers: HashMap<u64, Vec<u64>> = HashMap::new();
    let mut open: Vec<u64> = Vec::new();
    for function in &code.functions {
        let called = function.blocks.iter().flat_map(|block| code.block(block)).filter_map(|instruction| match instruction.lifted.flow {
            Flow::Call { to: crate::ir::Target::At(place), .. } => Some(place),
            _ => None,
        });
        for place in called.chain(function.blocks.iter().flat_map(|block| block.tail_calls.iter().copied())) {
            callers.entry(place.address).or_default().push(function.entry.address);
            if waits(&place) {
                open.push(place.address);
            }
        }
    }
    let mut found = HashSet::new();
    while let Some(address) = open.pop() {
        if found.insert(address) {
            open.extend(callers.get(&address).into_iter().flatten());
        }
    }
    found
}

/// Does a function with this model give back a pointer, or a number that is none?
fn gives_pointer(model: &Model) -> Option<bool> {
    match model.gives {
        Some(Gives::Argument(_) | Gives::Within(_) | Gives::Through(_) | Gives::Copy(_) | Gives::New(_) | Gives::Environment(_)) => {
            Some(true)
        }
        Some(Gives::Number(_) | Gives::Length(_) | Gives::Swapped(_) | Gives::Clock | Gives::Calendar) => Some(false),
        Some(Gives::Member(..) | Gives::Joined(..) | Gives::Shown(_) | Gives::Formatted(..) | Gives::Packed(..)) => Some(true),
        None => {
            (model.reads.is_some_and(|reads| reads.to.is_some()) || model.compares.is_some() || model.formats.is_some()).then_some(false)
        }
        _ => None,
    }
}

/// Does a function with this model write to what its argument points to?
pub fn writes_argument(model: &Model, argument: u8) -> bool {
    model.copies.iter().any(|copy| copy.to == argument)
        || model.reads.is_some_and(|reads| reads.to == Some(argument) || reads.from == Some(argument))
        || model.formats.is_some_and(|formats| formats.text == Some(argument))
        || model.scans.is_some_and(|scans| argument >= scans.first)
        || model.unpacks.is_some_and(|unpacks| argument >= unpacks.first)
        || model.outcome == Some(argument)
        || model.peer == Some(argument)
        || model.gives == Some(Gives::Through(argument))
        || model.recalls.is_some_and(|recalls| recalls.argument == argument)
        || model.writes.contains(&argument)
}
