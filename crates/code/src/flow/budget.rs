//! How far questions go.
//!
//! Three limits, all counted and none of them time: the steps of a whole program, the steps of one question (so that one knot of code
//! does not eat what belongs to all the others), and how deep questions are asked for the sake of one another (the stack is finite).
//! What a limit cut is counted, and an answer that was cut is never remembered as if it were whole. It is remembered as what it is, for
//! whoever asks again and would get no farther: see [`Standing`].

use std::cell::Cell;

/// Questions that are answered for the sake of one another.
const NESTING: u32 = 40;

/// The part of all that is left that an answer for the whole program may take: one in so many.
const ASIDE: u64 = 8;
/// How many levels less deep, and how many times the steps, make a question that was cut worth asking again.
const FARTHER: (u32, u64) = (4, 2);

/// Where a question stands when it is asked: what it has left of the two limits that could cut it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    steps: u64,
    nesting: u32,
}

impl Standing {
    /// Would a question that was cut from `then` on get clearly farther from here? One that lies in a knot of code is asked from each of
    /// the knot's ends, and would be cut again each time.
    pub fn is_farther(self, then: Self) -> bool {
        self.nesting + FARTHER.0 <= then.nesting || self.steps / FARTHER.1 >= then.steps.max(1)
    }
}

/// Steps left for the questions of a run.
#[derive(Debug)]
pub struct Budget {
    left: Cell<u64>,
    question: Cell<u64>,
    nesting: Cell<u32>,
    cuts: Cell<u64>,
}

impl Budget {
    /// So many steps for everything.
    pub fn new(steps: u64) -> Self {
        Self { left: Cell::new(steps), question: Cell::new(steps), nesting: Cell::new(0), cuts: Cell::new(0) }
    }

    /// Gives so many steps for everything from here on, whatever was left.
    pub fn renew(&self, steps: u64) {
        self.left.set(steps);
        self.question.set(steps);
    }

    /// Takes a step; false where there is none left.
    pub fn step(&self) -> bool {
        let (left, question) = (self.left.get(), self.question.get());
        if left == 0 || question == 0 {
            self.cut();
            return false;
        }
        self.left.set(left - 1);
        self.question.set(question - 1);
        true
    }

    /// Answers a question in at most `steps` steps; true beside the answer where that was too few.
    pub fn question<T>(&self, steps: u64, answer: impl FnOnce() -> T) -> (T, bool) {
        let (before, cuts) = (self.question.get(), self.cuts.get());
        let given = steps.min(before);
        self.question.set(given);
        let answer = answer();
        let used = given - self.question.get();
        self.question.set(before - used);
        (answer, self.cuts.get() > cuts)
    }

    /// Answers what is asked once and holds for the whole program: out of steps of its own, and as if nobody had asked for it. Whoever
    /// happens to ask first may have few left, and the others would have to do with what came of that.
    pub fn aside<T>(&self, answer: impl FnOnce() -> T) -> T {
        let (question, nesting) = (self.question.replace(self.left.get() / ASIDE), self.nesting.replace(0));
        let answer = answer();
        self.question.set(question);
        self.nesting.set(nesting);
        answer
    }

    /// Answers a question for the sake of another; none where they are too many.
    pub fn nested<T>(&self, answer: impl FnOnce() -> T) -> Option<T> {
        if self.nesting.get() >= NESTING {
            self.cut();
            return None;
        }
        self.nesting.set(self.nesting.get() + 1);
        let answer = answer();
        self.nesting.set(self.nesting.get() - 1);
        Some(answer)
    }

    /// What a question that is asked now has left.
    pub fn standing(&self) -> Standing {
        Standing { steps: self.question.get().min(self.left.get()), nesting: self.nesting.get() }
    }

    /// Notes that an answer is not whole.
    pub fn cut(&self) {
        self.cuts.set(self.cuts.get() + 1);
    }

    /// How often an answer was cut so far.
    pub fn cuts(&self) -> u64 {
        self.cuts.get()
    }

    /// Steps left for everything.
    pub fn left(&self) -> u64 {
        self.left.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_takes_no_more_than_its_own() {
        let budget = Budget::new(10);
        let (taken, cut) = budget.question(3, || (0..5).filter(|_| budget.step()).count());
        assert_eq!((taken, cut, budget.left()), (3, true, 7));
        let (taken, cut) = budget.question(100, || (0..7).filter(|_| budget.step()).count());
        assert_eq!((taken, cut, budget.left()), (7, false, 0));
        assert!(!budget.step());
    }

    #[test]
    fn what_was_cut_is_asked_again_where_it_gets_farther() {
        let then = Standing { steps: 100, nesting: 10 };
        for (steps, nesting, farther) in [(100, 10, false), (199, 7, false), (200, 10, true), (50, 6, true), (50, 40, false)] {
            assert_eq!(Standing { steps, nesting }.is_farther(then), farther, "{steps} {nesting}");
        }
    }

    #[test]
    fn what_holds_for_all_has_steps_of_its_own() {
        let budget = Budget::new(80);
        let (taken, cut) = budget.question(0, || budget.aside(|| (0..10).filter(|_| budget.step()).count()));
        assert_eq!((taken, cut, budget.left()), (10, false, 70));
    }

    #[test]
    fn questions_end() {
        fn ask(budget: &Budget) -> u32 {
            budget.nested(|| ask(budget) + 1).unwrap_or(0)
        }
        assert_eq!(ask(&Budget::new(1)), NESTING);
    }
}
