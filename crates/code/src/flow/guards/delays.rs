//! What holds a way up inside of the functions that are called on it.
//!
//! `wait_for_gate(&gate); write(board, …);` depends on nothing that the caller decides; the loop that waits is in the callee. A callee
//! holds its caller up by the decisions on which its ends hang only because a loop before them may never be left.

use super::{Asked, Atom, Guards};
use crate::{flow::edges::Passing, values::CallId};

/// Calls in front of one place whose callees are looked into.
const CALLS: usize = 24;

impl Guards<'_, '_, '_> {
    /// What keeps the calls in front of `block`, on every way to it, from coming back.
    pub(super) fn held_up(&self, asked: &Asked, block: u32, atoms: &mut Vec<Atom>) {
        let unit = self.resolver().unit;
        let Some(local) = unit.local(asked.function).filter(|_| asked.depth > 0) else { return };
        let passed = |at: u32| at != block && local.shape.dominates(at, block);
        let calls = local.calls.iter().enumerate().filter(|(_, call)| passed(call.block)).take(CALLS);
        for (index, _) in calls {
            for edge in unit.callees(asked.function, CallId(index as u32)).iter().filter(|edge| edge.passing == Passing::Own) {
                let (Some(callee), Some(inner)) = (unit.local(edge.to), asked.context.down(edge)) else { continue };
                let inside = asked.within(edge.to, inner).deeper();
                for back in &callee.returns {
                    if !self.resolver().budget.step() || !self.asked.borrow_mut().insert((edge.to, back.block, false, None)) {
                        continue;
                    }
                    let decided = callee.shape.decisions(back.block);
                    let waits = callee.shape.delays(back.block).into_iter().filter(|decision| !decided.contains(decision));
                    for (from, edge) in waits {
                        self.edge(&inside, from, edge, false, atoms);
                    }
                    self.held_up(&inside, back.block, atoms);
                }
            }
        }
    }
}
