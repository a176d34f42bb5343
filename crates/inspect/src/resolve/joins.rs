//! Joins between processes: who hands something to whom, where both ends are the same socket, file, program or variable.
//!
//! A file that one program fills and another runs, or reads as part of a script, is a join of its own kind: its content is run.
//!
//! An end that is not known joins nothing: a path with a hole, a port that was not found, a program whose name is not told. What is
//! sent to a port or socket of the machine where nobody is seen to listen becomes a gap.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use assay_core::{
    Fact, Role,
    facts::{
        CodeFact,
        code::{Actuator, ActuatorKind, Channel, CheckKind, Choice, Flow, Host, Manner, PathStep, Run, Transport},
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
pub struct Piece<'a> {
    /// The fact that states it.
    pub fact: &'a Fact,
    /// The flow: as stated, or what the start of a file that others fill amounts to.
    pub flow: Cow<'a, Flow>,
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
    /// The path of the program that hands over.
    pub by: String,
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
                    pieces.push(Piece { fact, flow: Cow::Borrowed(&**flow), program: id });
                }
            }
        }
        drop_unknown_hosts(&mut pieces);
        let mut joins = Self { pieces, at: BTreeMap::new() };
        for from in 0..joins.pieces.len() {
            let Some(piece) = joins.pieces.get(from) else { continue };
            let by = system.program(piece.program).map_or("", |program| program.path());
            for (meeting, passing, starts) in handed(system, piece) {
                let words = format!("{} {by}", told(&meeting));
                let list = joins.at.entry(meeting).or_default();
                if list.len() < MOST {
                    list.push(Join { from, passing, words, by: by.to_owned(), starts });
                }
            }
        }
        joins.add_starts(system);
        joins
    }

    /// Starts of files that a flow of another program fills. A program that checks signatures may check this one, and what it fills
    /// itself it has flows for: neither is guessed at.
    fn add_starts(&mut self, system: &System<'a>) {
        for (id, program) in system.programs.iter().enumerate() {
            let verifies = |body: &&CodeFact| matches!(body, CodeFact::Flow(flow) if flow.checks.iter().any(|check| check.kind == CheckKind::Signature));
            if program.facts.iter().any(|(_, body)| verifies(body)) {
                continue;
            }
            for (fact, body) in &program.facts {
                let CodeFact::Run(run) = body else { continue };
                for words in commands::of(run) {
                    let Some(path) = words.first().and_then(|word| system.one_name(word)) else { continue };
                    let own = |join: &Join| self.pieces.get(join.from).is_none_or(|piece| piece.program == id);
                    if self.at.get(&Meeting::File(path.clone())).is_some_and(|joins| joins.iter().any(|join| !own(join))) {
                        self.pieces.push(Piece { fact, flow: Cow::Owned(runs_file(fact, run, path)), program: id });
                    }
                }
            }
        }
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
fn handed(system: &System, piece: &Piece) -> Vec<(Meeting, Passing, bool)> {
    let (flow, actuator) = (&*piece.flow, &piece.flow.actuator);
    let as_is = |passing| match &actuator.says {
        Some(words) if flow.manner == Manner::Control => Passing::Words(words.clone()),
        _ => passing,
    };
    match actuator.kind {
        ActuatorKind::Message => match &actuator.to {
            Some(Channel::Connected { transport: Transport::Unix, host: Host::Fixed(path), .. }) => {
                let name = system.one_name(path).or_else(|| abstract_name(path));
                name.map(|name| (Meeting::Socket(name), as_is(Passing::Bytes), false)).into_iter().collect()
            }
            Some(Channel::Connected { transport, host: Host::Fixed(host), port: Some(port) }) if is_loopback(host) => {
                vec![(Meeting::Port(*transport == Transport::Udp, *port), as_is(Passing::Bytes), false)]
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
            system.one_name(path).map(|path| (Meeting::File(path), as_is(Passing::File), false)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Where a host could be told on some ways to one place and not on others, the others are the same connection seen less well.
fn drop_unknown_hosts(pieces: &mut Vec<Piece>) {
    let host = |piece: &Piece| match &piece.flow.source {
        Channel::Connected { host, .. } => Some(*host == Host::Unknown),
        _ => None,
    };
    let place = |piece: &Piece| (piece.fact.locator.clone(), piece.flow.actuator.kind, piece.flow.manner);
    let told: BTreeSet<_> = pieces.iter().filter(|piece| host(piece) == Some(false)).map(place).collect();
    pieces.retain(|piece| host(piece) != Some(true) || !told.contains(&place(piece)));
}

/// What the start of a file amounts to: its content is run.
fn runs_file(fact: &Fact, run: &Run, path: String) -> Flow {
    let step = PathStep {
        at: fact.locator.at.clone(),
        function: run.function.clone(),
        role: Role::Actuator,
        note: format!("{} runs it", run.through),
    };
    Flow {
        source: Channel::File(path.clone()),
        manner: Manner::Data,
        actuator: Actuator { kind: ActuatorKind::Command, name: run.through.clone(), argument: path, to: None, says: None },
        choice: Choice::Free,
        triggers: Vec::new(),
        checks: Vec::new(),
        path: vec![step],
        code: String::new(),
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
