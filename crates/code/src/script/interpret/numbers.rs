//! Comparing numbers: `-eq` and the orders, with what is left of a number on each side.

use assay_core::facts::code::{Choice, Trigger, TriggerKind};

use super::{Interpreter, compare::Sides};
use crate::script::{
    condition::{Asks, Path, both},
    value::{Alternative, Value},
};

impl Interpreter<'_> {
    /// Is `value` the number?
    pub(super) fn equal_number(&mut self, value: &Value, number: i64) -> Sides {
        self.number_question(value, "-eq", number)
    }

    /// `value -eq number` and the other orders.
    pub(super) fn number_question(&mut self, value: &Value, operator: &str, number: i64) -> Sides {
        let mut sides = (Vec::new(), Vec::new());
        for one in value.alternatives() {
            let known = one.literal().map(|text| text.trim().parse::<i64>().map_or((1, 0), |known| (known, known)));
            let bounds = known.or_else(|| match one.only_hole()?.left {
                Choice::Number { min, max } => Some((min.unwrap_or(i64::MIN), max.unwrap_or(i64::MAX))),
                _ => None,
            });
            let (least, most) = bounds.unwrap_or((i64::MIN, i64::MAX));
            // Text that is no number fails every such test.
            let (may, may_not) = if least > most { (false, true) } else { decide(operator, least, most, number) };
            if may && may_not {
                let (yes, no) = self.number_compared(one, operator, number);
                sides.0.push(both(&one.when, &yes));
                sides.1.push(both(&one.when, &no));
            } else if may {
                sides.0.push(one.when.clone());
            } else {
                sides.1.push(one.when.clone());
            }
        }
        sides
    }

    fn number_compared(&mut self, one: &Alternative, operator: &str, number: i64) -> (Path, Path) {
        let origins = Value::of(vec![one.clone()]).origins();
        if origins.is_empty() {
            return self.answers(|_| Asks::Unknown);
        }
        let (kind, value, fits) = match operator {
            "-lt" => (TriggerKind::Below, number, true),
            "-ge" => (TriggerKind::Below, number, false),
            "-gt" => (TriggerKind::Above, number, true),
            "-le" => (TriggerKind::Above, number, false),
            "-ne" => (TriggerKind::Number, number, false),
            _ => (TriggerKind::Number, number, true),
        };
        let trigger = Trigger { kind, value: value.to_string(), fits };
        let hole = one.only_hole().map(|hole| hole.id);
        // What fits is a number; what does not may be any text, since the test fails on that too.
        let range = |operator: &str| {
            let (min, max) = match operator {
                "-lt" => (None, number.checked_sub(1)),
                "-le" => (None, Some(number)),
                "-gt" => (number.checked_add(1), None),
                "-ge" => (Some(number), None),
                "-eq" => return Choice::OneOf(1),
                _ => (None, None),
            };
            Choice::Number { min, max }
        };
        let yes = hole.map(|id| (id, range(operator)));
        let opposite = match operator {
            "-lt" => "-ge",
            "-le" => "-gt",
            "-gt" => "-le",
            "-ge" => "-lt",
            _ => "-ne",
        };
        let digits = one.only_hole().is_some_and(|hole| matches!(hole.left, Choice::Number { .. }));
        let no = hole.filter(|_| digits).map(|id| (id, range(opposite)));
        self.compared(origins, vec![trigger], yes, no)
    }
}

/// What an order says of a number between two bounds: can it hold, can it fail?
fn decide(operator: &str, least: i64, most: i64, number: i64) -> (bool, bool) {
    match operator {
        "-eq" => (least <= number && number <= most, least != number || most != number),
        "-ne" => (least != number || most != number, least <= number && number <= most),
        "-lt" => (least < number, most >= number),
        "-le" => (least <= number, most > number),
        "-gt" => (most > number, least <= number),
        _ => (most >= number, least < number),
    }
}
