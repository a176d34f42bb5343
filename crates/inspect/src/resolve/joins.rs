//! Joins between processes: who hands something to whom, where both ends are the same socket, file, program or variable.
//!
//! An end that is not known joins nothing: a path with a hole, a port that was not found, a program whose name is not told. What is
//! sent to a port or socket of the machine where nobody is seen to listen becomes a gap.

use std::collections::BTreeMap;

use assay_core::{
    Fact,
    facts::{
        CodeFact,
        code::{ActuatorKind, Channel, Choice, Flow, Host, Manner, Transport},
    },
};

use super::{
    channels::is_loopback,
    choice::Passing,
    commands::{self, base},
    system::{ProgramId, System},
};

/// Joins that are kept for one receiver; more are no protocol of anybody.
const MOST: usize = 64;
/// Functions that start a program that their first argument names.
const EXECS: &[&str] = &["execl", "execle", "execlp", "execv", "execve", "execvp", "execvpe", "fexecve", "posix_spawn", "posix_spawnp"];

/// Number of a flow in its system.
pub type FlowId = usize;

/// A flow and the program that it is in.
#[derive(Clone, Copy)]
pub struct Piece<'a> {
    /// The fact that states it.
    pub fact: &'a Fact,
    /// The flow.
    pub flow: &'a Flow,
    /// The program.
    pub program: ProgramId,
}

/// A flow whose actuator hands something to another flow.
#[derive(Debug, Clone)]
pub struct Join {
    /// The flow that hands over.
    pub from: FlowId,
    /// How.
    pub passing: Passing,
    /// In words, told at the receiving end.
    pub words: String,
    /// Does the receiver start because of it? Else it must run already.
    pub starts: bool,
}

/// A place of the machine at which two processes meet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Meeting {
    Port(bool, u16),
    Socket(String),
    File(String),
    Argument(ProgramId, u32),
    Variable(ProgramId, String),
}

/// All flows of a system, and who hands over to whom.
pub struct Joins<'a> {
    /// The flows, in the order of programs and facts.
    pub pieces: Vec<Piece<'a>>,
    at: BTreeMap<Meeting, Vec<Join>>,
}

impl<'a> Joins<'a> {
    /// Finds them.
    pub fn new(system: &System<'a>) -> Self {
        let mut pieces = Vec::new();
        for (id, program) in system.programs.iter().enumerate() {
            for (fact, body) in &program.facts {
                if let CodeFact::Flow(flow) = body {
                    pieces.push(Piece { fact, flow, program: id });
                }
            }
        }
        let mut joins = Self { pieces, at: BTreeMap::new() };
        for from in 0..joins.pieces.len() {
            let piece = joins.pieces[from];
            for (meeting, passing, starts) in handed(system, piece) {
                let by = system.program(piece.program).map_or("", |program| program.path());
                let words = format!("{} {by}", told(&meeting));
                let list = joins.at.entry(meeting).or_default();
                if list.len() < MOST {
                    list.push(Join { from, passing, words, starts });
                }
            }
        }
        joins
    }

    /// Who hands over what this flow takes in.
    pub fn into(&self, system: &System, id: FlowId) -> Vec<&Join> {
        let Some(piece) = self.pieces.get(id) else { return Vec::new() };
        let meetings = taken(system, piece);
        meetings.iter().filter_map(|meeting| self.at.get(meeting)).flatten().filter(|join| join.from != id).collect()
    }
}

/// Where a flow takes in what another process hands over.
fn taken(system: &System, piece: &Piece) -> Vec<Meeting> {
    match &piece.flow.source {
        Channel::Bound { transport: Transport::Unix, address: Some(path), .. } => {
            system.one_name(path).or_else(|| abstract_name(path)).map(Meeting::Socket).into_iter().collect()
        }
        Channel::Bound { transport, port: Some(port), .. } => vec![Meeting::Port(*transport == Transport::Udp, *port)],
        Channel::File(path) => system.one_name(path).map(Meeting::File).into_iter().collect(),
        Channel::Argument(Some(number)) => vec![Meeting::Argument(piece.program, *number)],
        Channel::Environment(name) => vec![Meeting::Variable(piece.program, name.clone())],
        _ => Vec::new(),
    }
}

/// Where the actuator of a flow hands over, and how; the last: does it start the receiver?
fn handed(system: &System, piece: Piece) -> Vec<(Meeting, Passing, bool)> {
    let (flow, actuator) = (piece.flow, &piece.flow.actuator);
    match actuator.kind {
        ActuatorKind::Message => match &actuator.to {
            Some(Channel::Connected { transport: Transport::Unix, host: Host::Fixed(path), .. }) => {
                let name = system.one_name(path).or_else(|| abstract_name(path));
                name.map(|name| (Meeting::Socket(name), Passing::Bytes, false)).into_iter().collect()
            }
            Some(Channel::Connected { transport, host: Host::Fixed(host), port: Some(port) }) if is_loopback(host) => {
                vec![(Meeting::Port(*transport == Transport::Udp, *port), Passing::Bytes, false)]
            }
            _ => Vec::new(),
        },
        ActuatorKind::Command => {
            let mut all = Vec::new();
            for command in commands::simple(&actuator.argument) {
                all.extend(started(system, flow, &command.words, &command.variables));
            }
            all
        }
        ActuatorKind::Program => {
            let named = EXECS.contains(&actuator.name.as_str());
            let text = if named { actuator.argument.clone() } else { format!("{} {}", actuator.name, actuator.argument) };
            commands::simple(&text).first().map(|command| started(system, flow, &command.words, &command.variables)).unwrap_or_default()
        }
        ActuatorKind::File | ActuatorKind::Config | ActuatorKind::Pool | ActuatorKind::BootConfig | ActuatorKind::HashBoard => {
            let path = actuator.argument.split_whitespace().last().unwrap_or_default();
            system.one_name(path).map(|path| (Meeting::File(path), Passing::File, false)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// What a command hands to the program that it starts.
fn started(system: &System, flow: &Flow, words: &[String], variables: &[(String, String)]) -> Vec<(Meeting, Passing, bool)> {
    let Some(program) = words.first().and_then(|name| system.find_program(name)) else { return Vec::new() };
    let mut all = Vec::new();
    let holes = words.iter().skip(1).any(|word| word.contains("{}"));
    for (number, word) in words.iter().enumerate().skip(1) {
        let passing = match flow.manner {
            Manner::Data if word.contains("{}") => Passing::Argument,
            // Of an upload that is given by a fixed path, the path is the argument.
            Manner::Data if flow.choice == Choice::Content && !holes && word.starts_with('/') => Passing::Constant(word.clone()),
            _ if word.contains("{}") => continue,
            _ => Passing::Constant(word.clone()),
        };
        all.push((Meeting::Argument(program, number as u32), passing, true));
    }
    let own = variables.iter().filter(|(_, value)| value.contains("{}"));
    all.extend(own.map(|(name, _)| (Meeting::Variable(program, name.clone()), Passing::Bytes, true)));
    let name = words.first().map_or("", |word| base(word)).to_owned();
    all.push((Meeting::Argument(program, 0), Passing::Constant(name), true));
    all
}

/// A socket in the abstract namespace has no place in the filesystem.
fn abstract_name(path: &str) -> Option<String> {
    (path.starts_with('@') && !path.contains("{}")).then(|| path.to_owned())
}

fn told(meeting: &Meeting) -> String {
    match meeting {
        Meeting::Port(datagrams, port) => {
            format!("comes in on {} port {port} of the machine itself, from", if *datagrams { "udp" } else { "tcp" })
        }
        Meeting::Socket(path) => format!("comes in on the local socket {path}, from"),
        Meeting::File(path) => format!("is read from {path}, written by"),
        Meeting::Argument(_, number) => format!("is argument {number}, given by"),
        Meeting::Variable(_, name) => format!("is the variable {name}, set by"),
    }
}
