//! The shape of a function: order of blocks, predecessors, dominators, and which decisions every way to a block has taken.
//!
//! Dominators by the iterative algorithm over reverse postorder (Cooper, Harvey and Kennedy, *A Simple, Fast Dominance Algorithm*).

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

    /// Is the edge from `from` to `to` one that goes back: does `to` dominate `from`?
    pub fn goes_back(&self, from: u32, to: u32) -> bool {
        self.dominates(to, from)
    }

    /// The edges of which every way to `block` has taken one, nearest first: (block that decides, index of its edge) in groups.
    ///
    /// Mostly a group is one edge. Cases of a `switch` that lead to the same block are one group, and so are the tests that a compiler
    /// made of one (`a || b`, a loop whose condition it wrote twice). Where a way comes in without a decision there is no group.
    pub fn decisions(&self, block: u32, function: &Function) -> Vec<Vec<(u32, u32)>> {
        let decides = |from: u32| {
            let edges = function.blocks.get(from as usize).map(|block| block.edges.as_slice()).unwrap_or_default();
            edges.iter().any(|edge| Some(edge.to) != edges.first().map(|first| first.to)) || edges.len() == 1 && self.ends(from, function)
        };
        let mut found = Vec::new();
        let mut at = Some(block);
        while let Some(here) = at {
            let outside: Vec<(u32, u32)> =
                self.before[here as usize].iter().filter(|(from, _)| !self.dominates(here, *from)).copied().collect();
            if !outside.is_empty() && outside.iter().all(|(from, _)| decides(*from)) {
                found.push(outside);
            }
            at = self.dominator(here);
        }
        found
    }

    /// Does a block with one edge also end the function where its condition does not hold: a conditional return or tail call?
    fn ends(&self, block: u32, function: &Function) -> bool {
        function.blocks.get(block as usize).is_some_and(|block| !block.tail_calls.is_empty() || block.gives_back)
    }
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
        assert_eq!(shape.decisions(3, &function), [vec![(2, 0)], vec![(0, 0)]]);
        assert_eq!(shape.decisions(4, &function), [vec![(0, 1), (2, 1)]]);
    }

    #[test]
    fn cases_that_share_a_block() {
        let function = function(&[&[1, 1, 2], &[], &[]]);
        assert_eq!(Shape::of(&function).decisions(1, &function), [vec![(0, 0), (0, 1)]]);
    }

    #[test]
    fn a_function_without_blocks() {
        assert!(Shape::of(&function(&[])).order.is_empty());
    }
}
