//! Answers that are kept: whole ones for good, those that a limit cut until somebody asks who would get farther.

use std::{collections::HashMap, hash::Hash};

use super::budget::{Budget, Standing};

/// Answers by their questions.
#[derive(Debug)]
pub(super) struct Kept<Q, A> {
    whole: HashMap<Q, A>,
    cut: HashMap<Q, (A, Standing)>,
}

impl<Q, A> Default for Kept<Q, A> {
    fn default() -> Self {
        Self { whole: HashMap::new(), cut: HashMap::new() }
    }
}

impl<Q: Eq + Hash, A> Kept<Q, A> {
    /// What is known. One that was cut counts as a cut for whoever takes it.
    pub fn get(&self, question: &Q, budget: &Budget) -> Option<&A> {
        if let Some(known) = self.whole.get(question) {
            return Some(known);
        }
        let (answer, then) = self.cut.get(question)?;
        if budget.standing().is_farther(*then) {
            return None;
        }
        budget.cut();
        Some(answer)
    }

    /// Keeps an answer; with where it was asked from, where a limit cut it.
    pub fn keep(&mut self, question: Q, answer: A, cut: Option<Standing>) {
        match cut {
            None => {
                self.cut.remove(&question);
                self.whole.insert(question, answer);
            }
            Some(standing) => {
                self.cut.insert(question, (answer, standing));
            }
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.whole.clear();
        self.cut.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cut_counts_as_cut_again() {
        let (budget, mut kept) = (Budget::new(100), Kept::default());
        kept.keep("whole", 1, None);
        kept.keep("cut", 2, Some(budget.standing()));
        assert_eq!((kept.get(&"whole", &budget), budget.cuts()), (Some(&1), 0));
        assert_eq!((kept.get(&"cut", &budget), budget.cuts()), (Some(&2), 1));
        budget.renew(1000);
        assert_eq!((kept.get(&"cut", &budget), budget.cuts()), (None, 1));
    }
}
