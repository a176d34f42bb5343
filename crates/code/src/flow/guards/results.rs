//! The result of a call is a number, or is not: what that says of the texts that were compared, the check that was made, the text that
//! was taken apart.

use std::collections::HashSet;

use assay_core::facts::code::{ActuatorKind, Channel, CheckKind, Enforcement};

use super::{Asked, Atom, Guards, Test, rows::Fit};
use crate::{
    flow::{
        context::{Context, StepKind, Trail},
        edges::Passing,
        format::{Part, parts},
        letters::Wanted,
        text::{Origin, Piece, Text},
    },
    models::{Acts, Checks, Compares, Formats, Gives, How, Model, Outcome},
    values::{Call, CallId},
};

/// Steps of one way that are remembered.
const STEPS: usize = 8;
/// Longest constant that is compared as bytes.
const BYTES: u64 = 256;

impl Guards<'_, '_, '_> {
    /// The result of a call is `number`, or is not.
    pub(super) fn result(&self, asked: &Asked, id: CallId, number: u64, equal: bool, atoms: &mut Vec<Atom>) {
        let unit = self.resolver().unit;
        let Some(call) = unit.local(asked.function).and_then(|local| local.call(id)) else { return };
        let Some((_, model)) = unit.model(asked.function, id) else { return self.given_back(asked, id, number, equal, atoms) };
        // The comparison is at the call, whoever decides on its outcome.
        let asked = &Asked { site: call.site, ..asked.clone() };
        if let Some(compares) = model.compares {
            let fits = match compares.fits {
                Outcome::Zero => (number == 0) == equal,
                _ => (number == 0) != equal,
            };
            self.compared(asked, id, call, compares, fits, atoms);
        } else if let Some(checks) = model.checks {
            self.checked(asked, call, checks, outcome(checks.holds, number, equal), atoms);
        } else if let Some(acts) = model.acts.filter(|acts| acts.kind == ActuatorKind::Command) {
            self.succeeded(asked, id, call, acts, number, equal, atoms);
        } else if let Some(Gives::Member(of, name)) = model.gives {
            self.member(asked, call, of, name, (number == 0) != equal, atoms);
        } else if let Some(tests) = model.tests {
            let value = unit.argument(asked.function, id, usize::from(tests.value));
            let origin = value.map(|(_, value)| self.channels.contents.value_origin(asked.function, value, &asked.context));
            push(asked, origin.map(|origin| origin.parts()).unwrap_or_default(), Test::Class(tests.class), (number == 0) != equal, atoms);
        } else if let Some(scans) = model.scans {
            self.taken_apart(asked, call, scans, (number == 0) != equal, atoms);
        } else if let Some(finds) = model.finds {
            if outcome(finds.there, number, equal) == Said::Holds {
                self.found(asked, id, call, finds, atoms);
            }
        } else {
            self.made(asked, id, call, model, number, equal, atoms);
        }
    }

    /// A function of the program: what is true where it gives back a fitting constant.
    fn given_back(&self, asked: &Asked, id: CallId, number: u64, equal: bool, atoms: &mut Vec<Atom>) {
        let unit = self.resolver().unit;
        for edge in unit.callees(asked.function, id).iter().filter(|edge| edge.passing == Passing::Own) {
            let (Some(inner), Some(callee)) = (asked.context.down(edge), unit.local(edge.to)) else { continue };
            let there = asked.within(edge.to, inner).deeper().at_row(self.row_passed(asked, edge));
            let ways = callee.returns.iter().filter_map(|back| Some((back, back.values.first().copied()?)));
            let fitting = ways.filter_map(|(back, value)| Some((back, value, self.fit(&there, callee, value, number, equal)?)));
            self.one_of(atoms, fitting, |(back, value, fit), atoms| {
                match fit {
                    Fit::Always(row) => self.own(&there.at_row(row), back.block, true, atoms),
                    Fit::At(rows) => self.at_rows(&there, rows, atoms, |there, atoms| self.own(there, back.block, true, atoms)),
                    Fit::Perhaps => self.value(&there, value, number, equal, atoms),
                }
                self.spelled(&there, (back.block, Some((value, Wanted::Number(number, equal)))), atoms);
            });
        }
    }

    fn compared(&self, asked: &Asked, id: CallId, call: &Call, compares: Compares, fits: bool, atoms: &mut Vec<Atom>) {
        let unit = self.resolver().unit;
        let sides = [compares.a, compares.b].map(|index| self.side(asked, id, call, index, compares.length));
        if compares.how == How::Character {
            let with = unit.argument(asked.function, id, usize::from(compares.b)).and_then(|(local, value)| local.exprs.value(value));
            if let Some(with) = with {
                let with = Text { pieces: vec![Piece::Text(vec![with as u8])], trail: Trail::default() };
                push(asked, origins(&sides[0]), Test::Text { how: compares.how, with }, fits, atoms);
                through(atoms, &sides[0]);
            }
            return;
        }
        // What came in is compared with what came in the same way before: has it changed? That says nothing of what it is.
        if is_same_again(&sides) {
            return;
        }
        // Either side may be the constant.
        for (one, other) in [(0, 1), (1, 0)] {
            let tested = origins(&sides[one]);
            for with in &sides[other] {
                if with.known().is_some() && !tested.is_empty() {
                    push(asked, tested.clone(), Test::Text { how: compares.how, with: with.clone() }, fits, atoms);
                    through(atoms, &sides[one]);
                }
            }
        }
        for side in &sides {
            self.members_of(asked, side, atoms);
        }
        // Two texts that are both not known: a password from a file, perhaps.
        for (one, other) in [(0, 1), (1, 0)] {
            let tested = origins(&sides[one]);
            let with = sides[other].iter().find(|text| text.known().is_none() && text.origins().next().is_some());
            if let Some(with) = with.filter(|_| !tested.is_empty()) {
                push(asked, tested, Test::Text { how: compares.how, with: with.clone() }, fits, atoms);
                through(atoms, &sides[one]);
            }
        }
    }

    /// What stands behind one side of a comparison: as many bytes as are compared, where that is a number.
    fn side(&self, asked: &Asked, id: CallId, call: &Call, index: u8, length: Option<u8>) -> Vec<Text> {
        let (unit, contents) = (self.resolver().unit, &self.channels.contents);
        let at_row = |index: u8| self.number_at(asked, unit.argument(asked.function, id, usize::from(index))?.1);
        let number = |index: u8| {
            let (_, value) = unit.argument(asked.function, id, usize::from(index))?;
            if let Some(number) = at_row(index) {
                return Some(number);
            }
            match self.resolver().numbers(asked.function, value, &asked.context)?.as_slice() {
                [number] => Some(*number),
                _ => None,
            }
        };
        let length = length.and_then(number).filter(|length| *length <= BYTES);
        if let (Some(length), Some(address)) = (length, number(index))
            && unit.program.memory.constant(address)
            && let Some(bytes) = unit.program.memory.bytes(address, length as usize)
        {
            let bytes = bytes.strip_suffix(&[0]).unwrap_or(&bytes);
            return vec![Text::literal(bytes, &Trail::default())];
        }
        if let Some(address) = at_row(index) {
            return contents.global(address, &Trail::default());
        }
        contents.argument(asked.function, call, usize::from(index), &asked.context)
    }

    /// The result of a call that checks or looks for something is below 0 or 1 (`limit`), or is not.
    pub(super) fn checked_below(&self, asked: &Asked, id: CallId, limit: i64, below: bool, atoms: &mut Vec<Atom>) {
        let unit = self.resolver().unit;
        let Some(call) = unit.local(asked.function).and_then(|local| local.call(id)) else { return };
        let Some((_, model)) = unit.model(asked.function, id) else { return };
        let asked = &Asked { site: call.site, ..asked.clone() };
        if let Some(checks) = model.checks {
            self.checked(asked, call, checks, outcome_below(checks.holds, limit, below), atoms);
        } else if let Some(finds) = model.finds.filter(|finds| outcome_below(finds.there, limit, below) == Said::Holds) {
            self.found(asked, id, call, finds, atoms);
        }
    }

    fn checked(&self, asked: &Asked, call: &Call, checks: Checks, outcome: Said, atoms: &mut Vec<Atom>) {
        let argument = |index: Option<u8>| {
            index.map_or_else(Vec::new, |index| self.channels.contents.argument(asked.function, call, usize::from(index), &asked.context))
        };
        let by = argument(checks.by).first().map(|by| self.key(by)).unwrap_or_default();
        push_check(asked, origins(&argument(checks.what)), checks.kind, by, outcome, atoms);
    }

    /// A key by the file that it was read from, where it is not known itself.
    fn key(&self, by: &Text) -> String {
        let files = by.origins().flat_map(|(origin, _)| self.channels.origin(origin)).find_map(|channel| match channel {
            Channel::File(path) => Some(path),
            _ => None,
        });
        files.unwrap_or_else(|| by.show())
    }

    /// A command that succeeds only where a check of its own holds.
    fn succeeded(&self, asked: &Asked, id: CallId, call: &Call, acts: Acts, number: u64, equal: bool, atoms: &mut Vec<Atom>) {
        let contents = &self.channels.contents;
        let texts = acts.argument.map(|index| contents.argument(asked.function, call, usize::from(index), &asked.context));
        let origins = origins(&texts.unwrap_or_default());
        for (kind, by) in self.checks_of(asked.function, (id, acts), &asked.context) {
            push_check(asked, origins.clone(), kind, by, outcome(Outcome::Zero, number, equal), atoms);
        }
    }

    /// How a program ended that this function started.
    pub(super) fn ended(&self, asked: &Asked, id: CallId, number: u64, equal: bool, atoms: &mut Vec<Atom>) {
        let Some(call) = self.resolver().unit.local(asked.function).and_then(|local| local.call(id)) else { return };
        let asked = &Asked { site: call.site, ..asked.clone() };
        for started in self.started_in(asked.function) {
            for (kind, by) in self.checks_of(asked.function, started, &asked.context) {
                push_check(asked, Vec::new(), kind, by, outcome(Outcome::Zero, number, equal), atoms);
            }
        }
    }

    /// A text that fits a format begins with what stands in it before its first value.
    fn taken_apart(&self, asked: &Asked, call: &Call, scans: Formats, fits: bool, atoms: &mut Vec<Atom>) {
        let contents = &self.channels.contents;
        let format = contents.argument(asked.function, call, usize::from(scans.format), &asked.context);
        let Some(Part::Text(word)) = format.first().and_then(Text::known).and_then(|format| parts(&format).into_iter().next()) else {
            return;
        };
        let Some(text) = scans.text else { return };
        let texts = contents.argument(asked.function, call, usize::from(text), &asked.context);
        let word = word.trim_ascii();
        if !word.is_empty() {
            let with = Text::literal(word, &Trail::default());
            push(asked, origins(&texts), Test::Text { how: How::Begins, with }, fits, atoms);
            through(atoms, &texts);
        }
    }

    /// A member of a structure is there: the structure holds its name.
    fn member(&self, asked: &Asked, call: &Call, of: u8, name: u8, fits: bool, atoms: &mut Vec<Atom>) {
        let contents = &self.channels.contents;
        let texts = contents.argument(asked.function, call, usize::from(of), &asked.context);
        for with in contents.argument(asked.function, call, usize::from(name), &asked.context) {
            if with.known().is_some_and(|name| !name.is_empty()) {
                push(asked, origins(&texts), Test::Text { how: How::Contains, with }, fits, atoms);
                through(atoms, &texts);
            }
        }
        self.members_of(asked, &texts, atoms);
    }

    /// The members that texts were taken out of structures as: a value that is compared was there, and so was its name.
    fn members_of(&self, asked: &Asked, texts: &[Text], atoms: &mut Vec<Atom>) {
        let unit = self.resolver().unit;
        let steps: Vec<_> = texts.iter().flat_map(|text| text.trail.shown()).filter(|step| step.kind == StepKind::Moved).collect();
        for step in steps {
            let Some(local) = unit.local(step.function) else { continue };
            let Some(index) = local.calls.iter().position(|call| call.site == step.site) else { continue };
            let id = CallId(index as u32);
            let Some(Gives::Member(_, name)) = unit.model(step.function, id).and_then(|(_, model)| model.gives) else { continue };
            let there = asked.within(step.function, Context::default());
            for with in self.channels.contents.argument(step.function, &local.calls[index], usize::from(name), &there.context) {
                let test = Test::Text { how: How::Contains, with };
                let known = |atom: &Atom| atom.function == step.function && atom.site == step.site && atom.test == test;
                if !atoms.iter().any(known) {
                    push(&Asked { site: step.site, ..there.clone() }, origins(texts), test, true, atoms);
                }
            }
        }
    }

    /// A number that a library function made of something.
    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    fn made(&self, asked: &Asked, id: CallId, call: &Call, model: &Model, number: u64, equal: bool, atoms: &mut Vec<Atom>) {
        let contents = &self.channels.contents;
        let test = Test::Equal(i64::from(number as i32));
        let (origins, test) = match model.gives {
            Some(Gives::Number(index)) => {
                let texts = contents.argument(asked.function, call, usize::from(index), &asked.context);
                self.members_of(asked, &texts, atoms);
                (origins(&texts), test)
            }
            // How long a text is tells nothing of what is in it.
            Some(Gives::Length(index)) => {
                let texts = contents.argument(asked.function, call, usize::from(index), &asked.context);
                (origins(&texts), Test::Walked(i64::from(number as i32)))
            }
            Some(Gives::Swapped(index)) => {
                let value = self.resolver().unit.argument(asked.function, id, usize::from(index));
                let origin = value.map(|(_, value)| contents.value_origin(asked.function, value, &asked.context));
                (origin.map(|origin| origin.parts()).unwrap_or_default(), test)
            }
            Some(Gives::Clock | Gives::Calendar) => (vec![self.resolver().brought(asked.function, id, u8::MAX, &asked.context)], test),
            _ if model.reads.is_some_and(|reads| reads.to.is_none()) => {
                (vec![self.resolver().brought(asked.function, id, u8::MAX, &asked.context)], test)
            }
            _ => return,
        };
        if !origins.is_empty() {
            push(asked, origins, test, equal, atoms);
        }
    }
}

/// What a result says of a check: it holds, it fails, or some of its bad outcomes are as good as the good one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Holds,
    Fails,
    Partly,
}

fn outcome(holds: Outcome, number: u64, equal: bool) -> Said {
    let good = match holds {
        Outcome::Zero => number == 0,
        Outcome::One | Outcome::OneOrError => number == 1,
        Outcome::NonZero => number != 0,
        Outcome::NotNegative => (number >> 31) & 1 == 0,
    };
    // Of what is 1 or 0, anything but 0 is 1; of what is 0 or any of many errors, anything but one of them is nothing.
    let one_bad = match holds {
        Outcome::One | Outcome::NonZero => number == 0,
        Outcome::NotNegative => true,
        Outcome::Zero | Outcome::OneOrError => false,
    };
    match (equal, good) {
        (true, true) => Said::Holds,
        (true, false) | (false, true) => Said::Fails,
        (false, false) if one_bad => Said::Holds,
        (false, false) => Said::Partly,
    }
}

/// The same of a result that is compared with an order: it is negative (`limit` 0), or achieves nothing (1).
fn outcome_below(holds: Outcome, limit: i64, below: bool) -> Said {
    match (holds, limit <= 0, below) {
        (Outcome::One | Outcome::OneOrError | Outcome::NonZero, _, true) => Said::Fails,
        // Nothing but the errors is refused: that it failed, 0, is let through.
        (Outcome::One | Outcome::OneOrError | Outcome::NonZero, true, false) => Said::Partly,
        (Outcome::One | Outcome::OneOrError | Outcome::NonZero, false, false) => Said::Holds,
        (Outcome::Zero | Outcome::NotNegative, true, _) => {
            if below {
                Said::Fails
            } else {
                Said::Holds
            }
        }
        (Outcome::Zero | Outcome::NotNegative, false, true) => Said::Partly,
        (Outcome::Zero, false, false) => Said::Fails,
        (Outcome::NotNegative, false, false) => Said::Holds,
    }
}

fn push_check(asked: &Asked, origins: Vec<Origin>, kind: CheckKind, by: String, said: Said, atoms: &mut Vec<Atom>) {
    let enforcement = if matches!(said, Said::Partly) { Enforcement::Partly } else { Enforcement::Enforced };
    push(asked, origins, Test::Check(kind, by, enforcement), !matches!(said, Said::Fails), atoms);
}

/// Are two texts that are not known made of the same things, one as the other?
fn is_same_again(sides: &[Vec<Text>; 2]) -> bool {
    let [one, other] =
        sides.each_ref().map(|texts| texts.iter().flat_map(Text::origins).map(|(origin, _)| origin).collect::<HashSet<&Origin>>());
    !one.is_empty() && one == other && sides.iter().flatten().all(|text| text.known().is_none_or(|known| known.is_empty()))
}

fn origins(texts: &[Text]) -> Vec<Origin> {
    texts.iter().flat_map(Text::origins).map(|(origin, _)| origin.clone()).collect()
}

fn push(asked: &Asked, origins: Vec<Origin>, test: Test, fits: bool, atoms: &mut Vec<Atom>) {
    let (function, site) = (asked.function, asked.site);
    atoms.push(Atom { function, site, origins, test, fits, seen: Vec::new(), by: Vec::new(), came: Vec::new(), word: None });
}

/// Notes at the newest atom through which pointers the tested texts were seen.
fn through(atoms: &mut [Atom], texts: &[Text]) {
    if let Some(atom) = atoms.last_mut() {
        atom.seen = texts.iter().flat_map(|text| text.trail.outermost()).collect();
        let steps = texts.iter().flat_map(|text| text.trail.shown().take(STEPS));
        atom.came = steps.map(|step| (step.function, step.site)).collect();
        atom.came.dedup();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUS: u64 = 0xffff_ffff;

    #[test]
    fn what_a_verifier_says() {
        // 1, 0 and -1: only 1 is good.
        for (number, equal, said) in [(1, true, Said::Holds), (1, false, Said::Fails), (0, true, Said::Fails), (0, false, Said::Partly)] {
            assert_eq!(outcome(Outcome::OneOrError, number, equal), said, "{number} {equal}");
        }
        assert_eq!(outcome(Outcome::OneOrError, MINUS, false), Said::Partly);
        // 1 and 0: anything but 0 is 1.
        assert_eq!(outcome(Outcome::One, 0, false), Said::Holds);
    }

    #[test]
    fn what_an_order_says() {
        for one in [Outcome::One, Outcome::OneOrError] {
            assert_eq!(outcome_below(one, 0, false), Said::Partly, "rc >= 0 lets a failure through");
            assert_eq!(outcome_below(one, 1, false), Said::Holds, "rc > 0");
            assert_eq!(outcome_below(one, 1, true), Said::Fails, "rc <= 0");
        }
        assert_eq!(outcome_below(Outcome::Zero, 0, false), Said::Holds, "no negative error");
        assert_eq!(outcome_below(Outcome::Zero, 0, true), Said::Fails);
        assert_eq!(outcome_below(Outcome::Zero, 1, true), Said::Partly, "rc <= 0 lets errors through");
    }
}
