//! Comparing values: with constants (a trigger), with each other (a check), with patterns.

use std::rc::Rc;

use assay_core::facts::code::{Channel, CheckKind, Choice, Trigger, TriggerKind};

use super::{
    CheckSite, Interpreter,
    texts::{literal, strip},
};
use crate::script::{
    condition::{Asks, Atom, Condition, Outcome, Path, both},
    glob,
    value::{Alternative, Piece, Value},
};

/// The two sides of a question: the ways on which it is so, and those on which it is not.
pub type Sides = (Vec<Path>, Vec<Path>);

impl Interpreter<'_> {
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
            if peer || looks_secret(&text) || (secret && !is_word(&text)) {
                let kind = if peer { CheckKind::PeerAddress } else { CheckKind::FixedPassword };
                let (passed, failed) = self.check(kind, text, Vec::new());
                yes.extend(passed);
                no.extend(failed);
            }
            return (Some(yes), Some(no));
        }
        let digests = value.digests();
        let (yes, no) =
            if digests.is_empty() { self.against_inside(&value, secret) } else { self.check(CheckKind::Digest, String::new(), digests) };
        (Some(yes), Some(no))
    }

    /// Outside content compared with what the machine holds: a password, a token. That the file is for that must show: by its path, or by
    /// the names that the outside content has gone by.
    fn against_inside(&mut self, value: &Value, secret: bool) -> (Path, Path) {
        let origins = value.origins();
        let outside = origins.iter().any(|origin| super::act::is_outside(&origin.source));
        let kept = origins.iter().find_map(|origin| match &origin.source {
            Channel::File(path) => {
                let kind = self.rules.path(path, |rule| rule.check).or(secret.then_some(CheckKind::Token))?;
                Some((kind, path.clone()))
            }
            Channel::Output(command) if secret => Some((CheckKind::Token, command.clone())),
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
        let detail = if detail.is_empty() { covers.first().map(ToString::to_string).unwrap_or_default() } else { detail };
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
                let no = hole.and_then(|id| {
                    texts
                        .iter()
                        .filter_map(|pattern| without(pattern))
                        .reduce(|a, b| crate::script::choice::narrower(&a, &b))
                        .map(|left| (id, left))
                });
                self.compared(origins, triggers, yes, no)
            };
            sides.0.push(both(&one.when, &yes));
            sides.1.push(both(&one.when, &no));
        }
        sides
    }
}

/// What stands for "nothing" or "yes" is no password, whatever the variable is called.
fn is_word(text: &str) -> bool {
    text.len() < 4 || matches!(text, "null" | "none" | "true" | "false" | "undefined" | "on" | "off")
}

/// Letters and digits mixed, as nobody writes a word of a protocol.
fn looks_secret(text: &str) -> bool {
    let count = |kind: fn(&u8) -> bool| text.bytes().filter(kind).count();
    text.len() >= 10
        && count(u8::is_ascii_alphanumeric) == text.len()
        && count(u8::is_ascii_digit) >= 3
        && count(u8::is_ascii_alphabetic) >= 3
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
