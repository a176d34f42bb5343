//! Redirections: where a command reads from, where what it prints goes.

use super::Interpreter;
use crate::script::{
    state::State,
    syntax::tree::{Redirect, RedirectKind, Statement},
    value::Value,
};

impl Interpreter<'_> {
    pub(super) fn redirected(&mut self, inner: &Statement, redirects: &[Redirect], state: State) -> Option<State> {
        let (input, output) = (state.input.clone(), state.output.clone());
        let mut state = state;
        let mut target: Option<(Value, bool)> = None;
        let mut quiet = false;
        for redirect in redirects {
            self.go(inner.line);
            match &redirect.kind {
                RedirectKind::Read(word) => {
                    let (path, after) = self.expand(word, state)?;
                    state = after;
                    let content = self.read_file(&path, &mut state);
                    if redirect.descriptor.is_none_or(|number| number == 0) {
                        state.input = content;
                    } else {
                        state.set(&format!("&{}", redirect.descriptor.unwrap_or(0)), content);
                    }
                }
                RedirectKind::Text(word) => {
                    let (text, after) = self.expand(word, state)?;
                    state = after;
                    state.input = text;
                }
                RedirectKind::Write(word) | RedirectKind::Append(word) | RedirectKind::WriteBoth(word) => {
                    let (path, after) = self.expand(word, state)?;
                    state = after;
                    if redirect.descriptor.is_none_or(|number| number == 1) {
                        target = Some((path, matches!(redirect.kind, RedirectKind::Append(_))));
                    }
                }
                RedirectKind::Copy(word) => {
                    let to = word.literal().unwrap_or_default();
                    match redirect.descriptor {
                        // `>&2`: what is printed goes to the errors.
                        None | Some(1) if to == "2" || to == "-" => quiet = true,
                        None | Some(0) => {
                            if let Some(content) = state.variables.get(format!("&{to}").as_str()) {
                                state.input = content.clone();
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        if target.is_none() && !quiet {
            let after = self.statement(inner, state)?;
            return Some(State { input, ..after });
        }
        state.output = Some(Value::default());
        let after = self.statement(inner, state);
        let mut after = after?;
        let printed = after.output.take().unwrap_or_default();
        self.go(inner.line);
        if let Some((path, append)) = target {
            self.write_file(&path, &printed, append, ">", &mut after);
        }
        Some(State { input, output, ..after })
    }
}
