//! What every part works with: the root, texts under limits, and the facts and gaps so far.

use std::borrow::Cow;

use assay_core::{
    At, Contents, Fact, FactBody, FactId, Gap, GapKind, Limits, Locator, Root,
    facts::{ImageFact, image::BootStep},
    root::Place,
};

use crate::{
    Seen, Started,
    access::Tries,
    run::Run,
    text::{self, Text},
};

/// Version of what this crate says of the same input.
const VERSION: u32 = 1;
/// Bytes of one configuration file that are read. The largest that people write are some hundred kilobytes.
pub const TEXT_BYTES: usize = 4 << 20;
/// Lines of one configuration file that are read.
pub const LINES: usize = 100_000;
/// Facts of one root. The fullest system that was met has some thousand.
const FACTS: usize = 100_000;
/// Gaps of one root; those behind are counted in the last one.
const GAPS: usize = 1_000;

/// One reading of one root.
pub struct Reader<'a, 'c> {
    /// The root.
    pub root: &'a Root<'a>,
    contents: Contents<'c>,
    steps_left: u64,
    steps_cut: bool,
    facts: Vec<Fact>,
    gaps: Vec<Gap>,
    gaps_more: u64,
    facts_cut: bool,
    order: u32,
    started: Vec<Run>,
    tries: Tries,
    /// Password files of web servers that were told, with the door that led to them.
    told: Vec<(String, Option<FactId>)>,
    /// Files that are being read because one includes the other.
    open: Vec<String>,
}

impl<'a, 'c> Reader<'a, 'c> {
    pub fn new(root: &'a Root<'a>, contents: Contents<'c>, limits: &Limits) -> Self {
        let mut reader = Self {
            root,
            contents,
            steps_left: limits.steps,
            steps_cut: false,
            facts: Vec::new(),
            gaps: Vec::new(),
            gaps_more: 0,
            facts_cut: false,
            order: 0,
            started: Vec::new(),
            tries: Tries::new(),
            told: Vec::new(),
            open: Vec::new(),
        };
        if root.left_out() > 0 {
            let note = format!("{} names have no place in a filesystem and were not looked at", root.left_out());
            reader.gap_of_tree(GapKind::Unsupported, note);
        }
        if !root.names_whole() {
            reader.gap_of_tree(GapKind::OverLimit, "too many links to follow all of them: some names of programs are not told".into());
        }
        reader
    }

    /// Begins with a file that may include others; false where it is begun already, so that it would include itself.
    pub fn begin(&mut self, text: &Text) -> bool {
        let new = !self.open.contains(&text.path);
        if new {
            self.open.push(text.path.clone());
        }
        new
    }

    /// Ends with the file begun last.
    pub fn end(&mut self) {
        self.open.pop();
    }

    /// Takes `count` steps off what is left; false where nothing is left.
    pub fn steps(&mut self, count: u64) -> bool {
        if let Some(left) = self.steps_left.checked_sub(count) {
            self.steps_left = left;
            return true;
        }
        self.steps_left = 0;
        if !self.steps_cut {
            self.steps_cut = true;
            self.gap_of_tree(GapKind::OverLimit, "the limit of steps ends the reading of configuration".into());
        }
        false
    }

    /// Where `path` leads, if to a regular file.
    pub fn file(&self, path: &str) -> Option<Place<'a>> {
        self.root.resolve(path.as_bytes()).ok().filter(|place| place.kind() == assay_core::EntryKind::File)
    }

    /// Names in a directory that are text, sorted by bytes.
    pub fn list(&self, directory: &str) -> Vec<&'a str> {
        self.root.list(directory.as_bytes()).into_iter().filter_map(|name| std::str::from_utf8(name).ok()).collect()
    }

    /// Paths that an expression with `*`, `?` and `[…]` in its last component fits, sorted; the path itself where it has none.
    pub fn expand(&self, pattern: &str) -> Vec<String> {
        if !pattern.contains(['*', '?', '[']) {
            return vec![pattern.to_owned()];
        }
        let (directory, last) = pattern.rsplit_once('/').unwrap_or(("", pattern));
        if directory.contains(['*', '?', '[']) {
            // One level up is enough for `conf.d/*/x.conf`; deeper ones are not written.
            let parents = if directory.matches(['*', '?']).count() > 4 { Vec::new() } else { self.expand(directory) };
            return parents.into_iter().take(256).flat_map(|parent| self.expand(&format!("{parent}/{last}"))).collect();
        }
        let names = self.list(directory);
        names.into_iter().filter(|name| crate::glob::fits(last, name)).map(|name| format!("{directory}/{name}")).collect()
    }

    /// Bytes of the file at `place`, up to `most`.
    pub fn bytes(&mut self, place: &Place, most: usize) -> Option<Cow<'c, [u8]>> {
        let content = place.content()?;
        if !self.steps(1) {
            return None;
        }
        let Some(bytes) = (self.contents)(&content) else {
            self.gap(&self.root.locate(place, At::Offset(0)), (0, 0), GapKind::Unreadable, "its content was not kept".into());
            return None;
        };
        if !self.steps(bytes.len().min(most) as u64 / 64) {
            return None;
        }
        Some(match bytes {
            Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[..bytes.len().min(most)]),
            Cow::Owned(mut bytes) => {
                bytes.truncate(most);
                Cow::Owned(bytes)
            }
        })
    }

    /// The text at `path`, links followed; `None` where there is none.
    pub fn text(&mut self, path: &str) -> Option<Text> {
        let place = self.file(path)?;
        self.text_at(&place)
    }

    /// The text at `place`. What is too long is cut, with a gap.
    pub fn text_at(&mut self, place: &Place) -> Option<Text> {
        let bytes = self.bytes(place, TEXT_BYTES + 1)?;
        let base = self.root.locate(place, At::Line(1));
        if text::binary(&bytes) {
            return None;
        }
        let (text, cut) = Text::new(&bytes[..bytes.len().min(TEXT_BYTES)], place.shown(), base, LINES);
        if cut || bytes.len() > TEXT_BYTES {
            let read = text.read as u64;
            let len = place.entry.map_or(0, |entry| entry.size.saturating_sub(read));
            let note = format!("a text of more than {LINES} lines or {TEXT_BYTES} bytes: what follows line {} was not read", text.lines);
            self.gap(&text.at(text.lines as u64), (read, len), GapKind::OverLimit, note);
        }
        Some(text)
    }

    /// Says what was seen.
    pub fn fact(&mut self, at: Locator, part: &str, from: impl IntoIterator<Item = FactId>, body: ImageFact) -> Option<FactId> {
        if self.facts.len() >= FACTS {
            if !self.facts_cut {
                self.facts_cut = true;
                self.gap_of_tree(GapKind::OverLimit, format!("more than {FACTS} facts: the rest is not told"));
            }
            return None;
        }
        let id = FactId(self.facts.len() as u32 + 1);
        let mut derived_from: Vec<FactId> = from.into_iter().collect();
        derived_from.sort_unstable();
        derived_from.dedup();
        self.facts.push(Fact {
            id,
            locator: at,
            producer: format!("image.{part}"),
            producer_version: VERSION,
            derived_from,
            body: FactBody::Image(body),
        });
        Some(id)
    }

    /// Says that a program is started: where it is in the tree and its place in the order are found here.
    pub fn step(&mut self, at: Locator, from: Option<FactId>, mut step: BootStep) -> Option<FactId> {
        let place = self.root.find_program(step.program.as_bytes()).ok();
        step.resolved = place.as_ref().map(Place::shown);
        step.runnable |= place.as_ref().is_some_and(Place::executable);
        self.order += 1;
        step.order = self.order;
        let run = Run {
            program: step.program.clone(),
            resolved: step.resolved.clone(),
            arguments: step.arguments.clone(),
            user: step.user.clone(),
            at: at.clone(),
            fact: None,
        };
        let fact = self.fact(at, "boot", from, ImageFact::BootStep(Box::new(step)));
        self.started.push(Run { fact, ..run });
        fact
    }

    /// The programs started so far.
    pub fn take_started(&mut self) -> Vec<Run> {
        std::mem::take(&mut self.started)
    }

    /// A program that something outside this crate saw being started.
    pub fn seen(&self, one: &Started) -> Run {
        let place = self.root.find_program(one.program.as_bytes()).ok();
        Run {
            program: one.program.clone(),
            resolved: place.map(|place| place.shown()),
            arguments: one.arguments.clone(),
            user: one.user.clone(),
            at: one.at.clone(),
            fact: None,
        }
    }

    /// Tries of passwords against known defaults.
    pub fn tries(&mut self) -> &mut Tries {
        &mut self.tries
    }

    /// Is the password file not yet told for that door, or, without a door, for any?
    pub fn password_file_is_new(&mut self, path: &str, door: Option<FactId>) -> bool {
        let known = self.told.iter().any(|(own, by)| own == path && (door.is_none() || *by == door));
        if !known {
            self.told.push((path.to_owned(), door));
        }
        !known
    }

    /// Something that could not be read.
    pub fn gap(&mut self, at: &Locator, span: (u64, u64), why: GapKind, note: String) {
        if self.gaps.len() >= GAPS {
            self.gaps_more += 1;
            return;
        }
        self.gaps.push(Gap { id: String::new(), artifact: at.artifact, path: at.path.clone(), span, why, note });
    }

    /// A line that could not be understood.
    pub fn bad_line(&mut self, text: &Text, line: u64, what: &str) {
        let span = text.span(line);
        self.gap(&text.at(line), span, GapKind::Unreadable, format!("line {line}: {what}"));
    }

    /// A line that is well-formed and not read here.
    pub fn unread_line(&mut self, text: &Text, line: u64, what: &str) {
        let span = text.span(line);
        self.gap(&text.at(line), span, GapKind::Unsupported, format!("line {line}: {what}"));
    }

    fn gap_of_tree(&mut self, why: GapKind, note: String) {
        let tree = self.root.tree();
        let at = Locator { artifact: tree.artifact, path: tree.path.clone(), at: At::Offset(0) };
        self.gap(&at, (0, 0), why, note);
    }

    /// Everything.
    pub fn finish(mut self) -> Seen {
        if self.gaps_more > 0
            && let Some(last) = self.gaps.last_mut()
        {
            last.note = format!("{} (and {} more of such places in other files)", last.note, self.gaps_more);
        }
        (self.facts, self.gaps)
    }
}
