//! Shells within the shell: `sh -c`, files of commands, what is piped into them.

use assay_core::facts::code::ActuatorKind;

use super::{Field, Interpreter, act::Event};
use crate::script::{state::State, value::Value};

impl Interpreter<'_> {
    /// Text that a shell reads.
    pub(super) fn shell_text(&mut self, name: &str, text: &Value, state: State) -> Option<State> {
        let template = text.template();
        self.act(&Event::new(ActuatorKind::Command, name, &template, vec![text]), &state);
        if let Some(text) = text.literal() {
            self.text(&text, state)
        } else {
            self.emit.unknown_command(self.line);
            let status = self.open_status();
            Some(State { status, ..state })
        }
    }

    /// A file of commands that a shell reads, or its standard input.
    pub(super) fn shell_script(&mut self, name: &str, file: Option<Field>, mut state: State) -> Option<State> {
        let Some(file) = file else {
            let input = state.input.clone();
            if !Self::is_own_input(&input) {
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
        let path = Self::whole_path(file, state);
        let mut content = self.known_content(&path, state);
        if content.is_none() && !self.presence(&path, &Value::text(&path)).is_empty() {
            content = Some(self.fresh_removable(&path));
        }
        let files = Self::family(&path, state);
        let event = Event { content: content.iter().collect(), files, ..Event::new(ActuatorKind::Command, name, &path, vec![file]) };
        self.act(&event, state);
    }
}
