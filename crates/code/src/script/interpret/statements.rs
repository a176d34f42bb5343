//! Lists, conditions, loops, `case`, functions, redirections.

use std::rc::Rc;

use super::{Interpreter, texts};
use crate::script::{
    condition::{Asks, Path},
    state::{State, join},
    syntax::{
        self,
        tree::{Kind, List, Statement},
    },
    value::Value,
};

impl Interpreter<'_> {
    /// Commands one after another; nothing where the way ends.
    pub(super) fn list(&mut self, list: &List, mut state: State) -> Option<State> {
        for one in list {
            state = self.statement(one, state)?;
        }
        Some(state)
    }

    pub(super) fn statement(&mut self, one: &Statement, state: State) -> Option<State> {
        // A state with many variables costs more to copy and to join.
        let cost = 1 + (state.variables.len() + state.files.len() + state.path.len()) as u64 / 64;
        // Functions within functions may each be nested as deep as the grammar allows; the stack is one.
        if self.steps < cost || self.nesting >= self.limits.nesting {
            self.exhausted = true;
            return None;
        }
        self.steps -= cost;
        self.go(one.line);
        self.nesting += 1;
        let after = self.kind(one, state);
        self.nesting -= 1;
        after
    }

    fn kind(&mut self, one: &Statement, state: State) -> Option<State> {
        match &one.kind {
            Kind::Simple { assignments, words } => {
                let state = self.simple(assignments, words, state)?;
                self.after_error(state)
            }
            Kind::Pipeline(list) => {
                let state = self.pipeline(list, state)?;
                self.after_error(state)
            }
            Kind::And(a, b) => {
                let (yes, no) = self.ask(a, state);
                let yes = yes.and_then(|state| self.statement(b, state));
                join(yes.into_iter().chain(no).collect())
            }
            Kind::Or(a, b) => {
                let (yes, no) = self.ask(a, state);
                let no = no.and_then(|state| self.statement(b, state));
                join(yes.into_iter().chain(no).collect())
            }
            Kind::Not(inner) => {
                let (yes, no) = self.ask(inner, state);
                let turned = |state: Option<State>, status: &str| state.map(|state| State { status: Value::text(status), ..state });
                join(turned(yes, "1").into_iter().chain(turned(no, "0")).collect())
            }
            Kind::Background(inner) => {
                let after = self.apart(state, |this, inside| this.statement(inner, inside))?;
                Some(State { status: Value::text("0"), ..after })
            }
            Kind::Group(list) => self.list(list, state),
            Kind::Subshell(list) => self.apart(state, |this, inside| this.list(list, inside)),
            Kind::If(arms, other) => self.conditional(arms, other, state),
            Kind::While { until, condition, body } => self.repeat(*until, condition, body, state),
            Kind::For { name, words, body } => self.for_each(name, words.as_deref(), body, state),
            Kind::Case(word, items) => self.case(word, items, state),
            Kind::Function(name, body) => {
                self.functions.insert(name.clone(), body.clone());
                Some(State { status: Value::text("0"), ..state })
            }
            Kind::Redirected(inner, redirects) => self.redirected(inner, redirects, state),
            Kind::Arithmetic(word) => {
                let (_, mut state) = self.expand(word, state)?;
                state.status = self.open_status();
                Some(state)
            }
        }
    }

    pub(super) fn go(&mut self, line: u32) {
        if !self.pinned {
            self.line = line;
        }
    }

    /// `set -e`: the way ends where a command fails and nobody asks.
    fn after_error(&mut self, state: State) -> Option<State> {
        if !state.exits_on_error || self.asking > 0 {
            return Some(state);
        }
        let (yes, no) = self.split(state.clone());
        let Some(failed) = no else { return Some(state) };
        if let Some(exits) = self.exits.last_mut() {
            exits.push(failed);
        }
        // Whether an ordinary command fails is nobody's decision; only what was asked of the outside or checked is worth remembering.
        let told = |one: &crate::script::condition::Condition| {
            let mut found = false;
            crate::script::condition::atoms(&vec![one.clone()], true, &mut |atom, _| found |= !matches!(atom.asks, Asks::Unknown));
            found
        };
        yes.map(|mut yes| {
            let before = state.path.len();
            let kept: Path =
                yes.path.iter().enumerate().filter(|(at, one)| *at < before || told(one)).map(|(_, one)| one.clone()).collect();
            yes.path = kept;
            yes
        })
    }

    /// Executes `one` and splits what comes out by its status.
    pub(super) fn ask(&mut self, one: &Statement, state: State) -> (Option<State>, Option<State>) {
        self.asking += 1;
        let state = self.statement(one, state);
        self.asking -= 1;
        state.map_or((None, None), |state| self.split(state))
    }

    pub(super) fn ask_list(&mut self, list: &List, state: State) -> (Option<State>, Option<State>) {
        self.asking += 1;
        let state = self.list(list, state);
        self.asking -= 1;
        state.map_or((None, None), |state| self.split(state))
    }

    /// Where the last status is 0, and where it is not.
    #[allow(clippy::needless_pass_by_value, reason = "a state goes in, its two sides come out")]
    pub(super) fn split(&mut self, state: State) -> (Option<State>, Option<State>) {
        let (yes, no) = self.equal_number(&state.status.clone(), 0);
        let side = |ways: &[Path], status: Option<Value>| {
            let mut side = state.clone();
            side.assume_one(ways).then(|| State { status: status.unwrap_or_else(|| texts::not_zero(&side.status)), ..side })
        };
        (side(&yes, Some(Value::text("0"))), side(&no, None))
    }

    fn conditional(&mut self, arms: &[(List, List)], other: &List, state: State) -> Option<State> {
        let mut ends = Vec::new();
        let mut rest = Some(state);
        for (condition, body) in arms {
            let Some(state) = rest.take() else { break };
            let (yes, no) = self.ask_list(condition, state);
            ends.extend(yes.and_then(|state| self.list(body, state)));
            rest = no;
        }
        if let Some(state) = rest {
            ends.extend(self.list(other, State { status: Value::text("0"), ..state }));
        }
        join(ends)
    }

    /// A pipeline: what one prints, the next one reads. Its status is the last one's.
    fn pipeline(&mut self, list: &List, state: State) -> Option<State> {
        let (output, input) = (state.output.clone(), state.input.clone());
        let variables = state.variables.clone();
        let mut state = state;
        for (at, one) in list.iter().enumerate() {
            let last = at + 1 == list.len();
            state.output = if last { output.clone() } else { Some(Value::default()) };
            // Only the last one's failure counts; and in many shells none of them can change a variable of the script.
            self.asking += u32::from(!last);
            let after = self.apart(state, |this, inside| this.statement(one, inside));
            self.asking -= u32::from(!last);
            state = after?;
            if !last {
                state.input = state.output.take().unwrap_or_default();
            }
        }
        Some(State { variables, input, ..state })
    }

    /// In a shell of its own: variables do not come back, files and what was printed do.
    pub(super) fn apart(&mut self, state: State, body: impl FnOnce(&mut Self, State) -> Option<State>) -> Option<State> {
        self.exits.push(Vec::new());
        let breaks = std::mem::take(&mut self.breaks);
        let end = body(self, state.clone());
        self.breaks = breaks;
        let mut ends: Vec<State> = end.into_iter().collect();
        ends.extend(self.exits.pop().unwrap_or_default());
        let end = join(ends);
        // A background loop never ends; what starts it goes on.
        let Some(end) = end else { return (!self.exhausted).then_some(state) };
        Some(State {
            variables: state.variables,
            arguments: state.arguments,
            exits_on_error: state.exits_on_error,
            input: state.input,
            ..end
        })
    }

    /// Calls a function of the script.
    pub(super) fn call(&mut self, name: &Rc<str>, arguments: &[Value], state: State) -> Option<State> {
        let Some(body) = self.functions.get(name).cloned() else { return Some(state) };
        if self.calls.len() >= self.limits.calls || self.calls.contains(name) {
            let status = self.open_status();
            return Some(State { status, ..state });
        }
        self.walked.insert(name.clone());
        let line = self.line;
        let outer = state.arguments.clone();
        self.calls.push(name.clone());
        self.returns.push(Vec::new());
        let asking = std::mem::take(&mut self.breaks);
        let end = self.list(&body, State { arguments: Rc::new(arguments.to_vec()), ..state });
        self.breaks = asking;
        let mut ends: Vec<State> = end.into_iter().collect();
        ends.extend(self.returns.pop().unwrap_or_default());
        self.calls.pop();
        self.line = line;
        Some(State { arguments: outer, ..join(ends)? })
    }

    /// Text that is a script of its own: `eval`, `sh -c`, a trap, a sourced file.
    pub(super) fn text(&mut self, text: &str, state: State) -> Option<State> {
        if self.calls.len() >= self.limits.calls {
            return Some(state);
        }
        let line = self.line;
        let limits = crate::script::ScriptLimits { bytes: 256 << 10, ..*self.limits };
        let mut problems = Vec::new();
        let list = syntax::parse(text, line.saturating_sub(1), &limits, &mut problems);
        self.steps = self.steps.saturating_sub(text.len() as u64 / 256);
        self.calls.push(self.calls.last().cloned().unwrap_or_else(|| "".into()));
        let end = self.list(&list, state);
        self.calls.pop();
        self.line = line;
        end
    }
}
