//! `test`, `[` and `[[`: one reader for their words.
//!
//! **Limitations**: `-nt`, `-ot`, `-ef` and `<`, `>` of strings can come out either way.

use assay_core::facts::code::{FileAccess, Trigger, TriggerKind};

use super::{Field, Interpreter, compare::Sides};
use crate::script::{
    condition::{Asks, both},
    state::State,
    value::Value,
};

/// Operators of two operands.
const TWO: [&str; 16] = ["=", "==", "!=", "=~", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef", "<", ">", "-="];

impl Interpreter<'_> {
    /// The outcome of a test; `fields` without the command's name and the closing bracket.
    pub(super) fn test(&mut self, fields: &[Field], state: &mut State) -> Value {
        let mut at = 0;
        let (yes, no) = self.any_of(fields, &mut at, state, 0);
        self.status(yes, no)
    }

    fn word(fields: &[Field], at: usize) -> Option<(&Field, String)> {
        let field = fields.get(at)?;
        Some((field, field.value.template()))
    }

    fn any_of(&mut self, fields: &[Field], at: &mut usize, state: &mut State, depth: u32) -> Sides {
        let mut sides = self.all_of(fields, at, state, depth);
        while Self::word(fields, *at).is_some_and(|(_, text)| text == "-o" || text == "||") {
            *at += 1;
            let other = self.all_of(fields, at, state, depth);
            // Either of them; not, where neither.
            let mut no = Vec::new();
            for a in &sides.1 {
                no.extend(other.1.iter().map(|b| both(a, b)));
            }
            for a in &sides.1 {
                sides.0.extend(other.0.iter().map(|b| both(a, b)));
            }
            sides = (few(sides.0), few(no));
        }
        sides
    }

    fn all_of(&mut self, fields: &[Field], at: &mut usize, state: &mut State, depth: u32) -> Sides {
        let mut sides = self.not(fields, at, state, depth);
        while Self::word(fields, *at).is_some_and(|(_, text)| text == "-a" || text == "&&") {
            *at += 1;
            let other = self.not(fields, at, state, depth);
            let mut yes = Vec::new();
            for a in &sides.0 {
                yes.extend(other.0.iter().map(|b| both(a, b)));
            }
            for a in &sides.0 {
                sides.1.extend(other.1.iter().map(|b| both(a, b)));
            }
            sides = (few(yes), few(sides.1));
        }
        sides
    }

    fn not(&mut self, fields: &[Field], at: &mut usize, state: &mut State, depth: u32) -> Sides {
        const DEPTH: u32 = 20;
        match Self::word(fields, *at) {
            Some((_, text)) if text == "!" && depth < DEPTH && *at + 1 < fields.len() => {
                *at += 1;
                let (yes, no) = self.not(fields, at, state, depth + 1);
                (no, yes)
            }
            Some((_, text)) if text == "(" && depth < DEPTH => {
                *at += 1;
                let sides = self.any_of(fields, at, state, depth + 1);
                *at += 1;
                sides
            }
            _ => self.single(fields, at, state),
        }
    }

    fn single(&mut self, fields: &[Field], at: &mut usize, state: &mut State) -> Sides {
        let Some((left, first)) = Self::word(fields, *at) else { return (Vec::new(), vec![Vec::new()]) };
        if let Some((_, operator)) = Self::word(fields, *at + 1).filter(|(_, text)| TWO.contains(&text.as_str())) {
            let right = fields.get(*at + 2).cloned().unwrap_or_else(|| Field::text(""));
            *at += 3;
            return self.two(left, &operator, &right);
        }
        let unary = first.len() == 2 && first.starts_with('-');
        if let Some((operand, _)) =
            Self::word(fields, *at + 1).filter(|(_, text)| unary && !matches!(text.as_str(), "-a" | "-o" | "&&" | "||"))
        {
            *at += 2;
            return self.one(&first, &operand.value.clone(), state);
        }
        *at += 1;
        // A `-f` whose operand was empty and vanished is true; a word alone asks whether it is there.
        if unary && left.value.literal().is_some() {
            return (vec![Vec::new()], Vec::new());
        }
        let (no, yes) = self.equal(&left.value.clone(), &Value::default(), false);
        (yes, no)
    }

    fn two(&mut self, left: &Field, operator: &str, right: &Field) -> Sides {
        let secret = self.is_secret(&left.value) || self.is_secret(&right.value);
        match operator {
            "=" | "==" | "!=" => {
                let pattern = right.value.literal().filter(|text| crate::script::glob::is_pattern(text) && left.value.literal().is_none());
                let (yes, no) = match pattern {
                    Some(_) => self.fits(&left.value, std::slice::from_ref(&right.value)),
                    None => self.equal(&left.value, &right.value, secret),
                };
                if operator == "!=" { (no, yes) } else { (yes, no) }
            }
            "=~" => {
                let (yes, no) = self.regular(&left.value, &right.value.template());
                (vec![yes], vec![no])
            }
            "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" => {
                if let Some(number) = right.value.literal().and_then(|text| text.trim().parse().ok()) {
                    return self.number_question(&left.value, operator, number);
                }
                if let Some(number) = left.value.literal().and_then(|text| text.trim().parse().ok()) {
                    let turned = match operator {
                        "-lt" => "-gt",
                        "-le" => "-ge",
                        "-gt" => "-lt",
                        "-ge" => "-le",
                        same => same,
                    };
                    return self.number_question(&right.value, turned, number);
                }
                let (yes, no) = self.loosely(&[&left.value, &right.value]);
                (vec![yes], vec![no])
            }
            _ => {
                let (yes, no) = self.loosely(&[&left.value, &right.value]);
                (vec![yes], vec![no])
            }
        }
    }

    fn one(&mut self, operator: &str, value: &Value, state: &mut State) -> Sides {
        match operator {
            "-z" => self.equal(value, &Value::default(), false),
            "-n" => {
                let (yes, no) = self.equal(value, &Value::default(), false);
                (no, yes)
            }
            "-e" | "-f" | "-d" | "-s" | "-r" | "-w" | "-x" | "-h" | "-L" | "-b" | "-c" | "-p" | "-S" | "-k" | "-g" | "-u" => {
                self.file_fact(value, FileAccess::Test);
                let path = Self::whole_path(value, state);
                let origins = self.presence(&path, value);
                let (yes, no) = self.answers(|there| Asks::There(there, origins.clone()));
                (vec![yes], vec![no])
            }
            _ => {
                let (yes, no) = self.loosely(&[value]);
                (vec![yes], vec![no])
            }
        }
    }

    /// A question about outside content without a constant, or one about nothing that is known.
    pub(super) fn loosely(&mut self, values: &[&Value]) -> (crate::script::condition::Path, crate::script::condition::Path) {
        let origins: Vec<_> = values.iter().flat_map(|value| value.origins()).collect();
        if origins.is_empty() { self.answers(|_| Asks::Unknown) } else { self.compared(origins, Vec::new(), None, None) }
    }

    /// Content searched for a regular expression (`grep`, `=~`).
    pub(super) fn regular(&mut self, value: &Value, expression: &str) -> (crate::script::condition::Path, crate::script::condition::Path) {
        let origins = value.origins();
        if origins.is_empty() {
            return self.answers(|_| Asks::Unknown);
        }
        let hole = value.only_hole().map(|hole| hole.id);
        let yes = super::filters::whole_set(expression).and_then(|left| hole.map(|id| (id, left)));
        let plain = super::filters::plain(expression);
        let triggers = match (&yes, plain) {
            (None, Some((kind, text))) => vec![Trigger { kind, value: text, fits: true }],
            (None, None) if !expression.is_empty() && expression != "{}" => {
                vec![Trigger { kind: TriggerKind::Contains, value: expression.to_owned(), fits: true }]
            }
            _ => Vec::new(),
        };
        let no = super::filters::any_of_set(expression).and_then(|left| hole.map(|id| (id, left)));
        self.compared(origins, triggers, yes, no)
    }

    /// Does the value come from a variable or a field whose name says that it holds a password?
    fn is_secret(&self, value: &Value) -> bool {
        value.origins().iter().any(|origin| {
            let mut way = origin.way.as_ref();
            let mut looked = 0;
            while let Some(step) = way.filter(|_| looked < 6) {
                let words = step.note.strip_prefix("kept in ").or_else(|| step.note.strip_prefix("through "));
                let mut words = words.unwrap_or_default().split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
                if words.any(|name| !name.is_empty() && self.rules.is_secret(name)) {
                    return true;
                }
                way = step.before.as_ref();
                looked += 1;
            }
            false
        })
    }
}

/// Ways of one side; more than a few become one.
fn few(ways: Vec<crate::script::condition::Path>) -> Vec<crate::script::condition::Path> {
    const WAYS: usize = 12;
    if ways.len() <= WAYS {
        return ways;
    }
    vec![crate::script::condition::either(&ways.iter().collect::<Vec<_>>())]
}
