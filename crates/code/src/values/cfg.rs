//! The shape of a function: order of blocks, predecessors, dominators, and on which decisions a block depends.
//!
//! Dominators by the iterative algorithm over reverse postorder (Cooper, Harvey and Kennedy, *A Simple, Fast Dominance Algorithm*).
//! Control dependence as by Ferrante, Ottenstein and Warren (*The Program Dependence Graph and Its Use in Optimization*), by
//! postdominators. A loop that never ends, or that waits for somebody in each round as the main loop of a server does, has its end where a
//! round ends: the edges back to where it begins lead out of the function, too. So what is behind a search through a table does not depend
//! on what was found in it, and what a server does in a round depends on what was decided in this round.
//!
//! What can be held up is another question: `while (paused) sleep();` decides whether what is behind it ever runs. For that, every edge
//! back is an end.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use crate::functions::{Edge, Function};

/// Blocks that are looked at to tell the loops of one function.
const STEPS: usize = 400_000;
/// Loops without an end in one function.
const LOOPS: usize = 64;
/// What the blocks of one function depend on, all of them together: ladders of branches have the square of their length.
const DEPENDENCES: usize = 1_000_000;

/// The shape of one function. Blocks are named by their index in [`Function::blocks`].
#[derive(Debug, Default)]
pub struct Shape {
    /// Blocks in reverse postorder; those that nothing reaches are absent.
    pub order: Vec<u32>,
    /// Blocks with an edge to a block, each edge once: (block, index of the edge).
    pub before: Vec<Vec<(u32, u32)>>,
    /// Immediate dominator; of the entry itself.
    dominator: Vec<Option<u32>>,
    /// Place in [`Shape::order`].
    position: Vec<Option<u32>>,
    /// Edges on which a block depends directly: (block that decides, index of its edge).
    depends: Vec<Vec<(u32, u32)>>,
    /// The same, where a loop may never be left.
    delays: Vec<Vec<(u32, u32)>>,
    /// More depends on more than is kept.
    pub cut: bool,
}

impl Shape {
    /// The shape of `function`; `waits` says of a block whether it waits for somebody.
    pub fn of(function: &Function, waits: &dyn Fn(u32) -> bool) -> Self {
        let number = function.blocks.len();
        let mut shape = Self {
            order: Vec::with_capacity(number),
            before: vec![Vec::new(); number],
            dominator: vec![None; number],
            position: vec![None; number],
            depends: vec![Vec::new(); number],
            delays: vec![Vec::new(); number],
            cut: false,
        };
        if number == 0 {
            return shape;
        }
        shape.sort(function);
        for (place, block) in shape.order.iter().enumerate() {
            shape.position[*block as usize] = Some(place as u32);
        }
        for block in &shape.order {
            for (index, edge) in function.blocks[*block as usize].edges.iter().enumerate() {
                if let Some(before) = shape.before.get_mut(edge.to as usize) {
                    before.push((*block, index as u32));
                }
            }
        }
        shape.dominate();
        let ends = shape.ends(function, shape.rounds(function, waits));
        shape.depends = shape.dependences(function, &ends);
        shape.delays = shape.dependences(function, &shape.order.iter().copied().collect());
        let kept = |depends: &[Vec<_>]| depends.iter().map(Vec::len).sum::<usize>();
        shape.cut = kept(&shape.depends).max(kept(&shape.delays)) >= DEPENDENCES;
        shape
    }

    /// Depth first without recursion: functions can be ten thousand blocks deep.
    fn sort(&mut self, function: &Function) {
        let mut seen = vec![false; function.blocks.len()];
        let mut stack = vec![(0_u32, 0_usize)];
        seen[0] = true;
        while let Some((block, next)) = stack.last_mut() {
            let edges = &function.blocks[*block as usize].edges;
            if let Some(edge) = edges.get(*next) {
                *next += 1;
                if let Some(flag) = seen.get_mut(edge.to as usize).filter(|flag| !**flag) {
                    *flag = true;
                    stack.push((edge.to, 0));
                }
            } else {
                self.order.push(*block);
                stack.pop();
            }
        }
        self.order.reverse();
    }

    fn dominate(&mut self) {
        self.dominator[0] = Some(0);
        let mut changed = true;
        while changed {
            changed = false;
            for index in 1..self.order.len() {
                let block = self.order[index];
                let mut best: Option<u32> = None;
                for (before, _) in &self.before[block as usize] {
                    if self.dominator[*before as usize].is_some() {
                        best = Some(best.map_or(*before, |best| self.common(best, *before)));
                    }
                }
                if best != self.dominator[block as usize] {
                    self.dominator[block as usize] = best;
                    changed = true;
                }
            }
        }
    }

    fn common(&self, a: u32, b: u32) -> u32 {
        let (mut a, mut b) = (a, b);
        while a != b {
            while self.position[a as usize] > self.position[b as usize] {
                a = self.dominator[a as usize].unwrap_or(0);
            }
            while self.position[b as usize] > self.position[a as usize] {
                b = self.dominator[b as usize].unwrap_or(0);
            }
        }
        a
    }

    /// The nearest block through which every way to `block` goes; none for the entry.
    pub fn dominator(&self, block: u32) -> Option<u32> {
        self.dominator.get(block as usize).copied().flatten().filter(|dominator| *dominator != block)
    }

    /// Does every way to `block` go through `a`?
    pub fn dominates(&self, a: u32, block: u32) -> bool {
        let mut at = block;
        loop {
            if at == a {
                return true;
            }
            match self.dominator(at) {
                Some(next) => at = next,
                None => return false,
            }
        }
    }

    /// Does a way lead from `from` to `block` within one pass through each loop?
    pub fn leads_to(&self, from: u32, block: u32) -> bool {
        self.backwards(block, |here| here == from)
    }

    /// Does a way lead from the entry to `block` without any of the blocks `without`?
    pub fn is_reached_without(&self, without: &BTreeSet<u32>, block: u32) -> bool {
        let (mut seen, mut waiting) = (BTreeSet::from([block]), vec![block]);
        while let Some(here) = waiting.pop().filter(|_| !without.contains(&block)) {
            if here == 0 {
                return true;
            }
            let before = self.before.get(here as usize).into_iter().flatten().map(|(from, _)| *from);
            waiting.extend(before.filter(|from| !without.contains(from) && !self.retreats(*from, here) && seen.insert(*from)));
        }
        false
    }

    /// The heads of the loops around `block`.
    pub fn loops(&self, block: u32) -> BTreeSet<u32> {
        let heads = std::iter::successors(Some(block), |here| self.dominator(*here));
        let around = |head: &u32| {
            let mut before = self.before.get(*head as usize).into_iter().flatten().map(|(from, _)| *from);
            before.any(|from| self.goes_back(from, *head) && self.leads_to(block, from))
        };
        heads.take(self.before.len()).filter(around).collect()
    }

    fn backwards(&self, block: u32, found: impl Fn(u32) -> bool) -> bool {
        let (mut seen, mut waiting) = (BTreeSet::from([block]), vec![block]);
        while let Some(here) = waiting.pop() {
            if found(here) {
                return true;
            }
            let before = self.before.get(here as usize).into_iter().flatten().map(|(from, _)| *from);
            waiting.extend(before.filter(|from| !self.retreats(*from, here) && seen.insert(*from)));
        }
        false
    }

    /// Is the edge from `from` to `to` one that goes back: does `to` dominate `from`?
    pub fn goes_back(&self, from: u32, to: u32) -> bool {
        self.dominates(to, from)
    }

    /// The decisions on which it depends whether `block` runs, nearest first: (block that decides, index of its edge). On every way to the
    /// block one of those that are nearest was taken, and so on upwards.
    pub fn decisions(&self, block: u32) -> Vec<(u32, u32)> {
        upwards(&self.depends, block).into_iter().map(|(decision, _)| decision).collect()
    }

    /// The same, and the decisions by which loops in front of `block` are left, if they are. Where one side of a decision leads to a block
    /// at once and the other one through a further decision, as `while (held) wait();` is entered, only the first is one: who does not go
    /// into the loop is not held up by it.
    pub fn delays(&self, block: u32) -> Vec<(u32, u32)> {
        let mut nearest: BTreeMap<u32, u32> = BTreeMap::new();
        let mut found = upwards(&self.delays, block);
        found.retain(|((from, _), far)| *nearest.entry(*from).or_insert(*far) == *far);
        found.into_iter().map(|(decision, _)| decision).collect()
    }

    /// Does the edge go back to where the way has been, or round a loop with several entries?
    pub fn retreats(&self, from: u32, to: u32) -> bool {
        self.position[to as usize] <= self.position[from as usize]
    }

    /// On which edges each block depends, where rounds end at `ends`.
    fn dependences(&self, function: &Function, ends: &BTreeSet<u32>) -> Vec<Vec<(u32, u32)>> {
        let mut depends: Vec<Vec<(u32, u32)>> = vec![Vec::new(); function.blocks.len()];
        let mut entries = 0_usize;
        let after = self.postdominators(function, ends);
        let end = function.blocks.len() as u32;
        for block in &self.order {
            for (index, edge) in function.blocks[*block as usize].edges.iter().enumerate() {
                if self.retreats(*block, edge.to) && ends.contains(&edge.to) {
                    continue;
                }
                let mut at = edge.to;
                while at != end && at != after[*block as usize] {
                    let on = &mut depends[at as usize];
                    // One edge comes by a block once, or twice in a row.
                    if on.last() != Some(&(*block, index as u32)) && entries < DEPENDENCES {
                        on.push((*block, index as u32));
                        entries += 1;
                    }
                    if at == after[at as usize] {
                        break;
                    }
                    at = after[at as usize];
                }
            }
        }
        depends
    }

    /// Does the function end with this block, whatever else it does?
    fn ends_with(function: &Function, block: u32) -> bool {
        let code = &function.blocks[block as usize];
        code.edges.is_empty() || code.gives_back || !code.tail_calls.is_empty()
    }

    /// Beginnings of loops that wait for somebody in each round.
    fn rounds(&self, function: &Function, waits: &dyn Fn(u32) -> bool) -> BTreeSet<u32> {
        let waiting: Vec<bool> = (0..function.blocks.len() as u32).map(waits).collect();
        let mut rounds = BTreeSet::new();
        if !waiting.contains(&true) {
            return rounds;
        }
        let mut steps = 0_usize;
        for from in &self.order {
            for edge in &function.blocks[*from as usize].edges {
                if !self.retreats(*from, edge.to) || rounds.contains(&edge.to) {
                    continue;
                }
                // The loop: all from which its last block is reached without going through its first.
                let mut seen = BTreeSet::from([edge.to, *from]);
                let mut open = vec![*from];
                while let Some(block) = open.pop().filter(|_| steps < STEPS) {
                    steps += 1;
                    let before = if block == edge.to { &[][..] } else { &self.before[block as usize][..] };
                    open.extend(before.iter().map(|(before, _)| *before).filter(|before| seen.insert(*before)));
                }
                if seen.iter().any(|block| waiting[*block as usize]) {
                    rounds.insert(edge.to);
                }
            }
        }
        rounds
    }

    /// Beginnings of loops that nothing leads out of, beside those that are known to be ends: a round that ends there ends the function as far as anybody can tell.
    fn ends(&self, function: &Function, rounds: BTreeSet<u32>) -> BTreeSet<u32> {
        let mut ends = rounds;
        loop {
            let mut leads_out: Vec<bool> = vec![false; function.blocks.len()];
            let mut waiting: Vec<u32> = Vec::new();
            for block in &self.order {
                let round = |edge: &Edge| ends.contains(&edge.to) && self.retreats(*block, edge.to);
                if Self::ends_with(function, *block) || function.blocks[*block as usize].edges.iter().any(round) {
                    leads_out[*block as usize] = true;
                    waiting.push(*block);
                }
            }
            while let Some(block) = waiting.pop() {
                for (from, _) in &self.before[block as usize] {
                    if !std::mem::replace(&mut leads_out[*from as usize], true) {
                        waiting.push(*from);
                    }
                }
            }
            let closed = |block: &&u32| {
                !leads_out[**block as usize]
                    && self.before[**block as usize].iter().any(|(from, _)| !leads_out[*from as usize] && self.retreats(*from, **block))
            };
            match self.order.iter().find(closed) {
                // Ten thousand loops one in the other are nobody's program: then all of them end where they go back.
                Some(_) if ends.len() >= LOOPS => return self.order.iter().copied().collect(),
                Some(block) => ends.insert(*block),
                None => return ends,
            };
        }
    }

    /// For each block, the nearest one that certainly follows; the number of blocks where that is the end.
    fn postdominators(&self, function: &Function, ends: &BTreeSet<u32>) -> Vec<u32> {
        let end = function.blocks.len() as u32;
        let next = |block: u32| -> Vec<u32> {
            let leaves = Self::ends_with(function, block).then_some(end);
            let to = |edge: &Edge| if ends.contains(&edge.to) && self.retreats(block, edge.to) { end } else { edge.to };
            function.blocks[block as usize].edges.iter().map(to).chain(leaves).collect()
        };
        // Reverse postorder of the graph turned round, without recursion.
        let mut before: Vec<Vec<u32>> = vec![Vec::new(); function.blocks.len() + 1];
        for block in &self.order {
            for to in next(*block) {
                before[to as usize].push(*block);
            }
        }
        let mut order = Vec::with_capacity(self.order.len());
        let (mut seen, mut stack) = (vec![false; function.blocks.len() + 1], vec![(end, 0_usize)]);
        seen[end as usize] = true;
        while let Some((block, index)) = stack.last_mut() {
            if let Some(from) = before[*block as usize].get(*index) {
                *index += 1;
                if !std::mem::replace(&mut seen[*from as usize], true) {
                    stack.push((*from, 0));
                }
            } else {
                order.push(*block);
                stack.pop();
            }
        }
        order.reverse();
        let mut place = vec![usize::MAX; function.blocks.len() + 1];
        order.iter().enumerate().for_each(|(index, block)| place[*block as usize] = index);
        let mut after: Vec<Option<u32>> = vec![None; function.blocks.len() + 1];
        after[end as usize] = Some(end);
        let mut changed = true;
        while changed {
            changed = false;
            for block in order.iter().skip(1) {
                let known = next(*block).into_iter().filter(|to| after[*to as usize].is_some());
                let best = known.reduce(|mut a, mut b| {
                    while a != b {
                        while place[a as usize] > place[b as usize] {
                            a = after[a as usize].unwrap_or(end);
                        }
                        while place[b as usize] > place[a as usize] {
                            b = after[b as usize].unwrap_or(end);
                        }
                    }
                    a
                });
                if best.is_some() && best != after[*block as usize] {
                    after[*block as usize] = best;
                    changed = true;
                }
            }
        }
        after.into_iter().map(|after| after.unwrap_or(end)).collect()
    }
}

/// All that `block` depends on, directly or not, nearest first; each with how many decisions lie between.
fn upwards(depends: &[Vec<(u32, u32)>], block: u32) -> Vec<((u32, u32), u32)> {
    let (mut found, mut known) = (Vec::new(), HashSet::new());
    let mut seen = BTreeSet::from([block]);
    let mut waiting = VecDeque::from([(block, 0)]);
    while let Some((here, far)) = waiting.pop_front() {
        for decision in depends.get(here as usize).into_iter().flatten() {
            if known.insert(*decision) {
                found.push((*decision, far));
            }
            if seen.insert(decision.0) {
                waiting.push_back((decision.0, far + 1));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        functions::{Block, EdgeKind, FoundBy},
        ir::{Mode, Place},
    };

    fn function(edges: &[&[u32]]) -> Function {
        let place = Place { address: 0, mode: Mode(0) };
        let blocks = edges
            .iter()
            .map(|edges| Block {
                place,
                end: 0,
                instructions: 0..0,
                edges: edges.iter().map(|to| Edge { to: *to, kind: EdgeKind::Jump }).collect(),
                tail_calls: Vec::new(),
                lost: false,
                gives_back: false,
            })
            .collect();
        Function { entry: place, name: None, found_by: FoundBy::Entry, blocks, returns: true, import: None, cut: false }
    }

    #[test]
    fn a_guard_and_a_loop() {
        // 0 -> 1 or 4; 1 -> 2; 2 (loop head) -> 3 or 4; 3 -> 2; 4 ends.
        let function = function(&[&[1, 4], &[2], &[3, 4], &[2], &[]]);
        let shape = Shape::of(&function, &|_| false);
        assert!(shape.dominates(0, 4) && !shape.dominates(2, 4));
        assert!(shape.goes_back(3, 2) && !shape.goes_back(1, 2));
        assert_eq!(shape.decisions(3), [(2, 0), (0, 0)]);
        assert_eq!(shape.decisions(4), [], "what follows in any case");
        assert_eq!(shape.delays(4), [(0, 1), (2, 1)], "unless the loop is never left; who does not go into it is past it");
    }

    #[test]
    fn cases_that_share_a_block() {
        let function = function(&[&[1, 1, 2], &[], &[]]);
        assert_eq!(Shape::of(&function, &|_| false).decisions(1), [(0, 0), (0, 1)]);
    }

    #[test]
    fn a_round_that_is_skipped() {
        // for (;;) { if (flag) continue; work(); }: 0 -> 1; 1 -> 2 or 3; 2 -> 1; 3 -> 1. The work depends on the flag.
        let shape = Shape::of(&function(&[&[1], &[2, 3], &[1], &[1]]), &|_| false);
        assert_eq!(shape.decisions(3), [(1, 1)]);
    }

    #[test]
    fn a_search_within_the_rounds_of_a_server() {
        // 0 -> 1; 1 (round) -> 2; 2 (search) -> 3 or 4; 3 (found?) -> 4 or 2; 4 -> 1. What is behind the search does not depend on it.
        let shape = Shape::of(&function(&[&[1], &[2], &[3, 4], &[4, 2], &[1]]), &|_| false);
        assert_eq!(shape.decisions(4), []);
        assert_eq!(shape.decisions(3), [(2, 0), (3, 1)]);
    }

    #[test]
    fn a_round_that_waits() {
        // 0 -> 1 (waits) -> 2 or 1; 2 -> 3 or 1; 3 ends. Nothing else leads out, and still the end depends on what came.
        let function = function(&[&[1], &[2, 1], &[3, 1], &[]]);
        assert_eq!(Shape::of(&function, &|_| false).decisions(3), []);
        assert_eq!(Shape::of(&function, &|block| block == 1).decisions(3), [(2, 0), (1, 0)]);
    }

    #[test]
    fn cases_whose_ends_are_one() {
        // 0 -> 1, 2 or 3; 1 -> 4; 2 -> 4; 3 ends; 4 ends.
        let shape = Shape::of(&function(&[&[1, 2, 3], &[4], &[4], &[], &[]]), &|_| false);
        assert_eq!(shape.decisions(4), [(0, 0), (0, 1)]);
    }

    #[test]
    fn a_function_without_blocks() {
        assert!(Shape::of(&function(&[]), &|_| false).order.is_empty());
    }
}
