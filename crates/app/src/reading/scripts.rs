//! Scripts of one tree, read in the context that the rest of the system gives them. Each reading is kept: who starts whom is asked again
//! and again until nothing new starts.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use assay_code::{
    read::apart,
    script::{ScriptContext, ScriptFacts, ScriptLimits, read_script},
};
use assay_core::{Limits, Root, Sha256};

use super::{Contents, files::File, spread::spread};

/// Readings by content, and by what is known of a web server that runs it.
type Known = BTreeMap<(Sha256, Option<bool>), Rc<ScriptFacts>>;

/// Reads the scripts of one tree.
pub struct Scripts<'s, 'c> {
    root: Option<&'s Root<'s>>,
    contents: Contents<'c>,
    limits: ScriptLimits,
    known: RefCell<Known>,
}

impl<'s, 'c> Scripts<'s, 'c> {
    /// For the scripts of `root`; without one nothing that a script sources is found.
    pub fn new(root: Option<&'s Root<'s>>, contents: Contents<'c>, limits: &Limits) -> Self {
        let limits = ScriptLimits { steps: limits.script_steps, ..ScriptLimits::default() };
        Self { root, contents, limits, known: RefCell::default() }
    }

    /// Reads `files` ahead, on several threads, as what nobody knows a web server to run.
    pub fn ahead<'f>(&self, files: impl Iterator<Item = &'f File<'f>>, threads: usize) {
        let (root, contents, limits) = (self.root, self.contents, self.limits);
        let work: Vec<(Sha256, String)> = files.map(|file| (file.id, file.place.shown())).collect();
        let read = spread(&work, threads, |(id, path)| reading(root, contents, &limits, *id, path, None));
        let mut known = self.known.borrow_mut();
        known.extend(work.iter().zip(read).map(|((id, _), facts)| ((*id, None), Rc::new(facts))));
    }

    /// The script with the content `id`, which stands at `path`. `cgi`: does a web server run it, as far as that is known?
    pub fn read(&self, id: Sha256, path: &str, cgi: Option<bool>) -> Rc<ScriptFacts> {
        let known = self.known.borrow().get(&(id, cgi)).cloned();
        known.unwrap_or_else(|| {
            let facts = Rc::new(reading(self.root, self.contents, &self.limits, id, path, cgi));
            self.known.borrow_mut().insert((id, cgi), facts.clone());
            facts
        })
    }

    /// A line that a shell reads: a command of a table, of a program.
    pub fn line(&self, text: &str) -> ScriptFacts {
        of_text(self.root, self.contents, &self.limits, text.as_bytes(), "", Some(false))
    }
}

fn reading(
    root: Option<&Root<'_>>,
    contents: Contents<'_>,
    limits: &ScriptLimits,
    id: Sha256,
    path: &str,
    cgi: Option<bool>,
) -> ScriptFacts {
    let bytes = contents(&id).unwrap_or_default();
    of_text(root, contents, limits, &bytes, path, cgi)
}

fn of_text(
    root: Option<&Root<'_>>,
    contents: Contents<'_>,
    limits: &ScriptLimits,
    text: &[u8],
    path: &str,
    cgi: Option<bool>,
) -> ScriptFacts {
    let resolve = |path: &str| {
        let place = root?.resolve(path.as_bytes()).ok()?;
        contents(&place.content()?).map(std::borrow::Cow::into_owned)
    };
    let read = || {
        let context = ScriptContext { path, cgi, arguments: &[], resolve: Some(&resolve), part: false };
        read_script(text, &context, limits)
    };
    apart(read).unwrap_or_else(|problem| ScriptFacts { problems: vec![problem], ..ScriptFacts::default() })
}
