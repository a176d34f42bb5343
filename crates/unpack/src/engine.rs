//! Opens artifacts inside artifacts, in parallel, with a result that does not depend on the number of threads.
//!
//! Each artifact is a task with a *key*: the indexes of the children that lead to it. Keys in lexical order are the canonical order,
//! depth first. Workers always take the smallest key that nobody has; a task's own result depends on nothing but its bytes and the
//! limits. Results are *committed* strictly in canonical order, and only there the limits over the whole run (total bytes, entries)
//! are applied and repeated contents recognised. What was worked on ahead of a commit that cuts it off is thrown away.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use assay_core::{Limits, Problem, Sha256, SpanKind, escape::escape};
use bytes::Bytes;

use crate::{
    Sink,
    context::Context,
    examine::{Examined, examine, examine_known},
    format::{Child, Content, Format, Loaded, Named, Opened, Treat},
    layouts,
    looks::{self, Looked},
    names,
};

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

/// Brings the bytes of one task out, names them, and finds out what they are.
fn perform(key: &Key, task: Task, shared: &Shared) -> Outcome {
    let Task { child, parent, path, depth, named } = task;
    let context = Context::new(shared.limits);
    let span = child.span;
    let name = child.name.as_deref().and_then(|name| name.rsplit(|byte| *byte == b'/').next()).unwrap_or_default().to_vec();
    let owned = !matches!(child.content, Content::Slice(..) | Content::Parsed(..));
    let (loaded, given) = load(child.content, &context);
    let bytes = loaded.bytes;
    let id = if path.is_empty() && bytes.is_empty() { Sha256::of(b"") } else { Sha256::of(&bytes) };
    let mut node = Node {
        parent: None,
        id,
        size: bytes.len() as u64,
        path,
        span,
        format: "data",
        version: 0,
        opened: Opened::default(),
        same_as: None,
        child_ids: Vec::new(),
        lost: child.size.saturating_sub(bytes.len() as u64),
        loading: loaded.problems,
    };
    let out = if owned && depth > 0 { node.size } else { 0 };
    let line = Arc::new(Line { id, above: parent.clone() });
    let mut outcome = Outcome { node, children: Vec::new(), line, out, depth, repeats: false, loops: false };
    if contains(parent.as_ref(), id) {
        outcome.loops = true;
        let fact = assay_core::facts::ImageFact::Anomaly { kind: assay_core::facts::Anomaly::SelfReference, subject: String::new() };
        outcome.node.opened.fact(0, fact);
        outcome
            .node
            .opened
            .problem(Problem::corrupt(0, "these bytes contain themselves; they are not opened again").over(outcome.node.size));
        return outcome;
    }
    if named {
        shared.sink.put(id, &bytes, true);
    }
    if given.is_none() {
        let mut state = lock(shared);
        match state.seen.get(&id) {
            Some(earlier) if earlier < key => {
                outcome.repeats = true;
                return outcome;
            }
            _ => state.seen.insert(id, key.clone()),
        };
    }
    node = outcome.node;
    match child.treat {
        Treat::Opaque(what) => {
            node.opened.span(0, node.size, SpanKind::Opaque, what);
            for span in &mut node.opened.spans {
                span.entropy = Some(crate::entropy::entropy(&bytes));
            }
            node.format = "opaque";
        }
        Treat::Signature(over) => {
            node.opened.span(0, node.size, SpanKind::Signature, format!("signature over {over}"));
            node.format = "signature";
        }
        Treat::Open | Treat::Known(_) if depth >= shared.limits.depth => {
            let problem = Problem::over_limit(0, format!("{depth} artifacts inside one another is the limit")).over(node.size);
            node.opened.problem(problem);
            crate::normalise::unclaimed(&bytes, 0, node.size, &mut node.opened.spans);
        }
        Treat::Known(what) => {
            node.opened = examine_known(&bytes, &what, &context);
            node.format = "known";
            looks::look(&Looked { name: &name, bytes: &bytes }, &mut node.opened);
        }
        Treat::Open => {
            let Examined { format, version, opened } = examine(&bytes, given, &context);
            (node.format, node.version, node.opened) = (format, version, opened);
            names::check(&mut node.opened);
            layouts::read_all(&mut node.opened, &bytes, &context);
            looks::look(&Looked { name: &name, bytes: &bytes }, &mut node.opened);
        }
    }
    if !named {
        shared.sink.put(id, &bytes, depth > 0 && node.opened.entries.is_empty());
    }
    outcome.children = std::mem::take(&mut node.opened.children);
    // Slices are cut now, while the parent's bytes are at hand; they share its memory.
    for child in &mut outcome.children {
        if let Content::Slice(start, len) = child.content {
            let end = start.saturating_add(len).min(node.size);
            child.content = Content::Parsed(bytes.slice(start.min(end) as usize..end as usize), &SLICE, Box::default());
        }
    }
    outcome.node = node;
    outcome
}

/// Marks a slice that is cut and not yet examined.
static SLICE: Format = Format { name: "", title: "", version: 0, magics: &[], at_start: false, open: |_, _| None };

fn load(content: Content, context: &Context) -> (Loaded, Option<(&'static Format, Opened)>) {
    match content {
        Content::Owned(bytes) => (Loaded { bytes, problems: Vec::new() }, None),
        Content::Parsed(bytes, format, _) if std::ptr::eq(format, &raw const SLICE) => (Loaded { bytes, problems: Vec::new() }, None),
        Content::Parsed(bytes, format, opened) => (Loaded { bytes, problems: Vec::new() }, Some((format, *opened))),
        Content::Lazy(loader) => {
            let loaded = catch_unwind(AssertUnwindSafe(|| loader(context)));
            let lost = || Loaded { bytes: Bytes::new(), problems: vec![Problem::corrupt(0, "the reader gave up on this content")] };
            (loaded.unwrap_or_else(|_| lost()), None)
        }
        // `perform` cuts every slice before it becomes a task.
        Content::Slice(..) => (Loaded::default(), None),
    }
}

fn contains(mut line: Option<&Arc<Line>>, id: Sha256) -> bool {
    while let Some(here) = line {
        // A layer that is wholly another format's payload (a carved part) has its parent's bytes only if it is all of them.
        if here.id == id {
            return true;
        }
        line = here.above.as_ref();
    }
    false
}

/// Commits every result that is next in canonical order.
fn commit(state: &mut State, shared: &Shared) {
    loop {
        let Some(key) = state.done.keys().next().cloned() else { return };
        let earlier = |other: Option<&Key>| other.is_some_and(|other| *other < key);
        if earlier(state.running.first()) || earlier(state.waiting.keys().next()) {
            return;
        }
        let Some(mut outcome) = state.done.remove(&key) else { return };
        let parent = key.split_last().and_then(|(_, parent)| state.index_of.get(parent)).copied();
        if parent.is_none() && !key.is_empty() {
            continue;
        }
        outcome.node.parent = parent;
        let known = state.committed.get(&outcome.node.id).copied();
        if outcome.repeats || (known.is_some() && outcome.node.format != "opaque") {
            outcome.node.same_as = known;
            outcome.children.clear();
            if !outcome.loops {
                outcome.node.opened = Opened::default();
            }
        }
        let entries = outcome.node.opened.entries.len() as u64;
        let total = state.total.saturating_add(outcome.out);
        if total > shared.limits.total_bytes || state.entries + entries > shared.limits.entries {
            let what = if total > shared.limits.total_bytes { "bytes brought out" } else { "entries" };
            outcome.children.clear();
            outcome.node.opened.entries.clear();
            outcome.node.opened.problem(
                Problem::over_limit(0, format!("the limit on all {what} was reached; nothing below was opened")).over(outcome.node.size),
            );
            for span in outcome.node.opened.spans.iter_mut().filter(|span| span.child) {
                (span.child, span.kind) = (false, SpanKind::Unknown);
            }
            state.run.complete = false;
        } else {
            state.total = total;
            state.entries += entries;
        }
        let index = state.run.nodes.len();
        place_children(state, &key, &mut outcome, shared);
        if let (Some(parent), Some(last)) = (parent, key.last()) {
            state.run.nodes[parent].child_ids[*last as usize] = Some(outcome.node.id);
        }
        if outcome.node.same_as.is_none() {
            state.committed.entry(outcome.node.id).or_insert(index);
        }
        state.index_of.insert(key, index);
        shared.sink.progress(state.total, &outcome.node.path);
        state.run.nodes.push(outcome.node);
    }
}

fn place_children(state: &mut State, key: &Key, outcome: &mut Outcome, shared: &Shared) {
    let empty = Sha256::of(b"");
    outcome.node.child_ids = vec![None; outcome.children.len()];
    let mut named = vec![false; outcome.children.len()];
    for child in outcome.node.opened.entries.iter().filter_map(|entry| entry.child) {
        if let Some(named) = named.get_mut(child) {
            *named = true;
        }
    }
    for (index, child) in outcome.children.drain(..).enumerate() {
        if child.size == 0 && !matches!(child.content, Content::Owned(ref bytes) if !bytes.is_empty()) {
            outcome.node.child_ids[index] = Some(empty);
            continue;
        }
        let sliced = matches!(child.content, Content::Parsed(..));
        if !sliced && child.size > shared.limits.artifact_bytes {
            let (offset, len) = child.span.unwrap_or((0, 0));
            let name = child.name.as_deref().map(escape).unwrap_or_default();
            let note = format!("{name}: {} bytes are more than one artifact may have", child.size);
            outcome.node.opened.problem(Problem::over_limit(offset, note).over(len));
            continue;
        }
        let path = step(&outcome.node.path, child.name.as_deref());
        let task = Task { child, parent: Some(outcome.line.clone()), path, depth: outcome.depth + 1, named: named[index] };
        let mut below = key.clone();
        below.push(index as u32);
        state.waiting.insert(below, task);
    }
}

/// The trail one step further.
fn step(path: &str, name: Option<&[u8]>) -> String {
    match name.map(escape) {
        None => path.to_owned(),
        Some(name) if path.is_empty() => name,
        Some(name) => format!("{path}!{name}"),
    }
}
