//! Simple commands: assignments, functions, what the rules know, and programs that nothing is known of.

use std::rc::Rc;

use assay_core::{
    facts::code::{ActuatorKind, Channel, Run},
    finding::Role,
};

use super::{Field, Interpreter, act::Event};
use crate::script::{
    state::State,
    syntax::tree::{Assignment, Part, Word},
    value::Value,
};

impl Interpreter<'_> {
    pub(super) fn simple(&mut self, assignments: &[Assignment], words: &[Word], state: State) -> Option<State> {
        let (fields, mut state) = self.fields(words, state)?;
        let name = fields.first().and_then(|field| field.value.literal()).unwrap_or_default();
        let declares = matches!(name.as_str(), "export" | "local" | "declare" | "typeset" | "readonly");
        for one in assignments {
            let (value, after) = self.expand(&one.value, state)?;
            state = after;
            if fields.is_empty() || declares {
                let value = self.step(&value, &format!("kept in {}", one.name));
                let before = state.variables.get(&one.name).cloned().filter(|_| one.append);
                let value = before.map_or_else(|| value.clone(), |before| before.then(&value));
                state.set(&one.name, value);
            }
        }
        if fields.is_empty() {
            // `x=$(command)` has the command's status, any other assignment succeeds.
            let runs = |one: &Assignment| one.value.parts.iter().any(|part| matches!(part, Part::Output { .. }));
            let status = if assignments.iter().any(runs) { state.status } else { Value::text("0") };
            return Some(State { status, ..state });
        }
        if declares {
            return Some(State { status: Value::text("0"), ..state });
        }
        self.command(&fields, state, 0)
    }

    /// Runs a command by its words.
    pub(super) fn command(&mut self, fields: &[Field], state: State, depth: u32) -> Option<State> {
        const WRAPPED: u32 = 6;
        let Some(first) = fields.first() else { return Some(state) };
        let Some(name) = first.value.literal().filter(|_| depth < WRAPPED) else { return self.open_command(fields, state) };
        if let Some(key) = self.functions.get_key_value(name.as_str()).map(|(key, _)| key.clone()) {
            self.handled(&name, &state.path);
            let arguments: Vec<Value> = fields[1..].iter().map(|field| field.value.clone()).collect();
            return self.call(&key, &arguments, state);
        }
        let state = match self.builtin(&name, fields, state) {
            Ok(done) => return done,
            Err(state) => *state,
        };
        let entries = self.rules.named(&name);
        if entries.is_empty() {
            return Some(self.program(&name, fields, state));
        }
        if entries.iter().all(|entry| entry.runs.is_none()) {
            self.run_fact(&name, fields);
        }
        self.apply(&name, &entries, fields, state, depth)
    }

    pub(super) fn run_fact(&mut self, name: &str, fields: &[Field]) {
        // Printing and asking are the shell's own work in most shells, and no program.
        if matches!(
            name,
            "echo"
                | "printf"
                | "cat"
                | "grep"
                | "sed"
                | "awk"
                | "cut"
                | "tr"
                | "sleep"
                | "head"
                | "tail"
                | "wc"
                | "expr"
                | "mkdir"
                | "rm"
                | "sync"
        ) {
            return;
        }
        let arguments: Vec<String> = fields[1..].iter().take(40).map(|field| field.value.template()).collect();
        let function = self.function().filter(|name| !name.is_empty()).map(|name| name.to_string());
        self.emit.run(self.line, Run { program: name.to_owned(), arguments, command: None, through: "script".into(), function });
    }

    /// A command whose name is not known: whoever chooses it chooses what runs.
    fn open_command(&mut self, fields: &[Field], mut state: State) -> Option<State> {
        let value = fields[0].value.clone();
        let template = value.template();
        self.emit.unknown_command(self.line);
        if value.only_hole().is_some() && !value.origins().is_empty() && !self.functions.is_empty() && value.alternatives().len() == 1 {
            // `"$1"` where the script has functions: each of them, by its name.
            let names: Vec<Rc<str>> = self.functions.keys().take(24).cloned().collect();
            let mut ends = Vec::new();
            for name in names {
                let (yes, _) = self.equal(&value, &Value::text(&name), false);
                let mut inside = state.clone();
                if inside.assume_one(&yes) && !self.calls.contains(&name) {
                    self.handled(&name, &inside.path);
                    let arguments: Vec<Value> = fields[1..].iter().map(|field| field.value.clone()).collect();
                    ends.extend(self.call(&name, &arguments, inside));
                }
            }
            ends.push(state.clone());
            state = crate::script::state::join(ends)?;
        }
        self.run_fact(&template, fields);
        let mut all = vec![&value];
        all.extend(fields[1..].iter().map(|field| &field.value));
        self.act(&Event::new(ActuatorKind::Program, &template, &template, all), &state);
        let printed = self.unknown();
        self.print(&printed, &mut state);
        let status = self.open_status();
        Some(State { status, ..state })
    }

    /// A program of which nothing is known.
    fn program(&mut self, name: &str, fields: &[Field], mut state: State) -> State {
        self.handled(name.rsplit('/').next().unwrap_or(name), &state.path);
        self.run_fact(name, fields);
        let path = Self::absolute(name, &state);
        let values: Vec<Value> = fields[1..].iter().map(|field| field.value.clone()).collect();
        // The program itself may be what somebody sent.
        let own = self.known_content(&path, &state);
        let removable = self.presence(&path, &Value::text(&path));
        // A bare name is looked up in the folders of programs, not where the script is.
        let own = own.filter(|_| name.contains('/'));
        if own.is_some() || !removable.is_empty() {
            let own = own.unwrap_or_else(|| self.fresh_removable(&path));
            let files = Self::family(&path, &state);
            let event = Event { content: vec![&own], files, ..Event::new(ActuatorKind::Command, name, name, Vec::new()) };
            self.act(&event, &state);
        }
        // What it is given: text, files that hold something of the outside, standard input.
        let mut contents = Vec::new();
        let mut files = Vec::new();
        for value in values.iter().take(16) {
            let given = Self::whole_path(value, &state);
            if !state.files.contains_key(given.as_str()) && !value.template().contains('/') {
                continue;
            }
            if let Some(content) = self.known_content(&given, &state) {
                contents.push(content);
                files.extend(Self::family(&given, &state));
            }
        }
        let piped = !Self::is_own_input(&state.input);
        if piped && !state.input.origins().is_empty() {
            contents.push(state.input.clone());
        }
        let argument = values.iter().map(Value::template).collect::<Vec<_>>().join(" ");
        let event = Event {
            content: contents.iter().collect(),
            files,
            ..Event::new(ActuatorKind::Program, name, &argument, values.iter().collect())
        };
        self.act(&event, &state);
        let command = [name, &argument].join(" ").trim().to_owned();
        let mut printed = self.origin(Channel::Output(command.clone()), Vec::new(), &command, Role::Source, &format!("printed by {name}"));
        if piped {
            printed = self.made_of(&[&state.input.clone(), &printed], None);
        }
        self.print(&printed, &mut state);
        let status = self.open_status();
        State { status, ..state }
    }

    pub(super) fn fresh_removable(&mut self, path: &str) -> Value {
        self.outside(Channel::Removable(path.to_owned()), &format!("stands on a medium: {path}"))
    }

    /// What is known of a file, without reading it.
    pub(super) fn known_content(&mut self, path: &str, state: &State) -> Option<Value> {
        let mut copy = state.clone();
        let known = Self::family(path, state).iter().any(|name| state.files.contains_key(name));
        known.then(|| self.read_quietly(path, &mut copy)).filter(|content| !content.origins().is_empty())
    }

    fn read_quietly(&mut self, path: &str, state: &mut State) -> Value {
        self.read_file(&Value::text(path), state)
    }

    /// Is it the script's own standard input, which nobody has handed on?
    pub(super) fn is_own_input(input: &Value) -> bool {
        input.only_hole().is_some_and(|hole| {
            hole.origins
                .iter()
                .all(|origin| matches!(&origin.source, Channel::StandardInput) || origin.source == Channel::Cgi("body".into()))
                && hole.origins.iter().all(|origin| origin.way.as_ref().is_some_and(|way| way.count == 1))
        })
    }
}
