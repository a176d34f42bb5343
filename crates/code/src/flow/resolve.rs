//! Where does a value come from?
//!
//! A question about an expression of one function is answered by what can be said no further: a number, what a library function gave,
//! an operation, an address. On the way it goes up to callers (by the very call it came down through, if it came down), down into
//! callees, back through memory to whoever stored there.
//!
//! - *Own memory* (a word of the stack that nobody else sees) is followed in order of time.
//! - *Globals* hold whatever anybody ever stored there, and what they begin with.
//! - *Objects* behind pointers are the same object where the pointers come from the same place.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
};

use super::{
    context::{Context, StepKind, Trail},
    unit::{Edge, Passing, Target, Unit, writes_argument},
};
use crate::{
    functions::FunctionId,
    ir::Width,
    values::{Address, CallId, Expr, Leaf, Location, Node, Slot, Snapshot, width_of},
};

/// Answers to one question.
const ANSWERS: usize = 64;

/// Steps left for all questions of a run.
#[derive(Debug)]
pub struct Budget {
    left: Cell<u64>,
    ran_out: Cell<u64>,
}

impl Budget {
    /// So many steps.
    pub fn new(steps: u64) -> Self {
        Self { left: Cell::new(steps), ran_out: Cell::new(0) }
    }

    /// Takes a step; false where there is none left.
    pub fn step(&self) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        if left == 0 {
            self.ran_out.set(self.ran_out.get() + 1);
        }
        left > 0
    }

    /// How often it was asked in vain.
    pub fn ran_out(&self) -> u64 {
        self.ran_out.get()
    }
}

/// What can be said no further.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Found {
    /// A number; addresses of the program among them.
    Number(u64),
    /// An operation over other values.
    Operation(FunctionId, Expr),
    /// What a library function, or one that is not known, gave back.
    Result(FunctionId, CallId),
    /// What a library function wrote at this place.
    Written(FunctionId, CallId, Location),
    /// The address of a place on the stack of this function: offset from its stack pointer at entry.
    Stack(FunctionId, i64),
    /// An argument of a function that nobody is known to call.
    Argument(FunctionId, usize),
    /// The address of a name from elsewhere.
    Import(String),
    /// What stands in memory behind a pointer: pointer (as it was found), offset, width in bytes.
    Behind(Box<Found>, u64, u8),
    /// Some element of what begins here.
    Element(FunctionId, Expr),
    /// It cannot be told.
    Unknown,
}

/// An answer: what, under which context, and by which steps.
pub type Answer = (Found, Context, Trail);

/// Puts questions to a program.
pub struct Resolver<'a> {
    /// The program.
    pub unit: &'a Unit<'a>,
    /// Steps left.
    pub budget: Budget,
    pointers: RefCell<HashMap<(FunctionId, Expr), Vec<Found>>>,
}

struct Search {
    seen: HashSet<(FunctionId, Expr, Context)>,
    loads: HashSet<(FunctionId, Location, Expr, Context)>,
    found: Vec<Answer>,
    left: u32,
}

impl<'a> Resolver<'a> {
    /// For `unit`, with so many steps.
    pub fn new(unit: &'a Unit<'a>, steps: u64) -> Self {
        Self { unit, budget: Budget::new(steps), pointers: RefCell::new(HashMap::new()) }
    }

    /// Where `expr` of `function` comes from.
    pub fn resolve(&self, function: FunctionId, expr: Expr, context: &Context) -> Vec<Answer> {
        let mut search = Search { seen: HashSet::new(), loads: HashSet::new(), found: Vec::new(), left: 2_000 };
        self.value(&mut search, function, expr, context, &Trail::default());
        search.found
    }

    /// Where the word at `at` in `memory` comes from.
    pub fn word(&self, function: FunctionId, at: Location, memory: &Snapshot, context: &Context) -> Vec<Answer> {
        let mut search = Search { seen: HashSet::new(), loads: HashSet::new(), found: Vec::new(), left: 2_000 };
        match memory.get(at) {
            Some((_, value)) => self.value(&mut search, function, value, context, &Trail::default()),
            None => self.load(&mut search, function, at, self.width(), memory.state, context, &Trail::default()),
        }
        search.found
    }

    /// Numbers that `expr` can be, where it can be nothing else.
    pub fn numbers(&self, function: FunctionId, expr: Expr, context: &Context) -> Option<Vec<u64>> {
        let mut numbers = Vec::new();
        for (found, ..) in self.resolve(function, expr, context) {
            match found {
                Found::Number(number) => numbers.push(number),
                _ => return None,
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        Some(numbers).filter(|numbers| !numbers.is_empty())
    }

    /// Width of a pointer.
    pub fn width(&self) -> Width {
        width_of(self.unit.machine)
    }

    fn end(search: &mut Search, found: Found, context: &Context, trail: &Trail) {
        if search.found.len() < ANSWERS && !search.found.iter().any(|(known, other, _)| *known == found && other == context) {
            search.found.push((found, context.clone(), trail.clone()));
        }
    }

    fn value(&self, search: &mut Search, function: FunctionId, expr: Expr, context: &Context, trail: &Trail) {
        if !search.seen.insert((function, expr, context.clone())) {
            return;
        }
        if search.left == 0 || !self.budget.step() {
            return Self::end(search, Found::Unknown, context, trail);
        }
        search.left -= 1;
        let Some(local) = self.unit.local(function) else { return Self::end(search, Found::Unknown, context, trail) };
        match local.exprs.node(expr) {
            Node::Const(number) => Self::end(search, Found::Number(number), context, trail),
            Node::Select(_, yes, no) => {
                self.value(search, function, yes, context, trail);
                self.value(search, function, no, context, trail);
            }
            Node::Unary(..) | Node::Binary(..) => {
                if let Address::At(Location { base: Some(base), offset }) = local.locate(expr, self.unit.program, self.unit.machine)
                    && local.entry(base) == Some(self.unit.machine.stack)
                {
                    return Self::end(search, Found::Stack(function, self.width().signed(offset)), context, trail);
                }
                Self::end(search, Found::Operation(function, expr), context, trail);
            }
            Node::Leaf(_) => {
                let Some(leaf) = local.leaf(expr) else { return Self::end(search, Found::Unknown, context, trail) };
                self.leaf(search, function, expr, leaf, context, trail);
            }
        }
    }

    fn leaf(&self, search: &mut Search, function: FunctionId, expr: Expr, leaf: &Leaf, context: &Context, trail: &Trail) {
        match leaf {
            Leaf::Entry(var) if *var == self.unit.machine.stack => Self::end(search, Found::Stack(function, 0), context, trail),
            Leaf::Entry(var) => match self.unit.argument_of(*var) {
                Some(index) => self.passed(search, function, index, context, trail),
                None => Self::end(search, Found::Unknown, context, trail),
            },
            Leaf::Result(call, var) => {
                let place = self.unit.machine.results.iter().position(|result| result == var);
                match place {
                    Some(place) => self.given_back(search, function, *call, place, context, trail),
                    None => Self::end(search, Found::Unknown, context, trail),
                }
            }
            Leaf::Memory { at, width, state } => self.load(search, function, *at, *width, *state, context, trail),
            Leaf::Element { .. } => Self::end(search, Found::Element(function, expr), context, trail),
            Leaf::Join { block, slot } => {
                let Some(local) = self.unit.local(function) else { return };
                for (value, ..) in local.ways(*block, *slot) {
                    self.value(search, function, value, context, trail);
                }
            }
            Leaf::Import(slot) => {
                let name = self.unit.program.imports.get(slot).cloned().unwrap_or_default();
                Self::end(search, Found::Import(name), context, trail);
            }
            Leaf::Start | Leaf::Called { .. } | Leaf::Unknown => Self::end(search, Found::Unknown, context, trail),
        }
    }

    /// The callers that can have led here, with the context in each.
    pub fn callers(&self, function: FunctionId, context: &Context) -> Vec<(Edge, Context)> {
        match context.up() {
            Some((edge, above)) => vec![(edge.clone(), above.clone())],
            None => self.unit.callers(function).iter().map(|edge| (edge.clone(), Context::default())).collect(),
        }
    }

    /// The number that argument `index` of the callee has among the arguments of the call.
    pub fn passed_as(edge: &Edge, index: usize) -> Option<usize> {
        match &edge.passing {
            Passing::Own => Some(index),
            Passing::Selected(arguments) => arguments.get(index).map(|argument| usize::from(*argument)),
        }
    }

    fn passed(&self, search: &mut Search, function: FunctionId, index: usize, context: &Context, trail: &Trail) {
        let callers = self.callers(function, context);
        if callers.is_empty() {
            return Self::end(search, Found::Argument(function, index), context, trail);
        }
        for (edge, above) in callers {
            let Some(index) = Self::passed_as(&edge, index) else { continue };
            if let Some((local, value)) = self.unit.argument(edge.from, edge.call, index) {
                let site = local.call(edge.call).map_or(0, |call| call.site);
                self.value(search, edge.from, value, &above, &trail.with(edge.from, site, StepKind::Passed));
            }
        }
    }

    fn given_back(&self, search: &mut Search, function: FunctionId, call: CallId, place: usize, context: &Context, trail: &Trail) {
        let edges = self.unit.callees(function, call);
        let internal: Vec<_> = edges.iter().filter(|edge| edge.passing == Passing::Own).collect();
        let library = self.unit.targets(function, call).iter().any(|target| matches!(target, Target::Library(_)));
        if internal.is_empty() || library {
            return Self::end(search, Found::Result(function, call), context, trail);
        }
        let site = self.unit.local(function).and_then(|local| local.call(call)).map_or(0, |call| call.site);
        for edge in internal {
            let (Some(inner), Some(callee)) = (context.down(edge), self.unit.local(edge.to)) else {
                Self::end(search, Found::Unknown, context, trail);
                continue;
            };
            for back in &callee.returns {
                if let Some(value) = back.values.get(place) {
                    self.value(search, edge.to, *value, &inner, &trail.with(function, site, StepKind::GivenBack));
                }
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    fn load(&self, search: &mut Search, function: FunctionId, at: Location, width: Width, state: Expr, context: &Context, trail: &Trail) {
        if !search.loads.insert((function, at, state, context.clone())) {
            return;
        }
        if search.left == 0 || !self.budget.step() {
            return Self::end(search, Found::Unknown, context, trail);
        }
        search.left -= 1;
        let Some(base) = at.base else { return self.global(search, at.offset, width, context, trail) };
        let Some(local) = self.unit.local(function) else { return };
        match local.leaf(state) {
            Some(Leaf::Called { call, before }) => {
                let (call, before) = (*call, before.clone());
                self.load_before_call(search, function, call, &before, at, width, context, trail);
            }
            Some(Leaf::Join { block, slot: Slot::State }) => {
                for (state, ..) in local.ways(*block, Slot::State) {
                    self.load(search, function, at, width, state, context, trail);
                }
            }
            Some(Leaf::Start) => self.load_at_start(search, function, at, base, width, context, trail),
            _ => Self::end(search, Found::Unknown, context, trail),
        }
    }

    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    fn load_before_call(
        &self,
        search: &mut Search,
        function: FunctionId,
        call: CallId,
        before: &Snapshot,
        at: Location,
        width: Width,
        context: &Context,
        trail: &Trail,
    ) {
        let Some(local) = self.unit.local(function) else { return };
        let Some(made) = local.call(call) else { return };
        let mut written = false;
        for index in 0..made.arguments.len() {
            let argument = made.arguments[index];
            let Address::At(start) = local.locate(argument, self.unit.program, self.unit.machine) else { continue };
            let by = at.offset.wrapping_sub(start.offset) & self.width().mask();
            if start.base != at.base || by > 4096 {
                continue;
            }
            if self.unit.model(function, call).is_some_and(|(_, model)| writes_argument(model, index as u8)) {
                // A word that the function stored beside what the callee fills stays as it is.
                if by > 0 && before.get(at).is_some() {
                    continue;
                }
                Self::end(search, Found::Written(function, call, at), context, &trail.with(function, made.site, StepKind::Moved));
                written = true;
            }
            for edge in self.unit.callees(function, call) {
                if edge.passing != Passing::Own || !self.unit.writes_through(edge.to, index) {
                    continue;
                }
                let (Some(inner), Some(callee)) = (context.down(edge), self.unit.local(edge.to)) else { continue };
                let Some(entry) = self.entry_of(edge.to, index) else { continue };
                let place = Location { base: Some(entry), offset: by };
                for back in &callee.returns {
                    written = true;
                    let trail = trail.with(function, made.site, StepKind::Stored);
                    match back.memory.get(place) {
                        Some((_, value)) => self.value(search, edge.to, value, &inner, &trail),
                        None => self.load(search, edge.to, place, width, back.memory.state, &inner, &trail),
                    }
                }
            }
        }
        if !written {
            match before.get(at) {
                Some((_, value)) => self.value(search, function, value, context, trail),
                None => self.load(search, function, at, width, before.state, context, trail),
            }
        }
    }

    /// The expression of argument register `index` at the entry of a function, if the function ever looks at it.
    pub fn entry_of(&self, function: FunctionId, index: usize) -> Option<Expr> {
        let var = *self.unit.machine.arguments.get(index)?;
        let local = self.unit.local(function)?;
        let leaf = local.leaves.iter().position(|leaf| *leaf == Leaf::Entry(var))?;
        local.exprs.leaf_expr(leaf as u32)
    }

    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    fn load_at_start(
        &self,
        search: &mut Search,
        function: FunctionId,
        at: Location,
        base: Expr,
        width: Width,
        context: &Context,
        trail: &Trail,
    ) {
        let Some(local) = self.unit.local(function) else { return };
        let entry = local.entry(base);
        if entry == Some(self.unit.machine.stack) {
            // Above the stack pointer stand the arguments that found no register.
            let offset = self.width().signed(at.offset);
            if offset >= 0 {
                let index = self.unit.machine.arguments.len() + (offset as u64 / self.width().bytes()) as usize;
                return self.passed(search, function, index, context, trail);
            }
            return Self::end(search, Found::Unknown, context, trail);
        }
        if let Some(index) = entry.and_then(|var| self.unit.argument_of(var)) {
            let callers = self.callers(function, context);
            if callers.is_empty() {
                let pointer = Box::new(Found::Argument(function, index));
                return Self::end(search, Found::Behind(pointer, at.offset, width.bytes() as u8), context, trail);
            }
            for (edge, above) in callers {
                let Some(passed) = Self::passed_as(&edge, index) else { continue };
                let Some((caller, value)) = self.unit.argument(edge.from, edge.call, passed) else { continue };
                let Some(call) = caller.call(edge.call) else { continue };
                let trail = trail.with(edge.from, call.site, StepKind::Passed);
                let Address::At(start) = caller.locate(value, self.unit.program, self.unit.machine) else {
                    Self::end(search, Found::Unknown, &above, &trail);
                    continue;
                };
                let place = Location { base: start.base, offset: start.offset.wrapping_add(at.offset) & self.width().mask() };
                match call.memory.get(place) {
                    Some((_, value)) => self.value(search, edge.from, value, &above, &trail),
                    None => self.load(search, edge.from, place, width, call.memory.state, &above, &trail),
                }
            }
            return;
        }
        self.behind(search, function, base, at.offset, width, context, trail);
    }

    /// What stands `offset` behind the pointer `base`: whatever was stored there through a pointer of the same origin.
    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    fn behind(&self, search: &mut Search, function: FunctionId, base: Expr, offset: u64, width: Width, context: &Context, trail: &Trail) {
        let objects = self.objects(function, base);
        let mut known = false;
        for object in &objects {
            match object {
                Found::Number(address) => {
                    self.global(search, address.wrapping_add(offset) & self.width().mask(), width, context, trail);
                    known = true;
                }
                Found::Unknown | Found::Operation(..) | Found::Element(..) => {}
                object => {
                    let stores = self.stores_to(object, offset);
                    known |= !stores.is_empty();
                    for (owner, index) in stores {
                        let Some(store) = self.unit.local(owner).and_then(|local| local.stores.get(index)) else { continue };
                        self.value(search, owner, store.value, &Context::default(), &trail.with(owner, store.site, StepKind::Stored));
                    }
                    Self::end(search, Found::Behind(Box::new(object.clone()), offset, width.bytes() as u8), context, trail);
                }
            }
        }
        if objects.is_empty() && !known {
            Self::end(search, Found::Unknown, context, trail);
        }
    }

    /// What a pointer can point to: the places that made it.
    pub fn objects(&self, function: FunctionId, base: Expr) -> Vec<Found> {
        if let Some(known) = self.pointers.borrow().get(&(function, base)) {
            return known.clone();
        }
        // A pointer that is asked for while it is being found out: nothing more is known of it than that.
        self.pointers.borrow_mut().insert((function, base), Vec::new());
        let mut objects: Vec<Found> = self.resolve(function, base, &Context::default()).into_iter().map(|(found, ..)| found).collect();
        objects.retain(|found| *found != Found::Number(0));
        self.pointers.borrow_mut().insert((function, base), objects.clone());
        objects
    }

    /// Stores of the program at `offset` behind pointers to `object`.
    pub fn stores_to(&self, object: &Found, offset: u64) -> Vec<(FunctionId, usize)> {
        let mut found = Vec::new();
        for (number, local) in self.unit.locals.iter().enumerate() {
            let function = FunctionId(number as u32);
            for (index, store) in local.stores.iter().enumerate() {
                let Address::At(Location { base: Some(base), offset: here }) = store.at else { continue };
                if here != offset || local.entry(base) == Some(self.unit.machine.stack) {
                    continue;
                }
                if self.budget.step() && self.objects(function, base).contains(object) {
                    found.push((function, index));
                }
            }
        }
        found
    }

    /// What stands at a fixed address: all that was ever stored there, and what it begins with.
    fn global(&self, search: &mut Search, address: u64, width: Width, context: &Context, trail: &Trail) {
        let program = self.unit.program;
        if !program.memory.holds(address) {
            return Self::end(search, Found::Unknown, context, trail);
        }
        if let Some(name) = program.imports.get(&address) {
            return Self::end(search, Found::Import(name.clone()), context, trail);
        }
        if let Some(number) = program.memory.number(address, width) {
            Self::end(search, Found::Number(number), context, trail);
        }
        if program.memory.constant(address) {
            return;
        }
        for (function, index) in self.unit.global_stores.get(&address).into_iter().flatten() {
            let Some(store) = self.unit.local(*function).and_then(|local| local.stores.get(*index)) else { continue };
            self.value(search, *function, store.value, &Context::default(), &trail.with(*function, store.site, StepKind::Stored));
        }
        self.global_written(search, address, width, trail);
    }

    /// Values that functions leave at a fixed address which they were given as an argument.
    fn global_written(&self, search: &mut Search, address: u64, width: Width, trail: &Trail) {
        for (number, call, index, start) in self.unit.global_arguments(address) {
            let Some(local) = self.unit.local(number) else { continue };
            let Some(made) = local.call(call) else { continue };
            if self.unit.model(number, call).is_some_and(|(_, model)| writes_argument(model, index as u8)) {
                let at = Location { base: None, offset: address };
                let trail = trail.with(number, made.site, StepKind::Moved);
                Self::end(search, Found::Written(number, call, at), &Context::default(), &trail);
            }
            for edge in self.unit.callees(number, call) {
                let Some(passed) = (0..8).find(|passed| Self::passed_as(edge, *passed) == Some(index)) else { continue };
                if !self.unit.writes_through(edge.to, passed) {
                    continue;
                }
                let (Some(inner), Some(callee)) = (Context::default().down(edge), self.unit.local(edge.to)) else { continue };
                let Some(entry) = self.entry_of(edge.to, passed) else { continue };
                let place = Location { base: Some(entry), offset: address - start };
                for store in callee.stores.iter().filter(|store| store.at == Address::At(place) && store.width == width) {
                    self.value(search, edge.to, store.value, &inner, &trail.with(edge.to, store.site, StepKind::Stored));
                }
            }
        }
    }
}
