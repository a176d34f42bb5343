//! What runs: the boot graph followed through the programs and scripts that it starts.
//!
//! A program counts as started where a chain of starts leads to it from a step of the boot graph, or from a web server that runs.
//! What is not reached so is *not known* to run: a start that the image does not show, or that has a hole in its name, may be there.

use std::collections::{BTreeMap, BTreeSet};

use assay_core::{
    Fact, FactId, Sha256,
    facts::{
        CodeFact, ImageFact,
        code::Run,
        image::{BootStep, Phase, WebServer},
    },
};

use super::{
    commands,
    system::{ProgramId, System},
};

/// Starts followed in one system.
const MOST: usize = 20_000;

/// How something comes to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// In words.
    pub how: String,
    /// The facts on the way, from the boot graph on.
    pub facts: Vec<FactId>,
}

/// What runs in a system.
pub struct Starts {
    reached: BTreeMap<Sha256, Start>,
    /// Web servers that run, by the number of their fact.
    servers: BTreeSet<FactId>,
    graph: bool,
}

impl Starts {
    /// Follows everything.
    pub fn new(system: &System) -> Self {
        let mut starts = Self { reached: BTreeMap::new(), servers: BTreeSet::new(), graph: false };
        let mut open: Vec<ProgramId> = Vec::new();
        for (fact, body) in &system.image {
            let ImageFact::BootStep(step) = body else { continue };
            starts.graph = true;
            if step.runnable && step.phase != Phase::Shutdown {
                starts.step(system, fact, step, &mut open);
            }
        }
        starts.follow(system, open);
        // A server starts its programs for visitors, and they may start others.
        let mut open = Vec::new();
        let served: Vec<_> = system.image.iter().filter_map(|(fact, body)| Some((*fact, web_server(body)?))).collect();
        for (fact, server) in served {
            if starts.runs_server(system, fact, server) {
                starts.servers.insert(fact.id);
                starts.visitors(system, fact, &mut open);
            }
        }
        starts.follow(system, open);
        starts
    }

    /// Does the image have a boot graph at all?
    pub fn graph(&self) -> bool {
        self.graph
    }

    /// How the program of that content comes to run, where that is known.
    pub fn of(&self, content: &Sha256) -> Option<&Start> {
        self.reached.get(content)
    }

    /// Does the web server of this fact run?
    pub fn server(&self, fact: FactId) -> bool {
        self.servers.contains(&fact)
    }

    fn step(&mut self, system: &System, fact: &Fact, step: &BootStep, open: &mut Vec<ProgramId>) {
        let how = match step.phase {
            Phase::Timer => format!("at times ({})", step.condition.as_deref().unwrap_or(&step.name)),
            Phase::Event => format!("when {}", step.condition.as_deref().unwrap_or(&step.name)),
            Phase::Request => format!("for a visitor ({})", step.name),
            Phase::Login => "when somebody logs in".to_owned(),
            _ => format!("at boot ({})", if step.name.is_empty() { &step.program } else { &step.name }),
        };
        let start = Start { how, facts: vec![fact.id] };
        if let Some(content) = step.resolved.as_deref().and_then(|path| system.started_by(path)) {
            self.reach(system, content, &start, open);
        }
        let runs = match &step.command {
            Some(command) => commands::programs(command),
            None => commands::program(&step.program, &step.arguments),
        };
        for words in runs {
            if let Some(content) = words.first().and_then(|name| system.started_by(name)) {
                self.reach(system, content, &start, open);
            }
        }
    }

    fn reach(&mut self, system: &System, content: Sha256, start: &Start, open: &mut Vec<ProgramId>) {
        if self.reached.len() < MOST && !self.reached.contains_key(&content) {
            self.reached.insert(content, start.clone());
            open.extend(system.with_content(&content));
        }
    }

    fn follow(&mut self, system: &System, mut open: Vec<ProgramId>) {
        while let Some(id) = open.pop() {
            let Some(program) = system.program(id) else { continue };
            let Some(own) = self.reached.get(&program.content).cloned() else { continue };
            for (fact, body) in &program.facts {
                let CodeFact::Run(run) = body else { continue };
                let mut start = Start { how: format!("by {}, {}", program.path(), own.how), facts: own.facts.clone() };
                start.facts.push(fact.id);
                for content in started(system, run) {
                    self.reach(system, content, &start, &mut open);
                }
            }
        }
    }

    /// A server runs if the script that names it runs, or its own program does.
    fn runs_server(&self, system: &System, fact: &Fact, server: &WebServer) -> bool {
        let by_script = self.reached.contains_key(&fact.locator.artifact);
        // A program of many tools runs for other reasons.
        let own = server.program.as_deref().filter(|path| !path.contains("busybox"));
        by_script || own.and_then(|path| system.started_by(path)).is_some_and(|content| self.reached.contains_key(&content))
    }

    fn visitors(&mut self, system: &System, server: &Fact, open: &mut Vec<ProgramId>) {
        for (fact, body) in &system.image {
            if let ImageFact::CgiProgram(cgi) = body
                && fact.derived_from.contains(&server.id)
                && let Some(content) = system.started_by(&cgi.file)
            {
                let start = Start { how: format!("for whoever asks for {}", cgi.url), facts: vec![server.id, fact.id] };
                self.reach(system, content, &start, open);
            }
        }
    }
}

fn web_server<'a>(body: &&'a ImageFact) -> Option<&'a WebServer> {
    match body {
        ImageFact::WebServer(server) => Some(server),
        _ => None,
    }
}

/// Everything that a start comes down to, as contents of the image.
fn started(system: &System, run: &Run) -> Vec<Sha256> {
    commands::of(run).iter().filter_map(|words| system.started_by(words.first()?)).collect()
}
