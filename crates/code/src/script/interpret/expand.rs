//! Expansion of words: variables, command substitution, and what `${…}` leaves to choose.

use std::rc::Rc;

use assay_core::facts::code::{Channel, Choice};

use super::{Field, Interpreter, texts};
use crate::script::{
    glob,
    state::State,
    syntax::tree::{Change, Part, Word},
    value::Value,
};

impl Interpreter<'_> {
    /// A word as one value.
    pub(super) fn expand(&mut self, word: &Word, mut state: State) -> Option<(Value, State)> {
        let mut value = Value::default();
        for part in &word.parts {
            let (next, after) = self.part(part, state, false)?;
            state = after;
            value = value.then(&next);
        }
        Some((value, state))
    }

    /// A pattern: a quoted `*` is a star, an unquoted one is any text.
    pub(super) fn pattern(&mut self, word: &Word, mut state: State) -> Option<(Value, State)> {
        let mut value = Value::default();
        for part in &word.parts {
            let (next, after) = self.part(part, state, true)?;
            state = after;
            value = value.then(&next);
        }
        Some((value, state))
    }

    /// Words as arguments: unquoted known text is split, `"$@"` becomes many.
    pub(super) fn fields(&mut self, words: &[Word], mut state: State) -> Option<(Vec<Field>, State)> {
        const FIELDS: usize = 400;
        let mut fields = Vec::new();
        for word in words {
            if let [.., Part::Variable { name, change: Change::None, .. }] = &word.parts[..]
                && matches!(name.as_ref(), "@" | "*")
                && word
                    .parts
                    .iter()
                    .all(|part| matches!(part, Part::Text(text, _) if text.is_empty()) || matches!(part, Part::Variable { .. }))
            {
                let count = self.known_arguments(&state);
                fields.extend(state.arguments.iter().take(count).map(|value| Field { value: value.clone(), whole: true }));
                continue;
            }
            let bare =
                word.parts.iter().any(|part| matches!(part, Part::Variable { quoted: false, .. } | Part::Output { quoted: false, .. }));
            let (value, after) = self.expand(word, state)?;
            state = after;
            let quoted = word.parts.iter().any(|part| matches!(part, Part::Text(_, true)));
            match value.literal() {
                Some(text) if bare => fields.extend(text.split_whitespace().map(Field::text)),
                // Something unquoted that may be empty is no argument then; what it can be is kept.
                _ if bare && !quoted && value.is_empty() => {}
                literal => fields.push(Field { whole: !bare || literal.is_some(), value }),
            }
            if fields.len() > FIELDS {
                fields.truncate(FIELDS);
                break;
            }
        }
        Some((fields, state))
    }

    /// Arguments of the script itself are nine that may or may not be there; those of a function are known.
    pub(super) fn known_arguments(&self, state: &State) -> usize {
        if self.calls.iter().any(|name| !name.is_empty()) { state.arguments.len() } else { state.arguments.len().min(2) }
    }

    fn part(&mut self, part: &Part, state: State, pattern: bool) -> Option<(Value, State)> {
        match part {
            Part::Text(text, quoted) if pattern && *quoted && glob::is_pattern(text) => {
                let mut escaped = String::new();
                for letter in text.chars() {
                    if matches!(letter, '*' | '?' | '[' | ']' | '\\') {
                        escaped.push('\\');
                    }
                    escaped.push(letter);
                }
                Some((Value::text(&escaped), state))
            }
            Part::Text(text, _) => Some((Value::text(text), state)),
            Part::Variable { name, change, .. } => self.changed(name, change, state),
            Part::Output { list, .. } => {
                let outer = state.output.clone();
                // The value of a failing command is asked for, not the command: `set -e` looks at the assignment.
                let inside = State { output: Some(Value::default()), ..state };
                let mut after = self.apart(inside, |this, inside| this.list(list, inside))?;
                let printed = after.output.take().unwrap_or_default();
                after.output = outer;
                Some((texts::trimmed(&printed), after))
            }
            Part::Number(inner) => {
                let (value, state) = self.expand(inner, state)?;
                if let Some(number) = value.literal().and_then(|text| texts::computed(&text)) {
                    return Some((Value::text(&number.to_string()), state));
                }
                let left = Choice::Number { min: None, max: None };
                Some((self.made_of(&[&value], Some(left)), state))
            }
            Part::Process(list) => {
                let outer = state.output.clone();
                let inside = State { output: Some(Value::default()), ..state };
                let mut after = self.apart(inside, |this, inside| this.list(list, inside))?;
                let printed = after.output.take().unwrap_or_default();
                after.output = outer;
                let name = format!("/dev/fd/{}", self.fresh());
                Self::keep_file(&name, printed, &[], &mut after);
                Some((Value::text(&name), after))
            }
        }
    }

    /// The value of a variable.
    pub(super) fn variable(&mut self, name: &str, state: &mut State) -> Value {
        if let Some(value) = state.variables.get(name) {
            return value.clone();
        }
        if let Ok(number) = name.parse::<usize>() {
            if number == 0 {
                return Value::text(self.context.path);
            }
            return state.arguments.get(number - 1).cloned().unwrap_or_default();
        }
        let value = match name {
            "?" => return state.status.clone(),
            "@" | "*" => {
                let count = self.known_arguments(state);
                let mut all = Value::default();
                for (at, value) in state.arguments.iter().take(count).enumerate() {
                    if at > 0 {
                        all = all.then(&Value::text(" "));
                    }
                    all = all.then(value);
                }
                return all;
            }
            "#" | "$" | "!" | "-" | "RANDOM" | "SECONDS" | "LINENO" | "PPID" | "OPTIND" => {
                return self.number_between(0, i64::from(i32::MAX));
            }
            "PWD" | "OLDPWD" | "HOME" | "PATH" | "IFS" | "USER" | "SHELL" | "TERM" | "HOSTNAME" | "LANG" | "UID" | "EUID" | "LOGNAME" => {
                return self.unknown();
            }
            _ if self.rules.is_hotplug(name) => {
                self.outside(Channel::Removable(format!("${name}")), &format!("the kernel names the device in {name}"))
            }
            _ if self.cgi && self.rules.is_cgi(name) => self.outside(Channel::Cgi(name.to_owned()), &format!("the web server sets {name}")),
            // Assigned somewhere in this script, but not on this way: empty, as far as this script goes.
            _ if self.assigned.contains(name) => return Value::default(),
            _ => self.outside(Channel::Environment(name.to_owned()), &format!("the environment sets {name}")),
        };
        // The same content wherever it is used, so that a test of it counts for all uses.
        state.set(name, value.clone());
        value
    }

    fn changed(&mut self, name: &Rc<str>, change: &Change, mut state: State) -> Option<(Value, State)> {
        let value = self.variable(name, &mut state);
        let changed = match change {
            Change::None | Change::Must => value,
            Change::Length => self.made_of(&[&value], Some(Choice::Number { min: Some(0), max: None })),
            Change::Default(word) | Change::Assign(word) => {
                let (other, after) = self.expand(word, state)?;
                state = after;
                let result = if value.is_empty() {
                    other
                } else if value.literal().is_some_and(|text| !text.is_empty()) || (!value.origins().is_empty() && other.is_empty()) {
                    value
                } else {
                    let none = Vec::new();
                    Value::join(&[(&none, &value), (&none, &other)])
                };
                if matches!(change, Change::Assign(_)) {
                    state.set(name, result.clone());
                }
                result
            }
            Change::Instead(word) => {
                let (other, after) = self.expand(word, state)?;
                state = after;
                if value.is_empty() { Value::default() } else { other }
            }
            // What is behind the last slash is a name in a folder.
            Change::Behind(mark) if mark.as_ref() == "/" => match value.literal() {
                Some(text) => Value::text(text.rsplit('/').next().unwrap_or_default()),
                None => self.narrowed(&value, &Choice::Component),
            },
            Change::Behind(mark) => match value.literal() {
                Some(text) => Value::text(text.rsplit(mark.as_ref()).next().unwrap_or_default()),
                None => self.narrowed(&value, &Choice::Without(mark.to_string())),
            },
            Change::Cut { how, pattern } => {
                if let Some(text) = value.literal() {
                    Value::text(&cut(&text, how, pattern))
                } else {
                    // `${x%%[!0-9]*}`: up to the first character that is not of the set.
                    let set = pattern.strip_prefix("[!").or_else(|| pattern.strip_prefix("[^")).and_then(|rest| rest.strip_suffix("]*"));
                    let left = set.filter(|set| *how == "%%" && !set.contains(']')).map_or(Choice::Free, only);
                    self.narrowed(&value, &left)
                }
            }
            Change::Replace { all, pattern, with } => {
                let (with, after) = self.expand(with, state)?;
                state = after;
                self.replaced(&value, *all, pattern, &with)
            }
            Change::Other => self.narrowed(&value, &Choice::Free),
        };
        Some((changed, state))
    }

    fn replaced(&mut self, value: &Value, all: bool, pattern: &str, with: &Value) -> Value {
        if let (Some(text), Some(with)) = (value.literal(), with.literal())
            && !glob::is_pattern(pattern)
        {
            let plain = pattern.replace('\\', "");
            let result = if plain.is_empty() {
                text
            } else if all {
                text.replace(&plain, &with)
            } else {
                text.replacen(&plain, &with, 1)
            };
            return Value::text(&result);
        }
        let set =
            pattern.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).filter(|set| !set.contains(']') || set.starts_with("[:"));
        let left = match set {
            Some(set) if all && set.starts_with(['!', '^']) => only(&set[1..]),
            Some(set) if all => Choice::Without(set.to_owned()),
            None if all && pattern.trim_start_matches('\\').chars().count() == 1 && !matches!(pattern, "*" | "?") => {
                Choice::Without(pattern.trim_start_matches('\\').to_owned())
            }
            _ => Choice::Free,
        };
        self.narrowed(value, &left)
    }

    /// New content made of the old one, of which at most `left` can be chosen.
    pub(super) fn narrowed(&mut self, value: &Value, left: &Choice) -> Value {
        let mut numbers = Vec::new();
        for _ in 0..value.holes().count() {
            numbers.push(self.fresh());
        }
        let mut numbers = numbers.into_iter();
        value.map_holes(&mut |hole| {
            let left = crate::script::choice::narrower(&hole.left, left);
            crate::script::value::Hole { id: numbers.next().unwrap_or(0), left, ..hole.clone() }
        })
    }
}

/// Text of these characters only; of digits it is a number.
pub fn only(set: &str) -> Choice {
    if matches!(set, "0-9" | "[:digit:]" | "0123456789") { Choice::Number { min: None, max: None } } else { Choice::Only(set.to_owned()) }
}

/// `#`, `##`, `%`, `%%` and `:` on known text.
fn cut(text: &str, how: &str, pattern: &str) -> String {
    let letters: Vec<char> = text.chars().take(512).collect();
    let of = |from: usize, to: usize| letters[from..to].iter().collect::<String>();
    let len = letters.len();
    let found = match how {
        "#" => (0..=len).find(|at| glob::fits(pattern, &of(0, *at))).map(|at| of(at, len)),
        "##" => (0..=len).rev().find(|at| glob::fits(pattern, &of(0, *at))).map(|at| of(at, len)),
        "%" => (0..=len).rev().find(|at| glob::fits(pattern, &of(*at, len))).map(|at| of(0, at)),
        "%%" => (0..=len).find(|at| glob::fits(pattern, &of(*at, len))).map(|at| of(0, at)),
        _ => {
            let mut numbers = pattern.split(':').map(|number| number.trim().parse::<usize>());
            let from = numbers.next().and_then(Result::ok).unwrap_or(0).min(len);
            let count = numbers.next().and_then(Result::ok).unwrap_or(len);
            Some(of(from, from.saturating_add(count).min(len)))
        }
    };
    found.unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn cuts() {
        assert_eq!(cut("/a/b.tar.gz", "##", "*/"), "b.tar.gz");
        assert_eq!(cut("b.tar.gz", "%", ".*"), "b.tar");
        assert_eq!(cut("b.tar.gz", "%%", ".*"), "b");
        assert_eq!(cut("b.tar.gz", "#", "*."), "tar.gz");
        assert_eq!(cut("abcdef", ":", "2:3"), "cde");
    }
}
