//! Signatures that are looked at on the way to a place and do not keep anybody from it.
//!
//! What must be true to get somewhere (`super`) speaks of the ways there. A check whose outcome nobody uses is on no such list, and one
//! that some way goes round is on it although it need not hold. So for each function on the way: which of its calls verify something, does
//! the way come by them, and does every way?

use std::collections::{BTreeMap, BTreeSet};

use assay_core::facts::code::{ActuatorKind, CheckKind, Enforcement};

use super::{Atom, Guards, Test};
use crate::{
    flow::{commands::Quoting, context::Context, edges::Passing},
    functions::FunctionId,
    models::Acts,
    values::{CallId, Local},
};

/// Functions that verify through others.
const DEPTH: usize = 4;
/// Callers of one function on the way.
const CALLERS: usize = 12;
/// Calls that verify something in one function, and in all of a program.
const OWN: usize = 64;
const ALL: usize = 20_000;
/// Functions on the way.
const FRAMES: u32 = 6;

/// A check that a call makes, itself or through what it calls: where, and by what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Verifier {
    call: CallId,
    function: FunctionId,
    site: u64,
    by: String,
}

/// Calls that verify signatures, by the function they are in.
pub(super) type Verifiers = BTreeMap<FunctionId, BTreeSet<Verifier>>;

impl Guards<'_, '_, '_> {
    /// Does the program verify signatures at all?
    pub(super) fn verifies(&self) -> bool {
        !self.verifiers().is_empty()
    }

    /// Adds the checks on the way to `block` that do not hold anybody up, and marks those that some way goes round.
    pub(super) fn beside(&self, function: FunctionId, block: u32, context: &Context, atoms: &mut Vec<Atom>) {
        if self.verifies() {
            let mut seen = BTreeSet::new();
            let mut beside = Vec::new();
            self.beside_in(function, block, context, FRAMES, &mut seen, atoms, &mut beside);
            for (verifier, enforcement) in beside {
                let own = |atom: &&mut Atom| {
                    (atom.function, atom.site) == (verifier.function, verifier.site) && matches!(atom.test, Test::Check(..)) && atom.fits
                };
                let mut known = false;
                for atom in atoms.iter_mut().filter(own) {
                    known = true;
                    if let Test::Check(_, _, known @ Enforcement::Enforced) = &mut atom.test {
                        *known = enforcement;
                    }
                }
                if !known && enforcement == Enforcement::Ignored {
                    let (function, site) = (verifier.function, verifier.site);
                    let test = Test::Check(CheckKind::Signature, verifier.by, enforcement);
                    atoms.push(Atom {
                        function,
                        site,
                        origins: Vec::new(),
                        test,
                        fits: true,
                        seen: Vec::new(),
                        by: Vec::new(),
                        came: Vec::new(),
                        word: None,
                    });
                }
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    fn beside_in(
        &self,
        function: FunctionId,
        block: u32,
        context: &Context,
        frames: u32,
        seen: &mut BTreeSet<(FunctionId, u32)>,
        atoms: &[Atom],
        beside: &mut Vec<(Verifier, Enforcement)>,
    ) {
        if frames == 0 || !seen.insert((function, block)) || !self.resolver().budget.step() {
            return;
        }
        let Some(local) = self.resolver().unit.local(function) else { return };
        let own = self.verifiers().get(&function);
        let before = own.into_iter().flatten().filter(|verifier| {
            let at = local.call(verifier.call).map(|call| call.block);
            at.is_some_and(|at| at != block && local.shape.leads_to(at, block))
        });
        let (held, loose): (Vec<&Verifier>, Vec<&Verifier>) = before.partition(|verifier| {
            atoms.iter().any(|atom| {
                (atom.function, atom.site) == (verifier.function, verifier.site) && matches!(atom.test, Test::Check(..)) && atom.fits
            })
        });
        if held.is_empty() {
            beside.extend(loose.into_iter().map(|verifier| (verifier.clone(), Enforcement::Ignored)));
        } else if goes_round(local, &held, block) {
            beside.extend(held.into_iter().map(|verifier| (verifier.clone(), Enforcement::SkippedWhenMissing)));
        }
        for (edge, above) in self.resolver().callers(function, context).into_iter().take(CALLERS) {
            let call = self.resolver().unit.local(edge.from).and_then(|local| local.call(edge.call));
            if let Some(call) = call.filter(|_| !edge.thread) {
                self.beside_in(edge.from, call.block, &above, frames - 1, seen, atoms, beside);
            }
        }
    }

    fn verifiers(&self) -> &Verifiers {
        let all = || {
            let unit = self.resolver().unit;
            let mut all = Verifiers::new();
            for (number, local) in unit.locals.iter().enumerate() {
                let function = FunctionId(number as u32);
                for index in 0..local.calls.len() {
                    self.verified_by(function, CallId(index as u32), &mut all);
                }
            }
            for _ in 0..DEPTH {
                let mut more = Vec::new();
                for (function, own) in &all {
                    for edge in unit.callers(*function).iter().filter(|edge| edge.passing == Passing::Own) {
                        if more.len() < ALL {
                            more.extend(own.iter().map(|verifier| (edge.from, Verifier { call: edge.call, ..verifier.clone() })));
                        }
                    }
                }
                let known: usize = all.values().map(BTreeSet::len).sum();
                for (function, verifier) in more {
                    let own: &mut BTreeSet<Verifier> = all.entry(function).or_default();
                    if own.len() < OWN {
                        own.insert(verifier);
                    }
                }
                if all.values().map(BTreeSet::len).sum::<usize>() == known {
                    break;
                }
            }
            all
        };
        self.verifiers.get_or_init(|| self.resolver().budget.aside(all))
    }

    /// What a call verifies itself.
    fn verified_by(&self, function: FunctionId, call: CallId, all: &mut Verifiers) {
        let unit = self.resolver().unit;
        let Some((_, model)) = unit.model(function, call) else { return };
        let Some(made) = unit.local(function).and_then(|local| local.call(call)) else { return };
        if model.checks.is_some_and(|checks| checks.kind == CheckKind::Signature) {
            all.entry(function).or_default().insert(Verifier { call, function, site: made.site, by: String::new() });
            return;
        }
        if let Some(acts) = model.acts.filter(|acts| acts.kind == ActuatorKind::Command) {
            self.verified_by_command(function, call, made.site, (call, acts), all);
        }
        if model.outcome.is_some() {
            for started in self.started_in(function) {
                self.verified_by_command(function, call, made.site, started, all);
            }
        }
    }

    /// The calls of a function that start programs whose end is waited for.
    pub(super) fn started_in(&self, function: FunctionId) -> Vec<(CallId, Acts)> {
        let unit = self.resolver().unit;
        let calls = unit.local(function).map_or(0, |local| local.calls.len());
        let started = (0..calls).map(|index| CallId(index as u32)).filter_map(|call| {
            let acts = unit.model(function, call)?.1.acts?;
            (acts.kind == ActuatorKind::Program).then_some((call, acts))
        });
        started.collect()
    }

    /// The signatures that a command makes sure of: (by which key), told at whoever says what the command is.
    fn verified_by_command(&self, function: FunctionId, call: CallId, site: u64, started: (CallId, Acts), all: &mut Verifiers) {
        for way in self.channels.contents.ways_in(function, started.0, &started.1) {
            for by in self.signatures_of(function, started, &way) {
                // The outermost call of the way is the one that means it.
                let (mut place, mut above) = ((function, call), way.clone());
                while let Some((edge, up)) = above.up().map(|(edge, up)| (edge.clone(), up.clone())) {
                    (place, above) = ((edge.from, edge.call), up);
                }
                all.entry(place.0).or_default().insert(Verifier { call: place.1, function, site, by });
            }
        }
    }

    fn signatures_of(&self, function: FunctionId, started: (CallId, Acts), way: &Context) -> Vec<String> {
        let checks = self.checks_of(function, started, way);
        checks.into_iter().filter(|(kind, _)| *kind == CheckKind::Signature).map(|(_, by)| by).collect()
    }

    /// What held if a command succeeded.
    pub(super) fn checks_of(&self, function: FunctionId, started: (CallId, Acts), way: &Context) -> Vec<(CheckKind, String)> {
        let (call, acts) = started;
        let contents = &self.channels.contents;
        let Some(made) = self.resolver().unit.local(function).and_then(|local| local.call(call)) else { return Vec::new() };
        let texts = acts.argument.map(|index| contents.argument(function, made, usize::from(index), way)).unwrap_or_default();
        let mut checks = Vec::new();
        for text in &texts {
            let meaning = if acts.kind == ActuatorKind::Program {
                let rest = contents.words(function, call, &acts, way);
                let words: Vec<_> = std::iter::once(text).chain(rest.iter().skip(1)).collect();
                self.commands.read(&words, Quoting::Words)
            } else {
                self.commands.read(&[text], Quoting::Shell)
            };
            checks.extend(meaning.checks.iter().map(|check| (check.kind, check.detail.clone())));
        }
        checks.sort();
        checks.dedup();
        checks
    }
}

/// Is there a way to `block` past all of these calls? Where each part of something is checked in one loop and used in another, no round of
/// the first is no round of the second: whoever comes by the head of the first has come by the check.
fn goes_round(local: &Local, verifiers: &[&Verifier], block: u32) -> bool {
    let mut held: BTreeSet<u32> = verifiers.iter().filter_map(|verifier| local.call(verifier.call)).map(|call| call.block).collect();
    let used = local.shape.loops(block);
    let checked: BTreeSet<u32> = held.iter().flat_map(|block| local.shape.loops(*block)).collect();
    if !used.is_subset(&checked) {
        held.extend(checked.difference(&used));
    }
    local.shape.is_reached_without(&held, block)
}
