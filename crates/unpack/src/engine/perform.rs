//! The work on one task, by one thread, without the lock: bring the bytes out, name them, find out what they are.
//!
//! Nothing here may depend on what other tasks found, or the result would depend on the order of the threads. The one exception is
//! `seen`: bytes that a task with a smaller key has had are not opened twice. It only saves work; which of two equal contents is the
//! first is decided at the commit.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use assay_core::{Problem, Sha256, SpanKind};
use bytes::Bytes;

use super::{Key, Line, Node, Outcome, Shared, Task, lock};
use crate::{
    context::Context,
    examine::{Examined, examine, examine_known},
    format::{Content, Format, Loaded, Opened, Treat},
    layouts,
    looks::{self, Looked},
    names,
};

/// Brings the bytes of one task out, names them, and finds out what they are.
pub fn perform(key: &Key, task: Task, shared: &Shared) -> Outcome {
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
