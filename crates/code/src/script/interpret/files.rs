//! Files: what is read from them, what writing them does, and which was made of which.
//!
//! **Limitations**: a name is a template; two templates are the same file only where they are the same text. What else writes a file
//! while the script runs is not seen here.

use std::rc::Rc;

use assay_core::{
    facts::code::{ActuatorKind, Channel, Disclosed, FileAccess},
    finding::Role,
};

use super::{Interpreter, act::Event};
use crate::script::{
    condition::Path,
    rules::Read,
    state::{FileState, State},
    value::{Origin, Value},
};

/// Files of one state.
const FILES: usize = 400;

impl Interpreter<'_> {
    /// The template of a path, made absolute where the script went to a known folder.
    pub(super) fn whole_path(path: &Value, state: &State) -> String {
        Self::absolute(&path.template(), state)
    }

    pub(super) fn absolute(path: &str, state: &State) -> String {
        if path.is_empty() || path.starts_with(['/', '{', '-']) {
            return path.to_owned();
        }
        let folder = state.variables.get("PWD").map(Value::template).filter(|folder| folder.starts_with('/'));
        let path = path.strip_prefix("./").unwrap_or(path);
        folder.map_or_else(|| path.to_owned(), |folder| format!("{}/{path}", folder.trim_end_matches('/')))
    }

    /// What is known of a file, or of the folder that it came into the world with.
    fn known<'s>(path: &str, state: &'s State) -> Option<(&'s Rc<str>, &'s FileState)> {
        if let Some(found) = state.files.get_key_value(path) {
            return Some(found);
        }
        let mut folder = path;
        while let Some(at) = folder.trim_end_matches('/').rfind('/') {
            folder = &folder[..=at];
            if let Some(found) = state.files.get_key_value(folder) {
                return Some(found);
            }
            folder = &folder[..at];
        }
        (!path.starts_with('/')).then(|| state.files.get_key_value("./")).flatten()
    }

    /// The content of a file.
    pub(super) fn read_file(&mut self, path: &Value, state: &mut State) -> Value {
        if path.is_empty() {
            return Value::default();
        }
        self.file_fact(path, FileAccess::Read);
        let name = Self::whole_path(path, state);
        if let Some((_, file)) = Self::known(&name, state) {
            let content = file.content.clone();
            return self.step(&content, &format!("read from {name}"));
        }
        if let Some((host, port)) = super::network::pseudo(&name) {
            return self.connected_to(&host, port);
        }
        // A path that the outside chooses: what is read is its choice as well.
        let chosen = path.origins();
        let named = self.context.part && !chosen.is_empty() && path.template() == "{}";
        // Of a file that somebody else names, only who named it is known.
        let value = if named { path.clone() } else { self.fresh_content(&name) };
        let value = if chosen.is_empty() { value } else { self.made_of(&[&value, path], None) };
        Self::keep_file(&name, value.clone(), &[], state);
        value
    }

    fn fresh_content(&mut self, name: &str) -> Value {
        let tells = self.tells(name);
        let note = format!("reads {name}");
        match self.rules.path(name, |rule| rule.read) {
            Some(Read::Serial) => self.outside(Channel::Serial(name.to_owned()), &note),
            Some(Read::Removable) => self.outside(Channel::Removable(name.to_owned()), &note),
            _ if self.removable(name) => self.outside(Channel::Removable(name.to_owned()), &note),
            _ => self.origin(Channel::File(name.to_owned()), tells, name, Role::Source, &note),
        }
    }

    /// What a file's content tells.
    pub(super) fn tells(&self, name: &str) -> Vec<Disclosed> {
        let tells = self.rules.path(name, |rule| (!rule.tells.is_empty()).then(|| rule.tells.clone()));
        tells.unwrap_or_else(|| {
            if self.rules.path(name, |rule| rule.read) == Some(Read::Inside) { vec![Disclosed::Status] } else { vec![Disclosed::File] }
        })
    }

    fn removable(&self, name: &str) -> bool {
        self.mounts.iter().any(|(folder, device)| {
            name.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'))
                && self.rules.path(device, |rule| rule.read) == Some(Read::Removable)
        })
    }

    /// Whose decision it is that a file is there.
    pub(super) fn presence(&mut self, name: &str, path: &Value) -> Vec<Origin> {
        if self.rules.path(name, |rule| rule.read) == Some(Read::Removable) || self.removable(name) {
            return self.outside(Channel::Removable(name.to_owned()), &format!("looks for {name}")).origins();
        }
        path.origins()
    }

    /// Remembers a file.
    pub(super) fn keep_file(name: &str, content: Value, made_of: &[Rc<str>], state: &mut State) {
        if state.files.len() >= FILES && !state.files.contains_key(name) {
            return;
        }
        let mut all: Vec<Rc<str>> = made_of.to_vec();
        all.sort();
        all.dedup();
        all.truncate(12);
        Rc::make_mut(&mut state.files).insert(name.into(), FileState { content, made_of: Rc::new(all) });
    }

    /// A file and those that it was made of.
    pub(super) fn family(name: &str, state: &State) -> Vec<Rc<str>> {
        let mut all: Vec<Rc<str>> = vec![name.into()];
        if let Some((key, file)) = Self::known(name, state) {
            all.push(key.clone());
            all.extend(file.made_of.iter().cloned());
        }
        all.sort();
        all.dedup();
        all
    }

    /// Writes `content`; what that does to the machine depends on the path.
    pub(super) fn write_file(&mut self, path: &Value, content: &Value, append: bool, by: &str, state: &mut State) {
        let name = Self::whole_path(path, state);
        if name.is_empty() || name == "/dev/null" || name.starts_with("/dev/std") {
            return;
        }
        if let Some((host, port)) = super::network::pseudo(&name) {
            self.endpoint(&host, port);
            let to = Self::connection(&host, port);
            self.disclose(content, &to, state);
            return;
        }
        self.file_fact(path, if append { FileAccess::Append } else { FileAccess::Write });
        self.touched(path, &[content], &[], by, state);
        let before = state.files.get(name.as_str()).cloned();
        let content = self.step(content, &format!("written to {name}"));
        let content = match (&before, append) {
            (Some(file), true) => file.content.then(&content),
            _ => content,
        };
        // The moment of writing is part of what it says: the conditions here stay with the content.
        let when: Path = state.path.iter().rev().take(6).rev().cloned().collect();
        let content =
            if content.origins().is_empty() && !when.is_empty() && before.as_ref().is_none_or(|file| file.content != content) && !append {
                Value::of(
                    content
                        .alternatives()
                        .iter()
                        .map(|one| crate::script::value::Alternative {
                            when: crate::script::condition::both(&one.when, &when),
                            pieces: one.pieces.clone(),
                        })
                        .collect(),
                )
            } else {
                content
            };
        let made_of: Vec<Rc<str>> = if append { before.map(|file| file.made_of.as_ref().clone()).unwrap_or_default() } else { Vec::new() };
        self.leave_file(&name, &content);
        Self::keep_file(&name, content, &made_of, state);
    }

    /// Remembers what was written at any time.
    fn leave_file(&mut self, name: &str, content: &Value) {
        if self.left.len() >= FILES && !self.left.contains_key(name) {
            return;
        }
        let nothing = Path::new();
        let file = self.left.entry(name.into()).or_default();
        file.content =
            if file.content.is_empty() { content.clone() } else { Value::join(&[(&nothing, &file.content), (&nothing, content)]) };
    }

    /// What a change of the file does to the machine.
    pub(super) fn touched(&mut self, path: &Value, text: &[&Value], content: &[&Value], by: &str, state: &State) {
        let name = Self::whole_path(path, state);
        let mut kind = self.rules.written(&name);
        if let Some((_, device)) =
            self.mounts.iter().find(|(folder, _)| name.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/')))
        {
            // A mounted flash partition: unless the name says more.
            if kind.is_none_or(|kind| kind == ActuatorKind::File) {
                kind = self.rules.written(device).filter(|kind| *kind == ActuatorKind::Flash).or(kind);
            }
        }
        // A path that the outside chooses, or outside content under a name of the script's.
        let words: Vec<Option<String>> = text.iter().chain(content).map(|value| value.literal()).collect();
        let idle = |word: &Option<String>| word.as_ref().is_some_and(|word| !self.rules.takes(&name, word.as_bytes()));
        let kind = kind.filter(|_| words.is_empty() || !words.iter().all(idle)).unwrap_or(ActuatorKind::File);
        let mut files = Self::family(&name, state);
        files.retain(|file| file.as_ref() != name);
        let written: Vec<&Value> = [text, content].concat();
        // What is written into a plain file is content; what is written into a setting is the setting.
        let (text, content) = if kind == ActuatorKind::File { (vec![path], written) } else { ([&[path], text].concat(), content.to_vec()) };
        self.act(&Event { content, files, ..Event::new(kind, by, &name, text) }, state);
    }

    /// A file fact, unless it is noise.
    pub(super) fn file_fact(&mut self, path: &Value, access: FileAccess) {
        let name = path.template();
        if !name.is_empty()
            && name != "{}"
            && !name.starts_with("/dev/null")
            && !name.starts_with("/dev/fd/")
            && !name.starts_with("/dev/std")
        {
            self.emit.file(self.line, &name, access);
        }
    }
}
