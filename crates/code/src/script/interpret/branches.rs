//! Loops and `case`: a loop is walked twice, a `case` from its first pattern to its last.

use std::rc::Rc;

use super::Interpreter;
use crate::script::{
    condition::Path,
    state::{State, join},
    syntax::tree::{List, Word},
    value::Value,
};

impl Interpreter<'_> {
    pub(super) fn repeat(&mut self, until: bool, condition: &List, body: &List, state: State) -> Option<State> {
        self.breaks.push(Vec::new());
        let mut ends = Vec::new();
        let mut here = Some(state);
        // Twice: the second time with what the first one left behind.
        for turn in 0..2 {
            let Some(state) = here.take() else { break };
            let (yes, no) = self.ask_list(condition, state);
            let (go, stop) = if until { (no, yes) } else { (yes, no) };
            ends.extend(stop);
            here = go.and_then(|state| self.list(body, state));
            if turn == 0 && here.is_none() {
                break;
            }
        }
        // A condition that can never be false ends only by `break`; any other ends some time.
        if !ends.is_empty() {
            ends.extend(here);
        }
        ends.extend(self.breaks.pop().unwrap_or_default());
        let end = join(ends)?;
        Some(State { status: Value::text("0"), ..end })
    }

    pub(super) fn for_each(&mut self, name: &Rc<str>, words: Option<&[Word]>, body: &List, state: State) -> Option<State> {
        const TURNS: usize = 6;
        let (fields, mut state) = if let Some(words) = words {
            self.fields(words, state)?
        } else {
            let fields = state.arguments.iter().map(|value| super::Field { value: value.clone(), whole: true }).collect();
            (fields, state)
        };
        self.breaks.push(Vec::new());
        let before = state.clone();
        let mut ends = Vec::new();
        let mut turns: Vec<Value> = fields.iter().map(|field| field.value.clone()).collect();
        if turns.len() > TURNS {
            let rest = turns.split_off(TURNS - 1);
            turns.push(self.made_of(&rest.iter().collect::<Vec<_>>(), None));
        }
        let fixed = fields.iter().all(|field| field.value.literal().is_some()) && !fields.is_empty();
        let mut alive = true;
        for value in &turns {
            let mut inside = state.clone();
            inside.set(name, value.clone());
            if let Some(after) = self.list(body, inside) {
                state = if fixed { after } else { join(vec![state, after])? };
            } else {
                alive = !fixed;
                break;
            }
        }
        if alive {
            ends.push(if fields.is_empty() { before } else { state });
        }
        ends.extend(self.breaks.pop().unwrap_or_default());
        join(ends)
    }

    pub(super) fn case(&mut self, word: &Word, items: &[(Vec<Word>, List)], state: State) -> Option<State> {
        let (value, state) = self.expand(word, state)?;
        let mut ends = Vec::new();
        let mut rest = Some(State { status: Value::text("0"), ..state });
        for (patterns, body) in items {
            let Some(state) = rest.take() else { break };
            let (patterns, state) = self.patterns(patterns, state)?;
            let (yes, no) = self.fits(&value, &patterns);
            let side = |ways: Vec<Path>| {
                let mut side = state.clone();
                side.assume_one(&ways).then_some(side)
            };
            ends.extend(side(yes).and_then(|state| self.list(body, state)));
            rest = side(no);
        }
        ends.extend(rest);
        join(ends)
    }

    fn patterns(&mut self, words: &[Word], mut state: State) -> Option<(Vec<Value>, State)> {
        let mut patterns = Vec::new();
        for word in words {
            let (value, after) = self.pattern(word, state)?;
            patterns.push(value);
            state = after;
        }
        Some((patterns, state))
    }
}
