//! One root filesystem with everything that was seen in it: its programs by content, their names, and what its configuration says.
//!
//! A program is a content, not a path: links, hard links and copies are names of one thing, and facts about it are stated once.

use std::collections::BTreeMap;

use assay_core::{
    Fact, FactBody, FactId, Root, Sha256,
    dossier::Subject,
    escape::{escape, unescape},
    facts::{CodeFact, ImageFact},
    manifest::Tree,
};

/// Number of a program in its system.
pub type ProgramId = usize;

/// A program or script with all that was seen in it.
pub struct Program<'a> {
    /// Its content.
    pub content: Sha256,
    /// Trail to it, as its facts have it.
    pub trail: &'a str,
    /// Every path in the root that leads to it, sorted; the last part of the trail where there is no root.
    pub names: Vec<String>,
    /// What was seen in it, in the order of the facts.
    pub facts: Vec<(&'a Fact, &'a CodeFact)>,
}

impl Program<'_> {
    /// The path to show: the one at which its facts were stated.
    pub fn path(&self) -> &str {
        let inner = self.trail.rsplit('!').next().unwrap_or(self.trail);
        if inner.is_empty() { "the program" } else { inner }
    }
}

/// A root filesystem, or a program that came without one.
pub struct System<'a> {
    root: Option<Root<'a>>,
    /// Its programs, by trail.
    pub programs: Vec<Program<'a>>,
    /// What its configuration and files say, in the order of the facts.
    pub image: Vec<(&'a Fact, &'a ImageFact)>,
    by_content: BTreeMap<Sha256, ProgramId>,
    by_id: BTreeMap<FactId, usize>,
}

impl<'a> System<'a> {
    /// Every system of one input in which code was seen.
    pub fn all(subject: &'a Subject, facts: &'a [Fact]) -> Vec<Self> {
        let trees: BTreeMap<&str, &Tree> = subject.manifest.iter().map(|tree| (tree.path.as_str(), tree)).collect();
        let mut code: BTreeMap<&str, Vec<&'a Fact>> = BTreeMap::new();
        let mut image: BTreeMap<&str, Vec<(&'a Fact, &'a ImageFact)>> = BTreeMap::new();
        for fact in facts {
            let container = container(&fact.locator.path, &trees);
            match &fact.body {
                // What came without a root is a system of its own.
                FactBody::Code(_) => code.entry(container.unwrap_or(&fact.locator.path)).or_default().push(fact),
                FactBody::Image(body) => image.entry(container.unwrap_or_default()).or_default().push((fact, body)),
                _ => {}
            }
        }
        code.into_iter().map(|(trail, code)| Self::new(trees.get(trail).copied(), code, image.remove(trail).unwrap_or_default())).collect()
    }

    fn new(tree: Option<&'a Tree>, code: Vec<&'a Fact>, image: Vec<(&'a Fact, &'a ImageFact)>) -> Self {
        let by_id = image.iter().enumerate().map(|(index, (fact, _))| (fact.id, index)).collect();
        let root = tree.map(Root::new);
        let mut system = Self { root, programs: Vec::new(), image, by_content: BTreeMap::new(), by_id };
        let mut programs: BTreeMap<(&str, Sha256), Program<'a>> = BTreeMap::new();
        for fact in code {
            let FactBody::Code(body) = &fact.body else { continue };
            let locator = &fact.locator;
            let program = programs.entry((&locator.path, locator.artifact)).or_insert_with(|| Program {
                content: locator.artifact,
                trail: &locator.path,
                names: system.names(locator.artifact, &locator.path),
                facts: Vec::new(),
            });
            program.facts.push((fact, body));
        }
        system.programs = programs.into_values().collect();
        for (id, program) in system.programs.iter().enumerate() {
            system.by_content.entry(program.content).or_insert(id);
        }
        system
    }

    fn names(&self, content: Sha256, trail: &str) -> Vec<String> {
        let own = trail.rsplit('!').next().unwrap_or(trail).to_owned();
        let mut names: Vec<String> =
            self.root.iter().flat_map(|root| root.names_of(&content)).map(|name| escape(&name)).filter(|name| *name != own).collect();
        names.push(own);
        names.sort();
        names
    }

    /// A program by its number.
    pub fn program(&self, id: ProgramId) -> Option<&Program<'a>> {
        self.programs.get(id)
    }

    /// The content that a command's first word starts.
    pub fn started_by(&self, name: &str) -> Option<Sha256> {
        if name.is_empty() || name.contains("{}") {
            return None;
        }
        self.root.as_ref()?.find_program(&unescape(name)?).ok()?.content()
    }

    /// The program that a command's first word starts, if facts of it are known.
    pub fn find_program(&self, name: &str) -> Option<ProgramId> {
        self.with_content(&self.started_by(name)?)
    }

    /// The program of that content.
    pub fn with_content(&self, content: &Sha256) -> Option<ProgramId> {
        self.by_content.get(content).copied()
    }

    /// The program at a path as shown.
    pub fn program_at(&self, path: &str) -> Option<ProgramId> {
        self.programs.iter().position(|program| program.names.iter().any(|name| name == path))
    }

    /// Is there a regular file at `path`, links followed? As shown, with its trail.
    pub fn file(&self, path: &str) -> Option<String> {
        let root = self.root.as_ref()?;
        let place = root.resolve(&unescape(path)?).ok().filter(|place| place.content().is_some())?;
        Some(root.trail(&place.path))
    }

    /// The one name of a place that is named in several ways: `.` and `..` taken away, links of directories followed as far as the
    /// image has them. Absent for a path that is relative or known in part.
    pub fn one_name(&self, path: &str) -> Option<String> {
        if !path.starts_with('/') || path.contains("{}") || path.contains('*') {
            return None;
        }
        let mut parts: Vec<&str> = Vec::new();
        for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
            if part == ".." {
                parts.pop();
            } else {
                parts.push(part);
            }
        }
        // What is made while the system runs is not in the image: its directory mostly is.
        for known in (0..=parts.len()).rev() {
            let directory = format!("/{}", parts[..known].join("/"));
            let place = self.root.as_ref().and_then(|root| root.resolve(&unescape(&directory)?).ok());
            if let Some(place) = place {
                let rest = parts[known..].iter().map(|part| format!("/{part}")).collect::<String>();
                let whole = format!("{}{rest}", place.shown().trim_end_matches('/'));
                return Some(if whole.is_empty() { "/".to_owned() } else { whole });
            }
        }
        Some(format!("/{}", parts.join("/")))
    }

    /// An image fact by its number.
    pub fn image_fact(&self, id: FactId) -> Option<(&'a Fact, &'a ImageFact)> {
        self.by_id.get(&id).and_then(|index| self.image.get(*index)).copied()
    }
}

/// Trail of the innermost tree that a trail leads into.
fn container<'t>(trail: &'t str, trees: &BTreeMap<&str, &Tree>) -> Option<&'t str> {
    let inner = trail.rmatch_indices("!/").map(|(end, _)| &trail[..end]).find(|path| trees.contains_key(path));
    inner.or_else(|| (trail.starts_with('/') && trees.contains_key("")).then_some(""))
}
