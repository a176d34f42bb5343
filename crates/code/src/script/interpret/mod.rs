//! Abstract execution of a script.
//!
//! One state walks through the tree. A command changes it and leaves a status; a question splits it, with what holds on each side
//! written on its path; where the sides meet they are joined. Functions are executed where they are called, to a depth; loops twice.

mod act;
mod branches;
mod builtins;
mod compare;
mod entries;
mod expand;
mod files;
mod filters;
mod network;
mod numbers;
mod question;
mod redirects;
mod seen;
mod shells;
mod simple;
mod statements;
mod texts;

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use assay_core::{
    Problem,
    facts::code::{Channel, CheckKind, Choice, Disclosed, Trigger},
    finding::Role,
};

use super::{
    ScriptContext, ScriptFacts, ScriptLimits,
    condition::{Asks, Atom, Condition, Path},
    emit::Emitter,
    rules::Rules,
    state::{FileState, State},
    syntax::{self, tree::List},
    value::{Hole, Origin, Value},
};

use seen::Seen;

/// An argument of a command.
#[derive(Debug, Clone)]
pub struct Field {
    /// What it is.
    pub value: Value,
    /// It stood in quotes, or has nothing to split: it stays one argument whatever is in it.
    pub whole: bool,
}

impl Field {
    fn text(text: &str) -> Self {
        Self { value: Value::text(text), whole: true }
    }

    /// The same without its first `count` bytes of known text.
    pub fn behind(&self, count: usize) -> Self {
        Self { value: texts::without_prefix(&self.value, count), whole: self.whole }
    }
}

/// A place where something is checked.
struct CheckSite {
    kind: CheckKind,
    detail: String,
    /// Files that it covers, those they are made of among them; empty for a check of who asks.
    covers: Vec<Rc<str>>,
}

/// The interpreter.
struct Interpreter<'a> {
    context: &'a ScriptContext<'a>,
    limits: &'a ScriptLimits,
    rules: &'static Rules,
    emit: Emitter,
    cgi: bool,
    steps: u64,
    exhausted: bool,
    number: u32,
    checks: Vec<CheckSite>,
    functions: BTreeMap<Rc<str>, Rc<List>>,
    walked: BTreeSet<Rc<str>>,
    /// Functions that are being executed, outermost first.
    calls: Vec<Rc<str>>,
    /// Where `return`, `break`, `continue` and `exit` lead.
    returns: Vec<Vec<State>>,
    breaks: Vec<Vec<State>>,
    exits: Vec<Vec<State>>,
    /// Commands within commands that are being executed, through all calls.
    nesting: usize,
    /// In a condition: `set -e` does not count.
    asking: u32,
    line: u32,
    /// In a sourced file: everything stands at the line that sources it.
    pinned: bool,
    mounts: BTreeMap<String, String>,
    assigned: BTreeSet<Rc<str>>,
    traps: Vec<Rc<str>>,
    /// What was written into files at any time: what runs in the background may read it.
    left: BTreeMap<Rc<str>, FileState>,
}

/// Executes `text` and adds what shows to `facts`.
pub fn run(text: &str, context: &ScriptContext, limits: &ScriptLimits, facts: &mut ScriptFacts) {
    let rules = Rules::get();
    let list = syntax::parse(text, 0, limits, &mut facts.problems);
    let mut seen = Seen::default();
    seen.list(&list, 0);
    let uses_cgi = seen.variables.iter().any(|name| rules.is_cgi(name) && !seen.assigned.contains(name));
    let mut interpreter = Interpreter {
        context,
        limits,
        rules,
        emit: Emitter::new(limits.facts),
        cgi: context.cgi.unwrap_or(uses_cgi),
        steps: limits.steps,
        exhausted: false,
        number: 1,
        checks: Vec::new(),
        functions: BTreeMap::new(),
        walked: BTreeSet::new(),
        calls: Vec::new(),
        returns: Vec::new(),
        breaks: Vec::new(),
        exits: Vec::new(),
        nesting: 0,
        asking: 0,
        line: 1,
        pinned: false,
        mounts: BTreeMap::new(),
        assigned: seen.assigned,
        traps: Vec::new(),
        left: BTreeMap::new(),
    };
    interpreter.emit.shapes = seen.shapes;
    let start = interpreter.start(text);
    interpreter.whole(&list, start.clone());
    // A second walk with the files as the first one left them: something in the background may read what is written further down.
    let left = std::mem::take(&mut interpreter.left);
    let told = |file: &FileState| !file.content.origins().is_empty() || file.content.alternatives().iter().any(|one| !one.when.is_empty());
    if left.values().any(told) {
        let mut again = start;
        again.files = Rc::new(left);
        interpreter.whole(&list, again);
    }
    let dispatched = text.lines().next().is_some_and(|line| line.contains("rc.common")) || seen.library;
    if dispatched {
        interpreter.uncalled(text);
    }
    facts.coverage.lines = text.lines().count() as u64;
    facts.coverage.functions = interpreter.functions.len() as u64;
    facts.coverage.walked = interpreter.walked.len() as u64;
    if interpreter.exhausted {
        facts.problems.push(Problem::over_limit(
            0,
            format!("line {}: more commands, or deeper within each other, than the limits allow", interpreter.line),
        ));
    }
    interpreter.emit.finish(facts);
}

impl Interpreter<'_> {
    fn start(&mut self, text: &str) -> State {
        let mut state = State {
            variables: Rc::default(),
            arguments: Rc::default(),
            files: Rc::default(),
            path: Path::new(),
            status: Value::text("0"),
            input: Value::default(),
            output: None,
            exits_on_error: text.lines().next().is_some_and(|line| line.starts_with("#!") && line.contains("sh -e")),
        };
        let input = if self.cgi { Channel::Cgi("body".into()) } else { Channel::StandardInput };
        state.input = self.outside(input, "standard input");
        let known = self.context.arguments.len().max(9);
        let arguments = (0..known.min(32)).map(|at| {
            let channel = self.context.arguments.get(at).cloned().flatten().unwrap_or(Channel::Argument(Some(at as u32 + 1)));
            self.outside(channel, &format!("argument {}", at + 1))
        });
        state.arguments = Rc::new(arguments.collect());
        state
    }

    /// The whole script; traps run at its end.
    fn whole(&mut self, list: &List, state: State) {
        self.exits.push(Vec::new());
        self.returns.push(Vec::new());
        let end = self.list(list, state);
        let mut ends: Vec<State> = end.into_iter().collect();
        ends.extend(self.returns.pop().unwrap_or_default());
        ends.extend(self.exits.pop().unwrap_or_default());
        let Some(end) = super::state::join(ends) else { return };
        for trap in std::mem::take(&mut self.traps) {
            self.text(&trap, end.clone());
        }
    }

    /// Functions that nothing in the script calls, each from a state of its own.
    fn uncalled(&mut self, text: &str) {
        let names: Vec<Rc<str>> = self.functions.keys().filter(|name| !self.walked.contains(*name)).cloned().collect();
        for name in names {
            let mut state = self.start(text);
            state.input = Value::default();
            state.arguments = Rc::new(Vec::new());
            self.exits.push(Vec::new());
            self.call(&name, &[], state);
            self.exits.pop();
        }
    }

    /// A number that was not used before.
    fn fresh(&mut self) -> u32 {
        self.number = self.number.wrapping_add(1);
        self.number
    }

    fn function(&self) -> Option<Rc<str>> {
        self.calls.last().cloned()
    }

    /// Content from outside, taken in here.
    fn outside(&mut self, source: Channel, note: &str) -> Value {
        self.origin(source, Vec::new(), "", Role::Source, note)
    }

    /// Content of the machine itself, taken in here.
    fn origin(&mut self, source: Channel, tells: Vec<Disclosed>, from: &str, role: Role, note: &str) -> Value {
        let origin = Origin { source, tells, from: from.into(), way: None }.step(self.line, self.function(), role, note.to_owned());
        Value::hole(Hole { id: self.fresh(), origins: vec![origin], left: Choice::Free, digest_of: Vec::new() })
    }

    /// Something unknown that nobody outside chooses.
    fn unknown(&mut self) -> Value {
        let id = self.fresh();
        Value::hole(Hole { id, origins: Vec::new(), left: Choice::Free, digest_of: Vec::new() })
    }

    /// Something made of `values`, of which `left` can be chosen.
    fn made_of(&mut self, values: &[&Value], left: Option<Choice>) -> Value {
        let mut origins: Vec<Origin> = Vec::new();
        let mut widest: Option<Choice> = None;
        for value in values {
            for origin in value.origins() {
                if origins.len() < 8 && !origins.iter().any(|known| known.same(&origin)) {
                    origins.push(origin);
                }
            }
            if !value.origins().is_empty() {
                let choice = value.widest();
                if widest.as_ref().is_none_or(|known| super::choice::rank(&choice) < super::choice::rank(known)) {
                    widest = Some(choice);
                }
            }
        }
        let left = left.or(widest).unwrap_or(Choice::Free);
        Value::hole(Hole { id: self.fresh(), origins, left, digest_of: Vec::new() })
    }

    /// Every origin in `value` a step further.
    fn step(&mut self, value: &Value, note: &str) -> Value {
        let (line, function) = (self.line, self.function());
        value.map_holes(&mut |hole| {
            let origins = hole.origins.iter().map(|origin| origin.step(line, function.clone(), Role::Step, note.to_owned())).collect();
            Hole { origins, ..hole.clone() }
        })
    }

    /// A question's two answers as conditions.
    fn answers(&mut self, asks: impl Fn(bool) -> Asks) -> (Path, Path) {
        let site = self.fresh();
        let (line, function) = (self.line, self.function());
        let atom = |arm: u32| Condition::Atom(Rc::new(Atom { site, arm, line, function: function.clone(), asks: asks(arm == 0) }));
        (vec![atom(0)], vec![atom(1)])
    }

    /// A status that is 0 where `yes` holds and something else where `no` holds.
    fn status(&mut self, yes: Vec<Path>, no: Vec<Path>) -> Value {
        let failed = self.number_between(1, 255);
        let mut all = Vec::new();
        for when in yes {
            all.push(super::value::Alternative { when, pieces: Value::text("0").alternatives()[0].pieces.clone() });
        }
        for when in no {
            all.push(super::value::Alternative { when, pieces: failed.alternatives()[0].pieces.clone() });
        }
        Value::of(all)
    }

    /// A status of which nothing is known.
    fn open_status(&mut self) -> Value {
        let (yes, no) = self.answers(|_| Asks::Unknown);
        self.status(vec![yes], vec![no])
    }

    fn number_between(&mut self, min: i64, max: i64) -> Value {
        let left = Choice::Number { min: Some(min), max: Some(max) };
        Value::hole(Hole { id: self.fresh(), origins: Vec::new(), left, digest_of: Vec::new() })
    }

    /// A comparison of outside content with constants.
    #[allow(clippy::needless_pass_by_value, reason = "built for this call alone")]
    fn compared(
        &mut self,
        origins: Vec<Origin>,
        triggers: Vec<Trigger>,
        yes: Option<(u32, Choice)>,
        no: Option<(u32, Choice)>,
    ) -> (Path, Path) {
        self.answers(|fits| {
            let triggers = triggers.iter().map(|one| Trigger { fits: one.fits == fits, ..one.clone() }).collect();
            Asks::Compare { origins: origins.clone(), triggers, narrows: if fits { yes.clone() } else { no.clone() } }
        })
    }
}
