//! From directories to names and contents.
//!
//! A directory is a file of 32-byte entries; each names the first cluster of what it stands for and its size. There are no inodes and no
//! links, so a directory that two entries name is damage, or a trap that would make the tree endless: it is followed once.

use std::collections::HashSet;

use assay_core::{
    Entry, EntryKind, Problem, Span, SpanKind,
    escape::escape,
    facts::{Anomaly, ImageFact},
};
use bytes::Bytes;

use super::{
    Reader,
    directory::{self, Record},
};
use crate::{
    context::Context,
    format::{Child, Loaded},
};

/// Longest path that is followed.
const PATH_MAX: usize = 4096;

impl Reader<'_> {
    /// Follows the tree from its root, each directory once.
    pub fn walk(&mut self) {
        let mut visited = HashSet::new();
        let mut stack: Vec<(u32, u64, Vec<u8>)> = vec![(self.boot.root_cluster, 44, Vec::new())];
        while let Some((cluster, named, path)) = stack.pop() {
            let fixed = path.is_empty() && self.boot.bits != 32;
            let shown = if path.is_empty() { "the root directory".into() } else { escape(&path) };
            let places: Vec<(u64, u64)> = if fixed {
                vec![(self.boot.root_at, self.boot.root_len)]
            } else {
                visited.insert(cluster);
                let runs = self.chain(cluster, named, &shown);
                runs.iter().map(|(first, count)| (self.at(*first), u64::from(*count) * self.boot.cluster)).collect()
            };
            let mut records = Vec::new();
            let mut scan = directory::Scan::default();
            for (at, len) in places {
                self.opened.span(at, len, SpanKind::Table, "directory");
                let Some(bytes) = self.input.slice(at, len.min(self.input.size().saturating_sub(at))) else { continue };
                if (bytes.len() as u64) < len {
                    self.opened.problem(Problem::truncated(self.input.size(), format!("{shown}: the directory is not whole")));
                }
                if self.context.step(bytes.len() as u64 / 32).is_err() {
                    return self.over();
                }
                scan.read(&bytes, at, !path.is_empty(), &mut records);
            }
            self.deleted += scan.deleted;
            if scan.orphans > 0 {
                self.opened.problem(Problem::corrupt(named, format!("{shown}: {} parts of long names belong to no entry", scan.orphans)));
            }
            let below = stack.len();
            for record in records {
                let full = if path.is_empty() { record.name.clone() } else { [&path[..], b"/", &record.name].concat() };
                if self.context.step(1 + full.len() as u64 / 16).is_err() {
                    return self.over();
                }
                if record.label {
                    self.opened.fact(record.at, ImageFact::Hardware { name: "volume-label".into(), value: escape(&record.name) });
                    continue;
                }
                self.name(&record, &full);
                if !record.directory {
                    continue;
                }
                if record.cluster == 0 || record.cluster == self.boot.root_cluster || !visited.insert(record.cluster) {
                    self.opened.fact(record.at, ImageFact::Anomaly { kind: Anomaly::Cycle, subject: escape(&full) });
                    let note = format!(
                        "{} names cluster {}, a directory that has a name already; it is not followed again",
                        escape(&full),
                        record.cluster
                    );
                    self.opened.problem(Problem::corrupt(record.at, note));
                } else if full.len() > PATH_MAX {
                    self.opened.problem(Problem::over_limit(
                        record.at,
                        "directories are nested deeper than any path can name; what is below was not read",
                    ));
                } else {
                    stack.push((record.cluster, record.at, full));
                }
            }
            stack[below..].reverse();
        }
    }

    /// Writes one name down, with its content.
    fn name(&mut self, record: &Record, path: &[u8]) {
        let mut entry = Entry::new(
            path,
            if record.directory { EntryKind::Directory } else { EntryKind::File },
            if record.directory { 0 } else { record.size },
        );
        entry.offset = record.at;
        entry.mtime = record.mtime;
        let mut child = None;
        if !record.directory && (record.cluster != 0 || record.size > 0) {
            child = self.content(record, path);
        }
        self.opened.entry(entry, child);
    }

    fn content(&mut self, record: &Record, path: &[u8]) -> Option<usize> {
        let shown = escape(path);
        let (size, cluster) = (record.size, self.boot.cluster);
        let runs = self.chain(record.cluster, record.at + 26, &shown);
        let mut pieces: Vec<(u64, u64)> = Vec::new();
        let mut left = size;
        for (first, count) in &runs {
            let len = (u64::from(*count) * cluster).min(left);
            if len == 0 {
                break;
            }
            pieces.push((self.at(*first), len));
            left -= len;
        }
        for (at, len) in &pieces {
            let mut span = Span::new(*at, *len, SpanKind::Payload).note(shown.clone());
            span.child = true;
            self.opened.spans.push(span);
        }
        if left > 0 {
            self.opened.fact(record.at + 28, ImageFact::Anomaly { kind: Anomaly::SizeMismatch, subject: shown.clone() });
            self.opened
                .problem(Problem::corrupt(record.at + 28, format!("{shown}: {size} bytes are stated, its clusters hold {}", size - left)));
        }
        if size == 0 {
            return None;
        }
        let name = Some([b"/", path].concat());
        let child = match pieces.as_slice() {
            [(at, len)] if left == 0 && at + len <= self.input.size() => Child::slice(name, *at, *len),
            _ => {
                let (data, at) = (self.input.bytes().clone(), record.at);
                Child::lazy(name, size, move |context| gather(&data, &pieces, size, at, context))
            }
        };
        self.opened.children.push(child);
        Some(self.opened.children.len() - 1)
    }
}

/// A file's bytes from its pieces.
fn gather(data: &Bytes, pieces: &[(u64, u64)], size: u64, at: u64, context: &Context) -> Loaded {
    let limit = context.limits.artifact_bytes.min(size);
    let mut loaded = Vec::new();
    let mut problems = Vec::new();
    for (start, len) in pieces {
        let len = (*len).min(limit - loaded.len() as u64);
        let end = start.saturating_add(len).min(data.len() as u64);
        let Some(part) = data.get(*start as usize..end as usize) else { break };
        loaded.extend_from_slice(part);
        if (part.len() as u64) < len {
            break;
        }
    }
    if (loaded.len() as u64) < size {
        problems.push(Problem::truncated(at, format!("only {} of {size} bytes could be found", loaded.len())));
    }
    Loaded { bytes: loaded.into(), problems }
}
