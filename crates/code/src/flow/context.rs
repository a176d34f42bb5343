//! Through which calls a question came, and by which steps.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    rc::Rc,
};

use super::edges::Edge;
use crate::functions::FunctionId;

/// Frames that are told apart; deeper ones are forgotten, so that recursion ends.
const DEPTH: u8 = 12;

#[derive(Debug)]
struct Frame {
    edge: Edge,
    depth: u8,
    /// Of this frame and all above it. Tables hold thousands of contexts that differ in their upper frames alone.
    hash: u64,
    up: Context,
}

/// The calls that a question went down through: it comes back up by the same ones.
#[derive(Debug, Clone, Default)]
pub struct Context(Option<Rc<Frame>>);

impl PartialEq for Context {
    fn eq(&self, other: &Self) -> bool {
        let (mut own, mut other) = (self, other);
        loop {
            match (&own.0, &other.0) {
                (None, None) => return true,
                (Some(a), Some(b)) if Rc::ptr_eq(a, b) => return true,
                (Some(a), Some(b)) if a.hash == b.hash && a.edge == b.edge => (own, other) = (&a.up, &b.up),
                _ => return false,
            }
        }
    }
}

impl Eq for Context {}

impl Hash for Context {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_ref().map_or(0, |frame| frame.hash).hash(state);
    }
}

impl Context {
    fn below(edge: &Edge, up: Self) -> Self {
        let mut hasher = DefaultHasher::new();
        (edge.from, edge.call, edge.to, &up).hash(&mut hasher);
        let depth = up.depth();
        Self(Some(Rc::new(Frame { edge: edge.clone(), depth, hash: hasher.finish(), up })))
    }

    /// Below one more call; none where it is too deep or the function is on the way already.
    pub fn down(&self, edge: &Edge) -> Option<Self> {
        let depth = self.depth();
        let mut at = self;
        while let Some(frame) = &at.0 {
            if frame.edge == *edge {
                return None;
            }
            at = &frame.up;
        }
        (depth < DEPTH).then(|| Self::below(edge, self.clone()))
    }

    /// The last `frames` calls alone, whoever made the first of them.
    pub fn innermost(&self, frames: usize) -> Self {
        let mut calls = Vec::new();
        let mut at = self;
        while let Some(frame) = at.0.as_ref().filter(|_| calls.len() < frames) {
            calls.push(&frame.edge);
            at = &frame.up;
        }
        if at.0.is_none() {
            return self.clone();
        }
        calls.iter().rev().fold(Self::default(), |up, edge| Self::below(edge, up))
    }

    /// The part of it that leads to `function`; nothing where it leads past it.
    pub fn within(&self, function: FunctionId) -> Self {
        let mut at = self;
        while let Some(frame) = &at.0 {
            if frame.edge.to == function {
                return at.clone();
            }
            at = &frame.up;
        }
        Self::default()
    }

    /// How many calls.
    pub fn depth(&self) -> u8 {
        self.0.as_ref().map_or(0, |frame| frame.depth + 1)
    }

    /// The call that led here, and the context above it.
    pub fn up(&self) -> Option<(&Edge, &Self)> {
        self.0.as_ref().map(|frame| (&frame.edge, &frame.up))
    }
}

/// A step of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step {
    /// In which function.
    pub function: FunctionId,
    /// At which instruction.
    pub site: u64,
    /// What happens there.
    pub kind: StepKind,
}

/// What happens in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepKind {
    /// It is passed as an argument of a call.
    Passed,
    /// It is given back by a call.
    GivenBack,
    /// It is stored.
    Stored,
    /// A library function moves or makes it.
    Moved,
    /// It is compared.
    Compared,
    /// It comes in.
    Source,
    /// It was looked at through this pointer: `site` is the number of the expression.
    Pointed,
    /// A variable begins with it: who writes there may leave something else.
    Began,
    /// It stands in a row of a table, found by a pointer (`site` is the number of the expression) that can be at any of them.
    Row,
    /// It stands there in disguise, and is made legible.
    Unveiled,
    /// Several ways come together, and it came by the one that leaves the block `site` by this edge.
    Came(u32),
    /// One of two was picked: because the condition `site`, the number of an expression, is this.
    Picked(bool),
}

/// Steps of one trail; what came before the last of them is left out.
const STEPS: u16 = 64;

#[derive(Debug)]
struct Link {
    last: Last,
    before: Trail,
    count: u16,
}

/// What a trail ends with. Answers that are remembered are put behind the trail of whoever asks, often and by the dozen: as one link each,
/// and gone through only where somebody looks at the steps.
#[derive(Debug)]
enum Last {
    Step(Step),
    Steps(Trail),
}

/// The steps by which an answer was found, the last one first.
#[derive(Debug, Clone, Default)]
pub struct Trail(Option<Rc<Link>>);

impl Trail {
    /// With one more step.
    #[must_use]
    pub fn with(&self, function: FunctionId, site: u64, kind: StepKind) -> Self {
        let count = self.count() + 1;
        if count > STEPS {
            return self.clone();
        }
        Self(Some(Rc::new(Link { last: Last::Step(Step { function, site, kind }), before: self.clone(), count })))
    }

    /// How many steps it has.
    pub fn count(&self) -> u16 {
        self.0.as_ref().map_or(0, |link| link.count)
    }

    /// These steps, and the ones of `inner` before them.
    #[must_use]
    pub fn then(&self, inner: &Self) -> Self {
        match (self.count(), inner.count()) {
            (_, 0) | (STEPS, _) => self.clone(),
            (0, _) => inner.clone(),
            (own, more) if own + more <= STEPS => {
                Self(Some(Rc::new(Link { last: Last::Steps(inner.clone()), before: self.clone(), count: own + more })))
            }
            _ => inner.steps().iter().rev().fold(self.clone(), |trail, step| trail.with(step.function, step.site, step.kind)),
        }
    }

    /// The pointers through which it was looked at before anything was moved: those whose bytes it is. Those of a function that gave it back
    /// are no part of them: it gives back other bytes to other callers.
    pub fn outermost(&self) -> Vec<(FunctionId, u64)> {
        let steps = self.steps();
        let own = steps.iter().rev().take_while(|step| !matches!(step.kind, StepKind::Moved | StepKind::GivenBack));
        own.filter(|step| step.kind == StepKind::Pointed).map(|step| (step.function, step.site)).collect()
    }

    /// Was it looked at through one of these pointers, as [`Trail::outermost`] gives them? The first function that both have in common tells:
    /// a word and what stands behind it in the same line are two pointers there, and one in whoever read the line. `whole`: the text that
    /// begins just there, and not one that another pointer began in the same function.
    pub fn passes(&self, pointers: &[(FunctionId, u64)], whole: bool) -> bool {
        let own = self.steps();
        let seen = |(function, pointer): &(FunctionId, u64)| {
            let mut here = own.iter().filter(|step| step.kind == StepKind::Pointed && step.function == *function).peekable();
            here.peek()?;
            Some(here.any(|step| step.site == *pointer))
        };
        let Some((first, _)) = pointers.iter().find(|pointer| seen(pointer).is_some()) else { return false };
        let begins = |at: usize| at.checked_sub(1).and_then(|before| pointers.get(before)).is_none_or(|(function, _)| function != first);
        let there = pointers.iter().enumerate().filter(|(at, (function, _))| function == first && (!whole || begins(*at)));
        there.into_iter().any(|(_, pointer)| seen(pointer) == Some(true))
    }

    /// The steps that are worth showing, the last one first.
    pub fn shown(&self) -> impl Iterator<Item = Step> {
        self.steps().into_iter().filter(|step| {
            !matches!(step.kind, StepKind::Pointed | StepKind::Began | StepKind::Row | StepKind::Came(_) | StepKind::Picked(_))
        })
    }

    /// The steps, the last one first: from where a value came to where it was asked for.
    pub fn steps(&self) -> Vec<Step> {
        let (mut steps, mut waiting) = (Vec::new(), vec![self]);
        while let Some(trail) = waiting.pop() {
            let Some(link) = &trail.0 else { continue };
            waiting.push(&link.before);
            match &link.last {
                Last::Step(step) => steps.push(*step),
                Last::Steps(inner) => waiting.push(inner),
            }
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_and_its_argument_in_one_line() {
        // main: &line; line_in: line, line + 4; run: word, argument.
        let (main, line_in, run) = (FunctionId(0), FunctionId(1), FunctionId(2));
        let trail = |pointers: &[(FunctionId, u64)]| {
            pointers.iter().fold(Trail::default(), |trail, (function, pointer)| trail.with(*function, *pointer, StepKind::Pointed))
        };
        let (word, argument) = (trail(&[(run, 1), (line_in, 1), (main, 9)]), trail(&[(run, 2), (line_in, 4), (main, 9)]));
        assert!(!argument.passes(&word.outermost(), false), "told apart in the first function that has both");
        let handed_on = trail(&[(FunctionId(3), 7), (line_in, 1), (main, 9)]);
        assert!(handed_on.passes(&word.outermost(), false), "the same line, seen by another function");
        let (path, query) = (trail(&[(main, 5), (main, 9)]), trail(&[(main, 6), (main, 9)]));
        assert!(query.passes(&path.outermost(), false) && !query.passes(&path.outermost(), true), "two texts in one line");
        assert!(!Trail::default().passes(&word.outermost(), false));
    }
}
