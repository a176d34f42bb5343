//! Opens artifacts inside artifacts, in parallel, with a result that does not depend on the number of threads.
//!
//! Each artifact is a task with a *key*: the indexes of the children that lead to it. Keys in lexical order are the canonical order,
//! depth first. Workers always take the smallest key that nobody has; a task's own result depends on nothing but its bytes and the
//! limits. Results are *committed* strictly in canonical order, and only there the limits over the whole run (total bytes, entries)
//! are applied and repeated contents recognised. What was worked on ahead of a commit that cuts it off is thrown away.

mod commit;
mod perform;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use assay_core::{Limits, Problem, Sha256};
use bytes::Bytes;

use crate::{
    Sink,
    format::{Child, Content, Format, Named, Opened},
};
use commit::commit;
use perform::perform;

/// Everything that was brought out, in canonical order.
pub struct Run {
    /// Artifacts; the first is the subject.
    pub nodes: Vec<Node>,
    /// False where a limit over the whole run was reached.
    pub complete: bool,
}

/// One artifact at one place.
pub struct Node {
    /// Index of the node it came out of.
    pub parent: Option<usize>,
    /// Digest.
    pub id: Sha256,
    /// Length.
    pub size: u64,
    /// Trail, escaped.
    pub path: String,
    /// Where the parent holds it.
    pub span: Option<(u64, u64)>,
    /// What it turned out to be.
    pub format: &'static str,
    /// Version of that reader.
    pub version: u32,
    /// Its map, facts and problems. Children are gone: they are nodes. Empty for a repeated content.
    pub opened: Opened,
    /// The node of the same content that was opened, where this one was not.
    pub same_as: Option<usize>,
    /// Digests of the children that came out, by index.
    pub child_ids: Vec<Option<Sha256>>,
    /// Bytes that the parent promised and that could not be read.
    pub lost: u64,
    /// Problems met while the bytes were brought out; their offsets are the parent's.
    pub loading: Vec<Problem>,
}

type Key = Vec<u32>;

struct Task {
    child: Child,
    parent: Option<Arc<Line>>,
    path: String,
    depth: u32,
    /// A manifest names it.
    named: bool,
}

/// The artifacts above a task.
struct Line {
    id: Sha256,
    above: Option<Arc<Line>>,
}

struct Outcome {
    node: Node,
    children: Vec<Child>,
    line: Arc<Line>,
    out: u64,
    depth: u32,
    repeats: bool,
    /// The same bytes stand above it: what is said of that is kept, although its content is known already.
    loops: bool,
}

struct State {
    waiting: BTreeMap<Key, Task>,
    running: BTreeSet<Key>,
    done: BTreeMap<Key, Outcome>,
    seen: HashMap<Sha256, Key>,
    committed: HashMap<Sha256, usize>,
    index_of: HashMap<Key, usize>,
    run: Run,
    total: u64,
    entries: u64,
}

struct Shared<'a> {
    state: Mutex<State>,
    changed: Condvar,
    limits: &'a Limits,
    sink: &'a dyn Sink,
}

/// Opens `first` and what is in it.
pub fn run(first: Child, limits: &Limits, threads: usize, sink: &dyn Sink) -> Run {
    let task = Task { child: first, parent: None, path: String::new(), depth: 0, named: false };
    let state = State {
        waiting: BTreeMap::from([(Key::new(), task)]),
        running: BTreeSet::new(),
        done: BTreeMap::new(),
        seen: HashMap::new(),
        committed: HashMap::new(),
        index_of: HashMap::new(),
        run: Run { nodes: Vec::new(), complete: true },
        total: 0,
        entries: 0,
    };
    let shared = Shared { state: Mutex::new(state), changed: Condvar::new(), limits, sink };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| work(&shared));
        }
        work(&shared);
    });
    shared.state.into_inner().unwrap_or_else(PoisonError::into_inner).run
}

/// A directory as if a format had opened it.
pub fn directory(entries: &[crate::DirectoryEntry]) -> Child {
    static DIRECTORY: Format =
        Format { name: "directory", title: "Directory", version: 1, magics: &[], at_start: false, open: |_, _| None };
    let mut opened = Opened::default();
    for item in entries {
        let child = item.content.clone().map(|content| {
            let name = [b"/", &*item.entry.path].concat();
            opened.child(Child::owned(Some(name), content))
        });
        opened.entries.push(Named { entry: item.entry.clone(), child });
    }
    let mut child = Child::owned(None, Bytes::new());
    child.content = Content::Parsed(Bytes::new(), &DIRECTORY, Box::new(opened));
    child
}

fn lock<'a>(shared: &'a Shared) -> MutexGuard<'a, State> {
    shared.state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn work(shared: &Shared) {
    let mut state = lock(shared);
    loop {
        if let Some((key, task)) = state.waiting.pop_first() {
            state.running.insert(key.clone());
            drop(state);
            let outcome = perform(&key, task, shared);
            state = lock(shared);
            state.running.remove(&key);
            // A prefix of this key may have been cut off meanwhile.
            state.done.insert(key, outcome);
            commit(&mut state, shared);
            shared.changed.notify_all();
        } else if state.running.is_empty() {
            shared.changed.notify_all();
            return;
        } else {
            state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
