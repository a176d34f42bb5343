//! Values: what a variable, an argument or a file can hold, as templates.
//!
//! A value is one of a few *alternatives*, each with the conditions under which it is the one; an alternative is text with holes; a
//! hole knows where its content comes from and what can still be in it. That the conditions stay with the alternatives is what makes a
//! decision visible that is stored first and used later: `ok=0; [ "$x" = go ] && ok=1; …; [ $ok = 1 ] && reboot`.

use std::rc::Rc;

use assay_core::{
    facts::code::{Channel, Choice, Disclosed},
    finding::Role,
};

use super::{
    choice::rank,
    condition::{self, Path},
};

/// Alternatives of one value; more are joined into one hole.
const ALTERNATIVES: usize = 6;
/// Pieces of one alternative.
const PIECES: usize = 48;
/// Origins in one hole.
const ORIGINS: usize = 10;
/// Steps of one way.
const STEPS: u32 = 40;
/// Bytes of one text.
const TEXT: usize = 8 << 10;

/// One step that content took, and the ones before it.
#[derive(Debug)]
pub struct Step {
    /// Line.
    pub line: u32,
    /// Function.
    pub function: Option<Rc<str>>,
    /// What it is.
    pub role: Role,
    /// In words.
    pub note: String,
    /// The step before.
    pub before: Way,
    /// How many there are.
    pub count: u32,
}

/// The last step of a way.
pub type Way = Option<Rc<Step>>;

/// Where something comes from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The channel.
    pub source: Channel,
    /// What it tells about the machine, where it is something inside.
    pub tells: Vec<Disclosed>,
    /// File or command it is from, for `tells`.
    pub from: Rc<str>,
    /// How it came here.
    pub way: Way,
}

impl Origin {
    /// Is it the same thing, whatever way it came?
    pub fn same(&self, other: &Self) -> bool {
        self.source == other.source && self.from == other.from
    }

    /// The same, a step further.
    pub fn step(&self, line: u32, function: Option<Rc<str>>, role: Role, note: String) -> Self {
        let count = self.way.as_ref().map_or(0, |way| way.count);
        if count >= STEPS || self.way.as_ref().is_some_and(|way| way.line == line && way.note == note) {
            return self.clone();
        }
        let before = self.way.clone();
        Self { way: Some(Rc::new(Step { line, function, role, note, before, count: count + 1 })), ..self.clone() }
    }
}

/// Content that is not known.
#[derive(Debug, Clone)]
pub struct Hole {
    /// One number per piece of content: a test of one copy tells something about all.
    pub id: u32,
    /// Where it comes from; nothing for what is merely unknown.
    pub origins: Vec<Origin>,
    /// What can be in it.
    pub left: Choice,
    /// Files that it is a digest or a signature's outcome of.
    pub digest_of: Vec<Rc<str>>,
}

/// Text or a hole.
#[derive(Debug, Clone)]
pub enum Piece {
    /// Known text.
    Text(Rc<str>),
    /// Unknown content.
    Hole(Rc<Hole>),
}

impl PartialEq for Piece {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Hole(a), Self::Hole(b)) => a.id == b.id,
            _ => false,
        }
    }
}

/// One way a value can be.
#[derive(Debug, Clone, Default)]
pub struct Alternative {
    /// When it is so.
    pub when: Path,
    /// What it is.
    pub pieces: Vec<Piece>,
}

/// A value. Cheap to copy.
#[derive(Debug, Clone)]
pub struct Value(Rc<Vec<Alternative>>);

impl Default for Value {
    fn default() -> Self {
        Self::text("")
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
            || (self.0.len() == other.0.len()
                && self.0.iter().zip(other.0.iter()).all(|(a, b)| a.pieces == b.pieces && condition::equal(&a.when, &b.when)))
    }
}

impl Value {
    /// Known text.
    pub fn text(text: &str) -> Self {
        let pieces = if text.is_empty() { Vec::new() } else { vec![Piece::Text(text[..text.floor_char_boundary(TEXT)].into())] };
        Self(Rc::new(vec![Alternative { when: Path::new(), pieces }]))
    }

    /// A hole.
    pub fn hole(hole: Hole) -> Self {
        Self(Rc::new(vec![Alternative { when: Path::new(), pieces: vec![Piece::Hole(Rc::new(hole))] }]))
    }

    /// These alternatives; there must be one.
    pub fn of(mut alternatives: Vec<Alternative>) -> Self {
        if alternatives.is_empty() {
            return Self::default();
        }
        // The same content under two conditions is one alternative: which of the two it was is then not known any more.
        let mut at = 1;
        while at < alternatives.len() {
            if let Some(same) = (0..at).find(|before| alternatives[*before].pieces == alternatives[at].pieces) {
                let twice = alternatives.remove(at);
                alternatives[same].when = condition::either(&[&alternatives[same].when, &twice.when]);
            } else {
                at += 1;
            }
        }
        if alternatives.len() > ALTERNATIVES {
            let rest = alternatives.split_off(ALTERNATIVES - 1);
            let id =
                rest.iter().flat_map(|one| &one.pieces).find_map(|piece| if let Piece::Hole(hole) = piece { Some(hole.id) } else { None });
            let whole = Self(Rc::new(rest));
            let hole = Hole { id: id.unwrap_or(0), origins: whole.origins(), left: whole.widest(), digest_of: whole.digests() };
            alternatives.push(Alternative { when: Path::new(), pieces: vec![Piece::Hole(Rc::new(hole))] });
        }
        Self(Rc::new(alternatives))
    }

    /// The alternatives.
    pub fn alternatives(&self) -> &[Alternative] {
        &self.0
    }

    /// The text, where nothing is open.
    pub fn literal(&self) -> Option<String> {
        match &self.0[..] {
            [one] => one.literal(),
            _ => None,
        }
    }

    /// The only hole, where the value is nothing else (text of one letter beside it, as in `x$a`, does not count).
    pub fn only_hole(&self) -> Option<&Rc<Hole>> {
        match &self.0[..] {
            [one] => one.only_hole(),
            _ => None,
        }
    }

    /// Is it surely empty?
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|one| one.pieces.is_empty())
    }

    /// All origins.
    pub fn origins(&self) -> Vec<Origin> {
        let mut found: Vec<Origin> = Vec::new();
        for origin in self.holes().flat_map(|hole| &hole.origins) {
            if found.len() < ORIGINS && !found.iter().any(|known| known.same(origin)) {
                found.push(origin.clone());
            }
        }
        found
    }

    /// Files that it is a digest of.
    pub fn digests(&self) -> Vec<Rc<str>> {
        let mut found: Vec<Rc<str>> = self.holes().flat_map(|hole| hole.digest_of.iter().cloned()).collect();
        found.sort();
        found.dedup();
        found.truncate(ORIGINS);
        found
    }

    /// All holes.
    pub fn holes(&self) -> impl Iterator<Item = &Rc<Hole>> {
        self.0.iter().flat_map(|one| &one.pieces).filter_map(|piece| if let Piece::Hole(hole) = piece { Some(hole) } else { None })
    }

    /// The widest of what its holes can hold.
    pub fn widest(&self) -> Choice {
        let widest = self.holes().filter(|hole| !hole.origins.is_empty()).map(|hole| &hole.left).min_by_key(|choice| rank(choice));
        widest.cloned().unwrap_or(Choice::Free)
    }

    /// With `{}` for what is not known; alternatives that differ are `{}` as a whole, unless they are few and short.
    pub fn template(&self) -> String {
        let one = |one: &Alternative| {
            let mut text = String::new();
            for piece in &one.pieces {
                match piece {
                    Piece::Text(known) => text.push_str(known),
                    Piece::Hole(_) if text.ends_with("{}") => {}
                    Piece::Hole(_) => text.push_str("{}"),
                }
            }
            text
        };
        let mut all: Vec<String> = self.0.iter().map(one).collect();
        all.sort();
        all.dedup();
        // An empty alternative is what a variable was before it was set.
        if all.len() > 1 {
            all.retain(|text| !text.is_empty());
        }
        let mut text = match &all[..] {
            [] => String::new(),
            [only] => only.clone(),
            [first, rest @ ..] => {
                let shared =
                    |a: &str, b: &str| a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum::<usize>();
                let start = rest.iter().fold(first.len(), |len, other| len.min(shared(first, other)));
                format!("{}{{}}", first[..start].trim_end_matches(['{', '}']))
            }
        };
        text.truncate(text.floor_char_boundary(400));
        text
    }

    /// Every template: for comparing a name with a pattern.
    pub fn templates(&self) -> Vec<String> {
        (0..self.0.len()).map(|at| Self(Rc::new(vec![self.0[at].clone()])).template()).collect()
    }

    /// One behind the other.
    pub fn then(&self, other: &Self) -> Self {
        if other.is_empty() && other.0.len() == 1 {
            return self.clone();
        }
        if self.is_empty() && self.0.len() == 1 {
            return other.clone();
        }
        let mut all = Vec::new();
        for left in self.0.iter() {
            for right in other.0.iter() {
                let mut pieces = left.pieces.clone();
                for piece in &right.pieces {
                    push(&mut pieces, piece);
                }
                all.push(Alternative { when: condition::both(&left.when, &right.when), pieces });
            }
        }
        Self::of(all)
    }

    /// This or that; each with the conditions of its branch.
    pub fn join(branches: &[(&Path, &Self)]) -> Self {
        if let [(_, first), rest @ ..] = branches
            && rest.iter().all(|(_, other)| *other == *first)
        {
            return (*first).clone();
        }
        let mut all = Vec::new();
        for (path, value) in branches {
            for one in value.0.iter() {
                all.push(Alternative { when: condition::both(path, &one.when), pieces: one.pieces.clone() });
            }
        }
        Self::of(all)
    }

    /// Something else made of the same origins.
    pub fn map_holes(&self, change: &mut dyn FnMut(&Hole) -> Hole) -> Self {
        let mut all = self.0.as_ref().clone();
        for one in &mut all {
            for piece in &mut one.pieces {
                if let Piece::Hole(hole) = piece {
                    *piece = Piece::Hole(Rc::new(change(hole)));
                }
            }
        }
        Self(Rc::new(all))
    }
}

impl Alternative {
    /// The text, where nothing is open.
    pub fn literal(&self) -> Option<String> {
        self.pieces.iter().map(|piece| if let Piece::Text(text) = piece { Some(text.as_ref()) } else { None }).collect()
    }

    /// The only hole.
    pub fn only_hole(&self) -> Option<&Rc<Hole>> {
        let mut holes = self.pieces.iter().filter_map(|piece| if let Piece::Hole(hole) = piece { Some(hole) } else { None });
        let first = holes.next()?;
        let text: usize = self.pieces.iter().map(|piece| if let Piece::Text(text) = piece { text.len() } else { 0 }).sum();
        (holes.next().is_none() && text <= 2).then_some(first)
    }
}

/// Adds a piece; text joins text, and where there are too many they become one hole.
fn push(pieces: &mut Vec<Piece>, piece: &Piece) {
    let room = pieces.len() < PIECES;
    match (pieces.last_mut(), piece) {
        (Some(Piece::Text(before)), Piece::Text(text)) if before.len() + text.len() <= TEXT => *before = format!("{before}{text}").into(),
        _ if room => pieces.push(piece.clone()),
        (Some(Piece::Hole(last)), Piece::Hole(hole)) => {
            let mut joined = last.as_ref().clone();
            for origin in &hole.origins {
                if joined.origins.len() < ORIGINS && !joined.origins.iter().any(|known| known.same(origin)) {
                    joined.origins.push(origin.clone());
                }
            }
            if rank(&hole.left) < rank(&joined.left) {
                joined.left = hole.left.clone();
            }
            *last = Rc::new(joined);
        }
        (Some(last), Piece::Hole(_)) => *last = piece.clone(),
        _ => {}
    }
}
