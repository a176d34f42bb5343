//! Comparing values: with constants (a trigger), with each other (a check), with patterns.

use std::rc::Rc;

use assay_core::facts::code::{Channel, CheckKind, Choice, Trigger, TriggerKind};

use super::{CheckSite, Interpreter};
use crate::script::{
    condition::{Asks, Atom, Condition, Outcome, Path, both},
    glob,
    value::{Alternative, Hole, Piece, Value},
};

/// The two sides of a question: the ways on which it is so, and those on which it is not.
pub type Sides = (Vec<Path>, Vec<Path>);

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

    /// Is the text the same?
    pub(super) fn equal(&mut self, left: &Value, right: &Value, secret: bool) -> Sides {
        let mut sides = (Vec::new(), Vec::new());
        for a in left.alternatives() {
            for b in right.alternatives() {
                let when = both(&a.when, &b.when);
                let (yes, no) = self.equal_one(a, b, secret);
                sides.0.extend(yes.map(|path| both(&when, &path)));
                sides.1.extend(no.map(|path| both(&when, &path)));
            }
        }
        sides
    }

    fn equal_one(&mut self, a: &Alternative, b: &Alternative, secret: bool) -> (Option<Path>, Option<Path>) {
        let (a, b) = strip(a, b);
        let (open, known) = match (literal(&a), literal(&b)) {
            (Some(x), Some(y)) => return if x == y { (Some(Path::new()), None) } else { (None, Some(Path::new())) },
            (None, Some(text)) => (a, Some(text)),
            (Some(text), None) => (b, Some(text)),
            (None, None) => (a.iter().chain(&b).cloned().collect(), None),
        };
        let whole = Alternative { when: Path::new(), pieces: open };
        let value = Value::of(vec![whole.clone()]);
        if let Some(text) = known {
            // A number never is text that is no number, nor one outside its bounds.
            if let Some(Choice::Number { min, max }) = whole.only_hole().map(|hole| hole.left.clone()) {
                let fits = text.trim().parse::<i64>().is_ok_and(|it| min.is_none_or(|min| it >= min) && max.is_none_or(|max| it <= max));
                if !fits {
                    return (None, Some(Path::new()));
                }
            }
            // Text that the known part of the template contradicts.
            let template = value.template();
            if !template.starts_with("{}") && !template.split("{}").next().is_some_and(|start| text.starts_with(start)) {
                return (None, Some(Path::new()));
            }
            let digests = value.digests();
            if !digests.is_empty() {
                let (yes, no) = self.check(CheckKind::Digest, text, digests);
                return (Some(yes), Some(no));
            }
            let origins = value.origins();
            if origins.is_empty() {
                let (yes, no) = self.answers(|_| Asks::Unknown);
                return (Some(yes), Some(no));
            }
            let hole = whole.only_hole().map(|hole| hole.id);
            let trigger = Trigger { kind: TriggerKind::Equals, value: text.clone(), fits: true };
            let peer = origins.iter().any(|origin| matches!(&origin.source, Channel::Cgi(name) if name.starts_with("REMOTE_")));
            let (mut yes, mut no) = self.compared(origins, vec![trigger], hole.map(|id| (id, Choice::OneOf(1))), None);
            if (secret || peer || looks_secret(&text)) && !text.is_empty() {
                let kind = if peer { CheckKind::PeerAddress } else { CheckKind::FixedPassword };
                let (passed, failed) = self.check(kind, text, Vec::new());
                yes.extend(passed);
                no.extend(failed);
            }
            return (Some(yes), Some(no));
        }
        let digests = value.digests();
        let (yes, no) = if digests.is_empty() {
            self.against_inside(&value)
        } else {
            self.check(CheckKind::Digest, String::new(), digests)
        };
        (Some(yes), Some(no))
    }

    /// Outside content compared with what the machine holds: a password, a token, a serial number.
    fn against_inside(&mut self, value: &Value) -> (Path, Path) {
        let origins = value.origins();
        let outside = origins.iter().any(|origin| super::act::is_outside(&origin.source) && !matches!(origin.source, Channel::File(_)));
        let kept = origins.iter().find_map(|origin| match &origin.source {
            Channel::File(path) => {
                let kind = self.rules.path(path, |rule| rule.check).unwrap_or(CheckKind::Token);
                Some((kind, path.clone()))
            }
            Channel::Output(command) if outside => Some((CheckKind::Token, command.clone())),
            _ => None,
        });
        match kept {
            Some((kind, detail)) if outside => {
                let (mut yes, mut no) = self.check(kind, detail, Vec::new());
                let (fits, not) = self.compared(origins, Vec::new(), None, None);
                yes.extend(fits);
                no.extend(not);
                (yes, no)
            }
            _ if origins.is_empty() => self.answers(|_| Asks::Unknown),
            _ => self.compared(origins, Vec::new(), None, None),
        }
    }

    /// A check whose two outcomes are the two sides.
    pub(super) fn check(&mut self, kind: CheckKind, detail: String, covers: Vec<Rc<str>>) -> (Path, Path) {
        let detail = if detail.is_empty() { covers.first().map(|file| file.to_string()).unwrap_or_default() } else { detail };
        let number = self.add_check(kind, detail, covers);
        let ran = self.atom(Asks::Ran(number), 0);
        let mut side = |outcome| vec![ran.clone(), self.atom(Asks::Came(number, outcome), u32::from(outcome != Outcome::Pass))];
        let passed = side(Outcome::Pass);
        let failed = side(Outcome::Fail);
        let other = side(Outcome::Other);
        // A comparison has no third outcome: that one goes with the failure.
        (passed, crate::script::condition::either(&[&failed, &other]))
    }

    /// Notes a check; the number by which conditions name it.
    pub(super) fn add_check(&mut self, kind: CheckKind, detail: String, covers: Vec<Rc<str>>) -> u32 {
        const CHECKS: usize = 2_000;
        if self.checks.len() < CHECKS {
            self.checks.push(CheckSite { kind, detail, covers });
        }
        self.checks.len() as u32 - 1
    }

    pub(super) fn atom(&mut self, asks: Asks, arm: u32) -> Condition {
        let site = self.fresh();
        Condition::Atom(Rc::new(Atom { site, arm, line: self.line, function: self.function(), asks }))
    }

    /// Does `value` fit one of the patterns? (`case`, and `==` within `[[`.)
    pub(super) fn fits(&mut self, value: &Value, patterns: &[Value]) -> Sides {
        let mut sides = (Vec::new(), Vec::new());
        let texts: Vec<String> = patterns.iter().map(Value::template).collect();
        for one in value.alternatives() {
            if let Some(text) = one.literal() {
                let open = texts.iter().any(|pattern| pattern.contains("{}"));
                if texts.iter().any(|pattern| glob::fits(pattern, &text)) {
                    sides.0.push(one.when.clone());
                } else if open {
                    let (yes, no) = self.answers(|_| Asks::Unknown);
                    sides.0.push(both(&one.when, &yes));
                    sides.1.push(both(&one.when, &no));
                } else {
                    sides.1.push(one.when.clone());
                }
                continue;
            }
            if texts.iter().any(|pattern| pattern == "*") {
                sides.0.push(one.when.clone());
                continue;
            }
            let origins = Value::of(vec![one.clone()]).origins();
            let (yes, no) = if origins.is_empty() {
                self.answers(|_| Asks::Unknown)
            } else {
                let triggers = texts.iter().filter_map(|pattern| trigger(&prefix_of(one, pattern))).collect();
                let hole = one.only_hole().map(|hole| hole.id);
                let fixed = texts.iter().all(|pattern| !glob::is_pattern(pattern));
                let yes = hole.filter(|_| fixed).map(|id| (id, Choice::OneOf(texts.len() as u32)));
                let yes = yes.or_else(|| hole.and_then(|id| texts.iter().find_map(|pattern| only_these(pattern)).map(|left| (id, left))));
                let no = hole.and_then(|id| texts.iter().filter_map(|pattern| without(pattern)).reduce(|a, b| crate::script::value::narrower(&a, &b)).map(|left| (id, left)));
                self.compared(origins, triggers, yes, no)
            };
            sides.0.push(both(&one.when, &yes));
            sides.1.push(both(&one.when, &no));
        }
        sides
    }
}

/// Letters and digits mixed, as nobody writes a word of a protocol.
fn looks_secret(text: &str) -> bool {
    let count = |kind: fn(&u8) -> bool| text.bytes().filter(kind).count();
    text.len() >= 10 && count(u8::is_ascii_alphanumeric) == text.len() && count(u8::is_ascii_digit) >= 3 && count(u8::is_ascii_alphabetic) >= 3
}

/// A pattern without the text that the value begins with too (`x$a` against `xstop`).
fn prefix_of(one: &Alternative, pattern: &str) -> String {
    match one.pieces.first() {
        Some(Piece::Text(text)) => pattern.strip_prefix(text.as_ref()).unwrap_or(pattern).to_owned(),
        _ => pattern.to_owned(),
    }
}

/// What a pattern asks for.
fn trigger(pattern: &str) -> Option<Trigger> {
    let fits = true;
    if pattern.contains("[!") || pattern.contains("[^") || pattern.contains("{}") {
        return None;
    }
    if !glob::is_pattern(pattern) {
        return Some(Trigger { kind: TriggerKind::Equals, value: pattern.to_owned(), fits });
    }
    let inner = pattern.trim_matches('*');
    if inner.is_empty() || glob::is_pattern(inner) {
        return None;
    }
    let kind = if pattern.starts_with('*') { TriggerKind::Contains } else { TriggerKind::Begins };
    Some(Trigger { kind, value: inner.replace('\\', ""), fits })
}

/// Where `*[!set]*` does not fit, there is nothing but the set; where `*[set]*` does not, nothing of it.
fn without(pattern: &str) -> Option<Choice> {
    let inner = pattern.trim_start_matches('*').trim_end_matches('*');
    if pattern.starts_with('*') && pattern.ends_with('*') && pattern.len() > 2 {
        if let Some(set) = inner.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return Some(set.strip_prefix(['!', '^']).map_or_else(|| Choice::Without(set.to_owned()), super::expand::only));
        }
        let plain = inner.replace('\\', "");
        if plain.chars().count() <= 2 && !plain.is_empty() {
            // `*..*` or `*/*`: no way out of a folder.
            return Some(if plain == "/" { Choice::Component } else { Choice::Without(plain) });
        }
    }
    None
}

/// `[0-9]`: one character of a set.
fn only_these(pattern: &str) -> Option<Choice> {
    let set = pattern.strip_prefix('[')?.strip_suffix(']')?;
    (!set.contains(['[', '*', '?', '!', '^'])).then(|| Choice::Only(set.to_owned()))
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

/// Without the text that both begin or end with.
fn strip(a: &Alternative, b: &Alternative) -> (Vec<Piece>, Vec<Piece>) {
    let (mut a, mut b) = (a.pieces.clone(), b.pieces.clone());
    for back in [false, true] {
        let end = |pieces: &[Piece]| match if back { pieces.last() } else { pieces.first() } {
            Some(Piece::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let (Some(x), Some(y)) = (end(&a), end(&b)) else { continue };
        let shared = if back {
            let count = x.chars().rev().zip(y.chars().rev()).take_while(|(x, y)| x == y).map(|(x, _)| x.len_utf8()).sum::<usize>();
            x.len().min(y.len()).min(count)
        } else {
            x.chars().zip(y.chars()).take_while(|(x, y)| x == y).map(|(x, _)| x.len_utf8()).sum()
        };
        for (pieces, text) in [(&mut a, &x), (&mut b, &y)] {
            let rest: Rc<str> = if back { text[..text.len() - shared].into() } else { text[shared..].into() };
            let at = if back { pieces.len() - 1 } else { 0 };
            if rest.is_empty() {
                pieces.remove(at);
            } else {
                pieces[at] = Piece::Text(rest);
            }
        }
    }
    (a, b)
}

fn literal(pieces: &[Piece]) -> Option<String> {
    pieces.iter().map(|piece| if let Piece::Text(text) = piece { Some(text.as_ref()) } else { None }).collect()
}

/// The status of a failure: what the value is where it is not zero.
pub fn not_zero(status: &Value) -> Value {
    let rest: Vec<Alternative> = status.alternatives().iter().filter(|one| one.literal().as_deref() != Some("0")).cloned().collect();
    if rest.is_empty() { status.clone() } else { Value::of(rest) }
}

/// Without its first bytes of known text.
pub fn without_prefix(value: &Value, count: usize) -> Value {
    let cut = value.alternatives().iter().map(|one| {
        let mut pieces = one.pieces.clone();
        if let Some(Piece::Text(text)) = pieces.first().cloned() {
            pieces[0] = Piece::Text(text.get(count..).unwrap_or_default().into());
        }
        pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
        Alternative { when: one.when.clone(), pieces }
    });
    Value::of(cut.collect())
}

/// Without the line ends at the end, as command substitution leaves it.
pub fn trimmed(value: &Value) -> Value {
    let all = value.alternatives().iter().map(|one| {
        let mut pieces = one.pieces.clone();
        while let Some(Piece::Text(text)) = pieces.last().cloned() {
            let rest = text.trim_end_matches('\n');
            pieces.pop();
            if !rest.is_empty() {
                pieces.push(Piece::Text(rest.into()));
                break;
            }
        }
        Alternative { when: one.when.clone(), pieces }
    });
    Value::of(all.collect())
}

/// `2 + 3`, `7`: what is left of arithmetic once its variables are known. Nothing for anything harder.
pub fn computed(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let at = text.char_indices().skip(1).find(|(_, sign)| matches!(sign, '+' | '-' | '*')).map(|(at, _)| at)?;
    let (left, right): (i64, i64) = (text[..at].trim().parse().ok()?, text[at + 1..].trim().parse().ok()?);
    match &text[at..=at] {
        "+" => left.checked_add(right),
        "-" => left.checked_sub(right),
        _ => left.checked_mul(right),
    }
}

/// A hole that is a digest of files.
pub fn digest(id: u32, of: Vec<Rc<str>>, origins: Vec<crate::script::value::Origin>) -> Value {
    Value::hole(Hole { id, origins, left: Choice::Only("0-9a-f".into()), digest_of: of })
}
