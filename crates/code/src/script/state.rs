//! State: what the interpreter knows at one place of a script, and how two such states become one.

use std::{collections::BTreeMap, rc::Rc};

use super::{
    condition::{self, Condition, Path},
    value::Value,
};

/// What is known of a file that the script wrote or checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FileState {
    /// Its content.
    pub content: Value,
    /// Files it was made of, itself not among them.
    pub made_of: Rc<Vec<Rc<str>>>,
}

/// The state at one place.
#[derive(Debug, Clone)]
pub struct State {
    /// Variables.
    pub variables: Rc<BTreeMap<Rc<str>, Value>>,
    /// Positional arguments, from the first.
    pub arguments: Rc<Vec<Value>>,
    /// Files by the template of their name.
    pub files: Rc<BTreeMap<Rc<str>, FileState>>,
    /// Conditions that hold.
    pub path: Path,
    /// `$?`
    pub status: Value,
    /// Standard input.
    pub input: Value,
    /// What was printed, where somebody takes it.
    pub output: Option<Value>,
    /// `set -e`
    pub exits_on_error: bool,
}

impl State {
    /// Adds conditions.
    pub fn assume(&mut self, conditions: &Path) {
        self.path = condition::both(&self.path, conditions);
    }

    /// Adds one of several lists of conditions; none means: cannot be. Gives whether it can.
    pub fn assume_one(&mut self, ways: &[Path]) -> bool {
        match ways {
            [] => false,
            [one] => {
                self.assume(one);
                true
            }
            _ => {
                let joined = condition::either(&ways.iter().collect::<Vec<_>>());
                self.assume(&joined);
                true
            }
        }
    }

    /// Adds one condition.
    pub fn push(&mut self, one: Condition) {
        self.path.push(one);
    }

    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: Value) {
        Rc::make_mut(&mut self.variables).insert(name.into(), value);
    }
}

/// The states that can be after branches have met; nothing where none comes out.
pub fn join(states: Vec<State>) -> Option<State> {
    let mut states = states.into_iter();
    let first = states.next()?;
    Some(states.fold(first, |a, b| two(&a, &b)))
}

fn two(a: &State, b: &State) -> State {
    let common = a.path.iter().zip(&b.path).take_while(|(x, y)| condition::equal(&vec![(*x).clone()], &vec![(*y).clone()])).count();
    let (rest_a, rest_b) = (short(&a.path[common..]), short(&b.path[common..]));
    let meet = |x: &Value, y: &Value| Value::join(&[(&rest_a, x), (&rest_b, y)]);
    let variables = maps(&a.variables, &b.variables, &meet);
    let files = if Rc::ptr_eq(&a.files, &b.files) {
        a.files.clone()
    } else {
        let mut all = a.files.as_ref().clone();
        for (name, other) in b.files.iter() {
            match all.get_mut(name) {
                Some(file) if file != other => {
                    file.content = meet(&file.content, &other.content);
                    let mut made_of = file.made_of.as_ref().clone();
                    made_of.extend(other.made_of.iter().filter(|one| !file.made_of.contains(one)).cloned());
                    file.made_of = Rc::new(made_of);
                }
                Some(_) => {}
                None => {
                    all.insert(name.clone(), other.clone());
                }
            }
        }
        Rc::new(all)
    };
    let arguments = if a.arguments == b.arguments {
        a.arguments.clone()
    } else {
        let none = Value::default();
        let count = a.arguments.len().max(b.arguments.len());
        Rc::new((0..count).map(|at| meet(a.arguments.get(at).unwrap_or(&none), b.arguments.get(at).unwrap_or(&none))).collect())
    };
    let output = match (&a.output, &b.output) {
        (Some(x), Some(y)) => Some(meet(x, y)),
        (one, None) | (None, one) => one.clone(),
    };
    State {
        variables,
        arguments,
        files,
        status: meet(&a.status, &b.status),
        input: meet(&a.input, &b.input),
        output,
        exits_on_error: a.exits_on_error || b.exits_on_error,
        path: condition::either(&[&a.path, &b.path]),
    }
}

/// A value carries only the nearest conditions of its branch: the rest stays on the path.
fn short(path: &[Condition]) -> Path {
    const NEAR: usize = 20;
    path[path.len().saturating_sub(NEAR)..].to_vec()
}

fn maps(
    a: &Rc<BTreeMap<Rc<str>, Value>>,
    b: &Rc<BTreeMap<Rc<str>, Value>>,
    meet: &dyn Fn(&Value, &Value) -> Value,
) -> Rc<BTreeMap<Rc<str>, Value>> {
    if Rc::ptr_eq(a, b) {
        return a.clone();
    }
    let none = Value::default();
    let mut all = BTreeMap::new();
    for (name, value) in a.iter() {
        all.insert(name.clone(), meet(value, b.get(name).unwrap_or(&none)));
    }
    for (name, value) in b.iter().filter(|(name, _)| !a.contains_key(*name)) {
        all.insert(name.clone(), meet(&none, value));
    }
    Rc::new(all)
}
