//! The result of a call is a number, or is not: what that says of the texts that were compared, the check that was made, the text that
//! was taken apart.

use assay_core::facts::code::ActuatorKind;

use super::{Asked, Atom, Guards, Test, flat};
use crate::{
    flow::{
        commands::Quoting,
        context::Trail,
        format::{Part, parts},
        text::{Origin, Piece, Text},
        unit::Passing,
    },
    models::{Checks, Compares, Formats, Gives, How, Model, Outcome},
    values::{Call, CallId},
};

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
            self.checked(asked, call, checks, number, equal, atoms);
        } else if model.acts.is_some_and(|acts| acts.kind == ActuatorKind::Command) {
            self.succeeded(asked, call, model, (number == 0) == equal, atoms);
        } else if let Some(tests) = model.tests {
            let value = unit.argument(asked.function, id, usize::from(tests.value));
            let origin = value.map(|(_, value)| self.channels.contents.value_origin(asked.function, value, &asked.context));
            push(asked, origin.map(flat).unwrap_or_default(), Test::Class(tests.class), (number == 0) != equal, atoms);
        } else if let Some(scans) = model.scans {
            self.taken_apart(asked, call, scans, (number == 0) != equal, atoms);
        } else {
            self.made(asked, id, call, model, number, equal, atoms);
        }
    }

    /// A function of the program: what is true where it gives back a fitting constant.
    fn given_back(&self, asked: &Asked, id: CallId, number: u64, equal: bool, atoms: &mut Vec<Atom>) {
        let unit = self.resolver().unit;
        for edge in unit.callees(asked.function, id).iter().filter(|edge| edge.passing == Passing::Own) {
            let (Some(inner), Some(callee)) = (asked.context.down(edge), unit.local(edge.to)) else { continue };
            let there = asked.within(edge.to, inner).deeper();
            for back in &callee.returns {
                let Some(value) = back.values.first().copied() else { continue };
                match callee.exprs.value(value) {
                    Some(constant) if (constant == number) == equal => {
                        self.own(edge.to, back.block, &there.context, there.depth, true, atoms);
                    }
                    Some(_) => {}
                    None => self.value(&there, value, number, equal, atoms),
                }
            }
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
        // Two texts that are both not known: a password from a file, perhaps.
        let (left, right) = (origins(&sides[0]), origins(&sides[1]));
        if !left.is_empty() && !right.is_empty() {
            push(asked, left, Test::Text { how: compares.how, with: sides[1][0].clone() }, fits, atoms);
            through(atoms, &sides[0]);
        }
    }

    /// What stands behind one side of a comparison: as many bytes as are compared, where that is a number.
    fn side(&self, asked: &Asked, id: CallId, call: &Call, index: u8, length: Option<u8>) -> Vec<Text> {
        let (unit, contents) = (self.resolver().unit, &self.channels.contents);
        let number = |index: u8| {
            let (_, value) = unit.argument(asked.function, id, usize::from(index))?;
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
        contents.argument(asked.function, call, usize::from(index), &asked.context)
    }

    fn checked(&self, asked: &Asked, call: &Call, checks: Checks, number: u64, equal: bool, atoms: &mut Vec<Atom>) {
        let holds = match checks.holds {
            Outcome::Zero => (number == 0) == equal,
            Outcome::One => (number == 1 && equal) || (number == 0 && !equal),
            Outcome::NonZero => (number == 0) != equal,
            Outcome::NotNegative => (number >> 31) & 1 == 0 || !equal,
        };
        let argument = |index: Option<u8>| {
            index.map_or_else(Vec::new, |index| self.channels.contents.argument(asked.function, call, usize::from(index), &asked.context))
        };
        let by = argument(checks.by).first().map(Text::show).unwrap_or_default();
        push(asked, origins(&argument(checks.what)), Test::Check(checks.kind, by), holds, atoms);
    }

    /// A command that succeeds only where a check of its own holds.
    fn succeeded(&self, asked: &Asked, call: &Call, model: &Model, succeeds: bool, atoms: &mut Vec<Atom>) {
        let Some(index) = model.acts.and_then(|acts| acts.argument) else { return };
        for text in self.channels.contents.argument(asked.function, call, usize::from(index), &asked.context) {
            for check in &self.commands.read(&[&text], Quoting::Shell).checks {
                push(asked, origins(std::slice::from_ref(&text)), Test::Check(check.kind, check.detail.clone()), succeeds, atoms);
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

    /// A number that a library function made of something.
    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    fn made(&self, asked: &Asked, id: CallId, call: &Call, model: &Model, number: u64, equal: bool, atoms: &mut Vec<Atom>) {
        let contents = &self.channels.contents;
        let test = Test::Equal(i64::from(number as i32));
        let (origins, test) = match model.gives {
            Some(Gives::Number(index)) => {
                (origins(&contents.argument(asked.function, call, usize::from(index), &asked.context)), test)
            }
            // How long a text is tells nothing of what is in it.
            Some(Gives::Length(index)) => {
                let texts = contents.argument(asked.function, call, usize::from(index), &asked.context);
                (origins(&texts), Test::Walked(i64::from(number as i32)))
            }
            Some(Gives::Swapped(index)) => {
                let value = self.resolver().unit.argument(asked.function, id, usize::from(index));
                let origin = value.map(|(_, value)| contents.value_origin(asked.function, value, &asked.context));
                (origin.map(flat).unwrap_or_default(), test)
            }
            Some(Gives::Clock) => (vec![Origin::Call(asked.function, id, 255)], test),
            _ if model.reads.is_some_and(|reads| reads.to.is_none()) => (vec![Origin::Call(asked.function, id, 255)], test),
            _ => return,
        };
        if !origins.is_empty() {
            push(asked, origins, test, equal, atoms);
        }
    }
}

fn origins(texts: &[Text]) -> Vec<Origin> {
    texts.iter().flat_map(Text::origins).map(|(origin, _)| origin.clone()).collect()
}

fn push(asked: &Asked, origins: Vec<Origin>, test: Test, fits: bool, atoms: &mut Vec<Atom>) {
    let (function, site) = (asked.function, asked.site);
    atoms.push(Atom { function, site, origins, test, fits, seen: Vec::new(), by: Vec::new(), word: None });
}

/// Notes at the newest atom through which pointers the tested texts were seen.
fn through(atoms: &mut [Atom], texts: &[Text]) {
    if let Some(atom) = atoms.last_mut() {
        atom.seen = texts.iter().flat_map(|text| text.trail.outermost()).collect();
    }
}
