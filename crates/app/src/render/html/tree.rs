//! Manifests as trees of directories.
//!
//! A container lists paths; readers think in directories. The tree is built from the components of each path as written: nothing is
//! resolved, `..` is a name like any other, and two entries of one name are both there. It is handed to the template as a flat list of
//! openings, lines and closings, so that no nesting of an input's choosing nests anything of ours.

use std::collections::HashMap;

use assay_core::{Entry, EntryKind, Sha256, dossier::Subject, escape::escape, manifest::Tree};

use super::super::words;

/// Deepest nesting that is drawn; deeper names stay whole on their line.
const DEPTH: usize = 24;
/// Longest value of an extended attribute that is shown, in characters.
const VALUE: usize = 120;

/// The manifests of one subject.
pub struct Listing<'a> {
    pub trees: Vec<Shown<'a>>,
    /// Entries of all manifests, and of those shown.
    pub total: usize,
    pub shown: usize,
}

/// One container's tree.
pub struct Shown<'a> {
    pub tree: &'a Tree,
    pub lines: Vec<Line<'a>>,
    /// Entries left out.
    pub left_out: usize,
}

/// A line of the page.
pub struct Line<'a> {
    pub step: Step,
    /// The name within its directory, escaped.
    pub name: String,
    /// Absent for a directory that only the paths below it tell of, and for a closing.
    pub entry: Option<&'a Entry>,
    /// Entries directly inside.
    pub inside: usize,
    /// Number of the tree of the same subject that this entry's content is, from 1.
    pub opens: Option<usize>,
}

/// What a line does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Open,
    Leaf,
    Close,
}

impl<'a> Listing<'a> {
    /// The manifests of `subject`, as long as `left` entries last.
    pub fn new(subject: &'a Subject, left: &mut usize) -> Self {
        let opens: HashMap<&str, usize> =
            subject.manifest.iter().enumerate().map(|(index, tree)| (tree.path.as_str(), index + 1)).collect();
        let mut trees = Vec::new();
        for tree in &subject.manifest {
            let entries = tree.entries.get(..*left).unwrap_or(&tree.entries);
            *left -= entries.len();
            trees.push(Shown { tree, lines: lines(tree, entries, &opens), left_out: tree.entries.len() - entries.len() });
        }
        let total = subject.manifest.iter().map(|tree| tree.entries.len()).sum();
        let left_out: usize = trees.iter().map(|tree| tree.left_out).sum();
        Self { trees, total, shown: total - left_out }
    }
}

struct Node<'a> {
    name: &'a [u8],
    entry: Option<&'a Entry>,
    children: Vec<usize>,
}

fn lines<'a>(tree: &Tree, entries: &'a [Entry], opens: &HashMap<&str, usize>) -> Vec<Line<'a>> {
    let mut nodes = grow(entries);
    for index in 0..nodes.len() {
        let mut children = std::mem::take(&mut nodes[index].children);
        children.sort_by_key(|child| nodes[*child].name);
        nodes[index].children = children;
    }
    let mut lines = Vec::with_capacity(entries.len());
    let mut stack: Vec<(usize, bool)> = nodes[0].children.iter().rev().map(|child| (*child, false)).collect();
    while let Some((index, done)) = stack.pop() {
        let node = &nodes[index];
        if done {
            lines.push(Line { step: Step::Close, name: String::new(), entry: None, inside: 0, opens: None });
            continue;
        }
        let opened = node.entry.and_then(|entry| {
            let slash = if entry.kind == EntryKind::Member { "" } else { "/" };
            let shown = entry.shown();
            let name = shown.trim_start_matches("./").trim_start_matches('/');
            let joint = if tree.path.is_empty() { String::new() } else { format!("{}!", tree.path) };
            opens.get(format!("{joint}{slash}{name}").as_str()).copied()
        });
        let step = if node.children.is_empty() { Step::Leaf } else { Step::Open };
        lines.push(Line { step, name: name(node), entry: node.entry, inside: node.children.len(), opens: opened });
        if step == Step::Open {
            stack.push((index, true));
            stack.extend(node.children.iter().rev().map(|child| (*child, false)));
        }
    }
    lines
}

/// The last component; the whole path where a system would not take it as it stands.
fn name(node: &Node) -> String {
    let Some(entry) = node.entry else { return escape(node.name) };
    let plain = entry.path.strip_prefix(b"./").unwrap_or(&entry.path);
    let plain = plain.strip_suffix(b"/").unwrap_or(plain);
    let strange = plain.split(|byte| *byte == b'/').any(|part| matches!(part, b"" | b"." | b".."));
    if strange { entry.shown() } else { escape(node.name) }
}

/// Node 0 is the root.
fn grow(entries: &[Entry]) -> Vec<Node<'_>> {
    let mut nodes = vec![Node { name: b"", entry: None, children: Vec::new() }];
    let mut known: HashMap<(usize, &[u8]), usize> = HashMap::new();
    for entry in entries {
        let parts: Vec<&[u8]> = entry.path.split(|byte| *byte == b'/').filter(|part| !matches!(*part, b"" | b".")).collect();
        let (above, last) = match parts.split_last() {
            Some((last, above)) => (above, *last),
            None => (&[][..], entry.path.as_slice()),
        };
        let mut at = 0;
        for part in above.iter().take(DEPTH) {
            at = *known.entry((at, part)).or_insert_with(|| push(&mut nodes, at, part, None));
        }
        let last = if above.len() > DEPTH { entry.path.as_slice() } else { last };
        match known.get(&(at, last)) {
            Some(known) if nodes[*known].entry.is_none() => nodes[*known].entry = Some(entry),
            Some(_) => {
                push(&mut nodes, at, last, Some(entry));
            }
            None => {
                let node = push(&mut nodes, at, last, Some(entry));
                known.insert((at, last), node);
            }
        }
    }
    nodes
}

fn push<'a>(nodes: &mut Vec<Node<'a>>, parent: usize, name: &'a [u8], entry: Option<&'a Entry>) -> usize {
    nodes.push(Node { name, entry, children: Vec::new() });
    let index = nodes.len() - 1;
    nodes[parent].children.push(index);
    index
}

impl Line<'_> {
    pub fn opens_tree(&self) -> bool {
        self.step == Step::Open
    }

    pub fn closes_tree(&self) -> bool {
        self.step == Step::Close
    }

    /// Type and permissions as `ls -l` writes them; `h` is a hard link, and a format without permissions has the type alone.
    pub fn mode(&self) -> String {
        self.entry.map(mode).unwrap_or_default()
    }

    /// Rights that make a program run as somebody else.
    pub fn special(&self) -> &'static str {
        let file = self.entry.filter(|entry| entry.kind == EntryKind::File);
        match file.and_then(|entry| entry.mode).unwrap_or(0) & 0o6000 {
            0o6000 => "setuid and setgid",
            0o4000 => "setuid",
            0o2000 => "setgid",
            _ => "",
        }
    }

    pub fn owner(&self) -> String {
        let id = |id: Option<u32>| id.map_or("?".to_owned(), |id| id.to_string());
        match self.entry {
            Some(Entry { uid: None, gid: None, .. }) | None => String::new(),
            Some(entry) => format!("{}:{}", id(entry.uid), id(entry.gid)),
        }
    }

    pub fn size(&self) -> String {
        self.entry
            .filter(|entry| entry.size > 0 || entry.kind == EntryKind::File)
            .map(|entry| words::grouped(entry.size))
            .unwrap_or_default()
    }

    pub fn time(&self) -> String {
        self.entry.and_then(|entry| entry.mtime).map(words::time).unwrap_or_default()
    }

    pub fn target(&self) -> String {
        self.entry.and_then(|entry| entry.target.as_deref()).map(escape).unwrap_or_default()
    }

    pub fn device(&self) -> String {
        self.entry.and_then(|entry| entry.device).map(|(major, minor)| format!("device {major}:{minor}")).unwrap_or_default()
    }

    pub fn digest(&self) -> String {
        let short = |digest: &Sha256| words::short(digest, 16);
        self.entry.and_then(|entry| entry.content.as_ref()).map(short).unwrap_or_default()
    }

    pub fn xattrs(&self) -> Vec<String> {
        let one = |xattr: &assay_core::manifest::Xattr| {
            let value = escape(&xattr.value);
            let cut: String = value.chars().take(VALUE).collect();
            let mark = if cut.len() < value.len() { "…" } else { "" };
            format!("{} = {cut}{mark}", escape(&xattr.name))
        };
        self.entry.map(|entry| entry.xattrs.iter().map(one).collect()).unwrap_or_default()
    }
}

fn mode(entry: &Entry) -> String {
    let first = match entry.kind {
        EntryKind::Directory => 'd',
        EntryKind::Symlink => 'l',
        EntryKind::CharDevice => 'c',
        EntryKind::BlockDevice => 'b',
        EntryKind::Fifo => 'p',
        EntryKind::Socket => 's',
        EntryKind::Hardlink => 'h',
        EntryKind::File | EntryKind::Member => '-',
    };
    let Some(mode) = entry.mode else {
        return if entry.kind == EntryKind::Member { "member".to_owned() } else { first.to_string() };
    };
    let mut text = String::from(first);
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (mode & special != 0, bits & 1 != 0) {
            (true, true) => letter,
            (true, false) => letter.to_ascii_uppercase(),
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(paths: &[&str]) -> Vec<String> {
        let entries: Vec<Entry> = paths.iter().map(|path| Entry::new(*path, EntryKind::File, 1)).collect();
        let tree = Tree { artifact: Sha256::of(b""), path: String::new(), format: "tar".into(), entries: Vec::new() };
        let lines = lines(&tree, &entries, &HashMap::new());
        lines
            .iter()
            .map(|line| match line.step {
                Step::Open => format!("{}(", line.name),
                Step::Leaf => line.name.clone(),
                Step::Close => ")".into(),
            })
            .collect()
    }

    #[test]
    fn directories_hold_their_entries_by_name() {
        assert_eq!(drawn(&["./usr/bin/b", "./usr", "etc/x", "usr/bin/a"]), ["etc(", "x", ")", "usr(", "bin(", "a", "b", ")", ")"]);
    }

    #[test]
    fn names_are_resolved_by_nobody() {
        assert_eq!(drawn(&["a/../b", "/c", "a", "a"]), ["a(", "..(", "a/../b", ")", ")", "a", "/c"]);
    }

    #[test]
    fn depth_of_an_input_is_not_ours() {
        let deep = "d/".repeat(1000) + "leaf";
        let lines = drawn(&[&deep]);
        assert_eq!((lines.len(), lines[DEPTH].as_str()), (2 * DEPTH + 1, deep.as_str()));
    }

    #[test]
    fn special_bits_are_seen() {
        let mut entry = Entry::new("su", EntryKind::File, 1);
        entry.mode = Some(0o4755);
        assert_eq!(mode(&entry), "-rwsr-xr-x");
        entry.mode = Some(0o3646);
        assert_eq!(mode(&entry), "-rw-r-SrwT");
    }
}
