//! What filters leave of what goes through them: `tr`, `sed`, `grep`, `printf` and their like.

use assay_core::facts::code::{Choice, TriggerKind};

use super::{Field, Interpreter, compare::Sides};
use crate::script::{
    condition::both,
    rules::Filter,
    value::{Alternative, Value},
};

impl Interpreter<'_> {
    /// `input` after the filter; for one that asks something (`grep`), its two sides too.
    pub(super) fn filtered(&mut self, filter: Filter, fields: &[Field], input: &Value) -> (Value, Option<Sides>) {
        let texts: Vec<String> = fields.iter().skip(1).map(|field| field.value.template()).collect();
        match filter {
            Filter::Part => (self.narrowed(input, &Choice::Free), None),
            Filter::Same => (input.clone(), None),
            Filter::Component => (self.component(input), None),
            Filter::Number => (self.made_of(&[input], Some(Choice::Number { min: None, max: None })), None),
            Filter::Letters => (self.made_of(&[input], Some(Choice::Only("A-Za-z0-9+/=".into()))), None),
            Filter::Printf => (self.printf(fields), None),
            Filter::Tr => (self.translated(&texts, input), None),
            Filter::Sed => (self.edited(&texts, input), None),
            Filter::Grep => self.searched(&texts, input),
        }
    }

    fn component(&mut self, input: &Value) -> Value {
        match input.literal() {
            Some(text) if text.trim().is_empty() => Value::default(),
            Some(text) => Value::text(text.trim_end().trim_end_matches('/').rsplit('/').next().unwrap_or_default()),
            None => self.narrowed(input, &Choice::Component),
        }
    }

    /// `tr -cd set`, `tr -d set`; anything else can make any text of any other.
    fn translated(&mut self, texts: &[String], input: &Value) -> Value {
        let has = |letter: char| texts.iter().any(|text| text.starts_with('-') && !text.starts_with("--") && text.contains(letter));
        let set = texts.iter().find(|text| !text.starts_with('-')).cloned().unwrap_or_default();
        let left = match (
            has('d') || texts.iter().any(|text| text == "--delete"),
            has('c') || has('C') || texts.iter().any(|text| text == "--complement"),
        ) {
            // `tr -c set x`: what is not in the set becomes a fixed character.
            (_, true) => super::expand::only(&set),
            (true, false) => Choice::Without(set.clone()),
            (false, false) => Choice::Free,
        };
        if has('d')
            && let Some(text) = input.literal()
            && !has('c')
        {
            return Value::text(&text.replace(|letter| set.contains(letter), ""));
        }
        self.narrowed(input, &left)
    }

    /// `s/[^set]//g` and `s/[set]//g` bound what is left; everything else may leave anything.
    fn edited(&mut self, texts: &[String], input: &Value) -> Value {
        let mut value = self.narrowed(input, &Choice::Free);
        for script in texts.iter().filter(|text| !text.starts_with('-')).take(1) {
            for part in script.split(';').take(16) {
                if let Some(left) = substitution(part.trim()) {
                    value = self.narrowed(&value, &left);
                }
            }
        }
        value
    }

    /// `grep`: lines that fit. What it prints is empty where nothing does.
    fn searched(&mut self, texts: &[String], input: &Value) -> (Value, Option<Sides>) {
        let flags: String =
            texts.iter().filter(|text| text.starts_with('-') && !text.starts_with("--")).map(|text| text[1..].to_owned()).collect();
        let mut operands = texts.iter().filter(|text| !text.starts_with('-'));
        let pattern = operands.next().cloned().unwrap_or_default();
        let turned = flags.contains('v');
        let mut printed = Vec::new();
        let mut sides: Sides = (Vec::new(), Vec::new());
        for one in input.alternatives() {
            let whole = Value::of(vec![Alternative { when: Vec::new(), pieces: one.pieces.clone() }]);
            let (yes, no) = match whole.literal().zip(plain(&pattern)) {
                Some((text, (kind, needle))) if !flags.contains(['i', 'x', 'w']) => {
                    let found = text
                        .lines()
                        .any(|line| if kind == TriggerKind::Begins { line.starts_with(&needle) } else { line.contains(&needle) });
                    if found == turned { (None, Some(Vec::new())) } else { (Some(Vec::new()), None) }
                }
                _ => {
                    let (yes, no) = self.regular(&whole, &pattern);
                    if turned { (Some(no), Some(yes)) } else { (Some(yes), Some(no)) }
                }
            };
            if let Some(yes) = yes {
                let kept = if flags.contains('c') {
                    self.number_between(1, i64::from(i32::MAX))
                } else if flags.contains('o') {
                    let left = whole_set(&format!("^{}$", pattern.trim_matches(['^', '$']))).unwrap_or(Choice::Free);
                    self.narrowed(&whole, &left)
                } else {
                    let left = whole_set(&pattern).filter(|_| !turned).unwrap_or(Choice::Free);
                    self.narrowed(&whole, &left)
                };
                let when = both(&one.when, &yes);
                printed.extend(kept.alternatives().iter().map(|kept| Alternative { when: when.clone(), pieces: kept.pieces.clone() }));
                sides.0.push(when);
            }
            if let Some(no) = no {
                let when = both(&one.when, &no);
                let nothing = if flags.contains('c') { Value::text("0") } else { Value::default() };
                printed.push(Alternative { when: when.clone(), pieces: nothing.alternatives()[0].pieces.clone() });
                sides.1.push(when);
            }
        }
        let quiet = flags.contains(['q', 's']) || texts.iter().any(|text| text == "--quiet" || text == "--silent");
        let quiet = quiet && !flags.chars().all(|flag| flag == 's');
        (if quiet { Value::default() } else { Value::of(printed) }, Some(sides))
    }

    /// `printf format argument…`: `%d` leaves a number of whatever it is given.
    fn printf(&mut self, fields: &[Field]) -> Value {
        let mut arguments = fields.iter().skip(1);
        let Some(format) = arguments.next() else { return Value::default() };
        let mut arguments: Vec<Value> = arguments.map(|field| field.value.clone()).collect();
        arguments.reverse();
        let Some(text) = format.value.literal() else {
            let mut all = format.value.clone();
            for argument in arguments.iter().rev() {
                all = all.then(argument);
            }
            return all;
        };
        let mut printed = Value::default();
        let mut rest = text.as_str();
        while let Some(at) = rest.find('%') {
            printed = printed.then(&Value::text(&escapes(&rest[..at])));
            let tail = &rest[at + 1..];
            let end = tail.find(|letter: char| letter.is_ascii_alphabetic() || letter == '%').unwrap_or(tail.len());
            let kind = tail[end..].chars().next().unwrap_or('%');
            rest = tail.get(end + kind.len_utf8()..).unwrap_or_default();
            let next = match kind {
                '%' => Value::text("%"),
                'd' | 'i' | 'u' | 'x' | 'X' | 'o' | 'f' | 'c' => {
                    let value = arguments.pop().unwrap_or_default();
                    match value.literal() {
                        Some(text) if kind != 'x' && kind != 'X' => Value::text(&text),
                        _ => self.narrowed(&value, &Choice::Number { min: None, max: None }),
                    }
                }
                _ => arguments.pop().unwrap_or_default(),
            };
            printed = printed.then(&next);
        }
        printed = printed.then(&Value::text(&escapes(rest)));
        // The format is used again for what is left.
        while let Some(more) = arguments.pop() {
            printed = printed.then(&more);
        }
        printed
    }
}

fn escapes(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r").replace("\\\\", "\\")
}

/// `s/[^0-9]//g`: what it leaves.
fn substitution(part: &str) -> Option<Choice> {
    let rest = part.strip_prefix('s')?;
    let mark = rest.chars().next().filter(char::is_ascii_punctuation)?;
    let mut parts = rest[1..].split(mark);
    let (pattern, _with, flags) = (parts.next()?, parts.next()?, parts.next()?);
    if !flags.contains('g') {
        return None;
    }
    any_of_set(pattern).or_else(|| {
        let plain = pattern.trim_start_matches('\\');
        (plain.chars().count() == 1 && plain != "." && plain != "^" && plain != "$").then(|| Choice::Without(plain.to_owned()))
    })
}

/// `[^set]`, with or without a repetition: where nothing of it is found, only the set is left; `[set]`: nothing of the set is.
pub fn any_of_set(expression: &str) -> Option<Choice> {
    let inner = expression.trim_end_matches(['*', '+', '\\']);
    let set = inner.strip_prefix('[')?.strip_suffix(']')?;
    if set.contains(']') && !set.contains("[:") {
        return None;
    }
    Some(set.strip_prefix('^').map_or_else(|| Choice::Without(set.to_owned()), super::expand::only))
}

/// `^[set]+$`, `^(a|b)$`, `^[0-9]{1,3}$` and lines of sets: what text that fits as a whole can hold.
pub fn whole_set(expression: &str) -> Option<Choice> {
    let inner = expression.strip_prefix('^')?.strip_suffix('$')?;
    if inner.is_empty() || inner.len() > 512 {
        return None;
    }
    let plain = |text: &str| {
        !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | ' ' | '/' | ':'))
    };
    let choices = inner.trim_start_matches('\\').trim_start_matches('(').trim_end_matches(')').trim_end_matches('\\');
    let words: Vec<&str> = choices.split('|').map(|word| word.trim_end_matches('\\')).collect();
    if words.iter().all(|word| plain(word)) {
        return Some(Choice::OneOf(words.len() as u32));
    }
    // A sequence of sets and plain characters: the union of what may stand there. A dot could be anything.
    let (mut only, mut letters) = (String::new(), inner.chars().peekable());
    while let Some(letter) = letters.next() {
        match letter {
            '[' => {
                let mut set = String::new();
                let mut first = true;
                let mut class = false;
                for next in letters.by_ref() {
                    if next == ']' && !first && !class {
                        break;
                    }
                    class = (class && next != ']') || (next == ':' && set.ends_with('['));
                    first = false;
                    set.push(next);
                }
                if set.starts_with('^') {
                    return None;
                }
                if !only.contains(&set) {
                    only.push_str(&set);
                }
            }
            '\\' => match letters.next()? {
                'd' => only.push_str("0-9"),
                'w' => only.push_str("A-Za-z0-9_"),
                '+' | '?' | '{' | '}' | '(' | ')' | '|' => {}
                // `\.` is a dot; other letters are classes that are not known.
                next if !next.is_ascii_alphanumeric() => only.push(next),
                _ => return None,
            },
            '{' => {
                letters.by_ref().find(|next| *next == '}');
            }
            '+' | '*' | '?' | '(' | ')' | '|' | '^' | '$' => {}
            '.' => return None,
            plain => only.push(plain),
        }
    }
    let numbers = !only.is_empty() && only.replace("0-9", "").chars().all(|letter| letter.is_ascii_digit());
    Some(if numbers || only == "[:digit:]" { Choice::Number { min: None, max: None } } else { Choice::Only(only) })
}

/// An expression that is plain text, with or without `^` before it.
pub fn plain(expression: &str) -> Option<(TriggerKind, String)> {
    let (kind, rest) = expression.strip_prefix('^').map_or((TriggerKind::Contains, expression), |rest| (TriggerKind::Begins, rest));
    let (kind, rest) = match rest.strip_suffix('$') {
        Some(rest) if kind == TriggerKind::Begins => (TriggerKind::Equals, rest),
        Some(rest) => (kind, rest),
        None => (kind, rest),
    };
    let rest = rest.strip_prefix(".*").unwrap_or(rest);
    let rest = rest.strip_suffix(".*").unwrap_or(rest);
    let known = rest.replace("\\.", "\u{1}");
    let special = |letter: char| matches!(letter, '*' | '+' | '?' | '[' | ']' | '(' | ')' | '|' | '{' | '}' | '\\' | '^' | '$');
    (!rest.is_empty() && !known.contains(special)).then(|| (kind, known.replace('\u{1}', ".")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        assert_eq!(whole_set("^[0-9]+$"), Some(Choice::Number { min: None, max: None }));
        assert_eq!(whole_set("^[a-z0-9_]*$"), Some(Choice::Only("a-z0-9_".into())));
        assert_eq!(whole_set("^(on|off)$"), Some(Choice::OneOf(2)));
        assert_eq!(whole_set("^.*$"), None);
        assert_eq!(whole_set("[0-9]+"), None);
        assert_eq!(plain("^stop$"), Some((TriggerKind::Equals, "stop".into())));
        assert_eq!(plain("a.*b"), None);
        assert_eq!(substitution("s/[^a-z]//g"), Some(Choice::Only("a-z".into())));
        assert_eq!(substitution("s/[;&|]//g"), Some(Choice::Without(";&|".into())));
        assert_eq!(substitution("s/x/y/"), None);
    }
}
