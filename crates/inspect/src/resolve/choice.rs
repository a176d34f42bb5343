//! What is left to choose when input goes from one process to the next.

use assay_core::facts::code::{Choice, Flow, Manner, TriggerKind};

/// How two processes hand something over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passing {
    /// Bytes over a socket, or a variable of the environment: what goes in comes out.
    Bytes,
    /// A file that one writes and the other reads: its content.
    File,
    /// An argument that has a hole: the bytes of the hole, or, where the outside chooses only the content of a file, that file's path.
    Argument,
    /// An argument that is the same every time.
    Constant(String),
    /// Bytes or a file's content that are the same every time.
    Words(String),
}

/// How much is left of the outside's say at some place of a way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Say {
    /// As data or as a decision.
    pub manner: Manner,
    /// What can be chosen.
    pub choice: Choice,
}

impl Say {
    /// At the end of a flow that begins outside.
    pub fn of(flow: &Flow) -> Self {
        Self { manner: flow.manner, choice: if flow.manner == Manner::Control { Choice::Whether } else { flow.choice.clone() } }
    }

    /// At the end of `next`, which takes up what was handed over; `None` where nothing of it arrives.
    pub fn through(&self, passing: &Passing, next: &Flow) -> Option<Self> {
        let decision = Self { manner: Manner::Control, choice: Choice::Whether };
        let content_only = self.choice == Choice::Content;
        match (self.manner, next.manner, passing) {
            (_, Manner::Control, Passing::Constant(word)) => fits(next, |kind, value| is_word(kind, value, word)).then_some(decision),
            (_, Manner::Control, Passing::Words(text)) => fits(next, |kind, value| is_said(kind, value, text)).then_some(decision),
            // The outside does not choose the path by which its content is called.
            (Manner::Data, Manner::Control, Passing::Argument) if content_only => None,
            // What is handed over is the same every time, and what it is, is not known: it sets off what waits for nothing in particular.
            (Manner::Control, Manner::Control, _) => next.triggers.iter().all(|trigger| !trigger.fits).then_some(decision),
            (Manner::Data, Manner::Control, _) => Some(decision),
            (Manner::Control, Manner::Data, _) => None,
            (Manner::Data, Manner::Data, Passing::Constant(_) | Passing::Words(_)) => {
                content_only.then_some(Self { manner: Manner::Data, choice: Choice::Content })
            }
            (Manner::Data, Manner::Data, Passing::Argument | Passing::Bytes) if content_only => {
                Some(Self { manner: Manner::Data, choice: Choice::Content })
            }
            // Who chooses a file's content chooses what the reader gets.
            (Manner::Data, Manner::Data, Passing::File) if content_only => Some(Self { manner: Manner::Data, choice: next.choice.clone() }),
            (Manner::Data, Manner::Data, _) => Some(Self { manner: Manner::Data, choice: narrower(&self.choice, &next.choice) }),
        }
    }
}

/// Is what is handed over, which fits a constant where `holds` says so, what the flow waits for?
fn fits(flow: &Flow, holds: impl Fn(TriggerKind, &str) -> bool) -> bool {
    let fitting = |wanted: bool| flow.triggers.iter().any(|trigger| trigger.fits == wanted && holds(trigger.kind, &trigger.value));
    fitting(true) && !fitting(false)
}

/// Does a word that is handed over as it is fit a constant?
fn is_word(kind: TriggerKind, value: &str, word: &str) -> bool {
    match kind {
        TriggerKind::Equals | TriggerKind::Number => word == value,
        TriggerKind::Begins => word.starts_with(value),
        TriggerKind::Contains => word.contains(value),
        _ => false,
    }
}

/// Does a text fit a constant, once it is taken apart into lines and words as whoever reads it may take it apart? A number can also be the
/// letter that is all of it.
fn is_said(kind: TriggerKind, value: &str, text: &str) -> bool {
    let mut parts = text.lines().chain(text.split(|letter: char| letter.is_whitespace() || "\"',:;={}[]&".contains(letter)));
    match kind {
        TriggerKind::Contains => text.contains(value),
        TriggerKind::Number if text.len() == 1 => text.bytes().any(|byte| byte.to_string() == value) || text == value,
        _ => is_word(kind, value, text) || parts.any(|part| !part.is_empty() && is_word(kind, value, part)),
    }
}

/// The choice that is left after both.
pub fn narrower(first: &Choice, second: &Choice) -> Choice {
    match (first, second) {
        (Choice::Without(one), Choice::Without(two)) => {
            let more: String = two.chars().filter(|letter| !one.contains(*letter)).collect();
            Choice::Without(format!("{one}{more}"))
        }
        (Choice::Number { min, max }, Choice::Number { min: low, max: high }) => {
            Choice::Number { min: (*min).max(*low), max: [*max, *high].into_iter().flatten().min() }
        }
        (Choice::OneOf(one), Choice::OneOf(two)) => Choice::OneOf(*one.min(two)),
        _ if width(first) <= width(second) => first.clone(),
        _ => second.clone(),
    }
}

/// Wider choices have greater numbers.
pub fn width(choice: &Choice) -> u8 {
    match choice {
        Choice::Free => 7,
        Choice::Content => 6,
        Choice::Without(_) => 5,
        Choice::Only(_) => 4,
        Choice::Component => 3,
        Choice::Number { .. } => 2,
        Choice::OneOf(_) => 1,
        Choice::Whether => 0,
    }
}
