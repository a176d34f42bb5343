//! An invented root filesystem with invented facts, put together in a test.

use assay_core::{
    At, Dossier, Entry, EntryKind, Fact, FactBody, FactId, Locator, Role, Sha256,
    facts::{
        CodeFact, ImageFact,
        code::{
            Actuator, ActuatorKind, Channel, Check, CheckKind, Choice, Enforcement, Flow, Host, Manner, PathStep, Run, Transport, Trigger,
            TriggerKind,
        },
        image::{BootStep, Phase, Starter},
    },
};

use crate::{inspect, subject};

/// A tree and its facts.
#[derive(Default)]
pub struct System {
    entries: Vec<Entry>,
    facts: Vec<Fact>,
}

impl System {
    /// A regular file whose content is its path.
    pub fn file(mut self, path: &str) -> Self {
        let mut entry = Entry::new(path.trim_start_matches('/'), EntryKind::File, 10);
        (entry.mode, entry.content) = (Some(0o755), Some(Sha256::of(path.as_bytes())));
        self.entries.push(entry);
        self
    }

    /// A symbolic link.
    pub fn link(mut self, path: &str, target: &str) -> Self {
        let mut entry = Entry::new(path.trim_start_matches('/'), EntryKind::Symlink, 0);
        entry.target = Some(target.into());
        self.entries.push(entry);
        self
    }

    fn fact(mut self, path: &str, at: At, from: &[u32], body: FactBody) -> Self {
        let locator = Locator { artifact: Sha256::of(path.as_bytes()), path: path.to_owned(), at };
        let id = FactId(self.facts.len() as u32 + 1);
        let derived_from = from.iter().map(|id| FactId(*id)).collect();
        self.facts.push(Fact { id, locator, producer: "test".into(), producer_version: 1, derived_from, body });
        self
    }

    /// Something seen in a program.
    pub fn code(self, path: &str, body: CodeFact) -> Self {
        let at = At::Address(0x1000 + self.facts.len() as u64 * 16);
        self.fact(path, at, &[], FactBody::Code(body))
    }

    /// A flow of a program.
    pub fn flow(self, path: &str, flow: Flow) -> Self {
        self.code(path, CodeFact::Flow(Box::new(flow)))
    }

    /// Something that the configuration says, derived from earlier facts.
    pub fn image(self, path: &str, from: &[u32], body: ImageFact) -> Self {
        self.fact(path, At::Line(1), from, FactBody::Image(body))
    }

    /// The boot graph starts a program.
    pub fn boots(self, program: &str) -> Self {
        let step = BootStep {
            order: 1,
            phase: Phase::Boot,
            by: Starter::Inittab,
            name: "x".into(),
            program: program.into(),
            resolved: Some(program.into()),
            runnable: true,
            arguments: Vec::new(),
            command: None,
            user: None,
            environment: Vec::new(),
            condition: None,
            terminal: None,
        };
        self.image("/etc/inittab", &[], ImageFact::BootStep(Box::new(step)))
    }

    /// A program starts another.
    pub fn runs(self, path: &str, program: &str, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|word| (*word).to_owned()).collect();
        self.code(path, CodeFact::Run(Run { program: program.into(), arguments, command: None, through: "script".into(), function: None }))
    }

    /// How many facts there are so far: the number of the last one.
    pub fn last(&self) -> u32 {
        self.facts.len() as u32
    }

    /// The dossier.
    pub fn inspect(self) -> Dossier {
        let mut subject = subject("a", self.entries);
        subject.artifacts.clear();
        inspect(vec![subject], self.facts)
    }
}

/// Input that goes to an actuator as data.
pub fn data(source: Channel, kind: ActuatorKind, name: &str, argument: &str, choice: Choice) -> Flow {
    let step = PathStep { at: At::Address(0x10), function: None, role: Role::Actuator, note: name.into() };
    Flow {
        source,
        manner: Manner::Data,
        actuator: Actuator { kind, name: name.into(), argument: argument.into(), to: None, says: None },
        choice,
        triggers: Vec::new(),
        checks: Vec::new(),
        path: vec![step],
        code: String::new(),
    }
}

/// Input that decides whether an actuator acts, compared with `word`.
pub fn decides(source: Channel, kind: ActuatorKind, name: &str, argument: &str, word: &str) -> Flow {
    let mut flow = data(source, kind, name, argument, Choice::Whether);
    flow.manner = Manner::Control;
    flow.triggers = vec![Trigger { kind: TriggerKind::Equals, value: word.into(), fits: true }];
    flow
}

/// The same sent on to a channel.
pub fn sends(source: Channel, to: Channel) -> Flow {
    let mut flow = data(source, ActuatorKind::Message, "send", "", Choice::Free);
    flow.actuator.to = Some(to);
    flow
}

pub fn checked(mut flow: Flow, kind: CheckKind, detail: &str, enforced: Enforcement) -> Flow {
    flow.checks.push(Check { kind, detail: detail.into(), enforced });
    flow
}

pub fn bound(address: &str, port: u16) -> Channel {
    Channel::Bound { transport: Transport::Tcp, address: Some(address.into()), port: Some(port) }
}

pub fn connected(host: &str, port: u16) -> Channel {
    Channel::Connected { transport: Transport::Tcp, host: Host::Fixed(host.into()), port: Some(port) }
}
