//! Words that a program hands to another process because somebody outside asked for it: `write(fifo, "quit\n", 5)` behind a request.
//!
//! Nothing of the input goes on, so it is no way of data; and what is written is the same every time, so that it says at the other end
//! no more than that the request came. Who waits there, and whether for this very word, is not this program's matter: the flow says what is
//! written and where, and whoever knows both programs joins them. Which word is written can hang on the caller (`tell("quit")`), on a
//! decision (`on ? "go" : "halt"`) or on where ways come together; each word has the conditions of its own way.

use std::collections::BTreeSet;

use assay_core::facts::code::{Actuator, ActuatorKind, Channel, Host, Transport};

use super::{
    context::{Context, StepKind},
    events::{Acting, Events},
    guards::Atom,
    text::Text,
};
use crate::{
    functions::FunctionId,
    script::rules::Rules,
    values::{CallId, Expr},
};

/// Longest text that is a word for another program, and none for people.
const WORD: usize = 96;
/// Words of one call.
const WORDS: usize = 24;

impl Events<'_, '_, '_> {
    /// What a call writes or sends to other processes of the machine, where that is the same every time; behind argument `from`, or else
    /// `made`.
    pub(super) fn says(&mut self, function: FunctionId, id: CallId, name: &str, to: &[Channel], from: Option<u8>, made: &[Text]) {
        let actuators: Vec<Actuator> = to.iter().filter_map(|to| self.to_a_process(name, to)).collect();
        let Some(call) = self.resolver().unit.local(function).and_then(|local| local.call(id)) else { return };
        if actuators.is_empty() {
            return;
        }
        for (word, needed) in self.words_said(function, id, from, made) {
            for actuator in &actuators {
                let acting = Acting { actuator: Actuator { says: Some(word.clone()), ..actuator.clone() }, texts: &[] };
                self.controls(function, call.site, &acting, &needed, &BTreeSet::new(), false);
            }
        }
    }

    /// The words, each with what must be true for it.
    fn words_said(&self, function: FunctionId, id: CallId, from: Option<u8>, made: &[Text]) -> Vec<(String, Vec<Atom>)> {
        let contents = &self.channels.contents;
        let mut words: Vec<(String, Vec<Atom>)> = Vec::new();
        let Some(call) = self.resolver().unit.local(function).and_then(|local| local.call(id)) else { return words };
        for way in contents.ways_of_argument(function, id, from) {
            let texts = from.map(|from| contents.argument(function, call, usize::from(from), &way));
            for text in texts.as_deref().unwrap_or(made) {
                if let Some(word) = word(text).filter(|_| words.len() < WORDS) {
                    let mut needed = self.guards.here_from(function, call.block, &way);
                    self.on_its_way(function, text, &way, &mut needed);
                    words.push((word, needed));
                }
            }
        }
        words
    }

    /// The actuator that a channel to another process of the machine is: a file that is no setting of the machine's, a local socket.
    fn to_a_process(&self, name: &str, to: &Channel) -> Option<Actuator> {
        let (kind, argument, to) = match to {
            Channel::File(path) => {
                let path = self.renamed.get(path).unwrap_or(path);
                let known = !path.contains("{}")
                    && path.starts_with('/')
                    && Rules::get().written(path).is_none_or(|kind| kind == ActuatorKind::File);
                (ActuatorKind::File, Some(path.clone()).filter(|_| known)?, None)
            }
            Channel::Connected { transport: Transport::Unix, host: Host::Fixed(_), .. } => {
                (ActuatorKind::Message, String::new(), Some(to.clone()))
            }
            Channel::Connected { host: Host::Fixed(host), .. } if host.starts_with("127.") || host == "localhost" => {
                (ActuatorKind::Message, String::new(), Some(to.clone()))
            }
            _ => return None,
        };
        Some(Actuator { kind, name: name.to_owned(), argument, to, says: None })
    }

    /// Adds what must be true for this text to be the one that is written.
    fn on_its_way(&self, function: FunctionId, text: &Text, way: &Context, needed: &mut Vec<Atom>) {
        for step in text.trail.steps() {
            // The way is known for the function that writes and for those that called it.
            let (mut place, mut above) = (function, way.clone());
            while let Some((from, up)) = above.up().map(|(edge, up)| (edge.from, up.clone())).filter(|_| place != step.function) {
                (place, above) = (from, up);
            }
            let atoms = match (step.kind, u32::try_from(step.site)) {
                (StepKind::Came(edge), Ok(block)) => self.guards.left(step.function, block, edge, &above),
                (StepKind::Picked(truth), Ok(cond)) => self.guards.holds(step.function, Expr(cond), truth, &above),
                _ => continue,
            };
            for atom in atoms {
                if !needed.contains(&atom) {
                    needed.push(atom);
                }
            }
        }
    }
}

/// A text that another program can wait for.
fn word(text: &Text) -> Option<String> {
    let bytes = text.known()?;
    let word = String::from_utf8(bytes).ok().filter(|word| word.len() <= WORD && !word.trim().is_empty())?;
    (!word.chars().any(|letter| letter.is_control() && !letter.is_whitespace())).then_some(word)
}
