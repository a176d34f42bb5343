//! Steps from words and from lines.

use assay_core::facts::image::{BootStep, Phase, Starter};

use crate::text;

/// A step with nothing but when, by whom and what: a program and its arguments.
pub fn plain_step(phase: Phase, by: Starter, name: &str, program: &str, arguments: Vec<String>) -> BootStep {
    BootStep {
        order: 0,
        phase,
        by,
        name: name.to_owned(),
        program: program.to_owned(),
        resolved: None,
        runnable: false,
        arguments,
        command: None,
        user: None,
        environment: Vec::new(),
        condition: None,
        terminal: None,
    }
}

/// A step from a line that a shell reads, or that is split as a shell does: its first command, without variables set before the program,
/// `exec` and where its output goes.
pub fn line_step(phase: Phase, by: Starter, name: &str, line: &str) -> BootStep {
    let line = line.trim();
    // A group is a shell of its own; its first command counts.
    let inner = line.trim_start_matches(['(', '{', ' ']);
    let inner = if inner.len() < line.len() { inner.split([')', '}']).next().unwrap_or_default() } else { inner };
    let mut words = text::words(text::first_command(inner));
    let mut environment = Vec::new();
    while let Some(first) = words.first() {
        if first == "exec" {
            words.remove(0);
        } else if first
            .split_once('=')
            .is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric()))
        {
            environment.push(words.remove(0));
        } else {
            break;
        }
    }
    let arguments = words.split_off(words.len().min(1));
    let program = words.pop().unwrap_or_default();
    let command = text::needs_shell(line).then(|| line.to_owned());
    BootStep { environment, command, ..plain_step(phase, by, name, &program, arguments) }
}
