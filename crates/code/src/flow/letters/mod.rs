//! Which letters a text consists of where a loop has gone through it and let it pass.
//!
//! ```text
//! for (i = 0; name[i]; i++)
//!     if (!isalnum(name[i]) && name[i] != '.')
//!         return 0;
//! ```
//!
//! How such a check is written, and what a compiler makes of it, differs without end: ranges, tables, masks of bits, switches, calls, a flag
//! that is looked at when all is done. What it does is found by doing it: a round is run for each byte that can stand there ([`run`]), and
//! the bytes with which it comes to the next round, or to the end, are those that pass. A text of which the rest is not looked at any more
//! once a certain byte was found says nothing; nor does a loop that there is a way around.
//!
//! What is kept from round to round (a flag that something was wrong) are joins with numbers in them: the loop is a small automaton over
//! these, and a byte passes only where the automaton still can come to a good end.

mod classes;
mod run;
mod set;
mod walk;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    rc::Rc,
};

use self::{
    run::{Known, Place, Run},
    walk::Walk,
};
use super::unit::Unit;
use crate::{
    functions::{EdgeKind, FunctionId},
    ir::{Binary, Width},
    values::{Branch, COUNT, Expr, Node},
};

pub use set::Letters;

/// Blocks that are run through for one loop and one question.
const STEPS: usize = 250_000;
/// The same for one round.
const ROUND: usize = 3_000;
/// Bytes that are tried first: where none of them is told apart from the others, the rest is not worth the trouble.
const TRIED: [u8; 8] = [b';', b'|', b'&', b'$', b'`', b'\n', b'/', 1];
/// The same for all questions of a program.
const ALL: usize = 2_000_000;
/// States of a loop that are told apart.
const STATES: usize = 8;
/// Where a loop counts what it finds, this many are as good as more.
const MANY: u64 = 3;

/// Where a text must come to: a block, perhaps with a value there that must be something.
pub type Goal = (u32, Option<(Expr, Wanted)>);

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// This number, or another one.
    Number(u64, bool),
    /// Below this number, with its sign, or not.
    Below(i64, bool),
}

/// A text whose letters are known at a place.
#[derive(Debug, Clone, Copy)]
pub struct Spelled {
    /// Where it begins: a pointer, and what is added to it.
    pub start: (Option<Expr>, u64),
    /// The state of memory in which it is read.
    pub state: Expr,
    /// The block in which each round of the loop begins.
    pub head: u32,
    /// What it consists of.
    pub letters: Letters,
}

/// What was found, once for each function and for each question.
#[derive(Debug)]
pub struct Spellings {
    /// Blocks that may still be run through.
    left: Cell<usize>,
    walks: RefCell<HashMap<FunctionId, Rc<Vec<Walk>>>>,
    answers: RefCell<HashMap<(FunctionId, Goal), Rc<Vec<Spelled>>>>,
}

impl Default for Spellings {
    fn default() -> Self {
        Self { left: Cell::new(ALL), walks: RefCell::default(), answers: RefCell::default() }
    }
}

impl Spellings {
    /// The texts whose letters are known where `goal` is reached.
    pub fn at(&self, unit: &Unit<'_>, function: FunctionId, goal: Goal) -> Rc<Vec<Spelled>> {
        if let Some(known) = self.answers.borrow().get(&(function, goal)) {
            return Rc::clone(known);
        }
        let steps = Cell::new(STEPS);
        let mut found = Vec::new();
        // Most functions have no such loop, and are asked about for each of their blocks.
        let idle = self.left.get() == 0 || self.walks.borrow().get(&function).is_some_and(|walks| walks.is_empty());
        if let Some(run) = (!idle).then(|| Run::new(unit, function, &steps)).flatten() {
            let walks = Rc::clone(self.walks.borrow_mut().entry(function).or_insert_with(|| Rc::new(Walk::all(&run))));
            for walk in walks.iter() {
                let given = STEPS.min(self.left.get());
                steps.set(given);
                // What joins within a round may be what became of the byte.
                let joins = walk.body.iter().filter(|block| **block != walk.head).flat_map(|block| run.joins(*block));
                let tests = walk.bytes().chain(joins.map(|(leaf, _)| *leaf)).collect();
                let towards = towards(&run, walk.head, goal.0);
                steps.set(given.saturating_sub(towards.len()));
                let letters = Automaton { run: &run, walk, goal, towards, tests }.letters();
                if let Some(letters) = letters.filter(|letters| run.has_steps() && !letters.is_any()) {
                    found.push(Spelled { start: walk.start, state: walk.state, head: walk.head, letters });
                }
                self.left.set(self.left.get() - (given - steps.get()));
            }
        }
        let found = Rc::new(found);
        self.answers.borrow_mut().insert((function, goal), Rc::clone(&found));
        found
    }
}

/// Blocks from which `to` can be come to, without another round of the loop at `head`.
fn towards(run: &Run<'_, '_>, head: u32, to: u32) -> BTreeSet<u32> {
    let (mut seen, mut waiting) = (BTreeSet::from([to]), vec![to]);
    while let Some(block) = waiting.pop().filter(|block| *block != head) {
        let before = run.local.shape.before.get(block as usize).into_iter().flatten();
        waiting.extend(before.map(|(from, _)| *from).filter(|from| seen.insert(*from)));
    }
    seen
}

/// One loop, and where a text that it has gone through must come to.
struct Automaton<'r, 'u, 'a> {
    run: &'r Run<'u, 'a>,
    walk: &'r Walk,
    goal: Goal,
    towards: BTreeSet<u32>,
    /// Leaves that are the byte of a round, or may be what became of it.
    tests: HashSet<u32>,
}

/// How a round can end.
#[derive(Debug, Default)]
struct Ends {
    /// In another round, with these values of joins.
    again: BTreeSet<Known>,
    /// At the goal, after a decision by the byte.
    tested: bool,
    /// At the goal, before any.
    untested: bool,
}

impl Automaton<'_, '_, '_> {
    fn letters(&self) -> Option<Letters> {
        let (walk, shape) = (self.walk, &self.run.local.shape);
        if walk.body.contains(&self.goal.0) || !self.towards.contains(&walk.head) || self.is_passed_by() {
            return None;
        }
        // What is kept from round to round: joins at the head that begin as numbers.
        let joins = self.run.joins(walk.head).iter().map(|(leaf, _)| *leaf);
        let kept: BTreeSet<u32> = joins.filter(|leaf| !walk.counted.contains(leaf)).collect();
        let mut starts: BTreeSet<Known> = BTreeSet::new();
        for (from, edge) in shape.before.get(walk.head as usize)?.iter().filter(|(from, _)| !walk.body.contains(from)) {
            let mut known = Known::new();
            for (leaf, slot) in self.run.joins(walk.head).iter().filter(|(leaf, _)| kept.contains(leaf)) {
                let way = self.run.local.ways(walk.head, *slot).find(|(_, way, index)| (way, index) == (from, edge));
                if let Some(value) = way.and_then(|(value, ..)| self.run.number(value, &Known::new())) {
                    known.insert(*leaf, value);
                }
            }
            starts.insert(known);
        }
        let tried =
            |byte: &u8| self.round(starts.first()?, *byte, false).again.into_iter().next().map(|after| self.kept(after, &kept, u64::MAX));
        if !self.run.has_steps() || (starts.len() == 1 && TRIED.iter().all(|byte| tried(byte).as_ref() == starts.first())) {
            return None;
        }
        let states =
            self.states(&starts, &kept, u64::MAX).or_else(|| self.run.has_steps().then(|| self.states(&starts, &kept, MANY)).flatten());
        let states = states.or_else(|| self.states(&BTreeSet::from([Known::new()]), &BTreeSet::new(), u64::MAX))?;
        // States from which the goal can be come to in the end.
        let ended = |state: &Known| {
            let end = self.round(state, 0, false);
            let over = self.round(state, 0, true);
            end.tested || end.untested || over.untested
        };
        let mut good: BTreeSet<&Known> = states.keys().filter(|state| ended(state)).collect();
        let last: BTreeMap<&Known, Letters> =
            states.keys().map(|state| (state, Letters::of(|byte| byte != 0 && self.round(state, byte, true).tested))).collect();
        good.extend(last.iter().filter(|(_, letters)| **letters != Letters::default()).map(|(state, _)| *state));
        loop {
            let leads = |ends: &Vec<Ends>| ends.iter().any(|ends| ends.again.iter().any(|after| good.contains(after)));
            let more: Vec<&Known> =
                states.iter().filter(|(state, ends)| !good.contains(state) && leads(ends)).map(|(state, _)| state).collect();
            if more.is_empty() {
                break;
            }
            good.extend(more);
        }
        // A byte behind which nothing is looked at any more.
        let early = |ends: &Ends| ends.tested || ends.untested;
        if good.is_empty() || !self.run.has_steps() || states.values().flatten().any(early) {
            return None;
        }
        let passes = |byte: u8| {
            states.iter().any(|(state, ends)| {
                let ends = usize::from(byte).checked_sub(1).and_then(|index| ends.get(index));
                last.get(state).is_some_and(|last| last.contains(byte))
                    || ends.is_some_and(|ends| ends.again.iter().any(|after| good.contains(after)))
            })
        };
        Some(Letters::of(|byte| byte != 0 && passes(byte)))
    }

    /// The states that the loop comes to, each with how a round ends for every byte but 0; none where they are too many. What is counted
    /// counts no farther than `most`.
    fn states(&self, starts: &BTreeSet<Known>, kept: &BTreeSet<u32>, most: u64) -> Option<BTreeMap<Known, Vec<Ends>>> {
        let mut states: BTreeMap<Known, Vec<Ends>> = BTreeMap::new();
        let mut waiting: Vec<Known> = starts.iter().cloned().collect();
        while let Some(state) = waiting.pop() {
            if states.contains_key(&state) {
                continue;
            }
            if states.len() >= STATES || !self.run.has_steps() {
                return None;
            }
            let mut all = Vec::with_capacity(255);
            for byte in 1..=u8::MAX {
                let mut ends = self.round(&state, byte, false);
                if !self.run.has_steps() {
                    return None;
                }
                ends.again = ends.again.into_iter().map(|known| self.kept(known, kept, most)).collect();
                waiting.extend(ends.again.iter().filter(|after| !states.contains_key(*after)).cloned());
                all.push(ends);
            }
            states.insert(state, all);
        }
        Some(states)
    }

    /// What is known of what is kept from round to round.
    fn kept(&self, after: Known, kept: &BTreeSet<u32>, most: u64) -> Known {
        let kept = |leaf: &u32| kept.contains(leaf) && !self.walk.bytes().any(|byte| byte == *leaf);
        after.into_iter().filter(|(leaf, _)| kept(leaf)).map(|(leaf, value)| (leaf, value.min(most))).collect()
    }

    /// How a round ends that looks at `byte` in a state: the last one, or one behind which there is more.
    fn round(&self, state: &Known, byte: u8, last: bool) -> Ends {
        let (walk, run) = (self.walk, self.run);
        let mut known = state.clone();
        known.extend(walk.round(run, byte));
        if last {
            known.extend(walk.next.iter().map(|leaf| (*leaf, 0)));
        }
        let mut ends = Ends::default();
        let mut decide = |block: u32, cond: Expr, known: &Known| {
            if let (Some(stays), true) = (self.counts(block, cond), walk.body.contains(&block)) {
                return Some(if last { (true, true) } else { (stays, !stays) });
            }
            if last { None } else { self.of_all(cond, &walk.next, known) }
        };
        let mut arrive = |place: &Place| {
            if place.block == walk.head {
                ends.again.insert(place.known.clone());
                return false;
            }
            if place.block == self.goal.0 && self.fits(&place.known) {
                ends.tested |= place.tested;
                ends.untested |= !place.tested;
            }
            place.block != self.goal.0 && (walk.body.contains(&place.block) || self.towards.contains(&place.block))
        };
        run.within(ROUND, || run.ways(Place { block: walk.head, known, tested: false }, &self.tests, &mut decide, &mut arrive));
        ends
    }

    /// Is the value at the goal what it must be, as far as is known?
    fn fits(&self, known: &Known) -> bool {
        let fits = |is: u64, wanted| match wanted {
            Wanted::Number(number, equal) => (is == number) == equal,
            Wanted::Below(limit, below) => (Width::W32.signed(is) < limit) == below,
        };
        self.goal.1.is_none_or(|(value, wanted)| self.run.number(value, known).is_none_or(|is| fits(is, wanted)))
    }

    /// Does a condition ask whether the text is at its end, by counting: how it falls as long as there is more.
    fn counts(&self, block: u32, cond: Expr) -> Option<bool> {
        let exprs = &self.run.local.exprs;
        let Node::Binary(op, ..) = exprs.node(cond) else { return None };
        if !matches!(op, Binary::Eq | Binary::Ne | Binary::LtU | Binary::LtS | Binary::LeU | Binary::LeS) {
            return None;
        }
        if self.limits(cond).is_empty() {
            return None;
        }
        let edges = &self.run.unit.code.function(self.run.function)?.blocks.get(block as usize)?.edges;
        let [one, other] = edges.as_slice() else { return None };
        let stays = match (self.walk.body.contains(&one.to), self.walk.body.contains(&other.to)) {
            (true, false) => one,
            (false, true) => other,
            _ => return None,
        };
        Some(stays.kind != EdgeKind::Next)
    }

    /// How a condition can fall that is about a byte among `leaves`, where that is any but 0.
    fn of_all(&self, cond: Expr, leaves: &HashSet<u32>, known: &Known) -> Option<(bool, bool)> {
        let mut found = Vec::new();
        self.run.local.exprs.leaves(cond, &mut found);
        found.retain(|leaf| leaves.contains(leaf));
        if found.is_empty() {
            return None;
        }
        let (mut known, mut falls) = (known.clone(), (false, false));
        for byte in 1..=u64::from(u8::MAX) {
            known.extend(found.iter().map(|leaf| (*leaf, byte)));
            match self.run.number(cond, &known) {
                Some(0) => falls.1 = true,
                Some(_) => falls.0 = true,
                None => falls = (true, true),
            }
        }
        Some(falls)
    }

    /// What a loop counts up to in a condition: the leaves in it beside the counter. None where that is a fixed number of letters, which may
    /// be less than there are, or where it is about the bytes themselves.
    fn limits(&self, cond: Expr) -> Vec<u32> {
        let exprs = &self.run.local.exprs;
        let mut leaves = Vec::new();
        exprs.leaves(cond, &mut leaves);
        let counted = leaves.len();
        leaves.retain(|leaf| !self.walk.counted.contains(leaf));
        if counted == leaves.len() || leaves.iter().any(|leaf| self.walk.next.contains(leaf) || self.walk.bytes().any(|byte| byte == *leaf))
        {
            return Vec::new();
        }
        let start = self.walk.start.0.map(|start| exprs.node(start));
        leaves.retain(|leaf| start != Some(Node::Leaf(*leaf)));
        leaves
    }

    /// Lengths in what a loop counts up to: all of it, or a number in the address of the text's end. As short as can be.
    fn lengths(&self, cond: Expr) -> Known {
        let exprs = &self.run.local.exprs;
        let leaves = self.limits(cond);
        let alone = leaves.len() == 1;
        let is_number = |leaf: &u32| exprs.leaf_expr(*leaf).and_then(|leaf| exprs.unlike_pointer(leaf)).is_some_and(|rank| rank >= COUNT);
        leaves.into_iter().filter(|leaf| alone || is_number(leaf)).map(|leaf| (leaf, 1)).collect()
    }

    /// Is there a way to the goal around the loop, for a text that is not empty?
    fn is_passed_by(&self) -> bool {
        let (walk, run) = (self.walk, self.run);
        if run.local.shape.dominates(walk.head, self.goal.0) && self.goal.1.is_none() {
            return false;
        }
        let mut known = Known::new();
        // How long it is: as short as can be.
        for (_, branch) in walk.body.iter().filter_map(|block| run.local.branches.get(block)) {
            if let Branch::If(cond) = branch {
                known.extend(self.lengths(*cond));
            }
        }
        let start = Place { block: 0, known, tested: false };
        let mut passed = self.goal.0 == 0 && self.fits(&start.known);
        let mut decide = |_: u32, cond: Expr, known: &Known| self.of_all(cond, &walk.first, known);
        let mut arrive = |place: &Place| {
            if place.block == walk.head || !self.towards.contains(&place.block) {
                return false;
            }
            passed |= place.block == self.goal.0 && self.fits(&place.known);
            place.block != self.goal.0
        };
        run.within(ROUND, || run.ways(start, &HashSet::new(), &mut decide, &mut arrive));
        passed || !run.has_steps()
    }
}
