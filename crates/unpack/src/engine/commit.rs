//! Results become part of the run here, strictly in canonical order.
//!
//! A result waits until no smaller key is waiting or running. Only then is it counted against the limits over the whole run, compared
//! with the contents that are already there, and its children become tasks. So the limits fall on the same artifact whatever the
//! number of threads.

use assay_core::{Problem, Sha256, SpanKind, escape::escape};

use super::{Key, Outcome, Shared, State, Task};
use crate::format::{Content, Opened};

/// Commits every result that is next in canonical order.
pub fn commit(state: &mut State, shared: &Shared) {
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
