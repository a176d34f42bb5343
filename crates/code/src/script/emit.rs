//! Facts as they come out: each once, in order of their lines, with the digest of the code on their way.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use assay_core::{
    At, Problem, Sha256,
    escape::visible,
    facts::{
        CodeFact,
        code::{Channel, Check, CheckKind, Disclosure, Enforcement, FileAccess, Flow, Manner, PathStep, Run, Trigger},
    },
    finding::Role,
};

use super::{ScriptCoverage, ScriptFacts, choice::rank};

/// A step of a way, on a line.
pub fn step(line: u32, function: Option<Rc<str>>, role: Role, note: &str) -> PathStep {
    let function = function.filter(|name| !name.is_empty()).map(|name| name.to_string());
    PathStep { at: At::Line(u64::from(line)), function, role, note: visible(short(note)).into_owned() }
}

fn short(text: &str) -> &str {
    &text[..text.floor_char_boundary(300)]
}

/// Collects facts.
pub struct Emitter {
    facts: BTreeMap<(u32, String), CodeFact>,
    words: BTreeMap<(u32, Channel, Trigger), Vec<String>>,
    filters: BTreeMap<(u32, String), Vec<String>>,
    most: usize,
    full: bool,
    resolved: BTreeSet<(u32, String)>,
    unresolved: BTreeSet<u32>,
    /// The code of each line without its variables' names.
    pub shapes: BTreeMap<u32, String>,
}

impl Emitter {
    /// For at most so many facts.
    pub fn new(most: usize) -> Self {
        Self {
            facts: BTreeMap::new(),
            words: BTreeMap::new(),
            filters: BTreeMap::new(),
            most,
            full: false,
            resolved: BTreeSet::new(),
            unresolved: BTreeSet::new(),
            shapes: BTreeMap::new(),
        }
    }

    fn add(&mut self, line: u32, key: String, fact: CodeFact) {
        if self.facts.len() >= self.most {
            self.full = true;
            return;
        }
        self.facts.entry((line, key)).or_insert(fact);
    }

    /// A flow; of two of the same kind the one that leaves more to the outside stays.
    pub fn flow(&mut self, line: u32, mut flow: Flow) {
        let key = format!("flow {:?} {:?} {:?} {}", flow.source, flow.manner, flow.actuator.kind, flow.actuator.name);
        flow.code = self.code(&flow.path);
        match self.facts.get_mut(&(line, key.clone())) {
            Some(CodeFact::Flow(known)) => {
                let wider = rank(&flow.choice) < rank(&known.choice);
                let weaker = weakness(&flow.checks) > weakness(&known.checks);
                if wider || (weaker && rank(&flow.choice) == rank(&known.choice)) {
                    **known = flow;
                }
            }
            _ => self.add(line, key, CodeFact::Flow(Box::new(flow))),
        }
    }

    /// A disclosure.
    pub fn disclosure(&mut self, line: u32, mut disclosure: Disclosure) {
        disclosure.code = self.code(&disclosure.path);
        self.add(line, format!("tells {} {:?}", disclosure.from, disclosure.to), CodeFact::Disclosure(Box::new(disclosure)));
    }

    /// Somebody it talks to.
    pub fn endpoint(&mut self, line: u32, channel: Channel) {
        self.add(line, format!("endpoint {channel:?}"), CodeFact::Endpoint(channel));
    }

    /// A socket it waits on.
    pub fn listener(&mut self, line: u32, channel: Channel) {
        self.add(line, format!("listener {channel:?}"), CodeFact::Listener(channel));
    }

    /// A file.
    pub fn file(&mut self, line: u32, path: &str, access: FileAccess) {
        let path = short(path).to_owned();
        self.add(line, format!("file {path} {access:?}"), CodeFact::File { path, access });
    }

    /// A program.
    pub fn run(&mut self, line: u32, run: Run) {
        self.resolved.insert((line, run.program.clone()));
        self.add(line, format!("run {} {:?} {}", run.program, run.arguments, run.through), CodeFact::Run(run));
    }

    /// A command whose name is not known.
    pub fn unknown_command(&mut self, line: u32) {
        self.unresolved.insert(line);
    }

    /// A command of the packet filter.
    pub fn filter(&mut self, line: u32, words: Vec<String>) {
        if self.filters.len() < self.most {
            self.filters.entry((line, words.join(" "))).or_insert(words);
        }
    }

    /// Something ordinary.
    pub fn ordinary(&mut self, line: u32, what: &str, by: &str) {
        self.add(line, format!("ordinary {what}"), CodeFact::Ordinary { what: what.to_owned(), by: by.to_owned() });
    }

    /// A word that leads to a handler.
    pub fn word(&mut self, line: u32, source: Channel, trigger: Trigger, handler: &str) {
        const HANDLERS: usize = 8;
        if self.words.len() >= self.most {
            self.full = true;
            return;
        }
        let handlers = self.words.entry((line, source, trigger)).or_default();
        if handlers.len() < HANDLERS && !handlers.iter().any(|known| known == handler) {
            handlers.push(handler.to_owned());
        }
    }

    /// SHA-256 over the code of the lines of a way.
    fn code(&self, path: &[PathStep]) -> String {
        let lines: BTreeSet<u32> =
            path.iter().filter_map(|step| if let At::Line(line) = step.at { u32::try_from(line).ok() } else { None }).collect();
        let mut text = String::new();
        for shape in lines.iter().filter_map(|line| self.shapes.get(line)) {
            text.push_str(shape.trim());
            text.push('\n');
        }
        Sha256::of(text.as_bytes()).hex()
    }

    /// A file that is written line by line is one flow: of those that differ only in their line the first one stays. And what reaches an
    /// actuator as data need not be told once more as a decision over the same thing.
    fn merge(&mut self) {
        let mut known: BTreeSet<String> = BTreeSet::new();
        let data: BTreeSet<String> = self
            .facts
            .values()
            .filter_map(|fact| match fact {
                CodeFact::Flow(flow) if flow.manner == Manner::Data => Some(format!("{:?} {}", flow.actuator, door(&flow.source))),
                _ => None,
            })
            .collect();
        self.facts.retain(|_, fact| match fact {
            CodeFact::Flow(flow) => {
                let told = flow.manner == Manner::Control && data.contains(&format!("{:?} {}", flow.actuator, door(&flow.source)));
                let key = format!("{:?} {:?} {:?} {:?} {:?}", flow.source, flow.actuator, flow.choice, flow.triggers, flow.checks);
                !told && known.insert(key)
            }
            CodeFact::Disclosure(told) => known.insert(format!("{:?} {} {:?} {:?}", told.what, told.from, told.to, told.triggers)),
            _ => true,
        });
    }

    /// Hands everything over.
    pub fn finish(mut self, facts: &mut ScriptFacts) {
        if self.full {
            facts.problems.push(Problem::over_limit(0, "more facts than are kept of one script"));
        }
        self.merge();
        let mut all: Vec<(u32, String, CodeFact)> = self.facts.into_iter().map(|((line, key), fact)| (line, key, fact)).collect();
        for ((line, source, trigger), handlers) in self.words {
            let key = format!("word {source:?} {trigger:?}");
            all.push((line, key, CodeFact::Word { source, trigger, handlers }));
        }
        all.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        facts.facts = all.into_iter().map(|(line, _, fact)| (At::Line(u64::from(line)), fact)).collect();
        facts.filters = self.filters.into_iter().map(|((line, _), words)| (At::Line(u64::from(line)), words)).collect();
        facts.coverage =
            ScriptCoverage { resolved: self.resolved.len() as u64, unresolved: self.unresolved.len() as u64, ..facts.coverage };
    }
}

/// All of one request come through one door.
fn door(source: &Channel) -> String {
    if matches!(source, Channel::Cgi(_)) { "request".to_owned() } else { format!("{source:?}") }
}

/// How little the checks on a way hold.
fn weakness(checks: &[Check]) -> u32 {
    let of = |check: &Check| match (check.kind, check.enforced) {
        (CheckKind::Signature | CheckKind::Digest, Enforcement::Ignored) => 4,
        (_, Enforcement::SkippedWhenMissing) => 3,
        (_, Enforcement::Partly) => 2,
        (_, Enforcement::Ignored) => 1,
        (_, Enforcement::Enforced) => 0,
    };
    checks.iter().map(of).max().unwrap_or(5)
}
