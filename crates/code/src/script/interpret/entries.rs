//! Does what the rules say of a command: reads, checks, acts, talks, writes, prints.

use std::rc::Rc;

use assay_core::{
    facts::code::{ActuatorKind, Channel, FileAccess},
    finding::Role,
};

use super::{Field, Interpreter, act::Event, compare, texts};
use crate::script::{
    condition::{Asks, Outcome},
    rules::{Arguments, Command, Output, Select},
    state::State,
    value::{Alternative, Value},
};

impl Interpreter<'_> {
    /// Does what the rules say of a command.
    pub(super) fn apply(&mut self, name: &str, entries: &[&'static Command], fields: &[Field], state: State, depth: u32) -> Option<State> {
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
        let folder = Self::whole_path(&folder, state);
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
                let path = Self::whole_path(&field.value, state);
                files.extend(Self::family(&path, state));
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
                let path = Self::whole_path(&field.value, state);
                covers.extend(Self::family(&path, state));
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
                names.extend(target.value.templates().into_iter().map(|text| Self::absolute(&text, state)));
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
                let path = Self::whole_path(&field.value, state);
                files.extend(Self::family(&path, state));
                content.push(self.read_file(&field.value, state));
            }
            // What a script has on its own standard input nobody sends, unless a web server runs it.
            if act.input && content.is_empty() && (self.cgi || !Self::is_own_input(&state.input)) {
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
    fn writes_of(
        &mut self,
        name: &str,
        entry: &Command,
        arguments: &Arguments,
        input: &Value,
        files: &[Rc<str>],
        received: Option<&Value>,
        state: &mut State,
    ) {
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
                    let path = Self::whole_path(&field.value, state);
                    made_of.extend(Self::family(&path, state));
                    let one = self.read_file(&field.value, state);
                    content = content.then(&one);
                }
            }
            for target in targets.iter().take(8) {
                if matches!(target.template().as_str(), "-" | "/dev/stdout" | "/dev/null") {
                    continue;
                }
                self.file_fact(target, if write.append { FileAccess::Append } else { FileAccess::Write });
                let mut path = Self::whole_path(target, state);
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
                        Self::keep_file(&inside, content.clone(), &made_of, state);
                    }
                }
                Self::keep_file(&path, content, &made_of, state);
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
        let path = Self::whole_path(target, state);
        let before = state.files.get(path.as_str()).cloned();
        // For a moment the file is made of what will be in it, so that checks of those count.
        Self::keep_file(&path, content.clone(), made_of, state);
        self.touched(target, &[], &[content], name, state);
        if let Some(before) = before {
            Rc::make_mut(&mut state.files).insert(path.as_str().into(), before);
        }
    }

    #[allow(clippy::too_many_arguments, reason = "one command's parts")]
    fn output_of(
        &mut self,
        name: &str,
        entry: &Command,
        arguments: &Arguments,
        fields: &[Field],
        input: &Value,
        files: &[Rc<str>],
        received: Option<Value>,
    ) -> (Value, Option<compare::Sides>) {
        let command = fields.iter().map(|field| field.value.template()).collect::<Vec<_>>().join(" ");
        let command = &command[..command.floor_char_boundary(200)];
        match entry.output {
            Output::Nothing => (Value::default(), None),
            Output::Network => (received.unwrap_or_default(), None),
            Output::Clock => (self.outside(Channel::Clock, "the clock"), None),
            Output::Configured => (
                self.origin(
                    Channel::Output(command.to_owned()),
                    entry.tells.clone(),
                    command,
                    Role::Source,
                    &format!("configured: {command}"),
                ),
                None,
            ),
            Output::Inside => (self.origin(Channel::Unknown, entry.tells.clone(), command, Role::Source, &format!("{name} tells")), None),
            Output::Digest => {
                let mut of = files.to_vec();
                of.sort();
                of.dedup();
                (texts::digest(self.fresh(), of, input.origins()), None)
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
}
