//! What starts: from the boot graph through scripts and programs to servers, and from servers to the programs behind their URLs.
//!
//! **Limitations**: what a program or script *may* start counts as started, whatever decides it. A command with a hole in its name is
//! followed by nobody.

use std::collections::{BTreeMap, BTreeSet};

use assay_core::{
    At, Fact, FactBody, FactId, Limits, Locator, Root, Sha256,
    escape::unescape,
    facts::{
        CodeFact, ImageFact,
        code::{Channel, Run},
        image::{BootStep, CgiProgram},
    },
};
use assay_image::{Seen, Started};

use super::{
    Contents,
    collect::moved,
    files::{File, Kind},
    programs::Programs,
    scripts::Scripts,
};

/// Rounds of asking what the servers start that were started; servers that start servers do not go deeper.
const ROUNDS: usize = 6;
/// Programs that are followed as started by one root.
const STARTED: usize = 20_000;
/// Programs that run another one, which they are given as an argument.
const WRAPPERS: [&str; 14] =
    ["sh", "ash", "bash", "dash", "busybox", "nohup", "setsid", "env", "nice", "ionice", "chrt", "su", "timeout", "start-stop-daemon"];

/// Follows what starts in one root.
pub struct Follow<'f, 'a, 'c> {
    /// The root.
    pub root: &'f Root<'a>,
    /// Its contents.
    pub contents: Contents<'c>,
    /// Its code.
    pub files: &'f BTreeMap<Sha256, File<'a>>,
    /// Readings of programs.
    pub programs: &'f Programs,
    /// Readings of scripts.
    pub scripts: &'f Scripts<'f, 'c>,
    /// Limits.
    pub limits: &'f Limits,
}

/// What starts.
#[derive(Debug, Default)]
pub struct Reached {
    /// Contents that are started, in the order in which that was found, each with the account it runs as.
    pub order: Vec<(Sha256, Option<String>)>,
    known: BTreeSet<Sha256>,
    /// Contents that a web server runs.
    pub cgi: BTreeSet<Sha256>,
    /// Lines of tables that a shell reads: the step's fact, its place, the command, the account.
    pub lines: Vec<(FactId, Locator, String, Option<String>)>,
}

impl Reached {
    fn add(&mut self, id: Sha256, user: Option<&String>) {
        if self.order.len() < STARTED && self.known.insert(id) {
            self.order.push((id, user.cloned()));
        }
    }
}

/// Facts that say that something of this root is started, by the content that is.
pub type Starters = BTreeMap<Sha256, Vec<FactId>>;

impl Follow<'_, '_, '_> {
    /// Everything that starts because of `facts`, and what `image` says of the servers among it.
    pub fn all(&self, facts: &[Fact]) -> (Reached, Seen) {
        let mut reached = Reached::default();
        for fact in facts {
            self.configured(fact, &mut reached);
        }
        let mut seen = Seen::default();
        for _ in 0..ROUNDS {
            let started = self.runs(&mut reached);
            seen = assay_image::read_started(self.root, self.contents, &started, self.limits);
            let before = (reached.order.len(), reached.cgi.len());
            for fact in &seen.0 {
                self.configured(fact, &mut reached);
            }
            if before == (reached.order.len(), reached.cgi.len()) {
                break;
            }
        }
        (reached, seen)
    }

    /// Which facts of `facts` start which contents.
    pub fn starters(&self, facts: &[Fact]) -> Starters {
        let mut starters = Starters::new();
        for fact in facts {
            if let Some(id) = started_by(&fact.body).and_then(|path| self.at(path)) {
                starters.entry(id).or_default().push(fact.id);
            }
        }
        starters
    }

    /// What a fact of the configuration starts.
    fn configured(&self, fact: &Fact, reached: &mut Reached) {
        let FactBody::Image(body) = &fact.body else { return };
        let user = match body {
            ImageFact::BootStep(step) => {
                if let Some(command) = &step.command {
                    let line = (fact.id, fact.locator.clone(), command.clone(), step.user.clone());
                    if !reached.lines.iter().any(|(id, at, ..)| (*id, at) == (line.0, &line.1)) {
                        reached.lines.push(line);
                    }
                }
                step.user.as_ref()
            }
            _ => None,
        };
        let Some(id) = started_by(&fact.body).and_then(|path| self.at(path)) else { return };
        if matches!(body, ImageFact::CgiProgram(_)) {
            reached.cgi.insert(id);
        }
        reached.add(id, user);
    }

    /// Content of the file at an escaped path of a fact.
    fn at(&self, path: &str) -> Option<Sha256> {
        self.root.resolve(&unescape(path)?).ok()?.content()
    }

    /// Every program that what is reached starts; what is found on the way is reached as well.
    fn runs(&self, reached: &mut Reached) -> Vec<Started> {
        let mut started = Vec::new();
        for (_, at, command, user) in reached.lines.clone() {
            for (_, fact) in self.scripts.line(&command).facts {
                self.run(&fact, &at, user.as_ref(), reached, &mut started);
            }
        }
        let mut next = 0;
        while started.len() < STARTED
            && let Some((id, user)) = reached.order.get(next).cloned()
        {
            next += 1;
            let Some(file) = self.files.get(&id) else { continue };
            let base = self.root.locate(&file.place, At::Offset(0));
            let facts = match file.kind {
                Kind::Program => self.programs.get(&id).map(|report| report.facts.clone()).unwrap_or_default(),
                Kind::Script | Kind::Text => {
                    let cgi = reached.cgi.contains(&id).then_some(true);
                    self.scripts.read(id, &file.place.shown(), cgi).facts.clone()
                }
                Kind::Other(_) => continue,
            };
            let decided = decided(&facts);
            for (at, fact) in &facts {
                let mut own = Vec::new();
                self.run(fact, &moved(&base, at), user.as_ref(), reached, &mut own);
                // What somebody outside has started is no service of the system: it is a flow, and told as one.
                started.extend(own.into_iter().filter(|_| !decided.contains(at)));
            }
        }
        started
    }

    fn run(&self, fact: &CodeFact, at: &Locator, user: Option<&String>, reached: &mut Reached, started: &mut Vec<Started>) {
        let CodeFact::Run(run) = fact else { return };
        // A program hands its whole command to a shell, which finds more than one program in it.
        if let Some(command) = run.command.as_deref().filter(|command| command.contains([';', '&', '|', '(', '`', '>', '\n'])) {
            for (_, inner) in self.scripts.line(command).facts {
                if let CodeFact::Run(inner) = inner {
                    self.one(&inner, at, user, reached, started);
                }
            }
            return;
        }
        self.one(run, at, user, reached, started);
    }

    fn one(&self, run: &Run, at: &Locator, user: Option<&String>, reached: &mut Reached, started: &mut Vec<Started>) {
        if run.program.contains("{}") {
            return;
        }
        let name = run.program.rsplit('/').next().unwrap_or_default();
        let behind = run.arguments.iter().filter(|word| WRAPPERS.contains(&name) && word.starts_with('/') && !word.contains("{}"));
        for path in std::iter::once(&run.program).chain(behind) {
            let id = self.root.find_program(path.as_bytes()).ok().and_then(|place| place.content());
            id.filter(|id| self.files.contains_key(id)).into_iter().for_each(|id| reached.add(id, user));
        }
        // A file that a script sources is read by the script: `. /etc/default/dropbear` starts no server.
        if run.through == "source" {
            return;
        }
        started.push(Started { program: run.program.clone(), arguments: run.arguments.clone(), user: user.cloned(), at: at.clone() });
    }
}

/// The path of what a fact says is started.
pub fn started_by(body: &FactBody) -> Option<&str> {
    match body {
        FactBody::Image(ImageFact::BootStep(step)) => {
            let BootStep { resolved, .. } = &**step;
            resolved.as_deref()
        }
        FactBody::Image(ImageFact::CgiProgram(CgiProgram { file, .. })) => Some(file),
        _ => None,
    }
}

/// Places where input from outside decides, or is, what happens.
pub fn decided(facts: &[(At, CodeFact)]) -> BTreeSet<&At> {
    let outside = |source: &Channel| {
        matches!(source, Channel::Bound { .. } | Channel::Connected { .. } | Channel::Cgi(_) | Channel::Serial(_) | Channel::Removable(_))
    };
    let flow = |fact: &CodeFact| matches!(fact, CodeFact::Flow(flow) if outside(&flow.source));
    facts.iter().filter(|(_, fact)| flow(fact)).map(|(at, _)| at).collect()
}
