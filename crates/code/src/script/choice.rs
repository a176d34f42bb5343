//! What is left to choose, compared: which of two leaves more, what is left where both hold and where either does.

use assay_core::facts::code::Choice;

/// From the most to the least that is left to choose.
pub fn rank(choice: &Choice) -> u8 {
    match choice {
        Choice::Free => 0,
        Choice::Content => 1,
        Choice::Without(_) => 2,
        Choice::Only(_) => 3,
        Choice::Component => 4,
        Choice::Number { .. } => 5,
        Choice::OneOf(_) => 6,
        Choice::Whether => 7,
    }
}

/// What is left where either holds.
pub fn wider(a: &Choice, b: &Choice) -> Choice {
    match (a, b) {
        (Choice::OneOf(x), Choice::OneOf(y)) => Choice::OneOf(x.saturating_add(*y)),
        (Choice::Number { min: a, max: b }, Choice::Number { min: c, max: d }) => {
            Choice::Number { min: a.zip(*c).map(|(a, c)| a.min(c)), max: b.zip(*d).map(|(b, d)| b.max(d)) }
        }
        (Choice::Only(x), Choice::Only(y)) if x != y => Choice::Only(format!("{x}{y}")),
        (Choice::Without(x), Choice::Without(y)) => Choice::Without(x.chars().filter(|letter| y.contains(*letter)).collect()),
        _ if rank(a) <= rank(b) => a.clone(),
        _ => b.clone(),
    }
}

/// What is left where both hold.
pub fn narrower(a: &Choice, b: &Choice) -> Choice {
    match (a, b) {
        (Choice::Without(x), Choice::Without(y)) => {
            let mut all: Vec<char> = x.chars().chain(y.chars()).collect();
            all.sort_unstable();
            all.dedup();
            Choice::Without(all.into_iter().collect())
        }
        (Choice::Number { min: a, max: b }, Choice::Number { min: c, max: d }) => {
            Choice::Number { min: (*a).max(*c), max: [*b, *d].into_iter().flatten().min() }
        }
        (Choice::OneOf(x), Choice::OneOf(y)) => Choice::OneOf(*x.min(y)),
        _ if rank(a) >= rank(b) => a.clone(),
        _ => b.clone(),
    }
}
