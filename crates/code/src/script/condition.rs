//! Conditions: what must hold where the interpreter stands.
//!
//! A path is a list of conditions that all hold. Where branches meet again, what they differ in becomes an "either": so that after
//! `[ -f key ] && { verify || exit 1; }` it is still known that either the key was missing or the check passed. From that follows what a
//! failed check really ends ([`enforcement`]).
//!
//! **Limitations**: an "either" that grows too large keeps only what it says of checks.

use std::rc::Rc;

use assay_core::facts::code::{Choice, Enforcement, Trigger};

use super::value::Origin;

/// Conditions of one path.
const LENGTH: usize = 120;
/// Atoms of one "either".
const WEIGHT: usize = 80;

/// Outcomes of a check: it passes, it fails in the usual way, it fails in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Status 0.
    Pass,
    /// Status 1.
    Fail,
    /// Any other status.
    Other,
}

/// One thing that holds.
#[derive(Debug)]
pub struct Atom {
    /// The place that asks, one number per time it is asked.
    pub site: u32,
    /// Which of its outcomes this is.
    pub arm: u32,
    /// Line of the question.
    pub line: u32,
    /// Function that asks.
    pub function: Option<Rc<str>>,
    /// What is asked.
    pub asks: Asks,
}

/// What is asked.
#[derive(Debug)]
pub enum Asks {
    /// Nothing that is known.
    Unknown,
    /// Outside content is compared with constants; any of them fits, or none.
    Compare {
        /// Whose content.
        origins: Vec<Origin>,
        /// With what.
        triggers: Vec<Trigger>,
        /// The hole, and what is left of it.
        narrows: Option<(u32, Choice)>,
    },
    /// Is a file there (true), or not?
    There(bool, Vec<Origin>),
    /// A check was made.
    Ran(u32),
    /// It came out so.
    Came(u32, Outcome),
}

/// A condition.
#[derive(Debug, Clone)]
pub enum Condition {
    /// It holds.
    Atom(Rc<Atom>),
    /// One of these paths holds.
    Either(Rc<Vec<Path>>),
}

/// Conditions that all hold.
pub type Path = Vec<Condition>;

fn same(a: &Condition, b: &Condition) -> bool {
    match (a, b) {
        (Condition::Atom(a), Condition::Atom(b)) => Rc::ptr_eq(a, b) || (a.site == b.site && a.arm == b.arm),
        (Condition::Either(a), Condition::Either(b)) => Rc::ptr_eq(a, b),
        _ => false,
    }
}

/// Are they the same conditions?
pub fn equal(a: &Path, b: &Path) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
}

/// All of both.
pub fn both(a: &Path, b: &Path) -> Path {
    let mut all = a.clone();
    all.extend(b.iter().filter(|other| !a.iter().any(|known| same(known, other))).cloned());
    cut(&mut all);
    all
}

/// Too many conditions: the oldest that say nothing go first.
fn cut(path: &mut Path) {
    while path.len() > LENGTH {
        let idle = path.iter().position(|one| matches!(one, Condition::Atom(atom) if matches!(atom.asks, Asks::Unknown)));
        path.remove(idle.unwrap_or(0));
    }
}

/// One of these paths was taken: what they have in common stays, the rest becomes an "either".
pub fn either(paths: &[&Path]) -> Path {
    let Some(first) = paths.first() else { return Path::new() };
    let common = (0..first.len()).take_while(|at| paths.iter().all(|path| path.get(*at).is_some_and(|one| same(one, &first[*at])))).count();
    let mut joined: Path = first[..common].to_vec();
    let rests: Vec<Path> = paths.iter().map(|path| path[common..].to_vec()).collect();
    if rests.iter().any(Vec::is_empty) || complete(&rests) {
        return joined;
    }
    let weight: usize = rests.iter().map(weight).sum();
    let rests = if weight > WEIGHT { rests.iter().map(checks_only).collect() } else { rests };
    if !rests.iter().any(Vec::is_empty) && rests.iter().map(self::weight).sum::<usize>() <= WEIGHT {
        joined.push(Condition::Either(Rc::new(rests)));
    }
    joined
}

/// Two paths that are the two answers to one question say nothing together.
fn complete(rests: &[Path]) -> bool {
    match rests {
        [a, b] => match (&a[..], &b[..]) {
            ([Condition::Atom(a)], [Condition::Atom(b)]) => a.site == b.site && a.arm != b.arm && a.arm + b.arm == 1,
            _ => false,
        },
        _ => false,
    }
}

fn weight(path: &Path) -> usize {
    let of = |one: &Condition| match one {
        Condition::Atom(_) => 1,
        Condition::Either(paths) => paths.iter().map(weight).sum::<usize>() + 1,
    };
    path.iter().map(of).sum()
}

fn checks_only(path: &Path) -> Path {
    path.iter()
        .filter(|one| matches!(one, Condition::Atom(atom) if matches!(atom.asks, Asks::Ran(_) | Asks::Came(..) | Asks::There(..))))
        .cloned()
        .collect()
}

/// Every atom, with whether it surely holds (it does not stand in an "either").
pub fn atoms<'a>(path: &'a Path, surely: bool, visit: &mut dyn FnMut(&'a Rc<Atom>, bool)) {
    for one in path {
        match one {
            Condition::Atom(atom) => visit(atom, surely),
            Condition::Either(paths) => paths.iter().for_each(|path| atoms(path, false, visit)),
        }
    }
}

/// Can the path be taken without the check having run, and after it ran?
#[derive(Clone, Copy)]
struct Possible {
    without: bool,
    with: bool,
    /// A way around it goes over a file that is missing.
    missing: bool,
}

/// `strict`: ways that ask for anything else besides checks do not count.
fn possible(path: &Path, check: u32, assumed: Option<Outcome>, others: &dyn Fn(u32) -> bool, strict: bool) -> Possible {
    let mut sum = Possible { without: true, with: false, missing: false };
    for one in path {
        let next = match one {
            Condition::Atom(atom) => match atom.asks {
                Asks::Ran(number) if number == check => Possible { without: false, with: true, missing: false },
                Asks::Came(number, outcome) if number == check => {
                    Possible { without: false, with: assumed == Some(outcome), missing: false }
                }
                // Another check of the kind that passed stands in for this one.
                Asks::Came(number, Outcome::Pass) if assumed.is_none() && others(number) => {
                    Possible { without: false, with: true, missing: false }
                }
                Asks::There(there, _) => Possible { without: true, with: false, missing: !there },
                _ => continue,
            },
            Condition::Either(paths) if strict && !paths.iter().any(|path| only_checks(path) || mentions(path, check)) => continue,
            Condition::Either(paths) => paths
                .iter()
                .filter(|path| !strict || only_checks(path))
                .map(|path| possible(path, check, assumed, others, strict))
                .fold(Possible { without: false, with: false, missing: false }, |a, b| Possible {
                    without: a.without || b.without,
                    with: a.with || b.with,
                    missing: a.missing || (b.missing && b.without),
                }),
        };
        sum = Possible {
            with: (sum.with && (next.with || next.without)) || (sum.without && next.with),
            without: sum.without && next.without,
            missing: sum.missing || next.missing,
        };
    }
    sum
}

/// Does a way say how a check came out?
fn mentions(path: &Path, check: u32) -> bool {
    let mut found = false;
    atoms(path, true, &mut |atom, _| found |= matches!(atom.asks, Asks::Came(number, _) if number == check));
    found
}

/// Does a way ask for nothing but outcomes of checks?
fn only_checks(path: &Path) -> bool {
    path.iter().all(|one| match one {
        Condition::Atom(atom) => matches!(atom.asks, Asks::Ran(_) | Asks::Came(..)),
        Condition::Either(paths) => paths.iter().any(only_checks),
    })
}

/// What happens on `path` when `check` fails; nothing where it was not made on the way. `others` says which checks can stand in for it.
pub fn enforcement(path: &Path, check: u32, others: &dyn Fn(u32) -> bool) -> Option<Enforcement> {
    let passes = possible(path, check, Some(Outcome::Pass), others, false);
    let with = |outcome, strict| possible(path, check, Some(outcome), others, strict).with;
    let (fails, other) = (with(Outcome::Fail, false), with(Outcome::Other, false));
    // A failure that gets through only where something else holds as well is not one that is ignored.
    let always = with(Outcome::Fail, true) && with(Outcome::Other, true);
    let around = possible(path, check, None, others, false);
    // A way that is taken only where the check fails is no way through the check.
    if !passes.with {
        return None;
    }
    Some(match (fails, other) {
        (true, true) if always => Enforcement::Ignored,
        (true, _) | (_, true) => Enforcement::Partly,
        (false, false) if around.without && around.missing => Enforcement::SkippedWhenMissing,
        (false, false) if around.without => Enforcement::Partly,
        (false, false) => Enforcement::Enforced,
    })
}
