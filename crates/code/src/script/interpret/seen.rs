//! What a look at the tree alone shows, before anything is executed.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use crate::script::syntax::tree::{Kind, List, Part, RedirectKind as To, Statement, Word};

/// What a look at the tree alone shows.
#[derive(Default)]
pub struct Seen {
    /// Variables that are used.
    pub variables: BTreeSet<Rc<str>>,
    /// Variables that the script sets itself.
    pub assigned: BTreeSet<Rc<str>>,
    /// The code of each line without its variables' names.
    pub shapes: BTreeMap<u32, String>,
    /// Nothing but functions and assignments: a file for others to source.
    pub library: bool,
}

impl Seen {
    /// Looks at all of it; `depth` is 0 for the script itself.
    pub fn list(&mut self, list: &List, depth: u32) {
        if depth == 0 {
            let defines = |one: &Statement| matches!(&one.kind, Kind::Function(..));
            let idle = |one: &Statement| matches!(&one.kind, Kind::Simple { words, .. } if words.is_empty()) || defines(one);
            self.library = list.iter().any(defines) && list.iter().all(idle);
        }
        for one in list {
            self.statement(one, depth + 1);
        }
    }

    fn statement(&mut self, one: &Statement, depth: u32) {
        match &one.kind {
            Kind::Simple { assignments, words } => {
                let shape = self.shapes.entry(one.line).or_default();
                for word in assignments.iter().map(|one| &one.value).chain(words) {
                    shape.push_str(&word.shape);
                    shape.push(' ');
                }
                for assignment in assignments {
                    self.assigned.insert(assignment.name.clone());
                    self.word(&assignment.value, depth);
                }
                for word in words {
                    self.word(word, depth);
                }
                let name = words.first().and_then(Word::literal);
                if matches!(name.as_deref(), Some("read" | "getopts")) {
                    self.assigned.extend(words[1..].iter().filter_map(Word::literal).map(Rc::from));
                }
            }
            Kind::Pipeline(list) | Kind::Group(list) | Kind::Subshell(list) => self.list(list, depth),
            Kind::And(a, b) | Kind::Or(a, b) => {
                self.statement(a, depth + 1);
                self.statement(b, depth + 1);
            }
            Kind::Not(a) | Kind::Background(a) => self.statement(a, depth + 1),
            Kind::Redirected(a, redirects) => {
                self.statement(a, depth + 1);
                for redirect in redirects {
                    let (To::Read(word) | To::Write(word) | To::Append(word) | To::WriteBoth(word) | To::Copy(word) | To::Text(word)) =
                        &redirect.kind;
                    self.word(word, depth);
                }
            }
            Kind::If(arms, other) => {
                for (condition, body) in arms {
                    self.list(condition, depth);
                    self.list(body, depth);
                }
                self.list(other, depth);
            }
            Kind::While { condition, body, .. } => {
                self.list(condition, depth);
                self.list(body, depth);
            }
            Kind::For { name, words, body } => {
                self.assigned.insert(name.clone());
                words.iter().flatten().for_each(|word| self.word(word, depth));
                self.list(body, depth);
            }
            Kind::Case(word, items) => {
                self.word(word, depth);
                for (_, body) in items {
                    self.list(body, depth);
                }
            }
            Kind::Function(_, body) => self.list(body, depth),
            Kind::Arithmetic(word) => self.word(word, depth),
        }
    }

    fn word(&mut self, word: &Word, depth: u32) {
        for part in &word.parts {
            match part {
                Part::Variable { name, .. } => {
                    self.variables.insert(name.clone());
                }
                Part::Output { list, .. } | Part::Process(list) => self.list(list, depth.max(1)),
                Part::Number(inner) => self.word(inner, depth),
                Part::Text(..) => {}
            }
        }
    }
}
