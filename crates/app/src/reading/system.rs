//! One tree: as a system where it is a root filesystem, and file by file as code in any case.

use std::{borrow::Cow, collections::BTreeMap, rc::Rc};

use assay_code::{read::hardening, script::ScriptFacts};
use assay_core::{
    At, FactId, Limits, Locator, Problem, Root, Sha256,
    escape::unescape,
    facts::{CodeFact, ImageFact},
    root::{Place, looks_like_root},
};
use assay_image::Given;

use super::{
    Contents,
    collect::{Collector, Producer, moved},
    files::{File, Kind, files},
    filters::Filter,
    programs::Programs,
    scripts::Scripts,
    started::{Follow, Reached, Starters, decided, started_by},
};

/// A tree with everything that is known of what starts in it.
struct System<'s, 'a, 'c> {
    root: &'s Root<'a>,
    files: &'s BTreeMap<Sha256, File<'a>>,
    programs: &'s Programs,
    scripts: &'s Scripts<'s, 'c>,
    reached: Reached,
    starters: Starters,
    contents: Contents<'c>,
}

/// Reads the tree of `root` into `out`.
pub fn read(
    root: &Root<'_>,
    kernel_arguments: Option<&str>,
    contents: Contents<'_>,
    programs: &Programs,
    limits: &Limits,
    threads: usize,
    out: &mut Collector,
) {
    let since = out.facts.len();
    let files = files(root, contents);
    let scripts = Scripts::new(Some(root), contents, limits);
    scripts.ahead(files.values().filter(|file| file.kind == Kind::Script), threads);
    let mut system =
        System { root, files: &files, programs, scripts: &scripts, reached: Reached::default(), starters: Starters::default(), contents };
    if looks_like_root(root.tree()) {
        let given = Given { kernel_arguments: kernel_arguments.map(str::to_owned) };
        let (facts, gaps) = assay_image::read(root, contents, &given, limits);
        out.merge(facts, gaps, since);
        let follow = Follow { root, contents, files: &files, programs, scripts: &scripts, limits };
        let (reached, (facts, gaps)) = follow.all(&out.facts[since..]);
        out.merge(facts, gaps, since);
        (system.reached, system.starters) = (reached, follow.starters(&out.facts[since..]));
        system.firewall(out);
    }
    for (fact, at, command, _) in &system.reached.lines {
        for (_, body) in scripts.line(command).facts {
            out.code(Producer::Script, at.clone(), &[*fact], body);
        }
    }
    let mut ordered: Vec<&File<'_>> = files.values().collect();
    ordered.sort_by(|a, b| a.place.path.cmp(&b.place.path));
    for file in ordered {
        system.file(file, out);
    }
}

impl<'a> System<'_, 'a, '_> {
    /// One file.
    fn file(&self, file: &File<'a>, out: &mut Collector) {
        let from = self.started_by(file.id);
        let base = self.root.locate(&self.place(file, from, out), At::Offset(0));
        match &file.kind {
            Kind::Program => {
                harden(&base, from, self.contents, out);
                program(&base, from, self.programs, out);
            }
            Kind::Text if from.is_empty() => {}
            Kind::Script | Kind::Text => {
                let read = self.script(file);
                code(&base, Producer::Script, from, &read.facts, &read.problems, out);
            }
            Kind::Other(what) => other(&base, what, out),
        }
    }

    fn started_by(&self, id: Sha256) -> &[FactId] {
        self.starters.get(&id).map(Vec::as_slice).unwrap_or_default()
    }

    fn script(&self, file: &File<'a>) -> Rc<ScriptFacts> {
        let cgi = self.reached.cgi.contains(&file.id).then_some(true);
        self.scripts.read(file.id, &file.place.shown(), cgi)
    }

    /// The path under which a file is told: one by which it is started, where it has several.
    fn place(&self, file: &File<'a>, from: &[FactId], out: &Collector) -> Place<'a> {
        let first = from.first().and_then(|id| out.facts.get((id.0 as usize).checked_sub(1)?));
        let path = first.and_then(|fact| started_by(&fact.body)).and_then(unescape);
        path.and_then(|path| self.root.resolve(&path).ok()).unwrap_or_else(|| file.place.clone())
    }

    /// The packet filter as the scripts that start set it. A command that input from outside decides on is a flow, and no rule that holds.
    fn firewall(&self, out: &mut Collector) {
        for (id, _) in &self.reached.order {
            let Some(file) = self.files.get(id).filter(|file| matches!(file.kind, Kind::Script | Kind::Text)) else { continue };
            let read = self.script(file);
            let decided = decided(&read.facts);
            let filter = Filter::of(read.filters.iter().filter(|(at, _)| !decided.contains(at)));
            let from = self.started_by(*id);
            let base = self.root.locate(&self.place(file, from, out), At::Offset(0));
            for problem in &filter.problems {
                out.problem(base.artifact, &base.path, problem);
            }
            for (at, fact) in filter.facts() {
                out.image(Producer::Script, moved(&base, &at), from, fact);
            }
        }
    }
}

/// A program or script that stands in no tree.
pub fn loose(id: Sha256, trail: &str, contents: Contents<'_>, programs: &Programs, limits: &Limits, out: &mut Collector) {
    let base = Locator { artifact: id, path: trail.to_owned(), at: At::Offset(0) };
    let bytes = contents(&id).unwrap_or(Cow::Borrowed(&[]));
    match Kind::of(&bytes) {
        Some(Kind::Program) => {
            harden(&base, &[], contents, out);
            program(&base, &[], programs, out);
        }
        Some(Kind::Script) => {
            let read = Scripts::new(None, contents, limits).read(id, "", None);
            code(&base, Producer::Script, &[], &read.facts, &read.problems, out);
        }
        Some(Kind::Other(what)) => other(&base, &what, out),
        Some(Kind::Text) | None => {}
    }
}

/// How the program was compiled and linked, whatever its processor.
fn harden(base: &Locator, from: &[FactId], contents: Contents<'_>, out: &mut Collector) {
    if let Some(hardening) = contents(&base.artifact).and_then(|bytes| hardening(&bytes)) {
        out.image(Producer::Program, base.clone(), from, ImageFact::Hardening(Box::new(hardening)));
    }
}

fn program(base: &Locator, from: &[FactId], programs: &Programs, out: &mut Collector) {
    if let Some(report) = programs.get(&base.artifact) {
        code(base, Producer::Program, from, &report.facts, &report.problems, out);
    }
}

fn other(base: &Locator, what: &str, out: &mut Collector) {
    let problem = Problem::unsupported(0, format!("a script for {what}, which is not read"));
    out.problem(base.artifact, &base.path, &problem);
}

fn code(base: &Locator, producer: Producer, from: &[FactId], facts: &[(At, CodeFact)], problems: &[Problem], out: &mut Collector) {
    for (at, fact) in facts {
        out.code(producer, moved(base, at), from, fact.clone());
    }
    for problem in problems {
        out.problem(base.artifact, &base.path, problem);
    }
}
