//! What must be true to get to a place: comparisons of outside input with constants, checks, flags that others set.
//!
//! A decision that every way to a block has taken is a condition over expressions. It is turned into *atoms*: "this input contains that
//! word", "this number equals 7", "this signature holds". Where the condition is on a value that is only ever set to constants (a flag, a
//! return value), the question becomes what must be true where the fitting constant is set: so a word in a reply is found behind a flag
//! that another thread reads.

use std::{cell::RefCell, collections::HashSet};

use assay_core::facts::code::{ActuatorKind, CheckKind};

use super::{
    channel::Channels,
    commands::{Commands, Quoting},
    context::{Context, Trail},
    objects::{Object, Pointee},
    resolve::{Found, Resolver},
    text::{Origin, Piece, Text},
    unit::Passing,
};
use crate::{
    functions::{EdgeKind, FunctionId},
    ir::{Binary, Unary, Width},
    models::{Class, Gives, How, Outcome},
    values::{Branch, CallId, Expr, Leaf, Local, Location, Node},
};

/// How deep conditions are followed through flags and returned values.
const DEPTH: u32 = 8;
/// Atoms of one question.
const ATOMS: usize = 96;

/// What an atom compares.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// Text with text.
    Text {
        /// How.
        how: How,
        /// The constant, or what it is compared with.
        with: Text,
    },
    /// A number, equal.
    Equal(i64),
    /// A byte at a place that moves through a text, or the end of a text: what it is tells where the text is cut, not what is in it.
    Walked(i64),
    /// A number, below.
    Below(i64),
    /// A number, above.
    Above(i64),
    /// A character, of a class.
    Class(Class),
    /// Something is checked; by which key or secret, where that is known.
    Check(CheckKind, String),
}

/// A condition that is part of what must be true.
#[derive(Debug, Clone, PartialEq)]
pub struct Atom {
    /// Where it is tested.
    pub function: FunctionId,
    /// The instruction that decides or compares.
    pub site: u64,
    /// What is tested: where it came from.
    pub origins: Vec<Origin>,
    /// Against what.
    pub test: Test,
    /// It must fit (or not).
    pub fits: bool,
    /// The pointers to the bytes that are tested, where they are a text.
    pub seen: Vec<(FunctionId, u64)>,
    /// Flags and returned values between the test and the decision: instructions that set them.
    pub by: Vec<(FunctionId, u64)>,
}

/// Puts questions about conditions.
pub struct Guards<'c, 'r, 'a> {
    /// Questions about channels, bytes and values.
    pub channels: &'c Channels<'r, 'a>,
    /// What commands mean.
    pub commands: Commands,
    asked: RefCell<HashSet<(FunctionId, u32, bool)>>,
    values: RefCell<HashSet<(FunctionId, Expr, u64, bool, Context)>>,
}

impl<'c, 'r, 'a> Guards<'c, 'r, 'a> {
    /// With the questions of `channels`.
    pub fn new(channels: &'c Channels<'r, 'a>) -> Self {
        Self { channels, commands: Commands::default(), asked: RefCell::default(), values: RefCell::default() }
    }

    fn resolver(&self) -> &'r Resolver<'a> {
        self.channels.contents.resolver
    }

    /// What must be true to get to `block`, also in the callers on the way there.
    pub fn here(&self, function: FunctionId, block: u32) -> Vec<Atom> {
        self.here_from(function, block, &Context::default())
    }

    /// The same on the way by which `context` came.
    pub fn here_from(&self, function: FunctionId, block: u32, context: &Context) -> Vec<Atom> {
        self.asked.borrow_mut().clear();
        self.values.borrow_mut().clear();
        let mut atoms = Vec::new();
        self.at_block(function, block, context, DEPTH, true, &mut atoms);
        atoms
    }

    /// What makes the way to `block` impossible: the same decisions, taken the other way.
    pub fn prevented(&self, function: FunctionId, block: u32) -> Vec<Atom> {
        self.asked.borrow_mut().clear();
        self.values.borrow_mut().clear();
        let mut atoms = Vec::new();
        self.at_block(function, block, &Context::default(), DEPTH, false, &mut atoms);
        atoms
    }

    /// What must be true to get to `block` within its function.
    pub fn within(&self, function: FunctionId, block: u32) -> Vec<Atom> {
        self.asked.borrow_mut().clear();
        self.values.borrow_mut().clear();
        let mut atoms = Vec::new();
        self.own(function, block, &Context::default(), DEPTH, true, &mut atoms);
        atoms
    }

    fn at_block(&self, function: FunctionId, block: u32, context: &Context, depth: u32, holds: bool, atoms: &mut Vec<Atom>) {
        if depth == 0 || atoms.len() >= ATOMS || !self.asked.borrow_mut().insert((function, block, holds)) {
            return;
        }
        self.own(function, block, context, depth, holds, atoms);
        for (edge, above) in self.resolver().callers(function, context).into_iter().take(12) {
            if edge.thread {
                continue;
            }
            if let Some(call) = self.resolver().unit.local(edge.from).and_then(|local| local.call(edge.call)) {
                let block = call.block;
                self.at_block(edge.from, block, &above, depth - 1, holds, atoms);
            }
        }
    }

    /// The decisions within the function.
    fn own(&self, function: FunctionId, block: u32, context: &Context, depth: u32, holds: bool, atoms: &mut Vec<Atom>) {
        let Some(local) = self.resolver().unit.local(function) else { return };
        for (from, edge) in local.shape.decisions(block) {
            self.edge(function, from, edge, context, depth, holds, atoms);
        }
    }

    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    fn edge(&self, function: FunctionId, from: u32, edge: u32, context: &Context, depth: u32, holds: bool, atoms: &mut Vec<Atom>) {
        let unit = self.resolver().unit;
        let Some(local) = unit.local(function) else { return };
        let Some((site, branch)) = local.branches.get(&from).copied() else { return };
        let kind =
            unit.code.function(function).and_then(|code| code.blocks.get(from as usize)?.edges.get(edge as usize)).map(|edge| edge.kind);
        match (branch, kind) {
            (Branch::If(cond), Some(kind)) => {
                let truth = (kind != EdgeKind::Next) == holds;
                self.condition(function, cond, truth, site, context, depth, atoms);
            }
            (Branch::Switch(target), Some(EdgeKind::Case(number))) => {
                let mut leaves = Vec::new();
                local.exprs.leaves(target, &mut leaves);
                for leaf in leaves.into_iter().take(2) {
                    if let Some(expr) = local.exprs.leaf_expr(leaf) {
                        self.table_index(function, expr, number, site, holds, context, depth, atoms);
                    }
                }
            }
            _ => {}
        }
    }

    /// The index of a jump table: the element of the table is the leaf, its address holds the index.
    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    fn table_index(
        &self,
        function: FunctionId,
        expr: Expr,
        number: u32,
        site: u64,
        holds: bool,
        context: &Context,
        depth: u32,
        atoms: &mut Vec<Atom>,
    ) {
        let Some(local) = self.resolver().unit.local(function) else { return };
        let mut index = expr;
        if let Some(Leaf::Element { address, .. }) = local.leaf(expr) {
            let mut leaves = Vec::new();
            local.exprs.leaves(*address, &mut leaves);
            match leaves.first().and_then(|leaf| local.exprs.leaf_expr(*leaf)) {
                Some(inner) => index = inner,
                None => return,
            }
        }
        self.value(function, index, u64::from(number), holds, site, context, depth, atoms);
    }

    /// `cond` is `truth`.
    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    fn condition(&self, function: FunctionId, cond: Expr, truth: bool, site: u64, context: &Context, depth: u32, atoms: &mut Vec<Atom>) {
        let Some(local) = self.resolver().unit.local(function) else { return };
        if depth == 0 || atoms.len() >= ATOMS || !self.resolver().budget.step() {
            return;
        }
        let Node::Binary(op, width, a, b) = local.exprs.node(cond) else {
            return self.value(function, cond, 0, !truth, site, context, depth, atoms);
        };
        let (left, right) = (local.exprs.value(a), local.exprs.value(b));
        match (op, left, right) {
            (Binary::And | Binary::Or, _, _) if local.exprs.is_condition(a) && local.exprs.is_condition(b) => {
                self.condition(function, a, truth, site, context, depth - 1, atoms);
                self.condition(function, b, truth, site, context, depth - 1, atoms);
            }
            (Binary::Eq | Binary::Ne, _, Some(number)) => {
                self.value(function, a, number, (op == Binary::Eq) == truth, site, context, depth, atoms);
            }
            (Binary::Eq | Binary::Ne, None, None) => {
                for (one, other) in [(a, b), (b, a)] {
                    if let Some([number]) = self.resolver().numbers(function, other, context).as_deref() {
                        return self.value(function, one, *number, (op == Binary::Eq) == truth, site, context, depth, atoms);
                    }
                }
            }
            (Binary::LtS | Binary::LtU | Binary::LeS | Binary::LeU, None, Some(number)) => {
                let number = width.signed(number);
                // x <= n is x < n + 1.
                let limit = if matches!(op, Binary::LeS | Binary::LeU) { number.saturating_add(1) } else { number };
                // A negative result of a comparison or of a check is one of its outcomes.
                if limit == 0 || limit == 1 {
                    self.outcome(function, a, limit, truth, site, context, depth, atoms);
                }
                self.bound(function, a, Test::Below(limit), truth, site, context, atoms);
            }
            (Binary::LtS | Binary::LtU | Binary::LeS | Binary::LeU, Some(number), None) => {
                let number = width.signed(number);
                let limit = if matches!(op, Binary::LeS | Binary::LeU) { number.saturating_sub(1) } else { number };
                if limit == 0 || limit == -1 {
                    self.outcome(function, b, limit + 1, !truth, site, context, depth, atoms);
                }
                self.bound(function, b, Test::Above(limit), truth, site, context, atoms);
            }
            _ => {}
        }
    }

    /// `value` is below `limit` (0 or 1), or not: for results of checks, where that is an outcome.
    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    fn outcome(
        &self,
        function: FunctionId,
        value: Expr,
        limit: i64,
        below: bool,
        site: u64,
        context: &Context,
        depth: u32,
        atoms: &mut Vec<Atom>,
    ) {
        // Below 0 or below 1: an error, or nothing achieved.
        let fails = below && limit <= 1;
        for (found, above, _) in self.resolver().resolve(function, value, context) {
            if let Found::Result(owner, call) = found
                && self.resolver().unit.model(owner, call).is_some_and(|(_, model)| model.checks.is_some())
            {
                self.result(owner, call, 0, fails, site, &above, depth, atoms);
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    fn bound(&self, function: FunctionId, value: Expr, test: Test, fits: bool, site: u64, context: &Context, atoms: &mut Vec<Atom>) {
        let origin = self.channels.contents.value_origin(function, value, context);
        let test = match (&test, self.resolver().unit.local(function)) {
            (Test::Below(limit) | Test::Above(limit), Some(local)) if moves(local, value) => Test::Walked(*limit),
            _ => test,
        };
        if origin != Origin::Unknown {
            atoms.push(Atom { function, site, origins: flat(origin), test, fits, seen: Vec::new(), by: Vec::new() });
        }
    }

    /// `value` is `number`, or is not.
    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    fn value(
        &self,
        function: FunctionId,
        value: Expr,
        number: u64,
        equal: bool,
        site: u64,
        context: &Context,
        depth: u32,
        atoms: &mut Vec<Atom>,
    ) {
        let resolver = self.resolver();
        let unit = resolver.unit;
        let Some(local) = unit.local(function).filter(|_| depth > 0 && atoms.len() < ATOMS && resolver.budget.step()) else { return };
        if !self.values.borrow_mut().insert((function, value, number, equal, context.clone())) {
            return;
        }
        match local.exprs.node(value) {
            Node::Const(_) => {}
            Node::Select(cond, yes, no) => {
                for (way, truth) in [(yes, true), (no, false)] {
                    match local.exprs.value(way) {
                        Some(constant) if (constant == number) == equal => {
                            self.condition(function, cond, truth, site, context, depth - 1, atoms);
                        }
                        Some(_) => {}
                        None => self.value(function, way, number, equal, site, context, depth - 1, atoms),
                    }
                }
            }
            Node::Unary(Unary::ZeroExtend(_) | Unary::SignExtend(_), _, inner) => {
                self.value(function, inner, number, equal, site, context, depth, atoms);
            }
            Node::Binary(Binary::And, _, inner, mask) if local.exprs.value(mask).is_some_and(|mask| (mask + 1).is_power_of_two()) => {
                self.value(function, inner, number, equal, site, context, depth, atoms);
            }
            Node::Unary(..) | Node::Binary(..) if local.exprs.is_condition(value) && number <= 1 => {
                self.condition(function, value, (number == 1) == equal, site, context, depth - 1, atoms);
            }
            Node::Unary(..) | Node::Binary(..) => {
                self.bound(function, value, Test::Equal(i64::from(number as i32)), equal, site, context, atoms);
            }
            Node::Leaf(_) => match local.leaf(value) {
                Some(Leaf::Join { block, slot }) => {
                    for (way, from, edge) in local.ways(*block, *slot) {
                        match local.exprs.value(way) {
                            Some(constant) if (constant == number) == equal => {
                                self.own(function, from, context, depth - 1, true, atoms);
                                self.edge(function, from, edge, context, depth - 1, true, atoms);
                            }
                            Some(_) => {}
                            None => self.value(function, way, number, equal, site, context, depth - 1, atoms),
                        }
                    }
                }
                Some(Leaf::Result(call, _)) => self.result(function, *call, number, equal, site, context, depth, atoms),
                Some(Leaf::Memory { at, .. }) => {
                    if !self.flag(function, *at, number, equal, depth, atoms) {
                        self.loaded(function, value, number, equal, site, context, depth, atoms);
                    }
                }
                Some(Leaf::Entry(var)) => {
                    let Some(index) = unit.argument_of(*var) else { return };
                    for (edge, above) in resolver.callers(function, context).into_iter().take(12) {
                        let passed = edge.passed_as(index).and_then(|passed| unit.argument(edge.from, edge.call, passed));
                        let Some((caller, passed)) = passed else { continue };
                        match (caller.exprs.value(passed), caller.call(edge.call)) {
                            (Some(constant), Some(call)) if (constant == number) == equal => {
                                let block = call.block;
                                self.own(edge.from, block, &above, depth - 1, true, atoms);
                            }
                            (Some(_), _) => {}
                            (None, _) => self.value(edge.from, passed, number, equal, site, &above, depth - 1, atoms),
                        }
                    }
                }
                _ => self.bound(function, value, equality(local, value, number), equal, site, context, atoms),
            },
        }
    }

    /// A word of memory that is no flag: what it was loaded from.
    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    fn loaded(
        &self,
        function: FunctionId,
        value: Expr,
        number: u64,
        equal: bool,
        site: u64,
        context: &Context,
        depth: u32,
        atoms: &mut Vec<Atom>,
    ) {
        let mut plain = false;
        for (found, above, _) in self.resolver().resolve(function, value, context) {
            match found {
                Found::Result(owner, call) => self.result(owner, call, number, equal, site, &above, depth - 1, atoms),
                Found::Operation(owner, expr) => self.value(owner, expr, number, equal, site, &above, depth - 1, atoms),
                Found::Number(_) | Found::Unknown => {}
                _ => plain = true,
            }
        }
        if plain && let Some(local) = self.resolver().unit.local(function) {
            self.bound(function, value, equality(local, value, number), equal, site, context, atoms);
        }
    }

    /// A variable that is set to constants: what is true where a fitting one is set. False where nobody sets it to a constant.
    fn flag(&self, function: FunctionId, at: Location, number: u64, equal: bool, depth: u32, atoms: &mut Vec<Atom>) -> bool {
        let unit = self.resolver().unit;
        let stores = match at.base {
            None => unit.global_stores.get(&at.offset).cloned().unwrap_or_default(),
            Some(base) => {
                let objects = &self.resolver().objects;
                let mut stores = Vec::new();
                for pointee in objects.pointees(function, base) {
                    let offset = pointee.offset.wrapping_add(at.offset) & self.resolver().width().mask();
                    if pointee.object == Object::Fixed {
                        stores.extend(unit.global_stores.get(&offset).into_iter().flatten().copied());
                    }
                    stores.extend_from_slice(objects.stores(Pointee { object: pointee.object, offset }));
                }
                stores
            }
        };
        let mut is_flag = false;
        for (owner, index) in stores {
            let Some(local) = unit.local(owner) else { continue };
            let Some(store) = local.stores.get(index).copied() else { continue };
            let known = atoms.len();
            if let Some(constant) = local.exprs.value(store.value) {
                is_flag = true;
                if (constant == number) == equal {
                    self.at_block(owner, store.block, &Context::default(), depth - 1, true, atoms);
                    if let Some(cond) = store.cond {
                        self.condition(owner, cond, true, store.site, &Context::default(), depth - 1, atoms);
                    }
                }
            } else {
                is_flag = true;
                self.value(owner, store.value, number, equal, store.site, &Context::default(), depth - 1, atoms);
            }
            for atom in atoms.iter_mut().skip(known) {
                atom.by.push((owner, store.site));
            }
        }
        is_flag
    }

    /// The result of a call is `number`, or is not.
    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    fn result(
        &self,
        function: FunctionId,
        id: CallId,
        number: u64,
        equal: bool,
        site: u64,
        context: &Context,
        depth: u32,
        atoms: &mut Vec<Atom>,
    ) {
        let unit = self.resolver().unit;
        let Some(call) = unit.local(function).and_then(|local| local.call(id)) else { return };
        let contents = &self.channels.contents;
        let Some((_, model)) = unit.model(function, id) else {
            for edge in unit.callees(function, id).iter().filter(|edge| edge.passing == Passing::Own) {
                let (Some(inner), Some(callee)) = (context.down(edge), unit.local(edge.to)) else { continue };
                for back in &callee.returns {
                    let Some(value) = back.values.first().copied() else { continue };
                    match callee.exprs.value(value) {
                        Some(constant) if (constant == number) == equal => {
                            self.own(edge.to, back.block, &inner, depth.saturating_sub(1), true, atoms);
                        }
                        Some(_) => {}
                        None => self.value(edge.to, value, number, equal, site, &inner, depth.saturating_sub(1), atoms),
                    }
                }
            }
            return;
        };
        let push = |atoms: &mut Vec<Atom>, origins: Vec<Origin>, test: Test, fits: bool| {
            atoms.push(Atom { function, site: call.site, origins, test, fits, seen: Vec::new(), by: Vec::new() });
        };
        if let Some(compares) = model.compares {
            let fits = match compares.fits {
                Outcome::Zero => (number == 0) == equal,
                _ => (number == 0) != equal,
            };
            let sides = [compares.a, compares.b].map(|index| contents.argument(function, call, usize::from(index), context));
            let tested =
                |texts: &[Text]| -> Vec<Origin> { texts.iter().flat_map(Text::origins).map(|(origin, _)| origin.clone()).collect() };
            if matches!(compares.how, How::Character) {
                let with = unit.argument(function, id, usize::from(compares.b)).and_then(|(local, value)| local.exprs.value(value));
                if let Some(with) = with {
                    let with = Text { pieces: vec![Piece::Text(vec![with as u8])], trail: Trail::default() };
                    push(atoms, tested(&sides[0]), Test::Text { how: compares.how, with }, fits);
                    through(atoms, &sides[0]);
                }
                return;
            }
            // Either side may be the constant.
            for (one, other) in [(0, 1), (1, 0)] {
                let origins = tested(&sides[one]);
                for with in &sides[other] {
                    if with.known().is_some() && !origins.is_empty() {
                        push(atoms, origins.clone(), Test::Text { how: compares.how, with: with.clone() }, fits);
                        through(atoms, &sides[one]);
                    }
                }
            }
            // Two texts that are both not known: a password from a file, perhaps.
            let (left, right) = (tested(&sides[0]), tested(&sides[1]));
            if !left.is_empty() && !right.is_empty() {
                push(atoms, left, Test::Text { how: compares.how, with: sides[1][0].clone() }, fits);
                through(atoms, &sides[0]);
            }
            return;
        }
        if let Some(checks) = model.checks {
            let holds = match checks.holds {
                Outcome::Zero => (number == 0) == equal,
                Outcome::One => (number == 1 && equal) || (number == 0 && !equal),
                Outcome::NonZero => (number == 0) != equal,
                Outcome::NotNegative => (number >> 31) & 1 == 0 || !equal,
            };
            let origins = checks.what.map(|index| contents.argument(function, call, usize::from(index), context));
            let origins = origins.iter().flatten().flat_map(Text::origins).map(|(origin, _)| origin.clone()).collect();
            let by = checks.by.map(|index| contents.argument(function, call, usize::from(index), context));
            let by = by.iter().flatten().next().map(Text::show).unwrap_or_default();
            return push(atoms, origins, Test::Check(checks.kind, by), holds);
        }
        if model.acts.is_some_and(|acts| acts.kind == ActuatorKind::Command) {
            // A command that succeeds only where a check of its own holds.
            let texts =
                model.acts.and_then(|acts| acts.argument).map(|index| contents.argument(function, call, usize::from(index), context));
            for text in texts.iter().flatten() {
                for check in &self.commands.read(&[text], Quoting::Shell).checks {
                    let origins = text.origins().map(|(origin, _)| origin.clone()).collect();
                    push(atoms, origins, Test::Check(check.kind, check.detail.clone()), (number == 0) == equal);
                }
            }
            return;
        }
        if let Some(tests) = model.tests {
            let origin =
                unit.argument(function, id, usize::from(tests.value)).map(|(_, value)| contents.value_origin(function, value, context));
            return push(atoms, origin.map(flat).unwrap_or_default(), Test::Class(tests.class), (number == 0) != equal);
        }
        let origins = match model.gives {
            Some(Gives::Number(index) | Gives::Length(index)) => {
                let texts = contents.argument(function, call, usize::from(index), context);
                texts.iter().flat_map(Text::origins).map(|(origin, _)| origin.clone()).collect()
            }
            Some(Gives::Swapped(index)) => {
                let origin =
                    unit.argument(function, id, usize::from(index)).map(|(_, value)| contents.value_origin(function, value, context));
                origin.map(flat).unwrap_or_default()
            }
            _ if model.reads.is_some_and(|reads| reads.to.is_none()) => vec![Origin::Call(function, id, 255)],
            Some(Gives::Clock) => vec![Origin::Call(function, id, 255)],
            _ => Vec::new(),
        };
        if !origins.is_empty() {
            push(atoms, origins, Test::Equal(i64::from(number as i32)), equal);
        }
    }
}

/// The test whether a value is a number. A byte that ends a text is no word.
fn equality(local: &Local, value: Expr, number: u64) -> Test {
    let ends = number == 0 && matches!(local.leaf(value), Some(Leaf::Memory { width: Width::W8, .. }));
    let number = i64::from(number as i32);
    if ends || moves(local, value) { Test::Walked(number) } else { Test::Equal(number) }
}

/// Is it a byte whose place moves from round to round?
fn moves(local: &Local, value: Expr) -> bool {
    let runs = |address: Expr| match local.leaf(address) {
        Some(Leaf::Join { block, slot }) => local.ways(*block, *slot).any(|(way, ..)| {
            let (base, by) = local.exprs.base_and_offset(way, Width::W32);
            base == Some(address) && by != 0
        }),
        _ => false,
    };
    match local.exprs.node(value) {
        Node::Unary(Unary::ZeroExtend(_) | Unary::SignExtend(_), _, inner) => moves(local, inner),
        Node::Binary(Binary::Add | Binary::Sub, _, inner, by) if local.exprs.value(by).is_some() => moves(local, inner),
        Node::Leaf(_) => match local.leaf(value) {
            Some(Leaf::Element { width: Width::W8, .. }) => true,
            Some(Leaf::Memory { at, width: Width::W8, .. }) => at.base.is_some_and(runs),
            _ => false,
        },
        _ => false,
    }
}

/// Notes at the newest atom through which pointers the tested texts were seen.
fn through(atoms: &mut [Atom], texts: &[Text]) {
    if let Some(atom) = atoms.last_mut() {
        atom.seen = texts.iter().flat_map(|text| text.trail.outermost()).collect();
    }
}

fn flat(origin: Origin) -> Vec<Origin> {
    match origin {
        Origin::Made(origins) => origins.into_iter().flat_map(flat).collect(),
        Origin::Unknown => Vec::new(),
        origin => vec![origin],
    }
}
