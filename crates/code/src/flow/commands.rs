//! What a command means that a program hands to a shell: read by the same interpreter as scripts are.
//!
//! The text becomes a script of its own. Its holes become arguments of that script, each a channel that can be told apart, so that what
//! the interpreter finds about an argument is found about the hole. A decision is put in front of it, which marks everything that happens
//! at all; a marked command behind it tells what had to hold for the text to succeed (`openssl dgst -verify …`).

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use assay_core::facts::{
    CodeFact,
    code::{Actuator, ActuatorKind, Channel, Check, FileAccess, Flow, Manner, Run, Transport},
};

use super::text::{Piece, Text};
use crate::script::{ScriptContext, ScriptLimits, read_script};

/// Holes of one command that are told apart.
const HOLES: usize = 7;
/// Commands that are remembered.
const KNOWN: usize = 4096;
/// Argument of the command that stands for success.
const MARK: &str = "assay-succeeded";

/// How the pieces of a command are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quoting {
    /// A shell reads the text as it stands.
    Shell,
    /// Each word was given as such: no character in it means anything to anybody.
    Words,
}

/// Something that a command does.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    /// What.
    pub actuator: Actuator,
    /// Holes of the text that end up in it.
    pub holes: Vec<usize>,
}

/// What a command means.
#[derive(Debug, Default)]
pub struct Meaning {
    /// What it does.
    pub acts: Vec<Act>,
    /// Programs that it starts.
    pub runs: Vec<Run>,
    /// Files that it uses.
    pub files: Vec<(String, FileAccess)>,
    /// What it moves by itself, from a host or a file.
    pub flows: Vec<Flow>,
    /// What held if it succeeded.
    pub checks: Vec<Check>,
    /// Every command in it is a known one.
    pub known: bool,
}

/// Reads commands; each once.
#[derive(Default)]
pub struct Commands {
    known: RefCell<HashMap<String, Rc<Meaning>>>,
}

impl Commands {
    /// What the words mean, one text for each.
    pub fn read(&self, words: &[&Text], quoting: Quoting) -> Rc<Meaning> {
        let script = script(words, quoting);
        if let Some(known) = self.known.borrow().get(&script) {
            return known.clone();
        }
        let meaning = Rc::new(interpret(&script));
        if self.known.borrow().len() < KNOWN {
            self.known.borrow_mut().insert(script, meaning.clone());
        }
        meaning
    }
}

/// The channel that stands for argument `number` of the script: one that no program can have.
fn marked(number: usize) -> Channel {
    Channel::Bound { transport: Transport::Raw, address: Some(MARK.into()), port: u16::try_from(number).ok() }
}

fn script(words: &[&Text], quoting: Quoting) -> String {
    let (mut text, mut hole) = (String::new(), 0);
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            text.push(' ');
        }
        let (mut single, mut double) = (false, false);
        for piece in &word.pieces {
            match (piece, quoting) {
                (Piece::Text(bytes), Quoting::Words) => {
                    text.push('\'');
                    text.push_str(&String::from_utf8_lossy(bytes).replace('\'', "'\\''"));
                    text.push('\'');
                }
                (Piece::Text(bytes), Quoting::Shell) => {
                    for letter in String::from_utf8_lossy(bytes).chars() {
                        match letter {
                            '\'' if !double => single = !single,
                            '"' if !single => double = !double,
                            _ => {}
                        }
                        text.push(letter);
                    }
                }
                (Piece::Hole(..), _) => {
                    hole += 1;
                    let name = format!("${{{}}}", hole.min(HOLES) + 1);
                    // Where the text has opened single quotes, they are left for the hole's sake.
                    match (quoting, single) {
                        (Quoting::Words, _) => text.push_str(&format!("\"{name}\"")),
                        (Quoting::Shell, true) => text.push_str(&format!("'\"{name}\"'")),
                        (Quoting::Shell, false) => text.push_str(&name),
                    }
                }
            }
        }
    }
    text
}

fn interpret(text: &str) -> Meaning {
    let whole = format!("if [ \"$1\" = go ]; then\nif\n{text}\nthen reboot {MARK}\nfi\nfi\n");
    let arguments: Vec<Option<Channel>> = (0..=HOLES).map(|number| Some(marked(number))).collect();
    let context = ScriptContext { path: "", cgi: Some(false), arguments: &arguments, resolve: None, part: true };
    let limits = ScriptLimits { bytes: 16 << 10, steps: 500, facts: 64, ..ScriptLimits::default() };
    let read = read_script(whole.as_bytes(), &context, &limits);
    let mut meaning = Meaning { known: read.problems.is_empty() && read.coverage.unresolved == 0, ..Meaning::default() };
    for (_, fact) in read.facts {
        match fact {
            CodeFact::Flow(flow) if flow.actuator.kind == ActuatorKind::Reboot && flow.actuator.argument.contains(MARK) => {
                meaning.checks.extend(flow.checks);
            }
            CodeFact::Flow(flow) => {
                let number = (0..=HOLES).find(|number| flow.source == marked(*number));
                let Some(number) = number else {
                    meaning.flows.push(*flow);
                    continue;
                };
                let hole = (number > 0 && flow.manner == Manner::Data).then(|| number - 1);
                match meaning.acts.iter_mut().find(|act| act.actuator == flow.actuator) {
                    Some(act) => act.holes.extend(hole),
                    None => meaning.acts.push(Act { actuator: flow.actuator, holes: hole.into_iter().collect() }),
                }
            }
            CodeFact::Run(run) if !run.arguments.iter().any(|argument| argument == MARK) => meaning.runs.push(run),
            CodeFact::File { path, access } => meaning.files.push((path, access)),
            _ => {}
        }
    }
    meaning
}

#[cfg(test)]
mod tests {
    use assay_core::facts::code::CheckKind;

    use super::*;
    use crate::flow::{
        context::Trail,
        text::{Origin, Shape},
    };

    fn text(format: &str) -> Text {
        let mut pieces = Vec::new();
        for (index, part) in format.split("{}").enumerate() {
            if index > 0 {
                pieces.push(Piece::Hole(Origin::Unknown, Shape::Text));
            }
            if !part.is_empty() {
                pieces.push(Piece::Text(part.as_bytes().to_vec()));
            }
        }
        Text { pieces, trail: Trail::default() }
    }

    fn acts(format: &str) -> Vec<(ActuatorKind, Vec<usize>)> {
        let meaning = Commands::default().read(&[&text(format)], Quoting::Shell);
        meaning.acts.iter().map(|act| (act.actuator.kind, act.holes.clone())).collect()
    }

    #[test]
    fn commands_are_what_they_do() {
        assert_eq!(acts("killall -9 cgminer"), [(ActuatorKind::StopProcess, vec![])]);
        assert_eq!(acts("/sbin/reboot"), [(ActuatorKind::Reboot, vec![])]);
        assert_eq!(acts("iptables -I INPUT -p tcp --dport 4028 -j ACCEPT")[0].0, ActuatorKind::Firewall);
        assert_eq!(acts("mtd write '{}' firmware"), [(ActuatorKind::Flash, vec![0])]);
        assert_eq!(acts("echo 'it is' && echo \"{}\" > /dev/null"), []);
    }

    #[test]
    fn success_tells_what_held() {
        let meaning = Commands::default()
            .read(&[&text("openssl dgst -sha256 -verify /etc/key.pub -signature {} {} >/dev/null 2>&1")], Quoting::Shell);
        assert!(meaning.checks.iter().any(|check| check.kind == CheckKind::Signature), "{meaning:?}");
    }

    #[test]
    fn words_are_no_shell_text() {
        let words = [text("telnetd"), text("-l"), text("/bin/sh"), text("{}; reboot")];
        let meaning = Commands::default().read(&words.each_ref(), Quoting::Words);
        assert!(meaning.acts.iter().all(|act| act.actuator.kind != ActuatorKind::Reboot));
    }
}
