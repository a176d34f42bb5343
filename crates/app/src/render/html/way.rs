//! The way of a finding or control, drawn: a small picture of its steps across programs, and the steps as lists to read.
//!
//! The picture has a lane for each stretch of steps in one program and a shape for each role, so that nothing hangs on colour; what it
//! shows is said in words for whoever does not see it, and again step by step below. Code is shown where the evidence has it: nothing is
//! made up here.

use assay_core::{Evidence, Role};

use super::super::words::{self, Places, kebab};

/// Steps at the beginning and at the end of a way that are shown; the conditions of what acts stand at its end.
const ENDS: (usize, usize) = (12, 18);
/// Distance between two steps of the picture, and between two lanes.
const GRID: (usize, usize) = (44, 34);

/// A way, as far as the page shows it.
pub struct Way<'a> {
    /// Steps by program, in order.
    pub parts: Vec<Part<'a>>,
    /// The picture.
    pub picture: Picture,
    /// Steps of it that are left out between its beginning and its end.
    pub left_out: usize,
    /// What is no step of it: what acts as well, or evidence of another kind.
    pub beside: &'a [Evidence],
}

/// Steps within one program.
pub struct Part<'a> {
    /// Where the program is.
    pub place: String,
    /// Its artifact.
    pub artifact: String,
    /// The steps.
    pub steps: Vec<Step<'a>>,
}

/// A step.
pub struct Step<'a> {
    /// Its number, from 1.
    pub number: usize,
    /// Its role, as a word.
    pub role: String,
    /// Does its note say what must be true?
    pub must: bool,
    /// Everything else.
    pub e: &'a Evidence,
    /// The step with the same code, where one before has it.
    pub same: Option<usize>,
}

/// What is drawn, in units of an SVG.
pub struct Picture {
    /// Width and height.
    pub size: (usize, usize),
    /// Lines between steps, from and to.
    pub lines: Vec<[usize; 4]>,
    /// Steps: symbol, left, top, number.
    pub nodes: Vec<(String, usize, usize, usize)>,
    /// The whole of it in words.
    pub words: String,
}

impl<'a> Way<'a> {
    /// The way that `evidence` tells of. None where it tells of none.
    pub fn new(evidence: &'a [Evidence], places: &Places) -> Option<Self> {
        let len = words::way_len(evidence);
        if len == 0 {
            return None;
        }
        let (way, beside) = evidence.split_at(len);
        let left_out = len.saturating_sub(ENDS.0 + ENDS.1);
        let mut parts: Vec<Part> = Vec::new();
        for (index, e) in way.iter().enumerate() {
            if left_out > 0 && (ENDS.0..ENDS.0 + left_out).contains(&index) {
                continue;
            }
            let place = places.of(e);
            let before = way[..index].iter().position(|one| (one.artifact, &one.at) == (e.artifact, &e.at));
            let step = Step {
                number: index + 1,
                role: kebab(e.role),
                must: words::must(e.role),
                e,
                same: before.map(|at| at + 1).filter(|_| !e.excerpt.is_empty()),
            };
            match parts.last_mut() {
                Some(part) if part.place == place => part.steps.push(step),
                _ => parts.push(Part { place, artifact: words::short(&e.artifact, 16), steps: vec![step] }),
            }
        }
        Some(Self { picture: Picture::of(&parts, left_out), parts, left_out, beside })
    }
}

impl Step<'_> {
    /// Lines of the code, and whether each is the one at the place.
    pub fn code(&self) -> Vec<(bool, &str)> {
        code(&self.e.excerpt)
    }
}

/// Lines of an excerpt of code, and whether each is the one at the place.
pub fn code(excerpt: &str) -> Vec<(bool, &str)> {
    excerpt.lines().map(|line| (line.starts_with("> "), line)).collect()
}

impl Picture {
    fn of(parts: &[Part], left_out: usize) -> Self {
        let (mut nodes, mut lines, mut said) = (Vec::new(), Vec::new(), Vec::new());
        let (half, mut before) = (GRID.1 / 2, None);
        for (lane, part) in parts.iter().enumerate() {
            let roles: Vec<&str> = part.steps.iter().map(|step| step.role.as_str()).collect();
            said.push(format!("{} in {}", roles.join(", "), part.place));
            for step in &part.steps {
                let (x, y) = (GRID.0 * nodes.len() + GRID.0 / 2, GRID.1 * lane + half);
                if let Some((from_x, from_y)) = before.replace((x, y)) {
                    lines.push([from_x, from_y, x, y]);
                }
                nodes.push((step.role.clone(), x - 10, y - 10, step.number));
            }
        }
        let between = if left_out > 0 { format!(" ({left_out} in between are not drawn)") } else { String::new() };
        Self {
            size: (GRID.0 * nodes.len(), GRID.1 * parts.len() + 14),
            lines,
            words: format!("{}{between}: {}", words::count(nodes.len() + left_out, "step"), said.join("; then ")),
            nodes,
        }
    }
}

/// The roles with a shape of their own, in the order of a way, and what each means.
pub const LEGEND: [(Role, &str); 6] = [
    (Role::Source, "where the outside comes in"),
    (Role::Step, "on the way"),
    (Role::Branch, "a condition that must be true"),
    (Role::Store, "where the decision is kept"),
    (Role::Guard, "a condition before what acts"),
    (Role::Actuator, "what acts"),
];
