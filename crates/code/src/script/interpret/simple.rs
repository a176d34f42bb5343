//! Simple commands: assignments, functions, what the rules know, and programs that nothing is known of.

use std::rc::Rc;

use assay_core::{
    facts::code::{ActuatorKind, Channel, FileAccess, Run},
    finding::Role,
};

use super::{Field, Interpreter, act::Event, compare};
use crate::script::{
    condition::{Asks, Outcome},
    rules::{Arguments, Command, Output, Select},
    state::State,
    syntax::tree::{Assignment, Part, Word},
    value::{Alternative, Value},
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
            return self.program(&name, fields, state);
        }
        if entries.iter().all(|entry| entry.runs.is_none()) {
            self.run_fact(&name, fields);
        }
        self.apply(&name, &entries, fields, state, depth)
    }

    fn run_fact(&mut self, name: &str, fields: &[Field]) {
        // Printing and asking are the shell's own work in most shells, and no program.
        if matches!(name, "echo" | "printf" | "cat" | "grep" | "sed" | "awk" | "cut" | "tr" | "sleep" | "head" | "tail" | "wc" | "expr" | "mkdir" | "rm" | "sync") {
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
    fn program(&mut self, name: &str, fields: &[Field], mut state: State) -> Option<State> {
        self.handled(name.rsplit('/').next().unwrap_or(name), &state.path);
        self.run_fact(name, fields);
        let path = self.absolute(name, &state);
        let values: Vec<Value> = fields[1..].iter().map(|field| field.value.clone()).collect();
        // The program itself may be what somebody sent.
        let own = self.known_content(&path, &state);
        let removable = self.presence(&path, &Value::text(&path));
        // A bare name is looked up in the folders of programs, not where the script is.
        let own = own.filter(|_| name.contains('/'));
        if own.is_some() || !removable.is_empty() {
            let own = own.unwrap_or_else(|| self.fresh_removable(&path));
            let files = self.family(&path, &state);
            let event = Event { content: vec![&own], files, ..Event::new(ActuatorKind::Command, name, name, Vec::new()) };
            self.act(&event, &state);
        }
        // What it is given: text, files that hold something of the outside, standard input.
        let mut contents = Vec::new();
        let mut files = Vec::new();
        for value in values.iter().take(16) {
            let given = self.whole_path(value, &state);
            if !state.files.contains_key(given.as_str()) && !value.template().contains('/') {
                continue;
            }
            if let Some(content) = self.known_content(&given, &state) {
                contents.push(content);
                files.extend(self.family(&given, &state));
            }
        }
        let piped = !self.is_own_input(&state.input);
        if piped && !state.input.origins().is_empty() {
            contents.push(state.input.clone());
        }
        let argument = values.iter().map(Value::template).collect::<Vec<_>>().join(" ");
        let event = Event { content: contents.iter().collect(), files, ..Event::new(ActuatorKind::Program, name, &argument, values.iter().collect()) };
        self.act(&event, &state);
        let command = [name, &argument].join(" ").trim().to_owned();
        let mut printed = self.origin(Channel::Output(command.clone()), Vec::new(), &command, Role::Source, &format!("printed by {name}"));
        if piped {
            printed = self.made_of(&[&state.input.clone(), &printed], None);
        }
        self.print(&printed, &mut state);
        let status = self.open_status();
        Some(State { status, ..state })
    }

    fn fresh_removable(&mut self, path: &str) -> Value {
        self.outside(Channel::Removable(path.to_owned()), &format!("stands on a medium: {path}"))
    }

    /// What is known of a file, without reading it.
    pub(super) fn known_content(&mut self, path: &str, state: &State) -> Option<Value> {
        let mut copy = state.clone();
        let known = self.family(path, state).iter().any(|name| state.files.contains_key(name));
        known.then(|| self.read_quietly(path, &mut copy)).filter(|content| !content.origins().is_empty())
    }

    fn read_quietly(&mut self, path: &str, state: &mut State) -> Value {
        self.read_file(&Value::text(path), state)
    }

    /// Is it the script's own standard input, which nobody has handed on?
    pub(super) fn is_own_input(&self, input: &Value) -> bool {
        input.only_hole().is_some_and(|hole| {
            hole.origins.iter().all(|origin| matches!(&origin.source, Channel::StandardInput) || origin.source == Channel::Cgi("body".into()))
                && hole.origins.iter().all(|origin| origin.way.as_ref().is_some_and(|way| way.count == 1))
        })
    }

    /// Does what the rules say of a command.
    fn apply(&mut self, name: &str, entries: &[&'static Command], fields: &[Field], state: State, depth: u32) -> Option<State> {
        let mut state = state;
        let mut printed = Value::default();
        let mut status: Option<Value> = None;
        let mut fitting = 0;
        for entry in entries {
            let arguments = Arguments::new(&fields[1..], &entry.valued);
            if !entry.when.iter().all(|pattern| arguments.any(pattern)) || entry.unless.iter().any(|pattern| arguments.any(pattern)) {
                continue;
            }
            fitting += 1;
            if let Some(start) = entry.runs.as_ref().and_then(|runs| arguments.start_of(runs)) {
                return self.command(&fields[1 + start..], state, depth + 1);
            }
            if let Some(program) = entry.launches.as_ref().and_then(|select| arguments.select(select).into_iter().next()) {
                let mut words = vec![program];
                words.extend(arguments.select(&Select::From(1)));
                let program = words[0].value.template();
                self.run_fact(&program, &words);
                if self.rules.named(&program).iter().any(|entry| entry.listens.is_some()) {
                    state = self.command(&words, state, depth + 1)?;
                }
            }
            if let Some(what) = &entry.ordinary {
                self.emit.ordinary(self.line, what, name);
            }
            if let Some(select) = &entry.shell
                && let Some(text) = arguments.select(select).first()
            {
                let text = text.value.clone();
                state = self.shell_text(name, &text, state)?;
                continue;
            }
            if let Some(select) = &entry.script {
                state = self.shell_script(name, arguments.select(select).first().cloned(), state)?;
                continue;
            }
            if let Some((device, folder)) = &entry.mounts {
                self.mounted(&arguments, device, folder, &state);
            }
            let (input, files) = self.inputs(entry, &arguments, &mut state);
            if let Some(outcome) = self.checks_of(name, entry, &arguments, &mut state) {
                status = Some(outcome);
            }
            self.acts_of(name, entry, &arguments, fields, &mut state);
            let answer = self.talk(entry, &arguments, &input, &mut state);
            let heard = self.listen(entry, &arguments);
            let received = heard.or(answer);
            self.writes_of(name, entry, &arguments, &input, &files, received.as_ref(), &mut state);
            let (text, sides) = self.output_of(name, entry, &arguments, fields, &input, &files, received);
            printed = printed.then(&text);
            if let Some((yes, no)) = sides {
                status = Some(self.status(yes, no));
            }
        }
        if fitting == 0 {
            return Some(State { status: self.open_status(), ..state });
        }
        self.handled_by_rules(name, &state);
        self.print(&printed, &mut state);
        let quiet = matches!(name, "echo" | "printf");
        let status = status.unwrap_or_else(|| if quiet { Value::text("0") } else { self.open_status() });
        Some(State { status, ..state })
    }

    /// A device under a folder: what is written below is on the device, what is read comes from it.
    fn mounted(&mut self, arguments: &Arguments, device: &Select, folder: &Select, state: &State) {
        const MOUNTS: usize = 64;
        let select = |this: &Select| arguments.select(this).into_iter().next().map(|field| field.value);
        let (Some(device), Some(folder)) = (select(device), select(folder)) else { return };
        let removable = device.origins().iter().any(|origin| matches!(origin.source, Channel::Removable(_)));
        let device = if removable { "/dev/sda".to_owned() } else { device.template() };
        let folder = self.whole_path(&folder, state);
        if self.mounts.len() < MOUNTS && folder.len() > 1 && !folder.starts_with('{') {
            self.mounts.insert(folder.trim_end_matches('/').to_owned(), device);
        }
    }

    fn handled_by_rules(&mut self, name: &str, state: &State) {
        if !matches!(name, "echo" | "printf" | "sleep" | "cat" | "grep" | "sed" | "cut" | "tr" | "jq" | "awk" | "head" | "wc" | "expr") {
            self.handled(name.rsplit('/').next().unwrap_or(name), &state.path);
        }
    }

    /// What a command reads: the files it names, or its standard input.
    fn inputs(&mut self, entry: &Command, arguments: &Arguments, state: &mut State) -> (Value, Vec<Rc<str>>) {
        let mut input = Value::default();
        let mut files: Vec<Rc<str>> = Vec::new();
        let mut named = false;
        for select in &entry.reads {
            for field in arguments.select(select) {
                named = true;
                if field.value.template() == "-" {
                    input = input.then(&state.input.clone());
                    continue;
                }
                let path = self.whole_path(&field.value, state);
                files.extend(self.family(&path, state));
                let content = self.read_file(&field.value, state);
                input = input.then(&content);
            }
        }
        if entry.input && !named {
            input = state.input.clone();
        }
        (input, files)
    }

    fn checks_of(&mut self, name: &str, entry: &Command, arguments: &Arguments, state: &mut State) -> Option<Value> {
        let mut outcome = None;
        for check in &entry.checks {
            let mut covers: Vec<Rc<str>> = Vec::new();
            for field in check.files.iter().flat_map(|select| arguments.select(select)) {
                self.file_fact(&field.value, FileAccess::Read);
                let path = self.whole_path(&field.value, state);
                covers.extend(self.family(&path, state));
            }
            covers.sort();
            covers.dedup();
            let detail = check.with.as_ref().and_then(|select| arguments.select(select).first().map(|field| field.value.template()));
            let own = covers.first().map_or_else(|| name.to_owned(), |file| format!("{name} {file}"));
            let number = self.add_check(check.kind, detail.unwrap_or(own), covers);
            let ran = self.atom(Asks::Ran(number), 0);
            state.push(ran);
            let mut came = |outcome, arm| vec![self.atom(Asks::Came(number, outcome), arm)];
            let (pass, fail, other) = (came(Outcome::Pass, 0), came(Outcome::Fail, 2), came(Outcome::Other, 3));
            let rest = self.number_between(2, 255);
            let one = |when, value: &Value| Alternative { when, pieces: value.alternatives()[0].pieces.clone() };
            outcome = Some(Value::of(vec![one(pass, &Value::text("0")), one(fail, &Value::text("1")), one(other, &rest)]));
        }
        outcome
    }

    fn acts_of(&mut self, name: &str, entry: &Command, arguments: &Arguments, fields: &[Field], state: &mut State) {
        for act in &entry.acts {
            let targets: Vec<Field> = act.target.as_ref().map(|select| arguments.select(select)).unwrap_or_default();
            let mut names: Vec<String> = Vec::new();
            for target in &targets {
                names.extend(target.value.templates().into_iter().map(|text| self.absolute(&text, state)));
            }
            let fits = |name: &String| act.fits.is_empty() || act.fits.iter().any(|one| crate::script::glob::fits(one, name));
            let spared = |name: &String| act.spares.iter().any(|one| crate::script::glob::fits(one, name));
            if act.target.is_some() && !names.iter().any(|name| fits(name) && !spared(name)) {
                continue;
            }
            if act.miner && !names.iter().any(|name| self.rules.is_miner(name)) {
                continue;
            }
            let text: Vec<Value> = act.text.iter().flat_map(|select| arguments.select(select)).map(|field| field.value).collect();
            let mut content: Vec<Value> = Vec::new();
            let mut files: Vec<Rc<str>> = Vec::new();
            for field in act.content.iter().flat_map(|select| arguments.select(select)) {
                let path = self.whole_path(&field.value, state);
                files.extend(self.family(&path, state));
                content.push(self.read_file(&field.value, state));
            }
            // What a script has on its own standard input nobody sends, unless a web server runs it.
            if act.input && content.is_empty() && (self.cgi || !self.is_own_input(&state.input)) {
                content.push(state.input.clone());
            }
            let argument = if names.is_empty() {
                fields[1..].iter().map(|field| field.value.template()).collect::<Vec<_>>().join(" ")
            } else {
                names.retain(|name| fits(name) && !spared(name));
                names.dedup();
                names.join(" ")
            };
            let event = Event { content: content.iter().collect(), files, ..Event::new(act.kind, name, &argument, text.iter().collect()) };
            self.act(&event, state);
            if act.kind == ActuatorKind::Firewall {
                let words = fields.iter().map(|field| field.value.template()).collect();
                self.emit.filter(self.line, words);
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "one command's parts")]
    fn writes_of(&mut self, name: &str, entry: &Command, arguments: &Arguments, input: &Value, files: &[Rc<str>], received: Option<&Value>, state: &mut State) {
        for write in &entry.writes {
            let mut targets: Vec<Value> = arguments.select(&write.file).into_iter().map(|field| field.value).collect();
            if targets.is_empty() && (write.below || write.implied) {
                // Into the folder that the script is in.
                let own = arguments.select(&Select::Operand(1)).first().map(|field| field.value.template()).unwrap_or_default();
                let own = own.split('?').next().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
                targets.push(Value::text(if write.below { "./" } else { &own }));
            }
            let mut content = received.cloned().unwrap_or_else(|| input.clone());
            let mut made_of: Vec<Rc<str>> = files.to_vec();
            if !write.from.is_empty() {
                content = Value::default();
                for field in write.from.iter().flat_map(|select| arguments.select(select)) {
                    let path = self.whole_path(&field.value, state);
                    made_of.extend(self.family(&path, state));
                    let one = self.read_file(&field.value, state);
                    content = content.then(&one);
                }
            }
            for target in targets.iter().take(8) {
                if matches!(target.template().as_str(), "-" | "/dev/stdout" | "/dev/null") {
                    continue;
                }
                self.file_fact(target, if write.append { FileAccess::Append } else { FileAccess::Write });
                let mut path = self.whole_path(target, state);
                if write.below {
                    path = format!("{}/", path.trim_end_matches('/'));
                } else {
                    self.touched_by(target, &content, &made_of, name, state);
                }
                let content = self.step(&content, &format!("{name} writes {path}"));
                if !write.below && !write.from.is_empty() && made_of.len() < 12 {
                    // The target may be a folder: the file is then in it under its own name.
                    if let Some(own) = write.from.iter().flat_map(|select| arguments.select(select)).next() {
                        let own = own.value.template();
                        let inside = format!("{}/{}", path.trim_end_matches('/'), own.rsplit('/').next().unwrap_or_default());
                        self.keep_file(&inside, content.clone(), &made_of, state);
                    }
                }
                self.keep_file(&path, content, &made_of, state);
            }
        }
        for field in entry.removes.iter().flat_map(|select| arguments.select(select)) {
            self.file_fact(&field.value, FileAccess::Remove);
            let path = field.value.template();
            let event = Event::new(ActuatorKind::File, name, &path, vec![&field.value]);
            self.act(&event, state);
        }
    }

    /// A write of whole files: what it does to the machine, with the files it is made of.
    fn touched_by(&mut self, target: &Value, content: &Value, made_of: &[Rc<str>], name: &str, state: &mut State) {
        let path = self.whole_path(target, state);
        let before = state.files.get(path.as_str()).cloned();
        // For a moment the file is made of what will be in it, so that checks of those count.
        self.keep_file(&path, content.clone(), made_of, state);
        self.touched(target, &[], &[content], name, state);
        if let Some(before) = before {
            Rc::make_mut(&mut state.files).insert(path.as_str().into(), before);
        }
    }

    #[allow(clippy::too_many_arguments, reason = "one command's parts")]
    fn output_of(&mut self, name: &str, entry: &Command, arguments: &Arguments, fields: &[Field], input: &Value, files: &[Rc<str>], received: Option<Value>) -> (Value, Option<compare::Sides>) {
        let command = fields.iter().map(|field| field.value.template()).collect::<Vec<_>>().join(" ");
        let command = &command[..command.floor_char_boundary(200)];
        match entry.output {
            Output::Nothing => (Value::default(), None),
            Output::Network => (received.unwrap_or_default(), None),
            Output::Clock => (self.outside(Channel::Clock, "the clock"), None),
            Output::Configured => (self.origin(Channel::Output(command.to_owned()), entry.tells.clone(), command, Role::Source, &format!("configured: {command}")), None),
            Output::Inside => (self.origin(Channel::Unknown, entry.tells.clone(), command, Role::Source, &format!("{name} tells")), None),
            Output::Digest => {
                let mut of = files.to_vec();
                of.sort();
                of.dedup();
                (compare::digest(self.fresh(), of, input.origins()), None)
            }
            Output::Input => {
                let (value, sides) = self.filtered(entry.filter, fields, input);
                let value = if fields.len() > 1 { self.step(&value, &format!("through {command}")) } else { value };
                (value, sides)
            }
            Output::Operands => {
                let mut all = Value::default();
                for (at, field) in arguments.select(&Select::From(1)).into_iter().enumerate() {
                    if at > 0 {
                        all = all.then(&Value::text(" "));
                    }
                    all = all.then(&field.value);
                }
                let (value, sides) = self.filtered(entry.filter, fields, &all);
                (if name == "echo" { value.then(&Value::text("\n")) } else { value }, sides)
            }
        }
    }

    /// Text that a shell reads.
    pub(super) fn shell_text(&mut self, name: &str, text: &Value, state: State) -> Option<State> {
        let template = text.template();
        self.act(&Event::new(ActuatorKind::Command, name, &template, vec![text]), &state);
        match text.literal() {
            Some(text) => self.text(&text, state),
            None => {
                self.emit.unknown_command(self.line);
                let status = self.open_status();
                Some(State { status, ..state })
            }
        }
    }

    /// A file of commands that a shell reads, or its standard input.
    fn shell_script(&mut self, name: &str, file: Option<Field>, mut state: State) -> Option<State> {
        let Some(file) = file else {
            let input = state.input.clone();
            if !self.is_own_input(&input) {
                let event = Event { content: vec![&input], ..Event::new(ActuatorKind::Command, name, "standard input", Vec::new()) };
                self.act(&event, &state);
                if let Some(text) = input.literal() {
                    state = self.text(&text, state)?;
                }
            }
            return Some(State { status: self.open_status(), ..state });
        };
        self.source_file(&file.value, name, &state);
        let status = self.open_status();
        Some(State { status, ..state })
    }

    /// The flows into a file of commands: who chooses its name, who wrote it.
    pub(super) fn source_file(&mut self, file: &Value, name: &str, state: &State) {
        let path = self.whole_path(file, state);
        let mut content = self.known_content(&path, state);
        if content.is_none() && !self.presence(&path, &Value::text(&path)).is_empty() {
            content = Some(self.fresh_removable(&path));
        }
        let files = self.family(&path, state);
        let event = Event { content: content.iter().collect(), files, ..Event::new(ActuatorKind::Command, name, &path, vec![file]) };
        self.act(&event, state);
    }
}
