//! What the shell itself does (POSIX.1-2024, Shell Command Language, section 2.15, and a few utilities that change the shell).

use std::rc::Rc;

use assay_core::facts::code::{Choice, Run};

use super::{Field, Interpreter};
use crate::script::{state::State, value::Value};

/// What is left to do: nothing, or everything.
pub type Done = Result<Option<State>, Box<State>>;

impl Interpreter<'_> {
    /// Does a command of the shell; gives the state back where it is none.
    pub(super) fn builtin(&mut self, name: &str, fields: &[Field], state: State) -> Done {
        let arguments = &fields[1..];
        let mut state = state;
        state.status = Value::text("0");
        Ok(match name {
            ":" | "true" | "wait" | "umask" | "unset" | "alias" | "hash" | "times" | "ulimit" | "jobs" | "bg" | "fg" | "shopt" => {
                Some(state)
            }
            "false" => Some(State { status: Value::text("1"), ..state }),
            "test" => Some(self.tested(arguments, state)),
            "[" | "[[" => {
                let end = arguments
                    .len()
                    .saturating_sub(usize::from(arguments.last().is_some_and(|last| matches!(last.value.template().as_str(), "]" | "]]"))));
                Some(self.tested(&arguments[..end], state))
            }
            "exit" => {
                self.leave(arguments, &mut state);
                if let Some(exits) = self.exits.last_mut() {
                    exits.push(state);
                }
                None
            }
            "return" => {
                self.leave(arguments, &mut state);
                if let Some(returns) = self.returns.last_mut() {
                    returns.push(state);
                }
                None
            }
            "break" | "continue" => {
                // `continue` leads to the next turn, which the loop walks anyway; both end this one.
                if let Some(breaks) = self.breaks.last_mut() {
                    breaks.push(state);
                }
                None
            }
            "cd" => {
                if let Some(folder) = arguments.iter().find(|field| !field.value.template().starts_with('-')) {
                    let path = Self::whole_path(&folder.value, &state);
                    state.set("PWD", if path.contains("{}") { folder.value.clone() } else { Value::text(&path) });
                }
                state.status = self.open_status();
                Some(state)
            }
            "set" => Some(Self::set_arguments(arguments, state)),
            "shift" => {
                let count = arguments.first().and_then(|field| field.value.literal()).and_then(|text| text.parse().ok()).unwrap_or(1);
                state.arguments = Rc::new(state.arguments.iter().skip(count).cloned().collect());
                Some(state)
            }
            "let" => {
                for field in arguments {
                    self.let_one(field, &mut state);
                }
                Some(state)
            }
            "read" => Some(self.read(arguments, state)),
            "getopts" => {
                if let Some(variable) = arguments.get(1).and_then(|field| field.value.literal()) {
                    let all: Vec<Value> = state.arguments.iter().take(self.known_arguments(&state)).cloned().collect();
                    let value = self.made_of(&all.iter().collect::<Vec<_>>(), None);
                    state.set("OPTARG", value.clone());
                    state.set(&variable, value);
                }
                state.status = self.open_status();
                Some(state)
            }
            "eval" => {
                let mut text = Value::default();
                for (at, field) in arguments.iter().enumerate() {
                    text = if at > 0 { text.then(&Value::text(" ")) } else { text };
                    text = text.then(&field.value);
                }
                self.shell_text("eval", &text, state)
            }
            "." | "source" => self.source(arguments, state),
            "exec" if arguments.is_empty() => Some(state),
            "exec" => {
                let after = self.command(arguments, state, 1);
                if let (Some(exits), Some(after)) = (self.exits.last_mut(), after) {
                    exits.push(after);
                }
                None
            }
            "trap" => {
                let text = arguments.first().and_then(|field| field.value.literal()).unwrap_or_default();
                if !text.is_empty() && text != "-" && self.traps.len() < 8 && !self.traps.iter().any(|known| known.as_ref() == text) {
                    self.traps.push(text.into());
                }
                Some(state)
            }
            _ => return Err(Box::new(state)),
        })
    }

    fn tested(&mut self, fields: &[Field], mut state: State) -> State {
        let status = self.test(fields, &mut state);
        State { status, ..state }
    }

    /// The status that `exit` and `return` name.
    fn leave(&mut self, arguments: &[Field], state: &mut State) {
        if let Some(field) = arguments.first() {
            state.status = field.value.clone();
        } else {
            state.status = self.number_between(0, 255);
        }
    }

    fn set_arguments(arguments: &[Field], mut state: State) -> State {
        let mut rest = arguments.iter().peekable();
        while let Some(field) = rest.peek() {
            let text = field.value.template();
            match text.as_bytes() {
                [b'-', b'-'] => {
                    rest.next();
                    break;
                }
                [sign @ (b'-' | b'+'), flags @ ..] if flags.first().is_some_and(u8::is_ascii_alphabetic) => {
                    if flags.contains(&b'e') || (flags == b"o" && arguments.iter().any(|field| field.value.template() == "errexit")) {
                        state.exits_on_error = *sign == b'-';
                    }
                    if flags.ends_with(b"o") {
                        rest.next();
                    }
                    rest.next();
                    if rest.peek().is_none() {
                        return state;
                    }
                }
                _ => break,
            }
        }
        if rest.peek().is_some() || arguments.last().is_some_and(|field| field.value.template() == "--") {
            // An unquoted value is split into arguments: each of them holds some of it.
            let mut all: Vec<Value> = Vec::new();
            for field in rest {
                let copies = if field.whole { 1 } else { 9 };
                all.extend(std::iter::repeat_n(field.value.clone(), copies));
            }
            all.truncate(32);
            state.arguments = Rc::new(all);
        }
        state
    }

    fn let_one(&mut self, field: &Field, state: &mut State) {
        let text = field.value.template();
        let Some((name, rest)) = text.split_once('=') else { return };
        let name = name.trim_end_matches(['+', '-', '*', '/']);
        let before = self.variable(name, state);
        let other: Vec<Value> = rest
            .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
            .filter(|word| word.starts_with(|first: char| first.is_ascii_alphabetic()))
            .take(4)
            .map(|word| self.variable(word, state))
            .collect();
        let mut all: Vec<&Value> = other.iter().collect();
        all.extend([&before, &field.value]);
        let number = self.made_of(&all, Some(Choice::Number { min: None, max: None }));
        state.set(name, number);
    }

    /// `read name…`: each of them some of a line of standard input.
    fn read(&mut self, arguments: &[Field], mut state: State) -> State {
        let input = match arguments.iter().position(|field| field.value.template() == "-u") {
            Some(at) => {
                let number = arguments.get(at + 1).map(|field| field.value.template()).unwrap_or_default();
                state.variables.get(format!("&{number}").as_str()).cloned().unwrap_or_default()
            }
            None => state.input.clone(),
        };
        let mut names: Vec<String> = Vec::new();
        let mut skip = false;
        for field in arguments {
            let text = field.value.template();
            if skip {
                skip = false;
            } else if matches!(text.as_str(), "-n" | "-N" | "-t" | "-p" | "-d" | "-u" | "-i" | "-a") {
                skip = true;
            } else if !text.starts_with('-') && !text.contains("{}") {
                names.push(text);
            }
        }
        if names.is_empty() {
            names.push("REPLY".into());
        }
        let lines = input.literal().map(|text| text.lines().next().unwrap_or_default().to_owned());
        for (at, name) in names.iter().enumerate() {
            let value = match &lines {
                Some(line) if names.len() == 1 && input.literal().is_some_and(|text| text.lines().count() <= 1) => Value::text(line.trim()),
                Some(_) => self.unknown(),
                None => {
                    // Each line and each word of it is content of its own.
                    let fresh = self.narrowed(&input, &Choice::Free);
                    let whole = super::texts::trimmed(&fresh);
                    if whole.alternatives().len() == 1 && at == 0 && names.len() == 1 { whole } else { self.made_of(&[&whole], None) }
                }
            };
            let value = self.step(&value, &format!("kept in {name}"));
            state.set(name, value);
        }
        state.status = self.open_status();
        state
    }

    /// `. file`: its commands run here.
    fn source(&mut self, arguments: &[Field], mut state: State) -> Option<State> {
        let Some(file) = arguments.first() else { return Some(state) };
        let path = Self::whole_path(&file.value, &state);
        self.source_file(&file.value, ".", &state);
        let run = Run { program: path.clone(), arguments: Vec::new(), command: None, through: "source".into(), function: None };
        self.emit.run(self.line, run);
        let name: Rc<str> = format!(". {path}").into();
        let text = self.context.resolve.filter(|_| !path.contains("{}") && !self.calls.contains(&name)).and_then(|resolve| resolve(&path));
        match text {
            Some(bytes) if self.calls.len() < self.limits.calls => {
                let text = String::from_utf8_lossy(&bytes[..bytes.len().min(256 << 10)]).into_owned();
                // Lines of another file would be taken for lines of this one: everything in it stands at the line that sources it.
                let line = self.line;
                let mut problems = Vec::new();
                let list = crate::script::syntax::parse(&text, 0, self.limits, &mut problems);
                self.calls.push(name);
                let outer = std::mem::replace(&mut self.pinned, true);
                let after = self.list(&list, state);
                self.pinned = outer;
                self.calls.pop();
                self.line = line;
                after
            }
            _ => {
                state.status = self.open_status();
                Some(state)
            }
        }
    }
}
