//! What must be true to get to a place: comparisons of outside input with constants, checks, flags that others set.
//!
//! A decision that every way to a block has taken is a condition over expressions. It is turned into *atoms*: "this input contains that
//! word", "this number equals 7", "this signature holds". Where the condition is on a value that is only ever set to constants (a flag, a
//! return value), the question becomes what must be true where the fitting constant is set: so a word in a reply is found behind a flag
//! that another thread reads.

mod assemble;
mod beside;
mod conditions;
mod delays;
mod mixed;
mod pairs;
mod results;
mod rows;
mod sessions;
mod spelled;
mod values;

use std::{
    cell::{OnceCell, RefCell},
    collections::{HashMap, HashSet},
    rc::Rc,
};

use assay_core::facts::code::{CheckKind, Enforcement};

use super::{
    channel::Channels,
    commands::Commands,
    context::{Context, Trail},
    edges::Edge,
    letters::{Letters, Spellings},
    peers,
    resolve::Resolver,
    rows::Row,
    text::{Origin, Text},
};
use crate::{
    functions::{EdgeKind, FunctionId},
    models::{BROUGHT, Class, How},
    values::{Branch, Expr, Leaf},
};

/// How deep conditions are followed through flags and returned values.
const DEPTH: u32 = 8;
/// Atoms of one question.
const ATOMS: usize = 96;
/// Longest word by which a function is called back.
const WORD: usize = 128;
/// Callers that are looked at for one function.
const CALLERS: usize = 12;

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
    /// A text of nothing but these letters.
    Letters(Letters),
    /// Something is checked; by which key or secret, where that is known, and what becomes of it where it fails.
    Check(CheckKind, String, Enforcement),
}

/// A word of memory whose value is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word {
    /// What its address counts from; none for fixed addresses.
    pub base: Option<Expr>,
    /// Offset from it, or the address.
    pub offset: u64,
    /// How many bytes.
    pub bytes: u64,
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
    /// Where the bytes that are tested came by: function and instruction.
    pub came: Vec<(FunctionId, u64)>,
    /// The word of memory that is tested, where it is one.
    pub word: Option<Word>,
}

/// Where a question about a condition stands.
#[derive(Debug, Clone)]
struct Asked {
    function: FunctionId,
    /// The instruction that decides.
    site: u64,
    context: Context,
    /// Flags and returned values that may still be followed.
    depth: u32,
    /// The row of a table that is asked about.
    row: Option<Row>,
}

impl Asked {
    fn deeper(&self) -> Self {
        Self { depth: self.depth.saturating_sub(1), ..self.clone() }
    }

    /// The same question in another function, which has its own values.
    fn within(&self, function: FunctionId, context: Context) -> Self {
        Self { function, context, row: None, ..self.clone() }
    }

    /// The same question where `row` is meant, if one is.
    fn at_row(&self, row: Option<Row>) -> Self {
        Self { row: row.or(self.row), ..self.clone() }
    }
}

/// Puts questions about conditions.
pub struct Guards<'c, 'r, 'a> {
    /// Questions about channels, bytes and values.
    pub channels: &'c Channels<'r, 'a>,
    /// What commands mean.
    pub commands: Commands,
    verifiers: OnceCell<beside::Verifiers>,
    asked: RefCell<HashSet<(FunctionId, u32, bool, Option<Row>)>>,
    values: RefCell<HashSet<(FunctionId, Expr, u64, bool, Context, Option<Row>)>>,
    /// Decisions whose other ways in were looked at.
    correlated: RefCell<HashSet<(FunctionId, u32, Expr, bool, Context, Option<Row>)>>,
    answers: RefCell<HashMap<Question, Rc<Vec<Atom>>>>,
    spellings: Spellings,
}

/// A question whose answer is remembered: about this block, on the way of this context.
type Question = (FunctionId, u32, About, Context);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum About {
    /// What must be true to get there.
    Here,
    /// What makes it impossible.
    Prevented,
    /// What must be true within the function.
    Within,
    /// What must be true within the function to leave the block by this edge.
    Left(u32),
    /// What must be true where a condition, an expression of this number, is what is said.
    Holds(u32, bool),
}

impl<'c, 'r, 'a> Guards<'c, 'r, 'a> {
    /// With the questions of `channels`.
    pub fn new(channels: &'c Channels<'r, 'a>) -> Self {
        Self {
            channels,
            commands: Commands::default(),
            verifiers: OnceCell::new(),
            asked: RefCell::default(),
            values: RefCell::default(),
            correlated: RefCell::default(),
            answers: RefCell::default(),
            spellings: Spellings::default(),
        }
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
        self.answer(function, block, About::Here, context)
    }

    /// What makes the way to `block` impossible: the same decisions, taken the other way.
    pub fn prevented(&self, function: FunctionId, block: u32) -> Vec<Atom> {
        self.answer(function, block, About::Prevented, &Context::default())
    }

    /// What must be true to get to `block` within its function.
    pub fn within(&self, function: FunctionId, block: u32) -> Vec<Atom> {
        self.answer(function, block, About::Within, &Context::default())
    }

    /// What must be true within its function to leave `block` by `edge`, on the way by which `context` came.
    pub fn left(&self, function: FunctionId, block: u32, edge: u32, context: &Context) -> Vec<Atom> {
        self.answer(function, block, About::Left(edge), context)
    }

    /// What must be true where the condition `cond` is `truth`, on the way by which `context` came.
    pub fn holds(&self, function: FunctionId, cond: Expr, truth: bool, context: &Context) -> Vec<Atom> {
        self.answer(function, 0, About::Holds(cond.0, truth), context)
    }

    fn answer(&self, function: FunctionId, block: u32, about: About, context: &Context) -> Vec<Atom> {
        let question = (function, block, about, context.clone());
        if let Some(known) = self.answers.borrow().get(&question) {
            return known.to_vec();
        }
        let cuts = self.resolver().budget.cuts();
        self.asked.borrow_mut().clear();
        self.values.borrow_mut().clear();
        self.correlated.borrow_mut().clear();
        let mut atoms = Vec::new();
        let asked = Asked { function, site: 0, context: context.clone(), depth: DEPTH, row: None };
        match about {
            About::Here => self.at_block(&asked, block, true, &mut atoms),
            About::Prevented => self.at_block(&asked, block, false, &mut atoms),
            About::Within => self.own(&asked, block, true, &mut atoms),
            About::Left(edge) => {
                self.own(&asked, block, true, &mut atoms);
                self.edge(&asked, block, edge, true, &mut atoms);
            }
            About::Holds(cond, truth) => {
                let site = self.resolver().unit.code.function(function).map_or(0, |code| code.entry.address);
                self.condition(&Asked { site, ..asked }, Expr(cond), truth, &mut atoms);
            }
        }
        // Each way by which a decision is come by says it again.
        let mut once: Vec<Atom> = Vec::new();
        for atom in atoms {
            if !once.contains(&atom) {
                once.push(atom);
            }
        }
        let mut atoms = once;
        assemble::words(self.resolver().unit, &mut atoms);
        if about == About::Here {
            self.beside(function, block, context, &mut atoms);
        }
        // An answer that was cut is never remembered as if it were whole.
        if self.resolver().budget.cuts() == cuts {
            self.answers.borrow_mut().insert(question, Rc::new(atoms.clone()));
        }
        atoms
    }

    fn at_block(&self, asked: &Asked, block: u32, holds: bool, atoms: &mut Vec<Atom>) {
        let key = (asked.function, block, holds, asked.row);
        if asked.depth == 0 || atoms.len() >= ATOMS || !self.asked.borrow_mut().insert(key) {
            return;
        }
        self.own(asked, block, holds, atoms);
        for (edge, above) in self.resolver().callers(asked.function, &asked.context).into_iter().take(CALLERS) {
            if edge.thread {
                continue;
            }
            if let Some(call) = self.resolver().unit.local(edge.from).and_then(|local| local.call(edge.call)) {
                atoms.extend(self.said(&edge, call.site, &above, holds));
                let there = Asked { site: call.site, ..asked.within(edge.from, above).deeper() };
                for row in self.rows_at_call(asked, &there, &edge, holds, atoms) {
                    self.at_block(&there.at_row(row), call.block, holds, atoms);
                }
            }
        }
    }

    /// The word by which the other side calls a function that a library calls back.
    fn said(&self, edge: &Edge, site: u64, above: &Context, holds: bool) -> Option<Atom> {
        let word = self.resolver().unit.program.memory.text(edge.said?, WORD)?;
        Some(Atom {
            function: edge.from,
            site,
            origins: vec![self.resolver().brought(edge.from, edge.call, BROUGHT, above)],
            test: Test::Text { how: How::Equals, with: Text::literal(word, &Trail::default()) },
            fits: holds,
            // Nothing else is looked at through it: the word is not the rest of the message.
            seen: vec![(edge.from, u64::MAX)],
            by: Vec::new(),
            came: Vec::new(),
            word: None,
        })
    }

    /// The decisions within the function.
    fn own(&self, asked: &Asked, block: u32, holds: bool, atoms: &mut Vec<Atom>) {
        let Some(local) = self.resolver().unit.local(asked.function) else { return };
        // What can be held up can also be held up by a loop that waits.
        let mut decisions = if holds { local.shape.decisions(block) } else { local.shape.delays(block) };
        // By which way a row was chosen was asked when it was chosen.
        if let Some(start) = asked.row.and_then(|row| self.chosen_at(local, row)).filter(|start| local.shape.dominates(*start, block)) {
            decisions.retain(|(from, _)| local.shape.dominates(start, *from));
        }
        self.taken(asked, block, &decisions, holds, atoms);
        if holds {
            self.spelled(asked, (block, None), atoms);
        } else {
            self.held_up(asked, block, atoms);
        }
    }

    /// These decisions, on which `block` depends, are taken (or not).
    fn taken(&self, asked: &Asked, block: u32, decisions: &[(u32, u32)], holds: bool, atoms: &mut Vec<Atom>) {
        // Where both outcomes of a check lead on, it keeps nobody out.
        let (before, mut other_address) = (atoms.len(), false);
        let mut ways: HashMap<u32, HashSet<u32>> = HashMap::new();
        for (from, edge) in decisions {
            ways.entry(*from).or_default().insert(*edge);
        }
        for (from, edge) in decisions {
            if !self.resolver().budget.step() {
                return;
            }
            let known = atoms.len();
            let both = holds && ways.get(from).is_some_and(|ways| ways.len() > 1);
            let before = both.then(|| (self.values.borrow().clone(), self.correlated.borrow().clone()));
            self.edge(asked, *from, *edge, holds, atoms);
            for atom in atoms.iter_mut().skip(known) {
                if let Some(test) = peers::of_peer(self.resolver().unit, atom) {
                    atom.test = test;
                }
            }
            let checks = || atoms.iter().skip(known).any(|atom| is_check(atom) || is_address(atom));
            if let Some((values, correlated)) = before
                && checks()
                && let sides = self.sides_of(asked.function, *from, block)
                && sides != [*edge]
            {
                let mut own = atoms.split_off(known);
                other_address |= sides.contains(edge) && own.iter().any(is_address);
                // What is left out here holds where another decision depends on it: that one has to be able to ask again.
                if own.iter().any(is_check) {
                    self.values.replace(values);
                    self.correlated.replace(correlated);
                }
                own.retain(|atom| !is_check(atom));
                atoms.append(&mut own);
            }
        }
        // One address or another one: neither must be it.
        if other_address {
            let mut own = atoms.split_off(before);
            own.retain(|atom| !is_address(atom));
            atoms.append(&mut own);
        }
    }

    /// The edges of `from` by which `block` is come to within one pass through each loop: where a search has not found what it looks for it
    /// goes on, and what it found then it found in another round.
    fn sides_of(&self, function: FunctionId, from: u32, block: u32) -> Vec<u32> {
        let unit = self.resolver().unit;
        let Some((local, code)) = unit.local(function).zip(unit.code.function(function)) else { return Vec::new() };
        let edges = code.blocks.get(from as usize).map(|block| block.edges.as_slice()).unwrap_or_default();
        let leads = |to: u32| !local.shape.retreats(from, to) && local.shape.leads_to(to, block);
        (0..).zip(edges).filter(|(_, edge)| leads(edge.to)).map(|(index, _)| index).collect()
    }

    /// The edge number `edge` of block `from` is taken (or not).
    fn edge(&self, asked: &Asked, from: u32, edge: u32, holds: bool, atoms: &mut Vec<Atom>) {
        let unit = self.resolver().unit;
        let Some(local) = unit.local(asked.function) else { return };
        let Some((site, branch)) = local.branches.get(&from).copied() else { return };
        let code = unit.code.function(asked.function);
        let kind = code.and_then(|code| code.blocks.get(from as usize)?.edges.get(edge as usize)).map(|edge| edge.kind);
        let asked = Asked { site, ..asked.clone() };
        match (branch, kind) {
            // Of a row it may be known how a decision falls: then nobody has a part in it.
            (Branch::If(cond), _) if asked.row.is_some_and(|row| unit.number_at(local, cond, row).is_some()) => {}
            (Branch::If(cond), Some(kind)) => {
                let truth = (kind != EdgeKind::Next) == holds;
                self.condition(&asked, cond, truth, atoms);
                if holds {
                    self.correlated(&asked, from, cond, truth, atoms);
                }
            }
            (Branch::Switch(target), Some(EdgeKind::Case(number))) => {
                let mut leaves = Vec::new();
                local.exprs.leaves(target, &mut leaves);
                for leaf in leaves.into_iter().take(2) {
                    if let Some(expr) = local.exprs.leaf_expr(leaf) {
                        self.table_index(&asked, expr, number, holds, atoms);
                    }
                }
            }
            _ => {}
        }
    }

    /// Some ways to a decision decide it: behind a search, `i < N` is false where the search came to its end without success. Then one of
    /// the other ways was taken.
    fn correlated(&self, asked: &Asked, block: u32, cond: Expr, truth: bool, atoms: &mut Vec<Atom>) {
        let unit = self.resolver().unit;
        let (Some(local), Some(code)) = (unit.local(asked.function), unit.code.function(asked.function)) else { return };
        let before = local.shape.before.get(block as usize).map(Vec::as_slice).unwrap_or_default();
        let contradicts = |(from, edge): &(u32, u32)| {
            let kind = code.blocks.get(*from as usize).and_then(|code| code.edges.get(*edge as usize)).map(|edge| edge.kind);
            match (local.branches.get(from), kind) {
                (Some((_, Branch::If(other))), Some(kind)) => conditions::contradict(local, *other, kind != EdgeKind::Next, cond, truth),
                _ => false,
            }
        };
        let (out, left): (Vec<(u32, u32)>, Vec<(u32, u32)>) = before.iter().copied().partition(contradicts);
        let question = (asked.function, block, cond, truth, asked.context.clone(), asked.row);
        if out.is_empty() || asked.depth == 0 || !self.resolver().budget.step() || !self.correlated.borrow_mut().insert(question) {
            return;
        }
        let mut decisions: Vec<(u32, u32)> = Vec::new();
        for (from, edge) in left {
            for decision in local.shape.decisions(from).into_iter().chain([(from, edge)]) {
                if !decisions.contains(&decision) {
                    decisions.push(decision);
                }
            }
        }
        self.taken(&asked.deeper(), block, &decisions, true, atoms);
    }

    /// The index of a jump table: the element of the table is the leaf, its address holds the index.
    fn table_index(&self, asked: &Asked, expr: Expr, number: u32, holds: bool, atoms: &mut Vec<Atom>) {
        let Some(local) = self.resolver().unit.local(asked.function) else { return };
        let mut index = expr;
        match local.leaf(expr) {
            Some(Leaf::Element { address, .. }) => {
                let mut leaves = Vec::new();
                local.exprs.leaves(*address, &mut leaves);
                match leaves.first().and_then(|leaf| local.exprs.leaf_expr(*leaf)) {
                    Some(inner) => index = inner,
                    None => return,
                }
            }
            // One byte an element, and where the program stands is known: what the address counts from is the index.
            Some(Leaf::Memory { at, .. }) if self.resolver().unit.program.memory.holds(at.offset) => index = at.base.unwrap_or(expr),
            _ => {}
        }
        self.value(asked, index, u64::from(number), holds, atoms);
    }
}

/// Is it a check of who asks: not a comparison with a constant, but with what somebody knows or has?
fn is_check(atom: &Atom) -> bool {
    match &atom.test {
        Test::Check(..) => true,
        Test::Text { with, .. } => with.known().is_none(),
        _ => false,
    }
}

/// Is it a check of the other side's address?
fn is_address(atom: &Atom) -> bool {
    matches!(atom.test, Test::Check(CheckKind::PeerAddress, ..))
}
