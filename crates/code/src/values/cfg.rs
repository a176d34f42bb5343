//! The shape of a function: order of blocks, predecessors, dominators, and on which decisions a block depends.
//!
//! Dominators by the iterative algorithm over reverse postorder (Cooper, Harvey and Kennedy, *A Simple, Fast Dominance Algorithm*).
//! Control dependence as by Ferrante, Ottenstein and Warren (*The Program Dependence Graph and Its Use in Optimization*), over one pass
//! through each loop: edges that go back count as ends. So what a loop does before it begins again does not hide what was decided in
//! this round, and loops without an end need no end invented.

use std::collections::{BTreeSet, VecDeque};

use crate::functions::Function;

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
}

impl Shape {
    /// The shape of `function`.
    pub fn of(function: &Function) -> Self {
        let number = function.blocks.len();
        let mut shape = Self {
            order: Vec::with_capacity(number),
            before: vec![Vec::new(); number],
            dominator: vec![None; number],
            position: vec![None; number],
            depends: vec![Vec::new(); number],
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
        shape.find_dependences(function);
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
        let mut found = Vec::new();
        let mut seen = BTreeSet::from([block]);
        let mut waiting = VecDeque::from([block]);
        while let Some(here) = waiting.pop_front() {
            for (from, edge) in self.depends.get(here as usize).into_iter().flatten() {
                found.push((*from, *edge));
                if seen.insert(*from) {
                    waiting.push_back(*from);
                }
            }
        }
        found
    }

    /// Does the edge go back to where the way has been, or round a loop with several entries?
    fn retreats(&self, from: u32, to: u32) -> bool {
        self.position[to as usize] <= self.position[from as usize]
    }

    fn find_dependences(&mut self, function: &Function) {
        let end = function.blocks.len() as u32;
        let mut after: Vec<u32> = vec![end; function.blocks.len() + 1];
        let mut depth: Vec<u32> = vec![0; function.blocks.len() + 1];
        // What follows for certain: over edges that go on, every block comes after those that it leads to.
        for block in self.order.iter().rev() {
            let code = &function.blocks[*block as usize];
            let mut follows: Option<u32> = (code.edges.is_empty() || code.gives_back || !code.tail_calls.is_empty()).then_some(end);
            for edge in &code.edges {
                let next = if self.retreats(*block, edge.to) { end } else { edge.to };
                follows = Some(follows.map_or(next, |follows| meet(&after, &depth, follows, next, end)));
            }
            let follows = follows.unwrap_or(end);
            after[*block as usize] = follows;
            depth[*block as usize] = depth[follows as usize] + 1;
        }
        for block in &self.order {
            for (index, edge) in function.blocks[*block as usize].edges.iter().enumerate() {
                if self.retreats(*block, edge.to) {
                    continue;
                }
                let mut at = edge.to;
                while at != after[*block as usize] && at != end {
                    self.depends[at as usize].push((*block, index as u32));
                    at = after[at as usize];
                }
            }
        }
    }
}

/// Where the ways from `a` and `b` certainly come together.
fn meet(after: &[u32], depth: &[u32], a: u32, b: u32, end: u32) -> u32 {
    let (mut a, mut b) = (a, b);
    while a != b {
        if a == end || b == end {
            return end;
        }
        if depth[a as usize] >= depth[b as usize] {
            a = after[a as usize];
        } else {
            b = after[b as usize];
        }
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        functions::{Block, Edge, EdgeKind, FoundBy},
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
        let shape = Shape::of(&function);
        assert!(shape.dominates(0, 4) && !shape.dominates(2, 4));
        assert!(shape.goes_back(3, 2) && !shape.goes_back(1, 2));
        assert_eq!(shape.decisions(3), [(2, 0), (0, 0)]);
        assert_eq!(shape.decisions(4), [(0, 1), (2, 1), (0, 0)]);
    }

    #[test]
    fn cases_that_share_a_block() {
        let function = function(&[&[1, 1, 2], &[], &[]]);
        assert_eq!(Shape::of(&function).decisions(1), [(0, 0), (0, 1)]);
    }

    #[test]
    fn a_round_that_is_skipped() {
        // for (;;) { if (flag) continue; work(); }: 0 -> 1; 1 -> 2 or 3; 2 -> 1; 3 -> 1. The work depends on the flag.
        let shape = Shape::of(&function(&[&[1], &[2, 3], &[1], &[1]]));
        assert_eq!(shape.decisions(3), [(1, 1)]);
    }

    #[test]
    fn cases_whose_ends_are_one() {
        // 0 -> 1, 2 or 3; 1 -> 4; 2 -> 4; 3 ends; 4 ends.
        let shape = Shape::of(&function(&[&[1, 2, 3], &[4], &[4], &[], &[]]));
        assert_eq!(shape.decisions(4), [(0, 0), (0, 1)]);
    }

    #[test]
    fn a_function_without_blocks() {
        assert!(Shape::of(&function(&[])).order.is_empty());
    }
}
